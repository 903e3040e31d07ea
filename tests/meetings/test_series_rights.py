"""Whose series somebody sees and changes, and whom their meetings are for."""

import pytest

from bot.meetings import dating, planning, series, series_planning, service
from bot.meetings.facts import Step
from bot.meetings.rules import MeetingState
from bot.members.rules import NotAllowed, Role
from tests.meetings.play import Play
from tests.meetings.repeats import begun, meetings

# -- who may ----------------------------------------------------------------------------------------------------------


def test_a_member_may_not_and_another_branch_sees_nothing(play: Play) -> None:
    done = begun(play)
    meeting = meetings(play)[0]
    cast = play.cast
    calls = (
        lambda who: play.act(who, series.show, done.series.id),
        lambda who: play.act(who, series.stop, done.series.id),
        lambda who: play.act(who, series_planning.change_series, done.series.id),
    )
    for call in calls:
        with pytest.raises(NotAllowed):
            call(cast.zhang)
        with pytest.raises(series.NoSuchSeries):
            call(cast.zhao)
    with pytest.raises(NotAllowed):
        play.act(cast.zhang, series.listed)
    with pytest.raises(service.NoSuchMeeting):
        play.act(cast.zhao, dating.show, meeting.id)
    with pytest.raises(NotAllowed):
        play.act(cast.zhang, dating.skip, meeting.id, 1)
    assert play.act(cast.zhao, series.listed).shown == ()
    assert len(play.act(cast.wang, series.listed).shown) == 1  # ADMIN above


def test_a_group_leader_keeps_the_series_of_his_group(play: Play) -> None:
    cast = play.cast
    play.make.grant(cast.zhang, Role.GROUP_LEADER, cast.group)
    plan = play.plan("每月10日15点 党小组会 学习 @三楼", by=cast.zhang)
    done = play.act(cast.zhang, series.confirm, plan.draft_id)
    assert done.series.unit == cast.group
    assert [view.series.id for view in play.act(cast.zhang, series.listed).shown] == [done.series.id]


def test_a_course_in_series_is_for_the_people_its_plan_named(play: Play) -> None:
    cast, li = play.cast, play.cast.li
    plan = play.plan("每月10日9点 集中培训 党务 @党校")
    assert plan.step is Step.PEOPLE
    play.act(li, planning.toggle, plan.draft_id, cast.zhang.id)
    plan = play.act(li, planning.set_people, plan.draft_id)
    assert plan.series is not None
    assert plan.series.first is not None
    assert plan.series.first.expected == 1
    play.act(li, series.confirm, plan.draft_id)
    assert play.roll(meetings(play)[0]).due == (cast.zhang.id,)
    plan = play.act(li, series_planning.change_series, 1)
    assert plan.step is Step.SERIES
    play.act(li, series.confirm, plan.draft_id)
    assert play.roll(next(one for one in meetings(play) if one.state is MeetingState.SCHEDULED)).due == (cast.zhang.id,)


def test_the_list_has_pages(play: Play) -> None:
    for number in range(series.PAGE + 1):
        begun(play, f"每月{number + 1}日{8 + number}点 主题党日 学习 @三楼会议室")
    first, second = (play.act(play.cast.li, series.listed, page) for page in (0, 1))
    assert (len(first.shown), first.has_more) == (series.PAGE, True)
    assert (len(second.shown), second.has_more) == (1, False)
