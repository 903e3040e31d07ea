"""The members nobody plays: on request they sign in and answer, one second apart, each with his own knowledge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from random import Random

from bot.demo.acts import Impossible
from bot.demo.chats import Chat
from bot.demo.messages import Message
from bot.demo.people import People
from bot.demo.refusals import Refused
from bot.demo.stepping import Stepper
from bot.demo.world import BOT_ID

SEED = 20260302
PACE = timedelta(seconds=1)
CHECK_IN, GOING = "签到", "参加"
STAYS_AWAY = 1  # of the crowd does not come


@dataclass(frozen=True, slots=True)
class Crowd:
    """`knowledge`: how likely each answers right, by person."""

    people: People
    stepper: Stepper
    knowledge: dict[int, float]

    async def act(self, chat: Chat) -> None:
        """Do what is open in the chat: the poll, else the sign-in, else the answer to a notice."""
        acts = list(self._acts(chat))
        if not acts:
            raise Impossible("现在没有需要大家做的事：先发布活动、开放签到或发出题目。")
        for act in acts:
            await self.stepper.advance(self.stepper.clock.now() + PACE)
            try:
                act()
            except Refused:  # he has voted already, or the poll has closed meanwhile
                continue
            await self.stepper.settle()

    def _acts(self, chat: Chat) -> Iterator[Callable[[], object]]:
        present = [person_id for person_id in self.knowledge if chat.holds(person_id)]
        newest = [m for m in reversed(chat.messages.values()) if m.sender.user_id == BOT_ID and not m.is_deleted]
        for message in newest:
            if message.poll is not None and not message.poll.is_closed:
                yield from (self._vote(person_id, message) for person_id in present)
                return

        coming = present[: len(present) - STAYS_AWAY]
        for label, message in product((CHECK_IN, GOING), newest):
            if any(button.text == label for button in message.buttons()):
                yield from (self._press(person_id, message, label) for person_id in coming)
                return

    def _press(self, person_id: int, message: Message, label: str) -> Callable[[], object]:
        return lambda: self.people.press(person_id, message, label=label)

    def _vote(self, person_id: int, message: Message) -> Callable[[], object]:
        poll = message.poll
        assert poll is not None
        rng = Random(f"{SEED}:{person_id}:{poll.question}")  # noqa: S311  # the same play each time
        right = tuple(poll.correct_ids)
        wrong = tuple(i for i in range(len(poll.options)) if i not in right)[:1]
        chosen = right if rng.random() < self.knowledge[person_id] else wrong or right
        return lambda: self.people.vote(person_id, message, *chosen)
