from datetime import date, time, timedelta
from pathlib import Path

import pytest

from bot import yamlfile
from bot.meetings import kinds
from bot.meetings.kindfile import KindsError
from bot.meetings.kinds import KindNotHeld, NamedKind, load_kinds
from bot.meetings.rules import (
    AfterEnd,
    FromDay,
    FromStart,
    MeetingKind,
    RungName,
    SignIn,
    VoteRule,
    Window,
    Workdays,
)
from bot.members.rules import ChatRule, DueList, UnitKind
from bot.workdays import DayKind, WorkCalendar

SHIPPED = kinds.shipped()
TEXT = kinds.SHIPPED.read_text(encoding="utf-8")
BRANCH, GROUP = UnitKind.BRANCH, UnitKind.PARTY_GROUP
COMMITTEE, GENERAL = UnitKind.PARTY_COMMITTEE, UnitKind.GENERAL_BRANCH
MEMBERS, STUDY = DueList.MEMBERS, DueList.STUDY_GROUP

PARTS = [
    (MeetingKind.MEMBER_ASSEMBLY, BRANCH, "支部党员大会", MEMBERS, "15:00", 90),
    (MeetingKind.PARTY_LECTURE, BRANCH, "党课", MEMBERS, "15:00", 90),
    (MeetingKind.PARTY_LECTURE, COMMITTEE, "党课", MEMBERS, "15:00", 90),
    (MeetingKind.THEME_PARTY_DAY, BRANCH, "主题党日", MEMBERS, "15:00", 120),
    (MeetingKind.CRITIQUE_MEETING, BRANCH, "组织生活会", MEMBERS, "15:00", 150),
    (MeetingKind.CRITIQUE_MEETING, COMMITTEE, "民主生活会", DueList.COMMITTEE, "15:00", 150),
    (MeetingKind.STUDY_SESSION, COMMITTEE, "中心组学习", STUDY, "09:00", 120),
    (MeetingKind.COMMITTEE_MEETING, BRANCH, "支委会", DueList.COMMITTEE, "15:00", 60),
    (MeetingKind.COMMITTEE_SITTING, GENERAL, "党委会", DueList.COMMITTEE, "09:00", 120),
    (MeetingKind.GROUP_MEETING, GROUP, "党小组会", MEMBERS, "15:00", 60),
    (MeetingKind.TRAINING_COURSE, GROUP, "集中培训", DueList.CHOSEN, "09:00", 480),
    (MeetingKind.VOLUNTEERING, BRANCH, "志愿服务", DueList.NOBODY, "09:00", 120),
]


@pytest.mark.parametrize(("kind", "unit", "name", "due_list", "start", "minutes"), PARTS)
def test_each_kind_as_its_host_holds_it(
    kind: MeetingKind, unit: UnitKind, name: str, due_list: DueList, start: str, minutes: int
) -> None:
    rules = kinds.of(kind, unit)
    assert (rules.name, rules.due_list) == (name, due_list)
    assert (rules.start, rules.length) == (time.fromisoformat(start), timedelta(minutes=minutes))


@pytest.mark.parametrize("kind", MeetingKind)
def test_sign_in_is_alike_for_all_kinds(kind: MeetingKind) -> None:
    rules = kinds.of(kind)
    assert rules.window == Window(timedelta(minutes=15), timedelta(minutes=10), timedelta(minutes=30))
    assert (rules.margin, rules.sign_in, rules.is_online_allowed) == (timedelta(seconds=30), SignIn.BUTTON, False)


def test_the_three_ladders() -> None:
    full = kinds.of(MeetingKind.MEMBER_ASSEMBLY).ladder
    assert full == {
        RungName.R1: FromDay(-7, time(9)),
        RungName.R2: Workdays(-1, time(16)),
        RungName.R3: FromStart(timedelta(minutes=-120)),
        RungName.R4: FromStart(timedelta(minutes=-15)),
        RungName.R5: FromStart(timedelta(minutes=10)),
        RungName.R6: FromStart(timedelta(minutes=30)),
        RungName.R7: AfterEnd(timedelta(minutes=60)),
        RungName.R8: Workdays(1, time(9, 30)),
    }
    small = {rung: at for rung, at in full.items() if rung is not RungName.R5} | {RungName.R1: FromDay(-3, time(9))}
    assert kinds.of(MeetingKind.GROUP_MEETING).ladder == small
    course = (RungName.R1, RungName.R3, RungName.R4, RungName.R7)
    assert kinds.of(MeetingKind.VOLUNTEERING).ladder == {rung: full[rung] for rung in course}


def test_votes_and_committee_meetings() -> None:
    assert kinds.of(MeetingKind.MEMBER_ASSEMBLY).votes == (VoteRule.ORDINARY, VoteRule.ADMISSION, VoteRule.ELECTION)
    assert kinds.of(MeetingKind.CRITIQUE_MEETING, BRANCH).votes == ()
    assert kinds.of(MeetingKind.CRITIQUE_MEETING, COMMITTEE).votes == (VoteRule.DEMOCRATIC_LIFE,)
    assert kinds.of(MeetingKind.COMMITTEE_MEETING).needs_committee
    assert not kinds.of(MeetingKind.COMMITTEE_SITTING).needs_committee


def test_committees_stay_among_themselves() -> None:
    assert kinds.of(MeetingKind.COMMITTEE_MEETING).chat is ChatRule.PRIVATE
    assert kinds.of(MeetingKind.COMMITTEE_SITTING).chat is ChatRule.OWN
    assert kinds.of(MeetingKind.CRITIQUE_MEETING, COMMITTEE).chat is ChatRule.OWN
    assert kinds.of(MeetingKind.GROUP_MEETING).chat is ChatRule.OWN_OR_ABOVE
    assert kinds.of(MeetingKind.PARTY_LECTURE, COMMITTEE).chat is ChatRule.OWN_OR_BELOW


@pytest.mark.parametrize("unit", [UnitKind.COMPANY, GROUP, COMMITTEE])
def test_a_kind_is_refused_to_units_that_do_not_hold_it(unit: UnitKind) -> None:
    with pytest.raises(KindNotHeld) as raised:
        kinds.of(MeetingKind.MEMBER_ASSEMBLY, unit)
    assert str(raised.value) == "支部党员大会不由这一级召开。"


def test_what_a_group_may_call() -> None:
    assert [rules.name for rules in SHIPPED.held_by(GROUP)] == ["党小组会", "集中培训", "志愿服务"]
    assert SHIPPED.held_by(UnitKind.COMPANY) == ()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("下周五15点 主题党日 学习二十大精神", NamedKind(MeetingKind.THEME_PARTY_DAY, "下周五15点", "学习二十大精神")),
        ("下周五15点党员大会", NamedKind(MeetingKind.MEMBER_ASSEMBLY, "下周五15点", "")),
        ("明天9点 支部党员大会 讨论党课安排", NamedKind(MeetingKind.MEMBER_ASSEMBLY, "明天9点", "讨论党课安排")),
        ("明天9点 民主生活会", NamedKind(MeetingKind.CRITIQUE_MEETING, "明天9点", "")),
        ("明天9点 团建", None),
    ],
)
def test_the_kind_is_found_in_a_planners_line(line: str, found: NamedKind | None) -> None:
    assert SHIPPED.find(line) == found


def test_every_vote_rule_has_a_source_and_says_what_is_unchecked() -> None:
    assert set(SHIPPED.votes) == set(VoteRule)
    ordinary = SHIPPED.votes[VoteRule.ORDINARY]
    assert (ordinary.article, ordinary.in_force, ordinary.pending) == ("第十一条", date(2018, 10, 28), "")
    assert [rule for rule in VoteRule if not SHIPPED.votes[rule].pending] == [VoteRule.ORDINARY]
    assert "当选的票数" in SHIPPED.votes[VoteRule.ELECTION].pending


def test_the_tags_that_figures_are_made_of_are_there() -> None:
    assert set(SHIPPED.agenda_tags) >= {"意识形态", "国企党建", "党风廉政", "全面从严治党", "民主评议"}


def refusal(path: Path, text: str | bytes) -> list[str]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(KindsError) as raised:
        load_kinds(path)
    return [line.removeprefix(f"{path}:") for line in str(raised.value).splitlines()]


def line_of(text: str) -> int:
    return TEXT[: TEXT.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "column", "said"),
    [
        ("    margin: 30\n", "    marginn: 30\n", 5, "不认识“marginn”，是否想写“margin”？"),
        ("agenda_tags: [", "天气: 晴\nagenda_tags: [", 1, "不认识“天气”。"),
        ("    minutes: 90", "    minutes: 九十", 14, "“九十”应是1到720的整数。"),
        ("    minutes: 90", "    minutes: 900", 14, "“900”应是1到720的整数。"),
        ('    start: "15:00"', "    start: 下午三点", 12, '时间“下午三点”请写成 "09:00" 的样子。'),
        ('    start: "15:00"', '    start: "24:00"', 12, '时间“24:00”请写成 "09:00" 的样子。'),
        ("    online: false", "    online: 不", 13, "“不”不能识别，可以写：true、false。"),
        ("    sign_in: button", "    sign_in: nfc", 14, "“nfc”不能识别，可以写：button、roll_call。"),
        ("    ladder: full", "    ladder: fast", 13, "没有提醒阶梯“fast”，已有：full、small、course。"),
        ("    soon: {minutes: -120}", "    soon: {minutes: 120}", 5, "提醒“soon”的时间请写成：{minutes: -120}。"),
        (
            '    explain: {workdays: 1, clock: "09:30"}',
            "    explain: {workdays: 1}",
            5,
            '提醒“explain”的时间请写成：{workdays: 1, clock: "09:30"}。',
        ),
        ("opens: 15, on_time: 10, late: 30", "opens: 15, on_time: 10, late: 5", 44, "late 不能小于 on_time。"),
        ("    in_force: 2014-05-28", "    in_force: 5月28日", 15, "日期“5月28日”不存在，请写成 2018-10-28 的样子。"),
        (
            "    in_force: 2014-05-28",
            "    in_force: 2014-02-30",
            15,
            "日期“2014-02-30”不存在，请写成 2018-10-28 的样子。",
        ),
        (
            "agenda_tags: [意识形态, 国企党建, 党风廉政, 全面从严治党, 民主评议]",
            "agenda_tags: 意识形态",
            14,
            "这里的写法不对，请对照文件里的说明。",
        ),
    ],
)
def test_a_mistake_is_said_with_line_and_column(tmp_path: Path, old: str, new: str, column: int, said: str) -> None:
    broken = TEXT.replace(old, new, 1)
    where = broken[: broken.index(new.splitlines()[0])].count("\n") + 1
    assert refusal(tmp_path / "meetings.yaml", broken) == [f"{where}:{column} {said}"]


def test_a_name_belongs_to_one_kind(tmp_path: Path) -> None:
    found = refusal(tmp_path / "meetings.yaml", TEXT.replace("    name: 党课", "    name: 主题党日"))
    assert found == [f"{line_of('  THEME_PARTY_DAY:')}:3 名称“主题党日”已经用于另一种会议。"]


def test_a_removed_kind_and_a_removed_source_are_missed(tmp_path: Path) -> None:
    without = TEXT[: TEXT.index("  VOLUNTEERING:")] + TEXT[TEXT.index("\n\n# 表决规则的依据") :]
    assert [line.split(" ", 1)[1] for line in refusal(tmp_path / "a.yaml", without)] == ["缺少“VOLUNTEERING”。"]
    unsourced = TEXT[: TEXT.index("  DEMOCRATIC_LIFE:  #")]
    assert [line.split(" ", 1)[1] for line in refusal(tmp_path / "b.yaml", unsourced)] == [
        "表决规则“DEMOCRATIC_LIFE”没有写依据，请在文件末尾补上。"
    ]


def test_a_ladder_without_a_notice_and_a_kind_without_a_name_are_refused(tmp_path: Path) -> None:
    no_notice = TEXT.replace('    notice: {days: -3, clock: "09:00"}\n', "")
    assert refusal(tmp_path / "a.yaml", no_notice) == [f"{line_of('  small:')}:3 缺少“notice”。"]
    no_name = TEXT.replace("    name: 党课\n", "")
    where = line_of("    name: 党课")
    assert refusal(tmp_path / "b.yaml", no_name) == [f"{where}:5 缺少“name”。"]


def test_all_mistakes_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    broken = TEXT.replace("    margin: 30", "    margin: x").replace("minutes: 480", "minutes: 0")
    lines = [int(line.split(":")[0]) for line in refusal(tmp_path / "a.yaml", broken)]
    assert len(lines) == 11
    assert lines == sorted(lines)


def test_what_is_no_yaml_of_ours_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "meetings.yaml"
    assert refusal(path, "会议".encode("gbk"))[0].startswith("1:1 E001 ")
    assert refusal(path, "kinds：\n")[0].startswith("1:6 E002 ")
    assert refusal(path, "") == ["1:1 这里的写法不对，请对照文件里的说明。"]
    assert refusal(path, "- a\n") == ["1:1 这里的写法不对，请对照文件里的说明。"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KindsError) as raised:
        load_kinds(tmp_path / "none.yaml")
    assert str(raised.value) == f"{tmp_path / 'none.yaml'}:1:1 找不到或读不了这个文件。"


@pytest.mark.parametrize("year", [2025, 2026])
def test_shipped_calendars_say_what_the_library_says(year: int) -> None:
    document = yamlfile.read((kinds.SHIPPED.parent / "calendar" / f"{year}.yaml").read_bytes())
    assert document.faults == ()
    assert document.root is not None
    stored = yamlfile.plain(document.root)
    assert isinstance(stored, dict)
    listed = {}
    for day in stored["days"]:
        assert isinstance(day, dict)
        listed[str(day["date"])] = day["isOffDay"] == "true"
    calendar = WorkCalendar()
    for count in range(365):
        on = date(year, 1, 1) + timedelta(days=count)
        is_special = calendar.why(on).kind in (DayKind.HOLIDAY, DayKind.MAKEUP)
        assert (str(on) in listed) == is_special
        assert listed.get(str(on), on.weekday() >= 5) == (not calendar.is_workday(on))
