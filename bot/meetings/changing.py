"""改期, 取消 and 撤销: one transaction each, which withdraws what was planned and tells everybody concerned."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot import outbox
from bot.errors import UserError
from bot.meetings import cards, change_views, ladder, phrases, service
from bot.meetings.facts import Changed, MeetingFacts, Moving
from bot.meetings.rules import (
    Change,
    MeetingState,
    Resetter,
    Roll,
    RollReader,
    RungState,
    are_answers_kept,
    check_move,
    check_span,
    check_undo,
    checked_reason,
)
from bot.meetings.versions import record, replan, restore, transit
from bot.members import prompts, quiet
from bot.members import service as members
from bot.members.quiet import Quiet
from bot.members.rules import Right
from bot.message import Message, Sender
from bot.outbox import Lane

FIRST_NEWS = 2  # the version that the first change of a meeting makes
NOTHING_HAPPENED = dict.fromkeys(("extra_until", "outcome", "verified_by", "verified_at"))  # at the new time
KEPT = timedelta(days=30)  # alike for all notices of change, so that they leave in the order they were written


class OnlyOnce(UserError):
    text = "改期只改这一次，请写一个日期，例如：12月8日15点。改整个周期请用 /series。"


def ask_time(session: Session, sender: Sender, meeting_id: int, version: int, *, now: datetime) -> MeetingFacts:
    """改期 pressed: the new time is asked for as text."""
    meeting = _changeable(session, sender, meeting_id, version, now=now)
    prompts.await_text(session, sender, "meetings:time", f"{meeting_id}:{version}", now=now)
    return meeting


def read_time(session: Session, sender: Sender, ref: str, text: str, *, now: datetime) -> Moving:
    """The new time as a phrase; if it is clear, the reason is asked for next."""
    meeting_id, version = (int(part) for part in ref.split(":"))
    meeting = _changeable(session, sender, meeting_id, version, now=now)
    clock = meeting.rules.start
    read = phrases.parse(text, members.work_calendar(session), now=now, clock=clock)
    choices = read.choices if isinstance(read, phrases.Ask) else (read,)
    starts = tuple(one.starts_at for one in choices if isinstance(one, phrases.Once) and one.starts_at > now)
    if not starts:
        raise OnlyOnce if isinstance(choices[0], phrases.Every) else phrases.TimeIsPast(now)
    if isinstance(read, phrases.Once):
        _ask_move_reason(session, sender, meeting, starts[0], now=now)
    return Moving(meeting, starts)


def take_time(session: Session, sender: Sender, meeting_id: int, version: int, minute: int, *, now: datetime) -> Moving:
    """One of the offered times was pressed."""
    meeting = _changeable(session, sender, meeting_id, version, now=now)
    starts_at = datetime.fromtimestamp(minute * 60, now.tzinfo)
    check_move(starts_at, now=now)
    _ask_move_reason(session, sender, meeting, starts_at, now=now)
    return Moving(meeting, (starts_at,))


def _ask_move_reason(
    session: Session, sender: Sender, meeting: MeetingFacts, starts_at: datetime, *, now: datetime
) -> None:
    ref = f"{meeting.id}:{meeting.version}:{int(starts_at.timestamp()) // 60}"
    prompts.await_text(session, sender, "meetings:move", ref, now=now)


def ask_cancel_reason(
    session: Session, sender: Sender, meeting_id: int, version: int, *, now: datetime
) -> MeetingFacts:
    """取消 pressed: the reason is asked for as text."""
    meeting = _changeable(session, sender, meeting_id, version, now=now)
    prompts.await_text(session, sender, "meetings:cancel", f"{meeting_id}:{version}", now=now)
    return meeting


def _changeable(
    session: Session, sender: Sender, meeting_id: int, version: int, *, now: datetime, is_locked: bool = False
) -> MeetingFacts:
    who = members.actor(session, sender, now=now)
    meeting = service.seen_by(session, who, meeting_id, Right.PLAN, is_locked=is_locked)
    service.check_current(meeting, version)
    return meeting


# -- the changes ---


def move_told(
    session: Session,
    sender: Sender,
    ref: str,
    reason: str,
    *,
    now: datetime,
    roll: RollReader[Session],
    reset: Resetter[Session],
) -> Changed:
    """The reason has come, with it the move itself."""
    meeting_id, version, minute = (int(part) for part in ref.split(":"))
    starts_at = datetime.fromtimestamp(minute * 60, now.tzinfo)
    return move(session, sender, meeting_id, version, starts_at, reason, now=now, roll=roll, reset=reset)


def cancel_told(
    session: Session, sender: Sender, ref: str, reason: str, *, now: datetime, roll: RollReader[Session]
) -> Changed:
    meeting_id, version = (int(part) for part in ref.split(":"))
    return cancel(session, sender, meeting_id, version, reason, now=now, roll=roll)


def move(
    session: Session,
    sender: Sender,
    meeting_id: int,
    version: int,
    starts_at: datetime,
    reason: str,
    *,
    now: datetime,
    roll: RollReader[Session],
    reset: Resetter[Session],
) -> Changed:
    """改期: a new version with a ladder of its own; the length stays."""
    old = _changeable(session, sender, meeting_id, version, now=now, is_locked=True)
    reason = checked_reason(reason)
    check_move(starts_at, now=now)
    ends_at = starts_at + (old.ends_at - old.starts_at)
    check_span(old.kind, starts_at, ends_at)
    who_was = roll(session, meeting_id, now=now)
    service.lift(session, old, RungState.CANCELLED)
    values = {"starts_at": starts_at, "ends_at": ends_at, "state": MeetingState.SCHEDULED, "is_tentative": False}
    meeting = transit(session, old, {**values, **NOTHING_HAPPENED})
    actor_id = members.actor(session, sender, now=now).recorded_id
    times = (old.starts_at.isoformat(), starts_at.isoformat())
    prompts.forget_text(session, sender, now=now)
    record(session, meeting, Change.MOVED, *times, actor_id=actor_id, reason=reason, now=now)
    is_kept = are_answers_kept(old.starts_at, starts_at)
    reset(session, meeting_id, keeps_answers=is_kept, actor_id=actor_id, update_id=sender.update_id, now=now)
    replan(session, meeting, now=now)
    told_at = None
    if meeting.announced_at is not None:
        word = _word_move(meeting, old.starts_at, reason, who_was, is_kept=is_kept, now=now)
        told_at = _tell(session, meeting, old.starts_at, Change.MOVED, who_was, word, now=now)
    return Changed(meeting, Change.MOVED, is_silent=meeting.announced_at is None, told_at=told_at)


def _word_move(
    meeting: MeetingFacts, was: datetime, reason: str, roll: Roll, *, is_kept: bool, now: datetime
) -> Callable[[int | None], Message]:
    leaving = {*roll.leave_asked, *roll.leave_approved}

    def word(member_id: int | None) -> Message:
        if member_id is None or is_kept:
            return change_views.moved(meeting, was, reason, now=now)
        if member_id in leaving:
            return change_views.moved_to_leaver(meeting, was, reason, now=now)
        return change_views.moved_to_answerer(meeting, was, reason, now=now)

    return word


def cancel(
    session: Session,
    sender: Sender,
    meeting_id: int,
    version: int,
    reason: str,
    *,
    now: datetime,
    roll: RollReader[Session],
) -> Changed:
    old = _changeable(session, sender, meeting_id, version, now=now, is_locked=True)
    reason = checked_reason(reason)
    who_was = roll(session, meeting_id, now=now)
    service.lift(session, old, RungState.CANCELLED)
    meeting = transit(session, old, {"state": MeetingState.CANCELLED, "reason": reason, "cancelled_at": now})
    actor_id = members.actor(session, sender, now=now).recorded_id
    prompts.forget_text(session, sender, now=now)
    record(session, meeting, Change.CANCELLED, old.state.name, None, actor_id=actor_id, reason=reason, now=now)
    told_at = None
    if meeting.announced_at is not None:
        message = change_views.cancelled(meeting, reason, now=now)
        told_at = _tell(session, meeting, old.starts_at, Change.CANCELLED, who_was, lambda _: message, now=now)
    return Changed(meeting, Change.CANCELLED, is_silent=meeting.announced_at is None, told_at=told_at)


def undo_cancel(
    session: Session,
    sender: Sender,
    meeting_id: int,
    version: int,
    *,
    now: datetime,
    roll: RollReader[Session],
) -> Changed:
    """撤销: the meeting stands again as it stood, under a new version."""
    who = members.actor(session, sender, now=now)
    old = service.seen_by(session, who, meeting_id, Right.PLAN, is_locked=True)
    if old.state is not MeetingState.CANCELLED or old.cancelled_at is None or old.version != version:
        raise service.StateChanged
    check_undo(old.starts_at, old.cancelled_at, now=now)
    meeting = restore(session, old, actor_id=who.recorded_id, now=now)
    told_at = None
    if meeting.announced_at is not None:
        message = change_views.restored(meeting, now=now)
        who_was = roll(session, meeting_id, now=now)
        told_at = _tell(session, meeting, old.starts_at, Change.RESTORED, who_was, lambda _: message, now=now)
    return Changed(meeting, Change.RESTORED, is_silent=meeting.announced_at is None, told_at=told_at)


# -- telling it ---


@dataclass(frozen=True, slots=True)
class _News:
    """What is told of one change, and when whom."""

    session: Session
    meeting: MeetingFacts
    what: Change
    reckoned_at: datetime  # the start that people count on, or the new one if that is earlier
    hours: Quiet
    now: datetime
    told_at: list[datetime] = field(default_factory=list)

    def at(self, chat_id: int) -> datetime:
        return ladder.notice_at(self.reckoned_at, self.hours.of(chat_id), now=self.now)

    def send(
        self,
        recipient: str,
        chat_id: int,
        message: Message,
        *,
        thread_id: int | None = None,
        reply_to: int | None = None,
    ) -> None:
        at, prefix = self.at(chat_id), f"meeting:{self.meeting.id}:n"
        if self.meeting.version > FIRST_NEWS:  # an earlier notice that waits for the morning goes before this one
            outbox.bring_forward(self.session, prefix, chat_id, at)
        outbox.enqueue(
            self.session,
            f"{prefix}{self.meeting.version}:{self.what.name}:1:{recipient}",
            chat_id=chat_id,
            content=replace(message, is_silent=self.hours.of(chat_id).holds(at)),
            lane=Lane.URGENT,
            now=self.now,
            due_at=at,
            valid_until=self.now + KEPT,
            thread_id=thread_id,
            reply_to=reply_to,
        )
        self.told_at.append(at)


def _tell(
    session: Session,
    meeting: MeetingFacts,
    old_starts_at: datetime,
    what: Change,
    roll: Roll,
    word: Callable[[int | None], Message],
    *,
    now: datetime,
) -> datetime | None:
    """Into the chat as a reply to its card, because an edit notifies nobody; and to everybody who had answered. When
    the first of them read it."""
    chats = cards.chats(session, meeting)
    cards.refresh(session, meeting.id, now=now)
    people = members.people(session, (*roll.due, *roll.joined), meeting.on)
    ids = {one.user_id for one in people.values() if one.user_id is not None} | {chat.chat_id for chat in chats}
    hours = quiet.quiet_hours(session, meeting.unit, ids)
    news = _News(session, meeting, what, min(old_starts_at, meeting.starts_at), hours, now)
    fresh = set[int]()
    if meeting.is_live:
        fresh = cards.repost_missing(session, meeting, roll, people, now=now, at=news.at)
    for chat in chats:
        reply_to = cards.message_id(session, meeting.id, chat.chat_id)
        news.send(f"c{chat.chat_id}", chat.chat_id, word(None), thread_id=chat.thread_notice, reply_to=reply_to)
        cards.pin_next(session, chat.chat_id, now=now)
    whom = {*roll.to_notify, *cards.outside(meeting, chats, people)}
    for person in people.values():
        is_told = person.member_id in whom and person.user_id not in fresh
        if is_told and person.is_reachable and person.user_id is not None:
            news.send(f"m{person.member_id}", person.user_id, word(person.member_id))
    return min(news.told_at, default=None)
