"""Words and buttons of sitting an exam. Facts in, messages out; nothing is looked up here."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.banks.rules import LETTERS, RIGHT, WRONG, Question, QuestionType, Rule, option_line, shown_letters
from bot.banks.views import TYPES
from bot.members.views import moment
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press, rows
from bot.periods import beijing
from bot.quiz.exam_facts import Card, Cell, Cover, HandedIn, MyExam, MyStanding, Saved, Sheet
from bot.quiz.marking import MarkingRule
from bot.quiz.rules import seconds
from bot.quiz.views import JUDGED, score, span

WORD = "考试"
LETTER_WIDTH = 6  # buttons of options in one row
GRID_WIDTH, GRID_PAGE = 5, 40  # a page fits a phone, with what is above and below it
NAMED = 15  # numbers of questions in a sentence
MAX_SHOWN = 300  # characters of what was written into blanks
TICK = "√"
FLAG = "★"

RULES = {
    Rule.ALL: "全部选对才得分",
    Rule.HALF: "漏选得一半，错选不得分",
    Rule.EACH: "每选对一项得 {k} 分，错选不得分",
    Rule.PROP: "漏选按比例得分，错选不得分",
    Rule.MINUS: "选对减选错，按比例得分",
}
BLANK_RULES = {Rule.PROP: "填对几空得几空的分", Rule.ALL: "全部填对才得分"}
_STANDINGS = {
    MyStanding.RUNNING: "正在考试",
    MyStanding.READY: "可以参加，{closes} 截止",
    MyStanding.UPCOMING: "{opens} 开始",
    MyStanding.USED_UP: "已交卷",
    MyStanding.OVER: "已结束",
    MyStanding.RELEASED: "成绩已公布",
}


# -- before the clock runs ---------------------------------------------------------------------------------------------


def mine(exams: Sequence[MyExam]) -> Message:
    """The answer to /exam when there is more than one to choose from, or nothing to do."""
    if not exams:
        return Message(Html("目前没有需要你参加的考试。"))
    told = [fill("· 《{title}》：{standing}", title=exam.title, standing=_standing(exam)) for exam in exams]
    open_ones = [exam for exam in exams if exam.standing in (MyStanding.RUNNING, MyStanding.READY)]
    buttons = [(_sit(exam),) for exam in open_ones]
    buttons += [
        (Button(f"看成绩：{short(exam.title, 34)}", press("quiz", "score", exam.paper_id)),)
        for exam in exams
        if exam.standing is MyStanding.RELEASED
    ]
    return Message(lines("我的考试", *told), tuple(buttons), is_protected=True)


def _is_again(exam: MyExam) -> bool:
    return exam.standing is MyStanding.READY and exam.sat > 0


def _standing(exam: MyExam) -> str:
    told = "已考 {sat} 次，可以再考，{closes} 截止" if _is_again(exam) else _STANDINGS[exam.standing]
    return told.format(opens=moment(exam.opens_at), closes=moment(exam.closes_at), sat=exam.sat)


def _sit(exam: MyExam) -> Button:
    verb = "继续答题" if exam.standing is MyStanding.RUNNING else "再考一次" if _is_again(exam) else "开始答题"
    label, data = f"{verb}：{short(exam.title, 34)}", press("quiz", "sit", exam.paper_id)
    return Button(label, data, style=None if _is_again(exam) else "success")


def short(title: str, most: int) -> str:
    """A title for a button: that it is a resit stands at its end, and stays."""
    ending = title[title.rindex("（") :] if title.endswith("补考）") else ""
    return cut(title.removesuffix(ending), most - len(ending)) + ending


def cover(facts: Cover, *, can_name: bool = False) -> Message:
    text = lines(
        fill("<b>《{title}》</b>第 {i}/{k} 次", title=facts.title, i=facts.number, k=facts.attempts),
        fill(
            "{n} 题，满分 {max} 分，{mark} 分合格，限时 {m} 分钟。",
            n=facts.count,
            max=score(facts.max_centi),
            mark=score(facts.pass_centi),
            m=seconds(facts.limit) // 60,
        ),
        fill("补考合格的，按 {mark} 分记入。", mark=score(facts.pass_centi)) if facts.is_resit else "",
        *rule_lines(facts.rules),
        _best(facts),
        fill("{closes} 截止。", closes=moment(facts.closes_at)),
        f"{names_read(facts.top_names)}。" if can_name and facts.top_names else "",
        "中途可以离开再回来，时间照走；到时自动交卷；程序停机会补时。",
    )
    begin = Button("开始计时", press("quiz", "start", facts.paper_id), style="success")
    return Message(text, ((begin, Button("以后再考", press("quiz", "later"))),), is_protected=True)


def _best(facts: Cover) -> str:
    """What is safe already, before another attempt."""
    if facts.best_centi is None:
        return ""
    verdict = "合格" if facts.best_centi >= facts.pass_centi else "不合格"
    return f"此前最高 {score(facts.best_centi)} 分，{verdict}；几次考试取最高的一次。"


def names_read(first: int) -> str:
    """What a group will read of persons."""
    return f"截止后，支部群公布本支部前 {first} 名中合格同志的姓名，不公布分数"


def rule_lines(rules: Sequence[MarkingRule]) -> list[str]:
    """How what needs a rule is marked, a line for each type of questions."""
    types = dict.fromkeys(one.type for one in rules)
    return [f"{TYPES[kind]}题：{'；'.join(_rule(one) for one in rules if one.type is kind)}。" for kind in types]


def _rule(one: MarkingRule) -> str:
    if one.type is QuestionType.BLANK:
        return BLANK_RULES[one.rule]
    return RULES[one.rule].format(k=score(one.each_centi or 0))


def running(title: str, attempt_id: int, left: timedelta) -> Message:
    """The way back to an attempt that runs."""
    text = fill("《{title}》正在考试，{left}。", title=title, left=time_left(left))
    go_on = Button("继续答题", press("quiz", "card", attempt_id, 0), style="success")
    return Message(text, ((go_on,),), is_protected=True)


def later() -> Message:
    return Message(Html("好的，截止前随时发送 /exam 就能开始。"))


def time_left(left: timedelta) -> str:
    minutes = -(-seconds(left) // 60)
    return f"剩余约 {minutes} 分钟" if seconds(left) >= 60 else "剩余不到 1 分钟"


# -- the card ----------------------------------------------------------------------------------------------------------


def card(facts: Card) -> Message:
    question = facts.question
    options = (
        []
        if question.type is QuestionType.TRUE_FALSE
        else [option_line(letter, text) for letter, text in _shown(question, facts.order)]
    )
    head = lines(
        fill(
            "<b>第 {i}/{n} 题</b> · {kind}（{s} 分）{flag}",
            i=facts.position,
            n=facts.total,
            kind=TYPES[question.type],
            s=score(facts.score_centi),
            flag=f" {FLAG}" if facts.is_marked else "",
        ),
        question.stem,
    )
    below = lines(
        _chosen(facts),
        fill("已答 {a}/{n}，{left}", a=facts.answered, n=facts.total, left=time_left(facts.left)),
    )
    text = "\n\n".join(part for part in (head, lines(*options), below) if part)
    return Message(text, (*_answers(facts), *_ways(facts)), is_protected=True)


def _shown(question: Question, order: Sequence[int]) -> list[tuple[str, str]]:
    return [(letter, question.options[place]) for letter, place in zip(LETTERS, order, strict=False)]


def _chosen(facts: Card) -> str:
    words = answer_words(facts.question, facts.order, facts.selection)
    if facts.is_blank:
        n = len(facts.question.blanks)
        how = "请直接发送答案。" if n == 1 else f"请直接发送 {n} 个答案，每行一个，或用“；”隔开。"
        return fill("<b>已填：{words}</b>\n再发一次可以改。", words=words) if words else how
    if words:
        return fill("<b>已选：{words}</b>", words=words)
    return "可选多项。" if facts.question.type is QuestionType.MULTIPLE else ""


def answer_words(question: Question, order: Sequence[int], selection: str | None) -> str:
    """An answer in the letters the member sees: A、C, 正确, ①三 ②五十."""
    if not selection:
        return ""
    if question.type is QuestionType.TRUE_FALSE:
        return JUDGED[(RIGHT, WRONG).index(selection)]
    if question.type is QuestionType.BLANK:
        parts = selection.split("\n")
        told = parts[0] if len(parts) == 1 else " ".join(f"{_circled(n)}{part}" for n, part in enumerate(parts))
        return cut(told, MAX_SHOWN)
    return "、".join(shown_letters(selection, order))


def _circled(place: int) -> str:
    return chr(ord("①") + place) if place < 20 else f"({place + 1})"


def _answers(facts: Card) -> Buttons:
    question, chosen = facts.question, facts.selection or ""
    if question.type is QuestionType.BLANK:
        return ()
    if question.type is QuestionType.TRUE_FALSE:
        pairs = list(zip(JUDGED, (RIGHT, WRONG), strict=True))
        ticked = set(chosen)
    else:
        pairs = [(letter, letter) for letter, _ in _shown(question, facts.order)]
        ticked = set(shown_letters(chosen, facts.order))
    can_untick = question.type is QuestionType.MULTIPLE
    return rows([_option(facts, label, data, data in ticked, can_untick) for label, data in pairs], LETTER_WIDTH)


def _option(facts: Card, label: str, letter: str, is_ticked: bool, can_untick: bool) -> Button:
    verb = "unpick" if is_ticked and can_untick else "pick"
    data = press("quiz", verb, facts.attempt_id, facts.position, letter)
    return Button(f"{label} {TICK}" if is_ticked else label, data, style="primary" if is_ticked else None)


def _ways(facts: Card) -> Buttons:
    id_, place = facts.attempt_id, facts.position
    walk = []
    if place > 1:
        walk.append(Button("上一题", press("quiz", "card", id_, place - 1)))
    flag = Button(
        "取消标记" if facts.is_marked else "标记", press("quiz", "mark", id_, place, int(not facts.is_marked))
    )
    walk.append(flag)
    if place < facts.total:
        walk.append(Button("下一题", press("quiz", "card", id_, place + 1)))
    is_full = facts.answered == facts.total
    hand_in = Button("交卷", press("quiz", "check", id_, place), style="success" if is_full else None)
    return tuple(walk), (Button("题号表", press("quiz", "grid", id_, place)), hand_in)


def saved(facts: Saved) -> str:
    """The toast of an answer."""
    words = answer_words(facts.question, facts.order, facts.selection)
    return cut(f"第 {facts.position} 题已记录：{words}" if words else f"第 {facts.position} 题已清空", 190)


def echo(facts: Saved) -> Message:
    """The answer to a text that filled blanks."""
    words = answer_words(facts.question, facts.order, facts.selection)
    again = Button("重填", press("quiz", "card", facts.card.attempt_id, facts.position, 1))
    following = facts.position + 1 if facts.position < facts.card.total else 0  # behind the last: the first still open
    go_on = Button("下一题", press("quiz", "card", facts.card.attempt_id, following, 1))
    if facts.card.answered == facts.card.total:
        go_on = Button("交卷", press("quiz", "check", facts.card.attempt_id, facts.position), style="success")
    return Message(
        fill("第 {i} 题已记录：{words}", i=facts.position, words=words), ((again, go_on),), is_protected=True
    )


def grid(sheet: Sheet, page: int | None = None) -> Message:
    """题号表: what is answered, what is not, what is marked."""
    shown = (sheet.position - 1) // GRID_PAGE if page is None else page
    cells = sheet.cells[shown * GRID_PAGE : (shown + 1) * GRID_PAGE]
    numbers = [Button(_cell(cell), press("quiz", "card", sheet.attempt_id, cell.position)) for cell in cells]
    turns = []
    if shown:
        turns.append(_turn(sheet, shown - 1))
    if len(sheet.cells) > (shown + 1) * GRID_PAGE:
        turns.append(_turn(sheet, shown + 1))
    back = Button("返回", press("quiz", "card", sheet.attempt_id, sheet.position))
    hand_in = Button("交卷", press("quiz", "check", sheet.attempt_id, sheet.position))
    text = lines(
        fill("题号表　已答 {a}/{n}，{left}", a=sheet.answered, n=len(sheet.cells), left=time_left(sheet.left)),
        f"{TICK} 已答　{FLAG} 标记",
    )
    below = ((tuple(turns),) if turns else ()) + ((back, hand_in),)
    return Message(text, (*rows(numbers, GRID_WIDTH), *below), is_protected=True)


def _turn(sheet: Sheet, page: int) -> Button:
    first, last = page * GRID_PAGE + 1, min((page + 1) * GRID_PAGE, len(sheet.cells))
    return Button(f"第 {first}–{last} 题", press("quiz", "grid", sheet.attempt_id, sheet.position, page))


def _cell(cell: Cell) -> str:
    return f"{cell.position}{TICK if cell.is_answered else ''}{FLAG if cell.is_marked else ''}"


# -- the end -----------------------------------------------------------------------------------------------------------


def before_hand_in(sheet: Sheet) -> Message:
    missing = fill("未答：第 {numbers} 题。", numbers=_numbers(sheet.unanswered)) if sheet.unanswered else ""
    marked = fill("标记：第 {numbers} 题。", numbers=_numbers(sheet.marked)) if sheet.marked else ""
    text = fill(
        "已答 {a}/{n}，{left}。{missing}{marked}交卷后不能再改。",
        a=sheet.answered,
        n=len(sheet.cells),
        left=time_left(sheet.left),
        missing=missing,
        marked=marked,
    )
    yes = Button("确认交卷", press("quiz", "submit", sheet.attempt_id), style="success")
    go_on = press("quiz", "card", sheet.attempt_id, _open_from(sheet))
    no = Button("继续答题", go_on)
    return Message(text, ((yes, no),), is_protected=True)


def _open_from(sheet: Sheet) -> int:
    """The next question without an answer, from where he stands."""
    ahead = [position for position in sheet.unanswered if position >= sheet.position]
    return next(iter((*ahead, *sheet.unanswered)), sheet.position)


def _numbers(positions: Sequence[int]) -> str:
    """1、3–8、20; what comes after the first so many is only counted."""
    runs: list[list[int]] = []
    for position in positions:
        if runs and position == runs[-1][-1] + 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    parts = [part for run in runs for part in (map(str, run) if len(run) < 4 else [f"{run[0]}–{run[-1]}"])]
    listed = "、".join(parts[:NAMED])
    return listed if len(parts) <= NAMED else f"{listed} 等 {len(positions)}"


def handed_in(facts: HandedIn) -> Message:
    return Message(_result(facts), _ways_on(facts))


def _ways_on(facts: HandedIn) -> Buttons:
    found = []
    if facts.review_id is not None:
        found.append(Button("看错题", press("quiz", "fault", facts.review_id, 1)))
    if facts.again_id is not None and facts.score_centi != facts.max_centi:
        found.append(Button("再考一次", press("quiz", "sit", facts.again_id)))
    return (tuple(found),) if found else ()


def time_is_up(facts: HandedIn) -> Message:
    if facts.is_empty:
        return Message(fill("时间到，《{title}》已自动交卷，你没有作答。", title=facts.title), _ways_on(facts))
    return Message(Html("时间到，已自动交卷。" + _result(facts)), _ways_on(facts), is_protected=True)


def card_moved() -> Message:
    """In place of a card that goes on in another message."""
    return Message(Html("请在下面的消息里继续答题。"), is_protected=True)


def card_over(title: str) -> Message:
    """In place of the card, when the clock has handed in; what it came to stands in the message that says so."""
    return Message(fill("《{title}》时间到，已自动交卷。", title=title), is_protected=True)


def _result(facts: HandedIn) -> Html:
    if facts.score_centi is None:
        return fill("《{title}》已交卷，用时 {time}。成绩稍后发给你本人。", title=facts.title, time=span(facts.time))
    key = fill("答案和解析在 {closes} 之后可看。", closes=moment(facts.closes_at)) if facts.shows_key else ""
    return fill(
        "《{title}》已交卷：<b>{score} 分</b>（满分 {max} 分），{verdict}，用时 {time}。{key}",
        title=facts.title,
        score=score(facts.score_centi),
        max=score(facts.max_centi),
        verdict="合格" if facts.is_passed else "不合格",
        time=span(facts.time),
        key=key,
    )


def last_call(title: str, left: timedelta) -> Message:
    return Message(fill("《{title}》还有 {m} 分钟自动交卷。", title=title, m=seconds(left) // 60))


def credited(outage: timedelta, deadline_at: datetime) -> Message:
    text = fill(
        "程序停机 {span}，你的考试已补时，新的截止时间 {at}。",
        span=span(outage),
        at=f"{beijing(deadline_at):%H:%M:%S}",
    )
    return Message(text)
