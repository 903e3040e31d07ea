"""Corrections after the meeting: at once, with a second person, and of the due list itself."""

from datetime import date

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.attendance import chain, correcting, exporting, proposals
from bot.attendance.models import AttendanceEvent, Correction
from bot.attendance.rules import CorrectionOver, CorrectionState, LeaveState, ReasonKind, Status
from bot.attendance.service import NotDue
from bot.errors import UserError
from bot.meetings.rules import BadReason
from bot.meetings.service import NoSuchMeeting
from bot.members.models import Membership, RoleGrant
from bot.members.rules import NotAllowed, Role
from tests.attendance.acts import LINE, confirm, correct, held, pending, told, trail_of
from tests.make import Someone
from tests.meetings.play import Play, at, texts


def _dismiss(session: Session, who: Someone) -> None:
    session.execute(delete(RoleGrant).where(RoleGrant.member_id == who.id))


# -- at once ----------------------------------------------------------------------------------------------------------


def test_within_two_days_a_correction_holds_at_once_and_is_told(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    play.now = at("2026-03-08 16:00")
    assert not correct(play, meeting, cast.zhang, "p").is_proposed
    standing = play.standing(meeting, cast.zhang)
    assert (standing.status, standing.is_late_entry, standing.arrived_at) == (Status.PRESENT, True, None)
    assert told(play, cast.zhang) == [
        "李四将您3月6日主题党日的记录由“缺席”改为“到会（补签）”，原因：手机没电。如有异议请联系书记。"
    ]
    assert play.database.look(chain.is_intact, meeting.id)


def test_by_night_nobody_is_told_of_a_correction(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    play.until("2026-03-06 23:00")
    correct(play, meeting, cast.zhang, "p")
    assert told(play, cast.zhang) == []
    play.until("2026-03-07 07:30")
    assert len(texts(play.take(), cast.zhang.user_id)) == 1


def test_a_leave_can_be_entered_afterwards_with_its_class(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    correct(play, meeting, cast.zhang, "b")
    standing = play.standing(meeting, cast.zhang)
    assert (standing.status, standing.leave_state, standing.leave_kind) == (
        Status.ON_LEAVE,
        LeaveState.APPROVED,
        ReasonKind.SICK,
    )
    assert told(play, cast.zhang)[0].startswith("李四将您3月6日主题党日的记录由“缺席”改为“请假（补假，病假）”")


def test_who_was_not_there_after_all_loses_the_time_of_signing_in(play: Play) -> None:
    cast = play.cast
    meeting = held(play, cast.zhang)
    correct(play, meeting, cast.zhang, "a", reason="他人代点")
    standing = play.standing(meeting, cast.zhang)
    assert (standing.status, standing.arrived_at, standing.proof, standing.is_late_entry) == (
        Status.ABSENT,
        None,
        None,
        False,
    )
    assert "3月6日18:00 李四：到会更正为缺席，原因：他人代点" in trail_of(play, meeting, cast.zhang)


def test_late_instead_of_punctual_is_no_entry_afterwards(play: Play) -> None:
    cast = play.cast
    meeting = held(play, cast.zhang)
    correct(play, meeting, cast.zhang, "l")
    standing = play.standing(meeting, cast.zhang)
    assert (standing.status, standing.is_late_entry, standing.arrived_at) == (
        Status.LATE,
        False,
        at("2026-03-06 14:50"),
    )


@pytest.mark.parametrize(
    ("code", "reason", "refusal"),
    [
        ("a", "手机没电", correcting.NothingToCorrect),
        ("p", "a", BadReason),
        ("p", "长" * 201, BadReason),
    ],
)
def test_a_correction_changes_something_and_says_why(
    play: Play, code: str, reason: str, refusal: type[UserError]
) -> None:
    meeting = held(play)
    with pytest.raises(refusal):
        correct(play, meeting, play.cast.zhang, code, reason=reason)


def test_a_running_meeting_is_called_by_roll_not_corrected(play: Play) -> None:
    meeting = play.meeting(LINE)
    with pytest.raises(correcting.NotOver):
        correct(play, meeting, play.cast.zhang, "p")
    play.until("2026-03-06 15:00")
    with pytest.raises(correcting.NotOver):
        correct(play, meeting, play.cast.zhang, "p")


def test_members_and_strangers_correct_nothing(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    with pytest.raises(NotAllowed):
        correct(play, meeting, cast.zhang, "p", by=cast.zhang)
    with pytest.raises(UserError, match="没有这个会议"):
        correct(play, meeting, cast.zhang, "p", by=cast.zhao)
    with pytest.raises(NotAllowed):  # ADMIN above sees, and corrects nothing
        correct(play, meeting, cast.zhang, "p", by=cast.wang)


# -- with a second person ---------------------------------------------------------------------------------------------


def test_after_two_days_a_second_person_confirms(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    play.until("2026-03-08 18:00")
    play.take()
    assert correct(play, meeting, cast.zhang, "p").is_proposed
    assert play.standing(meeting, cast.zhang).status is Status.ABSENT
    asked = "李四提出更正：张三，3月6日主题党日，由“缺席”改为“到会（补签）”。／原因：手机没电"
    assert told(play, cast.sun) == [asked]
    with pytest.raises(NotAllowed):
        confirm(play, cast.li)
    with pytest.raises(NotAllowed):  # above, while the branch has somebody
        confirm(play, cast.wang)
    with pytest.raises(NotAllowed):
        confirm(play, cast.zhang)
    confirm(play, cast.sun)
    assert play.standing(meeting, cast.zhang).status is Status.PRESENT
    play.work()
    letters = play.take()
    assert texts(letters, cast.zhang.user_id) == [
        "李四（孙七确认）将您3月6日主题党日的记录由“缺席”改为“到会（补签）”，原因：手机没电。如有异议请联系书记。"
    ]
    assert texts(letters, cast.li.user_id) == ["孙七已同意您提出的张三3月6日主题党日的更正。"]
    assert "3月8日18:00 李四：提出更正为到会，原因：手机没电" in trail_of(play, meeting, cast.zhang)
    detail = play.act(cast.li, exporting.one_meeting, meeting.id).parts[0].lines
    changes = next(line.changes for line in detail if line.name == "张三")
    assert [(one.was, one.became, one.actor) for one in changes] == [("缺席", "到会", "孙七")]
    assert play.database.look(chain.is_intact, meeting.id)


def test_of_two_people_of_one_name_it_is_told_whose_record_is_to_be_corrected(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    play.make.member("张三", cast.branch, user_id=2001, staff_no="A7")
    play.until("2026-03-08 18:00")
    play.take()
    correct(play, meeting, cast.zhang, "p")
    asked = "李四提出更正：张三（第一党小组），3月6日主题党日，由“缺席”改为“到会（补签）”。／原因：手机没电"
    assert told(play, cast.sun) == [asked]


def test_the_message_of_who_confirms_ends_with_the_decision(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    play.until("2026-03-08 18:00")
    correct(play, meeting, cast.zhang, "b")
    play.work()
    confirm(play, cast.sun, is_agreed=False)
    play.work()
    assert play.edits("correction:")[-1].line.endswith(
        "改为“请假（补假，病假）”。／原因：手机没电／已由孙七处理：不同意"
    )
    assert play.standing(meeting, cast.zhang).status is Status.ABSENT
    assert "孙七未同意您提出的张三3月6日主题党日的更正。" in texts(play.take(), cast.li.user_id)
    for who, one in ((cast.sun, 99), (cast.zhao, 1)):  # none at all, and one of another branch
        with pytest.raises(NoSuchMeeting):
            play.act(who, proposals.confirm_correction, one, is_agreed=True)


def test_the_class_of_a_leave_survives_the_wait_for_a_second_person(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    play.until("2026-03-08 18:00")
    correct(play, meeting, cast.zhang, "g")
    confirm(play, cast.sun)
    assert play.standing(meeting, cast.zhang).leave_kind is ReasonKind.OFFICIAL


def test_the_first_press_decides_a_proposal(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    zheng = play.make.member("郑十", cast.branch, roles=[Role.COMMISSIONER])
    play.until("2026-03-08 18:00")
    correct(play, meeting, cast.zhang, "p")
    found = pending(play)
    assert [one.name for one in play.act(zheng, proposals.waiting_for)] == ["张三"]
    assert play.act(cast.li, proposals.waiting_for) == []
    assert play.act(cast.zhao, proposals.waiting_for) == []
    confirm(play, zheng)
    with pytest.raises(proposals.ProposalSettled, match="这条更正已由郑十处理。"):
        play.act(cast.sun, proposals.confirm_correction, found, is_agreed=False)


def test_where_nobody_of_the_branch_can_confirm_it_goes_above(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    play.database.run(_dismiss, cast.sun)
    play.until("2026-03-08 18:00")
    correct(play, meeting, cast.zhang, "p")
    confirm(play, cast.wang)
    assert play.standing(meeting, cast.zhang).status is Status.PRESENT


def test_a_proposal_nobody_confirms_ends_after_seven_days(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    play.until("2026-03-09 18:00")
    correct(play, meeting, cast.zhang, "p")
    found = pending(play)
    play.until("2026-03-16 17:59")
    assert not play.run(proposals.expire)
    play.until("2026-03-16 18:00")
    play.take()
    assert play.run(proposals.expire)
    assert not play.run(proposals.expire)
    assert "您提出的张三3月6日主题党日的更正7天内没有人确认，已失效。" in told(play, cast.li)
    with pytest.raises(proposals.ProposalGone):
        play.act(cast.sun, proposals.confirm_correction, found, is_agreed=True)
    assert play.database.look(chain.is_intact, meeting.id)


def test_after_seven_days_nothing_is_corrected(play: Play) -> None:
    meeting = held(play)
    play.until("2026-03-14 18:00")
    with pytest.raises(CorrectionOver, match="会议结束已超过7天，不能再更正。"):
        correct(play, meeting, play.cast.zhang, "p")


def test_one_record_waits_for_one_proposal(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    play.until("2026-03-08 18:00")
    correct(play, meeting, cast.zhang, "p")
    with pytest.raises(proposals.AlreadyProposed):
        correct(play, meeting, cast.zhang, "b", by=cast.sun)


def test_who_forgot_to_sign_in_says_so_and_another_decides(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    play.act(cast.zhang, proposals.forgot, meeting.id)
    assert told(play, cast.li) == ["张三申请补签（忘记签到）：3月6日主题党日。"]
    with pytest.raises(proposals.AlreadyProposed):
        play.act(cast.zhang, proposals.forgot, meeting.id)
    confirm(play, cast.li)
    assert told(play, cast.zhang) == [
        "李四将您3月6日主题党日的记录由“缺席”改为“到会（补签）”，原因：忘记签到。如有异议请联系书记。"
    ]
    with pytest.raises(proposals.NotAbsent):
        play.act(cast.zhang, proposals.forgot, meeting.id)


def test_the_secretary_who_forgot_asks_somebody_else(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    play.act(cast.li, proposals.forgot, meeting.id)
    with pytest.raises(NotAllowed):
        confirm(play, cast.li)
    confirm(play, cast.sun, is_agreed=False)
    play.work()
    assert "未同意您3月6日主题党日的更正，如有疑问请联系书记。" in texts(play.take(), cast.li.user_id)


# -- 名册更正 ------------------------------------------------------------------------------------------------------


def join(play: Play, name: str) -> Someone:
    """Somebody of whom the roster learns too late."""
    return play.make.member(name, play.cast.branch)


def test_somebody_missing_from_the_frozen_list_is_put_on_it(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 14:50")
    late = join(play, "郑十")
    with pytest.raises(NotDue):
        play.check_in(meeting, late)
    found = play.act(cast.li, correcting.candidates, meeting.id)
    assert [one.name for one in found.people] == ["郑十"]
    correct(play, meeting, late, "e", reason="名册漏录")
    play.check_in(meeting, late)
    roll = play.roll(meeting)
    assert (roll.expected, roll.present, late.id in roll.voters) == (6, (late.id,), True)
    assert told(play, late)[-1].startswith("李四将您3月6日主题党日的记录由“不在应到名单”改为“未签”")
    assert play.act(cast.li, correcting.candidates, meeting.id).people == ()


def test_after_the_close_who_is_put_on_the_list_comes_with_a_state(play: Play) -> None:
    meeting = held(play)
    late = join(play, "郑十")
    correct(play, meeting, late, "p", reason="名册漏录")
    assert play.roll(meeting).expected == 6
    assert "3月6日18:00 李四：名册更正，加入名单（到会），原因：名册漏录" in trail_of(play, meeting, late)
    correct(play, meeting, late, "e", reason="加错了人")
    assert play.roll(meeting).expected == 5
    assert play.standing(meeting, late).is_due is False


def test_putting_somebody_on_the_list_late_needs_a_second_person(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    late = join(play, "郑十")
    play.until("2026-03-08 18:00")
    play.take()
    correct(play, meeting, late, "p", reason="名册漏录")
    assert play.roll(meeting).expected == 5
    asked = "李四提出更正：郑十，3月6日主题党日，由“不在应到名单”改为“到会（补签）”。／原因：名册漏录"
    assert told(play, cast.sun) == [asked]
    confirm(play, cast.sun)
    assert (play.roll(meeting).expected, play.roll(meeting).present) == (6, (late.id,))


def test_who_does_not_belong_cannot_be_put_on_the_list(play: Play) -> None:
    meeting = held(play)
    with pytest.raises(correcting.NotOnList):
        correct(play, meeting, play.cast.zhao, "p")


def test_a_transfer_after_sign_in_began_changes_nothing_by_itself(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 14:50")

    def transfer(session: Session) -> None:
        home = session.scalars(select(Membership).where(Membership.member_id == cast.zhang.id)).one()
        home.to_on = date(2026, 3, 6)

    play.database.run(transfer)
    assert cast.zhang.id in play.roll(meeting).due
    play.until("2026-03-06 18:00")
    assert cast.zhang.id in play.roll(meeting).absent
    correct(play, meeting, cast.zhang, "e", reason="当天已转出")
    roll = play.roll(meeting)
    assert (roll.expected, cast.zhang.id in roll.absent) == (4, False)


def test_why_somebody_corrected_is_not_in_the_chain_that_can_never_be_erased(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    correct(play, meeting, cast.zhang, "b", reason="张三住院")
    play.until("2026-03-08 18:00")
    correct(play, meeting, cast.zhou, "b", reason="周八住院")
    chained = select(AttendanceEvent.reason).where(AttendanceEvent.reason.is_not(None))
    assert play.database.look(lambda session: session.scalars(chained).all()) == []
    kept = select(Correction.reason, Correction.state).order_by(Correction.id)
    assert play.database.look(lambda session: session.execute(kept).all()) == [
        ("张三住院", CorrectionState.APPLIED),
        ("周八住院", CorrectionState.PROPOSED),
    ]
    assert "3月6日18:00 李四：缺席更正为请假（病假），原因：张三住院" in trail_of(play, meeting, cast.zhang)


def test_volunteers_who_never_tapped_are_noted_without_being_due(play: Play) -> None:
    cast = play.cast
    meeting = play.meeting("本周五9点 志愿服务 植树 @河边公园")
    play.until("2026-03-06 12:00")
    assert cast.zhang.id in [one.member_id for one in play.act(cast.li, correcting.candidates, meeting.id).people]
    correct(play, meeting, cast.zhang, "p", reason="忘记签到")
    assert told(play, cast.zhang)[-1].startswith("李四将您3月6日志愿服务的记录由“未签”改为“到会（补签）”")
    roll = play.roll(meeting)
    assert (roll.due, roll.joined_present) == ((), (cast.zhang.id,))
    correct(play, meeting, cast.zhang, "e", reason="其实没有来")
    assert play.roll(meeting).joined_present == ()
