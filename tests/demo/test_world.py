"""What persons do, what the bot gets to see of it, and what the world remembers."""

import pytest

from bot.demo.chats import CHANNEL_BOT, GROUP_ANONYMOUS_BOT, TELEGRAM, Access, Chat, ChatKind, Membership, Rank
from bot.demo.groups import Groups
from bot.demo.journal import EventKind
from bot.demo.messages import Button, Message, Sender
from bot.demo.people import People, Voice
from bot.demo.refusals import Refused
from bot.demo.updates import Update
from bot.demo.world import BOT_ID, World
from tests.demo.conftest import LI, WANG, WU, ZHANG, FrozenClock


def seen(world: World) -> list[Update]:
    """What the bot would get now; taken out of the queue."""
    batch = world.updates.batch(100)
    world.updates.clear()
    return batch


def kinds(world: World) -> list[str]:
    return [update.kind for update in seen(world)]


def card(world: World, chat: Chat, *labels: str) -> Message:
    keyboard = (tuple(Button(label, f"m:{label}") for label in labels),)
    return world.post(Message(0, chat.id, world.now(), Sender(BOT_ID), text="会议通知", keyboard=keyboard))


class TestPrivacy:
    def test_plain_text_and_mentions_do_not_reach_a_plain_member(self, world: World, people: People, group: Chat):
        people.say(ZHANG, "大家好", chat_id=group.id)
        people.say(ZHANG, "@ketang_demo_bot 在吗", chat_id=group.id)
        people.say(ZHANG, "/help@other_bot", chat_id=group.id)
        assert seen(world) == []

    def test_commands_and_replies_to_the_bot_reach_a_plain_member(self, world: World, people: People, group: Chat):
        notice = card(world, group)
        people.say(ZHANG, "/help", chat_id=group.id)
        people.say(ZHANG, "/help@ketang_demo_bot", chat_id=group.id)
        people.say(ZHANG, "收到", chat_id=group.id, reply_to=notice)
        assert [update.body["text"] for update in seen(world)] == ["/help", "/help@ketang_demo_bot", "收到"]

    def test_an_administrator_gets_everything_but_other_bots(
        self, world: World, people: People, groups: Groups, group: Chat
    ):
        groups.promote(group)
        seen(world)
        world.add_bot(7000000002, "别的机器人", "other_bot")
        group.members[7000000002] = Membership(Rank.MEMBER)
        people.say(ZHANG, "大家好", chat_id=group.id)
        world.post(Message(0, group.id, world.now(), Sender(7000000002), text="/help"))
        assert [update.body["text"] for update in seen(world)] == ["大家好"]


class TestPrivateAccess:
    def test_a_person_is_unknown_then_known_then_started_then_blocked(
        self, world: World, people: People, groups: Groups, group: Chat
    ):
        assert world.access(WANG) is Access.UNKNOWN
        groups.join(group, WANG)
        assert world.access(WANG) is Access.KNOWN
        people.say(WANG, "/start")
        assert world.access(WANG) is Access.STARTED
        people.block(WANG)
        assert world.access(WANG) is Access.BLOCKED

    def test_writing_again_lifts_the_block_before_the_message_arrives(self, world: World, people: People):
        people.block(ZHANG)
        seen(world)
        people.say(ZHANG, "我的")
        lifted, message = seen(world)
        assert (lifted.kind, message.kind) == ("my_chat_member", "message")
        assert lifted.body["new_chat_member"]["status"] == "member"
        assert world.access(ZHANG) is Access.STARTED

    def test_blocking_twice_is_told_once(self, world: World, people: People):
        people.block(ZHANG)
        people.block(ZHANG)
        assert kinds(world) == ["my_chat_member"]


class TestSenders:
    def test_an_anonymous_administrator_shows_as_the_group(self, world: World, people: People, group: Chat):
        people.say(LI, "/round", chat_id=group.id, voice=Voice.GROUP)
        body = seen(world)[0].body
        assert body["from"]["id"] == GROUP_ANONYMOUS_BOT
        assert body["sender_chat"]["id"] == group.id

    def test_a_plain_member_cannot_be_anonymous(self, people: People, group: Chat):
        with pytest.raises(Refused, match="CHAT_ADMIN_REQUIRED"):
            people.say(ZHANG, "/round", chat_id=group.id, voice=Voice.GROUP)

    def test_a_channel_and_its_linked_forward_show_their_own_senders(self, world: World, people: People, group: Chat):
        people.say(ZHANG, "/help", chat_id=group.id, voice=Voice.CHANNEL)
        people.say(ZHANG, "/help", chat_id=group.id, voice=Voice.LINKED)
        channel, linked = (update.body for update in seen(world))
        assert channel["from"]["id"] == CHANNEL_BOT
        assert channel["sender_chat"]["type"] == "channel"
        assert linked["from"]["id"] == TELEGRAM
        assert linked["is_automatic_forward"] is True
        assert linked["forward_origin"]["type"] == "channel"

    def test_a_press_of_an_anonymous_administrator_carries_the_person(self, world: World, people: People, group: Chat):
        people.press(LI, card(world, group, "确认"), label="确认")
        assert seen(world)[0].body["from"]["id"] == LI

    def test_a_forwarded_message_names_its_author(self, world: World, people: People, group: Chat):
        original = people.say(LI, "周五开会", chat_id=group.id)
        people.forward(ZHANG, original)
        body = seen(world)[0].body
        assert body["forward_origin"]["sender_user"]["id"] == LI
        assert body["from"]["id"] == ZHANG

    def test_nobody_writes_where_he_is_not(self, people: People, group: Chat):
        with pytest.raises(Refused, match="USER_NOT_PARTICIPANT"):
            people.say(WANG, "/help", chat_id=group.id)


class TestPresses:
    def test_a_press_shows_the_message_as_it_is_now(self, world: World, people: People, group: Chat):
        notice = card(world, group, "参加", "请假")
        press = people.press(ZHANG, notice, label="请假")
        body = seen(world)[0].body
        assert (body["id"], body["data"]) == (press.id, "m:请假")
        assert body["message"]["message_id"] == notice.id

    def test_an_older_version_still_presses_its_own_button(self, world: World, people: People, group: Chat):
        notice = card(world, group, "参加")
        world.edit(notice, "已改期", (), ((Button("知道了", "m:ok"),),))
        people.press(ZHANG, notice, label="参加", version=0)
        body = seen(world)[0].body
        assert body["data"] == "m:参加"
        assert body["message"]["text"] == "已改期"

    def test_a_press_on_a_deleted_message_shows_no_message(self, world: World, people: People, group: Chat):
        notice = card(world, group, "参加")
        world.delete(notice)
        people.press(ZHANG, notice, label="参加")
        message = seen(world)[0].body["message"]
        assert (message["date"], message["message_id"]) == (0, notice.id)
        assert "text" not in message

    def test_a_missing_label_is_named_with_those_that_are_there(self, world: World, people: People, group: Chat):
        with pytest.raises(LookupError, match="〔参加〕"):
            people.press(ZHANG, card(world, group, "参加"), label="签到")


class TestLinksFilesEdits:
    def test_a_start_link_writes_its_payload_in_private(self, world: World, people: People):
        people.follow(WANG, "https://t.me/ketang_demo_bot?start=j_abc-123")
        update = seen(world)[0]
        assert update.body["text"] == "/start j_abc-123"
        assert update.body["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]

    def test_a_payload_with_other_characters_is_refused(self, people: People):
        with pytest.raises(Refused, match="START_PARAM_INVALID"):
            people.follow(ZHANG, "https://t.me/ketang_demo_bot?start=%E5%BC%A0")

    def test_a_startgroup_link_adds_the_bot_and_starts_it_there(self, world: World, people: People):
        group = world.add_group("新建群", owner=LI, kind=ChatKind.GROUP)
        people.follow(LI, "https://t.me/ketang_demo_bot?startgroup=gb_1", chat_id=group.id)
        added, joined, started = seen(world)
        assert (added.kind, joined.body["new_chat_members"][0]["id"]) == ("my_chat_member", BOT_ID)
        assert started.body["text"] == "/start@ketang_demo_bot gb_1"

    def test_an_upload_arrives_as_a_document(self, world: World, people: People):
        people.upload(LI, "名册.xlsx", b"PK..", caption="名册")
        body = seen(world)[0].body
        assert (body["document"]["file_name"], body["document"]["file_size"]) == ("名册.xlsx", 4)
        assert body["caption"] == "名册"

    def test_an_edit_is_told_and_a_deletion_is_not(self, world: World, people: People):
        message = people.say(ZHANG, "我的")
        people.edit(ZHANG, message, "错题")
        people.delete(ZHANG, message)
        assert kinds(world) == ["message", "edited_message"]
        assert world.message(ZHANG, message.id) is None


class TestIds:
    def test_message_ids_count_from_one_in_each_chat(self, world: World, people: People, group: Chat):
        people.say(ZHANG, "我的")
        people.say(LI, "我的")
        assert [update.body["message_id"] for update in seen(world)] == [1, 1]

    def test_update_ids_have_no_gap_where_a_kind_is_not_wanted(self, world: World, people: People):
        world.updates.allow(["message"])
        people.say(ZHANG, "今日")
        people.block(ZHANG)
        world.set_blocked(ZHANG, is_blocked=False)
        people.say(ZHANG, "我的")
        assert [update.id for update in seen(world)] == [500000001, 500000002]

    def test_ids_of_the_group_kinds_differ(self, world: World):
        assert world.add_group("甲", owner=LI).id == -1001000000001
        assert world.add_group("乙", owner=LI, kind=ChatKind.GROUP).id == -4001


class TestQueue:
    def test_a_press_dies_after_150_seconds_and_a_message_after_a_day(
        self, world: World, people: People, group: Chat, clock: FrozenClock
    ):
        people.press(ZHANG, card(world, group, "签到"), label="签到")
        people.say(ZHANG, "我的")
        clock.advance(seconds=149)
        assert world.updates.pending == 2
        clock.advance(seconds=1)
        assert [update.kind for update in world.updates.batch(100)] == ["message"]
        clock.advance(seconds=86_400)
        assert world.updates.batch(100) == []
        assert [update.kind for update in world.updates.died] == ["callback_query", "message"]

    def test_an_offset_forgets_what_is_below_and_a_negative_one_counts_from_the_end(self, world: World, people: People):
        for _ in range(5):
            people.say(ZHANG, "我的")
        world.updates.confirm(500000003)
        assert [update.id for update in world.updates.batch(100)] == [500000003, 500000004, 500000005]
        world.updates.confirm(-1)
        assert [update.id for update in world.updates.batch(100)] == [500000005]

    def test_an_offset_beyond_the_queue_falls_back_to_its_head(self, world: World, people: People):
        people.say(ZHANG, "我的")
        world.updates.confirm(600000000)
        assert world.updates.pending == 1


class TestGroups:
    def test_members_coming_and_going_are_service_messages(
        self, world: World, people: People, groups: Groups, group: Chat
    ):
        groups.join(group, WANG)
        groups.leave(group, WANG)
        came, went = seen(world)
        assert came.body["new_chat_members"][0]["id"] == WANG
        assert went.body["left_chat_member"]["id"] == WANG

    def test_chat_member_comes_only_asked_for_and_as_administrator(self, world: World, groups: Groups, group: Chat):
        world.updates.allow(["chat_member"])
        groups.join(group, WANG)
        assert seen(world) == []
        groups.promote(group)
        groups.kick(group, WANG)
        assert kinds(world) == ["chat_member"]
        world.updates.allow([])
        groups.join(group, WANG)
        assert kinds(world) == ["message"]

    def test_the_bot_is_told_of_its_own_ranks(self, world: World, groups: Groups, group: Chat):
        groups.promote(group)
        groups.demote(group)
        groups.kick(group)
        ranks = [(update.kind, update.body["new_chat_member"]["status"]) for update in seen(world)]
        assert ranks == [
            ("my_chat_member", "administrator"),
            ("my_chat_member", "member"),
            ("my_chat_member", "kicked"),
        ]

    def test_an_upgraded_group_starts_anew_under_a_new_id(self, world: World, people: People, groups: Groups):
        old = world.add_group("新建群", owner=LI, members=(ZHANG,), kind=ChatKind.GROUP, bot=Membership(Rank.MEMBER))
        people.say(ZHANG, "/help", chat_id=old.id)
        new = groups.upgrade(old)
        _, away, arrived = seen(world)
        assert away.body["migrate_to_chat_id"] == new.id
        assert (arrived.body["migrate_from_chat_id"], arrived.body["message_id"]) == (old.id, 1)
        assert new.holds(ZHANG)
        with pytest.raises(Refused, match="CHAT_WRITE_FORBIDDEN"):
            people.say(ZHANG, "/help", chat_id=old.id)

    def test_topics_are_opened_and_closed_with_service_messages(self, world: World, people: People, groups: Groups):
        forum = world.add_group("论坛群", owner=LI, members=(ZHANG,), bot=Membership(Rank.MEMBER), is_forum=True)
        topic = groups.open_topic(forum, "通知")
        people.say(ZHANG, "/help", chat_id=forum.id, topic=topic.id)
        groups.close_topic(forum, topic.id)
        opened, said, closed = (update.body for update in seen(world))
        assert opened["forum_topic_created"]["name"] == "通知"
        assert (opened["message_id"], said["message_thread_id"]) == (topic.id, topic.id)
        assert closed["forum_topic_closed"] == {}
        with pytest.raises(Refused, match="TOPIC_CLOSED"):
            people.say(ZHANG, "/help", chat_id=forum.id, topic=topic.id)

    def test_a_restricted_member_keeps_only_the_named_rights(self, people: People, groups: Groups, group: Chat):
        groups.restrict(group, ZHANG, sends=["can_send_polls"])
        with pytest.raises(Refused, match="CHAT_WRITE_FORBIDDEN"):
            people.say(ZHANG, "/help", chat_id=group.id)

    def test_only_administrators_promote(self, groups: Groups, group: Chat):
        with pytest.raises(Refused, match="CHAT_ADMIN_REQUIRED"):
            groups.promote(group, by=ZHANG)

    def test_the_pin_of_the_bot_comes_back_to_it(self, world: World, group: Chat):
        notice = card(world, group)
        world.pin(notice)
        body = seen(world)[0].body
        assert body["from"]["id"] == BOT_ID
        assert body["pinned_message"]["message_id"] == notice.id


class TestJournal:
    def test_every_happening_has_the_next_number(self, world: World, people: People, group: Chat):
        before = world.journal.seq
        notice = card(world, group, "签到")
        people.press(WU, notice, label="签到")
        world.edit(notice, "会议通知（已签到 1/3）", (), ())
        world.delete(notice)
        written = world.events_after(before)
        assert [event.kind for event in written] == [
            EventKind.MESSAGE,
            EventKind.PRESS,
            EventKind.EDITED,
            EventKind.DELETED,
        ]
        assert [event.seq for event in written] == list(range(before + 1, before + 5))
        assert written[1].person_id == WU

    def test_listeners_hear_of_each_event(self, world: World, people: People):
        heard: list[EventKind] = []
        world.journal.listeners.append(lambda event: heard.append(event.kind))
        people.say(ZHANG, "我的")
        assert heard == [EventKind.MESSAGE]
