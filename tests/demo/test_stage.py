"""The stage itself: moments of a jump, what each person's command list holds, what a play is judged by, transcripts."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session
from syrupy.assertion import SnapshotAssertion

from bot import outbox
from bot.demo import verdict
from bot.demo.stage import Actor, Stage, moment
from bot.demo.world import World
from bot.members import menus, register
from bot.members.models import Account, Unit
from bot.members.rules import Cause, Role, Way
from bot.message import Html, Message
from bot.outbox import Lane
from bot.periods import local_day
from tests import databases, stages

People = Callable[[str], Actor]
Server = tuple[dict[str, World], str]

# -- jumps ------------------------------------------------------------------------------------------------------------


async def test_a_reminder_carries_its_own_moment_however_far_the_jump(stage: Stage, chat: People) -> None:
    await stages.announced(stage)
    happened = await stage.advance(days=7)
    asked = [one for one in happened if one.line.startswith("请回复：")]
    assert {one.at for one in asked} == {moment("2026-03-05 16:00")}
    assert len(asked) == 11
    assert next(m for m in chat("张三").sees() if m.text.startswith("请回复：")).at == moment("2026-03-05 16:00")
    assert [one.at for one in happened] == sorted(one.at for one in happened)


async def test_two_reminders_a_second_apart_keep_their_order(stage: Stage, chat: People) -> None:
    first, second = moment("2026-03-05 16:00:00"), moment("2026-03-05 16:00:01")
    for text, due_at in (("后一条", second), ("前一条", first)):
        content = Message(Html(text))
        stage.database.run(
            outbox.enqueue,
            f"test:{text}",
            chat_id=chat("张三").id,
            content=content,
            lane=Lane.NOTICE,
            now=stage.clock.now(),
            due_at=due_at,
        )
    happened = await stage.advance(days=7)
    assert [(one.at, one.line) for one in happened] == [(first, "前一条"), (second, "后一条")]


# -- command lists ----------------------------------------------------------------------------------------------------


async def test_a_demoted_secretary_sees_the_list_of_a_member(stage: Stage, chat: People) -> None:
    li, zhang, group = chat("李四"), chat("张三"), stage.group(stages.BRANCH_GROUP)
    assert li.commands() != zhang.commands()
    assert li.commands(group) != zhang.commands(group)
    assert "plan" in li.commands()
    stage.database.run(_demote, li.id)
    stage.house.delivery.wake()
    await stage.settle()
    assert li.commands() == zhang.commands()
    assert "round" not in li.commands(group)
    refused = await li.say("/plan 3月6日15点 主题党日")
    assert refused.message.text == "这个操作只有支部书记或管理员可以用。需要开通请联系管理员。"


def _demote(session: Session, user_id: int) -> None:
    at = moment("2026-03-02 09:00")
    member_id = session.scalars(select(Account.member_id).where(Account.telegram_user_id == user_id)).one()
    branch_id = session.scalars(select(Unit.id).where(Unit.name == stages.BRANCH)).one()
    cause = Cause(Way.SETUP, None, at)
    register.take_role(session, member_id, Role.SECRETARY, branch_id, on=local_day(at), cause=cause)
    menus.push(session, [member_id], now=at)


# -- what a play is judged by -----------------------------------------------------------------------------------------


async def test_a_press_nobody_answers_is_found(stage: Stage, chat: People) -> None:
    await stages.announced(stage, "今天9点10分 主题党日 学习 @三楼会议室")
    card = chat("张三").last(stage.group(stages.BRANCH_GROUP))
    stage.people.press(chat("张三").id, card, label="签到")
    assert verdict.faults(stage.world) == ["callback never answered: 张三 〔签到〕"]
    await stage.settle()
    assert verdict.faults(stage.world) == []


# -- the check-in story as a transcript -------------------------------------------------------------------------------


async def story(stage: Stage) -> str:
    """A theme day from its planning to its summary."""
    card = await stages.announced(stage, "今天9点30分 主题党日 学习二十大精神 @三楼会议室")
    group = stage.group(stages.BRANCH_GROUP)
    zhang, zhou, li = stage.actor("张三"), stage.actor("周八"), stage.actor("李四")
    await zhang.press("参加", on=card)
    await zhou.press("请假", on=card)
    await zhou.press("公假")
    await li.press("同意")
    await stage.at("2026-03-02 09:20")
    await zhang.press("签到", on=card)
    await zhang.press("签到", on=card)
    await stage.at("2026-03-02 09:45")
    await li.press("签到", in_=group)
    await stage.at("2026-03-02 12:30")
    return stage.transcript()


async def test_the_story_reads_as_ever_and_the_same_twice(
    telegram_server: Server, seeded_file: Path, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    told = []
    for run in ("first", "second"):
        (tmp_path / run).mkdir()
        with databases.sqlite(seeded_file, tmp_path / run) as url:
            async with stages.opened(*telegram_server, url) as stage:
                told.append(await story(stage))
    assert told[0] == told[1]
    assert told[0] == snapshot


async def test_the_story_reads_the_same_on_postgresql(
    telegram_server: Server, seeded_file: Path, seeded_postgres: str, tmp_path: Path
) -> None:
    told = []
    with databases.sqlite(seeded_file, tmp_path) as url:
        for address in (url, seeded_postgres):
            async with stages.opened(*telegram_server, address) as stage:
                told.append(await story(stage))
    assert told[0] == told[1]
