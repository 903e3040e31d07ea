"""What goes out to Telegram, through the whole bot: each answer of Telegram and what people see of it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.attendance.models import Attendance
from bot.attendance.rules import Status
from bot.chats import Chats
from bot.context import Answer
from bot.demo.chats import Chat
from bot.demo.faults import BAD_GATEWAY, CUT_AFTER, UNAUTHORIZED, flood
from bot.demo.stage import Actor, Stage
from bot.demo.world import BOT_ID, World
from bot.meetings.models import Meeting
from bot.members.models import Account
from bot.members.rules import Reach
from bot.message import Content, Edit, Html, Message
from bot.outbox import Lane, OutboxRow, State
from tests import stages

People = Callable[[str], Actor]
Opened = Callable[..., AbstractAsyncContextManager[Stage]]


@pytest.fixture
def group(stage: Stage) -> Chat:
    return stage.group(stages.BRANCH_GROUP)


@pytest.fixture
def opened(telegram_server: tuple[dict[str, World], str], stage_url: str) -> Opened:
    """A stage that is not the common one: `async with opened(edit_gap=…) as stage`."""
    return partial(stages.opened, *telegram_server, stage_url)


def row(session: Session, key: str) -> OutboxRow:
    return session.scalars(select(OutboxRow).where(OutboxRow.key == key)).one()


def waiting_for(session: Session, chat_id: int) -> set[str]:
    """The states of all that was ever to be said to a chat."""
    return set(session.scalars(select(OutboxRow.state).where(OutboxRow.chat_id == chat_id)))


async def send(stage: Stage, key: str, chat_id: int, content: Content, **more: int) -> OutboxRow:
    """Something that must arrive, as a feature enqueues it; the row as it stands when nothing moves any more."""
    stage.database.run(
        outbox.enqueue, key, chat_id=chat_id, content=content, lane=Lane.NOTICE, now=stage.clock.now(), **more
    )
    stage.house.delivery.wake()
    await stage.settle()
    return stage.session(row, key)


def heard(actor: Actor) -> list[str]:
    """What the bot has said to somebody in private."""
    return [message.text for message in actor.sees() if message.sender.user_id == BOT_ID]


# -- answers that are as good as done ---------------------------------------------------------------------------------


async def test_an_edit_that_changes_nothing_counts_as_done(stage: Stage, chat: People) -> None:
    card = await stages.announced(stage)
    await chat("张三").press("参加", on=card)
    key = f"card:{stages.shown_on(stage, card)}:{card.chat_id}"
    stage.database.run(outbox.refresh, key, now=stage.clock.now())
    stage.house.delivery.wake()
    await stage.settle()
    refused = stage.calls("editMessageText")[-1]
    assert refused.description.startswith("Bad Request: message is not modified")
    done = stage.session(row, key)
    assert (done.state, done.message_id) == (State.SENT, card.id)


async def test_a_press_answered_too_late_is_no_error(stage: Stage, chat: People) -> None:
    stage.expect_refusal("query is too old")
    card = await stages.announced(stage)
    press = stage.people.press(chat("张三").id, card, label="参加")
    stage.clock.advance(timedelta(seconds=61))
    await stage.settle()
    assert stage.calls("answerCallbackQuery")[-1].status == 400
    assert card.text.endswith("已回复 1/12：参加1 · 请假0 · 未回复11")
    del stage.world.presses[press.id]  # Telegram forgot it before we could answer


# -- many at once -----------------------------------------------------------------------------------------------------


def test_an_edit_that_still_waits_gives_way_to_the_next_of_its_message() -> None:
    """Whoever ticks five letters in a second sees the last state, not five of them in five seconds."""
    chats, first, second = Chats(has_limits=True), Edit(Message("一")), Edit(Message("二"))
    for part, message_id in ((first, 5), (second, 5), (first, 6), (Message("三"), None), (first, 6), (second, 6)):
        chats.queue(Answer(1001, part, message_id=message_id))
    waiting = [(answer.part, answer.message_id) for answer in chats.of(1001).answers]
    assert waiting == [(second, 5), (first, 6), (Message("三"), None), (second, 6)]


async def test_sixty_taps_in_twenty_seconds_are_sixty_records_and_seven_edits(opened: Opened) -> None:
    async with opened(edit_gap=timedelta(seconds=4)) as stage:
        people = stages.crowd(stage, 60)
        card = await stages.announced(stage, "今天9点10分 主题党日 学习 @三楼会议室")
        edits = len(card.versions)
        for second in range(0, 20, 2):
            for person in people[3 * second : 3 * second + 6]:
                stage.people.press(person.id, card, label="签到")
            await stage.advance(seconds=2)
        await stage.advance(seconds=3)
        assert stage.session(_present) == 60
        assert card.text.endswith("实到60 · 请假0 · 未签12")
        assert len(card.versions) - edits <= 7
        assert len(stage.world.presses) == 61
        assert [p.toast for p in stage.world.presses.values()].count("已签到09:00（准时）") == 60


def _present(session: Session) -> int:
    present = select(func.count()).join(Meeting, Meeting.id == Attendance.meeting_id).select_from(Attendance)
    return session.scalar(present.where(stages.OF_THE_PLAY, Attendance.status == Status.PRESENT)) or 0


async def test_a_group_told_to_wait_holds_up_nobody_else(stage: Stage, group: Chat) -> None:
    stage.expect_refusal("Too Many Requests: retry after 30")
    people = [stage.world.add_person(4000 + n, f"远方{n}", has_started=True) for n in range(200)]
    stage.fault("sendMessage", flood(30), chat=group.id)

    def enqueue(session: Session) -> None:
        for chat_id in (group.id, *(person.id for person in people)):
            content = Message(Html("请准时到会。"))
            outbox.enqueue(
                session, f"test:{chat_id}", chat_id=chat_id, content=content, lane=Lane.NOTICE, now=stage.clock.now()
            )

    stage.database.run(enqueue)
    began = stage.clock.now()
    await stage.settle()
    arrived = [message for person in people for message in stage.world.chats[person.id].messages.values()]
    assert [message.at for message in arrived] == [began] * 200
    assert stage.session(row, f"test:{group.id}").state == State.PENDING
    happened = await stage.advance(seconds=60)
    assert [(one.at - began, one.chat_id) for one in happened] == [(timedelta(seconds=30), group.id)]
    assert stage.session(row, f"test:{group.id}").attempts == 1


# -- answers that never came ------------------------------------------------------------------------------------------

ASKED = "请回复：3月6日（周五）15:00 主题党日，三楼会议室。能参加吗"


async def test_a_reminder_whose_answer_was_lost_goes_once_more_and_says_so(stage: Stage, chat: People) -> None:
    stage.expect_refusal("cut_after")
    await stages.announced(stage)
    await stage.at("2026-03-05 15:59:59")
    stage.fault("sendMessage", CUT_AFTER, chat=chat("张三").id)
    await stage.advance(minutes=10)
    assert heard(chat("张三")) == [ASKED, f"（补发）{ASKED}"]
    first, again = chat("张三").sees()[-2:]
    assert again.at - first.at == timedelta(seconds=60)


async def test_a_press_on_the_reminder_shows_that_it_had_arrived(stage: Stage, chat: People) -> None:
    stage.expect_refusal("cut_after")
    await stages.announced(stage)
    await stage.at("2026-03-05 15:59:59")
    stage.fault("sendMessage", CUT_AFTER, chat=chat("张三").id)
    await stage.advance(seconds=10)
    assert (await chat("张三").press("参加")).toast == "已登记：参加"
    await stage.advance(minutes=10)
    [only] = heard(chat("张三"))
    assert only.endswith("您已回复：参加")


async def test_a_card_whose_answer_was_lost_is_never_posted_twice(stage: Stage, chat: People, group: Chat) -> None:
    stage.expect_refusal("cut_after")
    stage.fault("sendMessage", CUT_AFTER, chat=group.id)
    card = await stages.announced(stage)
    await stage.advance(minutes=10)
    assert len([m for m in chat("张三").sees(group) if m.text == card.text]) == 1
    told = next(m for m in chat("李四").sees() if "可能未送达" in m.text)
    assert told.text == "发到“一支部群”的一条消息可能未送达，请看一下群里。"
    assert [button.text for button in told.buttons()] == ["再发一次"]
    assert (await chat("张三").press("参加", on=card)).toast == "已登记：参加"
    assert card.text.endswith("已回复 1/12：参加1 · 请假0 · 未回复11")


# -- chats that change ------------------------------------------------------------------------------------------------


async def moved(stage: Stage, *, is_told: bool) -> Chat:
    """新建群 is 城建一支部's group now and becomes a supergroup; `is_told`: the bot has heard of it."""
    new, li = stage.group("新建群"), stage.actor("李四")
    await stage.add_bot(new, by=li.id)
    await li.say("/bind")
    link = (await li.press(stages.BRANCH)).message.button("选择群并绑定").url
    await li.follow(str(link), in_=new)
    await li.press("更换", in_=new)
    await stages.announced(stage, group="新建群")
    larger = stage.groups.upgrade(new)
    if not is_told:
        stage.world.updates.clear()
    await stage.settle()
    return larger


@pytest.mark.parametrize("is_told", [True, False], ids=["heard of it", "learns at the sending"])
async def test_a_reminder_follows_its_group_to_the_new_number(stage: Stage, chat: People, is_told: bool) -> None:
    stage.expect_refusal("not enough rights to manage pinned messages")  # a plain member there: it works unpinned
    if not is_told:
        stage.expect_refusal("group chat was upgraded to a supergroup chat")
    larger = await moved(stage, is_told=is_told)
    await stage.at("2026-03-06 13:01")
    said = [message for message in chat("李四").sees(larger) if message.sender.user_id == BOT_ID]
    assert [m.text for m in said].count("还有12人未回复，请在卡片上选择参加或请假。") == 1
    (card,) = [message for message in said if message.text.startswith("【主题党日】")]
    assert (await chat("张三").press("参加", on=card)).edits == [card]


async def test_a_kicked_bot_says_so_in_private_and_sends_nothing_more(stage: Stage, chat: People, group: Chat) -> None:
    stage.expect_refusal("bot was kicked from the supergroup chat")
    await stages.announced(stage)
    stage.groups.kick(group)
    stage.world.updates.clear()  # the bot hears of it only when it speaks
    await stage.at("2026-03-06 13:00")
    told = "机器人已不在“一支部群”，请重新邀请。在此之前会议通知改为私信。"
    assert heard(chat("李四")).count(told) == 1
    assert State.PENDING not in stage.session(waiting_for, group.id)
    assert State.UNREACHABLE in stage.session(waiting_for, group.id)
    assert len([call for call in stage.calls() if not call.is_ok]) == 1


async def test_somebody_who_blocked_the_bot_is_left_alone_until_he_is_back(stage: Stage, chat: People) -> None:
    stage.expect_refusal("bot was blocked by the user")
    await stages.announced(stage)
    zhang = chat("张三")
    stage.people.block(zhang.id)
    stage.world.updates.clear()
    await stage.at("2026-03-06 13:30")
    told = "张三收不到机器人的私信（停用或屏蔽了机器人），请当面通知。"
    assert heard(chat("李四")).count(told) == 1
    assert len([call for call in stage.calls() if not call.is_ok]) == 1
    assert stage.session(reach_of, zhang.id) is Reach.BLOCKED
    await zhang.say("/help")
    assert stage.session(reach_of, zhang.id) is Reach.OK


def reach_of(session: Session, user_id: int) -> Reach:
    return session.scalars(select(Account.reach).where(Account.telegram_user_id == user_id)).one()


# -- refusals of one message ------------------------------------------------------------------------------------------


async def test_a_topic_that_is_gone_is_left_and_the_secretary_hears_of_it_once(
    stage: Stage, chat: People, group: Chat
) -> None:
    stage.expect_refusal("message thread not found")
    for key in ("test:1", "test:2"):
        assert (await send(stage, key, group.id, Message(Html(key)), thread_id=77)).state == State.SENT
    assert [m.text for m in chat("张三").sees(group)][-2:] == ["test:1", "test:2"]
    told = "“一支部群”里原来的话题已关闭或删除，消息改发到群的默认话题。"
    assert heard(chat("李四")).count(told) == 1


async def test_without_the_right_to_write_the_secretary_gets_the_text(stage: Stage, chat: People, group: Chat) -> None:
    stage.expect_refusal("not enough rights to send text messages to the chat")
    stage.groups.restrict(group)
    await stage.settle()
    assert (await send(stage, "test:1", group.id, Message(Html("请<b>准时</b>到会。")))).state == State.DEAD
    told = "机器人在“一支部群”没有发言的权限，请群管理员放开；放开之前不再重复提醒。\n没有发出的内容：\n"
    assert heard(chat("李四")) == [f"{told}请准时到会。"]


async def test_a_missing_right_is_told_once_until_it_was_there_again(stage: Stage, chat: People, group: Chat) -> None:
    stage.expect_refusal("not enough rights to send text messages to the chat")
    for lines, may_write in (("一二", False), ("三", True), ("四五", False)):
        stage.groups.restrict(group, sends=["can_send_messages"] if may_write else [])
        await stage.advance(minutes=1)
        for line in lines:
            await send(stage, f"test:{line}", group.id, Message(Html(line)))
    assert [text[-1] for text in heard(chat("李四"))] == ["一", "四"]


async def test_a_text_telegram_cannot_read_arrives_plain_with_an_incident(stage: Stage, chat: People) -> None:
    stage.expect_refusal("can't parse entities")
    stage.expect_incident()
    done = await send(stage, "test:1", chat("张三").id, Message(Html("请<b>准时到会。")))
    assert done.state == State.SENT
    assert heard(chat("张三")) == ["请准时到会。"]


async def test_a_refused_message_is_an_incident_and_never_the_series(opened: Opened) -> None:
    async with opened(root=[1003]) as stage:
        stage.expect_refusal("message is too long")
        stage.expect_incident(2)
        zhang = stage.actor("张三")
        for number in (1, 2):
            dead = await send(stage, f"test:{number}", zhang.id, Message(Html("长" * 5000)))
            assert (dead.state, dead.attempts) == (State.DEAD, 1)
        assert (await send(stage, "test:3", zhang.id, Message(Html("短")))).state == State.SENT
        assert heard(zhang) == ["短"]
        assert [text[:4] for text in heard(stage.actor("王五"))] == ["程序出错"]


async def test_a_refused_token_stops_the_sending_and_not_the_storing(stage: Stage, chat: People) -> None:
    stage.expect_refusal("Unauthorized")
    card = await stages.announced(stage)
    stage.fault("sendMessage", UNAUTHORIZED)
    stage.database.run(
        outbox.enqueue,
        "test:1",
        chat_id=chat("李四").id,
        content=Message(Html("请准时到会。")),
        lane=Lane.NOTICE,
        now=stage.clock.now(),
    )
    stage.house.delivery.wake()
    await stage.house.delivery.drain()
    assert stage.house.delivery.is_stopped
    assert (await stage.house.health())["status"] == "unwell"
    stage.people.press(chat("张三").id, card, label="参加")
    await stage.house.poller.once(0)
    assert not stage.house.delivery.is_stopped  # Telegram knows the token again
    await stage.settle()
    assert card.text.endswith("已回复 1/12：参加1 · 请假0 · 未回复11")
    assert heard(chat("李四"))[-1] == "请准时到会。"
    assert stage.session(row, "test:1").attempts == 1


async def test_a_server_in_trouble_is_asked_again_after_two_seconds(stage: Stage, chat: People) -> None:
    stage.expect_refusal("bad_gateway")
    stage.fault("sendMessage", BAD_GATEWAY)
    assert (await send(stage, "test:1", chat("张三").id, Message(Html("请准时到会。")))).state == State.PENDING
    happened = await stage.advance(seconds=60)
    assert [one.at for one in happened] == [stage.clock.now() - timedelta(seconds=58)]
    assert heard(chat("张三")) == ["请准时到会。"]


# -- cards that grew old ----------------------------------------------------------------------------------------------


async def moved_to_monday(stage: Stage) -> None:
    li = stage.actor("李四")
    await li.press("改期")
    await li.say("3月9日16点")
    await li.say("党委会议冲突")


async def test_an_older_reminder_is_refused_and_loses_its_buttons(stage: Stage, chat: People) -> None:
    await stages.announced(stage)
    await stage.at("2026-03-05 16:00")
    asked = chat("张三").last()
    await moved_to_monday(stage)
    before = stage.session(stages.contents)
    assert (await chat("张三").press("参加", on=asked)).alert == "这条通知已更新，请看最新一条。"
    assert stage.session(stages.contents) == before
    assert asked.keyboard == ()
    assert (await chat("张三").press("参加", on=asked, stale=0)).alert == "这条通知已更新，请看最新一条。"


async def test_a_late_press_on_the_card_leaves_its_newer_buttons_to_the_others(stage: Stage, chat: People) -> None:
    card = await stages.announced(stage)
    await moved_to_monday(stage)
    assert (await chat("张三").press("参加", on=card, stale=0)).alert == "这条通知已更新，请看最新一条。"
    assert (await chat("周八").press("参加", on=card)).toast == "已登记：参加"
    assert card.text.endswith("已回复 1/12：参加1 · 请假0 · 未回复11")


async def test_a_press_on_a_deleted_card_counts_and_brings_the_card_back(
    stage: Stage, chat: People, group: Chat
) -> None:
    stage.expect_refusal("message to edit not found")
    card = await stages.announced(stage)
    await chat("李四").delete(card)
    done = await chat("张三").press(on=card, data=card.button("参加").data)
    assert done.toast == "已登记：参加"
    (again,) = [m for m in chat("张三").sees(group) if m.text.startswith("【主题党日】")]
    assert again.text.endswith("已回复 1/12：参加1 · 请假0 · 未回复11")
    assert (await chat("周八").press("参加", on=again)).toast == "已登记：参加"
    assert again.text.endswith("已回复 2/12：参加2 · 请假0 · 未回复10")
