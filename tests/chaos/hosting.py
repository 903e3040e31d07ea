"""The host of the near branch: one live round after the other, and everything that keeps a round going."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.demo.messages import Message
from bot.demo.world import BOT_ID
from bot.message import press
from tests.chaos.town import HOST, Town

COUNT = {3: "quiz:quick:3", 5: "quiz:quick:5", 10: "quiz:quick:a"}  # buttons of /round
QUIET = timedelta(seconds=15)  # without a word of the bot in the group: perhaps there is no round
LEFT_BEHIND = timedelta(seconds=3)  # after sign-in has begun, a card that does not say so
JOINING = 2  # people who press the button of a lobby, so that a question ends when all have answered


class Host:
    """李四. What he pressed on he does not press on again while it looks the same."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.questions = 0  # of the rounds he asks for; none: he asks for no more
        self._pressed: set[tuple[int, int, int, int]] = set()
        self._asked_at = town.clock.now()

    def act(self) -> None:
        self._press_cards_left_behind()
        for chat_id in (self._town.group.id, HOST):
            self._press(chat_id, "quiz:resume")
        if not self.questions:
            return
        self._press(self._town.group.id, COUNT[self.questions])
        for user_id in list(self._town.near)[:JOINING]:
            self._press(self._town.group.id, "quiz:join", by=user_id)
        for user_id in self._town.seated:
            self._press(self._town.group.id, "quiz:seat", by=user_id)
        self._press(HOST, "quiz:begin")
        if self._is_quiet():
            self._asked_at = self._town.clock.now()
            self._town.people.say(HOST, "/round", chat_id=self._town.group.id)

    def _press_cards_left_behind(self) -> None:
        """A card whose sender died as it was sent is not known to the bot: it stays as it is until somebody presses."""
        for meeting in self._town.meetings:
            if meeting.chat is not None and self._town.clock.now() > meeting.opens_at + LEFT_BEHIND:
                self._press(meeting.chat.id, press("attendance", "go", meeting.id))

    def _press(self, chat_id: int, data: str, *, by: int = HOST) -> None:
        card = self._town.card(chat_id, data)
        if card is not None and (shown := (by, chat_id, card.id, len(card.versions))) not in self._pressed:
            self._pressed.add(shown)
            self._town.people.press(by, card, data=self._town.button(card, data))

    def _is_quiet(self) -> bool:
        said = max((self._at(message) for message in self._said()), default=self._asked_at)
        return self._town.clock.now() - max(said, self._asked_at) > QUIET

    def _said(self) -> Iterator[Message]:
        return (one for one in self._town.group.messages.values() if one.sender.user_id == BOT_ID)

    def _at(self, message: Message) -> datetime:
        """A question speaks as long as it is open."""
        if message.poll is not None and not message.poll.is_closed:
            return self._town.clock.now()
        return message.edited_at or message.at
