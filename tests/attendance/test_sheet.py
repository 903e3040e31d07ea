"""What is noted on the list with names, who sees how much of it, and the trail that everything leaves."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from bot.attendance import leave, marking, own, sheet, sheet_views, trail, views
from bot.attendance.rules import ReasonKind, Status
from bot.members.models import Member
from bot.members.rules import ExemptionScope, NotAllowed, Role
from bot.message import Html, Message, strip_tags
from tests.attendance.acts import LINE, sheet_of, trail_of
from tests.make import Someone
from tests.meetings.play import Play, at, texts


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Marks and their chain are tried on both databases in `test_closing` and `test_histories`."""
    return sqlite_url


def test_an_administrator_reads_whose_meeting_it_is_though_only_one_branch_has_any(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    second = play.meeting("本周四15点 党课 学习 @三楼会议室")
    unit = meeting.unit.name

    def of(who: Someone) -> tuple[Message, ...]:
        found = play.act(who, own.near)
        play.act(who, marking.post_sheet, meeting.id)
        play.work()
        posted = next(letter for letter in reversed(play.letters) if letter.key.startswith("sheet:"))
        near, is_elsewhere = play.act(who, sheet.near)
        assert [one.id for one in near] == [second.id, meeting.id]
        shown = sheet_views.pick_sheet(near, is_elsewhere=is_elsewhere, now=play.now)
        return views.meeting_list(found, now=play.now), shown, Message(Html(posted.text))

    def said(messages: tuple[Message, ...]) -> list[int]:
        return [(one.text + str(one.buttons)).count(unit) for one in messages]

    assert (said(of(cast.wang)), said(of(cast.li))) == ([4, 2, 1], [0, 0, 0])


# -- on the sheet -----------------------------------------------------------------------------------------------------


def test_the_secretary_notes_who_leaves_early_and_takes_it_back(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 14:50")
    play.check_in(meeting, cast.zhang)
    play.until("2026-03-06 16:05")
    record = play.standing(meeting, cast.zhang).id
    play.act(cast.li, marking.mark_left, record)
    standing = play.standing(meeting, cast.zhang)
    assert (standing.status, standing.left_at) == (Status.PRESENT, at("2026-03-06 16:05"))
    assert play.roll(meeting).voters_present == ()
    play.act(cast.li, marking.mark_left, record)
    assert play.standing(meeting, cast.zhang).left_at is None
    assert trail_of(play, meeting, cast.zhang)[-2:] == ["3月6日16:05 李四：离会", "3月6日16:05 李四：取消离会"]
    with pytest.raises(marking.NotHere):
        play.act(cast.li, marking.mark_left, play.standing(meeting, cast.sun).id)


def test_a_mark_made_for_somebody_is_flagged_as_such(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 15:00")
    record = play.standing(meeting, cast.wu).id
    play.act(cast.li, marking.mark, record, "p", is_for_other=True)
    assert play.standing(meeting, cast.wu).is_for_other
    assert "到会1：吴九（代录）" in strip_tags(sheet_views.sheet(sheet_of(play, meeting, cast.li), now=play.now).text)
    play.act(cast.li, marking.mark, record, "e", is_for_other=True)
    assert not play.standing(meeting, cast.wu).is_for_other


def test_a_leave_still_asked_ends_when_its_asker_is_called(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    record = play.leave(meeting, cast.zhang)
    play.until("2026-03-06 15:00")
    play.act(cast.li, marking.mark, record, "p")
    play.work()
    assert play.edits("leave:")[-1].line.endswith("本人已撤回。")


def test_who_is_not_due_stands_below_with_the_ground(play: Play) -> None:
    cast = play.cast
    play.make.exemption(cast.zhou, ExemptionScope.DUE)
    meeting = play.meeting(LINE)
    play.until("2026-03-06 15:00")
    assert play.roll(meeting).expected == 4
    text = strip_tags(sheet_views.sheet(sheet_of(play, meeting, cast.li), now=play.now).text)
    assert text.endswith("不计入应到1：周八（长期病休，上级党委2020-01-01批准）")


def test_a_suspended_member_is_due_without_a_vote(play: Play) -> None:
    cast = play.cast

    def suspend(session: Session) -> None:
        session.get_one(Member, cast.zhang.id).suspended_from = date(2026, 1, 1)

    play.database.run(suspend)
    meeting = play.meeting(LINE)
    play.until("2026-03-06 15:00")
    roll = play.roll(meeting)
    assert (cast.zhang.id in roll.due, cast.zhang.id in roll.voters) == (True, False)


def test_a_group_leader_sees_the_own_group_alone(play: Play) -> None:
    cast = play.cast
    play.make.grant(cast.zhou, Role.GROUP_LEADER, cast.group)
    meeting = play.meeting(LINE)
    play.until("2026-03-06 15:00")
    play.check_in(meeting, cast.zhang, cast.li)
    seen = sheet_of(play, meeting, cast.zhou)
    assert [one.person.name for one in seen.entries] == ["张三", "周八"]
    assert (seen.roll.expected, seen.may_mark, seen.may_correct, seen.may_export) == (2, False, False, False)
    assert "只列出您负责的党员。" in sheet_views.sheet(seen, now=play.now).text
    play.act(cast.zhou, marking.post_sheet, meeting.id)
    play.work()
    assert "李四" not in texts(play.take(), cast.zhou.user_id)[-1]


# -- the trail --------------------------------------------------------------------------------------------------------


def test_everybody_reads_what_was_done_to_the_own_record(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.go(meeting, cast.zhang)
    play.until("2026-03-04 10:00")
    play.leave(meeting, cast.zhang, by=cast.li)
    play.until("2026-03-06 14:58")
    play.check_in(meeting, cast.zhang)
    play.until("2026-03-06 18:00")
    play.act(cast.sun, leave.explain, meeting.id, ReasonKind.OFFICIAL)
    assert trail_of(play, meeting, cast.zhang) == [
        "张三，3月6日主题党日",
        "3月2日09:00 本人：回复参加",
        "3月4日10:00 本人：申请请假",
        "3月4日10:00 李四：同意请假",
        "3月6日14:58 本人：签到，到会",
        "3月6日14:58 本人：撤回请假",
    ]
    assert trail_of(play, meeting, cast.sun)[1:] == [
        "3月6日17:30 到时自动：会议结束，缺席",
        "3月6日18:00 本人：说明原因：公假",
    ]
    with pytest.raises(trail.NoTrail):
        play.act(cast.zhao, trail.own, meeting.id)
    with pytest.raises(NotAllowed):
        play.act(cast.zhang, trail.of, meeting.id, cast.sun.id)


def test_who_was_called_reads_it_once_at_the_close(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 15:00")
    for code in ("p", "l"):
        play.act(cast.li, marking.mark, play.standing(meeting, cast.zhang).id, code)
    play.act(cast.li, marking.mark, play.standing(meeting, cast.li).id, "p")
    play.until("2026-03-06 16:05")
    play.act(cast.li, marking.mark_left, play.standing(meeting, cast.zhang).id)
    play.take()
    play.until("2026-03-06 17:30")
    letters = play.take()
    assert texts(letters, cast.zhang.user_id) == ["李四登记您3月6日主题党日：迟到，16:05离会。如有异议请联系书记。"]
    assert not any("登记您" in text for text in texts(letters, cast.li.user_id))
