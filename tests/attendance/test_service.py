"""Answers, leave and sign-in, one tap at a time; and what they cost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bot.attendance import leave, own, service
from bot.attendance.models import AttendanceEvent
from bot.attendance.rules import Answer, CorrectionOver, LeaveState, NotYetOpen, Proof, SelfSignInOver, Status
from bot.attendance.service import AlreadyCheckedIn, AlreadyStarted, NotDue, NotOnline
from bot.meetings import planning
from bot.meetings.facts import MeetingFacts
from bot.meetings.rules import MeetingState
from bot.meetings.service import Ended, NoSuchMeeting
from bot.members.models import Membership
from bot.members.rules import ExemptionScope, NotAllowed, NotBound, Role
from tests.make import GROUP_CHAT, Someone
from tests.meetings.play import Play, at
from tests.meetings.scenes import scene

LINE = "本周五15点 主题党日 学习二十大精神 @三楼会议室"


@scene
def opened(play: Play) -> MeetingFacts:
    meeting = play.meeting(LINE)
    play.until("2026-03-06 14:50")
    play.take()
    return meeting


def tap(play: Play, meeting: MeetingFacts, who: Someone, moment: datetime) -> str:
    """签到 stored at `moment`: the new status, or the refusal."""
    play.now = max(play.now, moment)
    sender = replace(who.sender(moment), update_id=int(moment.timestamp() * 10))
    try:
        return play.database.run(service.check_in, sender, meeting.id, now=play.now).status.name
    except (NotYetOpen, SelfSignInOver) as refused:
        return str(refused)


def events(play: Play) -> list[str]:
    def read(session: Session) -> list[str]:
        rows = session.scalars(select(AttendanceEvent).order_by(AttendanceEvent.seq))
        return [f"{row.action.name} {row.was}→{row.became}" for row in rows]

    return play.database.look(read)


# -- answers ----------------------------------------------------------------------------------------------------------


def test_the_last_tap_wins_and_an_equal_one_changes_nothing(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.work()
    first = play.act(cast.zhang, service.answer, meeting.id, 1, Answer.GOING)
    again = play.act(cast.zhang, service.answer, meeting.id, 1, Answer.GOING)
    assert (first.is_changed, again.is_changed) == (True, False)
    assert events(play) == ["ANSWERED NONE→GOING"]


def test_the_card_of_the_group_follows_an_answer(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.work()
    play.go(meeting, play.cast.zhang)
    play.work()
    [edit] = play.edits(f"card:{meeting.id}:{GROUP_CHAT}")
    assert edit.line.endswith("已回复 1/5：参加1 · 请假0 · 未回复4")


def test_who_is_not_due_is_told_so_in_the_own_branch_only(play: Play) -> None:
    cast = play.cast
    play.make.exemption(cast.zhang, ExemptionScope.DUE)
    meeting = play.meeting(LINE)
    with pytest.raises(NotDue, match="您不在本次会议应到名单，可请书记登记列席。"):
        play.act(cast.zhang, service.answer, meeting.id, 1, Answer.GOING)
    with pytest.raises(NoSuchMeeting):
        play.act(cast.zhao, service.answer, meeting.id, 1, Answer.GOING)
    with pytest.raises(NotBound):
        play.act(cast.wu, service.answer, meeting.id, 1, Answer.GOING)


def test_the_card_of_another_group_in_the_branchs_chat_is_no_secret(play: Play) -> None:
    cast = play.cast
    plain, meeting = play.make.member("郑十", cast.branch), play.meeting("本周五15点 党小组会 学习 @活动室")
    with pytest.raises(NotDue):
        play.act(plain, service.answer, meeting.id, 1, Answer.GOING)
    with pytest.raises(NoSuchMeeting):
        play.act(cast.zhao, service.answer, meeting.id, 1, Answer.GOING)


def test_a_transferred_member_is_due_in_the_new_branch_only(play: Play) -> None:
    cast, day = play.cast, date(2026, 3, 6)
    mover = play.make.member("郑十", cast.branch, to_on=day)
    home = Membership(member_id=mover.id, branch_id=cast.second.id, from_on=day)
    play.database.run(lambda session: session.add(home))
    play.make.grant(play.cast.li, Role.SECRETARY, cast.second)
    plan = play.plan(LINE)
    here = play.confirm(play.act(cast.li, planning.set_unit, plan.draft_id, cast.branch.id))
    plan = play.plan(LINE)
    there = play.confirm(play.act(cast.li, planning.set_unit, plan.draft_id, cast.second.id))
    assert mover.id not in play.roll(here).due
    assert mover.id in play.roll(there).due


def test_online_only_where_the_kind_allows_it(play: Play) -> None:
    meeting = play.meeting(LINE)
    with pytest.raises(NotOnline):
        play.act(play.cast.zhang, service.answer, meeting.id, 1, Answer.ONLINE)


def test_nobody_answers_once_the_meeting_has_begun(play: Play) -> None:
    meeting = opened(play)
    play.go(meeting, play.cast.sun)
    play.until("2026-03-06 15:00")
    with pytest.raises(AlreadyStarted):
        play.go(meeting, play.cast.zhang)


def test_an_ended_meeting_takes_no_answer(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-06 18:00")
    with pytest.raises(Ended, match="该通知已结束（3月6日）。"):
        play.go(meeting, play.cast.zhang)


# -- leave ------------------------------------------------------------------------------------------------------------


def test_leave_is_asked_of_all_who_may_decide_and_the_first_press_decides(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.work()
    play.take()
    record = play.leave(meeting, cast.zhang)
    play.work()
    asked = "张三申请请假（事假）：3月6日主题党日。〔同意〕〔不同意〕"
    assert play.sent() == [f"03-02 09:00 李四：{asked}", f"03-02 09:00 孙七：{asked}"]
    play.decide(record, by=cast.sun)
    with pytest.raises(leave.AlreadyDecided, match="已由孙七处理"):
        play.decide(record, by=cast.li)
    play.work()
    assert [letter.line for letter in play.edits("leave:")] == [
        "张三申请请假（事假）：3月6日主题党日。／已由孙七处理：同意"
    ] * 2
    assert play.sent() == ["03-02 09:00 张三：已同意您3月6日主题党日的请假。"]
    assert play.standing(meeting, cast.zhang).status is Status.ON_LEAVE


def test_of_two_people_of_one_name_it_is_told_which_asks_for_leave(play: Play) -> None:
    cast = play.cast
    play.make.member("张三", cast.branch, user_id=2001, staff_no="A7")
    meeting = play.meeting(LINE)
    play.work()
    play.take()
    play.leave(meeting, cast.zhang)
    play.work()
    asked = "张三（第一党小组）申请请假（事假）：3月6日主题党日。〔同意〕〔不同意〕"
    assert play.sent() == [f"03-02 09:00 李四：{asked}", f"03-02 09:00 孙七：{asked}"]


def test_a_refused_leave_is_no_answer(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.work()
    record = play.leave(meeting, cast.zhang)
    play.decide(record, by=cast.li, is_approved=False)
    standing = play.standing(meeting, cast.zhang)
    assert (standing.answer, standing.leave_state, standing.status) == (
        Answer.NONE,
        LeaveState.REJECTED,
        Status.EXPECTED,
    )
    play.take()
    play.work()
    assert "03-02 09:00 张三：未同意您3月6日主题党日的请假，如有疑问请联系书记。" in play.sent()
    play.leave(meeting, cast.zhang)  # may be asked again
    play.work()
    assert len([line for line in play.sent() if "张三申请请假" in line]) == 2


def test_nobody_decides_the_own_leave_and_no_member_anybodys(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    record = play.leave(meeting, cast.li)
    for who in (cast.li, cast.zhang):
        with pytest.raises(NotAllowed):
            play.decide(record, by=who)
    with pytest.raises(NoSuchMeeting):
        play.decide(record, by=cast.zhao)
    play.decide(record, by=cast.wang)  # ADMIN above, because it is the secretary's
    assert play.standing(meeting, cast.li).status is Status.ON_LEAVE


def test_an_admin_decides_no_members_leave(play: Play) -> None:
    record = play.leave(play.meeting(LINE), play.cast.zhang)
    with pytest.raises(NotAllowed):
        play.decide(record, by=play.cast.wang)


def test_coming_after_all_withdraws_the_leave(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.work()
    play.leave(meeting, cast.zhang, by=cast.li)
    play.go(meeting, cast.zhang)
    standing = play.standing(meeting, cast.zhang)
    assert (standing.leave_state, standing.status) == (LeaveState.WITHDRAWN, Status.EXPECTED)


def test_signing_in_from_leave_withdraws_it(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.work()
    play.leave(meeting, cast.li, by=cast.sun)
    play.until("2026-03-06 14:50")
    play.check_in(meeting, cast.li)
    standing = play.standing(meeting, cast.li)
    assert (standing.leave_state, standing.status) == (LeaveState.WITHDRAWN, Status.PRESENT)


def test_leave_undecided_at_the_close_is_absence_until_it_is_approved(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    record = play.leave(meeting, cast.zhang)
    play.until("2026-03-06 17:30")
    assert play.standing(meeting, cast.zhang).status is Status.ABSENT
    present = play.roll(meeting).present
    play.until("2026-03-07 10:00")
    play.decide(record, by=cast.li)
    assert play.standing(meeting, cast.zhang).status is Status.ON_LEAVE
    assert play.roll(meeting).present == present


def test_a_leave_nobody_decided_in_seven_days_stays_undecided(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    record = play.leave(meeting, cast.zhang)
    play.until("2026-03-13 17:01")
    assert play.act(cast.li, own.today).to_approve == ()
    with pytest.raises(CorrectionOver):
        play.decide(record, by=cast.li)


def test_a_reason_follows_as_text_and_stays_out_of_the_chain(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    record = play.leave(meeting, cast.zhang)
    play.work()
    play.act(cast.zhang, leave.add_reason, record, "住院")
    play.work()
    assert play.edits("leave:")[-1].line == "张三申请请假（事假）：3月6日主题党日。／原因：住院"
    with pytest.raises(leave.ReasonTooLong):
        play.act(cast.zhang, leave.add_reason, record, "病" * 201)
    stored = play.database.look(lambda session: session.scalars(select(AttendanceEvent.reason)).all())
    assert set(stored) == {None}


def test_leave_is_asked_before_the_meeting_only_and_not_twice(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.leave(meeting, cast.zhang)
    with pytest.raises(leave.AlreadyOnLeave):
        play.leave(meeting, cast.zhang)
    play.until("2026-03-06 15:00")
    with pytest.raises(AlreadyStarted):
        play.leave(meeting, cast.sun)


def test_requests_wait_in_the_list_of_the_day(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.leave(meeting, cast.zhang)
    found = play.act(cast.li, own.today)
    assert [request.name for request in found.to_approve] == ["张三"]
    assert [one.meeting.id for one in found.unanswered] == [meeting.id]
    assert play.act(cast.zhang, own.today).to_approve == ()
    assert play.act(cast.zhao, own.today).to_approve == ()


# -- signing in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "outcome"),
    [
        ("2026-03-06 14:44:59", "签到未开始，14:45起可签"),
        ("2026-03-06 14:45:00", "PRESENT"),
        ("2026-03-06 15:10:00.4", "PRESENT"),
        ("2026-03-06 15:10:30.0", "PRESENT"),
        ("2026-03-06 15:10:30.1", "LATE"),
        ("2026-03-06 15:30:30.0", "LATE"),
        ("2026-03-06 15:30:30.1", "自助签到已结束，请找书记登记"),
    ],
)
def test_a_tap_is_judged_by_when_it_was_stored(play: Play, moment: str, outcome: str) -> None:
    """No job has run yet: the first tap opens the meeting itself."""
    meeting = play.meeting(LINE)
    seconds, _, tenth = moment.partition(".")
    assert tap(play, meeting, play.cast.zhang, at(seconds) + timedelta(milliseconds=100 * int(tenth or 0))) == outcome
    has_opened = play.facts(meeting).state is MeetingState.OPEN
    assert has_opened == (outcome in ("PRESENT", "LATE"))


def test_the_second_tap_changes_nothing(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    play.now = at("2026-03-06 14:58")
    play.check_in(meeting, cast.zhang)
    play.now = at("2026-03-06 15:12")
    with pytest.raises(AlreadyCheckedIn, match="已于14:58签到"):
        play.check_in(meeting, cast.zhang)
    assert events(play) == ["FROZEN None→5", "CHECKED_IN EXPECTED→PRESENT"]
    assert play.standing(meeting, cast.zhang).proof is Proof.BUTTON


def test_two_hundred_taps_are_two_hundred_states(play: Play) -> None:
    people = [play.make.member(f"党员{number}", play.cast.branch) for number in range(200)]
    meeting = opened(play)
    for number, one in enumerate(people, start=1):
        play.now += timedelta(milliseconds=50)
        play.check_in(meeting, one)
        if number % 40 == 0:
            play.deliver()
    play.now += timedelta(seconds=5)
    play.work()
    assert len(play.roll(meeting).present) == 200
    assert "实到200 · 请假0 · 未签5" in play.edits(f"card:{meeting.id}:{GROUP_CHAT}")[-1].line


def test_the_due_list_is_frozen_when_sign_in_opens(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    late = play.make.member("新来的", cast.branch)
    assert late.id not in play.roll(meeting).due
    with pytest.raises(NotDue):
        play.check_in(meeting, late)


def test_who_leaves_early_stays_present(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    play.check_in(meeting, cast.zhang)
    play.now = at("2026-03-06 16:05")
    assert play.act(cast.zhang, service.leave_early, meeting.id) == play.now
    roll = play.roll(meeting)
    assert roll.present == (cast.zhang.id,)
    assert roll.voters_present == ()
    with pytest.raises(service.AlreadyLeft):
        play.act(cast.zhang, service.leave_early, meeting.id)
    with pytest.raises(service.NotCheckedIn):
        play.act(cast.sun, service.leave_early, meeting.id)


# -- what a tap costs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("members", [0, 60])
def test_a_tap_costs_the_same_whatever_the_size_of_the_branch(play: Play, members: int) -> None:
    for number in range(members):
        play.make.member(f"党员{number}", play.cast.branch)
    meeting = play.meeting(LINE)
    play.work()
    assert statements(play, play.cast.zhang, service.answer, meeting.id, 1, Answer.GOING) == 8
    play.until("2026-03-06 14:50")
    assert statements(play, play.cast.sun, service.check_in, meeting.id) == 7


def statements(play: Play, who: Someone, case: Callable[..., object], *args: object) -> int:
    """How many statements one use case takes; begin, savepoints and the mark in the inbox come on top."""
    seen: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    engine = play.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        play.act(who, case, *args)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)
