"""A world kept as a file goes on: what persons saw is there, what they can press works."""

from pathlib import Path

import pytest

from bot.clock import VirtualClock
from bot.demo import archive, run
from bot.demo.chats import Chat
from bot.demo.commands import Command, Scope
from bot.demo.groups import Groups
from bot.demo.messages import Answer, Button, Message, Sender
from bot.demo.people import People
from bot.demo.polls import Option, Poll
from bot.demo.transcript import transcript
from bot.demo.world import BOT_ID, World
from tests.demo.conftest import LI, ZHANG, FrozenClock

OTHER_TOKEN = "7000000001:DEMO-other"


@pytest.fixture
def played(world: World, people: People, group: Chat, groups: Groups) -> World:
    """Something of everything: texts, versions, a press with its answer, a poll, a file, commands, a pin."""
    card = world.post(
        Message(0, group.id, world.now(), Sender(BOT_ID), text="主题党日", keyboard=((Button("参加", "a"),),))
    )
    world.edit(card, "主题党日，已回复 1/2", (), ((Button("参加", "b"),),))
    world.pin(card)
    press = people.press(ZHANG, card, label="参加")
    press.answer = Answer("已登记：参加", False, "", world.now())
    options = (Option("一次", "0"), Option("两次", "1"))
    poll = Poll(
        "5", group.id, "几次？", options, is_quiz=True, is_anonymous=False, correct_ids=(1,), hides_results=True
    )
    asked = world.post(Message(0, group.id, world.now(), Sender(BOT_ID), poll=world.polls.add(poll)))
    people.vote(LI, asked, 1)
    people.upload(ZHANG, "名册.xlsx", bytes(range(256)), chat_id=ZHANG)
    people.say(ZHANG, "/help", chat_id=group.id, reply_to=card)
    groups.promote(group)
    world.commands.set(Scope("chat", group.id), "zh", [Command("help", "帮助")])
    world.descriptions["description", ""] = "说明"
    world.menu_buttons[0] = {"type": "commands"}
    return world


def again(world: World, clock: FrozenClock) -> World:
    return archive.restore(archive.read(archive.write(world, clock.at)), clock, OTHER_TOKEN)


def test_everything_persons_see_is_as_it_was(played: World, clock: FrozenClock) -> None:
    found = again(played, clock)
    assert found.chats == played.chats
    assert found.persons == played.persons
    assert found.presses == played.presses
    assert found.files == played.files
    assert found.commands == played.commands
    assert (found.descriptions, found.menu_buttons) == (played.descriptions, played.menu_buttons)
    assert transcript(found) == transcript(played)


def test_updates_the_bot_has_not_fetched_still_wait(played: World, clock: FrozenClock) -> None:
    found = again(played, clock)
    assert [one.payload for one in found.updates.batch(100)] == [one.payload for one in played.updates.batch(100)]
    assert found.updates.allowed == played.updates.allowed


def test_ids_given_out_once_are_never_given_out_again(played: World, clock: FrozenClock, group: Chat) -> None:
    found = again(played, clock)
    assert found.updates.last_id > played.updates.last_id
    assert int(found.polls.take_id()) > int(played.polls.take_id())
    assert People(found).say(ZHANG, "大家好", chat_id=group.id).id == group.last_message_id + 1
    assert found.add_group("新群", owner=LI).id == played.add_group("新群", owner=LI).id


def test_a_poll_goes_on_as_one_thing_in_message_and_list(played: World, clock: FrozenClock, group: Chat) -> None:
    found = again(played, clock)
    message = next(one for one in found.chats[group.id].messages.values() if one.poll is not None)
    People(found).vote(ZHANG, message, 0)
    assert found.polls.by_id["5"].votes == {LI: (1,), ZHANG: (0,)}


def test_the_bot_is_one_person_again(played: World, clock: FrozenClock) -> None:
    found = again(played, clock)
    assert found.bot is found.persons[BOT_ID]
    assert found.token == OTHER_TOKEN


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 0}', '{"format": 1}', '{"format": 1, "now": 5}'])
def test_what_is_no_kept_world_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"world|Expecting"):
        archive.read(text)


def test_saving_replaces_the_earlier_file_whole(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    for text in ("一", "二"):
        archive.save(file, text)
    assert file.read_text(encoding="utf-8") == "二"
    assert list(tmp_path.iterdir()) == [file]


def test_a_kept_database_that_is_damaged_is_told_without_a_traceback(
    played: World, clock: FrozenClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / run.WORLD).write_text(archive.write(played, clock.now()), encoding="utf-8")
    (tmp_path / run.DATABASE).write_bytes(b"no database" * 1000)
    assert run.run(port=None, opens_browser=False, keep=tmp_path, seed_kind="full") == 1
    assert capsys.readouterr().err.startswith(f"数据库文件 {tmp_path / run.DATABASE} 已损坏，")


def test_a_kept_clock_goes_on_from_the_same_moment(played: World, clock: FrozenClock) -> None:
    clock.advance(days=3)
    kept = archive.read(archive.write(played, clock.at))
    assert VirtualClock(kept.now).now() == clock.at
