"""What a year has left in the database, held against what people were told: nothing may be lost."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from sqlalchemy import Result, func, select
from sqlalchemy.orm import Session

from bot import inbox
from bot.attendance import chain
from bot.attendance.models import Attendance, AttendanceEvent
from bot.attendance.rules import Status
from bot.meetings import kinds
from bot.meetings.models import Meeting, Nudge, Rung
from bot.meetings.rules import MeetingKind, MeetingState, RungState
from bot.members.models import Account, Chat, Membership, RoleGrant, Unit
from bot.members.rules import Role, UnitKind
from bot.outbox import OutboxRow, State
from tests.bench.life import Gathering

K = TypeVar("K")
V = TypeVar("V")
S = TypeVar("S", MeetingState, RungState)

GRACE = timedelta(hours=1)  # after the end a meeting closes in half of it
OVER = (MeetingState.CLOSED, MeetingState.RECORDED)
SETTLED = (State.SENT, State.EXPIRED, State.SUPERSEDED, State.CANCELLED, State.SUPPRESSED)
CHAINS = 300  # audited


def findings(session: Session, gatherings: Mapping[int, Gathering], *, now: datetime) -> list[str]:
    """Everything that is not as it must be, one line each."""
    return [
        *_unclosed(session, now=now),
        *_miscounted(session, gatherings),
        *_rungs_lost(session, now=now),
        *_unsent(session, now=now),
        *_strayed(session),
        *_unhandled(session),
        *_broken_chains(session),
    ]


def _unclosed(session: Session, *, now: datetime) -> Iterator[str]:
    query = select(Meeting.id, Meeting.kind, Meeting.state).where(
        Meeting.ends_at < now - GRACE, Meeting.state.not_in((*OVER, MeetingState.CANCELLED))
    )
    for meeting_id, kind, state in session.execute(query):
        yield f"meeting {meeting_id} {kind.name} is over and {state.name}"


def _miscounted(session: Session, gatherings: Mapping[int, Gathering]) -> Iterator[str]:
    """应到 = 实到 + 请假 + 缺席, of exactly those who were due, each as he was told."""
    over = set(session.scalars(select(Meeting.id).where(Meeting.state.in_(OVER))))
    query = select(Attendance.meeting_id, Attendance.status, func.count()).where(Attendance.is_due)
    found: dict[int, Counter[Status]] = {}
    for meeting_id, status, count in session.execute(query.group_by(Attendance.meeting_id, Attendance.status)):
        found.setdefault(meeting_id, Counter())[status] = count
    for meeting_id in sorted(over):
        if (one := gatherings.get(meeting_id)) is None:
            yield f"meeting {meeting_id} was held and nobody had seen a card"
        elif (counted := found.get(meeting_id, Counter())) != (wanted := one.expected()):
            yield f"meeting {meeting_id} {one.kind.name}: {_told(counted)}, people were told {_told(wanted)}"
    for one in gatherings.values():
        if one.id not in over and one.signed:
            yield f"meeting {one.id} {one.kind.name} has signed people and is not closed"


def _told(counts: Mapping[Status, int]) -> str:
    return " ".join(f"{status.name}={count}" for status, count in sorted(counts.items(), key=lambda one: one[0].name))


def _rungs_lost(session: Session, *, now: datetime) -> Iterator[str]:
    """Each rung of a ladder has an end, and each meeting that was held has all of its ladder."""
    waiting = select(Rung.meeting_id, Rung.rung, Rung.due_at).where(Rung.state == RungState.PLANNED, Rung.due_at < now)
    for meeting_id, rung, due_at in session.execute(waiting):
        yield f"{rung.name} of meeting {meeting_id}, due {due_at:%m-%d %H:%M}, waits"
    laid: dict[int, set[str]] = {}
    ended = select(Rung.meeting_id, Rung.rung).where(Rung.state != RungState.CANCELLED)
    for meeting_id, rung in session.execute(ended):
        laid.setdefault(meeting_id, set()).add(rung.name)
    held = select(Meeting.id, Meeting.kind).where(Meeting.state.in_(OVER))
    for meeting_id, kind in session.execute(held):
        if missing := {rung.name for rung in kinds.of(kind).ladder} - laid.get(meeting_id, set()):
            yield f"meeting {meeting_id} {kind.name} was held without {', '.join(sorted(missing))}"


def _unsent(session: Session, *, now: datetime) -> Iterator[str]:
    query = select(OutboxRow.key, OutboxRow.state, OutboxRow.error).where(
        OutboxRow.state.not_in(SETTLED), OutboxRow.due_at < now
    )
    for key, state, error in session.execute(query):
        yield f"message {key} is {state}: {error}"


def _strayed(session: Session) -> Iterator[str]:
    """Messages about a meeting that went to somebody outside its branch; the district's administrator may read all."""
    homes = _pairs(session.execute(select(Chat.chat_id, Chat.unit_id)))
    people = select(Account.telegram_user_id, Membership.branch_id).join(
        Membership, Membership.member_id == Account.member_id
    )
    homes |= _pairs(session.execute(people))
    admins = select(Account.telegram_user_id).join(RoleGrant, RoleGrant.member_id == Account.member_id)
    chiefs = set(session.scalars(admins.where(RoleGrant.role == Role.ADMIN)))
    hosts = {
        meeting_id: parent_id if kind is UnitKind.PARTY_GROUP else unit_id
        for meeting_id, unit_id, kind, parent_id in session.execute(
            select(Meeting.id, Unit.id, Unit.kind, Unit.parent_id).join(Unit, Unit.id == Meeting.unit_id)
        )
    }
    rows = select(OutboxRow.key, OutboxRow.chat_id).where(
        OutboxRow.key.like("meeting:%"), OutboxRow.sent_at.is_not(None)
    )
    for key, chat_id in session.execute(rows):
        if chat_id not in chiefs and homes.get(chat_id or 0) != hosts[int(key.split(":")[1])]:
            yield f"message {key} went to {chat_id}"


def _unhandled(session: Session) -> Iterator[str]:
    for what, count in (("parked", inbox.dead_count(session)), ("unhandled", inbox.open_count(session))):
        if count:
            yield f"{count} updates {what}"


def _broken_chains(session: Session) -> Iterator[str]:
    ids = list(session.scalars(select(Meeting.id).where(Meeting.audit_seq > 0)))
    for meeting_id in Random(0).sample(ids, min(CHAINS, len(ids))):  # the same sample each time
        if not chain.is_intact(session, meeting_id):
            yield f"the chain of meeting {meeting_id} is broken"


# -- figures ---


def meetings(session: Session) -> Counter[str]:
    return _by_name(session.execute(select(Meeting.state, func.count()).group_by(Meeting.state)))


def rungs(session: Session) -> Counter[str]:
    return _by_name(session.execute(select(Rung.state, func.count()).group_by(Rung.state)))


def rows(session: Session) -> Counter[str]:
    tables = (Meeting, Attendance, AttendanceEvent, Rung, Nudge, OutboxRow, inbox.InboxRow)
    return Counter(
        {table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    )


def messages(session: Session) -> Counter[str]:
    found = session.execute(select(OutboxRow.state, func.count()).group_by(OutboxRow.state))
    return Counter({str(state): count for state, count in found})


def held(session: Session) -> Counter[MeetingKind]:
    query = select(Meeting.kind, func.count()).where(Meeting.state.in_(OVER)).group_by(Meeting.kind)
    return Counter(_pairs(session.execute(query)))


def _by_name(found: Result[S, int]) -> Counter[str]:
    return Counter({state.name: count for state, count in found})


def _pairs(found: Result[K, V]) -> dict[K, V]:
    return {row[0]: row[1] for row in found}
