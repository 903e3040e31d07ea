"""Every refusal of the server with its exact words, and the cases that are just not refused."""

import pytest

from bot.demo import api
from bot.demo.chats import Chat, ChatKind, Membership, Rank
from bot.demo.groups import Groups
from bot.demo.people import People
from bot.demo.refusals import Refused, describe
from bot.demo.wire import Payload
from bot.demo.world import World
from tests.demo.conftest import LI, POLL, WANG, WU, ZHANG, Caller, FrozenClock


def keyboard(**button: object) -> Payload:
    return {"inline_keyboard": [[{"text": "甲"} | button]]}


@pytest.mark.parametrize(
    ("code", "text", "description"),
    [
        (400, "Chat not found", "Bad Request: chat not found"),
        (400, "BUTTON_DATA_INVALID", "Bad Request: BUTTON_DATA_INVALID"),
        (400, "T_CO", "Bad Request: T_CO"),
        (403, "bot was blocked by the user", "Forbidden: bot was blocked by the user"),
        (429, "Too Many Requests: retry after 3", "Too Many Requests: retry after 3"),
        (401, "Unauthorized", "Unauthorized"),
    ],
)
def test_the_first_letter_is_lowered_unless_it_is_a_name(code: int, text: str, description: str):
    assert describe(code, text) == description


class TestPrivateChats:
    def test_without_an_id(self, call: Caller):
        assert call("sendMessage", text="甲") == "Bad Request: chat_id is empty"

    @pytest.mark.parametrize("chat_id", [99, WANG, "@nobody", "wrong", -1000000000099])
    def test_unknown(self, call: Caller, chat_id: int | str):
        assert call("sendMessage", chat_id=chat_id, text="甲") == "Bad Request: chat not found"

    def test_known_but_not_started(self, call: Caller, group: Chat):
        assert call("sendMessage", chat_id=WU, text="甲") == ("Forbidden: bot can't initiate conversation with a user")

    def test_blocked_also_for_edits(self, call: Caller, people: People):
        sent = call.send()
        people.block(ZHANG)
        blocked = "Forbidden: bot was blocked by the user"
        assert call("sendMessage", chat_id=ZHANG, text="甲") == blocked
        assert call("editMessageText", chat_id=ZHANG, message_id=sent["message_id"], text="乙") == blocked

    def test_deleted_account(self, call: Caller, people: People):
        people.close_account(ZHANG)
        assert call("sendMessage", chat_id=ZHANG, text="甲") == "Forbidden: user is deactivated"


class TestGroups:
    def test_kicked(self, call: Caller, world: World, groups: Groups, group: Chat):
        basic = world.add_group("小群", owner=LI, kind=ChatKind.GROUP, bot=Membership(Rank.MEMBER))
        groups.kick(group)
        groups.kick(basic)
        assert call("sendMessage", chat_id=group.id, text="甲") == (
            "Forbidden: bot was kicked from the supergroup chat"
        )
        assert call("sendMessage", chat_id=basic.id, text="甲") == "Forbidden: bot was kicked from the group chat"

    def test_left(self, call: Caller, group: Chat):
        assert call("leaveChat", chat_id=group.id) is True
        assert call("sendMessage", chat_id=group.id, text="甲") == (
            "Forbidden: bot is not a member of the supergroup chat"
        )

    def test_never_inside(self, call: Caller, world: World):
        other = world.add_group("外群", owner=LI)
        assert call("sendMessage", chat_id=other.id, text="甲") == "Bad Request: chat not found"

    def test_upgraded(self, world: World, groups: Groups):
        old = world.add_group("新建群", owner=LI, kind=ChatKind.GROUP, bot=Membership(Rank.MEMBER))
        new = groups.upgrade(old)
        body = api.answer(world, "sendmessage", {"chat_id": old.id, "text": "甲"}, {}).body
        assert body["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
        assert body["parameters"] == {"migrate_to_chat_id": new.id}

    @pytest.mark.parametrize(
        ("method", "fields", "what"),
        [
            ("sendMessage", {"text": "甲"}, "text messages"),
            ("sendPoll", {"question": "题", "options": ["甲"]}, "polls"),
            ("sendDocument", {"document": "x"}, "documents"),
            ("sendPhoto", {"photo": "x"}, "photos"),
        ],
    )
    def test_restricted(self, call: Caller, groups: Groups, group: Chat, method: str, fields: Payload, what: str):
        groups.restrict(group)
        assert call(method, chat_id=group.id, **fields) == (
            f"Bad Request: not enough rights to send {what} to the chat"
        )

    def test_what_all_members_may_not_the_bot_may_not(self, call: Caller, groups: Groups, group: Chat):
        groups.permit(group, ["can_send_messages"])
        assert call("sendPoll", **(POLL | {"chat_id": group.id})) == (
            "Bad Request: not enough rights to send polls to the chat"
        )
        groups.promote(group)
        assert call("sendPoll", **(POLL | {"chat_id": group.id}))["poll"]["question"] == "题"


class TestTexts:
    @pytest.mark.parametrize("text", ["好" * 4096, "𠮷" * 2048, "<b>" + "好" * 4096 + "</b>"])
    def test_up_to_4096_units_are_sent(self, call: Caller, text: str):
        assert call.send(text=text, parse_mode="HTML")["message_id"] == 1

    @pytest.mark.parametrize(
        ("text", "description"),
        [
            ("好" * 4097, "message is too long"),
            ("𠮷" * 2049, "message is too long"),
            ("", "message text is empty"),
            ("<b></b>", "text must be non-empty"),
            ("  \n", "text must be non-empty"),
            ("好" * 10923, "text is too long"),
        ],
    )
    def test_too_long_or_empty(self, call: Caller, text: str, description: str):
        assert call("sendMessage", chat_id=ZHANG, text=text, parse_mode="HTML") == f"Bad Request: {description}"

    def test_a_caption_over_1024(self, call: Caller, world: World):
        file = world.add_file("a.txt", b"x", "text/plain")
        fields = {"chat_id": ZHANG, "document": file.id}
        assert call("sendDocument", caption="好" * 1024, **fields)["caption"] == "好" * 1024
        assert call("sendDocument", caption="好" * 1025, **fields) == "Bad Request: message caption is too long"

    def test_other_parse_modes(self, call: Caller):
        assert call("sendMessage", chat_id=ZHANG, text="甲", parse_mode="BBCode") == (
            "Bad Request: unsupported parse_mode"
        )

    def test_broken_markup(self, call: Caller):
        assert call("sendMessage", chat_id=ZHANG, text="<b>a</i>", parse_mode="html") == (
            'Bad Request: can\'t parse entities: Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'
        )

    def test_entities_given_beside_the_text_are_kept(self, call: Caller):
        entities = [{"type": "bold", "offset": 0, "length": 2}]
        assert call.send(text="党员 /help", entities=entities)["entities"] == [
            *entities,
            {"type": "bot_command", "offset": 3, "length": 5},
        ]


class TestKeyboards:
    @pytest.mark.parametrize(
        ("markup", "description"),
        [
            ("[1", "object expected as reply markup"),
            ([], "object expected as reply markup"),
            ({"inline_keyboard": "x"}, "object expected as reply markup"),
            (
                keyboard(),
                "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
            ),
            (keyboard(text=" ", callback_data="a"), "inline keyboard button text must be non-empty"),
            (keyboard(callback_data="签" * 22), "BUTTON_DATA_INVALID"),
            (keyboard(url="不是网址"), "BUTTON_URL_INVALID"),
            ({"inline_keyboard": [[{"text": "甲", "callback_data": "a"}]] * 101}, "reply markup is too long"),
        ],
    )
    def test_refused(self, call: Caller, markup: object, description: str):
        assert call("sendMessage", chat_id=ZHANG, text="甲", reply_markup=markup) == f"Bad Request: {description}"

    @pytest.mark.parametrize(
        "markup",
        [
            keyboard(callback_data="签" * 21),
            keyboard(url="https://t.me/ketang_demo_bot?start=lv_1"),
            keyboard(web_app={"url": "https://example.org"}),
            {"inline_keyboard": [[{"text": "甲", "callback_data": "a"}]] * 100},
        ],
    )
    def test_accepted_and_shown_as_sent(self, call: Caller, markup: Payload):
        assert call.send(reply_markup=markup)["reply_markup"] == markup

    def test_a_web_app_outside_private(self, call: Caller, group: Chat):
        markup = keyboard(web_app={"url": "https://example.org"})
        assert call("sendMessage", chat_id=group.id, text="甲", reply_markup=markup) == (
            "Bad Request: BUTTON_TYPE_INVALID"
        )

    def test_a_keyboard_below_the_composer_is_kept_as_sent(self, call: Caller, world: World):
        markup = {"keyboard": [[{"text": "签到"}]], "resize_keyboard": True}
        sent = call.send(reply_markup=markup)
        assert "reply_markup" not in sent
        assert world.chats[ZHANG].messages[sent["message_id"]].reply_keyboard == markup


class TestEdits:
    def edit(self, call: Caller, sent: Payload, **fields: object) -> object:
        where = {"chat_id": sent["chat"]["id"], "message_id": sent["message_id"]}
        return call("editMessageText", **(where | {"text": "已改"} | fields))

    def test_an_edit_shows_its_date_and_drops_the_keyboard(self, call: Caller):
        sent = call.send(reply_markup=keyboard(callback_data="a"))
        edited = self.edit(call, sent)
        assert (edited["text"], "reply_markup" in edited, "edit_date" in edited) == ("已改", False, True)

    def test_the_same_edit_twice(self, call: Caller):
        sent = call.send(text="<b>甲</b>", parse_mode="HTML")
        self.edit(call, sent)
        assert self.edit(call, sent) == (
            "Bad Request: message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )

    def test_formatting_alone_is_a_change(self, call: Caller):
        sent = call.send(text="甲")
        assert self.edit(call, sent, text="<b>甲</b>", parse_mode="HTML")["entities"][0]["type"] == "bold"

    def test_what_is_not_there(self, call: Caller):
        sent = call.send()
        call("deleteMessage", chat_id=ZHANG, message_id=sent["message_id"])
        assert self.edit(call, sent) == "Bad Request: message to edit not found"
        assert self.edit(call, sent, message_id=0) == "Bad Request: message identifier is not specified"

    def test_what_is_not_the_bots(self, call: Caller, people: People):
        message = people.say(ZHANG, "我的")
        assert call("editMessageText", chat_id=ZHANG, message_id=message.id, text="乙") == (
            "Bad Request: message can't be edited"
        )

    def test_no_text_no_caption(self, call: Caller):
        poll, text = call("sendPoll", **POLL), call.send()
        assert self.edit(call, poll) == "Bad Request: there is no text in the message to edit"
        assert call("editMessageCaption", chat_id=ZHANG, message_id=text["message_id"], caption="乙") == (
            "Bad Request: there is no caption in the message to edit"
        )

    def test_captions_and_keyboards_are_edited_apart(self, call: Caller, world: World):
        file = world.add_file("a.txt", b"x", "text/plain")
        sent = call("sendDocument", chat_id=ZHANG, document=file.id, caption="甲")
        where = {"chat_id": ZHANG, "message_id": sent["message_id"]}
        assert call("editMessageCaption", caption="乙", **where)["caption"] == "乙"
        markup = keyboard(callback_data="a")
        edited = call("editMessageReplyMarkup", reply_markup=markup, **where)
        assert (edited["caption"], edited["reply_markup"]) == ("乙", markup)

    def test_only_inline_keyboards(self, call: Caller):
        assert self.edit(call, call.send(), reply_markup={"keyboard": [[{"text": "签到"}]]}) == (
            "Bad Request: inline keyboard expected"
        )


class TestDeleting:
    def test_up_to_48_hours(self, call: Caller, clock: FrozenClock):
        first, second = call.send(), call.send()
        clock.advance(hours=48)
        assert call("deleteMessage", chat_id=ZHANG, message_id=first["message_id"]) is True
        clock.advance(seconds=1)
        assert call("deleteMessage", chat_id=ZHANG, message_id=second["message_id"]) == (
            "Bad Request: message can't be deleted for everyone"
        )

    def test_what_is_not_there(self, call: Caller):
        assert call("deleteMessage", chat_id=ZHANG, message_id=9) == "Bad Request: message to delete not found"

    def test_of_others_only_in_private_or_with_the_right(
        self, call: Caller, people: People, groups: Groups, group: Chat
    ):
        private, public = people.say(ZHANG, "甲"), people.say(ZHANG, "甲", chat_id=group.id)
        assert call("deleteMessage", chat_id=ZHANG, message_id=private.id) is True
        assert call("deleteMessage", chat_id=group.id, message_id=public.id) == (
            "Bad Request: message can't be deleted"
        )
        groups.promote(group)
        assert call("deleteMessage", chat_id=group.id, message_id=public.id) is True


class TestRepliesAndTopics:
    def test_a_reply_shows_what_it_answers(self, call: Caller, people: People):
        asked = people.say(ZHANG, "几点")
        sent = call.send(reply_parameters={"message_id": asked.id})
        assert sent["reply_to_message"]["text"] == "几点"

    def test_a_missing_message_unless_it_does_not_matter(self, call: Caller):
        assert call("sendMessage", chat_id=ZHANG, text="甲", reply_parameters={"message_id": 9}) == (
            "Bad Request: message to be replied not found"
        )
        lenient = {"message_id": 9, "allow_sending_without_reply": True}
        assert "reply_to_message" not in call.send(reply_parameters=lenient)

    def test_topics(self, call: Caller, world: World, groups: Groups):
        forum = world.add_group("论坛群", owner=LI, bot=Membership(Rank.MEMBER), is_forum=True)
        topic = groups.open_topic(forum, "通知")
        sent = call.send(forum.id, message_thread_id=topic.id)
        assert (sent["message_thread_id"], sent["is_topic_message"]) == (topic.id, True)
        assert call.send(forum.id, reply_parameters={"message_id": sent["message_id"]})["message_thread_id"] == topic.id
        groups.close_topic(forum, topic.id)
        assert call("sendMessage", chat_id=forum.id, text="甲", message_thread_id=topic.id) == (
            "Bad Request: TOPIC_CLOSED"
        )
        groups.reopen_topic(forum, topic.id)
        groups.delete_topic(forum, topic.id)
        assert call("sendMessage", chat_id=forum.id, text="甲", message_thread_id=topic.id) == (
            "Bad Request: message thread not found"
        )
        assert "message_thread_id" not in call.send(forum.id)

    def test_a_thread_where_there_are_none(self, call: Caller):
        assert call("sendMessage", chat_id=ZHANG, text="甲", message_thread_id=5) == (
            "Bad Request: message thread not found"
        )


def test_a_refusal_changes_nothing(call: Caller, world: World):
    before = world.chats[ZHANG].last_message_id
    call("sendMessage", chat_id=ZHANG, text="甲", reply_markup=keyboard())
    assert world.chats[ZHANG].last_message_id == before


def test_a_refusal_is_raised_as_itself():
    refused = Refused(400, "Chat not found", migrate_to_chat_id=-1)
    assert refused.body == {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: chat not found",
        "parameters": {"migrate_to_chat_id": -1},
    }
