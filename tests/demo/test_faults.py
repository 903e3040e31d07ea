"""Programmed failures and Telegram's limits on the virtual clock."""

import pytest

from bot.demo import api, faults
from bot.demo.api import Reply
from bot.demo.chats import Chat
from bot.demo.world import World
from tests.demo.conftest import LI, ZHANG, FrozenClock


def send(world: World, chat_id: int = ZHANG) -> Reply:
    return api.answer(world, "sendmessage", {"chat_id": chat_id, "text": "通知"}, {})


def test_a_fault_strikes_its_chat_and_method_after_letting_some_pass(world: World):
    world.fault("sendMessage", faults.refuse(400, "message thread not found"), chat=ZHANG, times=2, after=1)
    assert [send(world).status for _ in range(4)] == [200, 400, 400, 200]
    assert send(world, LI).status == 200
    assert world.faults.left == 0


def test_a_fault_for_any_method_strikes_the_next_call(world: World):
    world.fault("*", faults.UNAUTHORIZED)
    assert send(world).body["error_code"] == 401


def test_a_refusal_may_carry_parameters(world: World):
    world.fault("sendMessage", faults.refuse(400, "group chat was upgraded", migrate_to_chat_id=-5))
    assert send(world).body["parameters"] == {"migrate_to_chat_id": -5}


def test_a_lost_answer_is_recorded_without_status(world: World):
    world.fault("sendMessage", faults.LOST_BEFORE)
    world.fault("sendMessage", faults.LOST_AFTER)
    assert [send(world).status, send(world).status] == [0, 0]
    assert world.chats[ZHANG].last_message_id == 1
    assert [call.description for call in world.calls("sendMessage")] == ["lost_before", "lost_after"]


def test_cleared_faults_strike_nobody(world: World):
    world.fault("sendMessage", faults.BAD_GATEWAY, times=9)
    world.faults.clear()
    assert send(world).status == 200


class TestLimits:
    @pytest.fixture(autouse=True)
    def limited(self, world: World) -> None:
        world.has_limits = True

    def test_bursts_of_five_pass_then_one_a_second(self, world: World, clock: FrozenClock):
        replies = [send(world) for _ in range(6)]
        assert [reply.status for reply in replies] == [200] * 5 + [429]
        assert replies[-1].body["description"] == "Too Many Requests: retry after 1"
        assert replies[-1].body["parameters"] == {"retry_after": 1}
        clock.advance(seconds=1)
        assert [send(world).status, send(world).status] == [200, 429]

    def test_a_group_takes_twenty_a_minute(self, world: World, group: Chat, clock: FrozenClock):
        for _ in range(20):
            assert send(world, group.id).status == 200
            clock.advance(seconds=1)
        assert send(world, group.id).body["parameters"] == {"retry_after": 40}
        clock.advance(seconds=40)
        assert send(world, group.id).status == 200

    def test_thirty_a_second_overall(self, world: World):
        for person_id in range(2001, 2032):
            world.add_person(person_id, "党员", has_started=True)
        assert [send(world, person_id).status for person_id in range(2001, 2032)] == [200] * 30 + [429]

    def test_toasts_and_questions_are_not_counted(self, world: World):
        for _ in range(40):
            assert api.answer(world, "getchat", {"chat_id": ZHANG}, {}).status == 200

    def test_without_the_switch_nothing_is_limited(self, world: World):
        world.has_limits = False
        assert {send(world).status for _ in range(40)} == {200}
