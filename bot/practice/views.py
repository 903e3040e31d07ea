"""Words and buttons of the wrong-answer book. Facts in, messages out."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

from bot.banks.rules import CHOICES, LETTERS, RIGHT, WRONG, Question, QuestionType
from bot.banks.views import TYPES
from bot.members.facts import Table
from bot.members.personal_views import table
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press, rows
from bot.practice.facts import Ahead, Asked, Book, Done, Entry, Verdict
from bot.practice.rules import PER_DAY, CardState, Mode
from bot.quiz.exam_views import TICK
from bot.quiz.rules import shown_key
from bot.quiz.views import cited, option_texts

WORD, DAILY_WORD = "错题", "每日一题"
FILE = "错题本.xlsx"
ASKED_FOR = {Mode.DUE: "错题复习", Mode.EXTRA: "再练一遍", Mode.DAILY: "每日一题"}
STATES = {CardState.ACTIVE: "在练", CardState.MASTERED: "已掌握", CardState.SUSPENDED: "已移出"}
MOST_GIVEN = 200


def _button(label: str, verb: str, *args: int | str, style: Literal["success", "primary"] | None = None) -> Button:
    return Button(label, press("practice", verb, *args), style=style)


def _day(on: date, today: date) -> str:
    if on == today + timedelta(days=1):
        return "明天"
    year = "" if on.year == today.year else f"{on.year}年"
    return f"{year}{on.month}月{on.day}日"


# -- the book ----------------------------------------------------------------------------------------------------------


def book(facts: Book) -> Message:
    numbers = {"a": facts.practising, "d": facts.plan, "m": facts.mastered}
    counts = fill("错题本：{a} 道在练，今天 {d} 道到期，已掌握 {m} 道。", **numbers)
    aside = fill("已移出 {n} 道。", n=facts.set_aside) if facts.set_aside else ""
    ahead = "" if facts.plan else _ahead(facts.ahead, facts.today)
    hint = "" if facts.practising or facts.mastered or facts.set_aside else "考试和现场答题里答错的题会自动收进来。"
    text = lines(counts + aside + ahead, hint, "只有您自己看得到。")
    return Message(text, _book_buttons(facts), is_protected=True)  # it becomes a question


def _book_buttons(facts: Book) -> Buttons:
    start = [_button(f"开始 {facts.plan} 题", "start", style="success")] if facts.plan else []
    again = [_button("再练一遍", "again")] if facts.practising else []
    back = [_button("恢复移出的题", "back")] if facts.set_aside else []
    kept = facts.practising + facts.mastered + facts.set_aside
    export = [_button("导出", "export")] if kept else []
    return tuple(row for row in (tuple(start + again), tuple(back), (*export, _button("设置", "settings"))) if row)


def _ahead(ahead: Ahead | None, today: date) -> Html:
    return fill("下次：{day} {n} 道。", day=_day(ahead.on, today), n=ahead.count) if ahead else Html("")


def settings(facts: Book) -> Message:
    wish = facts.wish
    text = lines(
        "错题本设置",
        fill("每天最多 {n} 题。", n=wish.per_day),
        "到期提醒：" + ("开，有题到期的工作日 12:30" if wish.wants_reminder else "关"),
        "每日一题：" + ("开，工作日 12:30" if wish.wants_daily else "关"),
        "都由您自己决定，做不做没有人看得到。",
    )
    sizes = tuple(_button(f"每天 {n} 题", "set", "per_day", n) for n in PER_DAY if n != wish.per_day)
    reminder = _switch("到期提醒", "reminder", is_on=wish.wants_reminder)
    daily = _switch("每日一题", "daily", is_on=wish.wants_daily)
    return Message(text, (sizes, (reminder, daily), (_button("返回错题本", "open"),)))


def _switch(label: str, what: str, *, is_on: bool) -> Button:
    return _button(f"{'关闭' if is_on else '打开'}{label}", "set", what, int(not is_on))


def noon(plan: int, *, is_daily: bool) -> Message:
    due = fill("错题本今天有 {n} 道到期。", n=plan) if plan else ""
    daily = "今天的一题已备好。" if is_daily else ""
    start = (_button(f"开始 {plan} 题", "start"),) if plan else ()
    one = (_button("看题", "daily"),) if is_daily else ()
    return Message(
        lines(f"{due}{daily}"), ((*start, *one), (_button("设置", "settings"),)), is_silent=True, is_protected=True
    )


# -- a question --------------------------------------------------------------------------------------------------------


def question(facts: Asked) -> Message:
    one = facts.question
    place = "" if facts.mode is Mode.DAILY else f" {facts.place}/{facts.of}"
    head = fill("<b>{mode}{place}</b> · {type}题", mode=ASKED_FOR[facts.mode], place=place, type=TYPES[one.type])
    renewed = "题目已更新" if facts.is_renewed else ""
    picked = fill("已选：{letters}", letters="、".join(facts.shown)) if facts.shown else ""
    text = _apart(lines(head, renewed, one.stem), lines(*_options(facts)), lines(_how(one), picked))
    return Message(text, (*_answers(facts), _ways_out(facts)), is_protected=True)


def _apart(*parts: Html) -> Html:
    """With an empty line between, as on the card of an exam."""
    return Html("\n\n".join(part for part in parts if part))


def _options(facts: Asked) -> Sequence[str]:
    is_choice = facts.question.type in CHOICES
    return option_texts(facts.question, facts.order) if is_choice else ()


def _how(one: Question) -> str:
    if one.type is QuestionType.MULTIPLE:
        return "选好后点“确定”。"
    if one.type is not QuestionType.BLANK:
        return ""
    several = f"{len(one.blanks)} 处空，每行写一个，或用“；”隔开。" if len(one.blanks) > 1 else ""
    return f"请直接回复答案。{several}"


def _answers(facts: Asked) -> Buttons:
    one, id_ = facts.question, facts.review_id
    if one.type is QuestionType.BLANK:
        return ()
    if one.type is QuestionType.TRUE_FALSE:
        return ((_button("正确", "ans", id_, RIGHT), _button("错误", "ans", id_, WRONG)),)
    letters = LETTERS[: len(one.options)]
    if one.type is QuestionType.SINGLE:
        return rows([_button(letter, "ans", id_, letter) for letter in letters], 6)
    toggles = rows([_toggle(facts, letter) for letter in letters], 6)
    return (*toggles, (_button("确定", "ans", id_, style="success"),)) if facts.shown else toggles


def _toggle(facts: Asked, letter: str) -> Button:
    if letter in facts.shown:
        return _button(f"{letter} {TICK}", "tick", facts.review_id, letter, style="primary")
    return _button(letter, "tick", facts.review_id, letter)


def _ways_out(facts: Asked) -> tuple[Button, ...]:
    aside = () if facts.mode is Mode.DAILY else (_button("移出", "aside", facts.review_id),)
    return (*aside, _button("以后再练", "open"))


def verdict(facts: Verdict) -> Message:
    """The question, what was answered, the key and where it stands."""
    one = facts.asked.question
    given = "、".join(facts.asked.shown) or "；".join(facts.given)
    if one.type is QuestionType.TRUE_FALSE:
        given = "正确" if facts.asked.picked == RIGHT else "错误"
    mine = fill("您的答案：{given}", given=cut(given, MOST_GIVEN))
    text = _apart(lines(one.stem), lines(*_options(facts.asked)), lines(mine, _result(facts)))
    return Message(text, _after(facts), is_protected=True)


def _result(facts: Verdict) -> Html:
    one = facts.asked.question
    why = fill("{explain}{source}", explain=one.explain, source=cited(one.citation) if one.citation else "")
    if facts.is_right:
        return lines(Html("<b>答对了。</b>"), why, _next_time(facts))
    key = fill("答错了。<b>正确答案：{key}。</b>", key=_key(one, facts.asked.order).rstrip("。"))
    return lines(key, why, "明天再练。")


def _next_time(facts: Verdict) -> Html:
    if facts.is_mastered:
        return Html("连续三次答对，已掌握，移出每日复习。")
    if facts.due_on is None or not facts.is_card:
        return Html("")
    return fill("下次复习：{day}。", day=_day(facts.due_on, facts.today))


def _key(one: Question, order: Sequence[int]) -> str:
    if one.type is QuestionType.BLANK:
        return "；".join("／".join(blank.answers[:3]) for blank in one.blanks)
    texts = option_texts(one, order)
    return "；".join(texts[place] for place in shown_key(one, order))


def _after(facts: Verdict) -> Buttons:
    again = "start" if facts.asked.mode is Mode.DUE else "again"
    if facts.asked.mode is Mode.DAILY:
        return ((_button("错题本", "open"),),)
    go_on = _button("下一题" if facts.has_next else "看结果", again)
    aside = () if facts.is_mastered else (_button("移出", "aside", facts.asked.review_id),)
    return ((go_on, *aside),)


def done(facts: Done) -> Message:
    if not facts.asked:
        return book(facts.book)
    whole = "今天的错题练完了" if facts.mode is Mode.DUE else "这一遍练完了"
    counts = fill("{whole}：对 {r}/{d}。", whole=whole, r=facts.right, d=facts.asked)
    return Message(counts + _ahead(facts.book.ahead, facts.book.today), _book_buttons(facts.book))


# -- the book as a file ------------------------------------------------------------------------------------------------


def sheet(entries: Sequence[Entry]) -> Table:
    headings = ("题型", "题干", "选项", "正确答案", "解析", "出处", "状态", "下次复习", "答错次数", "复习答对次数")
    return table("错题本", headings, [_line(entry) for entry in entries])


def _line(entry: Entry) -> tuple[object, ...]:
    one = entry.question
    order = tuple(range(len(one.options)))
    is_choice = one.type in CHOICES
    options = "\n".join(option_texts(one, order)) if is_choice else ""
    source = cited(one.citation) if one.citation else ""
    due_on = entry.due_on if entry.state is CardState.ACTIVE else ""
    texts = (TYPES[one.type], one.stem, options, _key(one, order), one.explain, source)
    return (*texts, STATES[entry.state], due_on, entry.wrong, entry.right)
