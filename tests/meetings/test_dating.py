"""Single days of series: asked for where there is none, held back where none is certain, decided by the secretary."""

from datetime import date

import pytest

from bot.meetings import changing, dating, series, series_planning, series_views, service
from bot.meetings.facts import MeetingFacts
from bot.meetings.rules import MeetingState
from bot.members import reach
from tests.meetings.play import Play, at
from tests.meetings.repeats import begun, days, meetings, planned, refill, show

# -- days that are asked for ------------------------------------------------------------------------------------------

LUNAR = "每周三15点 主题党日 学习 @三楼会议室"  # the week of the Spring Festival 2026 has no workday


def asking(play: Play) -> MeetingFacts:
    play.now = at("2026-01-05 10:00")
    plan, _ = planned(play, "每年10月2日15点 主题党日 学习 @三楼会议室")
    plan = play.act(play.cast.li, series_planning.set_off_days, plan.draft_id, "ASK")
    play.act(play.cast.li, series.confirm, plan.draft_id)
    (meeting,) = meetings(play)
    return meeting


def ask_until(play: Play, text: str) -> list[str]:
    """Let the questions come at their own moments."""
    end = at(text)
    while (due := play.database.look(dating.next_due, play.now)) is not None and due <= end:
        play.now = max(play.now, due)
        play.run(dating.ask)
        play.deliver()
    play.now = end
    return play.sent()


QUESTION = (
    "李四：10月2日（国庆节）不是工作日，一支部的主题党日改到哪一天？"
    "〔9月30日（周三）15:00〕〔10月8日（周四）15:00〕〔其他日期…〕〔跳过本次〕"
)


def test_the_secretary_is_asked_45_and_7_days_before(play: Play) -> None:
    meeting = asking(play)
    assert meeting.state is MeetingState.NEEDS_DATE
    assert play.rungs(meeting) == {}
    assert ask_until(play, "2026-09-20 12:00") == [f"08-18 15:00 {QUESTION}"]
    assert ask_until(play, "2026-10-03 12:00") == [f"09-24 09:00 {QUESTION}"]


def test_what_was_asked_stays_on_the_list_of_the_day_until_it_is_decided(play: Play) -> None:
    cast, meeting = play.cast, asking(play)
    assert play.act(cast.li, dating.waiting_for) == []
    ask_until(play, "2026-08-18 16:00")
    for officer in (cast.li, cast.sun):
        assert [one.id for one in play.act(officer, dating.waiting_for)] == [meeting.id]
    for other in (cast.zhang, cast.wang, cast.zhao):
        assert play.act(other, dating.waiting_for) == []
    play.act(cast.li, dating.skip, meeting.id, 1)
    assert play.act(cast.li, dating.waiting_for) == []


def test_near_the_day_one_question_is_enough(play: Play) -> None:
    asking(play)
    play.now = at("2026-09-27 12:00")  # a Sunday; nobody could be asked before
    assert ask_until(play, "2026-10-03 12:00") == [f"09-27 12:00 {QUESTION}"]


def test_a_chosen_day_gets_its_ladder_and_ends_the_questions(play: Play) -> None:
    meeting = asking(play)
    ask_until(play, "2026-08-18 16:00")
    minute = int(at("2026-10-08 15:00").timestamp()) // 60
    dated = play.act(play.cast.li, dating.choose, meeting.id, 1, minute)
    assert (dated.state, dated.starts_at, dated.version) == (MeetingState.SCHEDULED, at("2026-10-08 15:00"), 2)
    assert play.rungs(dated)["R1"] == "09-30 09:00 PLANNED"
    first = show(play).coming[0]
    assert series_views.coming_line(first, now=play.now) == "10月8日（周四），单独改过"
    assert ask_until(play, "2026-10-03 12:00") == []
    with pytest.raises(service.StateChanged):
        play.act(play.cast.li, dating.choose, meeting.id, 1, minute)


def test_another_day_comes_as_text(play: Play) -> None:
    meeting = asking(play)
    play.now = at("2026-09-21 09:00")
    play.act(play.cast.li, dating.ask_other, meeting.id, 1)
    with pytest.raises(changing.OnlyOnce):
        play.act(play.cast.li, dating.date_told, f"{meeting.id}:1", "每周五15点")
    _, starts = play.act(play.cast.li, dating.date_told, f"{meeting.id}:1", "下个周五15点")
    assert starts == (at("2026-09-25 15:00"), at("2026-10-02 15:00"))
    dated, starts = play.act(play.cast.li, dating.date_told, f"{meeting.id}:1", "9月29日10点")
    assert (dated.starts_at, starts) == (at("2026-09-29 10:00"), ())


def test_skipped_it_is_called_back_to_the_question(play: Play) -> None:
    meeting = asking(play)
    play.now = at("2026-09-25 10:00")
    skipped = play.act(play.cast.li, dating.skip, meeting.id, 1)
    assert skipped.state is MeetingState.CANCELLED
    assert ask_until(play, "2026-09-25 10:05") == []
    back = play.undo(skipped).meeting
    assert (back.state, back.version) == (MeetingState.NEEDS_DATE, 3)
    assert play.rungs(back) == {}
    assert len(ask_until(play, "2026-09-25 10:10")) == 1  # asked anew
    refill(play)
    assert len(days(play)) == 1


def test_where_no_day_of_the_week_is_worked_the_series_asks_by_itself(play: Play) -> None:
    play.now = at("2026-02-02 09:00")
    begun(play, LUNAR)
    assert [day for day in days(play) if "NEEDS" in day] == ["02-18 15:00 NEEDS_DATE"]
    (wednesday,) = (one for one in show(play).coming if one.state is MeetingState.NEEDS_DATE)
    assert wednesday.landing is not None
    assert (wednesday.landing.before, wednesday.landing.after) == (date(2026, 2, 13), date(2026, 2, 24))


def test_with_nobody_to_ask_nothing_is_due_until_somebody_can_be(play: Play) -> None:
    meeting = asking(play)
    for one in (play.cast.li, play.cast.sun, play.cast.wang):
        play.run(reach.mark_unreachable, one.user_id)
    play.now = at("2026-08-20 10:00")
    play.run(dating.ask)
    assert play.rows("series:") == {}
    assert play.database.look(dating.next_due, play.now) == at("2026-09-24 09:00")
    assert meeting.state is MeetingState.NEEDS_DATE


# -- days that are not certain ----------------------------------------------------------------------------------------


def new_year(play: Play) -> MeetingFacts:
    """Acceptance 18: 首个周五 over the end of the year, without the days off of 2027."""
    play.now = at("2026-11-21 10:00")
    begun(play)
    meeting = meetings(play)[1]
    assert days(play) == ["12-04 15:00 SCHEDULED", "01-04 15:00 SCHEDULED 暂定"]
    return meeting


def test_over_the_year_end_a_day_is_tentative_and_its_notice_held(play: Play) -> None:
    meeting = new_year(play)
    assert play.rungs(meeting)["R1"] == "01-03 15:00 PLANNED"
    asked = (
        "2027年1月4日（周一）15:00 一支部 主题党日的日期是暂定的，当年放假安排还没有导入。要按这个日期通知大家吗？／"
    )
    later = "不处理的话，2027年1月3日（周日）15:00按暂定日期通知大家。〔按此日期确认〕〔改期〕"
    assert ask_until(play, "2026-12-27 12:00") == []
    assert ask_until(play, "2026-12-31 12:00") == [f"12-28 09:00 李四：{asked}{later}"]
    assert [one.id for one in play.act(play.cast.li, dating.waiting_for)] == [meeting.id]


def test_without_an_answer_the_notice_goes_a_day_before_and_says_tentative(play: Play) -> None:
    meeting = new_year(play)
    play.until("2026-12-31 12:00")
    play.take()
    play.until("2027-01-03 15:00")
    card = next(letter for letter in play.take() if letter.to < 0)
    assert card.line.startswith(
        "【主题党日】学习／时间：1月4日（周一）15:00—17:00／地点：三楼会议室／暂定，待放假安排公布／"
    )
    with pytest.raises(service.StateChanged):
        play.act(play.cast.li, dating.keep, meeting.id, 1)


def test_confirmed_it_is_told_in_its_time(play: Play) -> None:
    meeting = new_year(play)
    ask_until(play, "2026-12-28 10:00")
    kept = play.act(play.cast.li, dating.keep, meeting.id, 1)
    assert (kept.is_tentative, play.rungs(kept)["R1"]) == (False, "12-28 10:00 PLANNED")
    assert ask_until(play, "2027-01-03 12:00") == []


def test_moved_it_is_certain(play: Play) -> None:
    meeting = new_year(play)
    play.move(meeting, "2027-01-08 15:00")
    assert days(play)[1:] == ["01-08 15:00 SCHEDULED"]
