"""The strictness taken from the installed python-telegram-bot."""

import pytest
import telegram

from bot.demo import api, shapes, wire
from bot.demo.chats import Chat
from bot.demo.messages import Message, Sender
from bot.demo.people import People
from bot.demo.polls import Option, Poll
from bot.demo.wire import Kind, Mismatch, Payload, Upload
from bot.demo.world import BOT_ID, World
from tests.demo.conftest import ZHANG


@pytest.fixture
def quiz(world: World) -> Payload:
    options = tuple(Option(text, str(number)) for number, text in enumerate("甲乙丙"))
    return shapes.poll(Poll("1", ZHANG, "题", options, is_quiz=True, correct_ids=(1,)), world.persons)


class TestParameters:
    def test_every_method_here_is_one_of_the_library(self):
        assert set(api.METHODS) <= set(wire.methods())

    def test_names_that_never_travel_are_not_parameters(self):
        known = set(wire.methods()["senddocument"].kinds)
        assert {"chat_id", "document", "caption", "reply_parameters"} <= known
        assert not known & {"filename", "read_timeout", "pool_timeout", "api_kwargs", "self"}

    def test_what_has_no_default_is_required(self):
        assert wire.methods()["sendpoll"].required == {"chat_id", "question", "options"}
        assert wire.methods()["editmessagetext"].required == {"text"}

    @pytest.mark.parametrize(
        ("method", "name", "kind"),
        [
            ("sendmessage", "text", Kind.TEXT),
            ("sendmessage", "parse_mode", Kind.TEXT),
            ("sendmessage", "chat_id", Kind.CHAT),
            ("sendmessage", "reply_markup", Kind.JSON),
            ("sendmessage", "disable_notification", Kind.JSON),
            ("senddocument", "document", Kind.FILE),
            ("sendpoll", "options", Kind.JSON),
            ("sendpoll", "correct_option_ids", Kind.JSON),
            ("getfile", "file_id", Kind.TEXT),
            ("getupdates", "allowed_updates", Kind.JSON),
        ],
    )
    def test_the_signature_says_how_a_parameter_is_read(self, method: str, name: str, kind: Kind):
        assert wire.methods()[method].kinds[name] is kind

    def test_strings_that_stand_for_other_things_are_decoded(self):
        fields = {"chat_id": "-1001", "text": "123", "disable_notification": "true", "reply_markup": '{"a":1}'}
        values = wire.decode(wire.methods()["sendmessage"], fields, {}).values
        assert values == {"chat_id": -1001, "text": "123", "disable_notification": True, "reply_markup": {"a": 1}}

    def test_a_username_stays_a_string(self):
        assert wire.decode(wire.methods()["getchat"], {"chat_id": "@x"}, {}).values == {"chat_id": "@x"}

    def test_attached_and_named_parts_are_joined(self):
        upload = Upload("a.txt", b"x")
        method = wire.methods()["senddocument"]
        attached = wire.decode(method, {"chat_id": "1", "document": "attach://f0"}, {"f0": upload})
        named = wire.decode(method, {"chat_id": "1"}, {"document": upload})
        assert attached.values["document"] is named.values["document"] is upload

    def test_unknown_and_missing_parameters_are_named(self):
        arguments = wire.decode(wire.methods()["sendmessage"], {"chat_id": "1", "colour": "red"}, {})
        assert (arguments.unknown, arguments.missing) == (("colour",), ("text",))


class TestObjects:
    def test_a_quiz_carries_both_fields_of_its_one_right_answer(self, quiz: Payload):
        wire.check(telegram.Poll, quiz)
        assert (quiz["correct_option_id"], quiz["correct_option_ids"]) == (1, [1])

    def test_an_added_key_fails(self, quiz: Payload):
        with pytest.raises(Mismatch, match="votes"):
            wire.check(telegram.Poll, quiz | {"votes": []})

    def test_a_removed_key_fails(self, quiz: Payload):
        del quiz["allows_revoting"]
        with pytest.raises(Mismatch, match="allows_revoting"):
            wire.check(telegram.Poll, quiz)

    def test_an_added_key_fails_at_any_depth(self, world: World, people: People):
        people.say(ZHANG, "/start")
        update = world.updates.batch(1)[0].payload
        wire.check(telegram.Update, update)
        update["message"]["from"]["party"] = "一支部"
        with pytest.raises(Mismatch, match="User has no"):
            wire.check(telegram.Update, update)

    def test_something_else_than_an_object_fails(self):
        with pytest.raises(Mismatch, match="Message expected"):
            wire.check(telegram.Message, True)

    def test_results_are_held_against_what_the_method_answers(self, world: World):
        member = shapes.user(world.bot)
        wire.check_result("getme", member)
        wire.check_result("deletemessage", True)
        with pytest.raises(Mismatch):
            wire.check_result("getchatadministrators", member)
        with pytest.raises(Mismatch):
            wire.check_result("sendmessage", member)
        with pytest.raises(Mismatch):
            wire.check_result("deletemessage", "yes")

    def test_a_world_with_checks_emits_nothing_broken(self, world: World):
        with pytest.raises(Mismatch):
            world.emit("message", {"message_id": 1})
        assert world.updates.pending == 0

    def test_checks_can_be_switched_off(self, world: World, group: Chat):
        world.has_checks = False
        world.emit("message", {"message_id": 1})
        world.post(Message(0, group.id, world.now(), Sender(BOT_ID), text="通知"))
        assert world.updates.pending == 1
