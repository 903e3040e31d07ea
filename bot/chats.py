"""What stands against sending to each chat now: a call in flight, Telegram's word to wait, the limits."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.context import Answer
from bot.limits import Limits
from bot.message import Edit

FLOOD_CHATS, FLOOD_SPAN = 3, timedelta(seconds=10)  # so many chats told to wait in this time: all wait


@dataclass(slots=True)
class Chat:
    answers: deque[Answer] = field(default_factory=deque)
    is_busy: bool = False
    waits_until: datetime | None = None


class Chats:
    """Those of one sender, as long as there is something to say of them."""

    def __init__(self, *, has_limits: bool) -> None:
        self._limits = Limits(has_limits)
        self._known: dict[int, Chat] = {}
        self._floods: deque[tuple[datetime, int]] = deque()
        self._all_wait_until: datetime | None = None

    def of(self, chat_id: int) -> Chat:
        chat = self._known.get(chat_id)
        if chat is None:
            chat = self._known[chat_id] = Chat()
        return chat

    def queue(self, answer: Answer) -> None:
        """The answer waits for its turn; an edit of a message takes the place of one that waits before it."""
        answers = self.of(answer.chat_id).answers
        is_edit = isinstance(answer.part, Edit) and bool(answers) and isinstance(answers[-1].part, Edit)
        if is_edit and answers[-1].message_id == answer.message_id:
            answers.pop()
        answers.append(answer)

    def with_answers(self) -> list[int]:
        return [chat_id for chat_id, chat in self._known.items() if chat.answers]

    def told_to_wait(self, now: datetime) -> list[int]:
        return [c for c, chat in self._known.items() if chat.waits_until is not None and chat.waits_until > now]

    def may_answer(self, chat_id: int, now: datetime) -> bool:
        chat = self._known.get(chat_id)
        if chat is None or chat.is_busy or not chat.answers:
            return False
        return self.free_at(chat_id, now, is_urgent=True) <= now

    def may_send(self, chat_id: int | None, now: datetime, *, is_urgent: bool) -> bool:
        """Whether a row may go: answers to people come first. None: a place that its renderer knows."""
        if chat_id is None:
            return self._all_wait_until is None or self._all_wait_until <= now
        chat = self._known.get(chat_id)
        if chat is not None and (chat.is_busy or chat.answers):
            return False
        return self.free_at(chat_id, now, is_urgent=is_urgent) <= now

    def take(self, chat_id: int, now: datetime) -> None:
        """A call to this chat begins."""
        self.of(chat_id).is_busy = True
        self._limits.take(chat_id, now)

    def free(self, chat_id: int, now: datetime) -> None:
        """It has ended."""
        chat = self.of(chat_id)
        chat.is_busy = False
        if not chat.answers and (chat.waits_until is None or chat.waits_until <= now):
            del self._known[chat_id]

    def free_at(self, chat_id: int, now: datetime, *, is_urgent: bool) -> datetime:
        chat = self._known.get(chat_id)
        ready = self._limits.free_at(chat_id, now, is_urgent=is_urgent)
        return max(ready, (chat.waits_until if chat else None) or now, self._all_wait_until or now)

    def hold(self, chat_id: int, until: datetime) -> None:
        self.of(chat_id).waits_until = until

    def hold_all(self, until: datetime) -> None:
        self._all_wait_until = max(self._all_wait_until or until, until)

    def forget_waits(self) -> None:
        """Their moments are those of a clock that was set back; where Telegram still means it, it says so again."""
        for chat in self._known.values():
            chat.waits_until = None
        self._all_wait_until = None
        self._floods.clear()

    def note_flood(self, chat_id: int, wait: timedelta, now: datetime) -> None:
        """Telegram told this chat to wait; when it tells several, it means us."""
        self._floods.append((now, chat_id))
        while self._floods and now - self._floods[0][0] > FLOOD_SPAN:
            self._floods.popleft()
        if len({chat for _, chat in self._floods}) >= FLOOD_CHATS:
            self.hold_all(now + wait)

    def moments(self, now: datetime) -> list[datetime]:
        """When a wait ends, or an answer may go."""
        waits = [c.waits_until for c in self._known.values() if c.waits_until is not None and c.waits_until > now]
        return waits + [self._limits.free_at(chat_id, now, is_urgent=True) for chat_id in self.with_answers()]
