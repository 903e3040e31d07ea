"""After an import of days off: what would be elsewhere is shown, nothing moves before somebody takes it over."""

from datetime import date

import pytest

from bot.attendance import opening
from bot.attendance.rules import Answer
from bot.meetings import dating, dating_views, realigning, refilling, series, series_planning
from bot.meetings import service as meetings_service
from bot.meetings.facts import Adopted, Difference, Differences
from bot.members import calendar
from bot.members.calendarfile import CalendarFile
from bot.members.rules import NotAllowed
from bot.message import strip_tags
from bot.workdays import SpecialDay
from tests.meetings.play import Play, at
from tests.meetings.repeats import days, meetings

FRIDAYS = "每月第一个周五15点 主题党日 学习 @三楼会议室"


def begin(play: Play, words: str = FRIDAYS, *off_days: str) -> None:
    plan = play.plan(words)
    for word in off_days:
        plan = play.act(play.cast.li, series_planning.set_off_days, plan.draft_id, word)
    play.act(play.cast.li, series.confirm, plan.draft_id)


def bring(play: Play, *off: str, worked: tuple[str, ...] = (), year: int = 2027) -> None:
    """The office imports a year with these days."""
    found = {date.fromisoformat(day): SpecialDay(True, "元旦") for day in off}
    found |= {date.fromisoformat(day): SpecialDay(False, "元旦") for day in worked}
    file = CalendarFile(year, "通知", tuple(sorted(found.items())))
    play.act(play.cast.wang, calendar.import_calendar, file, follow=realigning.follow)


NEW_YEAR = ("2027-01-01", "2027-01-02", "2027-01-03", "2027-01-04")


def shown(play: Play) -> Differences:
    return play.act(play.cast.li, realigning.differences)


def line(difference: Difference, play: Play) -> str:
    return strip_tags(dating_views.difference(difference, now=play.now))


def lines(play: Play) -> list[str]:
    return [line(one, play) for one in shown(play).open]


def adopt_all(play: Play, mark: int | None = None) -> Adopted | Differences:
    mark = shown(play).mark if mark is None else mark
    return play.act(play.cast.li, realigning.adopt_all, mark, reset=opening.reset)


@pytest.fixture
def winter(play: Play) -> Play:
    """Acceptance 18: the end of 2026, a series of first Fridays, no days off of 2027 yet."""
    play.now = at("2026-11-21 10:00")
    begin(play)
    return play


def test_nothing_moves_before_it_is_adopted(winter: Play) -> None:
    assert shown(winter).open == ()
    bring(winter, *NEW_YEAR)
    assert lines(winter) == ["一支部 主题党日 · 2027年1月4日（周一） → 2027年1月5日（周二） · 元旦"]
    winter.run(refilling.refill)
    assert days(winter) == ["12-04 15:00 SCHEDULED", "01-04 15:00 SCHEDULED 暂定"]
    done = adopt_all(winter)
    assert isinstance(done, Adopted)
    assert (len(done.done), done.left, done.remaining.open) == (1, (), ())
    assert days(winter) == ["12-04 15:00 SCHEDULED", "01-05 15:00 SCHEDULED"]
    assert winter.rungs(meetings(winter)[1])["R1"] == "12-29 09:00 PLANNED"


def test_an_announced_one_never_moves(winter: Play) -> None:
    winter.until("2027-01-03 16:00")
    bring(winter, *NEW_YEAR)
    found = shown(winter)
    assert (found.open, [line(one, winter) for one in found.announced]) == (
        (),
        ["一支部 主题党日 · 1月4日（周一） → 1月5日（周二） · 元旦"],
    )
    adopt_all(winter)
    assert days(winter)[1] == "01-04 15:00 SCHEDULED 暂定"


def test_where_the_guess_was_right_the_day_is_certain(winter: Play) -> None:
    bring(winter, *NEW_YEAR[:3])
    assert lines(winter) == []
    assert days(winter) == ["12-04 15:00 SCHEDULED", "01-04 15:00 SCHEDULED"]
    assert winter.rungs(meetings(winter)[1])["R1"] == "12-28 09:00 PLANNED"


def test_an_announced_day_that_proves_right_loses_the_word_from_its_card(winter: Play) -> None:
    winter.until("2027-01-03 16:00")
    winter.take()
    bring(winter, *NEW_YEAR[:3])
    winter.deliver()
    (edit,) = [one for one in winter.letters if one.is_edit and one.key.startswith("card:")]
    assert "暂定" not in edit.text
    assert meetings(winter)[1].version == 1


def test_the_secretary_hears_of_it_once(winter: Play) -> None:
    bring(winter, *NEW_YEAR)
    winter.deliver()
    assert winter.sent() == ["11-21 10:00 李四：放假安排已更新，一支部有1场周期会议要换日子。〔查看〕"]
    winter.run(refilling.refill)
    winter.deliver()
    assert winter.sent() == []


def test_a_list_that_has_changed_meanwhile_is_shown_anew(winter: Play) -> None:
    bring(winter, *NEW_YEAR)
    old = shown(winter).mark
    bring(winter, *NEW_YEAR, "2027-01-05")
    again = adopt_all(winter, old)
    assert isinstance(again, Differences)
    assert [line(one, winter) for one in again.open] == [
        "一支部 主题党日 · 2027年1月4日（周一） → 2027年1月6日（周三） · 元旦"
    ]
    assert days(winter)[1] == "01-04 15:00 SCHEDULED 暂定"


def test_one_by_one_some_are_adopted_and_some_stay(winter: Play) -> None:
    begin(winter, "每月第一个工作日10点 支部党员大会 学习 @三楼会议室")
    bring(winter, *NEW_YEAR)
    assert lines(winter) == [
        "一支部 支部党员大会 · 2027年1月4日（周一） → 2027年1月5日（周二） · 元旦",
        "一支部 主题党日 · 2027年1月4日（周一） → 2027年1月5日（周二） · 元旦",
    ]
    assembly, theme = (one.meeting for one in shown(winter).open)
    done = winter.act(winter.cast.li, realigning.adopt, assembly.id, 1, reset=opening.reset)
    assert [one.meeting.id for one in done.remaining.open] == [theme.id]
    left = winter.act(winter.cast.li, realigning.stay, theme.id, 1)
    assert left.open == ()
    assert days(winter)[-2:] == ["01-04 15:00 SCHEDULED", "01-05 10:00 SCHEDULED"]
    with pytest.raises(meetings_service.StateChanged):
        winter.act(winter.cast.li, realigning.adopt, assembly.id, 1, reset=opening.reset)
    bring(winter, *NEW_YEAR, "2027-01-05")
    assert lines(winter) == ["一支部 支部党员大会 · 2027年1月5日（周二） → 2027年1月6日（周三） · 元旦"]


def test_a_workday_of_the_month_is_not_doubled_when_its_calendar_comes(winter: Play) -> None:
    begin(winter, "每月最后一个工作日10点 支部党员大会 学习 @三楼会议室")
    winter.now = at("2026-12-20 10:00")
    winter.run(refilling.refill)
    assert days(winter)[-1] == "01-29 10:00 SCHEDULED 暂定"
    bring(winter, *NEW_YEAR[:3], "2027-01-29", worked=("2027-01-30",))
    assert days(winter)[-1] == "01-29 10:00 SCHEDULED 暂定"
    assert lines(winter) == ["一支部 支部党员大会 · 2027年1月29日（周五） → 2027年1月30日（周六） · 元旦"]
    adopt_all(winter)
    winter.run(refilling.refill)
    assert days(winter)[-1] == "01-30 10:00 SCHEDULED"


def test_what_somebody_moved_by_hand_is_left_alone(winter: Play) -> None:
    winter.move(meetings(winter)[1], "2027-01-04 16:00")
    bring(winter, *NEW_YEAR)
    assert shown(winter) == Differences((), (), shown(winter).mark)


def test_answers_given_before_the_notice_do_not_follow_to_another_day(winter: Play) -> None:
    meeting = meetings(winter)[1]
    winter.go(meeting, winter.cast.zhang)
    bring(winter, *NEW_YEAR)
    adopt_all(winter)
    assert winter.standing(meeting, winter.cast.zhang).answer is Answer.NONE
    assert winter.roll(meeting).unanswered


def test_a_taken_place_is_left_and_said(winter: Play) -> None:
    bring(winter, *NEW_YEAR)
    winter.meeting("2027年1月5日15点 主题党日 别的 @党校")
    done = adopt_all(winter)
    assert isinstance(done, Adopted)
    assert (done.done, [one.meeting.id for one in done.left]) == ((), [2])
    assert "新日子已有同类会议，没有动：" in dating_views.adopted(done, now=winter.now).text


def test_days_off_may_also_ask_skip_or_give_a_day_back(play: Play) -> None:
    play.now = at("2026-11-21 10:00")
    begin(play, "每月10日15点 主题党日 学习 @三楼会议室", "ASK")
    begin(play, "每月17日15点 支部党员大会 学习 @三楼会议室", "SKIP")
    begin(play, "每月12日15点 党课 学习 @三楼会议室")  # a Saturday
    assert days(play)[:3] == ["12-10 15:00 SCHEDULED", "12-14 15:00 SCHEDULED", "12-17 15:00 SCHEDULED"]
    bring(play, "2026-12-10", "2026-12-17", worked=("2026-12-12",), year=2026)
    assert lines(play) == [
        "一支部 主题党日 · 12月10日（周四） → 请您选日期 · 元旦",
        "一支部 党课 · 12月14日（周一） → 12月12日（周六） · 12月12日（周六）上班",
        "一支部 支部党员大会 · 12月17日（周四） → 跳过 · 元旦",
    ]
    adopt_all(play)
    assert days(play)[:3] == ["12-10 15:00 NEEDS_DATE", "12-12 15:00 SCHEDULED", "12-17 15:00 CANCELLED"]
    bring(play, year=2026)
    assert lines(play) == [
        "一支部 主题党日 · 待定 → 12月10日（周四） · 12月10日（周四）上班",
        "一支部 党课 · 12月12日（周六） → 12月14日（周一） · 周末",
    ]


def test_the_question_about_a_tentative_day_offers_what_is_right_by_now(winter: Play) -> None:
    bring(winter, *NEW_YEAR)
    meeting = meetings(winter)[1]
    asked = dating_views.undated(winter.act(winter.cast.li, dating.show, meeting.id), now=winter.now)
    assert strip_tags(asked.text) == (
        "2027年1月4日（周一）15:00 一支部 主题党日的日期是暂定的。"
        "放假安排已经公布，按周期应改到2027年1月5日（周二），由1月1日（元旦）顺延。"
    )
    assert [button.label for row in asked.buttons for button in row] == [
        "改到2027年1月5日（周二）",
        "按此日期确认",
        "改期",
    ]


def test_each_sees_and_adopts_only_what_he_plans(winter: Play) -> None:
    bring(winter, *NEW_YEAR)
    cast = winter.cast
    assert len(winter.act(cast.wang, realigning.differences).open) == 1  # ADMIN above
    assert winter.act(cast.zhao, realigning.differences).open == ()
    with pytest.raises(NotAllowed):
        winter.act(cast.zhang, realigning.differences)
    with pytest.raises(meetings_service.NoSuchMeeting):
        winter.act(cast.zhao, realigning.adopt, 2, 1, reset=opening.reset)
    assert winter.database.look(realigning.count, now=winter.now) == 1


def test_the_card_says_from_which_day_it_was_shifted(play: Play) -> None:
    play.now = at("2026-09-28 10:00")
    begin(play)
    play.until("2026-09-30 09:00")
    card = next(letter for letter in play.take() if letter.to < 0)
    assert card.line.startswith(
        "【主题党日】学习／时间：10月8日（周四）15:00—17:00／地点：三楼会议室／10月8日（周四），由10月2日（国庆节）顺延／"
    )
    play.go(meetings(play)[0], play.cast.zhang)
    play.deliver()
    (edit,) = play.edits("card:")
    assert "由10月2日（国庆节）顺延" in edit.text
