"""The meetings that series bring forth: of the next 45 days, and always the next one. Filling twice adds nothing."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import cast

import structlog
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from bot.db import upsert
from bot.meetings import cards, recurrence, service, versions
from bot.meetings.models import Draft, Meeting, Series
from bot.meetings.recurrence import Landing
from bot.meetings.repeating import SeriesFacts, Terms
from bot.meetings.rules import Change, MeetingState, RungState
from bot.members import service as members
from bot.members.models import Unit
from bot.members.rules import UnitRef
from bot.periods import PeriodKind, beijing, local_day
from bot.workdays import WorkCalendar

log = structlog.get_logger()

AHEAD = timedelta(days=45)
NIGHT = 3  # o'clock, Beijing time
MOST = 20  # new meetings of one transaction, after which others get their turn
BACK = timedelta(days=14)  # a base day may be past whose meeting is still ahead: no holiday with its weekends is longer


def running(session: Session, *where: ColumnElement[bool]) -> list[SeriesFacts]:
    """Series as plain data, in the order in which they were made."""
    query = (
        select(Series.id, Unit.id, Unit.kind, Unit.name, Unit.path, Series.kind, Series.title, Series.place)
        .add_columns(Series.rule, Series.clock, Series.minutes, Series.shift, Series.guard, Series.allow_makeup)
        .add_columns(Series.from_on, Series.until_on, Series.draft_id)
        .join(Unit, Unit.id == Series.unit_id)
        .where(*where)
        .order_by(Series.id)
    )
    return [
        SeriesFacts(
            *(row[0], UnitRef(*row[1:5]), row[5], row[6], row[7]),
            Terms(recurrence.from_json(row[8]), *row[9:14]),
            *row[14:17],
        )
        for row in session.execute(query)
    ]


def refill(session: Session, *, is_thorough: bool = False, now: datetime) -> bool:
    """Bring series up to date; True while there may be more. `is_thorough` after new days off, and once a night:
    a day that was left out may be a workday now."""
    today = local_day(now)
    is_thorough = is_thorough or beijing(now).hour == NIGHT
    goes_on = or_(Series.until_on.is_(None), Series.until_on >= today - BACK)
    every = running(session, goes_on, or_(Unit.dissolved_on.is_(None), Unit.dissolved_on > today))
    behind = every if is_thorough else _behind(session, every, now=now)
    calendar, added = members.work_calendar(session), 0
    there = _there(session, [series.id for series in behind], today) if behind else {}
    for series in behind:
        added += _add(session, series, there.get(series.id, set()), calendar, now=now)
        if added >= MOST:
            return True
    settle(session, calendar, now=now)
    return False


def _behind(session: Session, every: Sequence[SeriesFacts], *, now: datetime) -> list[SeriesFacts]:
    """Series whose last meeting is over, or is followed by a day that has come into sight."""
    last = select(Meeting.series_id, func.max(Meeting.original_on), func.max(Meeting.starts_at))
    last = last.where(Meeting.series_id.in_([series.id for series in every])).group_by(Meeting.series_id)
    known = {row[0]: (row[1], row[2]) for row in session.execute(last)} if every else {}
    in_sight = local_day(now) + AHEAD

    def is_behind(series: SeriesFacts) -> bool:
        last_on, last_at = known.get(series.id, (None, now))
        if last_on is None or last_at <= now:
            return True
        following = recurrence.not_before(series.terms.rule, last_on)
        return following is not None and following <= in_sight

    return [series for series in every if is_behind(series)]


def fill(session: Session, series: SeriesFacts, *, now: datetime) -> None:
    """The same for one series, which has just begun."""
    _add(session, series, set(), members.work_calendar(session), now=now)


def wanted(series: SeriesFacts, calendar: WorkCalendar, *, now: datetime) -> Iterator[Landing]:
    """What the series should hold by now."""
    today, has_next = local_day(now), False
    from_on = max(series.from_on, today - BACK)
    for landing in series.terms.ahead(from_on, series.until_on, calendar, now=now):
        if has_next and landing.base_on > today + AHEAD:
            return
        if landing.on is not None or landing.is_asked:
            has_next = True
            yield landing


def _there(session: Session, series_ids: Collection[int], today: date) -> dict[int, set[date]]:
    """The base days that have their meeting, in whatever state: neither moved nor cancelled ones come back."""
    first_on = (today - BACK).replace(day=1)
    query = select(Meeting.series_id, Meeting.original_on).where(
        Meeting.series_id.in_(series_ids), Meeting.original_on >= first_on
    )
    found: dict[int, set[date]] = {}
    for series_id, original_on in cast("Iterable[tuple[int, date]]", session.execute(query)):
        found.setdefault(series_id, set()).add(original_on)
    return found


def _add(
    session: Session, series: SeriesFacts, there: Collection[date], calendar: WorkCalendar, *, now: datetime
) -> int:
    """How many meetings there are more now."""
    taken = {recurrence.slot(series.terms.rule, day) for day in there}
    landings = wanted(series, calendar, now=now)
    missing = [one for one in landings if recurrence.slot(series.terms.rule, one.base_on) not in taken]
    if not missing or not _is_still_so(session, series):
        return 0
    created_by = session.scalar(select(Draft.actor_id).where(Draft.id == series.draft_id))
    return sum(_insert(session, series, landing, created_by, now=now) for landing in missing)


def _is_still_so(session: Session, series: SeriesFacts) -> bool:
    """Whether nobody ends the series at this moment. It is written to, so that whoever does must begin anew and see
    what is added here; reading or locking alone would not make him."""
    same = Series.until_on == series.until_on if series.until_on else Series.until_on.is_(None)
    held = update(Series).where(Series.id == series.id, same).values(place=Series.place).returning(Series.id)
    return session.execute(held.execution_options(synchronize_session=False)).first() is not None


def _insert(session: Session, series: SeriesFacts, landing: Landing, created_by: int | None, *, now: datetime) -> bool:
    starts_at = series.terms.starts_at(landing)
    row = upsert(session, Meeting).values(
        unit_id=series.unit.id,
        kind=series.kind,
        series_id=series.id,
        original_on=landing.base_on,
        title=series.title,
        place=series.place,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=series.terms.minutes),
        state=MeetingState.SCHEDULED if landing.on else MeetingState.NEEDS_DATE,
        created_at=now,
        created_by=created_by,
        is_tentative=landing.is_tentative,
        version=1,
        audit_seq=0,
        audit_hash="",
    )
    # Another meeting of the kind at that hour stands for this one, as one that was added meanwhile does.
    meeting_id = session.scalar(row.on_conflict_do_nothing().returning(Meeting.id))
    if meeting_id is None:
        return False
    log.info("occurrence_added", series=series.id, meeting=meeting_id)
    meeting = service.facts(session, meeting_id)
    assert meeting is not None
    versions.replan(session, meeting, now=now)
    return True


# -- what is no longer tentative ---


def settle(session: Session, calendar: WorkCalendar, *, now: datetime) -> None:
    """暂定 ends where the announced calendar says what was guessed."""
    tentative = select(Meeting.id, Meeting.series_id, Meeting.original_on, Meeting.starts_at).where(
        Meeting.is_tentative, Meeting.state == MeetingState.SCHEDULED, Meeting.starts_at > now
    )
    found = session.execute(tentative.where(Meeting.series_id.is_not(None)).order_by(Meeting.id)).all()
    rows = [row for row in cast("list[tuple[int, int, date, datetime]]", found) if calendar.is_known(local_day(row[3]))]
    by_id = {series.id: series for series in running(session, Series.id.in_({row[1] for row in rows}))} if rows else {}
    for meeting_id, series_id, original_on, starts_at in rows:
        landing = landing_of(by_id[series_id].terms, original_on, calendar)
        if landing is not None and not landing.is_tentative and landing.on == local_day(starts_at):
            _settle(session, meeting_id, now=now)


def landing_of(terms: Terms, original_on: date | None, calendar: WorkCalendar) -> Landing | None:
    """Where a base day lands by the calendar as it is now; None if the rule no longer has it, or there is none."""
    if original_on is None:
        return None
    if not isinstance(terms.rule, recurrence.MonthlyWorkday):
        return terms.land(original_on, calendar)
    month = PeriodKind.MONTH.of(original_on)
    found = recurrence.occurrences(terms.rule, month.first_on, month.last_on, calendar)
    return terms.land(found[0], calendar) if found else None


def _settle(session: Session, meeting_id: int, *, now: datetime) -> None:
    meeting = service.facts(session, meeting_id)
    assert meeting is not None
    if meeting.announced_at is not None:  # people know the day: only the word goes
        statement = update(Meeting).where(Meeting.id == meeting.id).values(is_tentative=False)
        session.execute(statement.execution_options(synchronize_session=False))
        cards.refresh(session, meeting.id, now=now)
        return
    service.lift(session, meeting, RungState.SUPERSEDED)
    certain = versions.transit(session, meeting, {"is_tentative": False})
    versions.record(session, certain, Change.CONFIRMED, None, None, actor_id=None, reason=None, now=now)
    versions.replan(session, certain, now=now)
