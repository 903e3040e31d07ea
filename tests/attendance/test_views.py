"""What attendance says, word for word."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.attendance import sheet_views, views
from bot.attendance.facts import Answered, CheckedIn, Closed, Entry, LeaveRequest, Own, Record, Sheet, Today
from bot.attendance.rules import Answer, LeaveState, ReasonKind, Status
from bot.meetings import views as meeting_views
from bot.meetings.facts import MeetingFacts, Named
from bot.meetings.rules import MeetingKind, MeetingState, Outcome, Roll
from bot.meetings.views import own_outcome, own_state
from bot.members.rules import UnitKind, UnitRef
from bot.message import MAX_DATA, MAX_TEXT, units
from tests.meetings.play import at
from tests.meetings.test_views import line

NOW = at("2026-12-04 15:05")
MEETING = MeetingFacts(
    id=71,
    unit=UnitRef(3, UnitKind.BRANCH, "第一党支部", "/1/2/3/"),
    kind=MeetingKind.MEMBER_ASSEMBLY,
    title="讨论发展对象",
    place="三楼会议室",
    starts_at=at("2026-12-04 15:00"),
    ends_at=at("2026-12-04 16:30"),
    state=MeetingState.OPEN,
    version=1,
)
REQUEST = LeaveRequest(9, MEETING, "张三", ReasonKind.PERSONAL, "", LeaveState.ASKED, "")


def entry(number: int, status: Status = Status.EXPECTED, **facts: object) -> Entry:
    known: dict[str, object] = {
        "is_due": True,
        "answer": Answer.NONE,
        "leave_state": LeaveState.NONE,
        "leave_kind": None,
        "arrived_at": None,
        "left_at": None,
        "is_time_unsure": False,
        "explained_as": None,
    }
    person = Named(number, f"党员{number}")
    return Entry(attendance_id=number, person=person, status=status, **(known | facts))  # type: ignore[arg-type]  # by name


ROLL = Roll(71, due=tuple(range(6)), present=(1, 2), late=(2,), on_leave=(3,), unsigned=(4, 5), leave_asked=(4,))
SHEET = Sheet(
    MEETING,
    ROLL,
    (
        entry(1, Status.PRESENT, left_at=at("2026-12-04 16:05")),
        entry(2, Status.LATE, arrived_at=at("2026-12-04 15:12"), is_time_unsure=True),
        entry(3, Status.ON_LEAVE, leave_kind=ReasonKind.SICK),
        entry(4, leave_state=LeaveState.ASKED),
        entry(5, answer=Answer.GOING),
    ),
    may_mark=True,
)


# -- what a tap answers -----------------------------------------------------------------------------------------------


def test_the_answers_to_taps_word_for_word() -> None:
    punctual = CheckedIn(MEETING, at("2026-12-04 14:58"), Status.PRESENT, is_time_unsure=False)
    late = CheckedIn(MEETING, at("2026-12-04 15:12"), Status.LATE, is_time_unsure=False)
    assert [
        views.checked_in(punctual),
        views.checked_in(late),
        views.checked_in(replace(punctual, is_time_unsure=True)),
        views.answered(Answered(MEETING, Answer.GOING, is_changed=True)),
        views.answered(Answered(MEETING, Answer.ONLINE, is_changed=True)),
        views.stays_on_leave(),
        views.SUBMITTED,
        views.left(at("2026-12-04 16:05")),
        views.EXPLAINED,
    ] == [
        "已签到14:58（准时）",
        "已签到15:12（迟到）",
        "已签到14:58（准时，时间待核）",
        "已登记：参加",
        "已登记：线上参加",
        "已登记：仍请假",
        "已提交请假，等待同意",
        "已离会16:05",
        "已记下，谢谢说明",
    ]
    explained = views.explained(MEETING, ReasonKind.SICK, now=NOW)
    assert explained.text == "12月4日支部党员大会，您已说明原因：因病。仅书记和组织委员可见。"


def test_what_was_entered_afterwards_is_no_sign_in_of_ones_own() -> None:
    came, late = Roll(1, due=(1,), present=(1,)), Roll(1, due=(1,), present=(1,), late=(1,))
    assert [own_outcome(roll) for roll in (came, late)] == ["您的记录：到会", "您的记录：迟到"]
    assert [own_state(roll) for roll in (came, late)] == ["您已签到（准时）", "您已签到（迟到）"]


# -- leave ------------------------------------------------------------------------------------------------------------


def test_leave_word_for_word() -> None:
    approved = replace(REQUEST, state=LeaveState.APPROVED, decided_by="李四")
    rejected = replace(REQUEST, state=LeaveState.REJECTED, decided_by="李四")
    said = [
        views.leave_kinds(MEETING, now=NOW),
        views.leave_submitted(MEETING, ReasonKind.OFFICIAL, now=NOW),
        views.reason_noted(),
        views.request(REQUEST, now=NOW),
        views.request(replace(REQUEST, reason="<住院>"), now=NOW),
        views.request(approved, now=NOW),
        views.request(rejected, now=NOW),
        views.request(replace(REQUEST, state=LeaveState.WITHDRAWN), now=NOW),
        views.request(replace(REQUEST, meeting=replace(MEETING, state=MeetingState.CANCELLED)), now=NOW),
        views.decided(approved, now=NOW),
        views.decided(rejected, now=NOW),
        views.decided(rejected, is_secretary=True, now=NOW),
        views.ask_explanation(Own(MEETING, Roll(71), is_due=True), now=NOW),
    ]
    asked = "张三申请请假（事假）：12月4日支部党员大会。"
    assert [line(message) for message in said] == [
        "12月4日（周五）15:00支部党员大会，请选择请假类别 [公假] [病假] [事假] [其他]",
        "已提交请假（公假）：12月4日支部党员大会，等待同意。／可以再写一句原因，仅书记和组织委员可见；不写也可以。",
        "已记下请假原因，仅书记和组织委员可见。",
        f"{asked} [同意] [不同意]",
        f"{asked}／原因：<住院> [同意] [不同意]",
        f"{asked}／已由李四处理：同意",
        f"{asked}／已由李四处理：不同意",
        f"{asked}／本人已撤回。",
        f"{asked}／会议已取消。",
        "已同意您12月4日支部党员大会的请假。",
        "未同意您12月4日支部党员大会的请假，如有疑问请联系书记。",
        "李四未同意您12月4日支部党员大会的请假。",
        "请说明原因，仅书记和组织委员可见。 [公事] [病] [事] [其他]",
    ]


# -- the list with names ----------------------------------------------------------------------------------------------


def test_the_list_names_everybody_once_by_state() -> None:
    assert line(sheet_views.sheet(SHEET, now=NOW)) == (
        "【支部党员大会】讨论发展对象／12月4日（周五）15:00—16:30／应到6 · 实到2（迟到1） · 请假1 · 未签2／／"
        "到会1：党员1（16:05离会）／迟到1：党员2（15:12，时间待核）／请假1：党员3（病假）／"
        "未签2：党员4（请假待批）、党员5（已回复参加） [点名] [离会] [列席] [延长30分钟] [结束]"
    )


def test_before_sign_in_the_list_shows_who_said_what() -> None:
    ahead = replace(SHEET, meeting=replace(MEETING, state=MeetingState.SCHEDULED))
    names = [entry.person.name for entry in SHEET.entries]
    shown = line(sheet_views.sheet(ahead, now=NOW))
    assert "已回复 " in shown
    assert "未签" not in shown
    assert "参加1：党员5／" in shown
    assert "请假2：党员3（病假）、党员4（请假待批）／未回复" in shown
    assert all(shown.count(name) == 1 for name in names)


def test_who_sees_several_branches_reads_whose_each_meeting_is() -> None:
    others = UnitRef(6, UnitKind.BRANCH, "二支部", "/1/2/6/")
    group = UnitRef(7, UnitKind.PARTY_GROUP, "第一党小组", f"{MEETING.unit.path}7/")
    theirs = replace(MEETING, id=72, unit=others)
    small = replace(MEETING, id=73, unit=group, kind=MeetingKind.GROUP_MEETING)
    assert line(sheet_views.pick_sheet([MEETING, small], now=NOW)) == (
        "看哪一个会议的考勤表？ [12月4日 15:00 支部党员大会] [12月4日 15:00 第一党小组会]"
    )
    assert line(sheet_views.pick_sheet([MEETING, small, theirs], now=NOW)) == (
        "看哪一个会议的考勤表？ [第一党支部 12月4日 15:00 支部党员大会] [第一党支部 12月4日 15:00 第一党小组会] "
        "[二支部 12月4日 15:00 支部党员大会]"
    )
    listed = line(views.meeting_list([MINE, replace(MINE, meeting=theirs)], now=NOW))
    assert "／二支部／" in listed
    assert "[二支部 12月4日 15:00 支部党员大会]" in listed


def test_many_lists_of_names_come_by_pages() -> None:
    many = [replace(MEETING, id=number) for number in range(1, 23)]
    first, last = (sheet_views.pick_sheet(many, page, now=NOW) for page in (0, 2))
    assert (len(first.buttons), first.buttons[-1][0].label, first.buttons[-1][0].data) == (
        *(11, "下一页"),
        "attendance:rolls:1",
    )
    assert [len(last.buttons), last.buttons[-1][0].label] == [3, "上一页"]


def test_afterwards_the_list_shows_the_outcome_and_nothing_to_press() -> None:
    closed = replace(MEETING, state=MeetingState.CLOSED)
    roll = Roll(71, due=(1, 2), present=(1,), absent=(2,))
    entries = (entry(1, Status.PRESENT), entry(2, Status.ABSENT, leave_state=LeaveState.ASKED))
    assert line(sheet_views.sheet(Sheet(closed, roll, entries, may_mark=False), now=NOW)) == (
        "【支部党员大会】讨论发展对象／12月4日（周五）15:00—16:30／应到2 · 实到1 · 请假0 · 缺席1 · 到会率50.0%／／"
        "到会1：党员1／缺席1：党员2（请假待批）"
    )


def test_the_list_of_three_thousand_still_fits_into_a_message() -> None:
    crowd = tuple(entry(number, status) for status in Status for number in range(600))
    assert units(sheet_views.sheet(Sheet(MEETING, ROLL, crowd, may_mark=True), now=NOW).text) <= MAX_TEXT


def test_a_page_of_roll_call_and_its_question() -> None:
    assert line(sheet_views.marking(SHEET)) == (
        "点名：支部党员大会／实到2（迟到1） · 请假1 · 未签2／点姓名依次换成到会、迟到、未签。 "
        "[党员1 到会] [党员2 迟到] [党员3 请假] [党员4 未签] [党员5 未签] [其余全部到会] [代录]"
    )
    assert line(sheet_views.marking(SHEET, is_sure=True)).endswith("[确认1人到会] [返回]")


def test_roll_call_has_ten_names_to_a_page() -> None:
    crowd = tuple(entry(number) for number in range(23))
    many = Sheet(MEETING, ROLL, crowd, may_mark=True)
    assert line(sheet_views.marking(many, 0)).endswith("[党员9 未签] [下一页] [其余全部到会] [代录]")
    assert line(sheet_views.marking(many, 1)).endswith("[党员19 未签] [上一页] [下一页] [其余全部到会] [代录]")
    assert line(sheet_views.marking(many, 9)).endswith(
        "[党员22 未签] [上一页] [其余全部到会] [代录]"
    )  # the last there is


def test_the_list_says_what_was_decided_about_the_meeting() -> None:
    longer = replace(SHEET, meeting=replace(MEETING, extra_until=at("2026-12-04 17:30")))
    assert "／今天17:30自动结束／" in line(sheet_views.sheet(longer, now=NOW))
    held_open = replace(SHEET, meeting=replace(MEETING, extra_until=at("2026-12-05 16:30")))
    assert "／明天16:30自动结束／" in line(sheet_views.sheet(held_open, now=NOW))
    study = replace(SHEET, meeting=replace(MEETING, outcome=Outcome.STUDY_ONLY))
    assert "／本次为学习会，不表决／" in line(sheet_views.sheet(study, now=NOW))


def test_the_rest_are_marked_as_the_switch_stands() -> None:
    sure = sheet_views.marking(SHEET, is_sure=True, is_for_other=True)
    assert [button.data for button in sure.buttons[-1]] == ["attendance:all:1z:0:1", "attendance:turn:1z:0:1"]
    nobody = replace(SHEET, entries=SHEET.entries[:3])
    assert [button.label for button in sheet_views.marking(nobody).buttons[-1]] == ["代录"]


def test_the_other_words_of_the_list() -> None:
    until = at("2026-12-04 17:30")
    said = [
        sheet_views.ask_end(SHEET),
        sheet_views.nothing_ended(),
        sheet_views.ended(Closed(MEETING, Roll(71, due=(1, 2), present=(1,), absent=(2,)))),
        sheet_views.pick_sheet([MEETING], now=NOW),
        sheet_views.roll_in_private(),
        views.summary(MEETING, Roll(71, due=(1, 2), present=(1,), late=(1,), absent=(2,)), [Named(2, "张三")]),
        views.ask_after_downtime(MEETING),
    ]
    assert [line(message) for message in said] == [
        "结束签到后，未签2人记为缺席。确认结束吗？ [确认结束] [返回]",
        "没有结束，签到继续。",
        "支部党员大会已结束／应到2 · 实到1 · 请假0 · 缺席1 · 到会率50.0%",
        "看哪一个会议的考勤表？ [12月4日 15:00 支部党员大会]",
        "考勤表请在私聊中查看。 [打开私聊↗]",
        "支部党员大会已结束：应到2，实到1（迟到1），请假0，缺席1：张三。到会率50.0%。 [考勤表] [写记录]",
        "机器人在支部党员大会的签到时间里中断过，部分人没能签到。会议暂未结束，请选择怎样登记；24小时后自动结束。"
        " [补开签到30分钟] [逐人点名] [直接结束]",
    ]
    assert sheet_views.extended(until) == "已延长，17:30自动结束"
    assert sheet_views.reopened(until) == "签到补开到17:30"
    assert sheet_views.vouched() == "已记下：名单属实"


# -- lists of one's own -----------------------------------------------------------------------------------------------

AHEAD = replace(MEETING, state=MeetingState.SCHEDULED, starts_at=at("2026-12-11 15:00"), ends_at=at("2026-12-11 16:30"))
MINE = Own(AHEAD, Roll(71, due=(1,), unanswered=(1,)), is_due=True)
HELPING = replace(AHEAD, kind=MeetingKind.VOLUNTEERING)
REMEMBERED = replace(MEETING, created_at=at("2026-12-07 09:00"))
CALLED = at("2026-12-07 09:05")


@pytest.mark.parametrize(
    ("own", "now", "text"),
    [
        (MINE, NOW, "您还没有回复 [参加] [请假]"),
        (
            replace(MINE, may_see_names=True, may_plan=True),
            NOW,
            "您还没有回复 [参加] [请假] [考勤表] [议题] [改期] [取消]",
        ),
        (replace(MINE, is_due=False, may_see_names=True), NOW, "三楼会议室 [考勤表]"),
        (Own(HELPING, Roll(71), is_due=False), NOW, "三楼会议室 [参加]"),
        (Own(HELPING, Roll(71, joined=(1,)), is_due=False), NOW, "您已回复：参加 [退出报名]"),
        (Own(MEETING, Roll(71, due=(1,), unsigned=(1,)), is_due=True), NOW, "您还没有签到 [签到]"),
        (Own(MEETING, Roll(71, due=(1,), present=(1,)), is_due=True), NOW, "您已签到（准时） [离会]"),
        (Own(MEETING, Roll(71, due=(1,), present=(1,)), is_due=True, has_left=True), NOW, "您已签到（准时）"),
        (
            Own(replace(MEETING, state=MeetingState.CLOSED), Roll(71, due=(1,), absent=(1,)), is_due=True),
            NOW,
            "已结束。您缺席了本次会议",
        ),
        (Own(REMEMBERED, Roll(71, due=(1,), unsigned=(1,)), is_due=True), CALLED, "补录点名中，还没有登记您"),
        (Own(REMEMBERED, Roll(71, due=(1,), present=(1,)), is_due=True), CALLED, "补录点名中。您的记录：到会"),
        (Own(REMEMBERED, Roll(71, due=(1,), on_leave=(1,)), is_due=True), CALLED, "补录点名中。您已请假"),
    ],
)
def test_one_meeting_offers_what_one_can_do(own: Own, now: datetime, text: str) -> None:
    assert line(views.one_meeting(own, now=now)).endswith(f"／{text}" if "三楼" not in text else text)


def test_the_lists_word_for_word() -> None:
    soon = MINE.meeting
    said = [
        views.meeting_list([], now=NOW),
        views.meeting_list([MINE], now=NOW),
        views.today(Today((), (), (), ()), now=NOW),
        views.today(
            Today(
                running=(Own(MEETING, Roll(71, due=(1,), unsigned=(1,)), is_due=True),),
                unanswered=(MINE,),
                to_approve=(REQUEST,),
                to_explain=(Own(replace(MEETING, state=MeetingState.CLOSED), Roll(71), is_due=True),),
            ),
            now=NOW,
        ),
        views.today(Today((), (), (), (), to_date=(soon, replace(soon, state=MeetingState.NEEDS_DATE))), now=NOW),
        views.today(Today((), (), (), (), to_minute=(replace(MEETING, state=MeetingState.CLOSED),) * 5), now=NOW),
        views.pick([MINE], "leave", now=NOW),
        views.record(Record(2026, 10, 1, 2, 1, ((MEETING, Status.LATE),)), now=NOW),
    ]
    assert [line(message) for message in said] == [
        "近期没有会议。 [我的考勤]",
        "【支部党员大会】讨论发展对象／12月11日（周五）15:00—16:30，三楼会议室／您还没有回复"
        " [12月11日 15:00 支部党员大会] [我的考勤]",
        "今天没有待办事项。",
        "正在签到：支部党员大会，您还没有签到／待回复：12月11日（周五）15:00 支部党员大会／"
        "待说明：12月4日支部党员大会缺席原因／张三申请请假（事假）：12月4日支部党员大会。"
        " [签到] [12月11日 15:00 支部党员大会] [说明12月4日支部党员大会缺席原因] [审批张三的请假]",
        "待确认：12月11日（周五）第一党支部 支部党员大会，日期暂定／"
        "待选日期：12月11日（周五）第一党支部 支部党员大会，当天不是工作日 [12月11日 确认日期] [12月11日 选日期]",
        "待归档：12月4日支部党员大会会议记录／" * 3
        + "另有2个会议的记录待归档，发送 /minutes 查看。"
        + " [12月4日支部党员大会 写记录]" * 3,
        "是哪一个会议？ [12月11日 15:00 支部党员大会]",
        "2026年应到14次：到会11（迟到1） · 请假2 · 缺席1／12月4日 支部党员大会：迟到／"
        "点下面的会议，看记录是谁在什么时候登记的。 [12月4日 支部党员大会]",
    ]


def test_every_button_fits_into_64_bytes() -> None:
    big = replace(MEETING, id=2**31 - 1, version=999)
    entries = tuple(replace(entry(n), attendance_id=2**31 - 1) for n in range(30))
    messages = [
        views.leave_kinds(big, now=NOW),
        views.request(replace(REQUEST, attendance_id=2**31 - 1), now=NOW),
        views.ask_after_downtime(big),
        views.ask_explanation(Own(big, Roll(71, absent=(1,)), is_due=True), now=NOW),
        sheet_views.sheet(Sheet(big, ROLL, entries, may_mark=True), now=NOW),
        sheet_views.marking(Sheet(big, ROLL, entries, may_mark=True), 1),
        views.one_meeting(replace(MINE, meeting=big, may_plan=True, may_see_names=True), now=NOW),
    ]
    data = [button.data or "" for message in messages for row in message.buttons for button in row]
    assert data
    assert max(len(text.encode()) for text in data) <= MAX_DATA


def test_the_group_reads_who_came_while_a_meeting_of_the_past_is_called() -> None:
    assert line(meeting_views.in_chat([(REMEMBERED, ROLL)], now=CALLED)).endswith("实到2（迟到1） · 请假1 · 未签2")


def test_long_lists_of_meetings_turn_pages() -> None:
    many = [Own(replace(MINE.meeting, id=number), MINE.roll, is_due=True) for number in range(23)]
    first, last = views.meeting_list(many, now=NOW), views.meeting_list(many, 2, now=NOW)
    assert [button.label for row in first.buttons[-2:] for button in row] == ["下一页", "我的考勤"]
    assert [button.label for row in last.buttons[-2:] for button in row] == ["上一页", "我的考勤"]
    assert (first.text.count("【"), last.text.count("【")) == (10, 3)
    five = [(MEETING, ROLL)] * 5
    in_group = meeting_views.in_chat(five, 1, 12, now=NOW)
    assert [button.label for row in in_group.buttons for button in row] == ["上一页", "下一页"]
    assert meeting_views.in_chat(five, 0, 5, now=NOW).buttons == ()


@pytest.mark.parametrize(
    ("own", "now", "buttons"),
    [
        (Own(replace(MEETING, state=MeetingState.SCHEDULED), Roll(71), is_due=False, may_open=True), "13:59", []),
        (
            Own(replace(MEETING, state=MeetingState.SCHEDULED), Roll(71), is_due=False, may_open=True),
            "14:00",
            ["立即开始签到"],
        ),
        (Own(replace(MEETING, state=MeetingState.SCHEDULED), Roll(71), is_due=False, may_open=True), "14:45", []),
        (Own(MEETING, Roll(71), is_due=False, may_minute=True), "15:05", ["会议记录"]),
        (
            Own(replace(MEETING, state=MeetingState.RECORDED), Roll(71), is_due=False, may_plan=True, may_minute=True),
            "17:00",
            ["会议记录"],
        ),
    ],
)
def test_who_leads_a_meeting_finds_what_there_is_to_do(own: Own, now: str, buttons: list[str]) -> None:
    shown = views.one_meeting(own, now=at(f"2026-12-04 {now}"))
    assert [button.label for row in shown.buttons for button in row] == buttons
