"""The row a plan lives in while it is being written."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.errors import UserError
from bot.meetings import kinds
from bot.meetings.facts import MeetingFacts, Step
from bot.meetings.models import Draft
from bot.meetings.rules import MeetingKind, MeetingState
from bot.members import service as members
from bot.members.rules import Actor, Right, UnitRef
from bot.message import Sender

DRAFT_LIFE = timedelta(hours=24)

Body = dict[str, object]


class DraftGone(UserError):
    text = "这份草稿已失效，请重新发送 /plan。"
    ends_buttons = True


class AlreadySaved(UserError):
    text = "已保存，未重复创建"
    ends_buttons = True


BEFORE = "before"  # of a body that is being changed: the body as it was


def reopened(body: Body, *keys: str) -> Body:
    """To be asked for `keys` again, with the way back."""
    return {**without(body, *keys), BEFORE: body.get(BEFORE, body)}


def closed(body: Body) -> Body:
    """不改了: as it was before the change."""
    before = body.get(BEFORE)
    return {str(key): value for key, value in before.items()} if isinstance(before, dict) else body


def without(body: Mapping[str, object], *keys: str) -> Body:
    return {key: value for key, value in body.items() if key not in keys}


def open_draft(session: Session, sender: Sender, draft_id: int, *, now: datetime) -> tuple[Actor, Draft]:
    """One's own draft while it can be changed."""
    who = members.actor(session, sender, now=now)
    draft = session.get(Draft, draft_id)
    if draft is None or draft.actor_id != who.member_id:
        raise DraftGone
    if draft.confirmed_at is not None:
        raise AlreadySaved
    if draft.expires_at <= now:
        raise DraftGone
    return who, draft


def take_draft(
    session: Session, sender: Sender, draft_id: int, step: Step, *, now: datetime
) -> tuple[Actor, Draft, UnitRef]:
    """One's own finished draft, which stands at `step`, to be made true; this closes it."""
    who, draft = open_draft(session, sender, draft_id, now=now)
    unit = members.unit(session, draft.unit_id)
    who.require(Right.PLAN, unit)
    if draft.step != step.name:
        raise DraftGone
    _close(session, draft_id, now=now)
    return who, draft, unit


def _close(session: Session, draft_id: int, *, now: datetime) -> None:
    """Confirm a draft, once; whoever presses again hears that it is saved."""
    taken = update(Draft).where(Draft.id == draft_id, Draft.confirmed_at.is_(None), Draft.expires_at > now)
    if session.execute(taken.values(confirmed_at=now).returning(Draft.id)).first() is None:
        raise AlreadySaved


def meeting_of(draft: Draft, unit: UnitRef) -> MeetingFacts:
    """The meeting a draft describes, before it exists."""
    kind = MeetingKind[str(draft.body["kind"])]
    starts_at = datetime.fromisoformat(str(draft.body["starts_at"]))
    said = draft.body.get("minutes")
    length = timedelta(minutes=cast("int", said)) if said else kinds.of(kind, unit.kind).length
    return MeetingFacts(
        id=0,
        unit=unit,
        kind=kind,
        title=str(draft.body.get("title", "")),
        place=str(draft.body.get("place", "")),
        starts_at=starts_at,
        ends_at=starts_at + length,
        state=MeetingState.SCHEDULED,
        version=1,
        created_by=draft.actor_id,
        draft_id=draft.id,
    )
