"""A finished plan: its preview, and the meeting it becomes, once."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.db import upsert
from bot.errors import UserError
from bot.meetings import cards, ladder, service
from bot.meetings.drafts import meeting_of, take_draft
from bot.meetings.facts import LIVE, MeetingFacts, Preview, Saved, Step
from bot.meetings.models import Draft, Meeting
from bot.meetings.phrases import Note
from bot.meetings.repeating import notes_of
from bot.meetings.rules import MeetingState, RungName, check_move, check_span
from bot.members import service as members
from bot.members.models import Unit
from bot.members.rules import UnitRef
from bot.message import Sender


class SameMeeting(UserError):
    text = "此时已有同类会议"


def preview(session: Session, draft: Draft, unit: UnitRef, *, now: datetime) -> Preview:
    return look(session, meeting_of(draft, unit), notes_of(draft.body), now=now)


def look(
    session: Session,
    meeting: MeetingFacts,
    notes: tuple[Note, ...],
    *,
    replaces: int | None = None,
    now: datetime,
) -> Preview:
    """What a meeting would put into the world that does not exist yet; those of the series it `replaces` will not."""
    calendar = members.work_calendar(session)
    times = service.times(session, meeting)
    found = service.expected(session, meeting)
    rungs = ladder.plan(meeting.rules.ladder, times, now=now, is_tentative=meeting.is_tentative)
    busy, is_taken = _collisions(session, meeting, {due.person.member_id for due in found.due}, replaces)
    return Preview(
        unit=meeting.unit,
        kind=meeting.kind,
        title=meeting.title,
        place=meeting.place,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        notes=notes,
        why=calendar.why(meeting.on),
        is_known=calendar.is_known(meeting.on),
        rungs=(*rungs, *ladder.expected_after(meeting.rules.ladder, times)),
        expected=len(found.due),
        exempt=len(found.exempt),
        busy=tuple(service.named(session, busy, meeting)),
        is_place_taken=is_taken,
        has_chat=bool(cards.chats(session, meeting)),
    )


def _collisions(session: Session, meeting: MeetingFacts, due: set[int], replaces: int | None) -> tuple[list[int], bool]:
    """Who is due elsewhere at that time, and whether somebody near meets in the same place."""
    near = meeting.unit.path.rstrip("/").rpartition("/")[0] + "/"
    query = (
        select(Meeting.id)
        .join(Unit, Unit.id == Meeting.unit_id)
        .where(
            Meeting.state.in_(LIVE),
            Meeting.starts_at < meeting.ends_at,
            Meeting.ends_at > meeting.starts_at,
            Unit.path.startswith(near),
            or_(Meeting.series_id.is_distinct_from(replaces), Meeting.series_id.is_(None)),
        )
    )
    busy: set[int] = set()
    is_taken = False
    for meeting_id in session.scalars(query.limit(10)):
        other = service.facts(session, meeting_id)
        assert other is not None
        busy |= due & {item.person.member_id for item in service.expected(session, other).due}
        is_taken = is_taken or (other.place == meeting.place != "")
    return sorted(busy), is_taken


def confirm(session: Session, sender: Sender, draft_id: int, *, now: datetime) -> Saved:
    """Make the meeting of a draft, once; whoever presses again hears that it is there."""
    _, draft, unit = take_draft(session, sender, draft_id, Step.PREVIEW, now=now)
    plan = meeting_of(draft, unit)
    check_move(plan.starts_at, now=now)
    check_span(plan.kind, plan.starts_at, plan.ends_at)
    meeting_id = insert_meeting(session, plan, now=now)
    meeting = service.facts(session, meeting_id)
    assert meeting is not None
    rungs = ladder.plan(meeting.rules.ladder, service.times(session, meeting), now=now)
    service.lay(session, meeting_id, meeting.version, rungs)
    notice = next((rung.due_at for rung in rungs if rung.rung is RungName.R1), None)
    return Saved(meeting, notice)


def insert_meeting(session: Session, plan: MeetingFacts, *, now: datetime) -> int:
    row = upsert(session, Meeting).values(
        unit_id=plan.unit.id,
        kind=plan.kind,
        draft_id=plan.draft_id,
        title=plan.title,
        place=plan.place,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        state=MeetingState.SCHEDULED,
        created_at=now,
        created_by=plan.created_by,
        is_tentative=False,
        version=1,
        audit_seq=0,
        audit_hash="",
    )
    meeting_id: int | None = session.scalar(row.on_conflict_do_nothing().returning(Meeting.id))
    if meeting_id is None:
        raise SameMeeting
    return meeting_id
