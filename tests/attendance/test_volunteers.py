"""Who comes to help without being due: joins, steps back, comes or not."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from bot.attendance import (
    closing,
    correcting,
    correction_views,
    export_views,
    exporting,
    own,
    service,
    sheet_views,
    trail,
    views,
    workbook,
)
from bot.attendance.rules import Answer
from bot.meetings.facts import MeetingFacts
from tests.attendance.acts import LINE, sheet_of, told, trail_of
from tests.make import GROUP_CHAT
from tests.meetings.play import Play, at, texts
from tests.meetings.test_views import line


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
    play.until("2026-03-06 07:30")
    reminded = play.take()  # who still comes
    assert texts(reminded, cast.zhang.user_id) == []
    assert texts(reminded, cast.sun.user_id) == ["今天09:00 河边公园，志愿服务。"]
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


def planting(play: Play) -> MeetingFacts:
    """Three said they would come; one of them did, and 周八 without having said so."""
    cast = play.cast
    meeting = play.meeting("本周五9点 志愿服务 植树 @河边公园")
    play.work()
    play.go(meeting, cast.zhang, cast.sun, cast.li)
    play.until("2026-03-06 09:00")
    play.check_in(meeting, cast.zhang, cast.zhou)
    return meeting


def card_of(play: Play, meeting: MeetingFacts) -> str:
    return play.edits(f"card:{meeting.id}:{GROUP_CHAT}")[-1].line.rpartition("／")[2]


def test_counts_of_voluntary_work_tell_who_takes_part_and_of_nobody_due(play: Play) -> None:
    meeting = planting(play)
    play.deliver()
    assert card_of(play, meeting) == "报名4 · 已签到2"
    list_ = sheet_of(play, meeting, play.cast.li)
    assert line(sheet_views.sheet(list_, now=play.now)).split(" [")[0] == (
        "【志愿服务】植树／3月6日（周五）09:00—11:00／报名4 · 已签到2／／到会2：张三、周八／报名未签2：李四、孙七"
    )
    assert sheet_views.marking(list_).text.split("\n")[1] == "报名4 · 已签到2"
    assert sheet_views.ask_end(list_).text == "结束后不能再自己签到。确认结束吗？"


def test_corrections_of_voluntary_work_speak_of_who_joined(play: Play) -> None:
    meeting = planting(play)
    offered = correction_views.people(play.act(play.cast.li, correcting.offer, meeting.id))
    assert [button.label for row in offered.buttons for button in row][:2] == ["张三 到会", "李四 未签"]
    one = play.act(play.cast.li, correcting.show, meeting.id, play.cast.wu.id)
    assert line(correction_views.record(one, now=play.now)).partition(" [")[0] == (
        "吴九，3月6日志愿服务：未报名／会议还在进行：到会和迟到请用点名，这里只更正报名。"
    )


def test_who_leads_voluntary_work_reads_who_took_part(play: Play) -> None:
    meeting = planting(play)
    play.take()
    play.now = at("2026-03-06 11:00")
    ended = sheet_views.ended(play.act(play.cast.sun, closing.end, meeting.id))
    play.work()
    assert line(ended) == "志愿服务已结束／报名4 · 参加2"
    assert card_of(play, meeting) == "报名4 · 参加2"
    assert texts(play.take(), play.cast.li.user_id)[0] == "志愿服务已结束：报名4人，参加2人：张三、周八。"
    list_ = sheet_of(play, meeting, play.cast.li)
    assert (
        line(sheet_views.sheet(list_, now=play.now))
        .split(" [")[0]
        .endswith("／报名4 · 参加2／／到会2：张三、周八／报名未到2：李四、孙七")
    )


def test_who_never_tapped_is_put_among_the_volunteers_and_taken_out(play: Play) -> None:
    cast, meeting = play.cast, planting(play)
    joined = play.act(cast.li, correcting.correct, f"{meeting.id}:{cast.wu.id}:e", "当面报名")
    assert correction_views.done(joined).text == "吴九：加入名单。已更正，本人可以在我的考勤中看到。"
    assert cast.wu.id in play.roll(meeting).joined
    steps = correction_views.trail(play.act(cast.li, trail.of, meeting.id, cast.wu.id), now=play.now).text.split("\n")
    assert steps[-1] == "3月6日09:00 李四：名册更正，加入名单（未签），原因：当面报名"
    gone = play.act(cast.li, correcting.correct, f"{meeting.id}:{cast.zhou.id}:e", "点错了")
    assert correction_views.done(gone).text == "周八：移出名单。已更正，本人可以在我的考勤中看到。"
    roll = play.roll(meeting)
    assert (cast.zhou.id in roll.joined, roll.joined_present, roll.due) == (False, (cast.zhang.id,), ())
    assert told(play, cast.zhou)[-1] == (
        "李四将您3月6日志愿服务的记录由“到会”改为“未报名”，原因：点错了。如有异议请联系书记。"
    )


def test_voluntary_work_nobody_came_to_says_so(play: Play) -> None:
    play.meeting("本周五9点 志愿服务 植树 @河边公园")
    play.until("2026-03-06 11:30")
    assert texts(play.take(), play.cast.li.user_id)[-1] == "志愿服务已结束：没有人报名。"


def test_ones_own_record_tells_of_voluntary_work_apart_from_what_one_is_due_at(play: Play) -> None:
    cast, meeting = play.cast, planting(play)
    play.until("2026-03-06 11:30")
    said = views.record(play.act(cast.zhang, own.record), now=play.now)
    assert line(said).partition("／点下面")[0] == (
        "2026年应到0次：到会0（迟到0） · 请假0 · 缺席0／志愿服务参加1次／3月6日 志愿服务：到会"
    )
    assert "志愿服务" not in line(views.record(play.act(cast.sun, own.record), now=play.now))
    shown = views.one_meeting(play.act(cast.sun, own.show, meeting.id), now=play.now)
    assert "已结束。没有您的签到记录" in shown.text


def test_a_list_of_volunteers_can_be_signed_beforehand_and_tells_who_came(play: Play) -> None:
    meeting = planting(play)
    before = play.act(play.cast.li, exporting.one_meeting, meeting.id)
    sheet = load_workbook(BytesIO(workbook.render(before).xlsx))["签到表"]
    rows = [[cell for cell in row if cell] for row in sheet.iter_rows(values_only=True)]
    assert ["报名4人　已签到2人"] in rows
    assert [row[1] for row in rows if row and str(row[0]).isdigit()] == ["张三", "李四", "孙七", "周八"]
    assert not any("自愿报名" in row or "自助签到未核对" in row for row in rows)
    play.until("2026-03-06 11:30")
    after = play.act(play.cast.li, exporting.one_meeting, meeting.id)
    assert export_views.counted(after.parts[0]) == "报名4人　参加2人"
    assert export_views.caption(workbook.render(after), after).startswith("参加2。含姓名，请妥善保管。")
