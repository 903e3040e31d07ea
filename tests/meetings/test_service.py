"""Plans become meetings once; meetings are moved, cancelled, called back; strangers learn nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.attendance.rules import Answer
from bot.attendance.service import answer
from bot.meetings import changing, planning, publishing, service
from bot.meetings.drafts import AlreadySaved, DraftGone
from bot.meetings.facts import Step
from bot.meetings.models import Meeting
from bot.meetings.phrases import Question
from bot.meetings.planning import NoCommittee, TooLong
from bot.meetings.publishing import SameMeeting
from bot.meetings.rules import MeetingKind, NotAhead
from bot.meetings.service import NoSuchMeeting
from bot.members.rules import NotAllowed, Role
from tests.meetings.play import Play, at

LINE = "本周五15点 主题党日 学习二十大精神 @三楼会议室"


# -- plans ------------------------------------------------------------------------------------------------------------


def test_a_whole_line_leads_straight_to_the_preview(play: Play) -> None:
    plan = play.plan(LINE)
    assert plan.step is Step.PREVIEW
    assert plan.preview is not None
    shown = plan.preview
    assert (shown.kind, shown.title, shown.place) == (MeetingKind.THEME_PARTY_DAY, "学习二十大精神", "三楼会议室")
    assert (shown.starts_at, shown.ends_at) == (at("2026-03-06 15:00"), at("2026-03-06 17:00"))
    assert (shown.expected, shown.exempt, shown.has_chat) == (5, 0, True)


def test_a_full_width_at_sign_marks_the_place_too(play: Play) -> None:
    plan = play.plan("本周五15点 主题党日 学习 ＠ 三楼会议室")
    assert plan.preview is not None
    assert (plan.preview.title, plan.preview.place) == ("学习", "三楼会议室")


def test_buttons_ask_kind_day_place_and_then_show_the_preview(play: Play) -> None:
    plan = play.plan("")
    assert plan.step is Step.KIND
    assert MeetingKind.THEME_PARTY_DAY in plan.kinds
    assert MeetingKind.STUDY_SESSION not in plan.kinds  # a branch does not hold it
    li = play.cast.li
    plan = play.act(li, planning.set_kind, plan.draft_id, MeetingKind.THEME_PARTY_DAY.value)
    assert plan.step is Step.DAY
    fridays = ["2026-03-06 15:00", "2026-03-13 15:00", "2026-03-20 15:00", "2026-03-27 15:00"]
    assert list(plan.starts) == [at(text) for text in fridays]
    plan = play.act(li, planning.set_start, plan.draft_id, int(plan.starts[0].timestamp()) // 60)
    assert (plan.step, plan.places) == (Step.PLACE, ("党员活动室", "三楼会议室"))
    plan = play.act(li, planning.set_place, plan.draft_id, 0)
    assert plan.step is Step.PREVIEW
    assert plan.preview is not None
    assert (plan.preview.title, plan.preview.place) == ("", "党员活动室")


def test_places_used_before_are_offered_first(play: Play) -> None:
    play.meeting("本周五15点 主题党日 学习 @五楼报告厅")
    plan = play.plan("下周五15点 主题党日")
    assert plan.places == ("五楼报告厅", "党员活动室", "三楼会议室")


def test_a_friday_off_is_not_suggested(play: Play) -> None:
    play.now = at("2026-09-28 09:00")
    plan = play.plan("主题党日")
    assert [start.day for start in plan.starts] == [9, 16, 23, 30]  # not 2 October


def test_typed_answers_are_taken_too(play: Play) -> None:
    li, plan = play.cast.li, play.plan("主题党日")
    plan = play.act(li, planning.tell, plan.draft_id, "phrase", "3月10日9点到11点")
    assert plan.step is Step.PLACE
    plan = play.act(li, planning.tell, plan.draft_id, "place", "烈士陵园")
    plan = play.act(li, planning.tell, plan.draft_id, "title", "清明祭扫")
    assert plan.preview is not None
    assert (plan.preview.place, plan.preview.title) == ("烈士陵园", "清明祭扫")
    assert plan.preview.ends_at - plan.preview.starts_at == timedelta(hours=2)


def test_an_ambiguous_phrase_offers_its_readings(play: Play) -> None:
    plan = play.plan("下个周五15点 主题党日 学习 @三楼")
    assert (plan.step, plan.question) == (Step.CHOICE, Question.WHICH_WEEK)
    assert list(plan.starts) == [at("2026-03-06 15:00"), at("2026-03-13 15:00")]
    plan = play.act(play.cast.li, planning.set_start, plan.draft_id, int(plan.starts[1].timestamp()) // 60)
    assert plan.preview is not None
    assert plan.preview.starts_at == at("2026-03-13 15:00")


def test_a_time_that_was_not_offered_is_refused(play: Play) -> None:
    plan = play.plan("主题党日")
    with pytest.raises(DraftGone):
        play.act(play.cast.li, planning.set_start, plan.draft_id, 1)


def test_a_time_that_is_over_is_no_plan(play: Play) -> None:
    plan = play.plan("本周一8点 主题党日")
    assert (plan.step, plan.starts) == (Step.PAST, (at("2026-03-02 08:00"),))
    with pytest.raises(DraftGone):
        play.confirm(plan)


def test_a_title_of_5000_characters_is_refused(play: Play) -> None:
    with pytest.raises(TooLong, match="太长了，请不超过100个字。"):
        play.plan("本周五15点 主题党日 " + "学" * 5000)


def test_a_branch_without_committee_holds_no_committee_meeting(play: Play) -> None:
    lone = play.make.branch("三支部", play.cast.company, has_committee=False)
    secretary = play.make.member("郑十", lone, roles=[Role.SECRETARY])
    with pytest.raises(NoCommittee, match="本支部未设支部委员会，不能安排支委会"):
        play.plan("本周五15点 支委会", by=secretary)


def test_a_member_cannot_plan(play: Play) -> None:
    with pytest.raises(NotAllowed):
        play.plan(LINE, by=play.cast.zhang)


def test_nobody_else_can_touch_a_draft(play: Play) -> None:
    plan = play.plan(LINE)
    for stranger in (play.cast.sun, play.cast.zhao):
        with pytest.raises(DraftGone):
            play.confirm(plan, by=stranger)


def test_a_group_leader_plans_for_the_own_group_only(play: Play) -> None:
    cast = play.cast
    leader = play.make.member("钱一", cast.branch, group=cast.group, roles=[Role.GROUP_LEADER])
    meeting = play.meeting("本周五15点 党小组会 学习 @活动室", by=leader)
    assert meeting.unit == cast.group
    plan = play.plan("", by=leader)
    assert MeetingKind.GROUP_MEETING in plan.kinds
    assert MeetingKind.THEME_PARTY_DAY not in plan.kinds


def test_who_leads_several_bodies_is_asked_which(play: Play) -> None:
    cast = play.cast
    second = play.make.group("第二党小组", cast.branch)
    plan = play.plan("本周五15点 党小组会 学习 @活动室")
    assert (plan.step, plan.units) == (Step.UNIT, (cast.group, second))
    plan = play.act(cast.li, planning.set_unit, plan.draft_id, second.id)
    assert plan.preview is not None
    assert plan.preview.unit == second


def test_an_admin_plans_for_a_branch_below(play: Play) -> None:
    cast = play.cast
    plan = play.plan(LINE, by=cast.wang)
    assert plan.step is Step.UNIT
    assert {unit.id for unit in plan.units} == {cast.branch.id, cast.second.id, cast.other.id}
    play.act(cast.wang, planning.set_unit, plan.draft_id, cast.second.id)
    assert play.confirm(plan, by=cast.wang).unit == cast.second


def test_another_branch_pressed_by_hand_is_not_taken(play: Play) -> None:
    plan = play.plan(LINE)
    shown = play.act(play.cast.li, planning.set_unit, plan.draft_id, play.cast.other.id)
    assert shown.preview is not None
    assert shown.preview.unit == play.cast.branch


def test_a_training_course_is_for_chosen_people(play: Play) -> None:
    cast, li = play.cast, play.cast.li
    plan = play.plan("本周五9点 集中培训 党务培训 @党校")
    assert (plan.step, len(plan.people)) == (Step.PEOPLE, 5)
    with pytest.raises(planning.NobodyChosen):
        play.act(li, planning.set_people, plan.draft_id)
    for one in (cast.zhang, cast.zhou, cast.sun, cast.zhou):
        plan = play.act(li, planning.toggle, plan.draft_id, one.id)
    assert plan.chosen == {cast.zhang.id, cast.sun.id}
    plan = play.act(li, planning.set_people, plan.draft_id)
    assert plan.preview is not None
    assert plan.preview.expected == 2
    meeting = play.confirm(plan)
    assert play.roll(meeting).due == (cast.zhang.id, cast.sun.id)


def test_the_preview_warns_of_a_day_off_and_of_people_due_elsewhere(play: Play) -> None:
    play.now = at("2026-09-21 09:00")
    play.meeting("10月2日15点 主题党日 学习 @三楼会议室")
    plan = play.plan("10月2日16点 支部党员大会 @三楼会议室")
    assert plan.preview is not None
    assert plan.preview.why.name == "国庆节"
    assert plan.preview.is_place_taken
    assert [one.name for one in plan.preview.busy] == ["张三", "李四", "孙七", "周八", "吴九"]


# -- confirming -------------------------------------------------------------------------------------------------------


def test_confirmed_twice_is_one_meeting(play: Play) -> None:
    plan = play.plan(LINE)
    play.confirm(plan)
    with pytest.raises(AlreadySaved, match="已保存，未重复创建"):
        play.confirm(plan)
    assert play.database.look(lambda session: session.scalar(select(func.count(Meeting.id)))) == 1


def test_two_alike_at_one_time_are_refused(play: Play) -> None:
    play.meeting(LINE)
    with pytest.raises(SameMeeting, match="此时已有同类会议"):
        play.meeting(LINE)


def test_a_draft_confirmed_after_its_time_is_refused(play: Play) -> None:
    plan = play.plan("今天15点 主题党日 学习 @三楼")
    play.now = at("2026-03-02 15:30")
    with pytest.raises(NotAhead):
        play.confirm(plan)


def test_a_draft_lives_a_day(play: Play) -> None:
    plan = play.plan(LINE)
    play.now += timedelta(hours=25)
    with pytest.raises(DraftGone, match="这份草稿已失效"):
        play.confirm(plan)


def test_a_dropped_draft_cannot_be_confirmed(play: Play) -> None:
    plan = play.plan(LINE)
    play.act(play.cast.li, planning.drop, plan.draft_id)
    with pytest.raises(DraftGone):
        play.confirm(plan)


def test_an_unfinished_draft_cannot_be_confirmed(play: Play) -> None:
    plan = play.plan("主题党日")
    with pytest.raises(DraftGone):
        play.act(play.cast.li, publishing.confirm, plan.draft_id)


# -- who sees what ----------------------------------------------------------------------------------------------------


def test_a_foreign_meeting_and_none_at_all_read_alike(play: Play) -> None:
    meeting = play.meeting(LINE)
    for meeting_id in (meeting.id, 999):
        with pytest.raises(NoSuchMeeting, match="没有这个会议，或您不在应到名单"):
            play.act(play.cast.zhao, answer, meeting_id, 1, Answer.GOING)
        with pytest.raises(NoSuchMeeting):
            play.act(play.cast.zhao, changing.ask_time, meeting_id, 1)


def test_a_member_cannot_move_or_cancel(play: Play) -> None:
    meeting = play.meeting(LINE)
    with pytest.raises(NotAllowed):
        play.move(meeting, "2026-03-10 15:00", by=play.cast.zhang)
    with pytest.raises(NotAllowed):
        play.cancel(meeting, by=play.cast.zhang)


# -- lists ------------------------------------------------------------------------------------------------------------


def test_a_group_reads_its_own_meetings_only(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.meeting("3月10日15点 支委会 研究 @三楼")  # of the committee: not for the group
    of_group = play.meeting("3月11日15点 党小组会 学习 @三楼")
    ahead = play.database.look(service.of_unit, cast.branch, now=play.now)
    assert [one.id for one in ahead] == [meeting.id, of_group.id]  # the group has no chat of its own
    play.make.chat(cast.group, -1001000000077, "小组群")
    ahead = play.database.look(service.of_unit, cast.branch, now=play.now)
    assert [one.id for one in ahead] == [meeting.id]
    assert play.database.look(service.of_unit, cast.other, now=play.now) == []
