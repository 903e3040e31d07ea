"""补课 of who was away: how and when, once per person and meeting. It never touches the status."""

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.attendance import amending, chain, correcting, correction_views
from bot.attendance.chain import Entry
from bot.attendance.facts import Correctable, MadeUp
from bot.attendance.models import Attendance, MakeUp
from bot.attendance.opening import tip_of
from bot.attendance.phrases import read_day
from bot.attendance.rules import Action, MakeUpHow, OnlyForAway, check_make_up, check_make_up_day
from bot.db import upsert
from bot.errors import UserError
from bot.meetings import cards
from bot.meetings import service as meetings
from bot.members import prompts
from bot.members import service as members
from bot.members.rules import Right
from bot.message import Sender
from bot.periods import local_day

NOTE = 200


class NotYetOver(UserError):
    text = "会议还没有结束，不能登记补课。"


class NoteTooLong(UserError):
    text = "补课内容请不超过{most}个字。"


def offer(session: Session, sender: Sender, meeting_id: int, member_id: int, *, now: datetime) -> Correctable:
    """The record of somebody who may make up; refused for who was there."""
    found = correcting.show(session, sender, meeting_id, member_id, now=now)
    if not found.meeting.is_over:
        raise NotYetOver
    if not found.is_due:
        raise OnlyForAway
    check_make_up(found.status)
    return found


def ask_day(
    session: Session, sender: Sender, meeting_id: int, member_id: int, how: MakeUpHow, *, now: datetime
) -> Correctable:
    """The day is one of the buttons, or comes as text."""
    found = offer(session, sender, meeting_id, member_id, now=now)
    prompts.await_text(session, sender, "attendance:day", f"{meeting_id}:{member_id}:{how.name}", now=now)
    return found


def day_told(session: Session, sender: Sender, ref: str, text: str, *, now: datetime) -> tuple[str, MadeUp]:
    meeting_id, member_id, how = ref.split(":")
    day = read_day(text, local_day(now))
    return make_up(session, sender, int(meeting_id), int(member_id), MakeUpHow[how], day, now=now)


def make_up(
    session: Session, sender: Sender, meeting_id: int, member_id: int, how: MakeUpHow, done_on: date, *, now: datetime
) -> tuple[str, MadeUp]:
    """Record it, or anew if it was; a word on what was done may follow as text."""
    found = offer(session, sender, meeting_id, member_id, now=now)
    check_make_up_day(done_on, found.meeting.on, local_day(now))
    who = members.actor(session, sender, now=now)
    meeting = meetings.seen_by(session, who, meeting_id, Right.CORRECT, is_locked=True)
    query = select(Attendance.id).where(Attendance.meeting_id == meeting_id, Attendance.member_id == member_id)
    attendance_id = session.execute(query).scalar_one()
    values = {"done_on": done_on, "how": how, "note": "", "recorded_by": who.member_id}
    row = upsert(session, MakeUp).values(attendance_id=attendance_id, **values)
    session.execute(row.on_conflict_do_update(index_elements=["attendance_id"], set_=values))
    entry = Entry(Action.MADE_UP, attendance_id, None, f"{how.name} {done_on.isoformat()}")
    tip = tip_of(session, meeting_id)
    tip = chain.append(session, tip, [entry], actor_id=who.recorded_id, update_id=sender.update_id, now=now)
    cards.refresh(session, meeting_id, of=(), in_groups=False, now=now)
    prompts.await_text(session, sender, "attendance:note", str(attendance_id), now=now)
    made = MadeUp(how, done_on)
    if member_id != who.member_id:
        message = correction_views.made_up_told(meeting, made, who.name, now=now)
        amending.tell(session, meeting, member_id, f"corrected:{attendance_id}:{tip.seq}", message, now=now)
    return found.person.name, made


def add_note(session: Session, sender: Sender, attendance_id: int, text: str, *, now: datetime) -> None:
    """What was studied, by who recorded it."""
    who = members.actor(session, sender, now=now)
    note = " ".join(text.split())
    if len(note) > NOTE:
        raise NoteTooLong(most=NOTE)
    statement = update(MakeUp).where(MakeUp.attendance_id == attendance_id, MakeUp.recorded_by == who.member_id)
    session.execute(statement.values(note=note).execution_options(synchronize_session=False))
    prompts.forget_text(session, sender, now=now)
