"""A live round on a real database: the clock's jobs are run and the outbox is emptied as delivery would do it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import claims
from bot.context import Job
from bot.db import Base, Database
from bot.message import Content, Edit, Message, Poll, Sender, StopPoll
from bot.outbox import Sent, State
from bot.quiz import drafts, hosting, jobs, sending, votes
from bot.quiz.models import AnswerEvent, Attempt, AttemptItem, Round, RoundItem
from bot.quiz.rules import RoundState
from tests.make import GROUP_CHAT, NOW, Cast, Someone

R = TypeVar("R")
T = TypeVar("T", bound=Base)
BOT = 7000000001
JOBS = jobs.jobs(top_names_allowed=False)


@dataclass(frozen=True, slots=True)
class Said:
    """Something that arrived in a chat."""

    key: str
    chat_id: int
    content: Content
    message_id: int
    poll_id: str | None

    @property
    def text(self) -> str:
        if isinstance(self.content, Poll):
            return self.content.question
        message = self.content.message if isinstance(self.content, Edit) else self.content
        return message.text if isinstance(message, Message) else ""


@dataclass
class Play:
    database: Database
    cast: Cast
    now: datetime = NOW
    said: list[Said] = field(default_factory=list)
    is_deaf: bool = False  # nothing is delivered
    _update_id: int = 100

    # -- people ---------------------------------------------------------------------------------------------------

    def sender(self, who: Someone, *, chat_id: int | None = GROUP_CHAT) -> Sender:
        self._update_id += 1
        return replace(who.sender(self.now, chat_id=chat_id), update_id=self._update_id, bot_id=BOT)

    def act(
        self, fn: Callable[..., R], who: Someone, *args: object, chat_id: int | None = GROUP_CHAT, **kw: object
    ) -> R:
        """A person does something, and what follows at once happens."""
        result = self.database.run(fn, self.sender(who, chat_id=chat_id), *args, now=self.now, **kw)
        self.settle()
        return result

    def vote(self, who: Someone, *options: int, poll: Said | None = None) -> None:
        self.act(votes.vote, who, (poll or self.poll).poll_id, options)

    def start(self, count: int = 3, *, seed: int = 1, thread_id: int | None = None) -> None:
        sender = replace(self.sender(self.cast.li), thread_id=thread_id)
        self.database.run(hosting.start_quick, sender, count, seed=seed, now=self.now)
        self.settle()

    def make_paper(self, count: int = 3, *, seed: int = 1, bank: str = "") -> int:
        """A lasting paper out of one bank or all, made in private by the secretary."""
        begin = self.act(drafts.begin, self.cast.li, chat_id=None, seed=seed)
        bank_id = next((one.bank_id for one in begin.banks if one.title == bank), 0)
        for choose, value in ((drafts.choose_bank, bank_id), (drafts.choose_topic, 0), (drafts.choose_count, count)):
            self.act(choose, self.cast.li, begin.paper_id, value, chat_id=None)
        return self.act(drafts.publish, self.cast.li, begin.paper_id, chat_id=None).paper_id

    def begin(self) -> None:
        self.act(hosting.begin, self.cast.li, self.round.id, chat_id=None)

    # -- time -----------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        while self._ring() or (not self.is_deaf and self._deliver()):
            pass

    def wait(self, seconds: float) -> None:
        """Let everything due in this time happen at its own moment."""
        until = self.now + timedelta(seconds=seconds)
        self.settle()
        while (due := self._next_due()) is not None and due <= until:
            self.now = max(self.now, due)
            self.settle()
        self.now = until
        self.settle()

    def jump(self, seconds: float) -> None:
        """The clock goes on while nobody works: an outage."""
        self.now += timedelta(seconds=seconds)

    def _next_due(self) -> datetime | None:
        return min((due for _, due in self._dues()), default=None)

    def _dues(self) -> list[tuple[Job, datetime]]:
        def look(session: Session) -> list[tuple[Job, datetime]]:
            asked = [(job, job.next_due(session, self.now)) for job in JOBS if job.next_due is not None]
            return [(job, due) for job, due in asked if due is not None]

        return self.database.look(look)

    def _ring(self) -> bool:
        due_now = [job for job, due in self._dues() if due <= self.now]
        for job in due_now:
            self.database.run(job.run, now=self.now)
        return bool(due_now)

    def _deliver(self) -> bool:
        waiting = self.database.look(claims.look, now=self.now, most=500).waiting
        for row in waiting:
            claimed = self.database.run(claims.claim, row.id, jobs.HOOKS, now=self.now)
            if claimed is not None:
                self.database.run(claims.mark_sent, claimed, self._arrive(claimed), jobs.HOOKS)
        return bool(waiting)

    def _arrive(self, row: claims.Claimed) -> Sent:
        number = len(self.said) + 1
        poll_id = f"poll{len(self.polls) + 1}" if isinstance(row.content, Poll) else None
        self.said.append(Said(row.key, row.chat_id, row.content, number, poll_id))
        return Sent(row.chat_id, number, poll_id, self.now)

    def refuse(self, state: State) -> None:
        """The next row of the round's question does not arrive."""
        for row in self.database.look(claims.look, now=self.now, most=500).waiting:
            claimed = self.database.run(claims.claim, row.id, jobs.HOOKS, now=self.now)
            if claimed is None:
                continue
            if ":item:" in claimed.key or ":pre:" in claimed.key:
                self.database.run(claims.mark_failed, claimed, state, "refused", jobs.HOOKS, now=self.now)
            else:
                self.database.run(claims.mark_sent, claimed, self._arrive(claimed), jobs.HOOKS)

    def report(self, poll_id: str, question: str, *, closes_at: datetime | None = None) -> None:
        """Telegram tells of a poll of ours."""
        nobody = Sender(0, 0, self.now, update_id=self._update_id, bot_id=BOT)
        self.database.run(sending.adopt, nobody, poll_id, question, closes_at, now=self.now)
        self.settle()

    # -- looking --------------------------------------------------------------------------------------------------

    @property
    def polls(self) -> list[Said]:
        return [said for said in self.said if said.poll_id is not None]

    @property
    def poll(self) -> Said:
        return self.polls[-1]

    @property
    def stopped(self) -> list[int]:
        """Messages whose polls were closed early."""
        return [said.content.message_id for said in self.said if isinstance(said.content, StopPoll)]

    @property
    def right(self) -> tuple[int, ...]:
        """The right options of the open question."""
        assert isinstance(self.poll.content, Poll)
        return self.poll.content.right

    @property
    def wrong(self) -> tuple[int, ...]:
        assert isinstance(self.poll.content, Poll)
        return tuple(n for n in range(len(self.poll.content.options)) if n not in self.right)[:1]

    @property
    def seconds(self) -> int:
        assert isinstance(self.poll.content, Poll)
        return int(self.poll.content.open_for.total_seconds())

    @property
    def consoles(self) -> list[Message]:
        """How the host's console has looked."""
        edits = (said.content for said in self.said if said.key.endswith(":counts"))
        return [edit.message for edit in edits if isinstance(edit, Edit)]

    def said_last(self, chat_id: int) -> Said:
        return next(said for said in reversed(self.said) if said.chat_id == chat_id and said.text)

    def texts(self, *, chat_id: int = GROUP_CHAT) -> list[str]:
        return [said.text for said in self.said if said.chat_id == chat_id and said.text]

    def rows(self, table: type[T]) -> list[T]:
        def read(session: Session) -> list[T]:
            return list(session.scalars(select(table).order_by(*table.__mapper__.primary_key)))

        return self.database.look(read)

    @property
    def rounds(self) -> list[Round]:
        return self.rows(Round)

    @property
    def round(self) -> Round:
        return self.rounds[-1]

    @property
    def state(self) -> RoundState:
        return self.round.state

    @property
    def items(self) -> list[RoundItem]:
        return self.rows(RoundItem)

    @property
    def attempts(self) -> list[Attempt]:
        return self.rows(Attempt)

    @property
    def answers(self) -> list[AttemptItem]:
        return self.rows(AttemptItem)

    @property
    def events(self) -> list[AnswerEvent]:
        return self.rows(AnswerEvent)
