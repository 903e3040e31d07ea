"""Attendance as files asked for: what can be had, what goes into them, and that it went out.

Read on a snapshot, written apart; only the sending and its entry in the chain are a transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import TypeAlias, cast

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from bot import exports, outbox
from bot.attendance import ballot_views, ballots, chain, correction_views, export_views, sheet
from bot.attendance.chain import Entry
from bot.attendance.facts import Amended, Choice, Delivery, Export, Files, Held, Line, MadeUp, MinutesFile, Part
from bot.attendance.models import Attendance, AttendanceEvent, MakeUp
from bot.attendance.opening import tip_of
from bot.attendance.quorum import is_quorate
from bot.attendance.rules import CAME, SELF_PROOFS, Action, Answer, MakeUpHow, ReasonKind, turnout
from bot.attendance.service import roll
from bot.attendance.standing import Standing, standings
from bot.errors import UserError
from bot.meetings import minutes
from bot.meetings import service as meetings
from bot.meetings.facts import OVER, MeetingFacts
from bot.meetings.models import Meeting, Nudge, Rung
from bot.meetings.rules import MeetingState, RungName, RungState
from bot.members import service as members
from bot.members.models import Member, Unit
from bot.members.rules import Actor, Right, UnitKind, UnitRef
from bot.message import Document, Sender
from bot.outbox import ARRIVED, OutboxRow, State
from bot.periods import PeriodKind, at_beijing, local_day

LineRow: TypeAlias = Row[int, int, datetime | None, bool, bool, ReasonKind | None, MakeUpHow | None, date, str]
BEGUN = (MeetingState.OPEN, *OVER)
MOST_LISTED = 8
MOST_MONTHS = 6
MOST_PARTS = 60
KEPT = timedelta(days=1)  # a file that could not be sent by then is asked for anew
TO_MEMBERS = (RungName.R1, RungName.R2, RungName.R3, RungName.R4, RungName.R5, RungName.R8)
POINTLESS = (State.CANCELLED, State.SUPPRESSED, State.SUPERSEDED, State.EXPIRED)  # answered before it left, or too late


class NothingToExport(UserError):
    text = "没有可以导出的会议。"


class NotFiled(UserError):
    text = "会议记录归档以后才能导出。"


class TooMuch(UserError):
    text = "一次最多导出{most}次会议，请按会议导出。"


# -- what can be had ---


def units(session: Session, sender: Sender, *, now: datetime) -> list[UnitRef]:
    """Bodies whose attendance this person may take home, in the order of the tree."""
    who = members.actor(session, sender, now=now)
    who.require(Right.EXPORT)
    tops = who.units_for(Right.EXPORT)
    below = (members.units_below(session, top) for top in tops)
    own = {unit.id: unit for some in below for unit in some if unit.kind not in _NO_HOSTS}
    return [unit for unit in own.values() if who.may(Right.EXPORT, unit)]


_NO_HOSTS = (UnitKind.COMPANY, UnitKind.PARTY_GROUP)  # meetings of groups are found with their branch


def choice(session: Session, sender: Sender, unit_id: int, *, now: datetime) -> Choice:
    who = members.actor(session, sender, now=now)
    unit = members.unit(session, unit_id)
    who.require(Right.EXPORT, unit)
    first = PeriodKind.MONTH.of(local_day(now))
    months = [first := first.previous() if at else first for at in range(MOST_MONTHS)]
    found = _held(session, unit, months[-1].first_on, first_after=months[0].next().first_on)
    days = {one.on for one in found}
    shown = tuple(month.first_on for month in months if any(day in month for day in days))
    return Choice(unit, tuple(found[-MOST_LISTED:][::-1]), shown)


def _held(session: Session, unit: UnitRef, first_on: date, *, first_after: date) -> list[MeetingFacts]:
    """Begun meetings of the unit, of a branch with its groups, oldest first."""
    is_own = Unit.path.startswith(unit.path) if unit.kind is UnitKind.BRANCH else Unit.id == unit.id
    query = select(*meetings.COLUMNS).join(Unit, Unit.id == Meeting.unit_id)
    query = query.where(is_own, Meeting.state.in_(BEGUN), Meeting.starts_at >= at_beijing(first_on, time.min))
    query = query.where(Meeting.starts_at < at_beijing(first_after, time.min))
    rows = session.execute(query.order_by(Meeting.starts_at, Meeting.id))
    return [meetings.from_row(row) for row in rows]


# -- what goes into them ---


def one_meeting(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> Export:
    who = members.actor(session, sender, now=now)
    meeting = meetings.seen_by(session, who, meeting_id, Right.EXPORT)
    if meeting.state in (MeetingState.CANCELLED, MeetingState.NEEDS_DATE):
        raise NothingToExport
    name = export_views.one_name(meeting.unit.name, meeting.rules.name, meeting.on)
    return _export(session, who, name, [meeting], now=now)


def one_month(session: Session, sender: Sender, unit_id: int, first_on: date, *, now: datetime) -> Export:
    who = members.actor(session, sender, now=now)
    unit = members.unit(session, unit_id)
    who.require(Right.EXPORT, unit)
    month = PeriodKind.MONTH.of(first_on)
    found = _held(session, unit, month.first_on, first_after=month.next().first_on)
    if not found:
        raise NothingToExport
    if len(found) > MOST_PARTS:
        raise TooMuch(most=MOST_PARTS)
    return _export(session, who, export_views.month_name(unit.name, month.key), found, now=now)


def _export(session: Session, who: Actor, name: str, found: Sequence[MeetingFacts], *, now: datetime) -> Export:
    parts = tuple(_part(session, meeting, now=now) for meeting in found)
    return Export(name, parts, tuple(meeting.id for meeting in found), who.name, now)


def minutes_of(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> MinutesFile:
    """Filed minutes with who was there, whole: the page in the chat cuts long texts."""
    who = members.actor(session, sender, now=now)
    what = minutes.show(session, sender, meeting_id, now=now, roll=roll)
    if not what.is_filed:
        raise NotFiled
    meeting = what.meeting
    text = export_views.minutes(what, _part(session, meeting, now=now), is_quorate, who.name, now=now)
    name = export_views.minutes_name(meeting.unit.name, meeting.rules.name, meeting.on)
    lines = text.replace("\n", "\r\n")  # with the mark, as the editors of offices expect it
    return MinutesFile(meeting_id, name, lines.encode("utf-8-sig"))


def _part(session: Session, meeting: MeetingFacts, *, now: datetime) -> Part:
    everybody = standings(session, meeting)
    lines = _lines(session, meeting, everybody)
    guests = sheet.guests(session, meeting.id)
    held = Held(
        turnout([line.status for line in lines if line.is_due]),
        made_up=sum(line.made_up is not None for line in lines if line.is_due),
        joined=sum(line.status in CAME for line in lines if not line.is_due),
        guests=sum(one.number for one in guests),
        named=sum(one.number for one in guests if one.name),
    )
    chair, recorder, verifier = _officers(session, meeting)
    return Part(
        meeting.unit.name,
        meeting.rules.name,
        meeting.title,
        meeting.place,
        meeting.starts_at,
        meeting.ends_at,
        is_over=meeting.is_over,
        chair=chair,
        recorder=recorder,
        vouched=export_views.vouched(verifier, meeting.verified_at) if meeting.verified_at else "",
        self_signed=sum(line.proof in SELF_PROOFS for line in lines),
        is_intact=chain.is_intact(session, meeting.id),
        lines=lines,
        held=held,
        guests=guests,
        excused=sheet.excused(session, meeting, everybody),
        votes=tuple(ballot_views.in_file(one) for one in ballots.of_meeting(session, meeting, now=now)),
        deliveries=tuple(deliveries(session, meeting)),
    )


def _officers(session: Session, meeting: MeetingFacts) -> tuple[str, str, str]:
    verified_by = session.scalar(select(Meeting.verified_by).where(Meeting.id == meeting.id))
    ids = (meeting.chair_id, meeting.recorder_id, verified_by)
    rows = session.execute(select(Member.id, Member.name).where(Member.id.in_([one for one in ids if one])))
    names = dict(rows.all())
    return names.get(ids[0] or 0, ""), names.get(ids[1] or 0, ""), names.get(verified_by or 0, "")


def _lines(session: Session, meeting: MeetingFacts, everybody: Sequence[Standing]) -> tuple[Line, ...]:
    people = members.people(session, [one.member_id for one in everybody], meeting.on)
    query = select(Attendance.member_id, Attendance.id, Attendance.arrived_at, Attendance.is_for_other)
    query = query.add_columns(Attendance.is_late_entry, Attendance.leave_kind, MakeUp.how, MakeUp.done_on, MakeUp.note)
    query = query.outerjoin(MakeUp, MakeUp.attendance_id == Attendance.id)
    found = session.execute(query.where(Attendance.meeting_id == meeting.id))
    rows = {row.member_id: cast("LineRow", row) for row in found}
    changes = _changes(session, meeting.id)
    return tuple(
        _line(one, people.get(one.member_id), rows.get(one.member_id), changes)
        for one in everybody
        if one.is_due or one.status in CAME or one.answer is Answer.GOING
    )


def _line(
    one: Standing, person: members.Person | None, row: LineRow | None, changes: Mapping[int, Sequence[Amended]]
) -> Line:
    return Line(
        name=person.name if person else "",
        staff_no=(person.staff_no if person else None) or "",
        group=(person.group_name if person else None) or "",
        is_due=one.is_due,
        has_vote=one.has_vote,
        answer=one.answer,
        status=one.status,
        arrived_at=row.arrived_at if row else None,
        is_time_unsure=one.is_time_unsure,
        left_at=one.left_at,
        proof=one.proof,
        is_online=one.is_online,
        is_for_other=bool(row and row.is_for_other),
        is_late_entry=bool(row and row.is_late_entry),
        leave_state=one.leave_state,
        leave_kind=row.leave_kind if row else None,
        explained_as=one.explained_as,
        made_up=MadeUp(row.how, row.done_on, row.note) if row and row.how else None,
        changes=tuple(changes.get(row.id, ())) if row else (),
    )


def _changes(session: Session, meeting_id: int) -> dict[int, list[Amended]]:
    """Corrections by record: what they made of what, who and when. Why stays in the house."""
    query = (
        select(AttendanceEvent.attendance_id, AttendanceEvent.was, AttendanceEvent.became, Member.name)
        .add_columns(AttendanceEvent.at)
        .outerjoin(Member, Member.id == AttendanceEvent.actor_id)
        .where(AttendanceEvent.meeting_id == meeting_id)
        .where(AttendanceEvent.action.in_([Action.CORRECTED, Action.ROLL_CORRECTED]))
        .order_by(AttendanceEvent.seq)
    )
    found: dict[int, list[Amended]] = {}
    for attendance_id, was, became, name, at in session.execute(query):
        states = (correction_views.on_list(was), correction_views.on_list(became))
        found.setdefault(attendance_id or 0, []).append(Amended(*states, name or "", at))
    return found


# -- 通知送达 ---


def deliveries(session: Session, meeting: MeetingFacts) -> Iterable[Delivery]:
    """What became of the reminders to those due, by rung."""
    rungs = select(Rung.version, Rung.rung, Rung.round, Rung.due_at, Rung.old_posts, Rung.old_arrived).where(
        Rung.meeting_id == meeting.id, Rung.state == RungState.FIRED, Rung.rung.in_(TO_MEMBERS)
    )
    fired = session.execute(rungs.order_by(Rung.due_at, Rung.id)).all()
    replies = _replies(session, meeting.id)
    for version, rung, round_, due_at, old_posts, old_arrived in fired:
        answered = {member_id for member_id, moments in replies.items() if _has_replied(moments, rung, due_at)}
        posts = _posts(session, meeting.id, f"v{version}:{rung.name}:{round_}")
        if meant_for := len(posts) + old_posts:
            arrived = sum(state in ARRIVED for state in posts) + old_arrived
            yield Delivery(rung, round_, True, meant_for, arrived, len(answered), meant_for - arrived)
        nudged = _nudged(session, meeting.id, version, rung, round_)
        meant = {one: state for one, state in nudged.items() if state not in POINTLESS}
        if meant:
            arrived = sum(state in ARRIVED for state in meant.values())
            unreached = sum(state in (None, State.UNREACHABLE, State.DEAD) for state in meant.values())
            counts = (len(meant), arrived, len(answered & meant.keys()), unreached)
            yield Delivery(rung, round_, False, *counts)


Moments = tuple[datetime | None, datetime | None, datetime | None]


def _replies(session: Session, meeting_id: int) -> dict[int, Moments]:
    """When each person answered, signed in, explained."""
    query = select(Attendance.member_id, Attendance.answered_at, Attendance.arrived_at, Attendance.explained_at)
    rows = session.execute(query.where(Attendance.meeting_id == meeting_id))
    return {member_id: (answered, arrived, explained) for member_id, answered, arrived, explained in rows}


def _has_replied(moments: Moments, rung: RungName, due_at: datetime) -> bool:
    """Whether the person did what the rung asked for, after it went out."""
    wanted = {RungName.R4: 1, RungName.R5: 1, RungName.R8: 2}.get(rung, 0)
    at = moments[wanted]
    return at is not None and at >= due_at


def _posts(session: Session, meeting_id: int, rung: str) -> list[State]:
    """States of what was posted into groups. Their keys keep the number a group had then; only groups have a minus."""
    states = select(OutboxRow.state).where(outbox.under(f"meeting:{meeting_id}:{rung}:c-"))
    return [State(state) for state in session.scalars(states)]


def _nudged(session: Session, meeting_id: int, version: int, rung: RungName, round_: int) -> dict[int, State | None]:
    """Whom the rung was meant for, and what became of the message; None where nobody could be written to."""
    state = func.coalesce(OutboxRow.state, Nudge.old_state)
    query = select(Nudge.member_id, state).outerjoin(OutboxRow, OutboxRow.id == Nudge.outbox_id)
    query = query.where(Nudge.meeting_id == meeting_id, Nudge.version == version)
    rows = session.execute(query.where(Nudge.rung == rung, Nudge.round == round_))
    return {member_id: State(was) if was else None for member_id, was in rows}


# -- sending ---


def documents(what: Export, files: Files) -> tuple[Document, ...]:
    book = Document(f"{files.name}.xlsx", files.xlsx, export_views.caption(files, what))
    return book, Document(f"{files.name}.csv", files.csv)


def deliver(
    session: Session, sender: Sender, what: Export, sha256: str, files: Sequence[Document], *, now: datetime
) -> None:
    """An entry in the chain of each meeting, with what the CSV is known by; then `files` are sent."""
    who = members.actor(session, sender, now=now)
    who.require(Right.EXPORT)
    for meeting_id in sorted(what.meeting_ids):
        meetings.seen_by(session, who, meeting_id, Right.EXPORT, is_locked=True)
        _note(session, who, meeting_id, sha256, sender, now)
    _send(session, who, sender, files, now)


def minutes_document(what: MinutesFile) -> Document:
    return Document(f"{what.name}.txt", what.data)


def deliver_minutes(
    session: Session, sender: Sender, what: MinutesFile, files: Sequence[Document], *, now: datetime
) -> None:
    who = members.actor(session, sender, now=now)
    meetings.seen_by(session, who, what.meeting_id, Right.MINUTES, is_locked=True)
    _note(session, who, what.meeting_id, sha256(what.data).hexdigest(), sender, now)
    _send(session, who, sender, files, now)


def _note(session: Session, who: Actor, meeting_id: int, became: str, sender: Sender, now: datetime) -> None:
    entry, tip = Entry(Action.EXPORTED, became=became), tip_of(session, meeting_id)
    chain.append(session, tip, [entry], actor_id=who.recorded_id, update_id=sender.update_id, now=now)


def _send(session: Session, who: Actor, sender: Sender, files: Sequence[Document], now: datetime) -> None:
    exports.send(session, f"export:{who.user_id}:{sender.update_id}", who.user_id, files, now=now, keep_for=KEPT)
