"""Words and buttons of a private seat in a live round, and of what helps those who are not on the roster."""

from collections.abc import Sequence

from bot.banks.rules import LETTERS, RIGHT, WRONG, QuestionType, shown_letters
from bot.banks.views import TYPES
from bot.message import Button, Buttons, Html, Message, base36, fill, lines, press, rows
from bot.periods import beijing
from bot.quiz.facts import LiveItem, Said, SeatCard, Seated, SeatOver
from bot.quiz.views import JUDGED, option_texts, score, span

LETTER_WIDTH = 6
TICK = "√"


def link(round_id: int) -> str:
    """The deep link to a private seat; it grants nothing beyond the roster."""
    return f"qr_{base36(round_id)}"


def seated(facts: Seated) -> Message:
    when = "开始后，每道题会发到这里。" if facts.is_early else "接下来的题会发到这里。"
    text = fill(
        "已登记私聊作答：《{title}》{when}你选了什么，群里看不到；成绩照常计入。",
        title=facts.title,
        when=when,
    )
    return Message(text)


def card(facts: SeatCard) -> Message:
    """A question with its buttons; once it is answered, what was answered."""
    text = _with_question(facts.item, facts.score_centi, _below(facts))
    return Message(text, () if facts.is_said else _buttons(facts), is_protected=True)


def over(facts: SeatOver) -> Message:
    """In place of a card that was not answered by its buttons."""
    told = "本题已结束，你没有作答。"
    if facts.has_voted:
        told = "本题已结束，以你在群投票里的选择为准。"
    elif facts.ticked:
        ticked = "、".join(shown_letters(facts.ticked, facts.item.order))
        told = f"本题已结束。你选了 {ticked}，没有点“确定”，不算作答。"
    return Message(_with_question(facts.item, facts.score_centi, lines(told)), is_protected=True)


def _with_question(item: LiveItem, score_centi: int, below: Html) -> Html:
    question, texts = item.question, option_texts(item.question, item.order)
    head = lines(
        fill(
            "<b>第 {i}/{n} 题</b> · {kind}（{s} 分）",
            i=item.position,
            n=item.total,
            kind=TYPES[question.type],
            s=score(score_centi),
        ),
        question.stem,
    )
    options = lines() if question.type is QuestionType.TRUE_FALSE else lines(*texts)
    return Html("\n\n".join(part for part in (head, options, below) if part))


def _below(facts: SeatCard) -> Html:
    if facts.is_said:
        said = fill("<b>已作答：{words}</b>", words=words(facts))
        return lines(said, _made_up(facts) if facts.lost else "", "答案在群里公布。")
    until = f"{beijing(facts.closes_at):%H:%M:%S}"
    if facts.item.question.type is not QuestionType.MULTIPLE:
        return fill("{at} 截止，点一下就是作答，不能再改。", at=until)
    ticked = fill("<b>已选：{words}</b>\n", words=words(facts)) if facts.chosen else Html("")
    return fill("{ticked}{at} 截止，选好后点“确定”，不能再改。", ticked=ticked, at=until)


def words(facts: SeatCard) -> str:
    """An answer in the letters that are shown: A、C, 正确."""
    if facts.item.question.type is QuestionType.TRUE_FALSE:
        return JUDGED[(RIGHT, WRONG).index(facts.chosen)]
    return "、".join(shown_letters(facts.chosen, facts.item.order))


def _buttons(facts: SeatCard) -> Buttons:
    item = facts.item
    question, ticked = item.question, _ticked(facts)
    if question.type is QuestionType.MULTIPLE:
        letters = [_toggle(facts, place, is_on=place in ticked) for place in range(len(item.order))]
        sure = Button("确定", press("quiz", "sure", item.round_id, item.position), style="success")
        return (*rows(letters, LETTER_WIDTH), (sure,))
    labels = JUDGED if question.type is QuestionType.TRUE_FALSE else LETTERS[: len(item.order)]
    said = [Button(label, press("quiz", "say", item.round_id, item.position, n)) for n, label in enumerate(labels)]
    return rows(said, LETTER_WIDTH)


def _ticked(facts: SeatCard) -> Sequence[int]:
    return [LETTERS.index(letter) for letter in shown_letters(facts.chosen, facts.item.order)]


def _toggle(facts: SeatCard, place: int, *, is_on: bool) -> Button:
    data = press("quiz", "untick" if is_on else "tick", facts.item.round_id, facts.item.position, place)
    label = LETTERS[place]
    return Button(f"{label} {TICK}" if is_on else label, data, style="primary" if is_on else None)


def said(facts: Said) -> str:
    """The toast of an answer."""
    return _made_up(facts.card) if facts.card.lost else f"已记录：{words(facts.card)}"


def _made_up(facts: SeatCard) -> str:
    """On the card, too: a press that waited so long may be too old for a toast."""
    gap = span(facts.lost)
    return f"刚才机器人中断了 {gap}，本题已顺延 {gap}，你的作答已记录。"


def invite_guests(link: str) -> Message:
    """To the group, when its host asks for it: nobody is named or counted."""
    text = Html("有投票没有计入：投票的账号没有对应到本支部名册。是本支部党员的，请点下面的按钮绑定，由书记确认。")
    return Message(text, ((Button("绑定名册", link=link),),), is_silent=True)


def guests_invited() -> str:
    return "已在群里发出绑定入口。"
