"""Files of attendance, opened again: what stands in them, what never does, and that they went out once."""

import csv
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import func, select, update

from bot.attendance import chain, closing, exporting, guests, leave, make_ups, workbook
from bot.attendance.facts import Export, Files
from bot.attendance.models import AttendanceEvent
from bot.attendance.rules import Action, GuestKind, MakeUpHow
from bot.attendance.service import roll
from bot.attendance.turnouts import turnouts
from bot.meetings import minutes
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import Meeting
from bot.members.models import Member
from bot.members.rules import NotAllowed, Role
from bot.outbox import OutboxRow
from tests.attendance.acts import LINE, correct
from tests.make import Someone
from tests.meetings.play import Play
from tests.meetings.scenes import scene


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Files are made in Python; what is read for them is read on both databases in `test_histories`."""
    return sqlite_url


@scene
def busy(play: Play) -> MeetingFacts:
    """A theme day with everything: late, on leave, corrected, made up, guests, a name that would be a formula."""
    cast = play.cast

    def rename(session: object) -> None:
        session.get_one(Member, cast.zhou.id).name = "=1+1"  # type: ignore[attr-defined]  # a session

    play.database.run(rename)
    meeting = play.meeting(LINE)
    play.work()
    record = play.leave(meeting, cast.sun, by=cast.li)
    play.act(cast.sun, leave.add_reason, record, "住院")
    play.until("2026-03-06 14:58")
    play.check_in(meeting, cast.li)
    play.until("2026-03-06 15:12")
    play.check_in(meeting, cast.zhou)
    play.act(cast.li, guests.add, f"{meeting.id}:{GuestKind.OBSERVER.name}", "李明、王红")
    play.act(cast.li, guests.add, f"{meeting.id}:{GuestKind.PUBLIC.name}", "32")
    play.until("2026-03-07 10:00")
    correct(play, meeting, cast.zhang, "p", reason="手机落在车上")
    play.act(cast.li, make_ups.make_up, meeting.id, cast.wu.id, MakeUpHow.TALK, date(2026, 3, 7))
    return play.facts(meeting)


def exported(play: Play, meeting: MeetingFacts, by: Someone | None = None) -> tuple[Export, Files]:
    found = play.act(by or play.cast.li, exporting.one_meeting, meeting.id)
    return found, workbook.render(found)


def cells(sheet: Worksheet) -> list[list[object]]:
    """Row by row what is not empty."""
    return [[cell for cell in row if cell not in (None, "")] for row in sheet.iter_rows(values_only=True)]


def texts(rows: Sequence[Sequence[object]]) -> str:
    return "\n".join(" ".join(str(cell) for cell in row) for row in rows)


def test_the_list_to_sign_is_one_page_wide_and_tells_what_it_rests_on(play: Play) -> None:
    found, files = exported(play, busy(play))
    sheet = load_workbook(BytesIO(files.xlsx))["签到表"]
    assert [row[0] for row in cells(sheet)[:6]] == [
        "一支部主题党日签到表",
        "名称：学习二十大精神",
        "时间：2026年3月6日15:00—17:00",
        "地点：三楼会议室",
        "主持人：＿＿＿＿　　记录人：＿＿＿＿",
        "应到5人　实到3人（迟到1人）　请假1人　缺席1人　到会率60.0%",
    ]
    assert cells(sheet)[6:12] == [
        ["序号", "姓名", "党小组", "到会情况", "签到时间", "本人签名", "备注"],
        ["1", "张三", "第一党小组", "到会", "补签"],
        ["2", "李四", "到会", "14:58"],
        ["3", "孙七", "请假", "事假"],
        ["4", "=1+1", "第一党小组", "迟到", "15:12"],
        ["5", "吴九", "缺席", "已补课"],
    ]
    assert [row[0] for row in cells(sheet)[12:]] == [
        "另有：列席2人（李明、王红）；群众32人，不计入应到和实到",
        "自助签到未核对",
        "操作记录完整，没有改动",
        "李四于2026年3月7日 10:00导出",
    ]
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == (
        9,
        "portrait",
        0,
    )
    assert sheet.oddFooter.left.text == f"CSV SHA-256：{files.sha256}"
    assert found.made_by == "李四"


def test_a_long_title_has_room_in_every_sheet(play: Play) -> None:
    """Excel finds the height of a row by itself, other programs print the lines over each other."""
    meeting = play.meeting(f"本周五15点 主题党日 {'学习会议精神并讨论年度计划' * 2} @三楼会议室")
    play.work()
    _, files = exported(play, meeting)
    book = load_workbook(BytesIO(files.xlsx))
    assert {name: book[name].row_dimensions[2].height >= 3 * 15 for name in ("明细", "统计", "通知送达")} == {
        "明细": True,
        "统计": True,
        "通知送达": True,
    }


def test_a_list_whose_record_was_tampered_with_says_so(play: Play) -> None:
    meeting = busy(play)
    forget = update(Meeting).where(Meeting.id == meeting.id).values(audit_seq=Meeting.audit_seq - 1)
    play.database.run(lambda session: session.execute(forget) and None)
    rows = cells(load_workbook(BytesIO(exported(play, meeting)[1].xlsx))["签到表"])
    assert ["操作记录有缺失或改动，请联系管理员核查"] in rows


def test_no_cell_is_a_formula_and_no_reason_leaves_the_house(play: Play) -> None:
    _, files = exported(play, busy(play))
    book = load_workbook(BytesIO(files.xlsx))
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    everything = "\n".join(texts(cells(sheet)) for sheet in book) + files.csv.decode("utf-8-sig")
    assert "住院" not in everything
    assert "手机落在车上" not in everything
    rows = list(csv.reader(StringIO(files.csv.decode("utf-8-sig"))))
    assert "'=1+1" in [row[5] for row in rows]
    assert files.csv.startswith(b"\xef\xbb\xbf")
    assert files.sha256 == sha256(files.csv).hexdigest()


def test_the_detail_shows_what_was_corrected_and_its_sums_are_those_of_the_card(play: Play) -> None:
    meeting = busy(play)
    _, files = exported(play, meeting)
    rows = list(csv.DictReader(StringIO(files.csv.decode("utf-8-sig"))))
    due = [row for row in rows if row["应到"] == "是"]
    roll = play.roll(meeting)
    states = [row["状态"] for row in due]
    assert (len(due), states.count("到会") + states.count("迟到"), states.count("请假"), states.count("缺席")) == (
        roll.expected,
        len(roll.present),
        len(roll.on_leave),
        len(roll.absent),
    )
    zhang, _, sun, _, wu = due
    assert (zhang["补签"], zhang["更正"]) == ("是", "缺席→到会（李四 03-07 10:00）")
    assert (sun["请假类别"], sun["请假审批"], sun["工号"]) == ("事假", "同意", "")
    assert (wu["补课"], wu["补课日期"], wu["表决权"]) == ("谈话", "2026-03-07", "是")
    sheet = load_workbook(BytesIO(files.xlsx))["明细"]
    assert cells(sheet)[0] == list(rows[0])
    assert sheet.max_row == len(rows) + 1


def test_the_figures_come_with_their_terms(play: Play) -> None:
    meeting = busy(play)
    _, files = exported(play, meeting)
    book = load_workbook(BytesIO(files.xlsx))
    assert {(book[name].page_setup.paperSize, book[name].page_setup.orientation) for name in book.sheetnames[1:]} == {
        (9, "landscape")
    }
    heads, first, total, *_ = cells(book["统计"])
    figures = dict(zip(heads, first, strict=True))
    wanted = {"应到": 5, "实到": 3, "迟到": 1, "请假": 1, "缺席": 1, "未签": 0, "补课": 1, "列席": 2, "群众": 32}
    assert {name: figures[name] for name in wanted} == wanted
    assert figures["到会率"] == 0.6
    assert total[1:] == first[4:]
    held = play.database.look(turnouts, [meeting.id])[meeting.id]
    assert (held.turnout.expected, held.turnout.present, held.made_up, held.guests, held.named) == (5, 3, 1, 34, 2)


def test_every_reminder_tells_how_far_it_came(play: Play) -> None:
    _, files = exported(play, busy(play))
    rows = cells(load_workbook(BytesIO(files.xlsx))["通知送达"])
    assert rows[0] == ["日期", "会议", "名称", "提醒", "轮次", "去向", "应发", "已发", "已应答", "未触达"]
    found = {(str(row[3]), str(row[5])): row[6:] for row in rows[1:]}
    assert found == {
        ("会议通知", "群"): [1, 1, 1, 0],
        ("催复", "私聊"): [4, 3, 0, 1],
        ("催复", "群"): [1, 1, 0, 0],
        ("会前提醒", "群"): [1, 1, 0, 0],
        ("会前提醒", "私聊"): [4, 3, 0, 1],
        ("开始签到", "群"): [1, 1, 2, 0],
        ("催签", "私聊"): [3, 2, 1, 1],
    }


def test_a_month_is_one_workbook_with_a_list_for_each_meeting(play: Play) -> None:
    cast = play.cast
    play.meeting("本周四15点 主题党日 学习 @三楼会议室")
    play.meeting("本周五15点 主题党日 再学习 @三楼会议室")
    play.meeting("本周五9点 主题党日 早学习 @三楼会议室")
    play.until("2026-03-07 10:00")
    choice = play.act(cast.li, exporting.choice, cast.branch.id)
    assert ([one.title for one in choice.meetings], choice.months) == (
        ["再学习", "早学习", "学习"],
        (date(2026, 3, 1),),
    )
    found = play.act(cast.li, exporting.one_month, cast.branch.id, date(2026, 3, 1))
    book = load_workbook(BytesIO(workbook.render(found).xlsx))
    assert book.sheetnames == ["03-05 主题党日", "03-06 主题党日", "03-06 主题党日 (2)", "明细", "统计", "通知送达"]
    total = cells(book["统计"])[4]
    assert total[:3] == ["合计", 15, 0]
    with pytest.raises(exporting.NothingToExport):
        play.act(cast.li, exporting.one_month, cast.branch.id, date(2026, 2, 1))


def test_a_list_to_be_signed_by_hand_can_be_printed_beforehand(play: Play) -> None:
    _, files = exported(play, play.meeting(LINE))
    rows = cells(load_workbook(BytesIO(files.xlsx))["签到表"])
    assert "应到5人　实到0人　请假0人　未签5人" in [row[0] for row in rows]
    assert ["2", "李四"] in rows


def test_the_files_arrive_once_and_are_not_kept(play: Play) -> None:
    meeting = busy(play)
    found, files = exported(play, meeting)
    play.take()
    play.act(play.cast.li, exporting.deliver, found, files.sha256, exporting.documents(found, files))
    kept = select(func.count()).where(OutboxRow.key.like("export:%"), OutboxRow.body.is_not(None))
    assert play.database.look(lambda session: session.scalar(kept)) == 2
    play.deliver()
    assert [letter.text for letter in play.letters if letter.to == play.cast.li.user_id][-2:] == ["Document"] * 2
    assert play.database.look(lambda session: session.scalar(kept)) == 0
    audit = select(AttendanceEvent.actor_id, AttendanceEvent.became).where(AttendanceEvent.action == Action.EXPORTED)
    assert play.database.look(lambda session: session.execute(audit).all()) == [(play.cast.li.id, files.sha256)]
    assert play.database.look(chain.is_intact, meeting.id)


def test_filed_minutes_name_who_was_away_and_no_reason(play: Play) -> None:
    li, meeting = play.cast.li, busy(play)
    play.act(li, closing.vouch, meeting.id)
    for post in ("CHAIR", "RECORDER"):
        play.act(li, minutes.choose, meeting.id, post, li.id, roll=roll)
    play.act(li, minutes.write, f"{meeting.id}:summary", "学习了二十大精神。", roll=roll)
    play.act(li, minutes.file_minutes, meeting.id, roll=roll)
    file = play.act(li, exporting.minutes_of, meeting.id)
    assert file.data.decode("utf-8-sig").split("\r\n")[6:14] == [
        "应到5人　实到3人（迟到1人）　请假1人　缺席1人　到会率60.0%",
        "请假：孙七（事假）",
        "缺席：吴九（未说明）",
        "列席2人：李明、王红",
        "群众32人",
        "名单属实：李四，2026年3月7日核对",
        "会议内容：",
        "学习了二十大精神。",
    ]
    assert "住院" not in file.data.decode("utf-8-sig")
    assert "手机落在车上" not in file.data.decode("utf-8-sig")
    play.act(li, exporting.deliver_minutes, file, (exporting.minutes_document(file),))
    assert [key.rpartition(":")[2] for key in play.pending(f"export:{li.user_id}:")] == ["txt"]
    assert play.database.look(chain.is_intact, meeting.id)


def test_minutes_not_filed_yet_are_not_taken_home(play: Play) -> None:
    meeting = busy(play)
    with pytest.raises(exporting.NotFiled):
        play.act(play.cast.li, exporting.minutes_of, meeting.id)
    with pytest.raises(NotAllowed):
        play.act(play.cast.zhou, exporting.minutes_of, meeting.id)


def test_only_officers_and_those_above_take_lists_home(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.make.grant(cast.zhou, Role.GROUP_LEADER, cast.group)
    play.until("2026-03-06 15:00")
    for who in (cast.zhang, cast.zhou):
        with pytest.raises(NotAllowed):
            exported(play, meeting, by=who)
        with pytest.raises(NotAllowed):
            play.act(who, exporting.units)
    with pytest.raises(exporting.meetings.NoSuchMeeting):
        exported(play, meeting, by=cast.zhao)
    with pytest.raises(NotAllowed):
        play.act(cast.zhao, exporting.choice, cast.branch.id)
    assert exported(play, meeting, by=cast.wang)[0].made_by == "王五"
    assert [unit.name for unit in play.act(cast.li, exporting.units)] == ["一支部"]
    assert {"一支部", "二支部", "交通一支部"} < {unit.name for unit in play.act(cast.wang, exporting.units)}
