"""People who sit an exam in private while the bot is killed: what they press is only what they see."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.demo.messages import Message
from bot.demo.world import BOT_ID
from tests.chaos.town import Town

PACE = timedelta(seconds=0.5)  # between two presses of one person, at least: who asks without end is not heard
PATIENCE = timedelta(seconds=3)  # with a message that does not change, until the person presses again
CHANGES = 0.25  # of the presses on a card are on what is answered already
AT_ONCE = 12  # people who sit at the same time: Telegram takes thirty messages a second
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
DONE = "已交卷"
WAYS_IN = ("quiz:submit", "quiz:start", "quiz:sit")  # what is pressed wherever it stands, the last step first


@dataclass
class _Sitter:
    user_id: int
    seen: tuple[int, int] = (0, 0)  # the message pressed on, and how often it had changed
    at: datetime = LONG_AGO
    is_done: bool = False

    def may_press(self, message: Message | None, now: datetime) -> bool:
        """Whether the person would press on what he sees now; if so it is noted."""
        shown = (message.id, len(message.versions)) if message is not None else (0, 0)
        if now - self.at < (PATIENCE if shown == self.seen else PACE):
            return False
        self.seen, self.at = shown, now
        return True


class Sitters:
    """Each opens the exam, answers every question, changes some answers, hands in."""

    def __init__(self, town: Town, people: Sequence[int], rng: random.Random) -> None:
        self._town, self._rng = town, rng
        self._sitters = [_Sitter(user_id) for user_id in people]

    @property
    def have_all_handed_in(self) -> bool:
        return all(sitter.is_done for sitter in self._sitters)

    def acts(self) -> Iterator[bool]:
        """Each step is one press or word by one of them, or none while he waits."""
        while not self.have_all_handed_in:
            yield self._act(self._rng.choice([one for one in self._sitters if not one.is_done][:AT_ONCE]))

    def _act(self, sitter: _Sitter) -> bool:
        newest = self._newest(sitter)
        if sitter.is_done or not sitter.may_press(newest, self._town.clock.now()):
            return False
        if newest is None:
            self._town.people.say(sitter.user_id, "/exam")
        else:
            self._town.people.press(sitter.user_id, newest, data=self._choice(newest))
        return True

    def _newest(self, sitter: _Sitter) -> Message | None:
        """The newest message of the bot with something to press on it."""
        for message in reversed(self._town.world.chats[sitter.user_id].messages.values()):
            if message.sender.user_id != BOT_ID:
                continue
            if DONE in message.text:
                sitter.is_done = True
            if any((button.data or "").startswith("quiz:") for button in message.buttons()):
                return message
        return None

    def _choice(self, message: Message) -> str:
        data = [button.data for button in message.buttons() if button.data is not None]
        for way in WAYS_IN:
            if found := [one for one in data if one.startswith(way + ":")]:
                return found[0]
        verbs = {one.split(":")[1]: one for one in data}
        picks = [one for one in data if one.startswith(("quiz:pick:", "quiz:unpick:"))]
        has_answer = "已选：" in message.text
        if picks and (not has_answer or self._rng.random() < CHANGES):
            return self._rng.choice(picks)
        if self._is_full(message) and "check" in verbs:
            return verbs["check"]
        ways = [one for one in data if one.startswith(("quiz:card:", "quiz:mark:"))]
        return self._rng.choice(ways or data)

    @staticmethod
    def _is_full(message: Message) -> bool:
        """已答 10/10."""
        _, _, counts = message.text.rpartition("已答 ")
        answered, _, total = counts.partition("，")[0].partition("/")
        return bool(answered) and answered == total


class Seated:
    """They play the live rounds in private: one press a question, of several options some and then 确定."""

    def __init__(self, town: Town, rng: random.Random) -> None:
        self._town, self._rng = town, rng
        self._seats = [_Sitter(user_id) for user_id in town.seated]

    def acts(self) -> Iterator[bool]:
        while True:
            yield self._act(self._rng.choice(self._seats))

    def _act(self, seat: _Sitter) -> bool:
        cards = [self._town.card(seat.user_id, data) for data in ("quiz:sure", "quiz:say")]
        card = max((one for one in cards if one is not None), key=lambda one: one.id, default=None)
        if card is None or not seat.may_press(card, self._town.clock.now()):
            return False
        data = [button.data for button in card.buttons() if button.data is not None]
        is_ready = "已选：" in card.text and self._rng.random() < CHANGES
        sure = [one for one in data if one.startswith("quiz:sure:")]
        self._town.people.press(seat.user_id, card, data=sure[0] if sure and is_ready else self._rng.choice(data))
        return True
