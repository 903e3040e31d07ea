"""Single days of series: asked of the secretary where the series has none or no certain one, and decided by him."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import cast

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.meetings import budget, dating_views, ladder, phrases, refilling, service, views
from bot.meetings.changing import OnlyOnce
from bot.meetings.facts import MeetingFacts, Undated
from bot.meetings.models import Meeting, Series
from bot.meetings.recurrence import Landing
from bot.meetings.rules import Change, MeetingState, RungName, RungState, check_move
from bot.meetings.versions import record, replan, transit
from bot.members import prompts, quiet
from bot.members import service as members
from bot.members.models import Unit
from bot.members.rules import OFFICERS, Actor, Right, Role, UnitKind
from bot.message import Sender
from bot.outbox import Lane, OutboxRow
from bot.periods import at_beijing, local_day
from bot.workdays import WorkCalendar

OFFICE = time(9)  # nobody is asked for work earlier, nor on a day off
AGAIN = timedelta(days=7)  # before the base day


# -- deciding ---


def show(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> Undated:
    """One meeting of a series, to be dated, confirmed or changed alone."""
    who = members.actor(session, sender, now=now)
    meeting = service.seen_by(session, who, meeting_id, Right.PLAN)
    if meeting.state is not MeetingState.NEEDS_DATE:
        service.check_current(meeting, meeting.version)
    calendar = members.work_calendar(session)
    return _undated(meeting, _landing(session, meeting, calendar), calendar, now=now)


def choose(
    session: Session, sender: Sender, meeting_id: int, version: int, minute: int, *, now: datetime
) -> MeetingFacts:
    """A day for an occurrence that asks; `minute` counts from 1970."""
    who, old = _held(session, sender, meeting_id, version, MeetingState.NEEDS_DATE, now=now)
    starts_at = datetime.fromtimestamp(minute * 60, now.tzinfo)
    check_move(starts_at, now=now)
    ends_at = starts_at + (old.ends_at - old.starts_at)
    values = {"starts_at": starts_at, "ends_at": ends_at, "state": MeetingState.SCHEDULED, "is_tentative": False}
    meeting = transit(session, old, values)
    prompts.forget_text(session, sender, now=now)
    became = starts_at.isoformat()
    record(session, meeting, Change.DATED, None, became, actor_id=who.recorded_id, reason=None, now=now)
    replan(session, meeting, now=now)
    return meeting


def ask_other(session: Session, sender: Sender, meeting_id: int, version: int, *, now: datetime) -> None:
    """其他日期: it comes as text."""
    _held(session, sender, meeting_id, version, MeetingState.NEEDS_DATE, now=now)
    prompts.await_text(session, sender, "meetings:dates", f"{meeting_id}:{version}", now=now)


def date_told(
    session: Session, sender: Sender, ref: str, text: str, *, now: datetime
) -> tuple[MeetingFacts, tuple[datetime, ...]]:
    """The meeting, dated, or with the times among which to choose."""
    meeting_id, version = (int(part) for part in ref.split(":"))
    _, old = _held(session, sender, meeting_id, version, MeetingState.NEEDS_DATE, now=now)
    clock = old.rules.start
    read = phrases.parse(text, members.work_calendar(session), now=now, clock=clock)
    choices = read.choices if isinstance(read, phrases.Ask) else (read,)
    starts = tuple(one.starts_at for one in choices if isinstance(one, phrases.Once) and one.starts_at > now)
    if not starts:
        raise OnlyOnce if isinstance(choices[0], phrases.Every) else phrases.TimeIsPast(now)
    if isinstance(read, phrases.Ask):
        return old, starts
    minute = int(starts[0].timestamp()) // 60
    return choose(session, sender, meeting_id, version, minute, now=now), ()


def skip(session: Session, sender: Sender, meeting_id: int, version: int, *, now: datetime) -> MeetingFacts:
    """跳过本次: nobody has heard of it, so nobody is told; it can be called back like any other."""
    who, old = _held(session, sender, meeting_id, version, MeetingState.NEEDS_DATE, now=now)
    meeting = transit(session, old, {"state": MeetingState.CANCELLED, "cancelled_at": now})
    was = old.state.name
    record(session, meeting, Change.CANCELLED, was, None, actor_id=who.recorded_id, reason=None, now=now)
    return meeting


def keep(session: Session, sender: Sender, meeting_id: int, version: int, *, now: datetime) -> MeetingFacts:
    """按此日期确认, 不变: the day stands whatever the calendar says later, and is told in its time."""
    who, old = _held(session, sender, meeting_id, version, MeetingState.SCHEDULED, now=now)
    if old.announced_at is not None:
        raise service.StateChanged
    service.lift(session, old, RungState.SUPERSEDED)
    meeting = transit(session, old, {"is_tentative": False})
    record(session, meeting, Change.CONFIRMED, None, None, actor_id=who.recorded_id, reason=None, now=now)
    replan(session, meeting, now=now)
    return meeting


def _held(
    session: Session, sender: Sender, meeting_id: int, version: int, state: MeetingState, *, now: datetime
) -> tuple[Actor, MeetingFacts]:
    """The meeting as the button knew it, for who may plan it."""
    who = members.actor(session, sender, now=now)
    meeting = service.seen_by(session, who, meeting_id, Right.PLAN, is_locked=True)
    if meeting.state is not state or meeting.version != version:
        raise service.StateChanged
    return who, meeting


# -- asking ---


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question, the key under which it is asked once, and until when an answer is of use."""

    key: str
    due_at: datetime
    valid_until: datetime
    what: Undated


def next_due(session: Session, now: datetime) -> datetime | None:
    due = sorted((one for one in _questions(session, now=now)), key=lambda one: one.due_at)
    return next((one.due_at for one in due if one.due_at > now or _reader(session, one, now=now)), None)


def ask(session: Session, *, now: datetime) -> None:
    """Ask what is due, each once: the key knows."""
    for one in _questions(session, now=now):
        reader = _reader(session, one, now=now) if one.due_at <= now else None
        if reader is not None and reader.holder.user_id is not None:
            _send(session, one, reader, reader.holder.user_id, now=now)


def _send(session: Session, one: _Asked, reader: members.Addressee, user_id: int, *, now: datetime) -> None:
    message = dating_views.undated(one.what, now=now)
    own = quiet.quiet_hours(session, one.what.meeting.unit, {user_id}).of(user_id)
    at = own.end_after(now) if own.holds(now) else now
    heard = Counter(
        local_day(sent) for _, sent in outbox.unasked(session, [user_id], since=at_beijing(local_day(now), time.min))
    )
    outbox.enqueue(
        session,
        one.key,
        chat_id=user_id,
        content=views.standin(message) if reader.is_standin else message,
        lane=Lane.NOTICE,
        now=now,
        due_at=budget.with_room(heard, user_id, at, own, one.valid_until) or at,
        valid_until=max(one.valid_until, at),
        is_unasked=True,
    )


def _reader(session: Session, one: _Asked, *, now: datetime) -> members.Addressee | None:
    return members.addressee(session, one.what.meeting.unit.id, now=now)


def is_wanted(session: Session, key: str, now: datetime) -> bool:  # noqa: ARG001  # as all of delivery's questions
    """Asked right before sending: nobody has decided meanwhile."""
    what, meeting_id, version = key.split(":")[1:4]
    if what != "date":
        return True
    meeting = service.facts(session, int(meeting_id))
    return meeting is not None and meeting.version == int(version[1:]) and _is_open(meeting)


def _is_open(meeting: MeetingFacts) -> bool:
    is_held_back = meeting.is_tentative and meeting.announced_at is None
    return meeting.state is MeetingState.NEEDS_DATE or (meeting.state is MeetingState.SCHEDULED and is_held_back)


def waiting_for(session: Session, sender: Sender, *, now: datetime) -> list[MeetingFacts]:
    """What the person's own bodies have been asked and not decided, the next first."""
    who = members.actor(session, sender, now=now)
    homes = [
        Unit.path.startswith(grant.unit.path) if grant.unit.kind is UnitKind.BRANCH else Unit.id == grant.unit.id
        for grant in who.grants
        if grant.role in {*OFFICERS, Role.GROUP_LEADER}
    ]
    asked = _reckoned(session, or_(*homes), now=now) if homes else []
    found = {one.what.meeting.id: one.what.meeting for one in asked if one.due_at <= now}
    return sorted(found.values(), key=lambda meeting: meeting.starts_at)


def _questions(session: Session, *, now: datetime) -> list[_Asked]:
    """What has to be asked now or later and was not yet."""
    found = _reckoned(session, now=now)
    if not found:
        return []
    there = set(session.scalars(select(OutboxRow.key).where(OutboxRow.key.in_([one.key for one in found]))))
    return [one for one in found if one.key not in there]


def _reckoned(session: Session, *where: ColumnElement[bool], now: datetime) -> list[_Asked]:
    """Every question about a day that nobody has decided, asked already or not."""
    is_asking = and_(Meeting.state == MeetingState.NEEDS_DATE, Meeting.starts_at > now - refilling.BACK)
    is_tentative = and_(
        *(Meeting.state == MeetingState.SCHEDULED, Meeting.is_tentative, Meeting.starts_at > now),
        Meeting.announced_at.is_(None),
    )
    query = select(*service.COLUMNS, Meeting.series_id).join(Unit, Unit.id == Meeting.unit_id)
    rows = session.execute(query.where(Meeting.series_id.is_not(None), or_(is_asking, is_tentative), *where)).all()
    if not rows:
        return []
    calendar = members.work_calendar(session)
    ids = {cast("int", row[-1]) for row in rows}
    by_id = {series.id: series for series in refilling.running(session, Series.id.in_(ids))}
    found: list[_Asked] = []
    for row in rows:
        meeting = service.from_row(row)
        landing = refilling.landing_of(by_id[cast("int", row[-1])].terms, meeting.original_on, calendar)
        found += _asked(_undated(meeting, landing, calendar, now=now), calendar, now=now)
    return found


def _undated(meeting: MeetingFacts, landing: Landing | None, calendar: WorkCalendar, *, now: datetime) -> Undated:
    rules, notice_at = meeting.rules, None
    if RungName.R1 in rules.ladder and meeting.is_tentative and meeting.state is MeetingState.SCHEDULED:
        times = meeting.times(calendar, quiet.USUAL)
        rungs = ladder.plan(rules.ladder, times, now=now, is_tentative=True)
        notice_at = next(rung.due_at for rung in rungs if rung.rung is RungName.R1)
    return Undated(meeting, landing, notice_at)


def _asked(what: Undated, calendar: WorkCalendar, *, now: datetime) -> Iterator[_Asked]:
    meeting = what.meeting
    key = f"series:date:{meeting.id}:v{meeting.version}"
    made_at = meeting.created_at or now
    if meeting.state is not MeetingState.NEEDS_DATE:
        if RungName.R1 in meeting.rules.ladder:  # a kind without a notice holds none back
            times = meeting.times(calendar, quiet.USUAL)
            due_at = ladder.question_at(meeting.rules.ladder, times, now=made_at)
            yield _Asked(f"{key}:1", due_at, meeting.starts_at, what)
        return
    last = what.landing.after if what.landing and what.landing.after else meeting.on
    valid_until = meeting.starts_at + (max(last, meeting.on) - meeting.on)
    first = _office_hour(max(made_at, meeting.starts_at - refilling.AHEAD), calendar)
    again = at_beijing(calendar.previous_workday(meeting.on - AGAIN), OFFICE)
    if again - first < timedelta(days=1):
        yield _Asked(f"{key}:1", first, valid_until, what)
        return
    if again > now:
        yield _Asked(f"{key}:1", first, valid_until, what)
    yield _Asked(f"{key}:2", again, valid_until, what)


def _office_hour(at: datetime, calendar: WorkCalendar) -> datetime:
    """`at`, or the next 09:00 of a workday if that is night or a day off."""
    day = local_day(at)
    if calendar.is_workday(day) and at_beijing(day, OFFICE) <= at and not quiet.USUAL.holds(at):
        return at
    opens = at_beijing(calendar.next_workday(day), OFFICE)
    return opens if opens > at else at_beijing(calendar.next_workday(day + timedelta(days=1)), OFFICE)


def _landing(session: Session, meeting: MeetingFacts, calendar: WorkCalendar) -> Landing | None:
    """What the meeting's series makes of its base day."""
    of_meeting = select(Meeting.series_id).where(Meeting.id == meeting.id)
    found = refilling.running(session, Series.id == of_meeting.scalar_subquery())
    return refilling.landing_of(found[0].terms, meeting.original_on, calendar) if found else None
