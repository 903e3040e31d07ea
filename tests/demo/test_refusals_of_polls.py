"""Refusals about pins, presses, polls, files and members, with their exact words."""

from datetime import timedelta

import pytest

from bot.demo import api
from bot.demo.chats import Chat
from bot.demo.groups import Groups
from bot.demo.messages import Message, Sender
from bot.demo.people import People
from bot.demo.wire import Payload, Upload
from bot.demo.world import BOT_ID, World
from tests.demo.conftest import LI, POLL, WANG, WU, ZHANG, Caller, FrozenClock


def keyboard(**button: object) -> Payload:
    return {"inline_keyboard": [[{"text": "甲"} | button]]}


QUIZ = POLL | {"type": "quiz", "correct_option_ids": [1]}


class TestPins:
    def test_pinning_needs_the_right_in_groups_only(self, call: Caller, groups: Groups, group: Chat, world: World):
        private, public = call.send(), call.send(group.id)
        assert call("pinChatMessage", chat_id=ZHANG, message_id=private["message_id"]) is True
        refused = "Bad Request: not enough rights to manage pinned messages in the chat"
        assert call("pinChatMessage", chat_id=group.id, message_id=public["message_id"]) == refused
        groups.promote(group, rights=["can_delete_messages"])
        assert call("unpinChatMessage", chat_id=group.id) == refused
        groups.promote(group)
        assert call("pinChatMessage", chat_id=group.id, message_id=public["message_id"]) is True
        assert call("getChat", chat_id=group.id)["pinned_message"]["message_id"] == public["message_id"]
        assert call("unpinChatMessage", chat_id=group.id) is True
        assert world.chats[group.id].pinned == []

    def test_what_cannot_be_pinned(self, call: Caller, groups: Groups, group: Chat):
        groups.promote(group)
        service = next(one for one in group.messages.values() if one.service is not None)
        assert call("pinChatMessage", chat_id=group.id, message_id=service.id) == (
            "Bad Request: service messages can't be pinned"
        )
        assert call("pinChatMessage", chat_id=group.id, message_id=99) == "Bad Request: message to pin not found"
        assert call("unpinChatMessage", chat_id=group.id) == "Bad Request: message to unpin not found"

    def test_a_deleted_message_is_no_longer_pinned(self, call: Caller, world: World):
        sent = call.send()
        call("pinChatMessage", chat_id=ZHANG, message_id=sent["message_id"])
        call("deleteMessage", chat_id=ZHANG, message_id=sent["message_id"])
        assert world.chats[ZHANG].pinned == []


class TestPresses:
    TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"

    def press(self, world: World, people: People) -> str:
        message = world.post(Message(0, ZHANG, world.now(), Sender(BOT_ID), text="通知"))
        return people.press(ZHANG, message, data="m:1").id

    def test_an_answer_reaches_the_person_once(self, call: Caller, world: World, people: People):
        query = self.press(world, people)
        assert call("answerCallbackQuery", callback_query_id=query, text="已登记：参加") is True
        assert (world.presses[query].toast, world.presses[query].alert) == ("已登记：参加", None)
        assert call("answerCallbackQuery", callback_query_id=query) == self.TOO_OLD

    def test_an_alert_is_no_toast(self, call: Caller, world: World, people: People):
        query = self.press(world, people)
        call("answerCallbackQuery", callback_query_id=query, text="您已签到", show_alert=True)
        assert (world.presses[query].toast, world.presses[query].alert) == (None, "您已签到")

    def test_within_60_seconds(self, call: Caller, world: World, people: People, clock: FrozenClock):
        in_time, late = self.press(world, people), self.press(world, people)
        clock.at += timedelta(seconds=60)
        assert call("answerCallbackQuery", callback_query_id=in_time) is True
        clock.at += timedelta(seconds=1)
        assert call("answerCallbackQuery", callback_query_id=late) == self.TOO_OLD

    def test_unknown_or_too_long(self, call: Caller, world: World, people: People):
        assert call("answerCallbackQuery", callback_query_id="1") == self.TOO_OLD
        query = self.press(world, people)
        assert call("answerCallbackQuery", callback_query_id=query, text="好" * 201) == (
            "Bad Request: MESSAGE_TOO_LONG"
        )
        assert call("answerCallbackQuery", callback_query_id=query, text="好" * 200) is True


class TestPolls:
    @pytest.mark.parametrize(
        ("fields", "description"),
        [
            ({"question": ""}, "text must be non-empty"),
            ({"question": "好" * 301}, "poll question length must not exceed 300"),
            ({"options": []}, "poll must have at least one answer option"),
            ({"options": ["甲"] * 13}, "poll can't have more than 12 options"),
            ({"options": ["甲", " "]}, "poll option must be non-empty"),
            ({"options": ["甲", {"text": "好" * 101}]}, "poll options length must not exceed 100"),
            ({"members_only": True}, "poll voters can be restricted only in channel chats"),
            ({"type": "survey"}, "unsupported poll type specified"),
            ({"open_period": 4}, "POLL_CLOSE_DATE_INVALID"),
            ({"open_period": 2_628_001}, "POLL_CLOSE_DATE_INVALID"),
            ({"close_date": 1}, "POLL_CLOSE_DATE_INVALID"),
            ({"type": "quiz"}, "correct quiz option list must be non-empty"),
            ({"type": "quiz", "correct_option_ids": [0, 2, 1]}, "correct quiz option list must be increasing"),
            ({"type": "quiz", "correct_option_ids": [1, 1]}, "correct quiz option list must be increasing"),
            ({"type": "quiz", "correct_option_ids": [4]}, "wrong quiz correct_option_id"),
            ({"type": "quiz", "correct_option_ids": ["x"]}, "wrong quiz correct_option_id"),
            (QUIZ | {"explanation": "好" * 201}, "message is too long"),
            (QUIZ | {"explanation": "一\n二\n三\n四"}, "message is too long"),
        ],
    )
    def test_refused(self, call: Caller, fields: Payload, description: str):
        assert call("sendPoll", **(POLL | fields)) == f"Bad Request: {description}"

    @pytest.mark.parametrize(
        "fields",
        [
            {"question": "好" * 300},
            {"options": ["甲"]},
            {"options": [{"text": "好" * 100}] * 12},
            {"open_period": 5},
            {"open_period": 2_628_000},
            QUIZ | {"explanation": "一\n二\n三"},
            {"type": "quiz", "correct_option_id": 2},
        ],
    )
    def test_just_accepted(self, call: Caller, fields: Payload):
        assert call("sendPoll", **(POLL | fields))["poll"]["total_voter_count"] == 0

    def test_media_is_accepted_but_remembered_as_not_shown(self, call: Caller, world: World):
        call("sendPoll", media={"type": "photo", "media": "x"}, **POLL)
        assert world.warnings == ["sendPoll: media is not shown here"]

    def test_stopping(self, call: Caller):
        text = call.send()
        assert call("stopPoll", chat_id=ZHANG, message_id=99) == "Bad Request: message with poll to stop not found"
        assert call("stopPoll", chat_id=ZHANG, message_id=text["message_id"]) == "Bad Request: message is not a poll"
        where = {"chat_id": ZHANG, "message_id": call("sendPoll", **POLL)["message_id"]}
        assert call("stopPoll", **where)["is_closed"] is True
        assert call("stopPoll", **where) == "Bad Request: poll has already been closed"


class TestFilesAndMembers:
    def test_files(self, call: Caller, world: World):
        wrong = "Bad Request: wrong file identifier/HTTP URL specified"
        assert call("sendDocument", chat_id=ZHANG, document="https://example.org/a.pdf") == wrong
        assert call("getFile", file_id="x") == "Bad Request: wrong file_id or the file is temporarily unavailable"
        big = world.add_file("a.bin", bytes(20 * 1024 * 1024 + 1), "application/octet-stream")
        assert call("getFile", file_id=big.id) == "Bad Request: file is too big"
        assert call("sendPhoto", chat_id=ZHANG, photo=big.id) == wrong

    @pytest.mark.parametrize("data", [b"text", b"\xff\xd8\xff\xe0\x00\x04ab", b"\x89PNG\r\n\x1a\n"])
    def test_a_photo_that_is_none(self, world: World, data: bytes):
        fields, uploads = {"chat_id": ZHANG}, {"photo": Upload("a.png", data)}
        reply = api.answer(world, "sendphoto", fields, uploads)
        assert reply.body["description"] == "Bad Request: IMAGE_PROCESS_FAILED"

    def test_a_jpeg_has_its_size(self, world: World):
        head = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08" + (480).to_bytes(2) + (640).to_bytes(2) + b"\x03"
        reply = api.answer(world, "sendphoto", {"chat_id": ZHANG}, {"photo": Upload("a.jpg", head)})
        photo = reply.body["result"]["photo"][0]
        assert (photo["width"], photo["height"]) == (640, 480)

    def test_an_empty_file(self, world: World):
        reply = api.answer(world, "senddocument", {"chat_id": ZHANG}, {"document": Upload("a.txt", b"")})
        assert reply.body["description"] == "Bad Request: file must be non-empty"

    def test_members(self, call: Caller, groups: Groups, group: Chat):
        assert call("getChatMember", chat_id=group.id, user_id=99) == "Bad Request: user not found"
        assert call("getChatMember", chat_id=group.id, user_id=WANG)["status"] == "left"
        assert call("getChatMember", chat_id=group.id, user_id=LI)["status"] == "creator"
        groups.restrict(group, ZHANG)
        assert call("getChatMember", chat_id=group.id, user_id=ZHANG)["can_send_messages"] is False
        assert call("getChatMemberCount", chat_id=group.id) == 4

    def test_administrators(self, call: Caller, groups: Groups, group: Chat):
        groups.promote(group, ZHANG)
        groups.promote(group)
        found = call("getChatAdministrators", chat_id=group.id)
        assert [one["user"]["id"] for one in found] == [LI, ZHANG]
        assert len(call("getChatAdministrators", chat_id=group.id, return_bots=True)) == 3
        assert call("getChatAdministrators", chat_id=ZHANG) == (
            "Bad Request: there are no administrators in the private chat"
        )

    def test_a_known_person_may_be_asked_about_but_not_written_to(self, call: Caller, group: Chat):
        assert call("getChat", chat_id=WU)["first_name"] == "吴九"
        assert call("getChatMember", chat_id=WU, user_id=WU)["status"] == "member"
        assert call("getChatMember", chat_id=WU, user_id=LI) == "Bad Request: user not found"
        assert call("getChat", chat_id=WANG) == "Bad Request: chat not found"

    def test_an_action_that_is_none(self, call: Caller):
        assert call("sendChatAction", chat_id=ZHANG, action="typing") is True
        assert call("sendChatAction", chat_id=ZHANG, action="dancing") == (
            "Bad Request: wrong parameter action in request"
        )
