"""A question of a released exam decided anew: marked by a corrected key, given to all, or taken out. Who moves is shown
before; afterwards the ledger has a row, the results a revision, and those concerned a notice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Integer, bindparam, select, update
from sqlalchemy.orm import Session

from bot.banks import correcting, drawing
from bot.banks.drawing import Version
from bot.banks.models import QuestionVersion
from bot.banks.rules import RIGHT, WRONG, Question, QuestionType
from bot.errors import UserError
from bot.members.rules import OnlyAdmins, Right
from bot.message import Sender, StaleButton
from bot.quiz import analysis, announcing, authors, outcomes, papers
from bot.quiz.authors import Desk
from bot.quiz.marking import mark
from bot.quiz.models import Attempt, AttemptItem, Paper, PaperItem, PaperPool, Regrade
from bot.quiz.outcomes import Sat, Settled
from bot.quiz.rekeying import as_judged
from bot.quiz.result_facts import Exam, KeyForm, Line, Move, Regraded, RegradePreview
from bot.quiz.rules import AS_IS, EMPTY, REGRADE_WITHIN, Draw, PaperAction, PaperKind, PaperState, Regrading
from bot.statements import Write

MOST_OTHERS = 5


class AlreadyDecided(UserError):
    text = "这道题已经这样处理过，成绩没有变化。"
    is_done = True


class SameKey(UserError):
    text = "题库里的答案没有变化，请先改答案。"


class CannotCompare(UserError):
    text = "题库里这道题的题型或选项后来改过，不能按新答案改判；可以选本题送分或本题作废。"


class LastQuestion(UserError):
    text = "作废以后试卷就没有题了。"


@dataclass(frozen=True, slots=True)
class _Case:
    """What is to be decided of which question."""

    desk: Desk
    position: int
    asked: Version
    score_centi: int  # what it was worth at first
    decision: Regrading
    to_id: int | None = None
    judged: Question | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """What a question earned in an attempt, and what it is to earn."""

    item_id: int
    attempt_id: int
    was: int
    was_max: int
    awarded: int
    most: int


# -- another key -------------------------------------------------------------------------------------------------------


def key_form(session: Session, sender: Sender, paper_id: int, position: int, letters: str, *, now: datetime) -> KeyForm:
    """改答案, with the letters chosen so far."""
    desk = authors.desk(session, sender, paper_id, now=now)
    desk.require_all()
    page = analysis.item_page(session, desk, position)
    if page.question.type is QuestionType.BLANK:
        raise correcting.OnlyInFile
    if not page.may_correct:
        raise OnlyAdmins
    chosen = {AS_IS: page.question.answer, EMPTY: ""}.get(letters, letters)
    if not set(chosen) <= set(page.question.letters or RIGHT + WRONG):
        raise StaleButton
    return KeyForm(paper_id, position, page.question, "".join(sorted(chosen)))


# -- what would move ---------------------------------------------------------------------------------------------------


def correct(
    session: Session, sender: Sender, paper_id: int, position: int, answer: str, *, now: datetime
) -> RegradePreview:
    """改答案: the bank gets another key; what this would move in the exam comes back."""
    desk = authors.desk(session, sender, paper_id, now=now)
    correcting.correct(session, desk.who, _version_at(session, desk.exam, position), answer, now=now)
    return _previewed(session, desk, position, Regrading.RESCORE, now)


def preview(
    session: Session, sender: Sender, paper_id: int, position: int, decision: Regrading, *, now: datetime
) -> RegradePreview:
    desk = authors.desk(session, sender, paper_id, now=now)
    return _previewed(session, desk, position, decision, now)


def _previewed(session: Session, desk: Desk, position: int, decision: Regrading, now: datetime) -> RegradePreview:
    case = _case(session, desk, position, decision)
    moves = _moves(session, case, _settled(session, case, _changes(session, case)))
    return RegradePreview(
        desk.exam,
        position,
        case.asked.question.stem,
        decision,
        case.asked.question,
        case.judged,
        tuple(moves),
        shows_names=len(desk.named) == len(desk.branches),
        score_centi=case.score_centi,
        others=tuple(_others(session, desk, case.asked, now)),
    )


def _case(session: Session, desk: Desk, position: int, decision: Regrading) -> _Case:
    desk.require_all()
    version_id = _version_at(session, desk.exam, position)
    asked = drawing.versions(session, [version_id])[version_id]
    before = analysis.decisions(session, desk.exam.id).get(version_id)
    case = _Case(desk, position, asked, _worth(session, desk.exam, version_id), decision)
    if decision is Regrading.RESCORE:
        case = _by_new_key(session, case, before)
    if before == (decision, case.to_id):
        raise AlreadyDecided
    if decision is Regrading.VOID and desk.exam.draw is Draw.SAME and desk.exam.max_centi <= case.score_centi:
        raise LastQuestion
    return case


def _by_new_key(session: Session, case: _Case, before: tuple[Regrading, int | None] | None) -> _Case:
    to_id = drawing.newest(session, [case.asked.question_id])[case.asked.question_id].version_id
    to = drawing.versions(session, [to_id])[to_id]
    if before is None and to.marking_hash == case.asked.marking_hash:
        raise SameKey
    judged = as_judged(case.asked.question, to.question)
    if judged is None:
        raise CannotCompare
    return replace(case, to_id=to_id, judged=judged)


def _version_at(session: Session, of: Exam, position: int) -> int:
    for version_id, place in analysis.positions(session, of).items():
        if place == position:
            return version_id
    raise StaleButton


def _worth(session: Session, of: Exam, version_id: int) -> int:
    """Kept by the ledger once a question has been decided anew: it may have been taken out since."""
    ledger = select(Regrade.score_centi).where(Regrade.paper_id == of.id, Regrade.version_id == version_id)
    first = session.scalar(ledger.order_by(Regrade.revision).limit(1))
    if first is not None:
        return first
    query = select(AttemptItem.max_centi).join(Attempt, Attempt.id == AttemptItem.attempt_id)
    query = query.where(Attempt.paper_id == of.id, AttemptItem.version_id == version_id)
    found = session.scalar(query.limit(1))
    if found is None:  # drawn for nobody
        raise StaleButton
    return found


def _changes(session: Session, case: _Case) -> list[_Change]:
    query = (
        select(AttemptItem.id, AttemptItem.attempt_id, AttemptItem.awarded_centi, AttemptItem.max_centi)
        .add_columns(AttemptItem.selection, AttemptItem.rule, outcomes.has_answer())
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.paper_id == case.desk.exam.id, Attempt.round_id.is_(None))
        .where(AttemptItem.version_id == case.asked.id, Attempt.state.in_(outcomes.FINISHED))
        .order_by(AttemptItem.id)
    )
    most = 0 if case.decision is Regrading.VOID else case.score_centi
    each = papers.each_centi(session, case.desk.exam.id)
    found = []
    for id_, attempt_id, was, was_max, selection, rule, has_sat in session.execute(query):
        awarded = 0
        if case.decision is Regrading.GRANT and has_sat:
            awarded = most
        elif case.judged is not None and selection is not None:
            given = selection.split("\n") if case.judged.type is QuestionType.BLANK else [selection]
            awarded = mark(case.judged, tuple(given), score_centi=most, rule=rule, each_centi=each).centi
        found.append(_Change(id_, attempt_id, was or 0, was_max, awarded, most))
    return found


def _settled(session: Session, case: _Case, changes: Iterable[_Change]) -> list[Settled]:
    """Everybody's result after the changes."""
    of = case.desk.exam
    by_attempt = {one.attempt_id: one for one in changes}
    sat = {
        member_id: [_after(one, by_attempt.get(one.attempt_id)) for one in own]
        for member_id, own in outcomes.sittings(session, of).items()
    }
    return outcomes.settle(session, of, sat)


def _after(one: Sat, change: _Change | None) -> Sat:
    if change is None:
        return one
    score, most = change.awarded - change.was, change.most - change.was_max
    return replace(one, score_centi=one.score_centi + score, max_centi=one.max_centi + most)


def _moves(session: Session, case: _Case, settled: Sequence[Settled]) -> list[Move]:
    lines = outcomes.lines(session, case.desk.exam, [branch.id for branch in case.desk.branches])
    after = {one.member_id: one for one in settled}
    return [
        Move(
            *(one.name, one.branch, one.score_centi or 0, new.score_centi or 0),
            *(one.is_passed, new.is_passed, one.is_excellent, new.is_excellent),
        )
        for one in lines
        if (new := after.get(one.member_id)) is not None and _has_moved(one, new)
    ]


def _has_moved(one: Line, new: Settled) -> bool:
    was = (one.score_centi, one.is_passed, one.is_excellent)
    return was != (new.score_centi, new.is_passed, new.is_excellent)


def _others(session: Session, desk: Desk, asked: Version, now: datetime) -> list[tuple[int, int, str]]:
    """Other released exams of the last year with the question, as far as the author leads all their branches."""
    versions = select(QuestionVersion.id).where(QuestionVersion.question_id == asked.question_id)
    fixed = select(PaperItem.paper_id).where(PaperItem.version_id.in_(versions))
    pooled = select(PaperPool.paper_id).where(PaperPool.version_id.in_(versions))
    query = select(Paper.id).where(Paper.id.in_(fixed) | Paper.id.in_(pooled), Paper.id != desk.exam.id)
    query = query.where(Paper.kind == PaperKind.EXAM, Paper.state == PaperState.RELEASED)
    query = query.where(Paper.closes_at > now - REGRADE_WITHIN).order_by(Paper.closes_at.desc())
    own_versions = set(session.scalars(versions))
    found: list[tuple[int, int, str]] = []
    for paper_id in session.scalars(query).all():
        branches = papers.branches_of(session, paper_id)
        other = outcomes.exam(session, paper_id)
        place = next((p for v, p in analysis.positions(session, other).items() if v in own_versions), None)
        if place is not None and all(desk.who.may(Right.RUN_QUIZ, branch) for branch in branches):
            found.append((paper_id, place, other.title))
    return found[:MOST_OTHERS]


# -- deciding ----------------------------------------------------------------------------------------------------------

_ITEM = Write(
    update(AttemptItem)
    .where(AttemptItem.id == bindparam("item"))
    .values(awarded_centi=bindparam("points"), max_centi=bindparam("most"))
)
_ATTEMPT = Write(
    update(Attempt)
    .where(Attempt.id == bindparam("attempt"))
    .values(score_centi=Attempt.score_centi + bindparam("more", type_=Integer))
)


def decide(
    session: Session, sender: Sender, paper_id: int, position: int, decision: Regrading, *, now: datetime
) -> Regraded:
    """What was previewed is done. Decided once more it changes nothing: raises AlreadyDecided."""
    desk = authors.desk(session, sender, paper_id, now=now, is_held=True)
    case = _case(session, desk, position, decision)
    changes = _changes(session, case)
    settled = _settled(session, case, changes)
    moved = len(_moves(session, case, settled))
    told = _unconcerned(session, case, settled)
    _write(session, desk.exam, changes)
    revision = outcomes.write(session, desk.exam, settled, told=told)
    ledger = Regrade(paper_id=paper_id, revision=revision, version_id=case.asked.id, decision=decision, moved=moved)
    ledger.to_version_id, ledger.score_centi = case.to_id, case.score_centi
    ledger.by, ledger.at = desk.who.recorded_id, now
    session.add(ledger)
    outcomes.note(session, desk.exam, PaperAction.REGRADED, desk.who.recorded_id, now)
    session.flush()
    announcing.put_up(session, paper_id, revision)
    return Regraded(paper_id, desk.exam.title, revision, moved)


def _write(session: Session, of: Exam, changes: Sequence[_Change]) -> None:
    changed = [one for one in changes if (one.was, one.was_max) != (one.awarded, one.most)]
    if not changed:
        return
    _ITEM.run_all(session, [{"item": one.item_id, "points": one.awarded, "most": one.most} for one in changed])
    _ATTEMPT.run_all(session, [{"attempt": one.attempt_id, "more": one.awarded - one.was} for one in changed])
    if of.draw is Draw.SAME:
        most = of.max_centi + changed[0].most - changed[0].was_max
        session.execute(update(Paper).where(Paper.id == of.id).values(max_centi=most))


def _unconcerned(session: Session, case: _Case, settled: Sequence[Settled]) -> set[int]:
    """Those to whom the next revision brings nothing new: neither score nor maximum nor verdict."""
    before: Mapping[int, Line] = {
        one.member_id: one
        for one in outcomes.lines(session, case.desk.exam, [branch.id for branch in case.desk.branches])
    }
    return {
        one.member_id
        for one in settled
        if (was := before.get(one.member_id)) is None
        or one.score_centi is None
        or (not _has_moved(was, one) and one.counted is not None and one.counted.max_centi == was.max_centi)
    }
