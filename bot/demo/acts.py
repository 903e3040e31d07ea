"""What a window may ask a person to do: the body of POST /sim/act, checked, and done through `people`."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bot.demo.messages import Button, Message
from bot.demo.people import People
from bot.demo.refusals import Refused
from bot.demo.wire import Payload
from bot.demo.world import World


class Impossible(Exception):
    """The act cannot be done; the text is shown in the window that asked."""


class Act(BaseModel):
    """Acts of persons have `do(world)`, which answers with what the page needs to know at once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    actor: int


class Say(Act):
    verb: Literal["say"]
    chat: int
    text: str
    reply_to: int | None = None

    def do(self, world: World) -> Payload:
        replied = None if self.reply_to is None else found(world, self.chat, self.reply_to)
        sent = People(world).say(self.actor, self.text, chat_id=known(world, self.chat), reply_to=replied)
        return {"message": sent.id}


class Press(Act):
    """A press on the keyboard as the window shows it, which may be older than the present one."""

    verb: Literal["press"]
    chat: int
    message: int
    version: int
    row: int = Field(ge=0)
    column: int = Field(ge=0)

    def do(self, world: World) -> Payload:
        message = found(world, self.chat, self.message)
        button = self._button(message)
        press = People(world).press(self.actor, message, label=button.text, data=button.data)
        return {"query": press.id}

    def _button(self, message: Message) -> Button:
        try:
            button = message.versions[self.version].keyboard[self.row][self.column]
        except IndexError:
            raise Impossible("这个按钮已经不在了。") from None
        if button.data is None:
            raise Impossible("这个按钮是一个链接。")
        return button


class Vote(Act):
    """No options: the vote is withdrawn."""

    verb: Literal["vote"]
    chat: int
    message: int
    options: tuple[int, ...]

    def do(self, world: World) -> Payload:
        message = found(world, self.chat, self.message)
        people = People(world)
        if self.options:
            people.vote(self.actor, message, *self.options)
        else:
            people.withdraw(self.actor, message)
        return {}


class Upload(Act):
    verb: Literal["upload"]
    chat: int
    name: str = Field(min_length=1, max_length=255)
    data: str  # base64
    caption: str = ""

    def do(self, world: World) -> Payload:
        try:
            data = base64.b64decode(self.data, validate=True)
        except binascii.Error:
            raise Impossible("文件没有完整送到，请再选一次。") from None
        chat_id = known(world, self.chat)
        sent = People(world).upload(self.actor, self.name, data, caption=self.caption, chat_id=chat_id)
        return {"message": sent.id}


class Follow(Act):
    """Opens a link into the bot; `chat` is the group chosen for `?startgroup=`."""

    verb: Literal["follow"]
    link: str
    chat: int | None = None

    def do(self, world: World) -> Payload:
        chat_id = None if self.chat is None else known(world, self.chat)
        sent = People(world).follow(self.actor, self.link, chat_id=chat_id)
        return {"message": sent.id}


class Others(Act):
    """The simulated members of the chat act, each as he would; done by the desk."""

    verb: Literal["others"]
    chat: int


class Restart(Act):
    """Everything back to the beginning; done by the desk."""

    verb: Literal["restart"]


AnyAct = Annotated[Say | Press | Vote | Upload | Follow | Others | Restart, Field(discriminator="verb")]
ACTS: TypeAdapter[AnyAct] = TypeAdapter(AnyAct)


def known(world: World, chat_id: int) -> int:
    if chat_id not in world.chats:
        raise Impossible("没有这个聊天。")
    return chat_id


def found(world: World, chat_id: int, message_id: int) -> Message:
    message = world.message(chat_id, message_id)
    if message is None:
        raise Impossible("这条消息已经不在了。")
    return message


# What a person's app would say, by the server's code.
_REASONS = {
    "USER_NOT_PARTICIPANT": "您不在这个群里。",
    "CHAT_WRITE_FORBIDDEN": "您不能在这里发言。",
    "CHAT_ADMIN_REQUIRED": "只有群管理员可以这样做。",
    "START_PARAM_INVALID": "这个链接不完整。",
    "MESSAGE_ID_INVALID": "这条消息已经不在了。",
    "TOPIC_CLOSED": "这个话题已关闭。",
    "MESSAGE_POLL_CLOSED": "已经结束，不能再选。",
    "OPTION_INVALID": "没有这个选项。",
    "OPTIONS_TOO_MUCH": "只能选一项。",
    "REVOTE_NOT_ALLOWED": "已经选过，不能更改。",
}


def reason(refused: Refused) -> str:
    return _REASONS.get(refused.text, f"Telegram 没有接受：{refused.text}")
