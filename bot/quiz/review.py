"""看错题: what one got wrong in an exam, for oneself alone, in the letters that were shown; the key where it may be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.banks import drawing
from bot.banks.rules import Question
from bot.members import service as members
from bot.message import Sender
from bot.quiz import analysis, outcomes
from bot.quiz.models import AttemptItem
from bot.quiz.outcomes import NoSuchExam, NotReleased, Sat
from bot.quiz.rekeying import as_judged
from bot.quiz.result_facts import Exam, Fault, NoFault, OwnScore
from bot.quiz.rules import Outcome, PaperState, ShowKey


@dataclass(frozen=True, slots=True)
class _Item:
    position: int
    version_id: int
    order: Sequence[int]
    selection: str | None
    awarded_centi: int | None
    max_centi: int


def shows_key(of: Exam) -> bool:
    """Whether a candidate who has handed in may see the right answers now."""
    if of.show_key is ShowKey.ON_SUBMIT:
        return True
    return of.show_key is ShowKey.ON_CLOSE and of.state is PaperState.RELEASED


def own_score(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> OwnScore:
    """What the sender was told when the results came out."""
    of, member_id = _own(session, sender, paper_id, now)
    if of.state is not PaperState.RELEASED:
        raise NotReleased
    row = outcomes.of_one(session, of, member_id)
    if row is None:
        raise NoSuchExam
    return OwnScore(
        of.id,
        of.title,
        row.outcome,
        row.score_centi or 0,
        row.max_centi or of.max_centi,
        is_passed=bool(row.passed),
        has_errors=row.outcome is Outcome.SAT and (row.score_centi or 0) < (row.max_centi or 0),
        shows_key=shows_key(of),
        credited_centi=row.credited_centi if row.credited_centi != row.score_centi else None,
    )


def _own(session: Session, sender: Sender, paper_id: int, now: datetime) -> tuple[Exam, int]:
    who = members.actor(session, sender, now=now)
    return outcomes.exam(session, paper_id), who.member_id


def fault(session: Session, sender: Sender, paper_id: int, place: int, *, now: datetime) -> Fault | NoFault:
    """One of the sender's questions that did not earn all its points, in the attempt that counts; the first is 1."""
    of, member_id = _own(session, sender, paper_id, now)
    attempt_id = _counted(session, of, member_id)
    faults = _faults(session, attempt_id)
    if not faults:
        return NoFault(of.title)
    number = min(max(place, 1), len(faults))
    item = faults[number - 1]
    version = drawing.versions(session, [item.version_id])[item.version_id]
    decision, judged_by = analysis.decisions(session, of.id).get(item.version_id, (None, None))
    judge = drawing.versions(session, [judged_by])[judged_by] if judged_by else version
    today = drawing.newest(session, [version.question_id])[version.question_id]
    return Fault(
        of.id,
        of.title,
        number,
        len(faults),
        item.position,
        version.question,
        tuple(item.order),
        item.selection,
        item.awarded_centi or 0,
        item.max_centi,
        key=_key(version.question, judge.question) if shows_key(of) else None,
        is_changed_since=today.marking_hash != judge.marking_hash,
        decision=decision,
    )


def _key(asked: Question, judge: Question) -> Question:
    return as_judged(asked, judge) or asked


def _counted(session: Session, of: Exam, member_id: int) -> int:
    """The attempt that counts; before the results are out only where the key is shown at once."""
    if of.state is PaperState.RELEASED:
        row = outcomes.of_one(session, of, member_id)
        if row is None or row.attempt_id is None:
            raise NoSuchExam
        return row.attempt_id
    own: list[Sat] = outcomes.sittings(session, of).get(member_id, [])
    best = outcomes.counted(own)
    if best is None:
        raise NoSuchExam
    if of.show_key is not ShowKey.ON_SUBMIT:
        raise NotReleased
    return best.attempt_id


def _faults(session: Session, attempt_id: int) -> list[_Item]:
    query = (
        select(AttemptItem.position, AttemptItem.version_id, AttemptItem.option_order, AttemptItem.selection)
        .add_columns(AttemptItem.awarded_centi, AttemptItem.max_centi)
        .where(AttemptItem.attempt_id == attempt_id, AttemptItem.awarded_centi < AttemptItem.max_centi)
        .order_by(AttemptItem.position)
    )
    return [_Item(*row) for row in session.execute(query)]
