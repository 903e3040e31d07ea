"""What stands against sending to each chat now: a call in flight, Telegram's word to wait, the limits."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.context import Answer
from bot.limits import Limits
from bot.message import Edit

PAST = datetime.min.replace(tzinfo=UTC)
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
        self._asking: dict[int, None] = {}  # those with answers, who has waited longest first
        self._told: set[int] = set()  # those that Telegram told to wait
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
        self._asking.setdefault(answer.chat_id)

    def put_back(self, answer: Answer) -> None:
        """It has not gone: it is the next again."""
        self.of(answer.chat_id).answers.appendleft(answer)
        self._asking.setdefault(answer.chat_id)

    def next_answer(self, chat_id: int) -> Answer:
        answers = self.of(chat_id).answers
        answer = answers.popleft()
        del self._asking[chat_id]
        if answers:
            self._asking[chat_id] = None  # behind all who wait
        return answer

    @property
    def are_asking(self) -> bool:
        return bool(self._asking)

    def is_asking(self, chat_id: int) -> bool:
        return chat_id in self._asking

    def answerable(self, now: datetime) -> Iterator[int]:
        """Chats that may be answered, as long as anything may go at all: of the thousands that wait behind a limit of
        ours nobody is looked at before his turn."""
        if self._gate(now) > now:
            return
        for chat_id in tuple(self._asking):
            if self.may_answer(chat_id, now):
                yield chat_id
                if self._gate(now) > now:
                    return

    def told_to_wait(self, now: datetime) -> list[int]:
        self._told = {chat_id for chat_id in self._told if self._waits_until(chat_id) > now}
        return list(self._told)

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

    def _gate(self, now: datetime) -> datetime:
        """When an answer may go, be it to whom it may."""
        return max(self._limits.any_free_at(now), self._all_wait_until or now)

    def hold(self, chat_id: int, until: datetime) -> None:
        self.of(chat_id).waits_until = until
        self._told.add(chat_id)

    def hold_all(self, until: datetime) -> None:
        self._all_wait_until = max(self._all_wait_until or until, until)

    def forget_waits(self) -> None:
        """Their moments are those of a clock that was set back; where Telegram still means it, it says so again."""
        for chat in self._known.values():
            chat.waits_until = None
        self._told.clear()
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
        """When a wait ends, or the first of all answers may go."""
        waits = [self._waits_until(chat_id) for chat_id in self.told_to_wait(now)]
        if not self._asking:
            return waits
        if (gate := self._gate(now)) > now:
            return [*waits, gate]
        return waits + [self._limits.free_at(chat_id, now, is_urgent=True) for chat_id in self._asking]

    def _waits_until(self, chat_id: int) -> datetime:
        chat = self._known.get(chat_id)
        return (chat.waits_until if chat is not None else None) or PAST
