"""A plan that asks for a repetition: begun, changed in what only series have, opened anew from a series that runs."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.meetings import series
from bot.meetings.drafts import open_draft
from bot.meetings.facts import Plan, Step
from bot.meetings.planning import advance
from bot.members import service as members
from bot.members.rules import Right
from bot.message import Sender


def begin_series(session: Session, sender: Sender, *, now: datetime) -> Plan:
    """[新的周期会议]: a plan that asks for a repetition instead of a day."""
    who = members.actor(session, sender, now=now)
    who.require(Right.PLAN)
    return advance(session, who, series.draft_of(session, who, {"repeats": True}, now=now), now=now)


def change_series(session: Session, sender: Sender, series_id: int, *, now: datetime) -> Plan:
    who, draft = series.redraft(session, sender, series_id, now=now)
    return advance(session, who, draft, now=now)


def set_rule(session: Session, sender: Sender, draft_id: int, place: int, *, now: datetime) -> Plan:
    who, draft = open_draft(session, sender, draft_id, now=now)
    draft.body = series.choose(draft.body, place)
    return advance(session, who, draft, now=now)


def set_off_days(session: Session, sender: Sender, draft_id: int, word: str, *, now: datetime) -> Plan:
    """Shows what has become of it, and goes on asking."""
    _, draft = open_draft(session, sender, draft_id, now=now)
    draft.body = series.set_off_days(draft.body, word)
    return off_days(session, sender, draft_id, now=now)


def off_days(session: Session, sender: Sender, draft_id: int, *, now: datetime) -> Plan:
    """遇非工作日: what the preview leads to is asked for once more."""
    who, draft = open_draft(session, sender, draft_id, now=now)
    plan = advance(session, who, draft, now=now)
    return plan if plan.series is None else replace(plan, step=Step.OFF_DAYS)
