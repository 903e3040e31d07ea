"""Plans of meetings, from the first word of /plan to the confirmed meeting. A plan lives in its row of `drafts`."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.errors import UserError
from bot.meetings import kinds, past, phrases, plan_views, publishing, series, service
from bot.meetings.drafts import BEFORE, DRAFT_LIFE, Body, DraftGone, closed, open_draft, reopened, without
from bot.meetings.facts import Plan, Step
from bot.meetings.models import Draft, Meeting
from bot.meetings.phrases import Ask, Every, Once, Question
from bot.meetings.repeating import BODY, OFF_DAYS, offered
from bot.meetings.rules import DraftOf, MeetingKind
from bot.members import prompts
from bot.members import service as members
from bot.members.models import Unit
from bot.members.rules import Actor, DueList, Right, UnitRef
from bot.message import Sender
from bot.periods import at_beijing, local_day

SERIES = ("rule", "rules", "clock", "repeats", "replaces", *OFF_DAYS)  # of the body, what a change of kind leaves
ASKED = "meetings:plan"  # purpose of an awaited text
TYPED = {
    **dict.fromkeys((Step.DAY, Step.CHOICE, Step.PAST, Step.RULE), "phrase"),
    Step.PLACE: "place",
}  # steps that a text answers as well as a button
READY = (Step.PREVIEW, Step.SERIES, Step.PAST_PREVIEW)  # nothing is missing
FRIDAY = 4
SUGGESTED_DAYS = 4
SUGGESTED_PLACES = 4
LONGEST_TITLE = 100
LONGEST_PLACE = 40


class NoCommittee(UserError):
    text = "本支部未设支部委员会，不能安排支委会"


class TooLong(UserError):
    text = "太长了，请不超过{most}个字。"


class NobodyChosen(UserError):
    text = "请至少选择一人。"


def begin(session: Session, sender: Sender, words: str, *, now: datetime) -> Plan:
    """Start a plan, from nothing or from a whole line: phrase, kind, title, @place."""
    who = members.actor(session, sender, now=now)
    if not who.may(Right.PLAN):
        who.require(Right.PLAN)
    body = _read_line(words)
    if "phrase" in body and "kind" not in body:  # what cannot be read is told before the kind is asked for
        phrases.parse(str(body["phrase"]), members.work_calendar(session), now=now)
    home = who.units_for(Right.PLAN)[0]
    draft = Draft(
        actor_id=who.member_id,
        unit_id=home.id,
        what=DraftOf.MEETING,
        body=body,
        step=Step.KIND.name,
        expires_at=now + DRAFT_LIFE,
    )
    session.add(draft)
    session.flush()
    return advance(session, who, draft, now=now)


def _read_line(words: str) -> Body:
    """What stands before the kind is the date phrase, what follows is the title, after an @ the place."""
    rest, _, place = words.replace("＠", "@").partition("@")
    body: Body = {}
    found = kinds.shipped().find(rest)
    if found is None:
        body["phrase"] = rest.strip()
    else:
        body |= {"kind": found.kind.name, "phrase": found.before, "title": _checked(found.after, LONGEST_TITLE)}
    body["place"] = _checked(place.strip(), LONGEST_PLACE)
    return {key: value for key, value in body.items() if value}


def _checked(text: str, most: int) -> str:
    text = " ".join(text.split())
    if len(text) > most:
        raise TooLong(most=most)
    return text


# -- answers of the planner ---


def set_kind(session: Session, sender: Sender, draft_id: int, ordinal: int, *, now: datetime) -> Plan:
    who, draft = open_draft(session, sender, draft_id, now=now)
    kind = next((kind for kind in MeetingKind if kind.value == ordinal), None)
    if kind is None:
        raise DraftGone
    kept = ("title", "phrase", "starts_at", "minutes", "notes", "place", BEFORE, *SERIES)
    draft.body = {key: value for key, value in draft.body.items() if key in kept} | {"kind": kind.name}
    return advance(session, who, draft, now=now)


def set_unit(session: Session, sender: Sender, draft_id: int, unit_id: int, *, now: datetime) -> Plan:
    who, draft = open_draft(session, sender, draft_id, now=now)
    draft.body = {**draft.body, "unit_id": unit_id}
    return advance(session, who, draft, now=now)


def set_start(session: Session, sender: Sender, draft_id: int, minute: int, *, now: datetime) -> Plan:
    """Take one of the offered times, as minutes since 1970."""
    who, draft = open_draft(session, sender, draft_id, now=now)
    offered = cast("list[str]", draft.body.get("offered", []))
    starts_at = next((text for text in offered if int(datetime.fromisoformat(text).timestamp()) // 60 == minute), None)
    if starts_at is None:
        raise DraftGone
    draft.body = {**without(draft.body, "offered", "question", "phrase"), "starts_at": starts_at}
    return advance(session, who, draft, now=now)


def set_place(session: Session, sender: Sender, draft_id: int, place: int, *, now: datetime) -> Plan:
    """Take one of the offered places."""
    who, draft = open_draft(session, sender, draft_id, now=now)
    places = cast("list[str]", draft.body.get("places", []))
    if not 0 <= place < len(places):
        raise DraftGone
    draft.body = {**without(draft.body, "places"), "place": places[place]}
    return advance(session, who, draft, now=now)


def toggle(session: Session, sender: Sender, draft_id: int, member_id: int, *, now: datetime) -> Plan:
    """Put somebody on the list of a training course, or off it."""
    who, draft = open_draft(session, sender, draft_id, now=now)
    choosing = set(cast("list[int]", draft.body.get("choosing", [])))
    draft.body = {**draft.body, "choosing": sorted(choosing ^ {member_id})}
    return advance(session, who, draft, now=now)


def choose_all(session: Session, sender: Sender, draft_id: int, *, now: datetime) -> Plan:
    who, draft = open_draft(session, sender, draft_id, now=now)
    everybody = [person.member_id for person in _roster(session, who, draft, now=now)]
    draft.body = {**draft.body, "choosing": everybody}
    return advance(session, who, draft, now=now)


def set_people(session: Session, sender: Sender, draft_id: int, *, now: datetime) -> Plan:
    who, draft = open_draft(session, sender, draft_id, now=now)
    there = {person.member_id for person in _roster(session, who, draft, now=now)}
    chosen = sorted(there & set(cast("list[int]", draft.body.get("choosing", []))))
    if not chosen:
        raise NobodyChosen
    draft.body = {**draft.body, "chosen": chosen}
    return advance(session, who, draft, now=now)


def tell(session: Session, sender: Sender, draft_id: int, field: str, text: str, *, now: datetime) -> Plan:
    """Take a typed answer: `field` is phrase, place or title."""
    who, draft = open_draft(session, sender, draft_id, now=now)
    prompts.forget_text(session, sender, now=now)
    if field == "phrase":
        draft.body = {**without(draft.body, "starts_at", "offered", *BODY, *past.KEYS), "phrase": text}
    elif field == "place":
        draft.body = {**draft.body, "place": _checked(text, LONGEST_PLACE)}
    else:
        draft.body = {**draft.body, "title": _checked(text, LONGEST_TITLE)}
    return advance(session, who, draft, now=now)


def ask(session: Session, sender: Sender, draft_id: int, field: str, *, now: datetime) -> bool:
    """The next text of the planner is the field. Whether a repetition is asked for, not a single day."""
    if field not in ("phrase", "place", "title"):
        raise DraftGone
    _, draft = open_draft(session, sender, draft_id, now=now)
    prompts.await_text(session, sender, ASKED, f"{draft_id}:{field}", now=now)
    return bool(draft.body.get("repeats"))


def show(session: Session, sender: Sender, draft_id: int, *, now: datetime) -> Plan:
    who, draft = open_draft(session, sender, draft_id, now=now)
    return advance(session, who, draft, now=now)


def change(session: Session, sender: Sender, draft_id: int, step: str, *, now: datetime) -> Plan:
    """修改: ask for one part again."""
    who, draft = open_draft(session, sender, draft_id, now=now)
    parts = {
        Step.KIND.name: ("kind", "unit_id", "chosen"),
        Step.UNIT.name: ("unit_id", "chosen"),
        Step.DAY.name: ("starts_at", "phrase", "offered", *BODY, *past.KEYS),
        Step.PLACE.name: ("place",),
        Step.PEOPLE.name: ("chosen",),
    }
    draft.body = reopened(draft.body, *parts.get(step, ()))
    return advance(session, who, draft, now=now)


def keep(session: Session, sender: Sender, draft_id: int, *, now: datetime) -> Plan:
    """不改了, after a part was asked for again."""
    who, draft = open_draft(session, sender, draft_id, now=now)
    draft.body = closed(draft.body)
    return advance(session, who, draft, now=now)


def set_past(session: Session, sender: Sender, draft_id: int, minute: int, *, now: datetime) -> Plan:
    """补录 of a meeting at that time, as minutes since 1970."""
    who, draft = past.take(session, sender, draft_id, minute, now=now)
    plan = advance(session, who, draft, now=now)
    if plan.step is Step.PAST_PREVIEW and not plan.reason:  # whose words ask for the reason
        past.ask_reason(session, sender, draft_id, now=now)
    return plan


def drop(session: Session, sender: Sender, draft_id: int, *, now: datetime) -> None:
    _, draft = open_draft(session, sender, draft_id, now=now)
    draft.expires_at = now
    prompts.forget_purpose(session, sender.user_id, ASKED)


# -- the next question ---


def advance(session: Session, who: Actor, draft: Draft, *, now: datetime) -> Plan:
    """Ask for the first thing that is missing."""
    plan = _next(session, who, draft, now=now)
    if plan.step in READY:
        draft.body = without(draft.body, BEFORE)
    plan = replace(plan, is_change=BEFORE in draft.body)
    draft.step, draft.what = plan.step.name, DraftOf.SERIES if plan.step is Step.SERIES else DraftOf.MEETING
    if plan.step in TYPED:
        prompts.await_text(session, _in_private(who, now), ASKED, f"{draft.id}:{TYPED[plan.step]}", now=now)
    else:
        prompts.forget_purpose(session, who.user_id, ASKED)
    return plan


def _in_private(who: Actor, now: datetime) -> Sender:
    """Plans are made nowhere else."""
    return Sender(who.user_id, who.user_id, now)


def _next(session: Session, who: Actor, draft: Draft, *, now: datetime) -> Plan:
    if "kind" not in draft.body:
        return Plan(draft.id, Step.KIND, kinds=_kinds_for(session, who), repeats="repeats" in draft.body)
    kind = MeetingKind[str(draft.body["kind"])]
    unit = _unit(session, who, draft, kind)
    if isinstance(unit, tuple):
        return Plan(draft.id, Step.UNIT, kind=kind, units=unit)
    rules = kinds.of(kind, unit.kind)
    if rules.needs_committee and not session.scalar(select(Unit.has_committee).where(Unit.id == unit.id)):
        raise NoCommittee
    if (when := _ask_when(session, draft, unit, rules, now=now)) is not None:
        return when
    if "place" not in draft.body:
        places = _places(session, unit)
        draft.body = {**draft.body, "places": places}
        return Plan(draft.id, Step.PLACE, kind=kind, unit=unit, places=tuple(places))
    if rules.due_list is DueList.CHOSEN and "chosen" not in draft.body:
        people = tuple(service.name_of(person) for person in _roster(session, who, draft, now=now))
        chosen = frozenset(cast("list[int]", draft.body.get("choosing", [])))
        return Plan(draft.id, Step.PEOPLE, kind=kind, unit=unit, people=people, chosen=chosen)
    return _preview(session, draft, unit, now=now)


def _preview(session: Session, draft: Draft, unit: UnitRef, *, now: datetime) -> Plan:
    """Nothing is missing: what will be, or was, or will be again and again."""
    kind = MeetingKind[str(draft.body["kind"])]
    if "is_past" in draft.body:
        return past.preview(session, draft, unit, now=now)
    if "rule" in draft.body:
        return Plan(draft.id, Step.SERIES, kind=kind, unit=unit, series=series.preview(session, draft, unit, now=now))
    return Plan(draft.id, Step.PREVIEW, kind=kind, unit=unit, preview=publishing.preview(session, draft, unit, now=now))


def _ask_when(session: Session, draft: Draft, unit: UnitRef, rules: kinds.KindRules, *, now: datetime) -> Plan | None:
    """The day or the repetition, unless it is clear."""
    if "phrase" in draft.body:
        try:
            _read_phrase(session, draft, rules, now=now)
        except phrases.TimeIsPast as late:
            draft.body = past.offered(draft.body, late.starts_at)
    body = draft.body
    if "past_at" in body:
        return past.offer(draft, rules.kind, unit)
    if "rules" in body or (body.get("repeats") and "rule" not in body):
        return _ask_rule(draft, unit, rules, now=now)
    if "starts_at" in body or "rule" in body:
        return None
    return _ask_start(session, draft, unit, rules, now=now)


def _plannable(session: Session, who: Actor) -> list[UnitRef]:
    found: dict[int, UnitRef] = {}
    for root in who.units_for(Right.PLAN):
        found |= {unit.id: unit for unit in members.units_below(session, root) if who.may(Right.PLAN, unit)}
    return list(found.values())


def _kinds_for(session: Session, who: Actor) -> tuple[MeetingKind, ...]:
    levels = {unit.kind for unit in _plannable(session, who)}
    held = {rules.kind for level in levels for rules in kinds.shipped().held_by(level)}
    return tuple(kind for kind in MeetingKind if kind in held)


def _unit(session: Session, who: Actor, draft: Draft, kind: MeetingKind) -> UnitRef | tuple[UnitRef, ...]:
    """The host of the meeting; several if the planner has to choose."""
    units = _plannable(session, who)
    hosts = tuple(unit for unit in units if kind in {rules.kind for rules in kinds.shipped().held_by(unit.kind)})
    if not hosts:
        raise kinds.KindNotHeld(name=kinds.of(kind).name)
    chosen = next((unit for unit in hosts if unit.id == draft.body.get("unit_id")), None)
    if chosen is None and len(hosts) > 1:
        own = [unit for unit in hosts if unit.id in {root.id for root in who.units_for(Right.PLAN)}]
        if len(own) != 1:
            return hosts
        chosen = own[0]
    chosen = chosen or hosts[0]
    draft.unit_id = chosen.id
    return chosen


def _roster(session: Session, who: Actor, draft: Draft, *, now: datetime) -> list[members.Person]:
    """Whom a training course can be for: everybody below its host."""
    unit = members.unit(session, draft.unit_id)
    who.require(Right.PLAN, unit)
    day = local_day(past.starts_at(draft) or now)
    return [person for person in members.roster_on(session, unit.id, day) if not person.is_guest]


def _read_phrase(session: Session, draft: Draft, rules: kinds.KindRules, *, now: datetime) -> None:
    """The typed date becomes a start, or a choice of several."""
    calendar = members.work_calendar(session)
    read = phrases.parse(str(draft.body["phrase"]), calendar, now=now, clock=rules.start)
    body = without(draft.body, "phrase")
    draft.body = body
    readings = read.choices if isinstance(read, Ask) else (read,)
    if isinstance(readings[0], Every):
        every = tuple(one for one in readings if isinstance(one, Every))
        draft.body = series.take(body, every[0]) if len(every) == 1 else series.offer(body, every, _asked(read))
        return
    if "replaces" in body:
        raise series.NeedsRepetition
    ahead = [one for one in readings if isinstance(one, Once) and one.starts_at > now]
    if not ahead:
        raise phrases.TimeIsPast(now)
    draft.body = {**without(body, "repeats", *OFF_DAYS), **_start(ahead[0])}
    if isinstance(read, Ask):
        offered = [one.starts_at.isoformat() for one in ahead]
        draft.body = {**without(draft.body, "starts_at"), "offered": offered, "question": read.question.name}


def _asked(read: Once | Every | Ask) -> str | None:
    return read.question.name if isinstance(read, Ask) else None


def _ask_rule(draft: Draft, unit: UnitRef, rules: kinds.KindRules, *, now: datetime) -> Plan:
    """Which repetition: one of the readings of a phrase, else one of the usual ones."""
    if "rules" not in draft.body:
        draft.body = series.offer(draft.body, series.suggestions(rules, now=now), None)
    question = draft.body.get("question")
    asked = Question[str(question)] if question else None
    found = offered(draft.body)
    return Plan(draft.id, Step.RULE, kind=rules.kind, unit=unit, repetitions=found, question=asked)


def _start(read: Once) -> Body:
    minutes: Body = {"minutes": read.minutes} if read.minutes else {}
    return {"starts_at": read.starts_at.isoformat(), "notes": [note.name for note in read.notes], **minutes}


def _ask_start(session: Session, draft: Draft, unit: UnitRef, rules: kinds.KindRules, *, now: datetime) -> Plan:
    question = draft.body.get("question")
    if question is None:
        offered = [at.isoformat() for at in _suggested(session, rules, now=now)]
        draft.body = {**draft.body, "offered": offered}
    starts = tuple(datetime.fromisoformat(text) for text in cast("list[str]", draft.body["offered"]))
    asked = Question[str(question)] if question else None
    step = Step.CHOICE if asked else Step.DAY
    return Plan(draft.id, step, kind=rules.kind, unit=unit, starts=starts, question=asked)


def _suggested(session: Session, rules: kinds.KindRules, *, now: datetime) -> list[datetime]:
    """The next Fridays that are worked, at the kind's usual time: when most branches meet."""
    calendar, found = members.work_calendar(session), list[datetime]()
    day = local_day(now) + timedelta(days=(FRIDAY - local_day(now).weekday()) % 7)
    while len(found) < SUGGESTED_DAYS:
        at = at_beijing(day, rules.start)
        if at > now and calendar.is_workday(day):
            found.append(at)
        day += timedelta(weeks=1)
    return found


def _places(session: Session, unit: UnitRef) -> list[str]:
    """Where the unit met last, before that what every house has."""
    query = select(Meeting.place).where(Meeting.unit_id == unit.id, Meeting.place != "").group_by(Meeting.place)
    used = session.scalars(query.order_by(func.max(Meeting.starts_at).desc()).limit(SUGGESTED_PLACES))
    return list(dict.fromkeys([*used, *plan_views.TYPICAL_PLACES]))[:SUGGESTED_PLACES]
