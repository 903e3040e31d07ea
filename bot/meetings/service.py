"""Meetings as they stand, their due lists, and the two changes that attendance brings about: opening and closing.

Plans are in `planning`, 改期 and 取消 in `changing`, reminders in `firing`, the cards in `cards`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Select, and_, false, insert, or_, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.db import signal
from bot.errors import UserError
from bot.meetings import ladder
from bot.meetings.facts import LIVE, OVER, MeetingFacts, Named
from bot.meetings.models import Draft, Meeting, Rung, Series
from bot.meetings.rules import MeetingState, Outcome, RungName, RungState
from bot.members import quiet
from bot.members import service as members
from bot.members.models import Unit
from bot.members.rules import Actor, DueList, Right, UnitKind, UnitRef

RECENT = timedelta(days=7)  # how long a finished meeting still stands in lists
MOST_LISTED = 60


class NoSuchMeeting(UserError):
    """The same words for a meeting of another branch and for none at all: neither tells the other apart."""

    text = "没有这个会议，或您不在应到名单"


class Outdated(UserError):
    text = "这条通知已更新，请看最新一条。"
    ends_buttons = True


class StateChanged(UserError):
    text = "会议状态已变化，请刷新"


class MeetingCancelled(UserError):
    text = "会议已取消（{month}月{day}日）"
    ends_buttons = True


class Ended(UserError):
    text = "该通知已结束（{month}月{day}日）。"
    ends_buttons = True


COLUMNS = (
    *(Meeting.id, Unit.id, Unit.kind, Unit.name, Unit.path, Meeting.kind, Meeting.title, Meeting.place),
    *(Meeting.starts_at, Meeting.ends_at, Meeting.state, Meeting.version, Meeting.announced_at),
    *(Meeting.is_tentative, Meeting.reason, Meeting.cancelled_at, Meeting.chair_id, Meeting.recorder_id),
    *(Meeting.created_by, Meeting.draft_id, Meeting.verified_at, Meeting.extra_until, Meeting.outcome),
    *(Meeting.created_at, Meeting.original_on),
)


def from_row(row: Sequence[object]) -> MeetingFacts:
    """Facts from a row that begins with `COLUMNS`."""
    id_, *unit = row[:5]
    rest = row[5 : len(COLUMNS)]
    return MeetingFacts(cast("int", id_), UnitRef(*unit), *rest)  # type: ignore[arg-type]  # in the order of the fields


def listed(*where: ColumnElement[bool]) -> Select[*tuple[object, ...]]:
    return select(*COLUMNS).join(Unit, Unit.id == Meeting.unit_id).where(*where)


def facts(session: Session, meeting_id: int, *, is_locked: bool = False) -> MeetingFacts | None:
    """The meeting, with its row held against others until the end of the transaction if `is_locked`."""
    asked = listed(Meeting.id == meeting_id)
    row = session.execute(asked.with_for_update(of=Meeting) if is_locked else asked).one_or_none()
    return from_row(row) if row else None


def sees(who: Actor, meeting: MeetingFacts) -> bool:
    """Whether the meeting exists for this person: of one's own bodies, or of those whose names one may see."""
    if any(grant.unit.id == meeting.unit.id for grant in who.grants):
        return True
    home = who.group or who.branch
    is_for_committee = meeting.rules.due_list in (DueList.COMMITTEE, DueList.STUDY_GROUP)
    if home is not None and meeting.unit.covers(home) and not is_for_committee:
        return True
    return who.may(Right.SEE_NAMES, meeting.unit, meeting.case)


def seen_by(
    session: Session, who: Actor, meeting_id: int, right: Right | None = None, *, is_locked: bool = False
) -> MeetingFacts:
    """The meeting for somebody who may know of it and, if asked for, has `right` there; else the refusal."""
    meeting = facts(session, meeting_id, is_locked=is_locked)
    if meeting is None or not sees(who, meeting):
        raise NoSuchMeeting
    if right is not None:
        who.require(right, meeting.unit, meeting.case)
    return meeting


def check_current(meeting: MeetingFacts, version: int) -> None:
    """Refuse a button of a meeting that was cancelled, is over, or was moved since."""
    if meeting.state is MeetingState.CANCELLED:
        raise MeetingCancelled(month=meeting.on.month, day=meeting.on.day)
    if not meeting.is_live:
        raise Ended(month=meeting.on.month, day=meeting.on.day)
    if meeting.version != version:
        raise Outdated


def expected(session: Session, meeting: MeetingFacts, *, only: int | None = None) -> members.Expected:
    """The due list of the local day of T as the roster has it now, whole or for one person."""
    due_list = meeting.rules.due_list
    chosen = _chosen(session, meeting) if due_list is DueList.CHOSEN else ()
    return members.due_on(session, meeting.unit, due_list, meeting.on, chosen=chosen, only=only)


def _chosen(session: Session, meeting: MeetingFacts) -> Collection[int]:
    """Whom the plan of a training course named, its own or that of its series."""
    of_series = select(Series.draft_id).join(Meeting, Meeting.series_id == Series.id).where(Meeting.id == meeting.id)
    draft_id = meeting.draft_id or session.scalar(of_series)
    body = session.scalar(select(Draft.body).where(Draft.id == draft_id)) or {}
    return cast("list[int]", body.get("chosen", []))


def named(session: Session, member_ids: Collection[int], meeting: MeetingFacts) -> list[Named]:
    """These people by name, in the order given, as of the day of the meeting."""
    if not member_ids:
        return []
    people = members.people(session, member_ids, meeting.on)
    return [name_of(people[member_id]) for member_id in member_ids if member_id in people]


def name_of(person: members.Person) -> Named:
    return Named(
        person.member_id, person.name, person.group_id, person.group_name, person.staff_no, person.is_reachable
    )


def around(session: Session, who: Actor, *, now: datetime) -> list[MeetingFacts]:
    """What is ahead, running or just over for this person, nearest first: own bodies, and those below one's roles."""
    above = [int(part) for part in (who.group or who.branch or _NOWHERE).path.split("/") if part]
    below = [Unit.path.startswith(grant.unit.path) for grant in who.grants]
    near = or_(
        Meeting.state.in_(LIVE),
        and_(Meeting.state.in_(OVER), Meeting.ends_at > now - RECENT),
    )
    asked = listed(near, or_(Unit.id.in_(above), *below, false())).order_by(Meeting.starts_at, Meeting.id)
    found = (from_row(row) for row in session.execute(asked.limit(MOST_LISTED)))
    return [meeting for meeting in found if sees(who, meeting)]


_NOWHERE = UnitRef(0, UnitKind.BRANCH, "", "")


def of_unit(session: Session, unit: UnitRef, *, now: datetime) -> list[MeetingFacts]:
    """What a group chat of the unit may read of: meetings ahead or running of itself, of bodies above it, and of
    its groups that have no chat of their own."""
    ids = [int(part) for part in unit.path.split("/") if part]
    groups = and_(Unit.kind == UnitKind.PARTY_GROUP, Unit.path.startswith(unit.path))
    near = Meeting.state.in_(LIVE), Meeting.ends_at > now - timedelta(days=1)
    asked = listed(*near, or_(Unit.id.in_(ids), groups)).order_by(Meeting.starts_at, Meeting.id)
    found = (from_row(row) for row in session.execute(asked.limit(MOST_LISTED)))
    return [
        meeting
        for meeting in found
        if meeting.rules.due_list not in (DueList.COMMITTEE, DueList.STUDY_GROUP)
        and (meeting.unit.id in ids or unit.id in _spoken_in(session, meeting))
    ]


def _spoken_in(session: Session, meeting: MeetingFacts) -> set[int]:
    """The units in whose chats the meeting is spoken of."""
    return {chat.unit_id for chat in members.chat_for(session, meeting.unit.id, meeting.rules.chat)}


def times(session: Session, meeting: MeetingFacts) -> ladder.Times:
    """What the meeting's ladder is laid against: its hours, the workdays, the quiet hours of its unit."""
    return meeting.times(members.work_calendar(session), quiet.of_unit(session, meeting.unit))


def lay(session: Session, meeting_id: int, version: int, rungs: Sequence[ladder.PlannedRung]) -> None:
    """Write planned rungs and have the schedule look at them."""
    rows = [
        {
            "meeting_id": meeting_id,
            "version": version,
            "rung": rung.rung,
            "round": rung.round,
            "due_at": rung.due_at,
            "valid_until": rung.valid_until,
            "state": rung.state,
        }
        for rung in rungs
    ]
    if rows:
        session.execute(insert(Rung), rows)
    signal(session, "jobs")


def pull(session: Session, meeting: MeetingFacts, rung: RungName, *, now: datetime) -> None:
    """Have a planned rung fire now instead of later."""
    rungs = update(Rung).where(
        Rung.meeting_id == meeting.id,
        Rung.version == meeting.version,
        Rung.rung == rung,
        Rung.state == RungState.PLANNED,
        Rung.due_at > now,
    )
    session.execute(rungs.values(due_at=now).execution_options(synchronize_session=False))
    signal(session, "jobs")


def lift(session: Session, meeting: MeetingFacts, state: RungState) -> None:
    """Take away what is still planned or unsent of the meeting's version."""
    rungs = update(Rung).where(
        Rung.meeting_id == meeting.id, Rung.version == meeting.version, Rung.state == RungState.PLANNED
    )
    session.execute(rungs.values(state=state).execution_options(synchronize_session=False))
    outbox.withdraw(session, f"meeting:{meeting.id}:v{meeting.version}:")


def begin(session: Session, meeting: MeetingFacts) -> bool:
    """SCHEDULED → OPEN; False if somebody else was first."""
    return _transit(session, meeting, MeetingState.SCHEDULED, MeetingState.OPEN)


def finish(session: Session, meeting: MeetingFacts, *, now: datetime) -> bool:
    """OPEN → CLOSED, with what follows on the ladder; False if somebody else was first."""
    if not _transit(session, meeting, MeetingState.OPEN, MeetingState.CLOSED):
        return False
    lift(session, meeting, RungState.SUPERSEDED)
    held = update(Meeting).where(Meeting.id == meeting.id, Meeting.outcome.is_(None)).values(outcome=Outcome.HELD)
    session.execute(held.execution_options(synchronize_session=False))
    if not meeting.is_from_memory:
        rungs = ladder.plan_after(meeting.rules.ladder, times(session, meeting), now=now)
        lay(session, meeting.id, meeting.version, rungs)
    return True


def archive(session: Session, meeting: MeetingFacts) -> bool:
    """CLOSED → RECORDED: the minutes are filed; False if somebody else was first."""
    return _transit(session, meeting, MeetingState.CLOSED, MeetingState.RECORDED)


def _transit(session: Session, meeting: MeetingFacts, old: MeetingState, new: MeetingState) -> bool:
    statement = update(Meeting).where(
        Meeting.id == meeting.id, Meeting.state == old, Meeting.version == meeting.version
    )
    taken = session.execute(
        statement.values(state=new).returning(Meeting.id).execution_options(synchronize_session=False)
    )
    return taken.first() is not None
