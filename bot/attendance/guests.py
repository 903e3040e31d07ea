"""Who is at a meeting beside its due list: by name, or as a bare number. In no figure of turnout."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.attendance import chain, sheet
from bot.attendance.chain import Entry
from bot.attendance.facts import GuestList
from bot.attendance.models import Guest
from bot.attendance.opening import tip_of
from bot.attendance.phrases import read_guests
from bot.attendance.rules import CORRECTION, Action, GuestKind
from bot.db import upsert
from bot.errors import UserError
from bot.meetings import cards
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.meetings.rules import MeetingState
from bot.members import prompts
from bot.members import service as members
from bot.members.rules import Actor, Right
from bot.message import Sender

STATES = (MeetingState.OPEN, MeetingState.CLOSED)


class NoGuestsNow(UserError):
    text = "列席在会议签到期间或结束后7天内登记。"


class GuestGone(UserError):
    text = "这一条已经删去。"


def offer(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> GuestList:
    who = members.actor(session, sender, now=now)
    meeting = _open_to_guests(session, who, meeting_id, now=now)
    return GuestList(meeting, sheet.guests(session, meeting.id))


def _open_to_guests(
    session: Session, who: Actor, meeting_id: int, *, is_locked: bool = False, now: datetime
) -> MeetingFacts:
    meeting = meetings.seen_by(session, who, meeting_id, Right.ROLL_CALL, is_locked=is_locked)
    if meeting.state not in STATES or now > meeting.ends_at + CORRECTION:
        raise NoGuestsNow
    return meeting


def ask(session: Session, sender: Sender, meeting_id: int, what: GuestKind, *, now: datetime) -> None:
    """Their names, or their number, are asked for as text."""
    _open_to_guests(session, members.actor(session, sender, now=now), meeting_id, now=now)
    prompts.await_text(session, sender, "attendance:guests", f"{meeting_id}:{what.name}", now=now)


def add(session: Session, sender: Sender, ref: str, text: str, *, now: datetime) -> GuestList:
    """Those told; a number takes the place of an earlier one, a name that is there stays once."""
    meeting_id, kind = ref.split(":")
    who, what, told = members.actor(session, sender, now=now), GuestKind[kind], read_guests(text)
    meeting = _open_to_guests(session, who, int(meeting_id), is_locked=True, now=now)
    if told.number:
        row = upsert(session, Guest).values(meeting_id=meeting.id, what=what, name="", number=told.number)
        keys = ["meeting_id", "what", "name"]
        session.execute(row.on_conflict_do_update(index_elements=keys, set_={"number": told.number}))
    for name in told.names:
        row = upsert(session, Guest).values(meeting_id=meeting.id, what=what, name=name, number=1)
        session.execute(row.on_conflict_do_nothing(index_elements=["meeting_id", "what", "name"]))
    prompts.forget_text(session, sender, now=now)
    became = f"{what.name} {told.number or len(told.names)}"
    _note(session, sender, who, meeting, Entry(Action.GUEST_ADDED, became=became), now=now)
    return GuestList(meeting, sheet.guests(session, meeting.id))


def remove(session: Session, sender: Sender, guest_id: int, *, now: datetime) -> GuestList:
    who = members.actor(session, sender, now=now)
    meeting_id = session.scalar(select(Guest.meeting_id).where(Guest.id == guest_id))
    if meeting_id is None:
        raise meetings.NoSuchMeeting
    meeting = _open_to_guests(session, who, meeting_id, is_locked=True, now=now)
    gone = delete(Guest).where(Guest.id == guest_id).returning(Guest.what, Guest.number)
    row = session.execute(gone).one_or_none()
    if row is None:
        raise GuestGone
    entry = Entry(Action.GUEST_REMOVED, was=f"{row.what.name} {row.number}")
    _note(session, sender, who, meeting, entry, now=now)
    return GuestList(meeting, sheet.guests(session, meeting.id))


def _note(session: Session, sender: Sender, who: Actor, meeting: MeetingFacts, entry: Entry, *, now: datetime) -> None:
    """No names in the chain: it says how many of which sort."""
    tip = tip_of(session, meeting.id)
    chain.append(session, tip, [entry], actor_id=who.recorded_id, update_id=sender.update_id, now=now)
    cards.refresh(session, meeting.id, of=(), in_groups=False, now=now)
