"""When one person or group may be written to: outside quiet hours, and not too often in a day.

Whoever has heard enough today hears of it the next morning, or not at all if it is pointless by then.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy.orm import Session

from bot import outbox
from bot.meetings import ladder, service
from bot.meetings.facts import MeetingFacts
from bot.meetings.rules import RungName
from bot.members import quiet
from bot.periods import QuietHours, at_beijing, local_day

SPARED = frozenset({RungName.R3, RungName.R4, RungName.R5, RungName.R6})
UNASKED_A_DAY: Final = 4
POSTS_A_DAY: Final = 6


@dataclass(frozen=True, slots=True)
class Slot:
    """The moment a message may go, and whether it is to make no sound then."""

    at: datetime
    is_silent: bool


def slots(
    session: Session,
    meeting: MeetingFacts,
    rung: RungName,
    chat_ids: Sequence[int],
    valid_until: datetime,
    *,
    now: datetime,
) -> list[Slot | None]:
    """A slot for one message to each of these chats, in their order; None: it is not to be sent."""
    hours = quiet.quiet_hours(session, meeting.unit, set(chat_ids))
    days = {} if rung in SPARED else _days(session, chat_ids, now=now)
    times = service.times(session, meeting)
    found: list[Slot | None] = []
    for chat_id in chat_ids:
        own = hours.of(chat_id)
        at: datetime | None = _placed(rung, replace(times, quiet=own), valid_until, now=now)
        if (heard := days.get(chat_id)) is not None and at is not None:
            at = with_room(heard, chat_id, at, own, valid_until) or (at if rung is RungName.R1 else None)
            heard[local_day(at or now)] += 1
        found.append(Slot(at, own.holds(at)) if at is not None else None)
    return found


def _days(session: Session, chat_ids: Sequence[int], *, now: datetime) -> dict[int, Counter[date]]:
    """How much each hears unasked, of all features, on each day from today on."""
    days = {chat_id: Counter[date]() for chat_id in chat_ids}
    for chat_id, at in outbox.unasked(session, days, since=at_beijing(local_day(now), time.min)):
        days[chat_id][local_day(at)] += 1
    return days


def with_room(
    heard: Counter[date], chat_id: int, at: datetime, own: QuietHours, valid_until: datetime
) -> datetime | None:
    """`at`, or the first morning with room; None if it is pointless by then."""
    most = POSTS_A_DAY if chat_id < 0 else UNASKED_A_DAY
    while heard[local_day(at)] >= most:
        at = at_beijing(local_day(at) + timedelta(days=1), own.to_at)
        if at >= valid_until:
            return None
    return at


def _placed(rung: RungName, times: ladder.Times, valid_until: datetime, *, now: datetime) -> datetime:
    """Outside the reader's own quiet hours, as the rung allows."""
    if rung in ladder.DURING:
        return now
    if rung in ladder.BEFORE_START:
        at = max(now, ladder.out_of_quiet(now, times.starts_at, times.quiet))
        return at if at <= valid_until else now
    return ladder.out_of_hours(now, times)
