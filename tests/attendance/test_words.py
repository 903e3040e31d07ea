"""What corrections, 补课, guests, votes and files say, word for word."""

from dataclasses import replace
from datetime import date

from bot.attendance import ballot_views, correction_views, export_views, guest_views, sheet_views
from bot.attendance.facts import (
    Ballot,
    Candidates,
    Choice,
    Correctable,
    Corrected,
    Excused,
    GuestLine,
    GuestList,
    MadeUp,
    Proposal,
    Sheet,
)
from bot.attendance.quorum import quorum
from bot.attendance.rules import CORRECTIONS, CorrectionState, GuestKind, MakeUpHow, ReasonKind, Status
from bot.meetings import kinds
from bot.meetings.facts import Named
from bot.meetings.rules import MeetingState, Roll, VoteRule
from bot.members.rules import UnitKind, UnitRef
from bot.message import MAX_DATA, MAX_TEXT, Message, units
from tests.attendance.test_views import MEETING, NOW, SHEET, entry
from tests.meetings.play import at
from tests.meetings.test_views import line

CLOSED = replace(MEETING, state=MeetingState.CLOSED)
ZHANG = Named(9, "张三")
ABSENT = Correctable(CLOSED, ZHANG, Status.ABSENT, is_due=True)
PRESENT, SICK = CORRECTIONS["p"], CORRECTIONS["b"]
PROPOSAL = Proposal(
    *(5, CLOSED, "张三", Status.ABSENT, PRESENT, "手机没电", "李四"), is_own=False, state=CorrectionState.PROPOSED
)
MADE_UP = MadeUp(MakeUpHow.LECTURE, date(2026, 12, 10), "第三讲")
GUESTS = (
    GuestLine(1, GuestKind.OBSERVER, "李明", 1),
    GuestLine(2, GuestKind.OBSERVER, "", 2),
    GuestLine(3, GuestKind.PUBLIC, "", 32),
)
SOURCES = kinds.shipped().votes
BALLOT = Ballot(
    *(4, MEETING, 1, "接收预备党员", "李明", VoteRule.ADMISSION, SOURCES[VoteRule.ADMISSION]),
    quorum(VoteRule.ADMISSION, 21, 10),
)
DECIDED = replace(
    BALLOT,
    quorum=quorum(VoteRule.ADMISSION, 21, 11),
    votes=(10, 1, 0, 1),
    has_passed=True,
    decided_at=at("2026-12-04 16:05"),
)


def test_the_page_of_one_record() -> None:
    said = [
        ABSENT,
        replace(ABSENT, status=Status.ON_LEAVE, leave_kind=ReasonKind.SICK, made_up=MADE_UP),
        replace(ABSENT, status=Status.PRESENT, is_late_entry=True),
        replace(ABSENT, is_at_once=False),
        replace(ABSENT, is_at_once=False, proposal=PROPOSAL),
        replace(ABSENT, is_at_once=False, is_too_late=True),
        replace(ABSENT, status=Status.EXPECTED, is_due=False),
        replace(ABSENT, meeting=MEETING, status=Status.EXPECTED),
        replace(ABSENT, meeting=MEETING, status=Status.EXPECTED, is_due=False),
    ]
    assert [line(correction_views.record(one, now=NOW)) for one in said] == [
        "张三，12月4日支部党员大会：缺席 [到会] [迟到] [公假] [病假] [事假] [其他假] [移出名单] [登记补课] [经过]"
        " [返回]",
        "张三，12月4日支部党员大会：请假（病假）／补课：补听党课，12月10日，第三讲 [到会] [迟到] [公假] [事假] ["
        "其他假] [缺席] [移出名单] [登记补课] [经过] [返回]",
        "张三，12月4日支部党员大会：到会（补签） [迟到] [公假] [病假] [事假] [其他假] [缺席] [移出名单] [经过] [返回]",
        "张三，12月4日支部党员大会：缺席／会议结束已超过48小时，更正需要另一人确认。 [到会] [迟到] [公假] [病假] "
        "[事假] [其他假] [移出名单] [登记补课] [经过] [返回]",
        "张三，12月4日支部党员大会：缺席／待确认：李四提出改为“到会（补签）”，原因：手机没电／会议结束已超过48小"
        "时，更正需要另一人确认。 [登记补课] [经过] [返回]",
        "张三，12月4日支部党员大会：缺席／会议结束已超过7天，不能再更正；补课可以登记。 [登记补课] [经过] [返回]",
        "张三，12月4日支部党员大会：不在应到名单 [到会] [迟到] [公假] [病假] [事假] [其他假] [缺席] [经过] [返回]",
        "张三，12月4日支部党员大会：未签／会议还在进行：到会和迟到请用点名，这里只更正应到名单。 [移出名单] [经过]"
        " [返回]",
        "张三，12月4日支部党员大会：不在应到名单／会议还在进行：到会和迟到请用点名，这里只更正应到名单。 [加入名"
        "单] [经过] [返回]",
    ]


def test_how_a_correction_is_asked_for_and_answered() -> None:
    said: list[Message] = [
        correction_views.people(SHEET),
        correction_views.missing(Candidates(CLOSED, ())),
        correction_views.missing(Candidates(CLOSED, (ZHANG,))),
        correction_views.ask_reason(ABSENT, PRESENT),
        correction_views.ask_reason(replace(ABSENT, is_at_once=False), SICK),
        correction_views.ask_reason(ABSENT, CORRECTIONS["e"]),
        correction_views.ask_reason(replace(ABSENT, status=Status.EXPECTED, is_due=False), PRESENT),
        correction_views.done(Corrected(CLOSED, "张三", Status.ABSENT, PRESENT, is_proposed=False)),
        correction_views.done(Corrected(CLOSED, "张三", Status.LATE, CORRECTIONS["p"], is_proposed=True)),
        correction_views.done(Corrected(MEETING, "张三", Status.EXPECTED, CORRECTIONS["e"], False, was_due=False)),
    ]
    assert [line(message) for message in said] == [
        "更正谁的记录：支部党员大会 [党员1 到会] [党员2 迟到] [党员3 请假] [党员4 未签] [党员5 未签] [名册更正："
        "加入名单]",
        "当天名册里的人都已在名单中。 [返回]",
        "加入名单的是哪一位？ [张三] [返回]",
        "张三：由“缺席”改为“到会（补签）”。请写原因（2到200字），本人可以看到。",
        "张三：由“缺席”改为“请假（补假，病假）”。请写原因（2到200字），本人可以看到。／会议结束已超过48小时，另一人"
        "确认后才生效。",
        "张三：移出应到名单。请写原因（2到200字），本人可以看到。",
        "张三：由“不在应到名单”改为“到会（补签）”。请写原因（2到200字），本人可以看到。",
        "张三：由“缺席”改为“到会（补签）”。已更正，本人可以在我的考勤中看到。 [更正其他人]",
        "张三：由“迟到”改为“到会”。已提交，等待另一人确认，7天内有效。 [更正其他人]",
        "张三：加入应到名单。已更正，本人可以在我的考勤中看到。 [更正其他人]",
    ]


def test_what_the_people_concerned_read() -> None:
    own = replace(PROPOSAL, is_own=True, proposed_by="张三", reason=correction_views.FORGOT)
    ends = [CorrectionState.APPLIED, CorrectionState.REJECTED, CorrectionState.EXPIRED]
    said = [
        correction_views.corrected(CLOSED, Status.ABSENT, PRESENT, "李四", "<手机>没电", now=NOW),
        correction_views.corrected(CLOSED, Status.ABSENT, SICK, correction_views.two("李四", "孙七"), "住院", now=NOW),
        correction_views.corrected(CLOSED, Status.PRESENT, CORRECTIONS["a"], "李四", "他人代点", now=NOW),
        correction_views.corrected(CLOSED, None, CORRECTIONS["l"], "李四", "名册漏录", now=NOW),
        correction_views.corrected(CLOSED, Status.ABSENT, None, "李四", "当天已转出", now=NOW),
        correction_views.marked(CLOSED, Status.LATE, at("2026-12-04 16:05"), "李四", now=NOW),
        correction_views.made_up_told(CLOSED, MADE_UP, "李四", now=NOW),
        correction_views.proposal(PROPOSAL, now=NOW),
        correction_views.proposal(own, now=NOW),
        *(correction_views.proposal(replace(PROPOSAL, state=end, decided_by="孙七"), now=NOW) for end in ends),
        *(correction_views.settled(replace(PROPOSAL, state=end, decided_by="孙七"), now=NOW) for end in ends),
        *(correction_views.settled(replace(own, state=end, decided_by="孙七"), now=NOW) for end in ends[1:]),
    ]
    assert [line(message) for message in said] == [
        "李四将您12月4日支部党员大会的记录由“缺席”改为“到会（补签）”，原因：<手机>没电。如有异议请联系书记。",
        "李四（孙七确认）将您12月4日支部党员大会的记录由“缺席”改为“请假（补假，病假）”，原因：住院。如有异议请联"
        "系书记。",
        "李四将您12月4日支部党员大会的记录由“到会”改为“缺席”，原因：他人代点。如有异议请联系书记。",
        "李四将您12月4日支部党员大会的记录由“不在应到名单”改为“迟到（补签）”，原因：名册漏录。如有异议请联系书记。",
        "李四将您12月4日支部党员大会的记录由“缺席”改为“不在应到名单”，原因：当天已转出。如有异议请联系书记。",
        "李四登记您12月4日支部党员大会：迟到，16:05离会。如有异议请联系书记。",
        "李四登记了您12月4日支部党员大会的补课：补听党课，12月10日，第三讲。如有异议请联系书记。",
        "李四提出更正：张三，12月4日支部党员大会，由“缺席”改为“到会（补签）”。／原因：手机没电 [同意] [不同意]",
        "张三申请补签（忘记签到）：12月4日支部党员大会。 [同意] [不同意]",
        "李四提出更正：张三，12月4日支部党员大会，由“缺席”改为“到会（补签）”。／原因：手机没电／已由孙七处理：同意",
        "李四提出更正：张三，12月4日支部党员大会，由“缺席”改为“到会（补签）”。／原因：手机没电／已由孙七处理：不同意",
        "李四提出更正：张三，12月4日支部党员大会，由“缺席”改为“到会（补签）”。／原因：手机没电／7天内没有人确认，"
        "已失效。",
        "孙七已同意您提出的张三12月4日支部党员大会的更正。",
        "孙七未同意您提出的张三12月4日支部党员大会的更正。",
        "您提出的张三12月4日支部党员大会的更正7天内没有人确认，已失效。",
        "未同意您12月4日支部党员大会的更正，如有疑问请联系书记。",
        "您12月4日支部党员大会的更正7天内没有人确认，已失效。",
    ]
    assert correction_views.forgotten() == "已提交，等待书记确认"
    waiting = correction_views.waits_for_confirmation(MEETING, now=NOW)
    assert waiting.text == "12月4日支部党员大会，您已申请补签（忘记签到），等待书记确认。"


def test_how_a_make_up_is_noted() -> None:
    said = [
        correction_views.ask_how(ABSENT),
        correction_views.ask_day(ABSENT, MakeUpHow.TALK, today=date(2026, 12, 6)),
        correction_views.ask_day(ABSENT, MakeUpHow.TALK, today=date(2026, 12, 20)),
        correction_views.made_up("张三", replace(MADE_UP, note=""), now=NOW),
        correction_views.note_kept(),
    ]
    assert [line(message) for message in said] == [
        "张三怎样补的课？ [自学] [补听党课] [谈话] [返回]",
        "张三，谈话：哪一天补的？ [12月6日] [12月5日] [12月4日]",
        "张三，谈话：哪一天补的？更早的日期请直接写，如12月4日。 [12月20日] [12月19日] [12月18日] [12月17日] "
        "[12月16日] [12月15日] [12月14日] [12月13日] [12月12日] [12月11日]",
        "已登记张三补课：补听党课，12月10日。实到人数不变。／可以再写一句内容，不写也可以。",
        "已记下补课内容。",
    ]


def test_guests_beside_the_list() -> None:
    said = [
        guest_views.guests(GuestList(MEETING, ())),
        guest_views.guests(GuestList(MEETING, GUESTS)),
        guest_views.ask_guests(GuestKind.FLOATING),
    ]
    assert [line(message) for message in said] == [
        "列席人员：支部党员大会／还没有登记。／不计入应到和实到。 [列席] [流动党员] [积极分子] [群众]",
        "列席人员：支部党员大会／列席3人：李明、未列名2人／群众32人／不计入应到和实到。 [列席] [流动党员] [积极分"
        "子] [群众] [删去李明] [删去列席2人] [删去群众32人]",
        "请写流动党员姓名，几个人用顿号分开；不列名的只写人数，如32。",
    ]


def test_votes_with_the_rule_they_rest_on() -> None:
    said = [
        ballot_views.ballots([BALLOT]),
        ballot_views.ballots([DECIDED]),
        ballot_views.ask(BALLOT),
        ballot_views.recorded(DECIDED),
        ballot_views.recorded(replace(BALLOT, votes=(9, 1, 0, 0), has_passed=False, decided_at=NOW)),
    ]
    assert [line(message) for message in said] == [
        "表决登记：支部党员大会／票在会场里投，这里只登记结果。／／1. 接收预备党员（李明）／有表决权应到21，到会1"
        "0，还差1人／／规则：到会超过应到的半数可以表决，赞成和书面赞成超过应到的半数通过，逐人表决。／依据：《中"
        "国共产党发展党员工作细则》（条号、执行日期待核） [1 登记票数]",
        "表决登记：支部党员大会／票在会场里投，这里只登记结果。／／1. 接收预备党员（李明）／16:05，有表决权应到21"
        "，到会11，超过半数：赞成10，反对1，弃权0，书面赞成1。通过／／规则：到会超过应到的半数可以表决，赞成和书"
        "面赞成超过应到的半数通过，逐人表决。／依据：《中国共产党发展党员工作细则》（条号、执行日期待核） [1 更改"
        "票数]",
        "1. 接收预备党员（李明）／有表决权应到21，到会10，还差1人／／请写票数，依次是赞成、反对、弃权、书面赞成，例"
        "如：赞成11 反对2 弃权1，或 11 2 1 0。事后登记的请带上表决时间，例如：16:05 11 2 1 0。／／规则：到会超过应"
        "到的半数可以表决，赞成和书面赞成超过应到的半数通过，逐人表决。／依据：《中国共产党发展党员工作细则》（条"
        "号、执行日期待核）",
        "1. 接收预备党员（李明）／16:05，有表决权应到21，到会11，超过半数：赞成10，反对1，弃权0，书面赞成1。通过 "
        "[更改票数] [其他议题]",
        "1. 接收预备党员（李明）／15:05，有表决权应到21，到会10，还差1人：赞成9，反对1，弃权0。未达法定人数，表决"
        "无效 [更改票数] [其他议题]",
    ]
    nobody = replace(BALLOT, quorum=quorum(VoteRule.ADMISSION, 0, 0))
    assert line(ballot_views.ballots([nobody])).split("／／")[1].endswith("（李明）／应到名单里没有人有表决权")
    ordinary = line(ballot_views.ask(replace(BALLOT, rule=VoteRule.ORDINARY)))
    assert (
        "请写票数，依次是赞成、反对、弃权，例如：赞成11 反对2 弃权1，或 11 2 1。事后登记的请带上表决时间，" in ordinary
    )
    assert ballot_views.in_file(DECIDED) == (
        "第1项 接收预备党员（李明）：16:05，有表决权应到21，到会11，超过半数：赞成10，反对1，弃权0，书面赞成1。通过。"
        "依据：《中国共产党发展党员工作细则》（条号、执行日期待核）"
    )


def test_files_asked_for() -> None:
    unit = MEETING.unit
    said = [
        export_views.choose_unit([unit, replace(unit, id=4, name="第二党支部")]),
        export_views.choose(Choice(unit, (), ()), now=NOW),
        export_views.choose(Choice(unit, (CLOSED,), (date(2026, 12, 1), date(2026, 11, 1))), now=NOW),
        export_views.in_private(),
    ]
    assert [line(message) for message in said] == [
        "导出哪一个组织的考勤？ [第一党支部] [第二党支部]",
        "第一党支部还没有可以导出的会议。",
        "导出哪一次会议，或哪一个月？ [12月4日 15:00 支部党员大会] [2026年12月] [2026年11月]",
        "导出请在私聊中进行。 [打开私聊↗]",
    ]


def test_the_list_says_what_it_shows_and_who_is_not_on_it() -> None:
    excused = (Excused(Named(7, "赵六"), "长期病休", "上级党委", date(2026, 1, 5)),)
    roll = Roll(71, due=(1, 2), present=(1,), absent=(2,), self_signed=(1,), short=((VoteRule.ORDINARY, 1),))
    entries = (entry(1, Status.PRESENT, is_for_other=True), entry(2, Status.ABSENT, is_made_up=True))
    rights = {"may_correct": True, "may_export": True, "may_vouch": True, "may_vote": True}
    whole = Sheet(CLOSED, roll, entries, may_mark=False, guests=GUESTS, excused=excused, **rights)
    part = Sheet(CLOSED, replace(roll, short=()), entries[:1], may_mark=False, is_part=True)
    said = [
        sheet_views.sheet(whole, now=NOW),
        sheet_views.sheet(part, now=NOW),
        sheet_views.leaving(SHEET),
        sheet_views.leaving(replace(SHEET, entries=())),
        sheet_views.marking(SHEET, is_for_other=True),
    ]
    assert [line(message) for message in said] == [
        "【支部党员大会】讨论发展对象／12月4日（周五）15:00—16:30／应到2 · 实到1 · 请假0 · 缺席1 · 到会率50.0%／"
        "应到名单里没有人有表决权，不能表决／／到会1：党员1（代录）／缺席1：党员2（已补课）／列席3人：李明、未列"
        "名2人／群众32人／不计入应到1：赵六（长期病休，上级党委2026-01-05批准） [名单属实] [表决] [更正] [列席] ["
        "导出]",
        "【支部党员大会】讨论发展对象／12月4日（周五）15:00—16:30／应到2 · 实到1 · 请假0 · 缺席1 · 到会率50.0%／"
        "只列出您负责的党员。／／到会1：党员1（代录）",
        "离会登记：支部党员大会／点姓名登记，再点一次取消。 [党员1 16:05离会] [党员2]",
        "还没有人签到。",
        "点名：支部党员大会／实到2（迟到1） · 请假1 · 未签2／代录已开：现在点到的人记为代录。 [党员1 到会] [党员2"
        " 迟到] [党员3 请假] [党员4 未签] [党员5 未签] [其余全部到会] [关闭代录]",
    ]


def test_a_filed_record_takes_corrections_but_no_guests() -> None:
    filed = Sheet(replace(CLOSED, state=MeetingState.RECORDED), Roll(71), (), False, may_correct=True, may_export=True)
    assert line(sheet_views.sheet(filed, now=NOW)).endswith(" [更正] [导出]")


def test_every_button_fits_into_64_bytes_and_every_page_into_a_message() -> None:
    big = replace(CLOSED, id=2**31 - 1)
    many = tuple(replace(entry(n, Status.PRESENT), attendance_id=2**31 - 1) for n in range(60))
    record = replace(ABSENT, meeting=big, person=Named(2**31 - 1, "张" * 30))
    guests = tuple(GuestLine(2**31 - 1 - n, GuestKind.OBSERVER, "李" * 40, 1) for n in range(60))
    excused = tuple(Excused(Named(n, "赵" * 30), "长" * 60, "上" * 60, date(2026, 1, 5)) for n in range(60))
    sheet = Sheet(big, Roll(71), many, True, True, True, True, True, guests=guests, excused=excused)
    messages = [
        correction_views.people(sheet, 1),
        correction_views.missing(Candidates(big, tuple(Named(2**31 - 1, "张" * 30) for _ in range(30))), 1),
        correction_views.record(record, now=NOW),
        correction_views.ask_how(record),
        correction_views.ask_day(record, MakeUpHow.SELF_STUDY, today=date(2026, 12, 30)),
        correction_views.proposal(replace(PROPOSAL, id=2**31 - 1), now=NOW),
        guest_views.guests(GuestList(big, guests)),
        ballot_views.ballots([replace(BALLOT, meeting=big, item_id=2**31 - 1)]),
        export_views.choose_unit([UnitRef(2**31 - 1, UnitKind.BRANCH, "支" * 60, "/")] * 30, 1),
        export_views.choose(Choice(replace(big.unit, id=2**31 - 1), (big,), (date(2026, 12, 1),)), now=NOW),
        sheet_views.sheet(sheet, now=NOW),
        sheet_views.leaving(sheet, 1),
        sheet_views.marking(sheet, 1, is_for_other=True),
    ]
    data = [button.data or "" for message in messages for row in message.buttons for button in row]
    assert max(len(text.encode()) for text in data) <= MAX_DATA
    assert max(units(message.text) for message in messages) <= MAX_TEXT
