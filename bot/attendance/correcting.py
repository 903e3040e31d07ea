"""Corrections of a record: whose, to what and why; and 名册更正 of a due list that is frozen.

What a correction writes is in `amending`, the second person in `proposals`, 补课 in `make_ups`.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from bot.attendance import amending, proposals, sheet
from bot.attendance.facts import Candidates, Correctable, Corrected, MadeUp, Sheet
from bot.attendance.models import Attendance, MakeUp
from bot.attendance.proposals import AlreadyProposed
from bot.attendance.rules import (
    CAME,
    CORRECTION,
    CORRECTIONS,
    Correcting,
    CorrectionOver,
    CorrectionState,
    Status,
    Wanted,
    correcting,
)
from bot.errors import UserError
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.meetings.rules import MeetingState, checked_reason
from bot.members import prompts
from bot.members import service as members
from bot.members.rules import Actor, DueList, Right
from bot.message import Sender, StaleButton


class NotOver(UserError):
    text = "会议还没有结束，请用点名登记。"


class NothingToCorrect(UserError):
    text = "记录已经是这样，不用更正。"


class NotOnList(UserError):
    text = "这位同志不在当天的名册里，不能加入应到名单。"


# -- what can be corrected ---


def offer(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> Sheet:
    """The list of people for who corrects their records."""
    who = members.actor(session, sender, now=now)
    return sheet.read(session, _correctable(session, who, meeting_id), who)


def show(session: Session, sender: Sender, meeting_id: int, member_id: int, *, now: datetime) -> Correctable:
    """One person's record, and what may be done to it."""
    who = members.actor(session, sender, now=now)
    meeting = _correctable(session, who, meeting_id)
    return _record(session, meeting, member_id, now=now)


def _correctable(session: Session, who: Actor, meeting_id: int, *, is_locked: bool = False) -> MeetingFacts:
    meeting = meetings.seen_by(session, who, meeting_id, Right.CORRECT, is_locked=is_locked)
    if meeting.state is not MeetingState.OPEN and not meeting.is_over:
        raise NotOver
    return meeting


def _record(session: Session, meeting: MeetingFacts, member_id: int, *, now: datetime) -> Correctable:
    query = (
        select(Attendance.id, Attendance.status, Attendance.is_due, Attendance.is_late_entry, Attendance.leave_kind)
        .add_columns(MakeUp.how, MakeUp.done_on, MakeUp.note)
        .outerjoin(MakeUp, MakeUp.attendance_id == Attendance.id)
        .where(Attendance.meeting_id == meeting.id, Attendance.member_id == member_id)
    )
    row = session.execute(query).one_or_none()
    person = next(iter(meetings.named(session, [member_id], meeting)), None)
    if person is None or (row is None and member_id not in _roster(session, meeting)):
        raise NotOnList
    is_too_late = now > meeting.ends_at + CORRECTION
    is_at_once = not is_too_late and correcting(meeting.ends_at, now=now) is Correcting.AT_ONCE
    if row is None:
        found = Correctable(meeting, person, Status.EXPECTED, is_due=False)
    else:
        made_up = MadeUp(row.how, row.done_on, row.note) if row.how else None
        proposal = proposals.pending(session, row.id)
        late = row.is_late_entry
        found = Correctable(meeting, person, row.status, row.is_due, late, made_up, proposal, row.leave_kind)
    return replace(found, is_at_once=is_at_once, is_too_late=is_too_late)


def candidates(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> Candidates:
    """Whom the roster of the day has, and the frozen list has not."""
    who = members.actor(session, sender, now=now)
    meeting = _correctable(session, who, meeting_id)
    is_there = or_(Attendance.is_due, Attendance.status.in_(CAME))
    listed = set(session.scalars(select(Attendance.member_id).where(Attendance.meeting_id == meeting.id, is_there)))
    missing = [one for one in _roster(session, meeting) if one not in listed]
    return Candidates(meeting, tuple(meetings.named(session, missing, meeting)))


def _roster(session: Session, meeting: MeetingFacts) -> list[int]:
    """Who could be on the list: those due by the roster, or where people are chosen or come by themselves, anybody."""
    if meeting.rules.due_list in (DueList.CHOSEN, DueList.NOBODY):
        return [one.member_id for one in members.roster_on(session, meeting.unit.id, meeting.on) if not one.is_guest]
    return [one.person.member_id for one in meetings.expected(session, meeting).due]


# -- correcting ---


def ask_reason(
    session: Session, sender: Sender, meeting_id: int, member_id: int, code: str, *, now: datetime
) -> tuple[Correctable, Wanted]:
    """A new state was chosen: its reason is asked for as text."""
    found, wanted = show(session, sender, meeting_id, member_id, now=now), _wanted(code)
    _check(found, wanted)
    prompts.await_text(session, sender, "attendance:correct", f"{meeting_id}:{member_id}:{code}", now=now)
    return found, wanted


def _wanted(code: str) -> Wanted:
    if code not in CORRECTIONS:
        raise StaleButton
    return CORRECTIONS[code]


def _check(found: Correctable, wanted: Wanted) -> None:
    is_struck = wanted.status is Status.EXPECTED
    if found.meeting.state is MeetingState.OPEN:
        if not is_struck:  # only who is on the list; who is here is called by roll
            raise NotOver
    elif found.is_too_late:
        raise CorrectionOver
    elif wanted.is_met(found.status, found.leave_kind) and (found.is_due or is_struck):
        raise NothingToCorrect
    if found.proposal is not None:
        raise AlreadyProposed


def correct(session: Session, sender: Sender, ref: str, text: str, *, now: datetime) -> Corrected:
    """The reason has come, with it the correction: applied at once, or proposed to a second person."""
    meeting_id, member_id, code = ref.split(":")
    who, wanted, reason = members.actor(session, sender, now=now), _wanted(code), checked_reason(text)
    meeting = _correctable(session, who, int(meeting_id), is_locked=True)
    found = _record(session, meeting, int(member_id), now=now)
    _check(found, wanted)
    prompts.forget_text(session, sender, now=now)
    attendance_id = _row(session, meeting, int(member_id))
    if found.is_at_once:
        proposals.note(session, who, attendance_id, wanted, reason, CorrectionState.APPLIED, now=now)
        by = amending.By(who.recorded_id, who.name, sender.update_id)
        amending.apply(session, meeting, attendance_id, wanted, reason, by, now=now)
    else:
        is_listed = found.is_due or meeting.is_voluntary
        was = found.status if is_listed else None
        proposals.propose(session, sender, meeting, who, attendance_id, was, wanted, reason, now=now)
    return Corrected(
        meeting, found.person.name, found.status, wanted, is_proposed=not found.is_at_once, was_due=found.is_due
    )


def _row(session: Session, meeting: MeetingFacts, member_id: int) -> int:
    """The record of the person, which 名册更正 makes where there is none."""
    query = select(Attendance.id).where(Attendance.meeting_id == meeting.id, Attendance.member_id == member_id)
    known = session.scalar(query)
    if known is not None:
        return known
    fresh = insert(Attendance).values(meeting_id=meeting.id, member_id=member_id, is_due=False, has_vote=False)
    return session.execute(fresh.returning(Attendance.id)).scalar_one()
