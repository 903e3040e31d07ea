"""How repetitions are called and what the screens of series say, word for word."""

from dataclasses import replace
from datetime import date, time

import pytest

from bot.meetings import dating_views, series_views
from bot.meetings.facts import Adopted, Difference, Differences, MeetingFacts, Plan, SeriesPreview, Step, Undated
from bot.meetings.phrases import Every, Question
from bot.meetings.plan_views import parts, question
from bot.meetings.recurrence import (
    Dates,
    Landing,
    MonthlyDay,
    MonthlyWeekday,
    MonthlyWorkday,
    Rule,
    Weekly,
    default_guard,
    default_shift,
)
from bot.meetings.repeating import Begun, Coming, Ended, SeriesFacts, SeriesList, SeriesView, Terms
from bot.meetings.rules import Guard, MeetingKind, MeetingState, Shift
from bot.members.rules import UnitKind, UnitRef
from bot.message import Message, strip_tags
from bot.workdays import DayKind, Why, WorkCalendar
from tests.meetings.play import at

NOW = at("2026-11-21 10:00")
BRANCH = UnitRef(3, UnitKind.BRANCH, "一支部", "/1/2/3/")
CALENDAR = WorkCalendar()
FRIDAYS = Terms(MonthlyWeekday(1, 4), time(15), 120, Shift.LATER, Guard.MONTH)
SERIES = SeriesFacts(7, BRANCH, MeetingKind.THEME_PARTY_DAY, "学习", "三楼会议室", FRIDAYS, date(2026, 11, 21))
MEETING = MeetingFacts(
    *(5, BRANCH, MeetingKind.THEME_PARTY_DAY, "学习", "三楼会议室"),
    *(at("2027-01-04 15:00"), at("2027-01-04 17:00"), MeetingState.SCHEDULED, 2),
    is_tentative=True,
)


def text(message: Message) -> str:
    return strip_tags(message.text)


def labels(message: Message) -> list[str]:
    return [button.label for row in message.buttons for button in row]


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (Weekly((4,), date(2026, 11, 27)), "每周五"),
        (Weekly((3, 0), date(2026, 11, 27)), "每周一、周四"),
        (Weekly((4,), date(2026, 11, 27), 2), "每两周的周五"),
        (Weekly((4, 6), date(2026, 11, 27), 4), "每四周的周五、周日"),
        (MonthlyDay(15), "每月15日"),
        (MonthlyDay(31, clamp=True), "每月最后一天"),
        (MonthlyDay(31), "每月31日（没有31日的月份不开）"),
        (MonthlyDay(30, clamp=True), "每月30日（没有30日的月份改在月末）"),
        (MonthlyDay(10, every=2, month=2), "双月10日"),
        (MonthlyDay(10, every=3, month=2), "每季度第二个月10日"),
        (MonthlyDay(31, every=3, month=1), "每季度第一个月31日（没有31日的月份不开）"),
        (MonthlyDay(1, every=12, month=7), "每年7月1日"),
        (MonthlyDay(31, every=12, month=7), "每年7月31日"),
        (MonthlyDay(29, every=12, month=2), "每年2月29日（没有29日的年份不开）"),
        (MonthlyDay(29, clamp=True, every=12, month=2), "每年2月29日（没有29日的年份改在月末）"),
        (MonthlyWeekday(1, 4), "每月第一个周五"),
        (MonthlyWeekday(5, 4), "每月第五个周五（没有第五个的月份不开）"),
        (MonthlyWeekday(-1, 6, every=6, month=6), "每半年第六个月最后一个周日"),
        (MonthlyWorkday(-1), "每月最后一个工作日"),
        (MonthlyWorkday(-2, every=12, month=12), "每年12月倒数第二个工作日"),
        (MonthlyWorkday(10, every=2, month=1), "单月第十个工作日"),
        (Dates((date(2026, 1, 1), date(2026, 2, 2))), "选定的2天"),
    ],
)
def test_a_repetition_is_called_as_people_call_it(rule: Rule, name: str) -> None:
    assert series_views.rule(rule) == name


@pytest.mark.parametrize(
    ("terms", "line"),
    [
        (FRIDAYS, "遇非工作日：顺延到下一个工作日，不出本月"),
        (
            replace(FRIDAYS, guard=Guard.NONE, allow_makeup=True),
            "遇非工作日：顺延到下一个工作日，可以排在调休上班的周末",
        ),
        (replace(FRIDAYS, shift=Shift.EARLIER, guard=Guard.QUARTER), "遇非工作日：提前到上一个工作日，不出本季度"),
        (replace(FRIDAYS, shift=Shift.ASIS), "遇非工作日：照常召开"),
        (replace(FRIDAYS, shift=Shift.SKIP), "遇非工作日：跳过这一次"),
        (replace(FRIDAYS, shift=Shift.ASK), "遇非工作日：到时问我"),
        (replace(FRIDAYS, rule=MonthlyWorkday(1)), ""),
    ],
)
def test_what_becomes_of_days_off_is_one_line(terms: Terms, line: str) -> None:
    assert series_views.off_days(terms) == line


def landing(on: str, terms: Terms = FRIDAYS) -> str:
    return series_views.landing_line(terms.land(date.fromisoformat(on), CALENDAR), now=NOW)


def test_a_shifted_day_says_from_where() -> None:
    assert landing("2026-12-04") == "12月4日（周五）"
    assert landing("2026-10-02") == "10月8日（周四），由10月2日（国庆节）顺延"
    assert landing("2026-08-15") == "8月17日（周一），由8月15日（周六）顺延"
    assert landing("2026-10-31") == "10月30日（周五），由10月31日（周六）提前"
    assert landing("2027-01-01") == "2027年1月4日（周一），由1月1日（元旦）顺延，暂定"
    assert landing("2026-10-02", replace(FRIDAYS, shift=Shift.ASK)) == "10月2日（国庆节），届时请您选日期"
    assert landing("2026-10-02", replace(FRIDAYS, shift=Shift.SKIP)) == "10月2日（国庆节），跳过"


# -- planning ---------------------------------------------------------------------------------------------------------


def plan(step: Step, **more: object) -> Plan:
    return Plan(9, step, kind=MeetingKind.THEME_PARTY_DAY, unit=BRANCH, **more)  # type: ignore[arg-type]  # its fields


def every(*rules: Rule) -> tuple[Every, ...]:
    return tuple(Every(rule, time(15)) for rule in rules)


def test_short_months_are_asked_about() -> None:
    asked = question(
        plan(Step.RULE, repetitions=every(MonthlyDay(31, clamp=True), MonthlyDay(31)), question=Question.SHORT_MONTHS),
        now=NOW,
    )
    assert (text(asked), labels(asked)) == ("有的月份没有31日，遇到时怎么办？", ["改在月末", "跳过", "输入…", "放弃"])
    leap = every(MonthlyDay(29, clamp=True, every=12, month=2), MonthlyDay(29, every=12, month=2))
    asked = question(plan(Step.RULE, repetitions=leap, question=Question.SHORT_MONTHS), now=NOW)
    assert text(asked) == "有的年份没有2月29日，遇到时怎么办？"


def test_the_usual_repetitions_are_offered() -> None:
    asked = question(plan(Step.RULE, repetitions=every(MonthlyWeekday(1, 4), MonthlyDay(15))), now=NOW)
    assert text(asked) == "主题党日（一支部）\n多久开一次？"
    assert labels(asked) == ["每月第一个周五 15:00", "每月15日 15:00", "输入…", "放弃"]


def previewed(terms: Terms = FRIDAYS, **more: object) -> SeriesPreview:
    ahead = [terms.land(date(2026, 12, 4), CALENDAR), terms.land(date(2027, 1, 1), CALENDAR)]
    facts = (BRANCH, MeetingKind.THEME_PARTY_DAY, "学习", "三楼会议室", terms)
    return SeriesPreview(*facts, notes=(), coming=tuple(ahead), first=None, **more)  # type: ignore[arg-type]  # its fields


def test_the_preview_shows_days_and_what_stands_beside_it() -> None:
    others = (replace(SERIES, terms=replace(FRIDAYS, rule=MonthlyDay(15))),)
    shown = question(
        plan(Step.SERIES, series=previewed(besides=others, replaces=replace(SERIES, title="自学"))), now=NOW
    )
    assert text(shown) == (
        "【主题党日】学习\n周期：每月第一个周五 15:00—17:00\n地点：三楼会议室\n召开：一支部\n"
        "遇非工作日：顺延到下一个工作日，不出本月\n"
        "代替现在的周期：每月第一个周五 15:00—17:00。\n"
        "已经通知的会议照常，还没通知的按新周期重排，单独改过的也重排。\n"
        "本组织另有同类周期：每月15日，都会召开。\n\n"
        "接下来2次\n12月4日（周五）\n2027年1月4日（周一），由1月1日（元旦）顺延，暂定\n"
        "标“暂定”的日期要等国务院办公厅公布放假安排后才能确定。"
    )
    assert labels(shown) == ["确认", "改主题", "修改", "放弃"]


def test_days_off_can_be_changed_only_where_there_are_any() -> None:
    assert "遇非工作日" in [b.label for row in parts(plan(Step.SERIES, series=previewed())) for b in row]
    workdays = previewed(replace(FRIDAYS, rule=MonthlyWorkday(1)))
    assert "遇非工作日" not in [b.label for row in parts(plan(Step.SERIES, series=workdays)) for b in row]


def test_the_choice_for_days_off_marks_what_is_chosen() -> None:
    asked = question(plan(Step.OFF_DAYS, series=previewed()), now=NOW)
    assert text(asked) == (
        "每月第一个周五\n遇非工作日：顺延到下一个工作日，不出本月\n顺延会出本月的改为提前，两头都不行时问您。"
    )
    assert labels(asked) == [
        *("✓ 顺延", "提前", "照常", "跳过", "问我"),
        *("不出本周", "✓ 不出本月", "不出本季度", "不出本年", "不限", "调休上班的周末也可以", "好了"),
    ]
    earlier = replace(FRIDAYS, shift=Shift.EARLIER, guard=Guard.QUARTER)
    asked = question(plan(Step.OFF_DAYS, series=previewed(earlier)), now=NOW)
    assert text(asked).endswith("\n提前会出本季度的改为顺延，两头都不行时问您。")
    asked = question(plan(Step.OFF_DAYS, series=previewed(replace(FRIDAYS, shift=Shift.ASK))), now=NOW)
    assert labels(asked) == ["顺延", "提前", "照常", "跳过", "✓ 问我", "好了"]


@pytest.mark.parametrize(
    ("rule", "shift", "guard"),
    [
        (Weekly((5,), date(2026, 1, 1)), "照常召开", ""),
        (Weekly((4,), date(2026, 1, 1)), "顺延到下一个工作日", "，不出本周"),
    ],
)
def test_defaults_are_said(rule: Rule, shift: str, guard: str) -> None:
    terms = Terms(rule, time(15), 60, default_shift(rule), default_guard(rule))
    assert series_views.off_days(terms) == f"遇非工作日：{shift}{guard}"


# -- the list ---------------------------------------------------------------------------------------------------------

DECEMBER = Coming(at("2026-12-04 15:00"), None, 4, MeetingState.SCHEDULED, is_announced=True)
JANUARY = Coming(
    at("2027-01-04 15:00"), FRIDAYS.land(date(2027, 1, 1), CALENDAR), 5, MeetingState.SCHEDULED, is_tentative=True
)
FEBRUARY = Coming(at("2027-02-05 15:00"), None, 6, MeetingState.CANCELLED)
MARCH = Coming(at("2027-03-05 15:00"), FRIDAYS.land(date(2027, 3, 5), CALENDAR), is_tentative=True)
VIEW = SeriesView(SERIES, (DECEMBER, JANUARY, FEBRUARY, MARCH))


def test_one_series_lists_what_is_ahead() -> None:
    shown = series_views.shown(VIEW, now=NOW)
    assert text(shown) == (
        "【主题党日】学习\n周期：每月第一个周五 15:00—17:00\n地点：三楼会议室\n召开：一支部\n"
        "遇非工作日：顺延到下一个工作日，不出本月\n\n接下来\n12月4日（周五），单独改过，已通知\n"
        "2027年1月4日（周一），由1月1日（元旦）顺延，暂定\n2027年2月5日（周五），已取消\n2027年3月5日（周五），暂定\n"
        "标“暂定”的日期要等国务院办公厅公布放假安排后才能确定。\n点日期，只改那一次。"
    )
    assert labels(shown) == ["12月4日（周五）", "2027年1月4日（周一）", "修改周期", "停止", "返回"]


def test_what_tentative_means_is_said_only_beside_a_tentative_day() -> None:
    """A day that is still to be chosen stays marked so after its year was announced."""
    asked = replace(FRIDAYS, shift=Shift.ASK).land(date(2026, 10, 2), CALENDAR)
    open_day = Coming(at("2026-10-02 15:00"), asked, 5, MeetingState.NEEDS_DATE, is_tentative=True)
    shown = text(series_views.shown(replace(VIEW, coming=(open_day,)), now=NOW))
    assert shown.endswith("接下来\n10月2日（国庆节），届时请您选日期\n点日期，只改那一次。")


def test_a_series_that_is_to_be_changed_offers_no_confirmation_of_the_same() -> None:
    shown = question(plan(Step.SERIES, series=previewed(replaces=SERIES)), now=NOW)
    assert (text(shown).rpartition("\n")[2], labels(shown)) == ("请点要改的部分。", ["改主题", "修改", "放弃"])


def test_the_list_names_the_unit_where_there_are_several() -> None:
    many = series_views.listed(SeriesList((VIEW,), 1, has_more=True, has_several_units=True), now=NOW)
    assert text(many) == (
        "主题党日 学习（一支部）\n每月第一个周五 15:00—17:00\n下一次：12月4日（周五），单独改过，已通知"
    )
    assert labels(many) == ["主题党日 学习 每月第一个周五", "上一页", "下一页", "新的周期会议"]
    none = series_views.listed(SeriesList((), 0, has_more=False, has_several_units=False), now=NOW)
    assert text(none) == "还没有周期会议。也可以直接写，例如：\n/plan 每月第一个周五15点 主题党日 @三楼会议室"


def test_begun_says_when_people_hear_of_it() -> None:
    begun = Begun(SERIES, (JANUARY,), None, at("2026-12-28 09:00"))
    assert text(series_views.begun(begun, now=NOW)) == (
        "已安排：主题党日 学习\n每月第一个周五 15:00—17:00，三楼会议室\n"
        "下一次：2027年1月4日（周一），由1月1日（元旦）顺延，暂定\n首次通知将于12月28日（周一）09:00发出。"
    )
    ended = Ended(SERIES, (at("2026-12-04 15:00"),), 2)
    replaced = replace(begun, coming=(MARCH,), replaced=ended, notice_at=None)
    assert text(series_views.begun(replaced, now=NOW)).split("\n")[2:] == [
        "下一次：2027年3月5日（周五），暂定",
        "原来尚未通知的2场已按新的周期重排。已经通知的12月4日（周五）15:00照常，要取消请单独取消。",
    ]


def test_a_stop_is_asked_and_told() -> None:
    asked = series_views.ask_stop(VIEW)
    assert text(asked) == "停止：主题党日 学习，每月第一个周五\n已排好、尚未通知的1场会一并取消；已经通知的照常召开。"
    assert labels(asked) == ["确认停止", "不停止"]
    assert text(series_views.stopped(Ended(SERIES, (), 0), now=NOW)) == "已停止：主题党日 学习，每月第一个周五。"


def test_a_stop_can_be_called_back() -> None:
    told = series_views.stopped(Ended(SERIES, (), 2, undo=(7, at("2026-11-21 10:05"))), now=NOW)
    assert text(told).split("\n")[1:] == ["尚未通知的2场不再召开。", "10:05前可撤销。"]
    assert labels(told) == ["撤销"]
    gone = replace(VIEW.coming[0], state=MeetingState.CANCELLED)
    back = series_views.resumed(replace(VIEW, coming=(gone, *VIEW.coming)), now=NOW)
    assert text(back).split("\n")[0] == "已撤销停止：主题党日 学习，每月第一个周五。"
    assert text(back).split("\n")[1] == f"下一次：{series_views.coming_line(VIEW.coming[0], now=NOW)}"
    assert labels(back) == ["查看"]


# -- single days ------------------------------------------------------------------------------------------------------


def test_questions_about_a_day() -> None:
    base = Landing(date(2027, 1, 4), None, Why(DayKind.HOLIDAY, "元旦"), is_asked=True)
    base = replace(base, before=date(2026, 12, 31), after=date(2027, 1, 5))
    asked = dating_views.undated(Undated(replace(MEETING, state=MeetingState.NEEDS_DATE), base), now=NOW)
    assert text(asked) == "2027年1月4日（元旦）不是工作日，一支部的主题党日改到哪一天？"
    assert labels(asked) == ["12月31日（周四）15:00", "2027年1月5日（周二）15:00", "其他日期…", "跳过本次"]
    late = dating_views.undated(
        Undated(replace(MEETING, state=MeetingState.NEEDS_DATE), base), now=at("2027-01-04 16:00")
    )
    assert labels(late) == ["1月5日（周二）15:00", "其他日期…", "跳过本次"]
    tentative = dating_views.undated(Undated(MEETING, None, at("2027-01-03 15:00")), now=NOW)
    assert text(tentative) == (
        "2027年1月4日（周一）15:00 一支部 主题党日的日期是暂定的，当年放假安排还没有导入。要按这个日期通知大家吗？\n"
        "不处理的话，2027年1月3日（周日）15:00按暂定日期通知大家。"
    )
    assert labels(tentative) == ["按此日期确认", "改期"]
    alone = dating_views.undated(Undated(replace(MEETING, is_tentative=False), None), now=NOW)
    assert text(alone) == "2027年1月4日（周一）15:00—17:00 主题党日，三楼会议室\n在这里只改这一次，不影响周期。"


def test_answers_about_a_day() -> None:
    assert text(dating_views.dated(MEETING, now=NOW)) == "主题党日定在2027年1月4日（周一）15:00。"
    assert text(dating_views.kept(MEETING, now=NOW)) == "已确认：2027年1月4日（周一）15:00 主题党日，按时通知大家。"
    skipped = dating_views.skipped(MEETING, now=NOW)
    assert text(skipped) == "已跳过2027年1月4日的主题党日，以后各次照常。10分钟内可撤销。"
    assert labels(skipped) == ["撤销"]
    which = dating_views.which_date(MEETING, (at("2026-12-04 15:00"),), now=NOW)
    assert (text(which), labels(which)) == ("是哪一天？", ["12月4日（周五）15:00"])
    assert text(dating_views.ask_other_date()).startswith("请写日期和时间，例如：12月8日15点。")


# -- after new days off -----------------------------------------------------------------------------------------------

MOVED = Difference(
    MEETING, Landing(date(2027, 1, 1), date(2027, 1, 5), Why(DayKind.HOLIDAY)), Why(DayKind.HOLIDAY, "元旦")
)
LINE = "一支部 主题党日 · 2027年1月4日（周一） → 2027年1月5日（周二） · 元旦"


def test_what_new_days_off_would_change() -> None:
    shown = dating_views.differences(Differences((MOVED,), (MOVED,), 1), now=NOW)
    assert text(shown) == f"按新的放假安排，这些会议要换日子（还没有通知）：\n{LINE}\n已通知，不自动变动：\n{LINE}"
    assert labels(shown) == ["全部采用", "逐个"]
    assert labels(dating_views.differences(Differences((), (MOVED,), 1), now=NOW)) == []
    many = dating_views.differences(Differences((MOVED,) * 23, (), 1), now=NOW)
    assert text(many).endswith(f"{LINE}\n另有3场。")
    none = dating_views.differences(Differences((), (), 0), now=NOW)
    assert text(none) == "按现在的放假安排，没有会议要换日子。"


def test_what_was_adopted_and_what_is_left() -> None:
    rest = Differences((MOVED, MOVED), (), 1)
    done = dating_views.adopted(Adopted((MOVED,), (), rest), now=NOW)
    assert text(done) == f"已换日子：\n{LINE}\n\n要换日子吗？（另有1场）\n{LINE}"
    assert labels(done) == ["采用", "不变"]
    done = dating_views.adopted(Adopted((MOVED, MOVED), (MOVED,), Differences((), (), 0)), now=NOW)
    assert text(done) == f"已换日子：2场。\n新日子已有同类会议，没有动：\n{LINE}\n\n都处理好了。"
    gone = replace(MOVED, landing=None)
    assert text(dating_views.one_by_one(gone, 1, now=NOW)) == (
        "要换日子吗？\n一支部 主题党日 · 2027年1月4日（周一） → 跳过 · 元旦"
    )
    assert text(dating_views.to_review("一支部", 2)) == "放假安排已更新，一支部有2场周期会议要换日子。"
