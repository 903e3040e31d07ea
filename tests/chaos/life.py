"""What the people of the town do while the bot is killed again and again, and what Telegram knows of it."""

import asyncio
import contextlib
import random
from collections.abc import Iterator, Sequence

from bot.demo.messages import Message
from bot.demo.updates import Update
from bot.message import press
from tests.chaos.hosting import COUNT, JOINING, Host
from tests.chaos.sitters import Seated, Sitters
from tests.chaos.town import HOST, Planned, Town
from tests.chaos.wire import Wire

SITTING = 2  # times as likely as the votes in one poll
TICK = 0.05  # seconds between two looks at what one could do
TWICE = 0.15  # of the people press twice


def emissions(town: Town) -> list[Update]:
    """A list that gets every update the town causes from now on."""
    emitted: list[Update] = []
    updates = town.world.updates
    updates.arrived.append(lambda: emitted.append(updates.queue[-1]))
    return emitted


class Life:
    """Everybody answers and signs in once, some twice; every member of the near branch votes in every poll."""

    def __init__(self, town: Town, wire: Wire, *, seed: int, a_tick: int) -> None:
        self.town, self.wire = town, wire
        self._rng = random.Random(seed)
        self._a_tick = a_tick  # things done at most in one tick
        self.emitted = emissions(town)
        self._answering = [self._acts(meeting, "go") for meeting in town.meetings]
        self._signing = [self._acts(meeting, "in") for meeting in town.meetings]
        self._voting: list[Iterator[bool]] = []
        self.sitters = Sitters(town, [], self._rng)
        self._sitting: list[Iterator[bool]] = [Seated(town, self._rng).acts()] if town.seated else []
        self._seen_polls = 0
        self.allowed: int | None = None  # things that may still be done now; none: as many as there are
        self._done: list[Iterator[bool]] = []
        self.host = Host(town)

    async def go_on(self, stop: asyncio.Event) -> None:
        """Live until told to stop."""
        while not stop.is_set():
            self.town.world.polls.close_due()
            self.host.act()
            self._act()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TICK)

    def sit(self, people: Sequence[int]) -> None:
        """From now on these sit the exam."""
        self.sitters = Sitters(self.town, people, self._rng)
        self._sitting += [self.sitters.acts()] * SITTING

    # -- the host ---------------------------------------------------------------------------------------------------

    async def start_round(self, questions: int) -> None:
        """李四 asks for a round of so many questions and lets it begin at once; returns with the first question."""
        people, group = self.town.people, self.town.group
        people.say(HOST, "/round", chat_id=group.id)
        offer = await self._card(group.id, COUNT[questions])
        people.press(HOST, offer, data=COUNT[questions])
        console = await self._card(HOST, "quiz:begin")
        joining = await self._card(group.id, "quiz:join")
        for user_id in self.town.seated:
            people.press(user_id, joining, data=self.town.button(joining, "quiz:seat"))
        for user_id in list(self.town.near)[:JOINING]:
            people.press(user_id, joining, data=self.town.button(joining, "quiz:join"))
        people.press(HOST, console, data=self.town.button(console, "quiz:begin"))
        await self.wire.until(lambda: bool(self.town.polls()), within=60, what="the first question")

    async def _card(self, chat_id: int, data: str) -> Message:
        await self.wire.until(lambda: self.town.card(chat_id, data) is not None, within=60, what=f"a button {data}")
        card = self.town.card(chat_id, data)
        assert card is not None
        return card

    @property
    def has_everybody_answered(self) -> bool:
        return all(acts in self._done for acts in self._answering)

    @property
    def has_everybody_signed(self) -> bool:
        return all(acts in self._done for acts in self._signing)

    # -- everybody --------------------------------------------------------------------------------------------------

    def _act(self) -> None:
        for poll in self.town.polls()[self._seen_polls :]:
            self._seen_polls += 1
            self._voting.append(self._votes(poll))
        now = self.town.clock.now()
        pressing = zip(self.town.meetings, self._answering, self._signing, strict=True)
        doing = [signs if now >= meeting.opens_at else answers for meeting, answers, signs in pressing]
        doing = [acts for acts in [*self._voting, *self._sitting, *doing] if acts not in self._done]
        for _ in range(self._rng.randrange(2 * self._a_tick) if doing else 0):
            if self.allowed == 0:
                return
            acts = self._rng.choice(doing)
            happened = next(acts, None)
            if happened is None:
                self._done.append(acts)
            elif happened and self.allowed is not None:
                self.allowed -= 1

    def _acts(self, meeting: Planned, verb: str) -> Iterator[bool]:
        """Each step is one press by one person, or none while the person sees no button."""
        people = list(meeting.people)
        people += self._rng.sample(people, int(len(people) * TWICE))
        self._rng.shuffle(people)
        pressed: dict[int, tuple[Message, str]] = {}
        for user_id in people:
            while (button := pressed.get(user_id) or self._button(meeting, user_id, verb)) is None:
                yield False
            pressed[user_id] = button
            self.town.people.press(user_id, button[0], data=button[1])
            yield True

    def _button(self, meeting: Planned, user_id: int, verb: str) -> tuple[Message, str] | None:
        data = press("attendance", verb, meeting.id)
        card = self.town.card(meeting.chat.id if meeting.chat is not None else user_id, data)
        shown = self.town.button(card, data) if card is not None else None
        return (card, shown) if card is not None and shown is not None else None

    def _votes(self, message: Message) -> Iterator[bool]:
        """Each member picks something, as long as the poll is open."""
        assert message.poll is not None
        voters = [user_id for user_id in self.town.near if user_id not in self.town.seated]
        self._rng.shuffle(voters)
        places = range(len(message.poll.options))
        for user_id in voters:
            self.town.world.polls.close_due()
            if message.poll.is_closed:
                return
            most = 3 if message.poll.allows_multiple_answers else 1
            self.town.people.vote(user_id, message, *self._rng.sample(places, self._rng.randint(1, most)))
            yield True
