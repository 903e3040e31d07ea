"""Days off by year: files read and refused, imported once, asked for when they are missing."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from bot import outbox
from bot.db import Database
from bot.members import calendar, calendar_views, calendarfile, commandline
from bot.members.calendarfile import CalendarFile, CalendarTooBig, Imported, Reading, UnreadableCalendar
from bot.members.rules import NotBound, OnlyAdmins
from bot.members.service import work_calendar
from bot.message import Message, Sender, from_json, strip_tags
from bot.outbox import OutboxRow
from bot.periods import BEIJING
from bot.workdays import WorkCalendar
from tests.make import Cast, Make, Someone

SHIPPED = sorted((Path(__file__).parents[2] / "content" / "calendar").glob("*.yaml"))
NAMES = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def year(*days: str, number: int = 2027, source: str = "国务院办公厅通知") -> str:
    listed = [
        *days,
        *(f"{{name: {name}, date: 2027-0{month}-01, isOffDay: true}}" for month, name in enumerate(NAMES, 1)),
    ]
    return f"year: {number}\nsource: {source}\ndays:\n" + "".join(f"  - {day}\n" for day in listed)


def read(text: str) -> Reading:
    return calendarfile.read("2027.yaml", text.encode())


def file(*days: str) -> CalendarFile:
    found = read(year(*days)).file
    assert found is not None
    return found


def faults(text: str) -> list[str]:
    return [calendar_views.fault_line(fault) for fault in read(text).faults]


FOURTH = "{name: 元旦, date: 2027-01-04, isOffDay: true}"


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_year_is_whole_and_says_what_the_published_tables_say(path: Path) -> None:
    reading = calendarfile.read(path.name, path.read_bytes())
    assert reading.file is not None
    assert (reading.file.year, reading.file.missing) == (int(path.stem), ())
    ours, published = WorkCalendar(dict(reading.file.days)), WorkCalendar()
    first = date(reading.file.year, 1, 1)
    every = [first + timedelta(days=number) for number in range(365)]
    assert [day for day in every if ours.is_workday(day) != published.is_workday(day)] == []


def test_a_file_says_what_is_off_and_what_is_worked() -> None:
    found = file(FOURTH, "{name: 元旦, date: 2027-01-09, isOffDay: False}")
    assert (found.year, found.source, len(found.days)) == (2027, "国务院办公厅通知", 9)
    days = dict(found.days)
    assert days[date(2027, 1, 4)].is_off
    assert not days[date(2027, 1, 9)].is_off


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ["第 1 行：没有内容，应写明 year、source 和 days。"]),
        ("year: 2027\ndays:\n  - {name: 元旦, date: 2027-01-01, isOffDay: true}\n", ["第 1 行：缺少“source”。"]),
        (year(number=27), ["第 1 行：年份“27”不对，请写 2004—2100 之间的一年，例如 2027。"]),
        (year(source="长" * 201), ["第 2 行：“source”应写 1—200 个字。"]),
        ("year: 2027\nsource: 通知\ndays: 无\n", ["第 3 行：“days”应是以“- ”开头的列表，至少一天。"]),
        (
            year(
                "元旦", "{name: 元旦, date: 2027-02-30, isOffDay: true}", "{name: 元旦, date: 1月2日, isOffDay: true}"
            ),
            [
                "第 4 行：这一项应写成 {name: 元旦, date: 2027-01-01, isOffDay: true}。",
                "第 5 行：日期“2027-02-30”不对，请写成 2027-01-01。",
                "第 6 行：日期“1月2日”不对，请写成 2027-01-01。",
            ],
        ),
        (
            year("{name: 元旦, date: 2026-11-30, isOffDay: true}", "{name: 元旦, date: 2028-02-01, isOffDay: true}"),
            [
                "第 4 行：2026-11-30 不在 2027 年放假安排的范围内（上年 12 月 1 日至次年 1 月 31 日）。",
                "第 5 行：2028-02-01 不在 2027 年放假安排的范围内（上年 12 月 1 日至次年 1 月 31 日）。",
            ],
        ),
        (year(FOURTH, FOURTH), ["第 5 行：2027-01-04 与第 4 行重复。"]),
        (
            year("{name: 元旦, date: 2027-01-02, isOffDay: 是}", "{name: 元旦, date: 2027-01-04, isOffDay: false}"),
            [
                "第 4 行：isOffDay“是”不对，放假写 true，上班写 false。",
                "第 5 行：2027-01-04 是周一至周五，本来就上班，请核对。",
            ],
        ),
        (
            year("{name: 元旦, data: 2027-01-02, isOffDay: true}"),
            ["第 4 行：不认识“data”，是否想写“date”？", "第 4 行：缺少“date”。"],
        ),
        (year("{name: '', date: 2027-01-02, isOffDay: true}"), ["第 4 行：“name”应写 1—40 个字。"]),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, lines: list[str]) -> None:
    assert faults(text) == lines
    assert read(text).file is None


def test_the_last_december_and_the_next_january_belong_to_a_year() -> None:
    found = file("{name: 元旦, date: 2026-12-31, isOffDay: true}", "{name: 春节, date: 2028-01-30, isOffDay: false}")
    assert [found.days[0][0], found.days[-1][0]] == [date(2026, 12, 31), date(2028, 1, 30)]


def test_what_is_no_yaml_or_far_too_large_is_refused() -> None:
    with pytest.raises(UnreadableCalendar, match=r"2027\.yaml:1:5 E002"):
        read("year：2027")
    with pytest.raises(CalendarTooBig, match="超过 256 KB"):
        read("#" * 300_000)


# -- the import -------------------------------------------------------------------------------------------------------


class Followed:
    """What stands above members, and hears of new days off."""

    def __init__(self) -> None:
        self.known: list[bool] = []

    def __call__(self, session: Session, *, now: datetime) -> None:
        self.known.append(work_calendar(session).is_known(date(2027, 1, 4)))


@pytest.fixture
def cast(make: Make) -> Cast:
    return make.cast()


def bring(make: Make, who: Someone, found: CalendarFile, followed: Followed | None = None) -> Imported:
    return make.database.run(calendar.import_calendar, who.sender(NOW), found, follow=followed or Followed(), now=NOW)


def test_an_imported_year_is_known_and_followed_in_the_same_transaction(make: Make, cast: Cast) -> None:
    followed = Followed()
    done = bring(make, cast.wang, file(FOURTH, "{name: 元旦, date: 2027-01-09, isOffDay: false}"), followed)
    assert done == Imported(2027, off=8, worked=1)
    assert followed.known == [True]
    known = make.database.look(work_calendar)
    assert not known.is_workday(date(2027, 1, 4))
    assert known.is_workday(date(2027, 1, 9))


def test_the_same_file_again_changes_nothing_whatever_its_comments(make: Make, cast: Cast) -> None:
    followed = Followed()
    bring(make, cast.wang, file(FOURTH), followed)
    again = read("# 又一次\n" + year(FOURTH)).file
    assert again is not None
    done = bring(make, cast.wang, again, followed)
    assert calendar_views.imported_lines(done) == ["已导入，无变化。"]
    assert len(followed.known) == 1


def test_a_corrected_file_replaces_the_year_whole(make: Make, cast: Cast) -> None:
    bring(make, cast.wang, file(FOURTH, "{name: 元旦, date: 2027-01-09, isOffDay: false}"))
    bring(make, cast.wang, file("{name: 元旦, date: 2027-01-05, isOffDay: true}"))
    known = make.database.look(work_calendar)
    assert known.is_workday(date(2027, 1, 4))
    assert not known.is_workday(date(2027, 1, 5))
    assert not known.is_workday(date(2027, 1, 9))


def test_of_a_day_that_two_years_name_the_newer_file_holds(make: Make, cast: Cast) -> None:
    bring(make, cast.wang, file("{name: 元旦, date: 2026-12-31, isOffDay: true}"))
    old = calendarfile.read("2026.yaml", SHIPPED[-1].read_bytes()).file
    assert old is not None
    bring(make, cast.wang, old)
    assert not make.database.look(work_calendar).is_workday(date(2026, 12, 31))


def test_a_holiday_that_is_missing_is_pointed_out(make: Make, cast: Cast) -> None:
    found = read("year: 2027\nsource: 通知\ndays:\n  - " + FOURTH + "\n").file
    assert found is not None
    assert calendar_views.imported_lines(bring(make, cast.wang, found)) == [
        "已导入2027年放假安排：放假1天。",
        "提醒：文件里没有春节、清明节、劳动节、端午节、国庆节、中秋节，请核对。",
    ]


def test_only_the_top_units_admin_and_root_may_import(make: Make, cast: Cast) -> None:
    for one in (cast.zhang, cast.li, cast.zhao):
        with pytest.raises(OnlyAdmins):
            bring(make, one, file())
        with pytest.raises(OnlyAdmins):
            make.database.run(calendar.years, one.sender(NOW), now=NOW)
    stranger = Sender(9999, 9999, NOW)
    with pytest.raises(NotBound):
        make.database.run(calendar.import_calendar, stranger, file(), follow=Followed(), now=NOW)
    root = Sender(9999, 9999, NOW, is_root=True)
    assert make.database.run(calendar.import_calendar, root, file(), follow=Followed(), now=NOW).is_new


def test_the_calendar_says_which_years_it_knows(make: Make, cast: Cast) -> None:
    def shown() -> str:
        return strip_tags(calendar_views.years(make.database.run(calendar.years, cast.wang.sender(NOW), now=NOW)).text)

    assert shown() == (
        "工作日历\n2004—2026年：程序自带\n2027年的放假安排还没有，届时的会议均为暂定。\n"
        "国务院办公厅公布后，请把放假安排（.yaml 文件）直接发到这里；同一年再发一次即可更正。"
    )
    bring(make, cast.wang, file())
    assert shown().split("\n")[1:3] == ["2004—2026年：程序自带", "2027年：已导入（国务院办公厅通知）"]
    assert "暂定" not in shown()


# -- the command line -------------------------------------------------------------------------------------------------


def test_the_command_ends_with_0_1_or_2(make: Make, cast: Cast, tmp_path: Path) -> None:
    def run(path: Path) -> tuple[int, list[str]]:
        return commandline.import_calendar(make.database, path, follow=Followed(), now=NOW)

    path = tmp_path / "2027.yaml"
    assert run(path) == (2, [f"找不到 {path}。"])
    path.write_text("year：2027", encoding="utf-8")
    assert run(path)[0] == 2
    path.write_text(year(FOURTH, FOURTH), encoding="utf-8")
    assert run(path) == (1, ["第 5 行：2027-01-04 与第 4 行重复。"])
    path.write_text(year(FOURTH), encoding="utf-8")
    assert run(path) == (0, ["已导入2027年放假安排：放假8天。"])
    assert run(path) == (0, ["已导入，无变化。"])


def test_the_check_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "2026.yaml").write_text("year：2026", encoding="utf-8")
    (tmp_path / "2027.yaml").write_text(year(FOURTH, FOURTH), encoding="utf-8")
    assert calendar.problems(tmp_path) == [
        f"{tmp_path}/2026.yaml:1:5 E002 冒号是中文全角“：”，请改成半角“:”加一个空格。",
        f"{tmp_path}/2027.yaml:5 2027-01-04 与第 4 行重复。",
    ]
    assert calendar.problems(SHIPPED[0].parent) == []


# -- the yearly reminder ----------------------------------------------------------------------------------------------


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING).astimezone(UTC)


def asked(database: Database) -> list[tuple[int, str]]:
    def look(session: Session) -> list[tuple[int, str]]:
        rows = session.query(OutboxRow).where(outbox.under("members:calendar:")).order_by(OutboxRow.id)
        found = [(row.chat_id, from_json(row.body or {})) for row in rows]
        return [(chat_id or 0, message.text) for chat_id, message in found if isinstance(message, Message)]

    return database.look(look)


TEXT = "2027年放假安排尚未导入，届时的会议均为暂定。"


def test_from_december_on_each_monday_morning_asks_for_the_next_year(make: Make, cast: Cast) -> None:
    database = make.database
    moments = []
    now = at("2026-11-20 12:00")
    for _ in range(3):
        due = database.look(calendar.next_due, now)
        moments.append(due)
        now = due or at("2026-12-02 12:00")
        database.run(calendar.ask_calendar, now=now)
        database.run(calendar.ask_calendar, now=now)
    assert moments == [None, at("2026-12-07 09:00"), at("2026-12-14 09:00")]
    assert asked(database) == [(cast.wang.user_id, TEXT)] * 2


def test_after_an_outage_the_week_is_still_asked(make: Make, cast: Cast) -> None:
    late = at("2026-12-09 10:00")
    assert make.database.look(calendar.next_due, late) == at("2026-12-07 09:00")
    make.database.run(calendar.ask_calendar, now=late)
    assert asked(make.database) == [(cast.wang.user_id, TEXT)]
    assert make.database.look(calendar.next_due, late) == at("2026-12-14 09:00")


def test_a_known_year_is_not_asked_for_and_one_that_has_begun_still_is(make: Make, cast: Cast) -> None:
    assert make.database.look(calendar.next_due, at("2027-01-05 10:00")) == at("2027-01-04 09:00")
    bring(make, cast.wang, file())
    assert make.database.look(calendar.next_due, at("2026-12-07 10:00")) is None
    make.database.run(calendar.ask_calendar, now=at("2026-12-07 10:00"))
    assert asked(make.database) == []
