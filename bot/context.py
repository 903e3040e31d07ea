"""What a handler has in hand: who acted, one transaction, one answer. And how features name their doors."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from sqlalchemy.orm import Session
from telegram import Update
from telegram.ext import CallbackContext, ExtBot

from bot import inbox
from bot.clock import Clock
from bot.config import Config
from bot.db import Database
from bot.errors import UserError
from bot.message import Alert, ClearButtons, Edit, Message, Part, Press, Sender, Toast, escape

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Answer:
    """One direct answer to the person who acted: where it goes and what it is."""

    chat_id: int
    part: Part
    callback_id: str | None = None
    thread_id: int | None = None
    message_id: int | None = None  # what the person pressed on or wrote


class Mouth(Protocol):
    """Lane 0: says things from memory, after the commit."""

    def say(self, answer: Answer) -> None: ...


@dataclass(frozen=True, slots=True)
class Deps:
    """All that is handed to handlers; built once in `app`."""

    config: Config
    database: Database
    clock: Clock
    mouth: Mouth
    bot_id: int


@dataclass(slots=True)
class Turn:
    """One update on its way through the Application."""

    row: inbox.Received
    is_marked: bool = False  # its transaction has been asked for
    is_answered: bool = False
    has_edited: bool = False  # the pressed message
    failure: BaseException | None = None


TURN: ContextVar[Turn] = ContextVar("turn")


class Context(CallbackContext[ExtBot[None], dict[object, object], dict[object, object], Deps]):
    """PTB's context with our one way in and one way out; building it reads nothing."""

    press: Press
    sender: Sender
    callback_id: str | None = None  # of the press to answer
    is_button_there: bool = False  # the message still shows what was pressed; an edited card has newer buttons
    chat_title: str = ""  # of a group
    prompt: str = ""  # what the awaited text refers to
    link: str = ""  # the token of a deep link, after its verb
    poll_id: str = ""  # what was voted in
    options: tuple[int, ...] = ()  # what was chosen there; none: the vote is taken back

    @property
    def deps(self) -> Deps:
        return self.bot_data

    @property
    def turn(self) -> Turn:
        return TURN.get()

    @property
    def words(self) -> str:
        """The text after a command, white space as single spaces."""
        return " ".join(self.args or ())

    def now(self) -> datetime:
        return self.deps.clock.now()

    async def transact(self, fn: Callable[..., R], *args: object, **kwargs: object) -> R:
        """Run `fn(session, sender, *args, now=…)`; in the same transaction the update is marked as handled."""
        turn = self.turn
        if turn.is_marked:
            raise RuntimeError("a handler has one transaction")
        result: R = await self.deps.database.transact(
            _act, turn.row.update_id, fn, self.sender, *args, now=self.now(), **kwargs
        )
        turn.is_marked = True
        return result

    async def transact_together(self, fn: Callable[..., Sequence[R | UserError]], item: object) -> R:
        """`transact` for what a crowd does in one moment: `fn(session, items, now=…)`, one item for each update and one
        result for each item; a refusal among them is raised where it belongs.

        If `fn` raises, it is called again for each item alone.
        """
        turn = self.turn
        if turn.is_marked:
            raise RuntimeError("a handler has one transaction")
        result: R | UserError = await self.deps.database.transact_together(
            _Acts(fn), (turn.row.update_id, item, self.now())
        )
        turn.is_marked = True
        if isinstance(result, UserError):
            raise result
        return result

    async def read(self, fn: Callable[..., R], *args: object, **kwargs: object) -> R:
        """Run `fn(session, sender, *args, now=…)` on a snapshot."""
        return await self.deps.database.read(fn, self.sender, *args, now=self.now(), **kwargs)

    async def say(self, *parts: Part) -> None:
        """Answer the person who acted; returns at once, the sending is `delivery`'s."""
        for part in parts:
            if self._may_show(part):
                await self._say(part)

    def _may_show(self, part: Part) -> bool:
        """In a group only a button that stands on a message changes it: callback data can be made up."""
        changes_it = isinstance(part, ClearButtons) or (isinstance(part, Edit) and part.message_id is None)
        return not changes_it or self.is_button_there or self.sender.is_private

    def acknowledge(self, toast: Toast | None = None) -> None:
        """Answer the press itself, with a word or without."""
        self.turn.is_answered = True
        self.deps.mouth.say(Answer(self.sender.chat_id, toast or Toast(""), self.callback_id))

    async def _say(self, part: Part) -> None:
        sender, query = self.sender, None
        if self.callback_id is not None and not self.turn.is_answered:
            query = self.callback_id
            self.turn.is_answered = True
        elif isinstance(part, Toast | Alert):  # the press was answered with a request for patience
            part = Message(escape(part.text))
        self.turn.has_edited |= isinstance(part, Edit) and part.message_id in (None, sender.message_id)
        self.deps.mouth.say(Answer(sender.chat_id, part, query, sender.thread_id, self.target(part)))

    def target(self, part: Part) -> int | None:
        """The message an edit without an id of its own means: the pressed one."""
        if isinstance(part, Edit) and part.message_id is not None:
            return part.message_id
        return self.sender.message_id if isinstance(part, Edit | ClearButtons) else None


def _act(
    session: Session, update_id: int, fn: Callable[..., R], sender: Sender, *args: object, now: datetime, **kw: object
) -> R:
    inbox.mark_handled(session, update_id, now=now)
    return fn(session, sender, *args, now=now, **kw)


@dataclass(frozen=True, slots=True)
class _Acts(Generic[R]):
    """What several updates do in one call; those of one `fn` are equal, and so come together."""

    fn: Callable[..., Sequence[R]]

    def __call__(self, session: Session, acts: Sequence[tuple[int, object, datetime]]) -> Sequence[R]:
        now = max(now for _, _, now in acts)
        inbox.mark_all_handled(session, [update_id for update_id, _, _ in acts], now=now)
        return self.fn(session, [item for _, item, _ in acts], now=now)


Handler = Callable[[Update, Context], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Routes:
    """The doors of one feature. Keys: command names, `feature:verb`, words people type in private, deep-link verbs,
    purposes of awaited texts, file endings (`yaml`, or `yaml:roster` for files that have that top key). A text that
    `answers` awaits is the answer even where it is a word of a door; one that `replies` await gives way to `urgent`
    words, those that act at once."""

    commands: Mapping[str, Handler] = field(default_factory=dict)
    presses: Mapping[str, Handler] = field(default_factory=dict)
    words: Mapping[str, Handler] = field(default_factory=dict)
    urgent: Mapping[str, Handler] = field(default_factory=dict)
    links: Mapping[str, Handler] = field(default_factory=dict)
    replies: Mapping[str, Handler] = field(default_factory=dict)
    answers: Mapping[str, Handler] = field(default_factory=dict)
    documents: Mapping[str, Handler] = field(default_factory=dict)
    events: Mapping[str, Handler] = field(default_factory=dict)  # poll_answer, poll, my_chat_member, migration


def merge(all_routes: Sequence[Routes]) -> Routes:
    """All features' doors as one; a door two features claim is a mistake of ours."""
    merged: dict[str, dict[str, Handler]] = {f.name: {} for f in fields(Routes)}
    for routes in all_routes:
        for name, table in merged.items():
            doors: Mapping[str, Handler] = getattr(routes, name)
            if twice := table.keys() & doors.keys():
                raise ValueError(f"two features claim {name} {sorted(twice)}")
            table.update(doors)
    return Routes(**merged)


class Task(Protocol):
    """The body of a timed job: asks the database what is due and does it; running it twice changes nothing."""

    def __call__(self, session: Session, *, now: datetime) -> object: ...


@dataclass(frozen=True, slots=True)
class Job:
    """A timed job: run at least `every`, and at the moment `next_due` names."""

    name: str
    run: Task
    every: timedelta
    next_due: Callable[[Session, datetime], datetime | None] | None = None
