"""What follows from an answer that a repetition does not mend, or that never came. In the transaction of the row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot import calls, claims, outbox
from bot.answers import Meaning, Verdict
from bot.message import Commands, Content, Delete, Document, Edit, Message, Pin, Poll, StopPoll
from bot.outbox import Claimed, State

INTERRUPTIONS = 5  # of one row; more, and it may be what ends its senders
BACK_OFF = (2, 4, 8, 16, 32, 60)  # seconds before the next try


@dataclass(frozen=True, slots=True)
class Reach:
    """What `members` wants to hear about chats; handed in by `app`, called inside the transaction of the row."""

    unreachable: Callable[[Session, int, datetime], None]
    lost: Callable[[Session, int, datetime], None]
    migrated: Callable[[Session, int, int, datetime], None]
    unsure: Callable[[Session, Claimed, datetime], None]  # a post to a group that may not have arrived
    muted: Callable[[Session, Claimed, datetime], None]  # a group in which we may not write
    topic_lost: Callable[[Session, Claimed, datetime], None]  # it is closed or gone; the post goes to General
    unreadable: Callable[[Session, Claimed, str, datetime], None]  # our own mistake: an incident for the admins


@dataclass(frozen=True, slots=True)
class Aftermath:
    """Settles a row that was refused for good, or whose result is unknown."""

    hooks: Mapping[str, outbox.Hooks]
    reach: Reach

    def interrupted(self, session: Session, row: Claimed, *, now: datetime) -> None:
        """Its sender ended in mid-call, which says nothing about Telegram: a private text goes again each time."""
        if row.chat_id > 0 and isinstance(row.content, Message | Document) and row.attempts < INTERRUPTIONS:
            claims.repeat(session, row, due_at=now + outbox.UNKNOWN_WAIT)
        else:
            self.unknown(session, row, now=now)

    def unknown(self, session: Session, row: Claimed, *, now: datetime) -> None:
        """Perhaps it arrived. Private texts go once more, labelled; edits simply again; group posts never."""
        if isinstance(row.content, Edit | Pin | StopPoll | Delete):
            claims.retry(session, row, due_at=now + timedelta(seconds=BACK_OFF[0]))
        elif row.chat_id > 0 and not isinstance(row.content, Poll) and not row.is_repeat:
            claims.repeat(session, row, due_at=now + outbox.UNKNOWN_WAIT)
        else:
            claims.mark_failed(session, row, State.UNKNOWN, "no answer", self.hooks, now=now)
            told = self.hooks.get(outbox.prefix_of(row.key), outbox.Hooks()).tells_unsure
            if row.chat_id < 0 and not (told is not None and told(row.key)):
                self.reach.unsure(session, row, now)

    def lasting(self, session: Session, row: Claimed, told: Verdict, error: str, *, now: datetime) -> None:
        """Refusals that a repetition does not mend; each is settled in one transaction with what follows from it."""
        match told.meaning:
            case Meaning.MIGRATED:
                self.reach.migrated(session, row.chat_id, told.new_chat_id, now)
                outbox.move_chat(session, row.chat_id, told.new_chat_id)
                claims.retry(session, row, due_at=now, counts=False)
            case Meaning.UNREACHABLE | Meaning.CHAT_LOST:
                claims.mark_failed(session, row, State.UNREACHABLE, error, self.hooks, now=now)
                outbox.drop_chat(session, row.chat_id)
                is_group = told.meaning is Meaning.CHAT_LOST and row.chat_id < 0
                (self.reach.lost if is_group else self.reach.unreachable)(session, row.chat_id, now)
            case Meaning.NO_THREAD if row.thread_id is not None:
                self.reach.topic_lost(session, row, now)
                claims.without_thread(session, row, now=now)
            case Meaning.BAD_HTML if (bare := _bare(row.content)) is not None:
                self.reach.unreadable(session, row, error, now)
                claims.as_plain(session, row, bare, now=now)
            case Meaning.TARGET_GONE:
                claims.mark_failed(session, row, State.DEAD, "target gone", self.hooks, now=now)
            case _:
                self._give_up(session, row, told, error, now)

    def _give_up(self, session: Session, row: Claimed, told: Verdict, error: str, now: datetime) -> None:
        claims.mark_failed(session, row, State.DEAD, error, self.hooks, now=now)
        is_post = row.chat_id < 0 and isinstance(row.content, Message | Poll | Document)
        if told.meaning is Meaning.NO_RIGHTS and is_post:
            self.reach.muted(session, row, now)
        elif not isinstance(row.content, Pin | Commands):  # a menu for somebody who left the group is no loss
            self.reach.unreadable(session, row, error, now)


def _bare(content: Content) -> Content | None:
    """The same without tags; None if there are none, so that they cannot be what Telegram could not read."""
    if not isinstance(content, Message | Edit):
        return None
    bare = calls.plain(content)
    return bare if bare != content else None
