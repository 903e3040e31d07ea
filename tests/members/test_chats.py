"""Groups: binding by a code, strangers, groups lost and moved, people who cannot be reached."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox
from bot.meetings.models import Card, Meeting
from bot.meetings.rules import CardKind, MeetingKind, MeetingState
from bot.members import chats, reach, service
from bot.members.facts import ChatBound
from bot.members.models import Account, Chat
from bot.members.rules import ChatState, NotAllowed, Reach, TopicOf
from bot.message import Message, Sender, StaleButton
from bot.outbox import Lane, OutboxRow, State
from bot.quiz.models import Paper, Round
from bot.quiz.rules import PaperKind
from tests.make import GROUP_CHAT, NOW, Cast, Make, Someone
from tests.members.test_joining import entropy, sent

OTHER_CHAT = -1001000000002


def code(make: Make, who: Someone, unit_id: int, draw: Callable[[int], bytes] | None = None) -> str:
    return make.database.run(chats.make_code, who.sender(), unit_id, entropy=draw or entropy(), now=NOW).code


def bind(
    make: Make, who: Someone, word: str, chat_id: int = GROUP_CHAT, *, replaces: bool = False, later: int = 0
) -> ChatBound | None:
    sender, now = who.sender(chat_id=chat_id), NOW + timedelta(minutes=later)
    return make.database.run(chats.bind_chat, sender, word, "一支部群", replaces=replaces, now=now)


def state(make: Make, chat_id: int = GROUP_CHAT) -> ChatState | None:
    def read(session: Session) -> ChatState | None:
        return session.scalar(select(Chat.state).where(Chat.chat_id == chat_id))

    return make.database.look(read)


def outgoing(make: Make, chat_id: int) -> list[tuple[str, object]]:
    """Kind and text or command names of what waits for one chat."""
    query = select(OutboxRow.body).where(OutboxRow.chat_id == chat_id, OutboxRow.state == State.PENDING)
    rows = make.database.look(lambda session: session.scalars(query.order_by(OutboxRow.id)).all())
    return [(str(body["kind"]), body.get("text") or body.get("commands")) for body in rows if body]


# -- binding ------------------------------------------------------------------------------------------------------


def test_a_code_binds_the_group_in_which_it_is_said(make: Make) -> None:
    cast = make.cast()
    word = code(make, cast.li, cast.branch.id)
    assert (len(word), set(word) <= set(chats.CODE_LETTERS)) == (6, True)
    assert bind(make, cast.li, word.lower()) == ChatBound(cast.branch)
    found = make.database.look(service.unit_of_chat, GROUP_CHAT)
    assert found == cast.branch


def test_a_code_is_used_once_and_for_ten_minutes(make: Make) -> None:
    cast = make.cast()
    draw = entropy()
    first, second = code(make, cast.li, cast.branch.id, draw), code(make, cast.li, cast.branch.id, draw)
    bind(make, cast.li, first)
    assert bind(make, cast.li, first) is None
    assert bind(make, cast.li, second, later=10) is None


def test_a_code_opens_nothing_without_the_right(make: Make) -> None:
    cast = make.cast()
    word = code(make, cast.li, cast.branch.id)
    for other in (cast.zhang, cast.zhao):
        with pytest.raises(NotAllowed):
            bind(make, other, word)
    with pytest.raises(NotAllowed):
        code(make, cast.zhao, cast.branch.id)
    assert state(make) is None


def test_five_wrong_codes_end_the_guessing_in_that_chat(make: Make) -> None:
    cast = make.cast()
    word = code(make, cast.li, cast.branch.id)
    assert [bind(make, cast.li, "AAAAAA") for _ in range(5)] == [None] * 5
    with pytest.raises(chats.SlowDown) as refusal:
        bind(make, cast.li, word)
    assert str(refusal.value) == "请稍后再试。"
    assert bind(make, cast.li, word, OTHER_CHAT) == ChatBound(cast.branch)


def test_a_group_of_another_unit_is_loosened_first(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.second)
    with pytest.raises(chats.ChatTaken) as refusal:
        bind(make, cast.li, code(make, cast.li, cast.branch.id))
    assert str(refusal.value) == "本群已绑定“二支部”，请先解除。"


def test_a_second_group_replaces_the_first_only_when_asked_to(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    word = code(make, cast.li, cast.branch.id)
    assert bind(make, cast.li, word, OTHER_CHAT) == ChatBound(cast.branch, word, "一支部群")
    bound = bind(make, cast.li, word, OTHER_CHAT, replaces=True)
    assert bound is not None
    assert (bound.unit, bound.former, bound.undo and bound.undo.name) == (cast.branch, None, "一支部群")
    assert (state(make), state(make, OTHER_CHAT)) == (ChatState.LOOSENED, ChatState.ACTIVE)


def topics(make: Make) -> tuple[int | None, int | None]:
    query = select(Chat.thread_notice, Chat.thread_study).where(Chat.chat_id == GROUP_CHAT)
    return make.database.look(lambda session: tuple(session.execute(query).one()))


def in_topic(who: Someone, thread_id: int | None) -> Sender:
    return replace(who.sender(chat_id=GROUP_CHAT), thread_id=thread_id)


def test_a_code_said_in_a_topic_binds_that_topic_and_each_purpose_can_have_its_own(make: Make) -> None:
    cast = make.cast()
    word = code(make, cast.li, cast.branch.id)
    bound = make.database.run(chats.bind_chat, in_topic(cast.li, 7), word, "一支部群", now=NOW)
    assert (bound, topics(make)) == (ChatBound(cast.branch, is_in_topic=True), (7, 7))
    make.database.run(chats.use_topic, in_topic(cast.li, 9), TopicOf.STUDY, now=NOW)
    assert topics(make) == (7, 9)
    make.database.run(chats.use_topic, in_topic(cast.li, None), TopicOf.BOTH, now=NOW)
    assert topics(make) == (None, None)


def test_only_who_may_bind_says_what_a_topic_is_for(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    assert make.database.look(chats.topics_here, in_topic(cast.li, 7), now=NOW) == cast.branch
    assert make.database.look(chats.topics_here, in_topic(cast.li, None), now=NOW) is None
    for who in (cast.zhang, cast.zhao):
        assert make.database.look(chats.topics_here, in_topic(who, 7), now=NOW) is None
        with pytest.raises(StaleButton):
            make.database.run(chats.use_topic, in_topic(who, 7), TopicOf.BOTH, now=NOW)
    assert topics(make) == (None, None)


@pytest.mark.parametrize(("said_in", "held_in"), [(None, 9), (7, 9), (8, 8), (9, 9)])
def test_a_quiz_is_held_where_it_is_asked_for_but_not_among_notices(
    make: Make, said_in: int | None, held_in: int
) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    make.database.run(chats.use_topic, in_topic(cast.li, 7), TopicOf.NOTICE, now=NOW)
    make.database.run(chats.use_topic, in_topic(cast.li, 9), TopicOf.STUDY, now=NOW)
    assert make.database.look(chats.study_topic, in_topic(cast.zhang, said_in)) == held_in


def test_a_companys_group_cannot_be_bound(make: Make) -> None:
    cast = make.cast()
    with pytest.raises(chats.NotForCompanies):
        code(make, cast.wang, cast.company.id)


def test_a_group_is_loosened(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    with pytest.raises(NotAllowed):
        make.database.run(chats.loosen, cast.zhao.sender(), cast.branch.id, now=NOW)
    assert make.database.run(chats.loosen, cast.li.sender(), cast.branch.id, now=NOW).name == "一支部"
    assert state(make) is ChatState.LOOSENED
    with pytest.raises(chats.NoChat):
        make.database.run(chats.loosen, cast.li.sender(), cast.branch.id, now=NOW)


# -- added, removed -----------------------------------------------------------------------------------------------


def added(make: Make, who: Someone | Sender, chat_id: int = GROUP_CHAT) -> bool:
    sender = who if isinstance(who, Sender) else who.sender(chat_id=chat_id)
    return make.database.run(chats.bot_added, sender, "一支部群", now=NOW)


def test_a_stranger_who_adds_the_bot_reads_one_polite_line(make: Make) -> None:
    cast = make.cast()
    for who in (cast.zhang, Sender(9001, GROUP_CHAT, NOW)):
        assert not added(make, who)
    assert outgoing(make, GROUP_CHAT) == [
        ("message", "您好，本机器人只为已登记的党支部服务，请支部书记来绑定。打扰了，先退出。"),
        ("leave", None),
    ]


def test_the_bot_stays_with_whoever_may_bind(make: Make) -> None:
    cast = make.cast()
    assert added(make, cast.li)
    assert added(make, cast.wang)
    assert added(make, Sender(5, GROUP_CHAT, NOW, is_root=True))
    assert outgoing(make, GROUP_CHAT) == []


def test_a_group_that_lost_the_bot_lives_again_when_it_is_back(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    for _ in range(2):
        make.database.run(reach.left, cast.zhang.sender(chat_id=GROUP_CHAT), now=NOW)
    assert state(make) is ChatState.INACTIVE
    assert sent(make, cast.li.user_id) == ["机器人已不在“一支部群”，请重新邀请。在此之前会议通知改为私信。"]
    assert added(make, cast.zhang)
    assert state(make) is ChatState.ACTIVE


def test_an_old_group_does_not_push_the_new_one_aside(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    bind(make, cast.li, code(make, cast.li, cast.branch.id), OTHER_CHAT, replaces=True)
    assert not added(make, cast.zhang)
    assert added(make, cast.li)
    assert (state(make), state(make, OTHER_CHAT)) == (ChatState.LOOSENED, ChatState.ACTIVE)


def test_a_loosened_group_is_nobodys_until_it_is_bound_again(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    make.database.run(chats.loosen, cast.li.sender(), cast.branch.id, now=NOW)
    assert not added(make, cast.zhang)
    assert added(make, cast.li)
    assert state(make) is ChatState.LOOSENED
    assert make.database.look(service.unit_of_chat, GROUP_CHAT) is None
    bind(make, cast.li, code(make, cast.li, cast.branch.id))
    assert state(make) is ChatState.ACTIVE


# -- moved --------------------------------------------------------------------------------------------------------


def test_a_group_that_became_a_supergroup_is_the_same_group(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch, -4001)

    make.database.run(_in_use, cast)
    for _ in range(2):
        make.database.run(reach.moved, cast.zhang.sender(), -4001, GROUP_CHAT, now=NOW)
    assert make.database.look(service.unit_of_chat, GROUP_CHAT) == cast.branch
    assert state(make, -4001) is None
    assert outgoing(make, GROUP_CHAT) == [("message", "x")]
    places = make.database.look(
        lambda session: [session.execute(select(Card.chat_id, Card.message_id)).one(), session.scalars(_ROUNDS).one()]
    )
    assert [tuple(places[0]), places[1]] == [(GROUP_CHAT, None), GROUP_CHAT]


_ROUNDS = select(Round.chat_id)


def _in_use(session: Session, cast: Cast) -> None:
    """A message waits for the group, a card stands in it, a round runs in it."""
    outbox.enqueue(session, "x:1", chat_id=-4001, content=Message("x"), lane=Lane.NOTICE, now=NOW)
    meeting = Meeting(
        unit_id=cast.branch.id,
        kind=MeetingKind.MEMBER_ASSEMBLY,
        title="大会",
        place="三楼",
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
        state=MeetingState.SCHEDULED,
        created_at=NOW,
    )
    paper = Paper(token="t", kind=PaperKind.LIVE, title="答题", blueprint={}, seed=1)
    session.add_all([meeting, paper])
    session.flush()
    card = Card(meeting_id=meeting.id, chat_id=-4001, what=CardKind.PUBLIC, message_id=7)
    session.add_all([card, Round(paper_id=paper.id, chat_id=-4001, host_id=cast.li.id, next_step_at=NOW)])


def test_a_group_bound_again_before_the_move_was_heard_of(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch, -4001)
    make.database.run(_lose, -4001)
    make.chat(cast.branch, GROUP_CHAT)
    make.database.run(reach.moved, cast.zhang.sender(), -4001, GROUP_CHAT, now=NOW)
    chats_left = make.database.look(lambda s: s.scalars(select(Chat.chat_id)).all())
    assert chats_left == [GROUP_CHAT]


def _lose(session: Session, chat_id: int) -> None:
    session.get_one(Chat, chat_id).state = ChatState.INACTIVE


# -- reach --------------------------------------------------------------------------------------------------------


def reach_of(make: Make, someone: Someone) -> Reach | None:
    def read(session: Session) -> Reach | None:
        return session.scalar(select(Account.reach).where(Account.telegram_user_id == someone.user_id))

    return make.database.look(read)


def test_the_secretary_hears_once_of_somebody_who_blocked_the_bot(make: Make) -> None:
    cast = make.cast()
    for _ in range(2):
        make.database.run(reach.mark_unreachable, cast.zhang.user_id, now=NOW)
    assert reach_of(make, cast.zhang) is Reach.BLOCKED
    assert sent(make, cast.li.user_id) == ["张三收不到机器人的私信（停用或屏蔽了机器人），请当面通知。"]
    make.database.run(reach.opened, cast.zhang.sender(), now=NOW)
    assert reach_of(make, cast.zhang) is Reach.OK


def test_of_the_secretary_the_next_in_charge_hears(make: Make) -> None:
    cast = make.cast()
    make.database.run(reach.blocked, cast.li.sender(), now=NOW)
    assert sent(make, cast.li.user_id) == []
    assert sent(make, cast.sun.user_id) == [
        "书记暂不能收到，转给您。\n李四收不到机器人的私信（停用或屏蔽了机器人），请当面通知。"
    ]


def test_what_waited_for_somebody_unreachable_is_not_sent(make: Make) -> None:
    cast = make.cast()

    def write(session: Session) -> None:
        outbox.enqueue(session, "x:1", chat_id=cast.zhang.user_id, content=Message("x"), lane=Lane.NOTICE, now=NOW)

    make.database.run(write)
    make.database.run(reach.mark_unreachable, cast.zhang.user_id, now=NOW)
    assert outgoing(make, cast.zhang.user_id) == []


def unsure_post(make: Make) -> int:
    def write(session: Session) -> int:
        outbox.enqueue(session, "x:1", chat_id=GROUP_CHAT, content=Message("x"), lane=Lane.NOTICE, now=NOW)
        row = session.scalars(select(OutboxRow).where(OutboxRow.key == "x:1")).one()
        row.state = State.UNKNOWN
        return row.id

    return make.database.run(write)


def test_a_post_of_unknown_fate_is_sent_again_by_who_plans(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    row_id = unsure_post(make)
    make.database.run(reach.post_unsure, GROUP_CHAT, row_id, now=NOW)
    assert sent(make, cast.li.user_id) == ["发到“一支部群”的一条消息可能未送达，请看一下群里。"]
    with pytest.raises(NotAllowed):
        make.database.run(reach.send_again, cast.zhao.sender(), row_id, now=NOW)
    make.database.run(reach.send_again, cast.li.sender(), row_id, now=NOW)
    assert outgoing(make, GROUP_CHAT) == [("message", "x")]
    with pytest.raises(StaleButton):
        make.database.run(reach.send_again, cast.li.sender(), row_id, now=NOW)
    with pytest.raises(StaleButton):
        make.database.run(reach.send_again, cast.li.sender(), 999, now=NOW)
