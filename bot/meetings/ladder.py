"""The reminder ladder of one meeting: when each rung is due, until when it makes sense, and what lateness does to it.

Pure: rows are planned and judged here, written and sent by `service`.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum, auto
from typing import Final, TypeVar

from bot.meetings.rules import (
    AfterEnd,
    At,
    FromDay,
    FromStart,
    Ladder,
    RungName,
    RungState,
    Window,
    Workdays,
    closes_at,
)
from bot.periods import QuietHours, at_beijing, local_day
from bot.workdays import WorkCalendar

BEFORE_START = (RungName.R1, RungName.R2, RungName.R3)
DURING = (RungName.R4, RungName.R5, RungName.R6)

CLOSE_TOGETHER = timedelta(minutes=30)  # of R2 and R3 only R3 stays
WORTH_WAITING = timedelta(minutes=30)  # between the end of quiet hours and T
TENTATIVE_NOTICE = timedelta(hours=24)  # before T an unconfirmed date is announced all the same
NOTICE_MARGIN = timedelta(hours=2)  # 改期, 取消: to be known this long before the old T
MINUTES_KEPT = timedelta(days=3)
EXPLAIN_KEPT = timedelta(days=30)
EXPLAIN_ROUNDS: Final = 4
EXPLAIN_EVERY = timedelta(days=7)
UNNOTICED = timedelta(minutes=5)  # a delay nobody has to be told of
LOST_SIGN_IN = timedelta(minutes=20)  # of downtime inside the sign-in window: absences would be ours, not theirs
RESCUE = timedelta(hours=24)
ASK_QUORUM_AGAIN = timedelta(minutes=15)
QUORUM_QUESTIONS: Final = 4

Recipient = TypeVar("Recipient", bound=Hashable)


@dataclass(frozen=True)
class PlannedRung:
    rung: RungName
    due_at: datetime
    valid_until: datetime
    state: RungState = RungState.PLANNED
    round: int = 1


@dataclass(frozen=True)
class Times:
    """The frame a ladder is laid against."""

    starts_at: datetime
    ends_at: datetime
    window: Window
    calendar: WorkCalendar
    quiet: QuietHours

    @property
    def day(self) -> date:
        return local_day(self.starts_at)


def plan(
    ladder: Ladder, times: Times, *, now: datetime, is_announced: bool = False, is_tentative: bool = False
) -> tuple[PlannedRung, ...]:
    """R1–R6 of one version. An announced meeting gets no second R1, a tentative one gets it late."""
    dues = {rung: _due(ladder[rung], times) for rung in (*BEFORE_START, *DURING) if rung in ladder}
    for rung in BEFORE_START:
        if rung in dues:
            dues[rung] = out_of_quiet(dues[rung], times.starts_at, times.quiet)
    if RungName.R1 in dues:
        dues[RungName.R1] = _notice_due(dues[RungName.R1], times, is_tentative=is_tentative, now=now)
    skipped = _skipped(dues, is_announced=is_announced, now=now)
    planned = {rung: due for rung, due in dues.items() if rung not in skipped}
    rungs = []
    for rung, due_at in dues.items():
        valid_until = _valid_until(rung, planned, times)
        is_skipped = rung in skipped or valid_until <= due_at
        rungs.append(PlannedRung(rung, due_at, valid_until, RungState.SKIPPED if is_skipped else RungState.PLANNED))
    return tuple(rungs)


def question_at(ladder: Ladder, times: Times, *, now: datetime) -> datetime:
    """When the secretary is asked about a tentative date: at the time its R1 is held back from."""
    return _notice_due(out_of_quiet(_due(ladder[RungName.R1], times), times.starts_at, times.quiet), times, now=now)


def plan_after(ladder: Ladder, times: Times, *, now: datetime) -> tuple[PlannedRung, ...]:
    """R7 and the rounds of R8, at closing; `now` is the moment of closing, for a preview the expected one."""
    rungs = []
    if at := ladder.get(RungName.R7):
        due_at = out_of_hours(max(_due(at, times), now), times)
        rungs.append(PlannedRung(RungName.R7, due_at, due_at + MINUTES_KEPT))
    if at := ladder.get(RungName.R8):
        first = _due(at, replace(times, starts_at=now, ends_at=now))
        dues = [out_of_hours(first + EXPLAIN_EVERY * count, times) for count in range(EXPLAIN_ROUNDS)]
        rungs += [
            PlannedRung(RungName.R8, due_at, dues[0] + EXPLAIN_KEPT, round=count)
            for count, due_at in enumerate(dues, start=1)
        ]
    return tuple(rungs)


def expected_after(ladder: Ladder, times: Times) -> tuple[PlannedRung, ...]:
    """What `plan_after` will give if the meeting closes by itself."""
    return plan_after(ladder, times, now=closes_at(times.ends_at, None))


def _due(at: At, times: Times) -> datetime:
    match at:
        case FromDay():
            return at_beijing(times.calendar.previous_workday(times.day + timedelta(days=at.days)), at.clock)
        case Workdays():
            return at_beijing(times.calendar.workdays_from(times.day, at.workdays), at.clock)
        case FromStart():
            return times.starts_at + at.span
        case AfterEnd():
            return times.ends_at + at.span


def _notice_due(due_at: datetime, times: Times, *, is_tentative: bool = False, now: datetime) -> datetime:
    """R1 is never skipped for being late: then it goes at once, after quiet hours if T leaves the time."""
    if is_tentative:
        due_at = max(due_at, out_of_quiet(times.starts_at - TENTATIVE_NOTICE, times.starts_at, times.quiet))
    if due_at >= now:
        return due_at
    return max(now, out_of_quiet(now, times.starts_at, times.quiet))


def _skipped(dues: Mapping[RungName, datetime], *, is_announced: bool, now: datetime) -> set[RungName]:
    skipped = {rung for rung, due_at in dues.items() if due_at < now}
    notice, ask_again, soon = (dues.get(rung) for rung in BEFORE_START)
    if is_announced:
        skipped.add(RungName.R1)
    elif notice is not None:  # nobody is asked again before being asked
        skipped |= {rung for rung in BEFORE_START[1:] if rung in dues and dues[rung] <= notice}
    if ask_again is not None and soon is not None and RungName.R3 not in skipped and soon - ask_again < CLOSE_TOGETHER:
        skipped.add(RungName.R2)
    return skipped


def _valid_until(rung: RungName, planned: Mapping[RungName, datetime], times: Times) -> datetime:
    if rung in BEFORE_START:
        later = BEFORE_START[BEFORE_START.index(rung) + 1 :]
        return next((planned[name] for name in later if name in planned), times.starts_at)
    return {
        RungName.R4: times.starts_at + times.window.on_time,
        RungName.R5: times.starts_at + times.window.late,
        RungName.R6: times.ends_at,
    }[rung]


def out_of_quiet(at: datetime, starts_at: datetime, quiet: QuietHours) -> datetime:
    """`at`, or the end of the quiet hours it falls into, or the last minute before them if T follows too soon.

    Also for one person's wider quiet hours; the result may then be past, which means at once.
    """
    if not quiet.holds(at):
        return at
    end = quiet.end_after(at)
    return end if starts_at - end >= WORTH_WAITING else quiet.last_minute_before(at)


def out_of_hours(at: datetime, times: Times) -> datetime:
    """R7, R8: work is asked for on workdays outside quiet hours only."""
    if times.quiet.holds(at):
        at = times.quiet.end_after(at)
    day = local_day(at)
    workday = times.calendar.next_workday(day)
    return at if workday == day else at_beijing(workday, times.quiet.to_at)


def notice_at(starts_at: datetime, quiet: QuietHours, *, now: datetime) -> datetime:
    """When 改期 or 取消 is told: at once, unless it is quiet and everybody has time in the morning.

    `starts_at` is what people reckon with, or the new time if that is earlier.
    """
    if not quiet.holds(now):
        return now
    end = quiet.end_after(now)
    return now if starts_at < end + NOTICE_MARGIN else end


class Fate(Enum):
    """What becomes of a rung whose time has come."""

    ON_TIME = auto()
    LATE = auto()  # sent with （补发，原定…）
    RUNNING = auto()  # R4 after T: the card in sign-in form says until when one can sign in
    SUPERSEDED = auto()
    EXPIRED = auto()


def fates(
    due: Sequence[PlannedRung], *, starts_at: datetime, window: Window, has_card: bool, now: datetime
) -> tuple[Fate, ...]:
    """Judge the rungs of one meeting that are due and not fired, each by the moment it really is."""
    is_running = starts_at <= now < starts_at + window.late and any(rung.rung is RungName.R4 for rung in due)
    return tuple(_fate(rung, starts_at, is_running=is_running, has_card=has_card, now=now) for rung in due)


def _fate(rung: PlannedRung, starts_at: datetime, *, is_running: bool, has_card: bool, now: datetime) -> Fate:
    if is_running and rung.rung is RungName.R4:
        return Fate.RUNNING
    if is_running and rung.rung in BEFORE_START:
        return Fate.SUPERSEDED
    is_first_card = rung.rung is RungName.R1 and not has_card and now < starts_at  # without it nobody knows at all
    if now > rung.valid_until and not is_first_card:
        return Fate.EXPIRED
    return Fate.ON_TIME if now - rung.due_at <= UNNOTICED else Fate.LATE


def newest_only(
    audiences: Iterable[tuple[PlannedRung, Iterable[Recipient]]],
) -> dict[PlannedRung, tuple[Recipient, ...]]:
    """One message per recipient of what is due together: the newest, but a first card before everything else."""
    taken: set[Recipient] = set()
    kept: dict[PlannedRung, tuple[Recipient, ...]] = {}
    for rung, recipients in sorted(
        audiences, key=lambda pair: (pair[0].rung is RungName.R1, pair[0].due_at), reverse=True
    ):
        kept[rung] = tuple(recipient for recipient in recipients if recipient not in taken)
        taken.update(kept[rung])
    return kept


@dataclass(frozen=True)
class Outage:
    from_at: datetime
    to_at: datetime


class Closing(Enum):
    WAIT = auto()
    ASK = auto()  # we were down while people would have signed in: the secretary decides
    CLOSE = auto()


def closing(times: Times, extra_until: datetime | None, outages: Sequence[Outage], *, now: datetime) -> Closing:
    """What the job that closes meetings does with an open one."""
    if now < closes_at(times.ends_at, extra_until):
        return Closing.WAIT
    first, last = times.starts_at - times.window.opens, times.starts_at + times.window.late
    spans = (min(outage.to_at, last) - max(outage.from_at, first) for outage in outages)
    lost = sum((span for span in spans if span > timedelta(0)), timedelta(0))
    if extra_until is None and now < rescue_until(times, outages) and lost >= LOST_SIGN_IN:
        return Closing.ASK
    return Closing.CLOSE


def rescue_until(times: Times, outages: Iterable[Outage]) -> datetime:
    """How long the secretary may decide: a day from the end, or from our return if that day was over by then."""
    until, back_at = times.ends_at + RESCUE, max((outage.to_at for outage in outages), default=times.ends_at)
    return until if back_at < until else back_at + RESCUE


def next_quorum_question(asked_at: datetime, times_asked: int) -> datetime | None:
    """When 延期 / 改为学习会 / 继续等待 is asked again, None when it was asked often enough."""
    return asked_at + ASK_QUORUM_AGAIN if times_asked < QUORUM_QUESTIONS else None
