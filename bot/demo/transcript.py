"""The world's events as a play to read: who said, pressed, voted, and what the bot answered."""

from __future__ import annotations

import re
from datetime import date

from bot.demo.journal import Event, EventKind
from bot.demo.messages import Button, Message
from bot.demo.world import BOT_ID, World
from bot.periods import beijing

_DAYS = "一二三四五六日"
# Of the bot, and behind the verb of a deep link: `start=j_…` in an address, `/start lv_…` in what following it says.
_TOKEN = re.compile(r"\d+:DEMO-[\w-]+|(?P<link>start(?:group)?[= ][a-z]{1,2}_)[\w-]+")


def transcript(world: World) -> str:
    """One line an event, ids numbered by first appearance, tokens hidden."""
    return _Writer(world).write()


class _Writer:
    def __init__(self, world: World) -> None:
        self.world = world
        self.lines: list[str] = []
        self.numbers: dict[tuple[int, int], int] = {}
        self.day: date | None = None

    def write(self) -> str:
        for event in self.world.journal.events:
            if (line := self._line(event)) is not None:
                self._new_day(event)
                self.lines.append(f"{beijing(event.at):%H:%M} {line}")
        return _TOKEN.sub(lambda found: f"{found['link'] or ''}‹token›", "\n".join(self.lines))

    def _new_day(self, event: Event) -> None:
        day = beijing(event.at).date()
        if day != self.day:
            self.day = day
            self.lines.append(f"—— {day.year}年{day.month}月{day.day}日 周{_DAYS[day.weekday()]} ——")

    def _line(self, event: Event) -> str | None:
        message = self._message(event)
        match event.kind:
            case EventKind.MESSAGE if message is not None and message.service is None:
                return f"{self._place(event)} {self._who(message.sender.person_id)}：{self._content(message)}"
            case EventKind.EDITED if message is not None and event.person_id == BOT_ID:
                version = message.versions[int(str(event.detail.get("version", -1)))]
                return f"机器人 改 #{self._number(message)}：{_text(version.text, version.keyboard)}"
            case EventKind.PINNED if message is not None:
                return f"机器人 置顶 #{self._number(message)}"
            case EventKind.PRESS:
                return self._press(event)
            case EventKind.VOTE:
                return f"{self._place(event)} {self._who(event.person_id)} 投票"
            case EventKind.CLOCK:
                at = beijing(event.at)
                return f"拨到 {at.month}月{at.day}日 {at:%H:%M}"
        return None

    def _press(self, event: Event) -> str:
        """A press with the answer it got, which came later: the order is that of the hands."""
        answer = self.world.presses[str(event.detail["press"])].answer
        kind = "弹窗" if answer and answer.is_alert else "提示"
        said = f" → {kind}“{answer.text}”" if answer and answer.text else ""
        return f"{self._place(event)} {self._who(event.person_id)} 点〔{event.detail['label']}〕{said}"

    def _message(self, event: Event) -> Message | None:
        if event.chat_id is None or event.message_id is None:
            return None
        return self.world.chats[event.chat_id].messages.get(event.message_id)

    def _content(self, message: Message) -> str:
        """What stood there at first: what it became is told by the edits. The number is for them to refer to."""
        first, number = message.versions[0], f"#{self._number(message)} " if len(message.versions) > 1 else ""
        if message.poll is not None:
            options = "".join(f"〔{option.text}〕" for option in message.poll.options)
            return f"{number}投票 {message.poll.question} {options}"
        file = f"〈{message.file.name}〉" if message.file else ""
        return number + file + _text(first.text, first.keyboard)

    def _number(self, message: Message) -> int:
        return self.numbers.setdefault((message.chat_id, message.id), len(self.numbers) + 1)

    def _place(self, event: Event) -> str:
        chat = self.world.chats.get(event.chat_id or 0)
        if chat is None:
            return "[?]"
        return f"[{chat.title}]" if not chat.is_private else f"[与{self.world.persons[chat.id].name}私聊]"

    def _who(self, person_id: int | None) -> str:
        return "机器人" if person_id in (None, 0, BOT_ID) else self.world.persons[person_id].name


def _text(text: str, keyboard: tuple[tuple[Button, ...], ...]) -> str:
    buttons = "".join(f"〔{button.text}{'↗' if button.url else ''}〕" for row in keyboard for button in row)
    return text + (f" {buttons}" if buttons else "")
