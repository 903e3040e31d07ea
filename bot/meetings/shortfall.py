"""Too few voters are in the room: the secretary waits for more, or makes the meeting one for study."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.db import signal, upsert
from bot.errors import UserError
from bot.meetings import cards, ladder, service
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import Meeting, Rung
from bot.meetings.rules import MeetingState, Outcome, RungName, RungState, closes_at
from bot.members import service as members
from bot.members.rules import Right
from bot.message import Sender


class AlreadyForStudy(UserError):
    text = "本次已改为学习会。"
    ends_buttons = True


def wait(
    session: Session, sender: Sender, meeting_id: int, version: int, *, now: datetime
) -> tuple[MeetingFacts, datetime | None]:
    """继续等待: when the question will be asked again, if at all. A second press changes nothing."""
    meeting = _running(session, sender, meeting_id, version, now=now)
    return meeting, _ask_again(session, meeting, now=now)


def _ask_again(session: Session, meeting: MeetingFacts, *, now: datetime) -> datetime | None:
    meeting_id, version = meeting.id, meeting.version
    of_report = Rung.meeting_id == meeting_id, Rung.version == version, Rung.rung == RungName.R6
    last = session.scalar(select(func.max(Rung.round)).where(*of_report, Rung.fired_at.is_not(None)))
    planned = session.scalar(select(Rung.due_at).where(*of_report, Rung.state == RungState.PLANNED))
    if planned is not None or last is None:
        return planned
    again_at = ladder.next_quorum_question(now, last)
    if again_at is None or again_at >= (end := closes_at(meeting.ends_at, meeting.extra_until)):
        return None
    row = upsert(session, Rung).values(
        meeting_id=meeting_id,
        version=version,
        rung=RungName.R6,
        round=last + 1,
        due_at=again_at,
        valid_until=end,
        state=RungState.PLANNED,
        was_late=False,
    )
    session.execute(row.on_conflict_do_nothing())
    signal(session, "jobs")
    return again_at


def hold_for_study(session: Session, sender: Sender, meeting_id: int, version: int, *, now: datetime) -> MeetingFacts:
    """改为学习会: nothing is voted on, and the question is not asked again."""
    meeting = _running(session, sender, meeting_id, version, now=now)
    statement = update(Meeting).where(Meeting.id == meeting_id, Meeting.version == version, Meeting.outcome.is_(None))
    statement = statement.values(outcome=Outcome.STUDY_ONLY).returning(Meeting.id)
    if session.execute(statement.execution_options(synchronize_session=False)).first() is None:
        raise service.StateChanged
    again = update(Rung).where(
        Rung.meeting_id == meeting_id,
        Rung.version == version,
        Rung.rung == RungName.R6,
        Rung.state == RungState.PLANNED,
    )
    session.execute(again.values(state=RungState.CANCELLED).execution_options(synchronize_session=False))
    cards.refresh(session, meeting_id, now=now)
    return meeting


def _running(session: Session, sender: Sender, meeting_id: int, version: int, *, now: datetime) -> MeetingFacts:
    who = members.actor(session, sender, now=now)
    meeting = service.seen_by(session, who, meeting_id, Right.PLAN, is_locked=True)
    service.check_current(meeting, version)
    if meeting.outcome is Outcome.STUDY_ONLY:
        raise AlreadyForStudy
    if meeting.state is not MeetingState.OPEN:
        raise service.StateChanged
    return meeting
