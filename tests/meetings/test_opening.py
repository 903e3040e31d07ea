"""立即开始签到: the secretary opens sign-in before its time."""

import pytest

from bot.attendance import opening
from bot.attendance.rules import Status
from bot.meetings.rules import MeetingState, TooEarlyToOpen
from bot.meetings.service import NoSuchMeeting, StateChanged
from bot.members.rules import NotAllowed
from tests.make import GROUP_CHAT
from tests.meetings.play import Play, texts

LINE = "本周五15点 主题党日 学习二十大精神 @三楼会议室"


def test_an_hour_before_sign_in_can_be_opened_by_hand(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 13:59")
    with pytest.raises(TooEarlyToOpen, match="会议开始前60分钟起才能开始签到。"):
        play.act(cast.li, opening.open_early, meeting.id)
    play.until("2026-03-06 14:00")
    play.take()
    play.act(cast.li, opening.open_early, meeting.id)
    play.work()
    assert play.facts(meeting).state is MeetingState.OPEN
    assert play.edits(f"card:{meeting.id}:{GROUP_CHAT}")[-1].buttons == ("签到",)
    assert "现在开始签到，15:10前为准时，15:30后请找书记登记。" in texts(play.take(), GROUP_CHAT)
    play.check_in(meeting, cast.zhang)
    assert play.standing(meeting, cast.zhang).status is Status.PRESENT
    play.until("2026-03-06 14:50")
    assert [line for line in texts(play.take()) if line.startswith("现在开始签到")] == []  # said once
    with pytest.raises(StateChanged):
        play.act(cast.li, opening.open_early, meeting.id)


def test_only_who_calls_the_roll_opens_it(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 14:30")
    with pytest.raises(NotAllowed):
        play.act(cast.zhang, opening.open_early, meeting.id)
    with pytest.raises(NoSuchMeeting):
        play.act(cast.zhao, opening.open_early, meeting.id)
    assert play.facts(meeting).state is MeetingState.SCHEDULED
