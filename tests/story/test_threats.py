"""What somebody may try who means no good, through the whole bot."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from bot.attendance.models import Attendance, AttendanceEvent
from bot.attendance.rules import Action
from bot.demo.chats import ADMIN_RIGHTS, Membership, Rank
from bot.demo.faults import flood
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage
from bot.demo.world import World
from bot.limits import ASKED_BURST
from bot.members.models import Member, RoleChange, RoleGrant
from bot.members.rules import NotBound
from bot.message import base36
from bot.quiz.service import OnlyOfficers
from tests import databases, stages


@pytest.fixture
async def limited(telegram_server: tuple[dict[str, World], str], seeded_file: Path) -> AsyncIterator[Stage]:
    with databases.sqlite(seeded_file, seeded_file.parent) as url:
        async with stages.opened(*telegram_server, url, has_limits=True) as stage:
            yield stage


async def published(limited: Stage) -> Message:
    """The card of a meeting, within Telegram's limits."""
    li = limited.actor("李四")
    await li.say(f"/plan {stages.THEME_DAY}")
    await limited.advance(seconds=30)
    await li.press("确认发布")
    await limited.advance(minutes=2)
    return next(m for m in reversed(li.sees(limited.group(stages.BRANCH_GROUP))) if m.text.startswith("【"))


async def test_who_presses_a_hundred_times_a_second_is_left_alone_and_others_are_answered(limited: Stage) -> None:
    zhang, sun, li = (limited.actor(name) for name in ("张三", "孙七", "李四"))
    card = await published(limited)
    presses = [limited.people.press(zhang.id, card, label="参加") for _ in range(100)]
    others = [limited.people.press(one.id, card, label="参加") for one in (sun, li)]
    await limited.settle()
    assert [press.toast for press in others] == ["已登记：参加"] * 2
    ignored = [press for press in presses if press.answer is None]
    assert len(ignored) == 100 - ASKED_BURST
    for press in ignored:
        del limited.world.presses[press.id]  # meant so
    await limited.advance(seconds=1)
    assert (await zhang.press("参加", on=card)).toast == "已登记：参加"


async def test_words_of_a_patient_person_that_wait_for_the_bot_are_all_heard(limited: Stage) -> None:
    """A process stores them and is stopped before it handles any: how fast they came is judged by when they came."""
    zhang = limited.actor("张三")
    await limited.house.intake.stop()
    for _ in range(100):
        limited.people.say(zhang.id, "/me")
        limited.clock.advance(timedelta(seconds=1))
        await limited.house.poller.once(0)
    seen = len(zhang.sees())
    await limited.restart()
    await limited.advance(minutes=3)
    assert len(zhang.sees()) - seen == 100


async def test_a_borrowed_name_opens_nothing(stage: Stage) -> None:
    """Somebody with the secretary's name and picture, who runs the group besides, is still nobody."""
    real, group = stage.actor("李四"), stage.group(stages.BRANCH_GROUP)
    stage.world.add_person(9001, "李四", username="li_si", has_started=True)
    false = Actor(stage, 9001, "李四")
    group.members[false.id] = Membership(Rank.ADMINISTRATOR, ADMIN_RIGHTS)
    card = await stages.announced(stage)
    before = stage.session(stages.contents)
    assert (await false.say("/plan 3月9日15点 主题党日")).message.text == NotBound.text
    assert (await false.say("/round", group)).message.text == NotBound.text
    assert (await false.press("参加", on=card)).press is not None
    assert (await false.press(on=false.last(), data="attendance:marks:1")).alert == NotBound.text
    assert stage.session(stages.contents) == before
    assert (await real.press("参加", on=card)).toast == "已登记：参加"


async def test_who_runs_the_group_runs_no_branch(stage: Stage) -> None:
    zhang, group = stage.actor("张三"), stage.group(stages.BRANCH_GROUP)
    await stage.promote(group, zhang.id)
    before = stage.session(stages.contents)
    assert (await zhang.say("/round", group)).message.text == OnlyOfficers.text
    assert (await zhang.say("/roster")).message.text.startswith("这个操作只有支部书记或管理员可以用。")
    assert stage.session(stages.contents) == before


async def test_what_a_stolen_account_did_is_told_upwards_and_taken_back(stage: Stage) -> None:
    li, wang = stage.actor("李四"), stage.actor("王五")
    await li.say("/orgs")
    await li.press("褚三")
    asked = (await li.press("免去第二党小组组长")).edits[0]
    assert asked.text == "免去褚三的第二党小组组长职务？"
    assert stage.session(_offices_of, "褚三") == ["GROUP_LEADER"]
    await li.press("确认免去")
    assert stage.session(_offices_of, "褚三") == []
    assert wang.last().text == "李四免去褚三的第二党小组组长职务。09:05前可撤销。"
    undone = (await wang.press("撤销")).edits[0]
    assert undone.text.startswith("已撤销免职：褚三仍任第二党小组组长。")
    assert stage.session(_offices_of, "褚三") == ["GROUP_LEADER"]
    assert stage.actor("褚三").last().text.startswith("您已担任第二党小组组长（王五办理）。")
    assert stage.session(_history_of, "褚三")[-2:] == [(False, "OFFICE", "李四"), (True, "UNDO", "王五")]
    refusals = 0
    for statement in ("UPDATE role_changes SET is_given = NOT is_given", "DELETE FROM role_changes"):
        try:
            stage.session(lambda session, said=statement: session.execute(text(said)))
        except DBAPIError:
            refusals += 1
    assert refusals == 2


def _offices_of(session: Session, name: str) -> list[str]:
    query = select(RoleGrant.role).join(Member, Member.id == RoleGrant.member_id)
    return [role.name for role in session.scalars(query.where(Member.name == name, RoleGrant.to_on.is_(None)))]


def _history_of(session: Session, name: str) -> list[tuple[bool, str, str | None]]:
    """What was given or taken, by which way, by whom."""
    of, by = aliased(Member), aliased(Member)
    query = select(RoleChange.is_given, RoleChange.way, by.name).join(of, of.id == RoleChange.member_id)
    rows = session.execute(
        query.outerjoin(by, by.id == RoleChange.by_id).where(of.name == name).order_by(RoleChange.id)
    )
    return [(is_given, way.name, who) for is_given, way, who in rows]


async def test_two_devices_at_the_same_moment_count_once(stage: Stage) -> None:
    zhang, li = stage.actor("张三"), stage.actor("李四")
    await li.say(f"/plan {stages.THEME_DAY}")
    plan = li.last()
    confirmed = [stage.people.press(li.id, plan, label="确认发布") for _ in range(2)]
    await stage.settle()
    assert [press.alert for press in confirmed] == [None, "已保存，未重复创建"]
    receipt = next(m for m in reversed(li.sees()) if m.text.startswith("已发布："))
    assert [button.text for button in receipt.buttons()] == ["改期", "取消"]
    assert stage.session(lambda session: session.scalar(select(func.count()).where(stages.OF_THE_PLAY))) == 1
    card = next(m for m in reversed(li.sees(stage.group(stages.BRANCH_GROUP))) if m.text.startswith("【"))
    await stage.at("2026-03-06 14:50")
    signed = [stage.people.press(zhang.id, card, label="签到") for _ in range(2)]
    await stage.settle()
    assert [(press.toast, press.alert) for press in signed] == [("已签到14:50（准时）", None), (None, "已于14:50签到")]
    assert stage.session(_arrivals, stages.shown_on(stage, card)) == (1, 1)


async def test_a_second_tap_before_the_first_ones_edit_has_come_leaves_the_new_buttons(stage: Stage) -> None:
    li = stage.actor("李四")
    await li.say(f"/plan {stages.THEME_DAY}")
    plan = li.last()
    stage.fault("editMessageText", flood(2), chat=li.id)
    await li.press("确认发布", on=plan)
    await stage.advance(seconds=1)
    assert (await li.press("确认发布", on=plan)).alert == "已保存，未重复创建"
    await stage.advance(seconds=5)
    assert [button.text for button in plan.buttons()] == ["改期", "取消"]
    stage.expect_refusal("retry after 2")


def _arrivals(session: Session, meeting_id: int) -> tuple[int, int]:
    """Records with an arrival, entries of the chain that tell of one."""
    came = select(func.count()).where(Attendance.meeting_id == meeting_id, Attendance.arrived_at.is_not(None))
    told = select(func.count()).where(
        AttendanceEvent.meeting_id == meeting_id, AttendanceEvent.action == Action.CHECKED_IN
    )
    return session.execute(came).scalar_one(), session.execute(told).scalar_one()


OF_A_MEETING = (
    *("attendance:go", "attendance:in", "attendance:out", "attendance:leave", "attendance:show", "attendance:sheet"),
    *("attendance:marks", "attendance:guests", "attendance:fix", "attendance:export", "attendance:votes"),
    *("meetings:minutes", "meetings:agenda", "meetings:additems", "meetings:one", "meetings:move", "meetings:cancel"),
)


async def test_a_meeting_of_others_and_none_at_all_read_alike(stage: Stage) -> None:
    stage.involves_strangers = True
    zhao = stage.actor("赵六")
    meeting = base36(stages.shown_on(stage, await stages.announced(stage)))
    home = (await zhao.say("/help")).message
    for verb in OF_A_MEETING:
        told = [(await zhao.press(on=home, data=f"{verb}:{number}:1")).alert for number in (meeting, "zzzz")]
        assert told == ["没有这个会议，或您不在应到名单"] * 2, verb
