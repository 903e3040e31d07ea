"""Series: planned by a phrase, filled ahead once, changed by a successor, stopped; single days apart from the rest."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from bot.attendance.service import roll
from bot.db import Database
from bot.meetings import changing, planning, refilling, series, series_planning, service
from bot.meetings.drafts import AlreadySaved, DraftGone
from bot.meetings.facts import Step
from bot.meetings.models import Rung, Series
from bot.meetings.phrases import Question
from bot.meetings.recurrence import MonthlyDay
from bot.meetings.repeating import Begun
from bot.meetings.rules import Guard, MeetingState, RungName, Shift
from bot.members.models import Unit
from tests.meetings.play import Play, at
from tests.meetings.repeats import begun, days, meetings, planned, refill, show

# -- plans ------------------------------------------------------------------------------------------------------------


def test_a_phrase_leads_to_the_next_six_with_their_shifts(play: Play) -> None:
    _, shown = planned(play)
    assert [str(landing.on) for landing in shown.coming] == [
        *("2026-03-06", "2026-04-03", "2026-05-06", "2026-06-05", "2026-07-03", "2026-08-07")
    ]
    assert [landing.why.name for landing in shown.coming if landing.on != landing.base_on] == ["劳动节"]
    assert (shown.title, shown.place, shown.terms.shift, shown.terms.guard) == (
        *("学习", "三楼会议室"),
        *(Shift.LATER, Guard.MONTH),
    )
    assert shown.first is not None
    assert (shown.first.starts_at, shown.first.expected) == (at("2026-03-06 15:00"), 5)


def test_a_first_day_that_is_just_over_is_not_offered(play: Play) -> None:
    play.now = at("2026-03-06 15:00")
    _, shown = planned(play)
    assert shown.coming[0].on == date(2026, 4, 3)


def test_in_short_months_the_planner_chooses(play: Play) -> None:
    plan = play.plan("每月31日15点 主题党日 学习 @三楼")
    assert (plan.step, plan.question) == (Step.RULE, Question.SHORT_MONTHS)
    assert [one.rule for one in plan.repetitions] == [MonthlyDay(31, clamp=True), MonthlyDay(31)]
    plan = play.act(play.cast.li, series_planning.set_rule, plan.draft_id, 1)
    assert plan.series is not None
    assert [landing.base_on.month for landing in plan.series.coming] == [3, 5, 7, 8, 10, 12]
    with pytest.raises(DraftGone):
        play.act(play.cast.li, series_planning.set_rule, plan.draft_id, 1)


def test_buttons_lead_to_a_series_too(play: Play) -> None:
    li = play.cast.li
    plan = play.act(li, series_planning.begin_series)
    assert plan.step is Step.KIND
    plan = play.act(li, planning.set_kind, plan.draft_id, 3)
    assert (plan.step, len(plan.repetitions)) == (Step.RULE, 5)
    plan = play.act(li, series_planning.set_rule, plan.draft_id, 2)
    assert plan.step is Step.PLACE
    plan = play.act(li, planning.set_place, plan.draft_id, 0)
    assert plan.series is not None
    assert str(plan.series.coming[0].on) == "2026-03-31"  # the last workday of March


def test_what_becomes_of_days_off_is_chosen_and_stays_with_another_rule(play: Play) -> None:
    plan, _ = planned(play)
    li = play.cast.li
    for word in ("ASK", "NONE", "MAKEUP"):
        plan = play.act(li, series_planning.set_off_days, plan.draft_id, word)
    assert plan.step is Step.OFF_DAYS
    assert plan.series is not None
    terms = plan.series.terms
    assert (terms.shift, terms.guard, terms.allow_makeup) == (Shift.ASK, Guard.NONE, True)
    plan = play.act(li, planning.tell, plan.draft_id, "phrase", "每月15日10点")
    assert plan.series is not None
    assert (plan.series.terms.shift, plan.series.terms.clock.hour) == (Shift.ASK, 10)
    with pytest.raises(DraftGone):
        play.act(li, series_planning.set_off_days, play.plan("主题党日").draft_id, "ASK")


def test_a_typed_date_makes_a_single_meeting_of_it_again(play: Play) -> None:
    plan, _ = planned(play)
    plan = play.act(play.cast.li, planning.tell, plan.draft_id, "phrase", "本周五15点")
    assert plan.step is Step.PREVIEW
    with pytest.raises(DraftGone):
        play.act(play.cast.li, series.confirm, plan.draft_id)
    assert play.confirm(plan).starts_at == at("2026-03-06 15:00")


def test_the_preview_names_others_of_its_kind_and_who_is_due_elsewhere(play: Play) -> None:
    begun(play)
    play.meeting("3月13日15点 支部党员大会 @三楼会议室")
    _, shown = planned(play, "每月第二个周五15点 主题党日 学习 @三楼会议室")
    assert [one.id for one in shown.besides] == [1]
    assert shown.first is not None
    assert len(shown.first.busy) == 5
    assert shown.first.is_place_taken


def test_the_same_again_is_refused_and_what_differs_is_not(play: Play) -> None:
    begun(play, "每周五15点 主题党日 学习 @三楼会议室")
    play.now = at("2026-03-10 09:00")
    with pytest.raises(series.SameSeries, match="已有同样的周期会议，要改请用 /series。"):
        play.plan("每周五15点 主题党日 别的 @党校")
    for words in ("每周五15点 党课", "每周五16点 主题党日", "隔周周五15点 主题党日"):
        assert planned(play, f"{words} 学习 @三楼会议室")[1].coming


def test_a_series_is_not_confirmed_as_a_meeting(play: Play) -> None:
    plan, _ = planned(play)
    with pytest.raises(DraftGone):
        play.confirm(plan)


# -- filling ----------------------------------------------------------------------------------------------------------


def test_confirmed_it_holds_45_days_and_each_meeting_its_ladder(play: Play) -> None:
    done = begun(play)
    assert days(play) == ["03-06 15:00 SCHEDULED", "04-03 15:00 SCHEDULED"]
    assert done.notice_at == at("2026-03-02 09:00")
    first, second = meetings(play)
    assert play.rungs(first)["R1"] == "03-02 09:00 PLANNED"
    assert play.rungs(second)["R1"] == "03-27 09:00 PLANNED"
    assert (second.title, second.place, second.created_by) == ("学习", "三楼会议室", play.cast.li.id)
    assert second.ends_at - second.starts_at == timedelta(hours=2)


def test_confirmed_twice_is_one_series(play: Play) -> None:
    plan, _ = planned(play)
    play.act(play.cast.li, series.confirm, plan.draft_id)
    with pytest.raises(AlreadySaved, match="已保存，未重复创建"):
        play.act(play.cast.li, series.confirm, plan.draft_id)
    assert play.database.look(lambda session: len(session.scalars(select(Series.id)).all())) == 1


def test_every_minute_adds_what_comes_into_sight_and_nothing_twice(play: Play) -> None:
    begun(play)
    refill(play)
    refill(play, "2026-03-16 23:59")
    assert len(days(play)) == 2
    refill(play, "2026-03-17 00:00")  # 1 May, a holiday, is 45 days off
    assert days(play)[2:] == ["05-06 15:00 SCHEDULED"]
    refill(play)
    assert len(days(play)) == 3


def test_the_quick_look_misses_nothing_that_a_thorough_one_finds(play: Play) -> None:
    words = (
        "每周三",
        "隔周周一",
        "每月第一个周五",
        "每月31日",
        "每月最后一个工作日",
        "每月第二个工作日",
        "每季度末月最后一天",
    )
    for number, word in enumerate(words):
        plan = play.plan(f"{word}{9 + number}点 主题党日 学习 @三楼")
        plan = plan if plan.series else play.act(play.cast.li, series_planning.set_rule, plan.draft_id, 1)
        play.act(play.cast.li, series.confirm, plan.draft_id)
    for _ in range(40):
        play.now += timedelta(days=3, hours=5)
        while play.run(refilling.refill):
            pass
    found = days(play)
    play.run(refilling.refill, is_thorough=True)
    assert days(play) == found
    assert len(found) > 60


def test_a_rare_series_always_holds_its_next_meeting(play: Play) -> None:
    begun(play, "每年7月1日9点 主题党日 纪念 @三楼会议室")
    assert days(play) == ["07-01 09:00 SCHEDULED"]
    refill(play, "2026-07-01 08:59")
    assert len(days(play)) == 1
    refill(play, "2026-07-01 09:00")
    assert days(play) == ["07-01 09:00 SCHEDULED", "07-01 09:00 SCHEDULED 暂定"]


def test_an_occurrence_is_announced_and_held_like_any_meeting(play: Play) -> None:
    begun(play, "每周五15点 主题党日 学习 @三楼会议室")
    play.until("2026-03-02 09:00")
    card = (
        "群：【主题党日】学习／时间：3月6日（周五）15:00—17:00／地点：三楼会议室／已回复 0/5：参加0 · 请假0 · 未回复5"
    )
    assert f"03-02 09:00 {card}〔参加〕〔请假〕" in play.sent()


def test_two_at_one_hour_are_one_meeting(play: Play) -> None:
    play.meeting("本周五15点 主题党日 别的 @党校")
    begun(play)
    assert days(play) == ["04-03 15:00 SCHEDULED"]
    refill(play)
    assert len(days(play)) == 1


def test_a_dissolved_branch_gets_no_more(play: Play) -> None:
    begun(play)
    branch = play.cast.branch.id
    play.database.run(
        lambda session: session.execute(update(Unit).where(Unit.id == branch).values(dissolved_on=date(2026, 3, 20)))
    )
    refill(play, "2026-03-19 09:00")
    assert len(days(play)) == 3
    refill(play, "2026-05-20 09:00")
    assert len(days(play)) == 3


def test_two_fillers_at_once_add_nothing_twice(play: Play) -> None:
    begun(play, "每周一和周四19:00 支部党员大会 学习 @三楼会议室")
    begun(play)
    play.now = at("2026-05-04 09:00")
    others = [Database(play.database.url.render_as_string(hide_password=False)) for _ in range(3)]
    try:
        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(one.run, refilling.refill, now=play.now) for one in (play.database, *others)]
        assert [done.exception() for done in running] == [None] * 4
    finally:
        for other in others:
            other.close()
    ahead = [meeting.starts_at for meeting in meetings(play) if meeting.starts_at > play.now]
    assert len(ahead) == len(set(ahead)) == 16
    rungs = play.database.look(lambda session: session.scalars(select(Rung.id).where(Rung.rung == RungName.R1)).all())
    assert len(rungs) == len(meetings(play))


def test_who_ends_a_series_while_it_is_filled_leaves_nothing_behind(play: Play) -> None:
    begun(play, "每周一和周四19:00 支部党员大会 学习 @三楼会议室")
    play.now = at("2026-05-04 09:00")
    other = Database(play.database.url.render_as_string(hide_password=False))
    try:
        with ThreadPoolExecutor(2) as pool:
            filling = pool.submit(other.run, refilling.refill, now=play.now)
            sender = play.cast.li.sender(play.now)
            ending = pool.submit(play.database.run, series.stop, sender, 1, now=play.now)
        assert (filling.exception(), ending.exception()) == (None, None)
    finally:
        other.close()
    refill(play)
    left = [one for one in meetings(play) if one.starts_at > play.now and one.state is not MeetingState.CANCELLED]
    assert left == []


# -- one occurrence ---------------------------------------------------------------------------------------------------


def test_one_is_moved_without_the_series(play: Play) -> None:
    begun(play)
    _, second = meetings(play)
    play.move(second, "2026-04-09 15:00")
    refill(play)
    assert days(play) == ["03-06 15:00 SCHEDULED", "04-09 15:00 SCHEDULED"]
    april = show(play).coming[1]
    assert (april.starts_at, april.landing) == (at("2026-04-09 15:00"), None)


def test_a_cancelled_one_does_not_come_back(play: Play) -> None:
    begun(play)
    first, _ = meetings(play)
    play.cancel(first)
    refill(play)
    assert days(play) == ["03-06 15:00 CANCELLED", "04-03 15:00 SCHEDULED"]
    play.undo(first)
    refill(play)
    assert days(play) == ["03-06 15:00 SCHEDULED", "04-03 15:00 SCHEDULED"]


# -- changed and stopped ----------------------------------------------------------------------------------------------


def changed(play: Play, phrase: str) -> Begun:
    li = play.cast.li
    plan = play.act(li, series_planning.change_series, 1)
    plan = play.act(li, planning.tell, plan.draft_id, "phrase", phrase)
    return play.act(li, series.confirm, plan.draft_id)


def test_a_change_ends_the_series_before_what_nobody_has_heard_of(play: Play) -> None:
    begun(play)
    play.until("2026-03-02 09:10")  # March is announced, April is not
    done = changed(play, "每月15日10点")
    assert days(play) == [
        "03-06 15:00 SCHEDULED",
        "03-16 10:00 SCHEDULED",
        "04-03 15:00 CANCELLED",
        "04-15 10:00 SCHEDULED",
    ]
    assert done.replaced is not None
    assert (done.replaced.count_gone, done.replaced.staying) == (1, (at("2026-03-06 15:00"),))
    rows = play.database.look(
        lambda session: session.execute(
            select(Series.from_on, Series.until_on, Series.replaces_id).order_by(Series.id)
        ).all()
    )
    assert [tuple(row) for row in rows] == [
        (date(2026, 3, 2), date(2026, 4, 2), None),
        (date(2026, 3, 7), None, 1),
    ]


def test_the_successor_keeps_what_was_not_changed(play: Play) -> None:
    begun(play, "每月第一个周五15点到16点 主题党日 学习 @三楼会议室")
    plan = play.act(play.cast.li, series_planning.change_series, 1)
    assert plan.series is not None
    assert (plan.series.title, plan.series.place, plan.series.terms.minutes) == ("学习", "三楼会议室", 60)
    assert plan.series.replaces is not None
    assert plan.series.first is not None
    assert plan.series.first.busy == ()  # the meetings it replaces are no obstacle
    plan = play.act(play.cast.li, planning.tell, plan.draft_id, "place", "党校")
    done = play.act(play.cast.li, series.confirm, plan.draft_id)
    assert (done.series.place, days(play, MeetingState.SCHEDULED)) == (
        "党校",
        ["03-06 15:00 SCHEDULED", "04-03 15:00 SCHEDULED"],
    )


def test_a_series_is_not_changed_into_a_single_day(play: Play) -> None:
    begun(play)
    plan = play.act(play.cast.li, series_planning.change_series, 1)
    with pytest.raises(series.NeedsRepetition, match="这里要写周期"):
        play.act(play.cast.li, planning.tell, plan.draft_id, "phrase", "下周五15点")


def test_two_changes_of_one_series_cannot_both_be_confirmed(play: Play) -> None:
    begun(play)
    li = play.cast.li
    first, second = (play.act(li, series_planning.change_series, 1) for _ in range(2))
    play.act(li, series.confirm, first.draft_id)
    with pytest.raises(series.NoSuchSeries):
        play.act(li, series.confirm, second.draft_id)


def test_stopped_it_brings_no_more_and_keeps_what_people_know_of(play: Play) -> None:
    begun(play)
    play.until("2026-03-02 09:10")
    play.take()
    ended = play.act(play.cast.li, series.stop, 1)
    assert (ended.count_gone, ended.staying) == (1, (at("2026-03-06 15:00"),))
    assert days(play) == ["03-06 15:00 SCHEDULED", "04-03 15:00 CANCELLED"]
    assert play.sent() == []  # what nobody had heard of ends silently
    refill(play, "2026-06-01 09:00")
    assert len(days(play)) == 2
    for gone in (1, 99):
        with pytest.raises(series.NoSuchSeries):
            play.act(play.cast.li, series.stop, gone)


def test_what_a_stop_took_away_is_not_called_back_and_not_listed(play: Play) -> None:
    begun(play)
    play.act(play.cast.li, series.stop, 1)
    gone = meetings(play)[0]
    with pytest.raises(service.StateChanged):
        play.act(play.cast.li, changing.undo_cancel, gone.id, gone.version, roll=roll)
    who = play.database.look(service.of_unit, play.cast.branch, now=play.now)
    assert who == []


def test_a_series_that_ends_on_its_first_day_ends_at_once(play: Play) -> None:
    begun(play, "每周一15点 主题党日 学习 @三楼会议室")  # today is Monday
    play.act(play.cast.li, series.stop, 1)
    refill(play)
    assert days(play, MeetingState.SCHEDULED) == []
