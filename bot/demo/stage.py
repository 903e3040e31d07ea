"""A whole bot in its own Telegram, driven by persons: what tests and the demo's own page act through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.app import House, build
from bot.clock import VirtualClock
from bot.config import Bot as BotSection
from bot.config import Config
from bot.context import Routes
from bot.db import Database
from bot.demo.chats import Chat
from bot.demo.faults import Failure
from bot.demo.groups import Groups
from bot.demo.journal import Call, Event, EventKind
from bot.demo.messages import Message, Press
from bot.demo.people import People, Voice
from bot.demo.refusals import Refused
from bot.demo.sim import Happening
from bot.demo.stepping import Stepper
from bot.demo.transcript import transcript
from bot.demo.world import BOT_ID, World
from bot.doors import ROUTES
from bot.periods import BEIJING

R = TypeVar("R")


@dataclass(slots=True)
class Result:
    """What a person saw of what he did: the answer to a press, and the bot's messages and edits that followed."""

    press: Press | None = None
    messages: list[Message] = field(default_factory=list)
    edits: list[Message] = field(default_factory=list)
    refused: str | None = None

    @property
    def toast(self) -> str | None:
        return self.press.toast if self.press else None

    @property
    def alert(self) -> str | None:
        return self.press.alert if self.press else None

    @property
    def message(self) -> Message:
        """The only message that followed."""
        assert len(self.messages) == 1, [m.text for m in self.messages]
        return self.messages[0]


@dataclass(frozen=True, slots=True)
class Actor:
    """One person with his Telegram. Every verb ends when nothing moves any more."""

    stage: Stage
    id: int
    name: str

    async def say(
        self,
        text: str,
        in_: Chat | None = None,
        *,
        reply_to: Message | None = None,
        topic: int | None = None,
        as_group: bool = False,
        as_channel: bool = False,
    ) -> Result:
        voice = Voice.GROUP if as_group else Voice.CHANNEL if as_channel else Voice.SELF
        chat_id = in_.id if in_ else None
        people = self.stage.people
        return await self._do(
            lambda: people.say(self.id, text, chat_id=chat_id, reply_to=reply_to, topic=topic, voice=voice)
        )

    async def press(
        self,
        label: str | None = None,
        on: Message | None = None,
        *,
        in_: Chat | None = None,
        data: str | None = None,
        stale: int = -1,
    ) -> Result:
        """Press a button by its label on `on`, or on the newest message in `in_` (private by default) that has it.

        A button that is a link is followed.
        """
        message = on or self._holding(label or "", in_)
        if data is None and label is not None and (url := message.button(label, stale).url) is not None:
            return await self.follow(url)
        return await self._do(lambda: self.stage.people.press(self.id, message, label=label, data=data, version=stale))

    async def vote(self, *options: int | str, on: Message, as_channel: bool = False) -> Result:
        voice = Voice.CHANNEL if as_channel else Voice.SELF
        return await self._do(lambda: self.stage.people.vote(self.id, on, *options, voice=voice))

    async def withdraw(self, on: Message) -> Result:
        return await self._do(lambda: self.stage.people.withdraw(self.id, on))

    async def upload(self, name: str, data: bytes, *, caption: str = "", in_: Chat | None = None) -> Result:
        chat_id = in_.id if in_ else None
        return await self._do(lambda: self.stage.people.upload(self.id, name, data, caption=caption, chat_id=chat_id))

    async def follow(self, link: str, in_: Chat | None = None) -> Result:
        return await self._do(lambda: self.stage.people.follow(self.id, link, chat_id=in_.id if in_ else None))

    async def forward(self, message: Message, in_: Chat | None = None) -> Result:
        return await self._do(lambda: self.stage.people.forward(self.id, message, chat_id=in_.id if in_ else None))

    async def edit(self, message: Message, text: str) -> Result:
        return await self._do(lambda: self.stage.people.edit(self.id, message, text))

    async def delete(self, message: Message) -> Result:
        return await self._do(lambda: self.stage.people.delete(self.id, message))

    async def join(self, group: Chat) -> Result:
        return await self._do(lambda: self.stage.groups.join(group, self.id))

    async def leave(self, group: Chat) -> Result:
        return await self._do(lambda: self.stage.groups.leave(group, self.id))

    async def block(self) -> Result:
        return await self._do(lambda: self.stage.people.block(self.id))

    async def unblock(self) -> Result:
        return await self._do(lambda: self.stage.people.unblock(self.id))

    def sees(self, in_: Chat | None = None) -> list[Message]:
        """The messages of a chat (private by default) that are still there, oldest first."""
        chat = in_ or self.stage.world.chats[self.id]
        assert chat.holds(self.id), f"{self.name} is not in {chat.title}"
        return [message for message in chat.messages.values() if not message.is_deleted]

    def last(self, in_: Chat | None = None) -> Message:
        """The bot's newest message there."""
        return next(m for m in reversed(self.sees(in_)) if m.sender.user_id == BOT_ID and m.service is None)

    def commands(self, in_: Chat | None = None) -> list[str]:
        return [c.name for c in self.stage.world.commands_for(self.id, in_.id if in_ else self.id)]

    def _holding(self, label: str, in_: Chat | None) -> Message:
        for message in reversed(self.sees(in_)):
            if any(button.text == label for button in message.buttons()):
                return message
        raise LookupError(f"no message with 〔{label}〕")

    async def _do(self, act: Callable[[], object]) -> Result:
        return await self.stage.act(self.id, act)


class Stage:
    """World, house and clock of one play."""

    def __init__(
        self,
        world: World,
        clock: VirtualClock,
        database: Database,
        config: Config,
        *,
        has_limits: bool = False,
        edit_gap: timedelta = timedelta(),
        routes: Sequence[Routes] = ROUTES,
    ) -> None:
        self.world, self.clock, self.database, self.config = world, clock, database, config
        self.people, self.groups = People(world), Groups(world)
        self._has_limits, self._edit_gap, self._routes = has_limits, edit_gap, routes
        self.refusals_expected: list[str] = []
        self.incidents_expected = 0
        self.involves_strangers = False  # the test itself lets people of another branch hear from the bot
        self.house: House
        self.stepper: Stepper

    async def open(self) -> None:
        """Start the bot on what is there."""
        self.house = build(
            self.config,
            self.world.token,
            database=self.database,
            clock=self.clock,
            has_limits=self._has_limits,
            edit_gap=self._edit_gap,
            routes=self._routes,
        )
        await self.house.start()
        await self.house.poller.hold()
        self.house.delivery.wake()
        self.stepper = Stepper(self.house, self.world, self.clock)

    async def close(self) -> None:
        await self.house.stop()

    def actor(self, name: str) -> Actor:
        person = next(p for p in self.world.persons.values() if p.name == name and not p.is_bot)
        return Actor(self, person.id, name)

    def group(self, title: str) -> Chat:
        """The living chat of that title."""
        return next(c for c in self.world.chats.values() if c.title == title and c.migrated_to is None)

    async def act(self, person_id: int, act: Callable[[], object]) -> Result:
        """Let a person do something, wait until nothing moves, and tell what followed."""
        seq = self.world.journal.seq
        try:
            done = act()
        except Refused as refused:
            return Result(refused=refused.description)
        await self.stepper.settle()
        result = Result(done if isinstance(done, Press) else None)
        for event in self.world.journal.after(seq):
            self._collect(event, result)
        return result

    def _collect(self, event: Event, result: Result) -> None:
        if event.kind not in (EventKind.MESSAGE, EventKind.EDITED) or event.chat_id is None or event.message_id is None:
            return
        message = self.world.chats[event.chat_id].messages.get(event.message_id)
        if message is None or message.sender.user_id != BOT_ID or message.service is not None:
            return
        into = result.messages if event.kind is EventKind.MESSAGE else result.edits
        if message not in into:
            into.append(message)

    # -- time ---------------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        await self.stepper.settle()

    async def advance(self, **span: float) -> list[Happening]:
        """`advance(hours=2)`."""
        return await self.stepper.advance(self.clock.now() + timedelta(**span))

    async def at(self, text: str) -> list[Happening]:
        """Go on to `2026-03-06 14:50`, Beijing time."""
        return await self.stepper.advance(moment(text))

    async def until(self, text: str, *, most: timedelta = timedelta(days=60)) -> Happening:
        """Go on until the bot says something that holds `text`."""
        limit = self.clock.now() + most
        while (happened := await self.stepper.to_next()) is not None and self.clock.now() <= limit:
            for happening in happened:
                message = self.world.chats[happening.chat_id].messages[happening.message_id or 0]
                if text in message.text:
                    return happening
        raise AssertionError(f"nothing with “{text}” in {most}")

    async def next_due(self) -> datetime | None:
        due = await self.stepper.next_due()
        return due[0] if due else None

    # -- the world ----------------------------------------------------------------------------------------------

    async def add_bot(self, group: Chat, by: int | None = None) -> Result:
        return await self.act(0, lambda: self.groups.add_bot(group, by=by))

    async def promote(self, group: Chat, user_id: int = BOT_ID) -> Result:
        return await self.act(0, lambda: self.groups.promote(group, user_id))

    async def demote(self, group: Chat, user_id: int = BOT_ID) -> Result:
        return await self.act(0, lambda: self.groups.demote(group, user_id))

    async def kick(self, group: Chat, user_id: int = BOT_ID) -> Result:
        return await self.act(0, lambda: self.groups.kick(group, user_id))

    async def upgrade(self, group: Chat) -> Chat:
        new = self.groups.upgrade(group)
        await self.settle()
        return new

    def fault(self, method: str, failure: Failure, *, chat: int | None = None, times: int = 1, after: int = 0) -> None:
        self.world.fault(method, failure, chat=chat, times=times, after=after)

    async def restart(self, *, downtime: timedelta = timedelta(), is_clean: bool = False) -> None:
        """End the bot and start a new one on the same database and world; not clean = as if it had been killed."""
        if is_clean:
            await self.house.stop()
        else:
            await self.house.abandon()
        if downtime:
            self.clock.advance(downtime)
            self.world.polls.close_due()
        await self.open()
        await self.house.schedule.run_due()
        await self.settle()

    # -- looking ------------------------------------------------------------------------------------------------

    def session(self, fn: Callable[..., R], *args: object, **kwargs: object) -> R:
        """Read the database: `fn(session, …)`."""
        return self.database.look(fn, *args, **kwargs)

    def calls(self, method: str | None = None) -> list[Call]:
        return self.world.calls(method)

    def transcript(self) -> str:
        return transcript(self.world)

    def expect_refusal(self, fragment: str) -> None:
        """A refusal of Telegram with this text is part of the story."""
        self.refusals_expected.append(fragment)

    def expect_incident(self, count: int = 1) -> None:
        self.incidents_expected += count


def moment(text: str) -> datetime:
    """`2026-03-06 14:50` or with seconds, Beijing time, as an aware UTC moment."""
    form = "%Y-%m-%d %H:%M:%S" if text.count(":") == 2 else "%Y-%m-%d %H:%M"
    return datetime.strptime(text, form).replace(tzinfo=BEIJING).astimezone(UTC)


def demo_config(base_url: str) -> Config:
    """The demo reads no file and no environment."""
    return Config(bot=BotSection(base_url=base_url))
