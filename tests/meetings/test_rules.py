from datetime import date, datetime, time, timedelta

import pytest

from bot.meetings.rules import (
    REGULAR_KINDS,
    BadLength,
    BadReason,
    MeetingKind,
    NoMoreExtensions,
    NotAhead,
    NotStarted,
    Roll,
    TooEarlyToOpen,
    UndoOver,
    are_answers_kept,
    check_early_opening,
    check_end,
    check_move,
    check_span,
    check_undo,
    checked_reason,
    closes_at,
    extended,
)
from bot.periods import at_beijing

START = at_beijing(date(2026, 12, 4), time(15))
END = START + timedelta(minutes=90)
MINUTE = timedelta(minutes=1)


def test_the_regular_kinds_are_three_meetings_and_one_lecture() -> None:
    assert {kind.name for kind in REGULAR_KINDS} == {
        "MEMBER_ASSEMBLY",
        "COMMITTEE_MEETING",
        "GROUP_MEETING",
        "PARTY_LECTURE",
    }


def test_a_reason_has_2_to_200_characters_after_trimming() -> None:
    assert checked_reason(" 场地\n冲突 ") == "场地 冲突"
    for reason in ("", "因", "因" * 201):
        with pytest.raises(BadReason):
            checked_reason(reason)


@pytest.mark.parametrize(
    ("kind", "length"),
    [(MeetingKind.MEMBER_ASSEMBLY, timedelta(hours=12)), (MeetingKind.TRAINING_COURSE, timedelta(days=10))],
)
def test_a_meeting_has_an_end_and_a_longest_length(kind: MeetingKind, length: timedelta) -> None:
    check_span(kind, START, START + length)
    with pytest.raises(BadLength):
        check_span(kind, START, START + length + MINUTE)
    with pytest.raises(BadLength):
        check_span(kind, START, START)


def test_a_refused_length_says_the_longest() -> None:
    with pytest.raises(BadLength) as raised:
        check_span(MeetingKind.TRAINING_COURSE, START, START)
    assert str(raised.value) == "会议的结束应在开始之后，最长240小时。"


def test_a_meeting_moves_into_the_future_only() -> None:
    check_move(START + MINUTE, now=START)
    with pytest.raises(NotAhead):
        check_move(START, now=START)


def test_a_cancellation_is_undone_for_ten_minutes_and_before_the_start() -> None:
    cancelled_at = START - timedelta(hours=1)
    check_undo(START, cancelled_at, now=cancelled_at + 9 * MINUTE)
    check_undo(START, cancelled_at, now=cancelled_at + 10 * MINUTE)
    with pytest.raises(UndoOver):
        check_undo(START, cancelled_at, now=cancelled_at + 11 * MINUTE)
    with pytest.raises(UndoOver):
        check_undo(START, START - MINUTE, now=START)


def test_sign_in_opens_an_hour_before_at_the_earliest() -> None:
    check_early_opening(START, now=START - 60 * MINUTE)
    with pytest.raises(TooEarlyToOpen):
        check_early_opening(START, now=START - 61 * MINUTE)


def test_a_meeting_does_not_end_before_it_begins() -> None:
    check_end(START, now=START)
    with pytest.raises(NotStarted):
        check_end(START, now=START - MINUTE)


def test_four_extensions_of_half_an_hour() -> None:
    assert closes_at(END, None) == END + 30 * MINUTE
    until: datetime | None = None
    for count in range(1, 5):
        until = extended(END, until)
        assert closes_at(END, until) == END + 30 * MINUTE * (1 + count)
    with pytest.raises(NoMoreExtensions):
        extended(END, until)


@pytest.mark.parametrize(
    ("new", "is_kept"),
    [
        (START + timedelta(hours=2), True),
        (START - timedelta(hours=2), True),
        (START + timedelta(hours=2, minutes=1), False),
        (at_beijing(date(2026, 12, 8), time(15)), False),
    ],
)
def test_answers_survive_a_small_move_inside_the_day(new: datetime, is_kept: bool) -> None:
    assert are_answers_kept(START, new) is is_kept


def test_a_move_over_midnight_asks_anew() -> None:
    late = at_beijing(date(2026, 12, 4), time(23, 30))
    assert not are_answers_kept(late, late + timedelta(hours=1))


ROLL = Roll(
    meeting_id=7,
    due=tuple(range(1, 11)),
    going=(1, 2, 3),
    online=(4,),
    leave_asked=(5,),
    leave_approved=(6,),
    unanswered=(7, 8, 9, 10),
    unsigned=(3, 4, 5, 7, 8),
    joined=(21,),
)


def test_a_roll_counts_answers() -> None:
    assert (ROLL.expected, ROLL.answered, ROLL.leaving) == (10, 6, 2)


def test_nobody_who_wishes_leave_is_reminded_or_chased() -> None:
    assert ROLL.to_remind == (1, 2, 3, 4, 7, 8, 9, 10, 21)
    assert ROLL.to_chase == (3, 4, 7, 8)


def test_a_move_is_told_to_everybody_who_answered() -> None:
    assert ROLL.to_notify == (1, 2, 3, 4, 5, 6, 21)
