from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.attendance.rules import (
    Correcting,
    CorrectionOver,
    NotYetOpen,
    OnlyForAway,
    SelfSignInOver,
    SignIn,
    Status,
    Turnout,
    after_close,
    check_make_up,
    correcting,
    late_tap,
    sign_in,
    sign_in_after_outage,
    turnout,
)
from bot.meetings.rules import Window
from bot.periods import at_beijing

WINDOW = Window(timedelta(minutes=15), timedelta(minutes=10), timedelta(minutes=30))
MARGIN = timedelta(seconds=30)
START = at_beijing(date(2026, 12, 4), time(15))
END = START + timedelta(minutes=90)


def clock(text: str) -> datetime:
    """A moment of the day of the meeting, with tenths of a second."""
    whole, _, tenth = text.partition(".")
    return at_beijing(date(2026, 12, 4), time.fromisoformat(whole)) + timedelta(milliseconds=100 * int(tenth or 0))


@pytest.mark.parametrize(
    ("t", "status"),
    [
        ("14:45:00", Status.PRESENT),
        ("15:10:00.4", Status.PRESENT),
        ("15:10:30.0", Status.PRESENT),
        ("15:10:30.1", Status.LATE),
        ("15:30:30.0", Status.LATE),
    ],
)
def test_a_tap_inside_the_window_counts(t: str, status: Status) -> None:
    assert sign_in(clock(t), START, WINDOW, MARGIN) == SignIn(status, clock(t))


def test_a_tap_before_the_window_hears_when_it_opens() -> None:
    with pytest.raises(NotYetOpen) as raised:
        sign_in(clock("14:44:59"), START, WINDOW, MARGIN)
    assert str(raised.value) == "签到未开始，14:45起可签"
    with pytest.raises(NotYetOpen):
        sign_in(clock("14:44:59.9"), START, WINDOW, MARGIN)


def test_a_tap_after_the_window_is_sent_to_the_secretary() -> None:
    with pytest.raises(SelfSignInOver) as raised:
        sign_in(clock("15:30:30.1"), START, WINDOW, MARGIN)
    assert str(raised.value) == "自助签到已结束，请找书记登记"


def test_a_press_that_waited_out_our_downtime_counts_from_the_kindest_moment() -> None:
    # Down 15:05–15:13, received at 15:13:00: Telegram held it 150 seconds at most.
    assert late_tap(clock("15:13:00"), clock("15:05:00"), START, WINDOW) == clock("15:10:30")
    found = sign_in_after_outage(clock("15:13:00"), clock("15:05:00"), START, WINDOW, MARGIN)
    assert found == SignIn(Status.PRESENT, clock("15:10:30"), is_time_unsure=True)


def test_a_press_of_a_short_outage_counts_from_its_start() -> None:
    found = sign_in_after_outage(clock("15:12:00"), clock("15:11:00"), START, WINDOW, MARGIN)
    assert found == SignIn(Status.LATE, clock("15:11:00"), is_time_unsure=True)


def test_a_press_around_opening_counts_from_opening() -> None:
    found = sign_in_after_outage(clock("14:46:00"), clock("14:40:00"), START, WINDOW, MARGIN)
    assert found == SignIn(Status.PRESENT, clock("14:45:00"), is_time_unsure=True)


def test_a_press_after_a_long_outage_is_refused() -> None:
    with pytest.raises(SelfSignInOver):
        sign_in_after_outage(clock("16:40:00"), clock("14:40:00"), START, WINDOW, MARGIN)


@pytest.mark.parametrize(
    ("after_end", "expected"),
    [
        (timedelta(hours=47), Correcting.AT_ONCE),
        (timedelta(hours=48), Correcting.AT_ONCE),
        (timedelta(hours=49), Correcting.PROPOSE),
        (timedelta(days=7), Correcting.PROPOSE),
    ],
)
def test_corrections_need_a_second_person_after_two_days(after_end: timedelta, expected: Correcting) -> None:
    assert correcting(END, now=END + after_end) is expected


def test_after_a_week_nothing_is_corrected() -> None:
    with pytest.raises(CorrectionOver):
        correcting(END, now=END + timedelta(days=8))


@pytest.mark.parametrize("status", [Status.PRESENT, Status.LATE, Status.EXPECTED])
def test_a_make_up_for_somebody_present_is_refused(status: Status) -> None:
    with pytest.raises(OnlyForAway):
        check_make_up(status)


@pytest.mark.parametrize("status", [Status.ON_LEAVE, Status.ABSENT])
def test_a_make_up_is_for_those_who_were_away(status: Status) -> None:
    check_make_up(status)


@pytest.mark.parametrize(
    ("present", "expected", "rate"),
    [(20, 24, 833), (1, 8, 125), (2, 3, 667), (0, 0, None), (0, 5, 0), (5, 5, 1000), (1, 2000, 1), (1, 2001, 0)],
)
def test_the_rate_is_tenths_of_a_percent_half_up(present: int, expected: int, rate: int | None) -> None:
    assert Turnout(expected=expected, present=present).rate == rate


@given(st.lists(st.sampled_from(Status)))
def test_the_parts_always_make_up_the_whole(statuses: list[Status]) -> None:
    before = turnout(statuses)
    assert before.expected == before.present + before.on_leave + before.absent + before.unsigned
    after = turnout([after_close(status) for status in statuses])
    assert after.expected == after.present + after.on_leave + after.absent
    assert (after.present, after.late, after.on_leave) == (before.present, before.late, before.on_leave)
    assert after.absent == before.absent + before.unsigned


@given(st.lists(st.sampled_from(Status)), st.lists(st.sampled_from(Status)))
def test_turnouts_add_up(first: list[Status], second: list[Status]) -> None:
    assert turnout(first) + turnout(second) == turnout(first + second)


def test_sign_in_moments_stay_in_utc() -> None:
    assert sign_in(START, START, WINDOW, MARGIN).arrived_at.tzinfo is UTC
