"""The test table of the date phrases: now is Saturday 2026-11-21 10:00 unless a test says otherwise."""

import time as stopwatch
from contextlib import suppress
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.meetings.phrases import Ask, Every, Note, Once, PhraseError, Question, TimeIsPast, parse
from bot.meetings.recurrence import MonthlyDay, MonthlyWeekday, MonthlyWorkday, Rule, Weekly
from bot.periods import at_beijing, beijing
from bot.workdays import WorkCalendar

CALENDAR = WorkCalendar()
NOW = at_beijing(date(2026, 11, 21), time(10))
MONDAY = at_beijing(date(2026, 11, 23), time(10))
HELP = "例如：下周五15点、每月第一个周五15点"


def read(text: str, now: datetime = NOW) -> Once | Every | Ask:
    return parse(text, CALENDAR, now=now)


def once(text: str, now: datetime = NOW) -> Once:
    found = read(text, now)
    assert isinstance(found, Once)
    return found


def every(text: str) -> Every:
    found = read(text)
    assert isinstance(found, Every)
    return found


def shown(starts_at: datetime) -> str:
    return f"{beijing(starts_at):%Y-%m-%d %H:%M}"


def refusal(text: str, now: datetime = NOW) -> str:
    with pytest.raises(PhraseError) as raised:
        read(text, now)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "starts_at"),
    [
        ("下周五15点", "2026-11-27 15:00"),
        ("下周天9点", "2026-11-29 09:00"),
        ("下下周一10点", "2026-11-30 10:00"),
        ("周六9点", "2026-11-28 09:00"),
        ("周日下午2点半", "2026-11-22 14:30"),
        ("礼拜三 晚上8点", "2026-11-25 20:00"),
        ("下个周五15点", "2026-11-27 15:00"),
        ("明天9:00", "2026-11-22 09:00"),
        ("后天上午九点", "2026-11-23 09:00"),
        ("两周后15点", "2026-12-05 15:00"),
        ("2小时后", "2026-11-21 12:00"),
        ("今天3点", "2026-11-21 15:00"),
        ("25日下午3点", "2026-11-25 15:00"),
        ("20号15点", "2026-12-20 15:00"),
        ("二十五号三点半", "2026-11-25 15:30"),
        ("十二月一日十五点", "2026-12-01 15:00"),
        ("２０２６年１２月１日 １５：３０", "2026-12-01 15:30"),
        ("1月5日15点", "2027-01-05 15:00"),
        ("下月第一个周五15点", "2026-12-04 15:00"),
        ("本月最后一个工作日16点", "2026-11-30 16:00"),
        ("11/25 12点半", "2026-11-25 12:30"),
        ("下周五", "2026-11-27 15:00"),
        ("下午3点", "2026-11-21 15:00"),
        ("周三三点", "2026-11-25 15:00"),
    ],
)
def test_table_of_single_meetings(text: str, starts_at: str) -> None:
    found = once(text)
    assert (shown(found.starts_at), found.minutes) == (starts_at, None)


@pytest.mark.parametrize(
    ("text", "starts_at", "minutes"),
    [
        ("下周三9点到11点", "2026-11-25 09:00", 120),
        ("下周三15:00-16:30", "2026-11-25 15:00", 90),
        ("下周三15点一个半小时", "2026-11-25 15:00", 90),
        ("下周三15点30分钟", "2026-11-25 15:00", 30),
        ("下周三晚上7点到9点", "2026-11-25 19:00", 120),
    ],
)
def test_table_of_lengths(text: str, starts_at: str, minutes: int) -> None:
    found = once(text)
    assert (shown(found.starts_at), found.minutes) == (starts_at, minutes)


@pytest.mark.parametrize(
    ("text", "rule", "clock"),
    [
        ("每周三下午3点半", Weekly((2,), date(2026, 11, 25)), time(15, 30)),
        ("隔周周五15点", Weekly((4,), date(2026, 11, 27), interval=2), time(15)),
        ("每月首个周五15点", MonthlyWeekday(1, 4), time(15)),
        ("每月25日15点", MonthlyDay(25), time(15)),
        ("每月最后一天15点", MonthlyDay(31, clamp=True), time(15)),
        ("每月倒数第二个工作日", MonthlyWorkday(-2), time(15)),
        ("每季度第二个月10日9点", MonthlyDay(10, every=3, month=2), time(9)),
        ("每年7月1日9点", MonthlyDay(1, every=12, month=7), time(9)),
        ("每周一和周四19:00", Weekly((0, 3), date(2026, 11, 23)), time(19)),
    ],
)
def test_table_of_series(text: str, rule: Rule, clock: time) -> None:
    found = every(text)
    assert (found.rule, found.clock) == (rule, clock)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("这周五下午三点", "该时间已过"),
        ("12月31日（周五）14:00", "12月31日是周四，不是周五"),
        ("2月30日9点", "2月没有30日"),
        ("2028年1月1日9点", "超过一年的会议请用周期"),
        ("下周三24:00", "请写清当天0点以前的时间"),
        ("每天8点", "不支持每天的会议"),
        ("每月第六个周五", "周五只能选第1到第5个、最后一个"),
        ("国庆节后第一个工作日", f"没看懂“国庆节后第一个工作日”，{HELP}"),
    ],
)
def test_table_of_refusals(text: str, said: str) -> None:
    assert refusal(text) == said


@pytest.mark.parametrize(
    ("text", "now", "question", "choices"),
    [
        ("下个周五15点", MONDAY, Question.WHICH_WEEK, ["2026-11-27 15:00", "2026-12-04 15:00"]),
        ("今天9点", NOW, Question.TOMORROW, ["2026-11-22 09:00"]),
        ("9点", NOW, Question.TOMORROW, ["2026-11-22 09:00"]),
        ("10月8日15点", NOW, Question.PAST_OR_NEXT_YEAR, ["2026-10-08 15:00", "2027-10-08 15:00"]),
    ],
)
def test_table_of_questions(text: str, now: datetime, question: Question, choices: list[str]) -> None:
    found = read(text, now)
    assert isinstance(found, Ask)
    assert found.question is question
    assert [shown(choice.starts_at) for choice in found.choices if isinstance(choice, Once)] == choices


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("每月31日15点", MonthlyDay(31)),
        ("每月29日", MonthlyDay(29)),
        ("每季度第二个月31日", MonthlyDay(31, every=3, month=2)),
        ("每年2月29日", MonthlyDay(29, every=12, month=2)),
    ],
)
def test_a_day_that_some_months_lack_asks_what_becomes_of_them(text: str, rule: MonthlyDay) -> None:
    found = read(text)
    assert isinstance(found, Ask)
    assert found.question is Question.SHORT_MONTHS
    clamped = MonthlyDay(rule.day, clamp=True, every=rule.every, month=rule.month)
    assert [choice.rule for choice in found.choices if isinstance(choice, Every)] == [clamped, rule]


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("下周五", (Note.DEFAULT_TIME,)),
        ("下周五3点", (Note.AFTERNOON,)),
        ("下周五三点一刻", (Note.AFTERNOON,)),
        ("下周五15点", ()),
        ("下周五7点", ()),
        ("下周五03:00", (Note.ODD_HOUR,)),
        ("下周五凌晨3点", (Note.ODD_HOUR,)),
        ("下周五22:00", ()),
        ("下周五22:01", (Note.ODD_HOUR,)),
        ("每周五", (Note.DEFAULT_TIME,)),
        ("每周五3点", (Note.AFTERNOON,)),
    ],
)
def test_the_preview_is_told_what_was_assumed(text: str, notes: tuple[Note, ...]) -> None:
    found = read(text)
    assert not isinstance(found, Ask)
    assert found.notes == notes


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ("0点", "00:00"),
        ("03:30", "03:30"),
        ("3:30", "15:30"),
        ("3点一刻", "15:15"),
        ("3点三刻", "15:45"),
        ("三点零五分", "15:05"),
        ("十二点", "12:00"),
        ("中午12点", "12:00"),
        ("中午一点", "13:00"),
        ("中午11点半", "11:30"),
        ("下午12点半", "12:30"),
        ("下午15点", "15:00"),
        ("傍晚6点", "18:00"),
        ("晚上十一点", "23:00"),
        ("早上6点", "06:00"),
        ("凌晨0点", "00:00"),
        ("二十三点五十九分", "23:59"),
        ("15时30分", "15:30"),
        ("9点钟", "09:00"),
        ("9点整", "09:00"),
        ("7点", "07:00"),
    ],
)
def test_times_of_day(said: str, clock: str) -> None:
    assert shown(once(f"下周五{said}").starts_at) == f"2026-11-27 {clock}"


@pytest.mark.parametrize("said", ["24:00", "24点", "晚上12点", "晚上0点", "凌晨12点"])
def test_midnight_has_to_be_written_before_midnight(said: str) -> None:
    assert refusal(f"下周五{said}") == "请写清当天0点以前的时间"


@pytest.mark.parametrize("said", ["上午15点", "25点", "9:60", "中午5点", "下午0点", "三三点", "99999点", "凌晨20点"])
def test_times_that_do_not_exist(said: str) -> None:
    assert refusal(f"下周五{said}").startswith("没看懂“")


@pytest.mark.parametrize(
    ("text", "starts_at", "minutes"),
    [
        ("明早9点", "2026-11-22 09:00", None),
        ("今晚8点", "2026-11-21 20:00", None),
        ("明天晚上8点", "2026-11-22 20:00", None),
        ("大后天9点", "2026-11-24 09:00", None),
        ("3天后9点", "2026-11-24 09:00", None),
        ("两个星期后9点", "2026-12-05 09:00", None),
        ("半小时后", "2026-11-21 10:30", None),
        ("一个半小时后 1小时", "2026-11-21 11:30", 60),
        ("90分钟后", "2026-11-21 11:30", None),
        ("周六", "2026-11-21 15:00", None),
        ("21日9点", "2026-12-21 09:00", None),
        ("31日15点", "2026-12-31 15:00", None),
        ("本月25日15点", "2026-11-25 15:00", None),
        ("下个月最后一天9点", "2026-12-31 09:00", None),
        ("下月首个工作日", "2026-12-01 15:00", None),
        ("2026-12-1 9:30", "2026-12-01 09:30", None),
        ("2026/12/01，15点", "2026-12-01 15:00", None),
        ("二〇二六年十二月一日九点", "2026-12-01 09:00", None),
        ("12-01 15:00", "2026-12-01 15:00", None),
        ("25/12 15:00", "2026-12-25 15:00", None),
        ("12月4日（周五）15:00—16:30", "2026-12-04 15:00", 90),
        ("12月4日周五，15:00至16:30", "2026-12-04 15:00", 90),
        ("下周五 两小时", "2026-11-27 15:00", 120),
        ("下周五15点两个小时", "2026-11-27 15:00", 120),
        ("下周五15点1小时30分钟", "2026-11-27 15:00", 90),
        ("下周五15点半小时", "2026-11-27 15:00", 30),
        ("下周五15点半", "2026-11-27 15:30", None),
        ("下周五10点到2点", "2026-11-27 10:00", 240),
        ("下周五早上6点到8点", "2026-11-27 06:00", 120),
        ("下周五早上5点到6点", "2026-11-27 05:00", 60),
        ("下周五03:00到5点", "2026-11-27 03:00", 120),
        ("下周5 15点", "2026-11-27 15:00", None),
        ("周二十点", "2026-11-24 10:00", None),
        ("周 三 三 点", "2026-11-25 15:00", None),
    ],
)
def test_other_ways_to_say_it(text: str, starts_at: str, minutes: int | None) -> None:
    found = once(text)
    assert (shown(found.starts_at), found.minutes) == (starts_at, minutes)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("每星期三", Weekly((2,), date(2026, 11, 25))),
        ("每个周六9点", Weekly((5,), date(2026, 11, 28))),
        ("每周六15点", Weekly((5,), date(2026, 11, 21))),
        ("每周一、三、五", Weekly((0, 2, 4), date(2026, 11, 23))),
        ("隔周五", Weekly((4,), date(2026, 11, 27), interval=2)),
        ("每两周的周五", Weekly((4,), date(2026, 11, 27), interval=2)),
        ("每个月月末", MonthlyDay(31, clamp=True)),
        ("每季度首月第一个工作日", MonthlyWorkday(1, every=3, month=1)),
        ("每季度末月最后一个周五", MonthlyWeekday(-1, 4, every=3, month=3)),
        ("每半年第六个月25日", MonthlyDay(25, every=6, month=6)),
        ("每半年末月25日", MonthlyDay(25, every=6, month=6)),
        ("每年十二月最后一个工作日", MonthlyWorkday(-1, every=12, month=12)),
        ("每年7月31日", MonthlyDay(31, every=12, month=7)),
        ("每月第五个周五", MonthlyWeekday(5, 4)),
    ],
)
def test_other_series(text: str, rule: Rule) -> None:
    assert every(text).rule == rule


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("周八15点", "没有“周八”"),
        ("下周八", "没有“周八”"),
        ("每周八", "没有“周八”"),
        ("31/6 15:00", "6月没有31日"),
        ("6月31日", "6月没有31日"),
        ("2026年13月1日", "没有13月"),
        ("每年13月1日", "没有13月"),
        ("每年2月30日", "2月没有30日"),
        ("每月32日", "每月没有32日"),
        ("32日15点", "11月没有32日"),
        ("本月31日15点", "11月没有31日"),
        ("本月第五个周五15点", "11月没有第五个周五"),
        ("每月第11个工作日", "工作日只能选第1到第10个、倒数第1到第5个"),
        ("每月倒数第二个周五", "周五只能选第1到第5个、最后一个"),
        ("每日8点", "不支持每天的会议"),
        ("每小时", "不支持每天的会议"),
        ("每个工作日9点", "不支持每天的会议"),
        ("下周五15点到14点", "结束时间应在开始时间之后，且不超过12小时"),
        ("下周五9点13小时", "结束时间应在开始时间之后，且不超过12小时"),
        ("下周五9点0分钟", "结束时间应在开始时间之后，且不超过12小时"),
        ("500天后9点", "超过一年的会议请用周期"),
        ("", f"没看懂“”，{HELP}"),
        ("两小时", f"没看懂“两小时”，{HELP}"),
        ("下周五15点开会", f"没看懂“开会”，{HELP}"),
        ("明天2小时后", f"没看懂“后”，{HELP}"),
        ("每季度第四个月1日", f"没看懂“每季度第四个月”，{HELP}"),
        ("每月", f"没看懂“”，{HELP}"),
        ("三-三", f"没看懂“三-三”，{HELP}"),
        ("0000-01-01", f"没看懂“0000-01-01”，{HELP}"),
    ],
)
def test_other_refusals(text: str, said: str) -> None:
    assert refusal(text) == said


PAST = {
    "2026年11月20日15点": "11-20 15:00",
    "昨天15点": "11-20 15:00",
    "大前天9点": "11-18 09:00",
    "上星期五15点": "11-13 15:00",
    "上上周一10点": "11-02 10:00",
    "上月10日9点": "10-10 09:00",
    "上个月第一个周五15点": "10-02 15:00",
}


@pytest.mark.parametrize("text", PAST)
def test_a_day_before_today_is_past_and_says_which(text: str) -> None:
    with pytest.raises(TimeIsPast) as raised:
        read(text)
    assert shown(raised.value.starts_at) == f"2026-{PAST[text]}"


def test_a_weekday_beside_a_past_date_settles_the_year() -> None:
    assert shown(once("10月8日（周五）15点").starts_at) == "2027-10-08 15:00"
    with pytest.raises(TimeIsPast):
        read("10月8日（周四）15点")
    assert refusal("10月8日（周三）15点") == "10月8日是周四，不是周三"


def test_the_29th_of_february_is_taken_where_it_exists() -> None:
    assert refusal("2月29日9点") == "2月没有29日"
    next_leap = at_beijing(date(2027, 11, 1), time(10))
    assert shown(once("2月29日9点", next_leap).starts_at) == "2028-02-29 09:00"


def test_next_month_of_january_31st_that_has_no_31st() -> None:
    assert refusal("下月31日", at_beijing(date(2026, 1, 31), time(20))) == "2月没有31日"
    assert shown(once("31日15点", at_beijing(date(2026, 1, 31), time(20))).starts_at) == "2026-03-31 15:00"


def test_the_kind_gives_the_default_time() -> None:
    found = parse("下周五", CALENDAR, now=NOW, clock=time(9))
    assert isinstance(found, Once)
    assert shown(found.starts_at) == "2026-11-27 09:00"


def test_the_start_is_given_in_utc() -> None:
    assert once("下周五15点").starts_at == datetime(2026, 11, 27, 7, 0, tzinfo=UTC)


def test_a_text_of_5000_characters_is_answered_shortly() -> None:
    assert refusal("周" * 5000) == f"没看懂“{'周' * 20}…”，{HELP}"


WORDS = [
    *"零〇一二两三十0123456789日天点半刻分到-:：/（）() 、，和年月号每第个后下本这",
    *("星期", "礼拜", "周", "下周", "下个", "今天", "每周", "每月", "每季度", "隔周", "首个", "倒数", "最后一个"),
    *("最后一天", "工作日", "小时", "分钟", "个半小时", "下午", "晚上"),
]
phrases = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(WORDS), max_size=10).map("".join))


@settings(max_examples=400, deadline=None)
@given(phrases, st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)))  # noqa: DTZ001  given its zone below
def test_any_text_is_read_or_refused_at_once(text: str, at: datetime) -> None:
    now = at.replace(tzinfo=UTC)
    began = stopwatch.process_time()
    found: Once | Every | Ask | None = None
    with suppress(PhraseError):
        found = read(text, now)
    assert not isinstance(found, Once) or found.starts_at > now
    assert stopwatch.process_time() - began < 1  # a regular expression that runs away would take minutes
