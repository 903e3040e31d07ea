"""The ladder at work: who is told what, when, and once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.attendance import closing
from bot.attendance import service as attendance
from bot.attendance.models import Attendance
from bot.attendance.rules import Status
from bot.db import Database
from bot.meetings import firing, publishing
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import Meeting, Nudge, Rung
from bot.members import reach
from bot.members.models import Chat
from bot.members.rules import ChatState, Role
from bot.outbox import State
from tests.make import GROUP_CHAT, Someone
from tests.meetings.play import Play, at, texts

LINE = "本周五15点 主题党日 学习二十大精神 @三楼会议室"


def crowd(play: Play, count: int) -> list[Someone]:
    return [play.make.member(f"党员{number}", play.cast.branch) for number in range(count)]


# -- times ------------------------------------------------------------------------------------------------------------


def test_every_rung_of_a_meeting_two_weeks_ahead_has_its_time(play: Play) -> None:
    play.now = at("2026-11-21 10:00")
    meeting = play.meeting("12月4日15点 支部党员大会 @三楼会议室")
    assert play.rungs(meeting) == {
        "R1": "11-27 09:00 PLANNED",
        "R2": "12-03 16:00 PLANNED",
        "R3": "12-04 13:00 PLANNED",
        "R4": "12-04 14:45 PLANNED",
        "R5": "12-04 15:10 PLANNED",
        "R6": "12-04 15:30 PLANNED",
    }
    play.until("2026-12-04 17:00")
    after = play.rungs(meeting)
    assert (after["R7"], after["R8"]) == ("12-04 17:30 PLANNED", "12-07 09:30 PLANNED")
    assert after["R8/4"] == "12-28 09:30 PLANNED"


def test_planned_on_the_day_the_notice_goes_at_once(play: Play) -> None:
    play.now = at("2026-12-04 12:00")
    meeting = play.meeting("今天15点 支部党员大会 @三楼会议室")
    play.work()
    rungs = play.rungs(meeting)
    assert rungs["R1"] == "12-04 12:00 FIRED"
    assert rungs["R2"].endswith("SKIPPED")
    assert rungs["R3"] == "12-04 13:00 PLANNED"


@pytest.mark.parametrize("opens_first", [True, False])
def test_at_sign_in_the_card_changes_once_whichever_job_is_first(play: Play, opens_first: bool) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-06 14:44")
    play.letters.clear()
    play.now = at("2026-03-06 14:45")

    def fire() -> bool:
        return play.run(firing.fire_due, roll=attendance.roll)

    def advance() -> bool:
        return play.run(closing.advance)

    for job in (advance, fire) if opens_first else (fire, advance):
        assert job()
        play.deliver()
    [edit] = play.edits(f"card:{meeting.id}:")
    assert "签到中" in edit.text
    assert len(play.edits("sheet:")) == (0 if opens_first else 1)


def test_the_card_follows_the_hours_of_sign_in(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-06 14:59")
    play.letters.clear()
    play.until("2026-03-06 15:31")
    shown = [(edit.sent_at, edit.text.split("\n")[3]) for edit in play.edits(f"card:{meeting.id}:")]
    assert shown == [
        (at("2026-03-06 15:10"), "签到中，15:30前签到记为迟到"),
        (at("2026-03-06 15:30"), "自助签到已结束，请找书记登记"),
    ]


# -- audiences --------------------------------------------------------------------------------------------------------


def test_the_notice_is_a_pinned_card_and_the_secretary_hears_who_cannot_be_reached(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.work()
    assert [(letter.to, letter.line.partition("／")[0]) for letter in play.take()] == [
        (GROUP_CHAT, "【主题党日】学习二十大精神"),
        (1002, "3月6日主题党日：1人未激活或无法私信，请当面通知：吴九。"),
    ]
    assert play.pinned() == [meeting.id]
    assert play.facts(meeting).announced_at == play.now


def test_each_rung_reaches_those_it_concerns(play: Play) -> None:
    cast = play.cast
    people = [cast.zhang, cast.li, cast.sun, cast.zhou, *crowd(play, 19)]
    meeting = play.meeting(LINE)
    play.work()
    play.go(meeting, *people[:15])
    for one in people[15:17]:
        play.leave(meeting, one, by=cast.li)
    play.until("2026-03-05 15:59")
    play.take()
    play.until("2026-03-05 16:00")
    asked = play.take()
    assert {letter.to for letter in asked if letter.to > 0} == {one.user_id for one in people[17:]}
    assert texts(asked, GROUP_CHAT) == ["还有7人未回复，请在卡片上选择参加或请假。"]
    play.until("2026-03-06 13:00")
    soon = play.take()
    assert len([letter for letter in soon if letter.to > 0]) == 21
    assert texts(soon, GROUP_CHAT) == ["今天15:00 三楼会议室，主题党日。参加15 · 请假2 · 未回复7。"]
    play.until("2026-03-06 14:50")
    play.check_in(meeting, *people[:15], *people[17:20])
    play.take()
    play.until("2026-03-06 15:10")
    chased = play.take()
    assert {letter.to for letter in chased} == {one.user_id for one in people[20:]}
    assert chased[0].line == "主题党日已开始，您还没有签到。"
    play.until("2026-03-06 15:30")
    report = "主题党日15:30：应到24，实到18，请假2，未签4：吴九、党员16、党员17、党员18。"
    assert texts(play.take()) == [report]


def test_who_answered_before_the_sending_is_not_asked(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-05 15:59")
    play.now = at("2026-03-05 16:00")
    play.run_only_jobs()
    play.take()
    play.go(meeting, cast.zhang)
    assert play.rows(f"meeting:{meeting.id}:v1:R2:1:m{cast.zhang.id}") == {
        f"meeting:{meeting.id}:v1:R2:1:m{cast.zhang.id}": State.CANCELLED
    }
    play.deliver()
    assert cast.zhang.user_id not in {letter.to for letter in play.take()}


def test_the_audience_is_looked_at_again_right_before_sending(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 15:09")
    play.now = at("2026-03-06 15:10")
    play.run_only_jobs()
    key = f"meeting:{meeting.id}:v1:R5:1:m{cast.zhang.id}"
    play.check_in(meeting, cast.sun)
    play.database.run(_mark_present, meeting, cast.zhang.id)  # by a way that withdraws nothing
    play.deliver()
    assert play.rows(key) == {key: State.SUPPRESSED}


def _mark_present(session: Session, meeting: MeetingFacts, member_id: int) -> None:
    record = update(Attendance).where(Attendance.meeting_id == meeting.id, Attendance.member_id == member_id)
    session.execute(record.values(status=Status.PRESENT))


def test_who_was_reminded_is_noted_with_or_without_a_message(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-05 16:00")

    def read(session: Session) -> list[tuple[str, bool]]:
        rows = session.execute(
            select(Nudge.member_id, Nudge.rung, Nudge.outbox_id).where(Nudge.meeting_id == meeting.id)
        )
        return [(f"{rung.name}:{member_id}", outbox_id is not None) for member_id, rung, outbox_id in rows]

    noted = play.database.look(read)
    cast = play.cast
    everybody = [cast.zhang, cast.li, cast.sun, cast.zhou]
    assert sorted(noted) == sorted([(f"R2:{one.id}", True) for one in everybody] + [(f"R2:{cast.wu.id}", False)])


def test_group_leaders_read_of_their_own_group(play: Play) -> None:
    cast = play.cast
    leader = play.make.member("钱一", cast.branch, group=cast.group, roles=[Role.GROUP_LEADER])
    meeting = play.meeting(LINE)
    play.until("2026-03-06 14:50")
    play.check_in(meeting, leader, cast.zhang)
    play.until("2026-03-06 15:29")
    play.take()
    play.until("2026-03-06 15:30")
    assert texts(play.take(), leader.user_id) == ["第一党小组未签1人：周八。"]


def test_a_group_leader_reads_of_others_not_of_himself(play: Play) -> None:
    cast = play.cast
    leader = play.make.member("钱一", cast.branch, group=cast.group, roles=[Role.GROUP_LEADER])
    meeting = play.meeting(LINE)
    play.until("2026-03-06 14:50")
    play.check_in(meeting, cast.zhang, cast.zhou)
    play.until("2026-03-06 15:29")
    play.take()
    play.until("2026-03-06 15:30")
    assert texts(play.take(), leader.user_id) == []


def test_who_leads_the_group_that_met_is_asked_for_its_minutes(play: Play) -> None:
    cast = play.cast
    leader = play.make.member("钱一", cast.branch, group=cast.group, roles=[Role.GROUP_LEADER])
    play.meeting("本周五15点 党小组会 @三楼", by=leader)
    play.until("2026-03-06 16:30")
    play.take()
    play.until("2026-03-06 17:00")
    asked = [letter.to for letter in play.take() if letter.text.startswith("请完成第一党小组会的会议记录")]
    assert sorted(asked) == sorted([leader.user_id, cast.li.user_id])


def test_a_committee_meeting_has_private_cards_only(play: Play) -> None:
    cast = play.cast
    meeting = play.meeting("本周五15点 支委会 研究发展党员 @小会议室")
    play.until("2026-03-06 14:45")
    letters = play.take()
    assert {letter.to for letter in letters} == {cast.li.user_id, cast.sun.user_id}
    card = letters[0]
    assert card.line == "【支委会】研究发展党员／时间：3月6日（周五）15:00—16:00／地点：小会议室／您还没有回复"
    assert card.buttons == ("参加", "请假")
    signs = [letter for letter in letters if "现在开始签到" in letter.line]
    assert [letter.buttons for letter in signs] == [("签到",), ("签到",)]
    play.check_in(meeting, cast.sun)
    play.work()
    edits = [letter.line for letter in play.edits(f"card:{meeting.id}:{cast.sun.user_id}")]
    assert edits[-1].endswith("您已签到（准时）")


def test_without_its_group_a_meeting_goes_to_everybody_in_private(play: Play) -> None:
    gone = update(Chat).values(state=ChatState.INACTIVE)
    play.database.run(lambda session: session.execute(gone).close())
    play.meeting(LINE)
    play.work()
    cards = [letter for letter in play.take() if letter.line.startswith("【")]
    assert {letter.to for letter in cards} == {1001, 1002, 1005, 1006}


def test_no_secretary_in_reach_means_the_organizer_reads_it(play: Play) -> None:
    play.make.database.run(reach.mark_unreachable, 1002, now=play.now)
    play.meeting(LINE)
    play.work()
    assert "书记暂不能收到，转给您。／3月6日主题党日：2人未激活或无法私信，请当面通知：李四、吴九。" in texts(
        play.take(), 1005
    )


def test_the_absent_are_asked_why_and_the_secretary_four_times(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 14:50")
    play.check_in(meeting, cast.li, cast.sun, cast.zhang)
    play.until("2026-03-09 09:29")
    play.take()
    play.until("2026-04-20 09:00")
    asked = "您缺席了3月6日主题党日，请说明原因，仅书记和组织委员可见。〔公事〕〔病〕〔事〕〔忘记签到〕〔其他〕"
    assert play.sent() == [f"03-09 09:30 周八：{asked}"] + [
        f"{day} 李四：3月6日主题党日仍有2人未说明缺席原因（第{count}次，共4次）：周八、吴九。〔考勤表〕"
        for day, count in (("03-16 09:30", 2), ("03-23 09:30", 3), ("03-30 09:30", 4))
    ]


def test_nobody_is_asked_again_chased_or_reported_at_voluntary_work(play: Play) -> None:
    cast, meeting = play.cast, play.meeting("本周五9点 志愿服务 植树 @河边公园")
    planned = play.rungs(meeting)
    assert sorted(planned) == ["R1", "R3", "R4"]
    play.work()
    [card] = [letter for letter in play.take() if letter.to == GROUP_CHAT]
    assert (card.line.rpartition("／")[2], card.buttons) == ("已报名0人", ("参加", "退出报名"))
    play.go(meeting, cast.zhang, cast.zhou)
    play.until(f"2026-{planned['R3'][:11]}")
    soon = [letter for letter in play.take() if ":R3:" in letter.key]
    assert {letter.to for letter in soon} == {GROUP_CHAT, cast.zhang.user_id, cast.zhou.user_id}
    play.until("2026-03-06 08:50")
    play.check_in(meeting, cast.zhang)
    play.take()
    play.until("2026-03-20 09:00")
    assert sorted(play.rungs(meeting)) == ["R1", "R3", "R4", "R7"]
    assert [line for line in play.sent() if "周八" in line.partition("：")[0]] == []


def test_a_small_meeting_is_announced_three_days_before_and_nobody_is_chased(play: Play) -> None:
    rungs = play.rungs(play.meeting("3月20日15点 支委会 研究 @小会议室"))
    assert rungs["R1"] == "03-17 09:00 PLANNED"
    assert sorted(rungs) == ["R1", "R2", "R3", "R4", "R6"]


# -- once -------------------------------------------------------------------------------------------------------------


def test_four_planners_and_three_processes_firing_at_once_do_nothing_twice(play: Play) -> None:
    plan = play.plan(LINE)
    others = [Database(str(play.database.url.render_as_string(hide_password=False))) for _ in range(2)]
    try:
        with ThreadPoolExecutor(4) as pool:
            sender = play.cast.li.sender(play.now)
            pressed = [
                pool.submit(database.run, publishing.confirm, sender, plan.draft_id, now=play.now)
                for database in (play.database, *others, play.database)
            ]
        assert sum(done.exception() is None for done in pressed) == 1
        play.now = at("2026-03-05 16:00")
        with ThreadPoolExecutor(3) as pool:
            fired = [pool.submit(_fire_all, database, play) for database in (play.database, *others)]
        assert [done.exception() for done in fired] == [None] * 3
    finally:
        for database in others:
            database.close()

    def counts(session: Session) -> list[int | None]:
        fired = select(func.count(Rung.id)).where(Rung.fired_at.is_not(None))
        queries = (select(func.count(Meeting.id)), select(func.count(Rung.id)), fired, select(func.count(Nudge.id)))
        return [session.scalar(query) for query in queries]

    assert play.database.look(counts) == [1, 6, 2, 4]  # 李四 reads whom to call instead of being asked himself
    keys = play.rows("meeting:")
    assert len(keys) == 5  # card, who is not reached, and three asked in private


def _fire_all(database: Database, play: Play) -> None:
    while database.run(firing.fire_due, roll=attendance.roll, now=play.now):
        pass
