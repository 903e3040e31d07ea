"""补录: a meeting that was held without the bot is written down afterwards."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.attendance import closing, marking
from bot.attendance.models import Attendance
from bot.attendance.opening import open_meeting
from bot.attendance.rules import SelfSignInOver, Status
from bot.attendance.service import check_in, leave_early
from bot.meetings import past, planning
from bot.meetings.drafts import AlreadySaved, DraftGone
from bot.meetings.facts import MeetingFacts, Plan, Step
from bot.meetings.models import MeetingChange
from bot.meetings.past import NotPast, PastTooFar, check_past
from bot.meetings.publishing import SameMeeting
from bot.meetings.rules import BadReason, Change, MeetingKind, MeetingState, Outcome
from bot.meetings.service import Ended
from bot.periods import at_beijing, local_day
from tests.make import Someone
from tests.meetings.play import Play, at

LINE = "2026年1月30日15点 主题党日 学习二十大精神 @三楼会议室"


def minute(plan: Plan) -> int:
    return int(plan.starts[0].timestamp()) // 60


def remembered(play: Play, words: str = LINE, by: Someone | None = None, reason: str = "当天没有网络") -> Plan:
    """A 补录 up to its preview."""
    who = by or play.cast.li
    plan = play.plan(words, by)
    assert plan.step is Step.PAST
    plan = play.act(who, planning.set_past, plan.draft_id, minute(plan))
    assert (plan.step, plan.reason) == (Step.PAST_PREVIEW, "")
    return play.act(who, past.tell_reason, plan.draft_id, reason)


def record(play: Play, plan: Plan, by: Someone | None = None) -> MeetingFacts:
    return play.act(by or play.cast.li, past.record_past, plan.draft_id, opener=open_meeting)


def test_recorded_by_the_secretary_it_is_open_with_the_due_list_of_its_day(play: Play) -> None:
    cast = play.cast
    late = play.make.member("郑十", cast.branch, from_on=date(2026, 2, 1))  # came after that day
    gone = play.make.member("冯一", cast.branch, to_on=date(2026, 2, 1))
    plan = remembered(play)
    assert plan.preview is not None
    assert (plan.preview.expected, plan.preview.rungs) == (6, ())
    meeting = record(play, plan)
    assert (meeting.state, meeting.starts_at) == (MeetingState.OPEN, at("2026-01-30 15:00"))
    due = play.roll(meeting).due
    assert gone.id in due
    assert late.id not in due
    play.work()
    assert (play.take(), play.rungs(meeting)) == ([], {})


def test_it_is_for_the_roll_call_only_and_closed_by_hand(play: Play) -> None:
    cast, meeting = play.cast, record(play, remembered(play))
    with pytest.raises(SelfSignInOver):
        play.act(cast.zhang, check_in, meeting.id)
    play.act(cast.li, marking.mark, play.standing(meeting, cast.zhang).id, "p")
    with pytest.raises(Ended):
        play.act(cast.zhang, leave_early, meeting.id)  # today's hour says nothing of that day
    closed = play.act(cast.li, closing.end, meeting.id)
    assert (closed.meeting.state, closed.meeting.outcome) == (MeetingState.CLOSED, Outcome.HELD)
    assert closed.meeting.created_at == at("2026-03-02 09:00")
    assert closed.roll.present == (cast.zhang.id,)
    play.work()
    play.until("2026-04-30 09:00")
    assert play.rungs(meeting) == {}  # nobody is asked why he did not come in January
    assert [line for line in play.sent() if "缺席了" in line] == []


def test_nobody_ends_it_so_it_ends_after_a_week(play: Play) -> None:
    meeting = record(play, remembered(play))
    play.until("2026-03-09 08:59")
    assert play.facts(meeting).state is MeetingState.OPEN
    play.until("2026-03-09 09:00")
    assert play.facts(meeting).state is MeetingState.CLOSED

    def statuses(session: Session) -> set[Status]:
        return set(session.scalars(select(Attendance.status).where(Attendance.meeting_id == meeting.id)))

    assert play.database.look(statuses) == {Status.ABSENT}


def test_the_reason_and_who_gave_it_are_kept(play: Play) -> None:
    meeting = record(play, remembered(play, reason="  当天\n没有网络 "))
    assert meeting.reason == "当天 没有网络"

    def change(session: Session) -> tuple[Change, int | None, str | None]:
        row = session.scalars(select(MeetingChange).where(MeetingChange.meeting_id == meeting.id)).one()
        return row.what, row.actor_id, row.reason

    assert play.database.look(change) == (Change.FROM_MEMORY, play.cast.li.id, "当天 没有网络")


def test_61_days_back_is_for_the_administrator(play: Play) -> None:
    words = "2025年12月31日15点 主题党日 学习 @三楼"
    plan = play.plan(words)
    with pytest.raises(PastTooFar, match="只能补录60天以内的会议，更早的请上级管理员补录。"):
        play.act(play.cast.li, planning.set_past, plan.draft_id, minute(plan))
    wang = play.cast.wang
    plan = play.plan(words, wang)
    play.act(wang, planning.set_unit, plan.draft_id, play.cast.branch.id)
    plan = play.act(wang, planning.show, plan.draft_id)
    play.act(wang, planning.set_past, plan.draft_id, minute(plan))
    plan = play.act(wang, past.tell_reason, plan.draft_id, "支部移交前没有登记")
    assert record(play, plan, wang).state is MeetingState.OPEN


def test_days_count_as_days_of_the_calendar() -> None:
    start = at_beijing(date(2026, 12, 4), time(15))
    last = at_beijing(date(2027, 2, 2), time(23, 59))
    check_past(start, is_admin=False, now=last)
    next_day = at_beijing(date(2027, 2, 3), time(0, 0))
    with pytest.raises(PastTooFar):
        check_past(start, is_admin=False, now=next_day)
    check_past(start, is_admin=True, now=next_day)
    with pytest.raises(NotPast):
        check_past(start, is_admin=True, now=start - timedelta(minutes=1))


def test_a_day_that_may_be_next_year_s_is_offered_as_the_past_one_too(play: Play) -> None:
    plan = play.plan("1月30日15点 主题党日 学习 @三楼")
    assert (plan.step, plan.starts) == (Step.CHOICE, (at("2027-01-30 15:00"),))
    just_over = int(at("2026-01-30 15:00").timestamp()) // 60
    plan = play.act(play.cast.li, planning.set_past, plan.draft_id, just_over)
    assert plan.preview is not None
    assert plan.preview.starts_at == at("2026-01-30 15:00")


def test_another_time_typed_leads_back_to_an_ordinary_plan(play: Play) -> None:
    plan = remembered(play)
    plan = play.act(play.cast.li, planning.tell, plan.draft_id, "phrase", "本周五15点")
    assert plan.step is Step.PREVIEW


def test_a_future_time_is_no_past_one(play: Play) -> None:
    plan = play.plan(LINE)
    tomorrow = int((play.now + timedelta(days=1)).timestamp()) // 60
    with pytest.raises(NotPast):
        play.act(play.cast.li, planning.set_past, plan.draft_id, tomorrow)


def test_without_a_reason_nothing_is_recorded(play: Play) -> None:
    li, plan = play.cast.li, play.plan(LINE)
    plan = play.act(li, planning.set_past, plan.draft_id, minute(plan))
    with pytest.raises(DraftGone):
        record(play, plan)
    with pytest.raises(BadReason):
        play.act(li, past.tell_reason, plan.draft_id, "忙")


def test_a_meeting_already_there_and_a_second_press_are_refused(play: Play) -> None:
    plan = remembered(play)
    record(play, plan)
    with pytest.raises(AlreadySaved):
        record(play, plan)
    with pytest.raises(SameMeeting, match="此时已有同类会议"):
        record(play, remembered(play))


def test_a_training_course_remembers_who_was_on_the_roster_then(play: Play) -> None:
    cast, li = play.cast, play.cast.li
    gone = play.make.member("冯一", cast.branch, to_on=date(2026, 2, 1))
    plan = play.plan("2026年1月28日9点 集中培训 党务培训 @党校")
    plan = play.act(li, planning.set_past, plan.draft_id, minute(plan))
    assert plan.kind is MeetingKind.TRAINING_COURSE
    assert gone.id in {person.member_id for person in plan.people}
    play.act(li, planning.choose_all, plan.draft_id)
    play.act(li, planning.set_people, plan.draft_id)
    meeting = record(play, play.act(li, past.tell_reason, plan.draft_id, "当天没有网络"))
    assert gone.id in play.roll(meeting).due


def test_today_s_lists_hold_no_meeting_of_the_past(play: Play) -> None:
    now: datetime = play.now
    meeting = record(play, remembered(play))
    assert not meeting.is_open(now)
    assert meeting.is_from_memory
    assert local_day(meeting.starts_at) == date(2026, 1, 30)
