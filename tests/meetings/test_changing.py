"""Meetings are moved, cancelled and called back, and everybody concerned hears of it."""

from datetime import timedelta

import pytest

from bot.attendance.rules import Answer, LeaveState, Status
from bot.attendance.service import answer
from bot.meetings import change_views, changing
from bot.meetings.publishing import SameMeeting
from bot.meetings.rules import BadReason, MeetingState, NotAhead, UndoOver
from bot.meetings.service import MeetingCancelled, Outdated
from bot.message import strip_tags
from tests.meetings.play import Play, at

LINE = "本周五15点 主题党日 学习二十大精神 @三楼会议室"


# -- moving -----------------------------------------------------------------------------------------------------------


def test_a_move_by_two_hours_keeps_the_answers(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.work()
    play.go(meeting, cast.zhang)
    changed = play.move(meeting, "2026-03-06 17:00")
    assert (changed.meeting.version, changed.is_silent) == (2, False)
    assert play.roll(meeting).going == (cast.zhang.id,)


def test_a_move_to_another_day_asks_again_but_keeps_leave(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.work()
    play.go(meeting, cast.zhang, cast.sun)
    play.leave(meeting, cast.zhou, by=cast.li)
    play.take()
    play.move(meeting, "2026-03-10 15:00")
    play.work()
    roll = play.roll(meeting)
    assert (roll.going, roll.leave_approved) == ((), (cast.zhou.id,))
    assert {cast.zhang.id, cast.sun.id} <= set(roll.unanswered)
    asked = "改期：主题党日由3月6日（周五）15:00改为3月10日（周二）15:00，地点不变。原因：党委会议冲突。"
    said = play.sent()
    assert f"03-02 09:00 群：{asked}" in said
    assert f"03-02 09:00 张三：{asked}〔参加〕〔请假〕" in said
    assert f"03-02 09:00 周八：{asked}新时间能参加吗〔能参加〕〔仍请假〕" in said
    assert not [line for line in said if "李四：改期" in line]  # had not answered, reads it in the group


def test_an_answer_on_the_card_of_an_older_version_is_refused(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.work()
    play.move(meeting, "2026-03-10 15:00")
    with pytest.raises(Outdated, match="这条通知已更新，请看最新一条。"):
        play.act(play.cast.zhang, answer, meeting.id, 1, Answer.GOING)
    assert play.roll(meeting).going == ()


def test_moved_while_open_nobody_has_signed_in(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 14:50")
    play.check_in(meeting, cast.zhang)
    play.move(meeting, "2026-03-06 16:00")
    assert play.facts(meeting).state is MeetingState.SCHEDULED
    assert play.standing(meeting, cast.zhang).status is Status.EXPECTED
    assert play.standing(meeting, cast.zhang).arrived_at is None


def test_an_unannounced_meeting_moves_silently(play: Play) -> None:
    meeting = play.meeting("3月20日15点 主题党日 学习 @三楼")
    assert play.move(meeting, "2026-03-24 15:00").is_silent
    play.work()
    assert play.sent() == []
    assert play.rungs(meeting)["R1"] == "03-17 09:00 PLANNED"


def test_nothing_of_the_old_version_is_sent_after_the_move(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-05 15:59")
    play.now = at("2026-03-05 16:00")
    play.run_only_jobs()
    assert play.pending(f"meeting:{meeting.id}:v1:R2:")
    play.move(meeting, "2026-03-10 15:00")
    play.take()
    play.deliver()
    assert not [letter for letter in play.take() if ":v1:" in letter.key]


def test_a_move_onto_another_meeting_of_the_kind_is_refused(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.meeting("3月10日15点 主题党日 学习 @三楼")
    with pytest.raises(SameMeeting):
        play.move(meeting, "2026-03-10 15:00")
    assert play.facts(meeting).version == 1


def test_a_move_into_the_past_or_without_reason_is_refused(play: Play) -> None:
    meeting = play.meeting(LINE)
    with pytest.raises(NotAhead):
        play.move(meeting, "2026-03-02 08:00")
    with pytest.raises(BadReason):
        play.move(meeting, "2026-03-10 15:00", reason="忙")


def test_the_new_time_and_the_reason_come_as_two_texts(play: Play) -> None:
    li, meeting = play.cast.li, play.meeting(LINE)
    play.act(li, changing.ask_time, meeting.id, 1)
    moving = play.act(li, changing.read_time, f"{meeting.id}:1", "3月10日15点")
    assert moving.starts == (at("2026-03-10 15:00"),)
    moving = play.act(li, changing.read_time, f"{meeting.id}:1", "下个周五15点")
    assert len(moving.starts) == 2
    with pytest.raises(changing.OnlyOnce):
        play.act(li, changing.read_time, f"{meeting.id}:1", "每周五15点")


# -- cancelling -------------------------------------------------------------------------------------------------------


def test_a_cancelled_meeting_is_told_and_answers_no_more(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.work()
    play.go(meeting, cast.zhang)
    play.take()
    play.cancel(meeting)
    play.work()
    text = "取消：3月6日（周五）15:00主题党日取消。原因：讲师生病。"
    assert play.sent() == [f"03-02 09:00 群：{text}", f"03-02 09:00 张三：{text}"]
    with pytest.raises(MeetingCancelled, match="会议已取消（3月6日）"):
        play.act(cast.sun, answer, meeting.id, 1, Answer.GOING)
    play.until("2026-03-12 09:00")
    assert play.sent() == []


def test_cancelled_and_called_back_within_ten_minutes(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.work()
    play.go(meeting, cast.zhang)
    play.take()
    play.cancel(meeting)
    play.now += timedelta(minutes=9)
    back = play.undo(meeting)
    assert (back.meeting.state, back.meeting.version) == (MeetingState.SCHEDULED, 3)
    play.work()
    lines = [line.partition("群：")[2] for line in play.sent() if "群：" in line]
    assert lines == [
        "取消：3月6日（周五）15:00主题党日取消。原因：讲师生病。",
        "恢复：3月6日（周五）15:00主题党日照常召开。",
    ]
    assert play.roll(meeting).going == (cast.zhang.id,)
    assert play.rungs(meeting)["R2"] == "03-05 16:00 PLANNED"


def test_after_eleven_minutes_it_stays_cancelled(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.cancel(meeting)
    play.now += timedelta(minutes=11)
    with pytest.raises(UndoOver):
        play.undo(meeting)


def test_a_cancelled_meeting_leaves_its_place_to_another(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.cancel(meeting)
    play.meeting(LINE)
    with pytest.raises(SameMeeting):
        play.undo(meeting)


def test_a_cancellation_late_in_the_evening_waits_for_the_morning_or_not(play: Play) -> None:
    early = play.meeting("3月4日9点 主题党日 学习 @三楼")
    later = play.meeting("3月4日15点 支部党员大会 @三楼")
    play.work()
    play.take()
    play.now = at("2026-03-03 23:00")
    told = [strip_tags(change_views.receipt(play.cancel(one), now=play.now).text) for one in (early, later)]
    assert told == [
        "已取消3月4日（周三）09:00主题党日。已通知相关人员。10分钟内可撤销。",
        "已取消3月4日（周三）15:00支部党员大会。通知将于3月4日（周三）07:30发出。10分钟内可撤销。",
    ]
    play.work()
    first = play.take()
    assert [letter.line for letter in first] == ["取消：3月4日（周三）09:00主题党日取消。原因：讲师生病。"]
    assert first[0].is_silent
    play.until("2026-03-04 07:30")
    assert play.sent() == ["03-04 07:30 群：取消：3月4日（周三）15:00支部党员大会取消。原因：讲师生病。"]


def test_leave_in_question_of_a_cancelled_meeting_cannot_be_decided(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.work()
    record = play.leave(meeting, cast.zhang)
    play.cancel(meeting)
    with pytest.raises(MeetingCancelled):
        play.decide(record, by=cast.li)
    assert play.standing(meeting, cast.zhang).leave_state is LeaveState.ASKED
