"""Series of meetings: planned, confirmed, changed by a successor, stopped, listed. `refilling` makes their meetings."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import cast

from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.orm import Session

from bot import undo
from bot.errors import UserError
from bot.meetings import kinds, publishing, recurrence, refilling, service, versions
from bot.meetings.drafts import DRAFT_LIFE, Body, DraftGone, take_draft, without
from bot.meetings.facts import LIVE, MeetingFacts, Preview, SeriesPreview, Step
from bot.meetings.models import Draft, Meeting, Rung, Series
from bot.meetings.phrases import Every, Note
from bot.meetings.recurrence import Landing, MonthlyDay, MonthlyWeekday, MonthlyWorkday, Weekly
from bot.meetings.repeating import (
    BODY,
    Begun,
    Coming,
    Ended,
    SeriesFacts,
    SeriesList,
    SeriesView,
    notes_of,
    of_phrase,
    terms_of,
    to_body,
)
from bot.meetings.rules import Change, DraftOf, Guard, MeetingKind, MeetingState, RungName, RungState, Shift, check_span
from bot.members import service as members
from bot.members.rules import Actor, Right, UnitRef
from bot.message import Sender
from bot.periods import local_day

SHOWN = 6  # occurrences of a preview
PAGE = 8
STOP = "stop"  # of the acts that can be undone
FRIDAY = 4
UNHEARD = (MeetingState.SCHEDULED, MeetingState.NEEDS_DATE)


class NoSuchSeries(UserError):
    """The same words for a series of another branch and for none at all."""

    text = "没有这个周期会议，或它已经停止。"
    ends_buttons = True


class NeedsRepetition(UserError):
    text = "这里要写周期，例如：每月第一个周五15点。单次会议请用 /plan。"


class NeverComes(UserError):
    text = "按这个周期没有可以开会的日子，请换一个。"


class SameSeries(UserError):
    text = "已有同样的周期会议，要改请用 /series。"


# -- the draft of a series ---


def take(body: Body, read: Every) -> Body:
    """A phrase that is clear."""
    return {**without(body, *BODY, "starts_at", "offered"), "repeats": True, **of_phrase(read)}


def offer(body: Body, readings: Sequence[Every], question: str | None) -> Body:
    """Several repetitions, of which the planner chooses one."""
    rules = [of_phrase(read) for read in readings]
    asked: Body = {"question": question} if question else {}
    return {**without(body, *BODY, "starts_at", "offered"), "repeats": True, "rules": rules, **asked}


def choose(body: Body, place: int) -> Body:
    """One of those that were offered."""
    rules = cast("list[Body]", body.get("rules", []))
    if not 0 <= place < len(rules):
        raise DraftGone
    return {**without(body, *BODY), **rules[place]}


def set_off_days(body: Body, word: str) -> Body:
    """What becomes of days off: a shift, the span it keeps to, or whether worked weekends are places, too."""
    if "rule" not in body:
        raise DraftGone
    if word in Shift.__members__:
        return {**body, "shift": word}
    if word in Guard.__members__:
        return {**body, "guard": word}
    return {**body, "allow_makeup": not body.get("allow_makeup", False)}


def suggestions(rules: kinds.KindRules, *, now: datetime) -> tuple[Every, ...]:
    """What most branches do, at the kind's usual time."""
    usual = (
        MonthlyWeekday(1, FRIDAY),
        MonthlyDay(15),
        MonthlyWorkday(-1),
        MonthlyWeekday(1, FRIDAY, every=3),
        Weekly((FRIDAY,), local_day(now)),
    )
    return tuple(Every(rule, rules.start) for rule in usual)


def preview(session: Session, draft: Draft, unit: UnitRef, *, now: datetime) -> SeriesPreview:
    """The next six, and of the first of them all that a single meeting shows."""
    planned = _planned(draft, unit, now=now)
    old = _replaced(session, draft)
    if old is not None:
        planned = replace(planned, from_on=_succession(session, old, now=now)[1])
    calendar = members.work_calendar(session)
    coming = tuple(islice(planned.terms.ahead(planned.from_on, None, calendar, now=now), SHOWN))
    if not coming:
        raise NeverComes
    first = next((landing for landing in coming if landing.on is not None), None)
    notes = notes_of(draft.body)
    besides = [one for one in _alike(session, planned) if old is None or one.id != old.id]
    if any(one.terms.is_alike(planned.terms) for one in besides):
        raise SameSeries
    return SeriesPreview(
        unit=unit,
        kind=planned.kind,
        title=planned.title,
        place=planned.place,
        terms=planned.terms,
        notes=notes,
        coming=coming,
        first=_look(session, planned, first, notes, old, now=now) if first else None,
        besides=tuple(besides),
        replaces=old,
    )


def _look(
    session: Session,
    planned: SeriesFacts,
    first: Landing,
    notes: tuple[Note, ...],
    old: SeriesFacts | None,
    *,
    now: datetime,
) -> Preview:
    meeting = _meeting(planned, first)
    return publishing.look(session, meeting, notes, replaces=old.id if old else None, now=now)


def _planned(draft: Draft, unit: UnitRef, *, now: datetime) -> SeriesFacts:
    """The series a draft describes, before it exists."""
    kind = MeetingKind[str(draft.body["kind"])]
    length = kinds.of(kind, unit.kind).length // timedelta(minutes=1)
    return SeriesFacts(
        0,
        unit,
        kind,
        str(draft.body.get("title", "")),
        str(draft.body.get("place", "")),
        terms_of(draft.body, length),
        from_on=local_day(now),
        draft_id=draft.id,
    )


def _meeting(series: SeriesFacts, landing: Landing) -> MeetingFacts:
    starts_at = series.terms.starts_at(landing)
    return MeetingFacts(
        0,
        *(series.unit, series.kind, series.title, series.place, starts_at),
        starts_at + timedelta(minutes=series.terms.minutes),
        MeetingState.SCHEDULED,
        1,
        is_tentative=landing.is_tentative,
        draft_id=series.draft_id,
    )


def _replaced(session: Session, draft: Draft) -> SeriesFacts | None:
    """The series that the draft is to take the place of."""
    replaces = draft.body.get("replaces")
    if replaces is None:
        return None
    found = refilling.running(session, Series.id == replaces, Series.until_on.is_(None))
    if not found:
        raise NoSuchSeries
    return found[0]


def redraft(session: Session, sender: Sender, series_id: int, *, now: datetime) -> tuple[Actor, Draft]:
    """修改: a draft that says what the series says now, and takes its place once it is confirmed."""
    who, series = _mine(session, sender, series_id, now=now)
    old = session.get(Draft, series.draft_id) if series.draft_id else None
    chosen: Body = {"chosen": old.body["chosen"]} if old and "chosen" in old.body else {}
    title: Body = {"title": series.title} if series.title else {}
    body = {**to_body(series.terms), **title, **chosen, "kind": series.kind.name, "place": series.place}
    return who, draft_of(
        session, who, {**body, "unit_id": series.unit.id, "repeats": True, "replaces": series.id}, now=now
    )


def draft_of(session: Session, who: Actor, body: Body, *, now: datetime) -> Draft:
    draft = Draft(
        actor_id=who.member_id,
        unit_id=who.units_for(Right.PLAN)[0].id,
        what=DraftOf.SERIES,
        body=body,
        step=Step.KIND.name,
        expires_at=now + DRAFT_LIFE,
    )
    session.add(draft)
    session.flush()
    return draft


# -- confirming, changing, stopping ---


def confirm(session: Session, sender: Sender, draft_id: int, *, now: datetime) -> Begun:
    """Make the series of a draft, once, and the meetings it brings at first."""
    who, draft, unit = take_draft(session, sender, draft_id, Step.SERIES, now=now)
    planned, old, ended = _planned(draft, unit, now=now), _replaced(session, draft), None
    check_span(planned.kind, now, now + timedelta(minutes=planned.terms.minutes))
    if old is not None:
        who.require(Right.PLAN, old.unit)
        ended, _, from_on = _end(session, who, old, now=now)
        planned = replace(planned, from_on=from_on)
    series = replace(planned, id=_insert(session, planned, old.id if old else None))
    refilling.fill(session, series, now=now)
    if not (coming := _coming(session, series, now=now)):
        raise NeverComes
    notice = select(func.min(Rung.due_at)).join(Meeting, Meeting.id == Rung.meeting_id)
    notice = notice.where(Meeting.series_id == series.id, Rung.rung == RungName.R1, Rung.state == RungState.PLANNED)
    return Begun(series, coming, ended, session.scalar(notice))


def _insert(session: Session, series: SeriesFacts, replaces_id: int | None) -> int:
    terms = series.terms
    row = insert(Series).values(
        unit_id=series.unit.id,
        draft_id=series.draft_id,
        kind=series.kind,
        title=series.title,
        place=series.place,
        rule=recurrence.to_json(terms.rule),
        clock=terms.clock,
        minutes=terms.minutes,
        shift=terms.shift,
        guard=terms.guard,
        allow_makeup=terms.allow_makeup,
        from_on=series.from_on,
        replaces_id=replaces_id,
    )
    return session.execute(row.returning(Series.id)).scalar_one()


def stop(session: Session, sender: Sender, series_id: int, *, now: datetime) -> Ended:
    """停止: no more meetings but those that people know of."""
    who, series = _mine(session, sender, series_id, now=now)
    done, gone, _ = _end(session, who, series, now=now)
    fallen = {str(meeting.id): meeting.version for meeting in gone}
    return replace(done, undo=(undo.keep(session, STOP, series.id, fallen, now=now), now + undo.WINDOW))


def resume(session: Session, sender: Sender, undo_id: int, *, now: datetime) -> SeriesView:
    """撤销 of a stop: the series goes on, with the meetings that fell out with it."""
    who = members.actor(session, sender, now=now)
    series_id, gone = undo.take(session, STOP, undo_id, now=now)
    series = refilling.running(session, Series.id == series_id)[0]
    who.require(Right.PLAN, series.unit)
    if any(one.terms.is_alike(series.terms) for one in _alike(session, series)):
        raise SameSeries
    session.execute(update(Series).where(Series.id == series_id).values(until_on=None))
    for meeting_id, version in gone.items():
        meeting = service.facts(session, int(meeting_id), is_locked=True)
        if meeting is not None and meeting.version == version and meeting.starts_at > now:
            with suppress(publishing.SameMeeting):  # another one has been put in its place meanwhile
                versions.restore(session, meeting, actor_id=who.recorded_id, now=now)
    return show(session, sender, series_id, now=now)


def _alike(session: Session, series: SeriesFacts) -> list[SeriesFacts]:
    """Others of the same body and kind that go on."""
    where = Series.unit_id == series.unit.id, Series.kind == series.kind, Series.until_on.is_(None)
    return refilling.running(session, *where, Series.id != series.id)


def _end(session: Session, who: Actor, series: SeriesFacts, *, now: datetime) -> tuple[Ended, list[MeetingFacts], date]:
    """Ends before the first meeting nobody has heard of. Also the meetings that fall out, and the day from which a
    successor may begin."""
    until_on, next_on = _succession(session, series, now=now)
    ending = update(Series).where(Series.id == series.id, Series.until_on.is_(None)).values(until_on=until_on)
    if session.execute(ending.returning(Series.id)).first() is None:
        raise NoSuchSeries
    gone = list[MeetingFacts]()
    for meeting in _rows(session, series.id, Meeting.announced_at.is_(None), Meeting.state.in_(UNHEARD)):
        service.lift(session, meeting, RungState.CANCELLED)
        # Without the moment of it nobody can call it back alone: it is not that it falls out, it never was.
        ended = versions.transit(session, meeting, {"state": MeetingState.CANCELLED})
        was = meeting.state.name
        versions.record(session, ended, Change.CANCELLED, was, None, actor_id=who.recorded_id, reason=None, now=now)
        gone.append(ended)
    staying = _rows(session, series.id, Meeting.state.in_(LIVE), Meeting.starts_at > now)
    done = Ended(replace(series, until_on=until_on), tuple(one.starts_at for one in staying), len(gone))
    return done, gone, next_on


def _succession(session: Session, series: SeriesFacts, *, now: datetime) -> tuple[date, date]:
    """The last base day of a series that ends now, and the first of its successor: after all that people know of."""
    columns = select(func.min(Meeting.original_on), func.max(Meeting.original_on)).where(Meeting.series_id == series.id)
    first, _ = session.execute(columns.where(Meeting.announced_at.is_(None), Meeting.state.in_(UNHEARD))).one()
    _, known = session.execute(columns.where(Meeting.announced_at.is_not(None))).one()
    today, day = local_day(now), timedelta(days=1)
    until_on = (first - day) if first is not None else max(today, known or today)
    return max(series.from_on, until_on), max(today, known + day if known else today)


def _rows(session: Session, series_id: int, *where: ColumnElement[bool]) -> list[MeetingFacts]:
    ids = select(Meeting.id).where(Meeting.series_id == series_id, *where).order_by(Meeting.starts_at, Meeting.id)
    found = (service.facts(session, meeting_id) for meeting_id in session.scalars(ids).all())
    return [meeting for meeting in found if meeting is not None]


# -- looking ---


def listed(session: Session, sender: Sender, page: int = 0, *, now: datetime) -> SeriesList:
    """周期会议: those that go on, of the bodies one plans for."""
    who = members.actor(session, sender, now=now)
    who.require(Right.PLAN)
    every = [one for one in refilling.running(session, Series.until_on.is_(None)) if who.may(Right.PLAN, one.unit)]
    first = max(page, 0) * PAGE
    shown = tuple(SeriesView(one, _coming(session, one, now=now)) for one in every[first : first + PAGE])
    has_more = len(every) > first + PAGE
    return SeriesList(shown, page, has_more, has_several_units=len({one.unit.id for one in every}) > 1)


def show(session: Session, sender: Sender, series_id: int, *, now: datetime) -> SeriesView:
    _, series = _mine(session, sender, series_id, now=now)
    return SeriesView(series, _coming(session, series, now=now))


def _mine(session: Session, sender: Sender, series_id: int, *, now: datetime) -> tuple[Actor, SeriesFacts]:
    """A series that goes on, for who may change it; of others nobody learns that they exist."""
    who = members.actor(session, sender, now=now)
    found = refilling.running(session, Series.id == series_id, Series.until_on.is_(None))
    if not found or not who.may(Right.PLAN, found[0].unit):
        who.require(Right.PLAN)
        raise NoSuchSeries
    return who, found[0]


def _coming(session: Session, series: SeriesFacts, *, now: datetime) -> tuple[Coming, ...]:
    """What is ahead, first the meetings that exist, then as many days as make six."""
    calendar, rule = members.work_calendar(session), series.terms.rule
    since = local_day(now) - refilling.BACK
    query = (
        select(Meeting.id, Meeting.original_on, Meeting.starts_at, Meeting.state, Meeting.is_tentative)
        .add_columns(Meeting.announced_at)
        .where(Meeting.series_id == series.id, or_(Meeting.starts_at > now, Meeting.original_on >= since))
        .order_by(Meeting.starts_at, Meeting.id)
    )
    there, found = set[date](), list[Coming]()
    for meeting_id, original_on, starts_at, state, is_tentative, announced_at in session.execute(query):
        assert original_on is not None
        there.add(recurrence.slot(rule, original_on))
        if starts_at > now or state is MeetingState.NEEDS_DATE:
            landing = refilling.landing_of(series.terms, original_on, calendar)
            is_asked = state is MeetingState.NEEDS_DATE and landing is not None and landing.on is None
            is_chosen = landing is None or (landing.on != local_day(starts_at) and not is_asked)
            facts = (meeting_id, state, announced_at is not None, is_tentative)
            found.append(Coming(starts_at, None if is_chosen else landing, *facts))
    from_on = max(series.from_on, since)
    ahead = series.terms.ahead(from_on, series.until_on, calendar, now=now)
    new = (landing for landing in ahead if recurrence.slot(rule, landing.base_on) not in there)
    for landing in islice(new, max(0, SHOWN - len(found))):
        found.append(Coming(series.terms.starts_at(landing), landing, is_tentative=landing.is_tentative))
    return tuple(found)
