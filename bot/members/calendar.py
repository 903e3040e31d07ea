"""Years of days off as an office imports them, and the yearly reminder to do so."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.db import upsert
from bot.errors import UserError
from bot.members import calendar_views, calendarfile
from bot.members.calendarfile import CalendarFile, CalendarYears, Imported
from bot.members.models import CalendarDay, CalendarYear, Unit
from bot.members.rules import Right
from bot.members.service import actor, holders
from bot.message import Sender
from bot.outbox import Lane, OutboxRow
from bot.periods import at_beijing, local_day, week_of
from bot.workdays import LIBRARY_YEARS

ASKED_FROM = (12, 1)  # month and day: by then the next year has usually been announced
ASKED_AT = time(9)
WEEK = timedelta(weeks=1)


class Follow(Protocol):
    """What meetings do with new days off, in the transaction that brings them; handed in from above."""

    def __call__(self, session: Session, *, now: datetime) -> object: ...


def years(session: Session, sender: Sender, *, now: datetime) -> CalendarYears:
    """/calendar, for those who may import."""
    actor(session, sender, now=now).require(Right.CALENDAR)
    rows = session.execute(select(CalendarYear.year, CalendarYear.source).order_by(CalendarYear.year)).all()
    imported = tuple((year, source) for year, source in rows)
    this = local_day(now).year
    missing = _first_missing(session, this, this + 1)
    return CalendarYears(min(LIBRARY_YEARS), max(LIBRARY_YEARS), imported, missing)


def check_right(session: Session, sender: Sender, *, now: datetime) -> None:
    """Before a file is fetched."""
    actor(session, sender, now=now).require(Right.CALENDAR)


def import_calendar(session: Session, sender: Sender, file: CalendarFile, *, follow: Follow, now: datetime) -> Imported:
    """Take over a year; the same again changes nothing."""
    check_right(session, sender, now=now)
    return store(session, file, follow=follow, now=now)


def store(session: Session, file: CalendarFile, *, follow: Follow, now: datetime) -> Imported:
    """The same for the command line, which may everything."""
    values = {"source": file.source, "sha256": file.sha256, "imported_at": now}
    row = upsert(session, CalendarYear).values(year=file.year, **values)
    changed = row.on_conflict_do_update(
        index_elements=["year"], set_=values, where=CalendarYear.sha256 != file.sha256
    ).returning(CalendarYear.year)
    if session.execute(changed).first() is None:
        return Imported(file.year, is_new=False)
    session.execute(delete(CalendarDay).where(CalendarDay.year == file.year))
    for on, day in file.days:  # the last days of one file may be the first of the next: the newer one holds
        said = {"is_off": day.is_off, "name": day.name, "year": file.year}
        one = upsert(session, CalendarDay).values(on=on, **said)
        session.execute(one.on_conflict_do_update(index_elements=["on"], set_=said))
    follow(session, now=now)
    off = sum(day.is_off for _, day in file.days)
    return Imported(file.year, off, len(file.days) - off, file.missing)


# -- the yearly reminder ---


def next_due(session: Session, now: datetime) -> datetime | None:
    """Monday 09:00 from December on, while a year is missing: this week's if nobody was asked yet."""
    monday = week_of(local_day(now))
    for week in (monday, monday + WEEK):
        if (year := _missing_on(session, week)) is None:
            continue
        at = at_beijing(week, ASKED_AT)
        if at > now or _is_unasked(session, year, week, now=now):
            return at
    return None


def ask_calendar(session: Session, *, now: datetime) -> None:
    """To the ADMIN of each top unit, once a week."""
    monday = week_of(local_day(now))
    year = _missing_on(session, monday)
    if year is None or now < at_beijing(monday, ASKED_AT):
        return
    for key, user_id in _readers(session, year, monday, now=now):
        message = calendar_views.not_imported(year)
        until = at_beijing(monday + WEEK, ASKED_AT)
        outbox.enqueue(
            session,
            key,
            chat_id=user_id,
            content=message,
            lane=Lane.CALM,
            now=now,
            valid_until=until,
            is_unasked=True,
        )


def _missing_on(session: Session, day: date) -> int | None:
    is_time = (day.month, day.day) >= ASKED_FROM
    return _first_missing(session, day.year, day.year + is_time)


def _first_missing(session: Session, first: int, last: int) -> int | None:
    """The first year of these that nobody has announced to us."""
    known = LIBRARY_YEARS | set(session.scalars(select(CalendarYear.year)))
    return next((year for year in range(first, last + 1) if year not in known), None)


def _is_unasked(session: Session, year: int, monday: date, *, now: datetime) -> bool:
    keys = [key for key, _ in _readers(session, year, monday, now=now)]
    asked = session.scalars(select(OutboxRow.key).where(OutboxRow.key.in_(keys))).all()
    return len(asked) < len(keys)


def _readers(session: Session, year: int, monday: date, *, now: datetime) -> Iterator[tuple[str, int]]:
    """Whom to ask, each with the key under which he is asked once."""
    for top_id in session.scalars(select(Unit.id).where(Unit.parent_id.is_(None)).order_by(Unit.id)).all():
        for holder in holders(session, Right.CALENDAR, top_id, now=now):
            if holder.is_reachable and holder.user_id is not None:
                yield f"members:calendar:{year}:{monday}:{holder.user_id}", holder.user_id


# -- what is shipped ---


def problems(folder: Path) -> list[str]:
    """What is wrong with the years in a folder, one line each."""
    found: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            reading = calendarfile.read(str(path), path.read_bytes())
        except UserError as refusal:
            found += str(refusal).splitlines()
        else:
            found += calendar_views.check_lines(path, reading.faults)
    return found
