"""Words and buttons of a published exam for its makers. Facts in, messages out; nothing is looked up here."""

from collections.abc import Sequence
from datetime import datetime

from bot.members.views import moment, turns, until
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press
from bot.quiz import running_views
from bot.quiz.exam_facts import ExamCounts, ExamRef, Sitter, VoidedAttempt
from bot.quiz.exam_views import short
from bot.quiz.rules import PaperState

PAGE = 20
LISTED = 5  # exams in the menu

_STATES = {
    PaperState.SCHEDULED: "未开始",
    PaperState.OPEN: "进行中",
    PaperState.CLOSED: "已截止",
    PaperState.RELEASED: "已公布成绩",
    PaperState.CANCELLED: "已取消",
}


def listed(exams: Sequence[ExamRef]) -> Buttons:
    """The exams in the menu, a button each; behind the last the way to all of them."""
    kept = [exam for exam in exams if exam.state is PaperState.DRAFT]
    published = [exam for exam in exams if exam.state is not PaperState.DRAFT]
    every = ((Button("全部考试", press("quiz", "exams", 0)),),) if len(published) > LISTED else ()
    return (*(_button(exam) for exam in (*kept, *published[:LISTED])), *every)


def _button(exam: ExamRef) -> tuple[Button]:
    if exam.state is PaperState.DRAFT:
        return (Button(f"继续出卷：{cut(exam.title, 30)}", press("quiz", "examdraft", exam.paper_id)),)
    return (Button(f"{_STATES[exam.state]}：{short(exam.title, 30)}", press("quiz", "paper", exam.paper_id)),)


def every(exams: Sequence[ExamRef], page: int) -> Message:
    """All exams, those that are planned or run first."""
    shown = [_button(exam) for exam in exams[:PAGE]]
    pages = turns(page, page * PAGE + len(exams), PAGE, lambda to: press("quiz", "exams", to))
    return Message(Html("全部考试"), (*shown, *pages, (_menu(),)))


def overview(facts: ExamCounts) -> Message:
    exempt = f"，免考 {facts.exempt} 人" if facts.exempt else ""
    running = f"，正在答 {facts.running} 人" if facts.running else ""
    voids = facts.voids[:LISTED]
    text = lines(
        fill("考试 {code}《{title}》：{state}", code=facts.code, title=facts.title, state=_STATES[facts.state]),
        fill("{opens} 至 {closes}", opens=moment(facts.opens_at), closes=moment(facts.closes_at)),
        f"{_where(facts.places)}应考 {facts.due} 人{exempt}，已交卷 {facts.finished} 人{running}",
        until(facts.undo[1]) if facts.undo else "",
        *(fill("{name}同志的答卷已作废，{until}", name=one.name, until=until(one.until)) for one in voids),
    )
    undo = ((Button("撤销取消", press("quiz", "uncancel", facts.undo[0]), style="danger"),),) if facts.undo else ()
    back = tuple((_unvoid(f"撤销作废：{cut(one.name, 30)}", one.undo_id),) for one in voids)
    can_void = facts.sees_names and facts.finished and facts.state in (PaperState.OPEN, PaperState.CLOSED)
    void = ((Button("作废答卷", press("quiz", "sitters", facts.paper_id)),),) if can_void else ()
    results = ((Button("成绩与分析", press("quiz", "report", facts.paper_id, 0), style="success"),),)
    first = results if facts.state is PaperState.RELEASED else ()
    acts = running_views.acts(facts.paper_id, facts.state, sees_names=facts.sees_names, leads_all=facts.leads_all)
    return Message(text, (*first, *undo, *back, *acts, *void, (_menu(),)))


def _where(places: Sequence[str]) -> str:
    if not places:
        return ""
    return f"{places[0]}：" if len(places) == 1 else f"{len(places)} 个支部，"


def _unvoid(label: str, undo_id: int) -> Button:
    return Button(label, press("quiz", "unvoid", undo_id), style="danger")


def _menu() -> Button:
    return Button("返回", press("quiz", "menu"))


def choose_sitter(exam: ExamRef, sitters: Sequence[Sitter], page: int) -> Message:
    text = fill(
        "《{title}》已交卷 {n} 人。作废谁的答卷？作废后不计成绩，可考次数退还。", title=exam.title, n=len(sitters)
    )
    shown = sitters[page * PAGE : (page + 1) * PAGE]
    names = [Button(one.name, press("quiz", "voids", one.attempt_id)) for one in shown]
    pages = turns(page, len(sitters), PAGE, lambda to: press("quiz", "sitters", exam.paper_id, to))
    return Message(text, (*running_views.name_rows(names), *pages, (_back(exam.paper_id),)))


def confirm_void(facts: VoidedAttempt) -> Message:
    text = fill(
        "作废{name}同志《{title}》第 {n} 次答卷？作废后不计成绩，可考次数退还。下一步请写原因，会告诉本人。",
        name=facts.name,
        title=facts.title,
        n=facts.number,
    )
    yes = Button("作废", press("quiz", "void", facts.attempt_id), style="danger")
    return Message(text, ((yes, _back(facts.paper_id)),))


def ask_reason(facts: VoidedAttempt) -> Message:
    text = fill("请直接发送作废{name}同志答卷的原因。", name=facts.name)
    return Message(text, ((_back(facts.paper_id),),))


def _back(paper_id: int) -> Button:
    return Button("返回", press("quiz", "paper", paper_id))


def voided(facts: VoidedAttempt) -> Message:
    """To who did it, who may take it back."""
    assert facts.undo is not None
    undo_id, at = facts.undo
    text = "已作废{name}同志《{title}》第 {n} 次答卷：{reason}。已告知本人。{until}"
    told = fill(text, name=facts.name, title=facts.title, n=facts.number, reason=facts.reason, until=until(at))
    return Message(told, ((_unvoid("撤销", undo_id), _back(facts.paper_id)),))


def restored(facts: VoidedAttempt) -> Message:
    text = "已撤销作废：{name}同志《{title}》第 {n} 次答卷有效。"
    return Message(fill(text, name=facts.name, title=facts.title, n=facts.number), ((_back(facts.paper_id),),))


def restored_note(facts: VoidedAttempt) -> str:
    """For the log of the paper."""
    return f"{facts.name} 第 {facts.number} 次"


def valid_for_you(facts: VoidedAttempt) -> Message:
    text = "《{title}》第 {n} 次答卷的作废已撤回，答卷有效，不用重新参加。"
    return Message(fill(text, title=facts.title, n=facts.number))


def voided_note(facts: VoidedAttempt) -> str:
    """For the log of the paper."""
    return f"{facts.name} 第 {facts.number} 次：{facts.reason}"


def voided_for_you(facts: VoidedAttempt, closes_at: datetime, *, can_repeat: bool) -> Message:
    again = fill("{closes} 截止前可以发送 /exam 重新参加。", closes=moment(closes_at)) if can_repeat else Html("")
    text = fill(
        "《{title}》第 {n} 次答卷已作废，不计成绩。原因：{reason}。{again}",
        title=facts.title,
        n=facts.number,
        reason=facts.reason,
        again=again,
    )
    return Message(text)
