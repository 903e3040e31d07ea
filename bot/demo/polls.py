"""Polls: votes, withdrawals, closing by hand and by time. Plain data and rules; who is told is the world's business."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.demo import app_refusals
from bot.demo.messages import Entity


@dataclass(frozen=True, slots=True)
class Option:
    text: str
    persistent_id: str
    entities: tuple[Entity, ...] = ()


@dataclass(slots=True)
class Poll:
    """`votes` holds the chosen option ids by voter: a person's id, or a chat's for those who vote as a chat."""

    id: str
    chat_id: int
    question: str
    options: tuple[Option, ...]
    question_entities: tuple[Entity, ...] = ()
    is_quiz: bool = False
    is_anonymous: bool = True
    allows_multiple_answers: bool = False
    allows_revoting: bool = True
    hides_results: bool = False  # until it closes, nobody sees more than his own choice
    correct_ids: tuple[int, ...] = ()
    explanation: str = ""
    explanation_entities: tuple[Entity, ...] = ()
    description: str = ""
    description_entities: tuple[Entity, ...] = ()
    open_period: int | None = None
    closes_at: datetime | None = None
    is_closed: bool = False
    message_id: int = 0
    votes: dict[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def is_hidden(self) -> bool:
        """Whether the persons' apps keep shares and the right answer back."""
        return self.hides_results and not self.is_closed

    @property
    def counts(self) -> list[int]:
        counts = [0] * len(self.options)
        for chosen in self.votes.values():
            for index in chosen:
                counts[index] += 1
        return counts

    def vote(self, voter: int, chosen: Sequence[int]) -> None:
        """Records a vote, or refuses as the server refuses it to the voter's own app."""
        if self.is_closed:
            raise app_refusals.poll_closed()
        if voter in self.votes and not self.allows_revoting:
            raise app_refusals.revote_not_allowed()
        if not chosen or any(not 0 <= index < len(self.options) for index in chosen):
            raise app_refusals.option_invalid()
        if len(set(chosen)) != len(chosen) or (len(chosen) > 1 and not self.allows_multiple_answers):
            raise app_refusals.too_many_chosen()
        self.votes[voter] = tuple(sorted(chosen))

    def withdraw(self, voter: int) -> None:
        if self.is_closed:
            raise app_refusals.poll_closed()
        if voter not in self.votes:
            raise app_refusals.option_invalid()
        if not self.allows_revoting:
            raise app_refusals.revote_not_allowed()
        del self.votes[voter]

    def options_named(self, labels: Sequence[int | str]) -> tuple[int, ...]:
        """Option ids from ids or visible texts."""
        texts = [option.text for option in self.options]
        return tuple(label if isinstance(label, int) else texts.index(label) for label in labels)


@dataclass(slots=True)
class Polls:
    """All polls of a world; `closed` is called for each one that its time closes."""

    now: Callable[[], datetime]
    closed: Callable[[Poll], None]
    by_id: dict[str, Poll] = field(default_factory=dict)
    timed: dict[str, datetime] = field(default_factory=dict)  # when the open polls with a limit close
    last_id: int = 5000000000000000000

    def take_id(self) -> str:
        self.last_id += 1
        return str(self.last_id)

    def add(self, poll: Poll) -> Poll:
        self.by_id[poll.id] = poll
        if poll.closes_at is not None and not poll.is_closed:
            self.timed[poll.id] = poll.closes_at
        return poll

    def close(self, poll: Poll) -> None:
        poll.is_closed = True
        self.timed.pop(poll.id, None)

    def next_close(self) -> datetime | None:
        """The moment at which the next open poll closes by itself."""
        return min(self.timed.values(), default=None)

    def close_due(self) -> list[Poll]:
        """Closes the polls whose time has come, earliest first."""
        now = self.now()
        due = sorted((at, poll_id) for poll_id, at in self.timed.items() if at <= now)
        polls = [self.by_id[poll_id] for _, poll_id in due]
        for poll in polls:
            self.close(poll)
            self.closed(poll)
        return polls
