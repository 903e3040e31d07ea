"""Who is heard and what he is answered, through the whole bot: senders, strangers, typos, made-up buttons."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import merge
from bot.demo.chats import Chat
from bot.demo.messages import Message, Press
from bot.demo.people import Voice
from bot.demo.stage import Actor, Stage
from bot.doors import ROUTES
from bot.inbox import dead_count
from bot.incoming import Pressed, Voted
from bot.meetings.models import Draft
from bot.members.models import Account
from bot.message import base36
from tests import stages
from tests.make import USERS

People = Callable[[str], Actor]


@pytest.fixture
def group(stage: Stage) -> Chat:
    return stage.group(stages.BRANCH_GROUP)


# -- from whom --------------------------------------------------------------------------------------------------------


async def test_who_is_no_person_is_not_heard(stage: Stage, chat: People, group: Chat) -> None:
    li = chat("李四")
    stage.world.add_bot(7000000002, "别的机器人", "other_bot")
    before = stage.session(stages.contents)
    asked = (await li.say("/round", group, as_channel=True)).messages
    stage.people.say(li.id, "/round", chat_id=group.id, voice=Voice.LINKED)
    await stage.settle()
    assert asked == []
    said = await li.say("/help", group)
    command = next(m for m in reversed(li.sees(group)) if m.text == "/help")
    assert (await li.forward(command, group)).messages == []
    assert (await li.forward(command)).messages == []
    assert (await li.edit(command, "/round")).messages == []
    assert (await li.say("/round@other_bot", group)).messages == []
    assert said.message.text.startswith("本群是城建一支部的群。")
    assert stage.session(stages.contents) == before


async def test_a_command_said_as_the_group_opens_for_the_person_who_confirms(
    stage: Stage, chat: People, group: Chat
) -> None:
    await stage.promote(group, chat("李四").id)
    before = stage.session(stages.contents)
    asked = (await chat("李四").say("/round", group, as_group=True)).message
    assert asked.text == "您正以群身份发言，系统认不出是谁。"
    assert [button.text for button in asked.buttons()] == ["请本人确认", "打开私聊"]
    assert (await chat("张三").press("请本人确认", on=asked)).alert == "只有书记、组织委员或管理员可以操作。"
    assert stage.session(stages.contents) == before
    offered = (await chat("李四").press("请本人确认", on=asked)).message
    assert "从题库随机 3 题" in [button.text for button in offered.buttons()]


async def test_a_chinese_word_after_a_slash_is_that_word(chat: People, group: Chat) -> None:
    zhang = chat("张三")
    assert (await zhang.say("/我的")).message.text.startswith("张三\n")
    assert (await zhang.say("/签倒")).message.text == "没有 /签倒，是否想用 /签到？"
    assert (await zhang.say("/签到")).message.text == "现在没有正在签到的会议。"
    assert (await zhang.say("/")).message.text == "没有 / 这个命令。发送 /help 查看可以做什么。"
    assert (await zhang.say(f"/{'a' * 200}")).message.text.startswith(f"没有 /{'a' * 19}… 这个命令。")
    assert (await zhang.say("/我的", group)).messages == []


async def test_a_stranger_reads_neutral_lines_and_changes_nothing(stage: Stage) -> None:
    stage.world.add_person(1099, "路人")
    stranger = stage.actor("路人")
    before = stage.session(stages.contents)
    answers = set()
    for command in merge(ROUTES).commands:
        answers |= {message.text for message in (await stranger.say(f"/{command}")).messages}
    for text in ("签到", "请假", "我的", "随便说说"):
        answers |= {message.text for message in (await stranger.say(text)).messages}
    assert answers == {
        "还没有与名册对应。请向支部书记索取加入链接（24 小时有效，仅限本人）。",
        "请在支部群里发送 /round。出题和看试卷请发送 /quiz。",
        "您的编号：1099",
        "没有看懂。发送 /help 查看可以做什么。",
    }
    assert stage.session(stages.contents) == before


async def test_a_mistyped_command_names_the_right_one_in_private_only(chat: People, group: Chat) -> None:
    zhang = chat("张三")
    assert (await zhang.say("/hepl")).message.text == "没有 /hepl，是否想用 /help？"
    assert (await zhang.say("/xyzzy")).message.text == "没有 /xyzzy 这个命令。发送 /help 查看可以做什么。"
    assert (await zhang.say("/HELP")).message.text.startswith("您可以用这些命令")
    assert (await zhang.say("/hepl", group)).messages == []


async def test_a_text_of_five_thousand_characters_gets_a_short_answer(stage: Stage, chat: People) -> None:
    zhang, li = chat("张三"), chat("李四")
    before = stage.session(stages.contents)
    for text in ("长" * 5000, "/" + "h" * 5000, "/me " + "长" * 5000, "/start " + "j" * 5000):
        for message in (await zhang.say(text)).messages:
            assert len(message.text) < 100
    assert stage.session(stages.contents) == before
    for text in ("/plan " + "长" * 5000, "/plan 3月6日15点 主题党日 " + "学" * 5000):
        assert len((await li.say(text)).message.text) < 200


async def test_a_name_of_signs_is_shown_as_it_is(stage: Stage, chat: People) -> None:
    odd = stages.crowd(stage, 1, '<b>&"张')[0]
    card = await stages.announced(stage)
    assert (await odd.press("参加", on=card)).toast == "已登记：参加"
    await stage.at("2026-03-06 14:50")
    assert (await odd.press("签到", on=card)).toast == "已签到14:50（准时）"
    sheet = next(m for m in reversed(chat("李四").sees()) if "应到13" in m.text)
    assert '到会1：<b>&"张' in sheet.text
    assert (await odd.say("/me")).message.text.startswith('<b>&"张\n')


# -- pressed by hand --------------------------------------------------------------------------------------------------

VERBS = sorted(merge(ROUTES).presses)
# What a secretary may begin for her own branch, where wrong codes are counted; the plans of others are looked at below.
OWN = {"papers", "paper_branches", "tries", "drafts", "reviews", "practice_wishes"}


def pressed(stage: Stage, name: str, on: Message, *endings: str) -> list[Press]:
    """Every button of the house with each of these endings, by somebody who has made them up."""
    person = stage.actor(name)
    stage.world.has_checks = False  # one press looks like another
    return [stage.people.press(person.id, on, data=verb + ending) for verb in VERBS for ending in endings]


def effects(session: Session) -> dict[str, list[str]]:
    """All that is recorded and told, but what concerns the presser alone: he may ask for his own data to be erased."""
    found = stages.contents(session, but=OWN)
    pressers = select(Account.member_id).where(Account.telegram_user_id == USERS["赵六"])
    plans = session.execute(select(Draft.__table__).where(Draft.actor_id.not_in(pressers)))
    told = [row for row in found["outbox"] if "members:erasure:" not in row]
    return found | {"outbox": told, "drafts": sorted(map(repr, plans))}


async def test_no_press_of_a_foreign_hand_has_an_effect(stage: Stage, chat: People, group: Chat) -> None:
    """Numbers of things that are there, by a secretary of another branch and by somebody on no roster."""
    card = await stages.announced(stage)
    await chat("李四").say("/plan 3月9日15点 主题党日 另一次 @三楼会议室")
    stage.world.add_person(1099, "路人", has_started=True)
    for person_id in (1099, chat("赵六").id):
        group.members[person_id] = group.membership(chat("张三").id)
    before = stage.session(effects)
    endings = ("", ":1:1:1", f":{base36(stages.shown_on(stage, card))}:1:1")
    presses = [press for name in ("赵六", "路人") for press in pressed(stage, name, card, *endings)]
    await stage.settle()
    assert stage.session(effects) == before
    assert [button.text for button in card.buttons()] == ["参加", "请假"]
    assert not [press.data for press in presses if press.answer is None]
    assert stage.session(dead_count) == 0


async def test_a_press_with_made_up_numbers_is_answered_not_failed(stage: Stage, chat: People) -> None:
    card = (await chat("李四").say("/help")).message
    presses = pressed(stage, "李四", card, "", ":zz:1:1", ":-1:-1:-1", ":1:REASON", ":é:::")
    await stage.settle()
    assert not [press.data for press in presses if press.answer is None]
    assert stage.session(dead_count) == 0


# -- what a press is read from -----------------------------------------------------------------------------------------

WHO: dict[str, object] = {"id": 1001, "is_bot": False, "first_name": "张三"}
ROOM: dict[str, object] = {"id": -1001, "type": "supergroup", "title": "一支部"}


def test_a_press_on_a_message_that_is_gone_keeps_its_place() -> None:
    gone = {"message_id": 7, "date": 0, "chat": ROOM}
    found = Pressed.read({"id": "1", "from": WHO, "data": "members:me", "message": gone})
    assert (found.chat_id, found.message_id, found.thread_id, found.is_there) == (-1001, 7, None, False)


def test_a_press_without_a_message_is_private() -> None:
    found = Pressed.read({"id": "1", "from": WHO, "data": "members:me"})
    assert (found.chat_id, found.is_private, found.message_id) == (1001, True, None)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"id": "1"},
        {"id": "1", "from": []},
        {"id": "1", "from": {"id": "1001"}},
        {"id": "1", "from": WHO, "message": {"message_id": 7}},
        {"id": "1", "from": WHO, "message": {"message_id": 7, "chat": ROOM, "reply_markup": 5}},
    ],
)
def test_what_is_no_press_cannot_be_read(query: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError)):
        Pressed.read(query)


def test_a_vote_is_read_with_its_options_and_its_person() -> None:
    told = {"poll_id": "77", "user": WHO, "option_ids": [2, 0], "option_persistent_ids": ["c", "a"]}
    assert Voted.read(told) == Voted(poll_id="77", options=(2, 0), user_id=1001)


def test_a_vote_cast_as_a_channel_is_nobodys() -> None:
    told = {"poll_id": "77", "user": WHO, "voter_chat": ROOM, "option_ids": []}
    assert Voted.read(told) == Voted(poll_id="77", options=(), user_id=0)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"poll_id": "77"},
        {"poll_id": "77", "user": WHO},
        {"poll_id": "77", "user": WHO, "option_ids": 1},
        {"poll_id": "77", "user": WHO, "option_ids": ["1"]},
        {"poll_id": "77", "user": {"id": None}, "option_ids": [1]},
        {"poll_id": "77", "user": [1001], "option_ids": [1]},
    ],
)
def test_what_is_no_vote_cannot_be_read(answer: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError)):
        Voted.read(answer)
