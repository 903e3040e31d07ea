"""补录: a meeting that was held without the bot is written down afterwards.

It is open for 点名 only: nobody is reminded, no card is posted, and who was due is asked of the roster of that day.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from bot.errors import UserError
from bot.meetings import publishing, service
from bot.meetings.drafts import Body, DraftGone, meeting_of, open_draft, take_draft, without
from bot.meetings.facts import MeetingFacts, Plan, Step
from bot.meetings.models import Draft, Meeting, MeetingChange
from bot.meetings.rules import Change, MeetingKind, check_span, checked_reason
from bot.members import prompts
from bot.members import service as members
from bot.members.rules import Actor, Role, UnitRef
from bot.message import Sender
from bot.periods import local_day

FURTHEST = timedelta(days=60)
KEYS = ("past_at", "is_past")  # what a plan remembers of it
OPEN_FOR = timedelta(days=7)  # one that nobody ends is closed then


class Opener(Protocol):
    """`attendance.opening.open_meeting`: sign-in begins, with the due list as the roster of the day has it."""

    def __call__(
        self, session: Session, meeting: MeetingFacts, *, actor_id: int | None, update_id: int | None, now: datetime
    ) -> bool: ...


class NotPast(UserError):
    text = "补录的会议应当已经开始，还没有开始的请用安排会议。"


class PastTooFar(UserError):
    text = "只能补录{days}天以内的会议，更早的请上级管理员补录。"


def check_past(starts_at: datetime, *, is_admin: bool, now: datetime) -> None:
    """Days count as days of the calendar, so the hour of entering does not matter."""
    if starts_at > now:
        raise NotPast
    if not is_admin and local_day(now) - local_day(starts_at) > FURTHEST:
        raise PastTooFar(days=FURTHEST.days)


def offered(body: Body, at: datetime) -> Body:
    """The body of a plan whose phrase named a time that is over."""
    return {**without(body, "phrase", "starts_at"), "past_at": at.isoformat()}


def offer(draft: Draft, kind: MeetingKind, unit: UnitRef) -> Plan:
    at = datetime.fromisoformat(str(draft.body["past_at"]))
    return Plan(draft.id, Step.PAST, kind=kind, unit=unit, starts=(at,))


def starts_at(draft: Draft) -> datetime | None:
    """Of a 补录; None for a plan."""
    return datetime.fromisoformat(str(draft.body["starts_at"])) if draft.body.get("is_past") else None


def take(session: Session, sender: Sender, draft_id: int, minute: int, *, now: datetime) -> tuple[Actor, Draft]:
    """补录 was pressed: `minute` since 1970 is the time that is meant."""
    who, draft = open_draft(session, sender, draft_id, now=now)
    at = datetime.fromtimestamp(minute * 60, now.tzinfo)
    check_past(at, is_admin=_is_admin(session, who, draft.unit_id), now=now)
    kept = without(draft.body, "past_at", "offered", "question", "notes", "phrase")
    draft.body = {**kept, "starts_at": at.isoformat(), "is_past": True}
    return who, draft


def _is_admin(session: Session, who: Actor, unit_id: int) -> bool:
    place = members.unit(session, unit_id)
    return any(grant.role is Role.ADMIN and grant.unit.covers(place) for grant in who.grants)


def preview(session: Session, draft: Draft, unit: UnitRef, *, now: datetime) -> Plan:
    shown = replace(publishing.preview(session, draft, unit, now=now), rungs=())
    reason = str(draft.body.get("reason", ""))
    return Plan(draft.id, Step.PAST_PREVIEW, kind=shown.kind, unit=unit, preview=shown, reason=reason)


def ask_reason(session: Session, sender: Sender, draft_id: int, *, now: datetime) -> None:
    open_draft(session, sender, draft_id, now=now)
    prompts.await_text(session, sender, "meetings:past", str(draft_id), now=now)


def tell_reason(session: Session, sender: Sender, draft_id: int, text: str, *, now: datetime) -> Plan:
    _, draft = open_draft(session, sender, draft_id, now=now)
    if not draft.body.get("is_past"):
        raise DraftGone
    draft.body = {**draft.body, "reason": checked_reason(text)}
    prompts.forget_text(session, sender, now=now)
    return preview(session, draft, members.unit(session, draft.unit_id), now=now)


def record_past(session: Session, sender: Sender, draft_id: int, *, now: datetime, opener: Opener) -> MeetingFacts:
    """确认补录: the meeting, open and with the due list of its day."""
    who, draft, unit = take_draft(session, sender, draft_id, Step.PAST_PREVIEW, now=now)
    if "reason" not in draft.body:
        raise DraftGone
    plan, reason = meeting_of(draft, unit), str(draft.body["reason"])
    check_past(plan.starts_at, is_admin=_is_admin(session, who, unit.id), now=now)
    check_span(plan.kind, plan.starts_at, plan.ends_at)
    meeting_id = publishing.insert_meeting(session, plan, now=now)
    stays = update(Meeting).where(Meeting.id == meeting_id).values(extra_until=now + OPEN_FOR, reason=reason)
    session.execute(stays.execution_options(synchronize_session=False))
    row = {"meeting_id": meeting_id, "version": plan.version, "actor_id": who.recorded_id, "at": now}
    session.execute(insert(MeetingChange), [{**row, "what": Change.FROM_MEMORY, "reason": reason}])
    meeting = service.facts(session, meeting_id)
    assert meeting is not None
    opener(session, meeting, actor_id=who.recorded_id, update_id=sender.update_id, now=now)
    opened = service.facts(session, meeting_id)
    assert opened is not None
    return opened
