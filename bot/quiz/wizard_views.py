"""The frame of every step of making an exam: its heading, the ways on and back, lists to choose from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.banks.rules import QuestionType
from bot.banks.views import TYPES
from bot.members.views import turns
from bot.message import Button, Buttons, Html, cut, fill, lines, press, units
from bot.quiz.exam_facts import ExamDraft
from bot.quiz.rules import EXAM_STEPS, DraftStep
from bot.quiz.views import PAGE

CHOSEN = "√ "
TOPIC_NAME = 40  # characters of a topic in a line
CHOICE_NAME = 19  # of a bank or topic on a button of its own, so that the count behind it is seen
_STEPS = {
    DraftStep.BANK: "① 题库",
    DraftStep.TOPIC: "② 知识点",
    DraftStep.COUNT: "③ 题量和分值",
    DraftStep.WINDOW: "④ 起止时间",
    DraftStep.TERMS: "⑤ 时长、次数与成绩",
    DraftStep.TARGETS: "⑥ 对象",
    DraftStep.PREVIEW: "⑦ 预览",
}
_PAST = (DraftStep.COUNT, DraftStep.WINDOW, DraftStep.TERMS)  # from here on every step may be left as it is


def head(facts: ExamDraft) -> Html:
    return fill("<b>发起考试 {step}</b>", step=_STEPS[facts.step])


def ways(facts: ExamDraft, *, can_go_on: bool = True) -> Buttons:
    """Back, on, past what has its default, and out."""
    place = EXAM_STEPS.index(facts.step)
    before = [go("上一步", facts, EXAM_STEPS[place - 1])] if place else []
    on = [replace(go("下一步", facts, EXAM_STEPS[place + 1]), style="success")] if can_go_on else []
    past = [go("看预览", facts, DraftStep.PREVIEW)] if facts.step in _PAST else []
    return ((*before, *on, *past, drop(facts)),)


def go(label: str, facts: ExamDraft, step: DraftStep) -> Button:
    return Button(label, press("quiz", "examgo", facts.paper_id, step.value))


def drop(facts: ExamDraft) -> Button:
    return Button("放弃", press("quiz", "examdrop", facts.paper_id))


def ask(label: str, facts: ExamDraft, what: str) -> Button:
    return Button(label, press("quiz", "examask", facts.paper_id, what))


def marked(label: str, *, is_on: bool) -> str:
    return (CHOSEN if is_on else "") + label


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a list: `value` is what its button says, `count` the questions behind it."""

    title: str
    count: int
    value: int
    is_on: bool = False


def listed(
    choices: Sequence[Choice], page: int, data: Callable[[int], str], page_data: Callable[[int], str]
) -> tuple[Html, Buttons]:
    """A page of choices, one below the other. Titles that are too long for a button are told above them under the
    number that their button begins with: two may differ in their ends alone."""
    shown = list(enumerate(choices))[page * PAGE : (page + 1) * PAGE]
    long = [(n, one) for n, one in shown if units(one.title) > CHOICE_NAME]
    told = lines(*(fill("{n}. {title}", n=n, title=one.title) for n, one in long))
    names = {n: f"{n}. {cut(one.title, CHOICE_NAME - 4)}" for n, one in long}
    buttons = [
        (Button(marked(f"{names.get(n, one.title)}（{one.count} 题）", is_on=one.is_on), data(one.value)),)
        for n, one in shown
    ]
    return told, (*buttons, *turns(page, len(choices), PAGE, page_data))


def width(count: int) -> int:
    """Of rows that hold so many short buttons without leaving one alone."""
    return {1: 1, 2: 2, 3: 3, 4: 4, 5: 3, 6: 3}.get(count, 4)


def row_name(kind: QuestionType | None, topic: str | None, level: int | None) -> str:
    """单选, 单选（党章，难度 3）."""
    about = [cut(topic, TOPIC_NAME)] if topic else []
    about += [f"难度 {level}"] if level else []
    return (TYPES[kind] if kind else "题目") + (f"（{'，'.join(about)}）" if about else "")
