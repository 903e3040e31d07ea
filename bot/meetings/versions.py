"""The next version of a meeting: the conditional change itself, why it came, and the reminders that follow from it."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.meetings import ladder, service
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import Meeting, MeetingChange
from bot.meetings.publishing import SameMeeting
from bot.meetings.rules import Change, MeetingState


def transit(session: Session, old: MeetingFacts, values: dict[str, object]) -> MeetingFacts:
    """The next version of the meeting; refused if it has changed meanwhile or another stands in that place."""
    statement = update(Meeting).where(Meeting.id == old.id, Meeting.state == old.state, Meeting.version == old.version)
    statement = statement.values(version=old.version + 1, **values).execution_options(synchronize_session=False)
    try:
        with session.begin_nested():
            taken = session.execute(statement.returning(Meeting.id)).first()
    except IntegrityError as error:
        raise SameMeeting from error
    if taken is None:
        raise service.StateChanged
    meeting = service.facts(session, old.id)
    assert meeting is not None
    return meeting


def record(
    session: Session,
    meeting: MeetingFacts,
    what: Change,
    was: str | None,
    became: str | None,
    *,
    actor_id: int | None,
    reason: str | None,
    now: datetime,
) -> None:
    row = {"meeting_id": meeting.id, "version": meeting.version, "actor_id": actor_id, "at": now, "what": what}
    session.execute(insert(MeetingChange), [{**row, "was": was, "became": became, "reason": reason}])


def replan(session: Session, meeting: MeetingFacts, *, now: datetime) -> None:
    """The ladder of this version, as far as the meeting has a day at all."""
    if meeting.state is MeetingState.NEEDS_DATE:
        return
    rungs = ladder.plan(
        meeting.rules.ladder,
        service.times(session, meeting),
        now=now,
        is_announced=meeting.announced_at is not None,
        is_tentative=meeting.is_tentative,
    )
    service.lay(session, meeting.id, meeting.version, rungs)


def restore(session: Session, old: MeetingFacts, *, actor_id: int | None, now: datetime) -> MeetingFacts:
    """A cancelled meeting as it stood before, under a new version."""
    of_version = MeetingChange.meeting_id == old.id, MeetingChange.version == old.version
    was = session.scalar(select(MeetingChange.was).where(*of_version))
    state = MeetingState[was] if was else MeetingState.SCHEDULED
    meeting = transit(session, old, {"state": state, "reason": None, "cancelled_at": None})
    record(session, meeting, Change.RESTORED, None, state.name, actor_id=actor_id, reason=None, now=now)
    replan(session, meeting, now=now)
    return meeting
