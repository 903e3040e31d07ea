"""Who comes to help without being due: joins, steps back, comes or not."""

import pytest

from bot.attendance import service
from bot.attendance.rules import Answer
from tests.attendance.acts import LINE, trail_of
from tests.meetings.play import Play, at, texts


def test_a_volunteer_may_step_back_until_it_begins(play: Play) -> None:
    cast = play.cast
    meeting = play.meeting("本周五9点 志愿服务 植树 @河边公园")
    play.work()
    assert play.take()[0].buttons == ("参加", "退出报名")
    play.go(meeting, cast.zhang, cast.sun)
    done = play.act(cast.zhang, service.answer, meeting.id, 1, Answer.NONE)
    assert (done.answer, play.roll(meeting).joined) == (Answer.NONE, (cast.sun.id,))
    with pytest.raises(service.NotJoined):
        play.act(cast.zhang, service.answer, meeting.id, 1, Answer.NONE)
    assert trail_of(play, meeting, cast.zhang)[-1].endswith("本人：退出报名")
    play.until("2026-03-06 07:00")
    assert texts(play.take(), cast.zhang.user_id) == []  # the reminder is for who still comes
    play.go(meeting, cast.zhang)
    play.now = at("2026-03-06 09:00")
    with pytest.raises(service.AlreadyStarted):
        play.act(cast.zhang, service.answer, meeting.id, 1, Answer.NONE)


def test_who_is_due_has_leave_to_ask_and_nothing_to_step_back_from(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.go(meeting, play.cast.zhang)
    with pytest.raises(service.NotJoined):
        play.act(play.cast.zhang, service.answer, meeting.id, 1, Answer.NONE)


def test_volunteers_join_without_being_due(play: Play) -> None:
    cast = play.cast
    meeting = play.meeting("本周五9点 志愿服务 植树 @河边公园")
    play.work()
    play.go(meeting, cast.zhang, cast.sun)
    roll = play.roll(meeting)
    assert (roll.due, roll.joined) == ((), (cast.zhang.id, cast.sun.id))
    play.until("2026-03-06 09:00")
    play.check_in(meeting, cast.zhang, cast.zhou)  # 周八 comes without having said so
    assert play.roll(meeting).joined_present == (cast.zhang.id, cast.zhou.id)
