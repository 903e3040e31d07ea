"""The ladder of one meeting, mostly that of Friday 2026-12-04 15:00, 90 minutes."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.meetings.ladder import (
    BEFORE_START,
    Closing,
    Outage,
    PlannedRung,
    Times,
    closing,
    expected_after,
    fates,
    newest_only,
    next_quorum_question,
    notice_at,
    out_of_quiet,
    plan,
    plan_after,
    question_at,
)
from bot.meetings.rules import AfterEnd, FromDay, FromStart, Ladder, RungName, RungState, Window, Workdays
from bot.periods import QuietHours, at_beijing, beijing
from bot.workdays import WorkCalendar

R1, R2, R3, R4, R5, R6, R7, R8 = RungName
QUIET = QuietHours(time(21, 30), time(7, 30))
WINDOW = Window(timedelta(minutes=15), timedelta(minutes=10), timedelta(minutes=30))
CALENDAR = WorkCalendar()

FULL: Ladder = {
    R1: FromDay(-7, time(9)),
    R2: Workdays(-1, time(16)),
    R3: FromStart(timedelta(minutes=-120)),
    R4: FromStart(timedelta(minutes=-15)),
    R5: FromStart(timedelta(minutes=10)),
    R6: FromStart(timedelta(minutes=30)),
    R7: AfterEnd(timedelta(minutes=60)),
    R8: Workdays(1, time(9, 30)),
}
COURSE: Ladder = {rung: at for rung, at in FULL.items() if rung in (R1, R3, R4, R7)}


def at(text: str) -> datetime:
    day, clock = text.split(" ")
    return at_beijing(date.fromisoformat(f"2026-{day}"), time.fromisoformat(clock))


def shown(moment: datetime) -> str:
    return f"{beijing(moment):%m-%d %H:%M}"


def meeting(starts: str = "12-04 15:00", minutes: int = 90) -> Times:
    return Times(at(starts), at(starts) + timedelta(minutes=minutes), WINDOW, CALENDAR, QUIET)


def dues(rungs: tuple[PlannedRung, ...]) -> dict[RungName, str]:
    return {rung.rung: shown(rung.due_at) for rung in rungs if rung.state is RungState.PLANNED and rung.round == 1}


FRIDAY = meeting()


def test_a_meeting_planned_two_weeks_ahead() -> None:
    assert dues(plan(FULL, FRIDAY, now=at("11-21 10:00"))) == {
        R1: "11-27 09:00",
        R2: "12-03 16:00",
        R3: "12-04 13:00",
        R4: "12-04 14:45",
        R5: "12-04 15:10",
        R6: "12-04 15:30",
    }
    assert dues(expected_after(FULL, FRIDAY)) == {R7: "12-04 17:30", R8: "12-07 09:30"}


def test_the_holiday_before_a_meeting_is_left_out() -> None:
    thursday = meeting("10-08 15:00")
    planned = dues(plan(FULL, thursday, now=at("09-01 10:00")))
    assert (planned[R1], planned[R2]) == ("09-30 09:00", "09-30 16:00")
    assert dues(expected_after(FULL, thursday))[R8] == "10-09 09:30"


def test_planned_on_the_day_itself_the_notice_goes_at_once() -> None:
    rungs = {rung.rung: rung for rung in plan(FULL, FRIDAY, now=at("12-04 12:00"))}
    assert [(shown(rungs[name].due_at), rungs[name].state.name) for name in BEFORE_START] == [
        ("12-04 12:00", "PLANNED"),
        ("12-03 16:00", "SKIPPED"),
        ("12-04 13:00", "PLANNED"),
    ]


def test_a_rung_is_valid_until_the_next_one_says_it_better() -> None:
    rungs = {rung.rung: shown(rung.valid_until) for rung in plan(FULL, FRIDAY, now=at("11-21 10:00"))}
    assert rungs == {
        R1: "12-03 16:00",
        R2: "12-04 13:00",
        R3: "12-04 15:00",
        R4: "12-04 15:10",
        R5: "12-04 15:30",
        R6: "12-04 16:30",
    }


def test_a_rung_follows_the_next_that_is_planned() -> None:
    on_the_day = {rung.rung: rung for rung in plan(FULL, FRIDAY, now=at("12-04 12:00"))}
    assert shown(on_the_day[R1].valid_until) == "12-04 13:00"
    an_hour_before = {rung.rung: rung for rung in plan(FULL, FRIDAY, now=at("12-04 14:00"))}
    assert shown(an_hour_before[R1].valid_until) == "12-04 15:00"
    assert an_hour_before[R3].state is RungState.SKIPPED


def test_an_announced_meeting_gets_no_second_notice() -> None:
    rungs = {rung.rung: rung.state for rung in plan(FULL, FRIDAY, now=at("12-03 10:00"), is_announced=True)}
    assert rungs[R1] is RungState.SKIPPED
    assert rungs[R2] is RungState.PLANNED


def test_of_asking_again_and_soon_close_together_only_soon_stays() -> None:
    early = {R1: FULL[R1], R2: Workdays(-1, time(21, 15)), R3: FULL[R3]}
    rungs = {rung.rung: rung for rung in plan(early, meeting("12-04 07:40"), now=at("11-21 10:00"))}
    assert shown(rungs[R3].due_at) == "12-03 21:29"
    assert [rung for rung in rungs if rungs[rung].state is RungState.SKIPPED] == [R2]


def test_a_short_meeting_needs_no_report_in_its_middle() -> None:
    rungs = {rung.rung: rung.state for rung in plan(FULL, meeting(minutes=30), now=at("11-21 10:00"))}
    assert rungs[R6] is RungState.SKIPPED


def test_a_ladder_without_some_rungs() -> None:
    rungs = plan(COURSE, FRIDAY, now=at("11-21 10:00"))
    assert [rung.rung for rung in rungs] == [R1, R3, R4]
    assert shown(rungs[0].valid_until) == "12-04 13:00"
    assert [rung.rung for rung in expected_after(COURSE, FRIDAY)] == [R7]


@pytest.mark.parametrize(
    ("starts", "soon"), [("12-04 08:00", "12-04 07:30"), ("12-04 07:40", "12-03 21:29"), ("12-04 09:30", "12-04 07:30")]
)
def test_soon_keeps_out_of_quiet_hours(starts: str, soon: str) -> None:
    assert dues(plan(FULL, meeting(starts), now=at("11-21 10:00")))[R3] == soon


def test_sign_in_ignores_quiet_hours() -> None:
    planned = dues(plan(FULL, meeting("12-04 07:40"), now=at("11-21 10:00")))
    assert (planned[R4], planned[R5]) == ("12-04 07:25", "12-04 07:50")


def test_a_notice_planned_at_night_waits_for_the_morning_if_there_is_time() -> None:
    assert dues(plan(FULL, FRIDAY, now=at("12-03 23:00")))[R1] == "12-04 07:30"
    assert dues(plan(FULL, meeting("12-04 07:45"), now=at("12-03 23:00")))[R1] == "12-03 23:00"


def test_nobody_is_asked_again_before_being_asked() -> None:
    evening = plan(FULL, meeting("12-04 09:30"), now=at("12-03 23:00"))
    assert dues(evening)[R1] == "12-04 07:30"
    assert R3 not in dues(evening)


def test_a_tentative_meeting_is_announced_a_day_before() -> None:
    rungs = dues(plan(FULL, FRIDAY, now=at("11-21 10:00"), is_tentative=True))
    assert rungs[R1] == "12-03 15:00"
    assert shown(question_at(FULL, FRIDAY, now=at("11-21 10:00"))) == "11-27 09:00"
    assert shown(question_at(FULL, FRIDAY, now=at("12-02 10:00"))) == "12-02 10:00"


def test_a_tentative_meeting_in_the_evening_is_not_asked_again_before_its_notice() -> None:
    rungs = dues(plan(FULL, meeting("12-04 19:00"), now=at("11-21 10:00"), is_tentative=True))
    assert rungs[R1] == "12-03 19:00"
    assert R2 not in rungs


def test_minutes_are_asked_for_when_the_meeting_closes_late() -> None:
    rungs = plan_after(FULL, FRIDAY, now=at("12-04 18:30"))
    assert dues(rungs) == {R7: "12-04 18:30", R8: "12-07 09:30"}
    assert shown(rungs[0].valid_until) == "12-07 18:30"


def test_explaining_goes_on_for_four_weeks() -> None:
    rounds = [rung for rung in expected_after(FULL, FRIDAY) if rung.rung is R8]
    assert [shown(rung.due_at) for rung in rounds] == ["12-07 09:30", "12-14 09:30", "12-21 09:30", "12-28 09:30"]
    assert [rung.round for rung in rounds] == [1, 2, 3, 4]
    assert {rung.valid_until for rung in rounds} == {at("12-07 09:30") + timedelta(days=30)}


def test_paperwork_keeps_off_nights_and_days_off() -> None:
    saturday = dues(expected_after(FULL, meeting("12-05 15:00")))
    assert saturday == {R7: "12-07 07:30", R8: "12-07 09:30"}
    friday_night = dues(expected_after(FULL, meeting("12-04 20:00")))
    assert friday_night[R7] == "12-07 07:30"
    worked_saturday = dues(expected_after(FULL, meeting("10-10 15:00")))
    assert worked_saturday[R7] == "10-10 17:30"


def test_a_round_on_a_holiday_waits_for_the_workday() -> None:
    rounds = [shown(rung.due_at) for rung in expected_after(FULL, meeting("09-23 15:00")) if rung.rung is R8]
    assert rounds == ["09-24 09:30", "10-08 07:30", "10-08 09:30", "10-15 09:30"]


def test_explaining_starts_on_the_workday_after_the_day_of_closing() -> None:
    over_midnight = meeting("12-04 22:30")
    assert dues(plan_after(FULL, over_midnight, now=at("12-05 00:30")))[R8] == "12-07 09:30"
    assert dues(plan_after(FULL, over_midnight, now=at("12-07 00:10")))[R8] == "12-08 09:30"


@pytest.mark.parametrize(
    ("old", "now", "told"),
    [
        ("12-04 09:00", "12-03 23:00", "12-03 23:00"),
        ("12-04 15:00", "12-03 23:00", "12-04 07:30"),
        ("12-04 09:30", "12-03 23:00", "12-04 07:30"),
        ("12-04 15:00", "12-04 06:00", "12-04 07:30"),
        ("12-04 15:00", "12-03 20:00", "12-03 20:00"),
    ],
)
def test_a_cancellation_at_night_waits_unless_it_would_come_too_late(old: str, now: str, told: str) -> None:
    assert shown(notice_at(at(old), QUIET, now=at(now))) == told


def judged(now: str, names: tuple[RungName, ...], *, has_card: bool = True) -> list[str]:
    due = [rung for rung in plan(FULL, FRIDAY, now=at("11-21 10:00")) if rung.rung in names]
    found = fates(due, starts_at=FRIDAY.starts_at, window=WINDOW, has_card=has_card, now=at(now))
    return [fate.name for fate in found]


@pytest.mark.parametrize(
    ("now", "fate"),
    [
        ("12-04 13:00", "ON_TIME"),
        ("12-04 13:05", "ON_TIME"),
        ("12-04 13:06", "LATE"),
        ("12-04 13:20", "LATE"),
        ("12-04 15:00", "LATE"),
        ("12-04 15:01", "EXPIRED"),
    ],
)
def test_lateness_is_said_from_five_minutes_on(now: str, fate: str) -> None:
    assert judged(now, (R3,)) == [fate]


def test_a_card_never_posted_goes_even_after_its_time() -> None:
    assert judged("12-04 13:30", (R1, R2, R3), has_card=False) == ["LATE", "EXPIRED", "LATE"]
    assert judged("12-04 13:30", (R1, R2, R3), has_card=True) == ["EXPIRED", "EXPIRED", "LATE"]
    assert judged("12-07 09:00", (R1, R2, R3, R4, R5, R6), has_card=False) == ["EXPIRED"] * 6


def test_a_running_meeting_wants_its_sign_in_form_only() -> None:
    assert judged("12-04 15:20", (R1, R2, R3, R4, R5), has_card=False) == [*["SUPERSEDED"] * 3, "RUNNING", "LATE"]
    assert judged("12-04 14:56", (R4,)) == ["LATE"]
    assert judged("12-04 15:30", (R4, R5, R6)) == ["EXPIRED", "LATE", "ON_TIME"]


def test_after_a_long_night_nothing_of_the_meeting_is_sent() -> None:
    assert judged("12-04 16:40", (R4, R5, R6)) == ["EXPIRED", "EXPIRED", "EXPIRED"]


def test_each_recipient_gets_the_newest_only() -> None:
    rungs = {rung.rung: rung for rung in plan(FULL, FRIDAY, now=at("11-21 10:00"))}
    kept = newest_only([(rungs[R2], [1, 2]), (rungs[R3], [2, 3, -100]), (rungs[R6], [4])])
    assert kept == {rungs[R2]: (1,), rungs[R3]: (2, 3, -100), rungs[R6]: (4,)}


def test_a_first_card_comes_before_everything_else() -> None:
    rungs = {rung.rung: rung for rung in plan(FULL, FRIDAY, now=at("11-21 10:00"))}
    kept = newest_only([(rungs[R1], [1, 2]), (rungs[R3], [1, 3])])
    assert kept == {rungs[R1]: (1, 2), rungs[R3]: (3,)}


@pytest.mark.parametrize(
    ("outages", "now", "expected"),
    [
        ([], "12-04 16:59", Closing.WAIT),
        ([], "12-04 17:00", Closing.CLOSE),
        ([("12-04 14:40", "12-04 16:40")], "12-04 17:00", Closing.ASK),
        ([("12-04 14:40", "12-04 15:05")], "12-04 17:00", Closing.ASK),
        ([("12-04 14:40", "12-04 15:04")], "12-04 17:00", Closing.CLOSE),
        ([("12-04 14:50", "12-04 15:00"), ("12-04 15:10", "12-04 15:20")], "12-04 17:00", Closing.ASK),
        ([("12-04 09:00", "12-04 14:45")], "12-04 17:00", Closing.CLOSE),
        ([("12-04 14:40", "12-04 16:40")], "12-05 16:29", Closing.ASK),
        ([("12-04 14:40", "12-04 16:40")], "12-05 16:30", Closing.CLOSE),
        ([("12-04 14:40", "12-07 09:00")], "12-07 09:00", Closing.ASK),
        ([("12-04 14:40", "12-07 09:00")], "12-08 09:00", Closing.CLOSE),
    ],
)
def test_downtime_over_sign_in_makes_nobody_absent(outages: list[tuple[str, str]], now: str, expected: Closing) -> None:
    lost = [Outage(at(from_at), at(to_at)) for from_at, to_at in outages]
    assert closing(FRIDAY, None, lost, now=at(now)) is expected


def test_sign_in_opened_anew_closes_at_its_end() -> None:
    lost = [Outage(at("12-04 14:40"), at("12-04 16:40"))]
    assert closing(FRIDAY, at("12-04 18:00"), lost, now=at("12-04 17:59")) is Closing.WAIT
    assert closing(FRIDAY, at("12-04 18:00"), lost, now=at("12-04 18:00")) is Closing.CLOSE


def test_quorum_is_asked_about_four_times() -> None:
    asked = at("12-04 15:30")
    assert [next_quorum_question(asked, count) is not None for count in range(1, 6)] == [True, True, True, False, False]
    assert next_quorum_question(asked, 1) == at("12-04 15:45")


moments = st.integers(0, 60 * 24 * 30).map(lambda minutes: at("10-20 00:00") + timedelta(minutes=minutes))
spans = st.integers(1, 60 * 24 * 20).map(lambda minutes: timedelta(minutes=minutes))


@given(moments, spans, st.integers(10, 600), st.booleans(), st.booleans())
def test_every_plan_keeps_its_order_and_leaves_people_in_peace(
    now: datetime, ahead: timedelta, minutes: int, is_announced: bool, is_tentative: bool
) -> None:
    starts_at = now + ahead
    times = Times(starts_at, starts_at + timedelta(minutes=minutes), WINDOW, CALENDAR, QUIET)
    rungs = plan(FULL, times, now=now, is_announced=is_announced, is_tentative=is_tentative)
    planned = [rung for rung in rungs if rung.state is RungState.PLANNED]
    assert [rung.rung for rung in rungs] == [R1, R2, R3, R4, R5, R6]
    assert [rung.due_at for rung in planned] == sorted({rung.due_at for rung in planned})
    assert all(now <= rung.due_at < rung.valid_until for rung in planned)
    assert (R1 in {rung.rung for rung in planned}) != is_announced
    for rung in planned:
        if rung.rung in BEFORE_START and QUIET.holds(rung.due_at):
            assert rung.due_at == now  # only what was planned in the night for the early morning


@given(moments, st.integers(0, 600))
def test_paperwork_always_falls_on_a_workday_outside_quiet_hours(starts_at: datetime, delay: int) -> None:
    times = Times(starts_at, starts_at + timedelta(hours=1), WINDOW, CALENDAR, QUIET)
    for rung in plan_after(FULL, times, now=times.ends_at + timedelta(minutes=delay)):
        assert CALENDAR.is_workday(beijing(rung.due_at).date())
        assert not QUIET.holds(rung.due_at)
        assert rung.due_at < rung.valid_until


@given(moments, spans)
def test_quiet_hours_move_a_message_to_one_of_their_edges(moment: datetime, ahead: timedelta) -> None:
    moved = out_of_quiet(moment, moment + ahead, QUIET)
    assert not QUIET.holds(moved)
    assert moved == moment or QUIET.holds(moment)


def test_a_person_may_have_wider_quiet_hours() -> None:
    wider = QuietHours(time(20), time(9))
    assert shown(out_of_quiet(at("12-04 08:30"), FRIDAY.starts_at, wider)) == "12-04 09:00"


def test_quiet_hours_inside_one_day_and_none_at_all() -> None:
    noon = QuietHours(time(12), time(14))
    assert noon.holds(at("12-04 12:00"))
    assert not noon.holds(at("12-04 14:00"))
    assert not QuietHours(time(0), time(0)).holds(at("12-04 00:00"))
