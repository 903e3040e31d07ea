"""What meetings know of one person, for the file he may have, and what of it goes when his data are erased."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Text, cast, delete, select
from sqlalchemy.orm import Session

from bot.meetings import personal_views as words
from bot.meetings.models import AgendaItem, Card, Draft, Lecturer, Meeting, MeetingChange, Minutes, Nudge, Series
from bot.members.facts import Table
from bot.members.personal import PersonalData, Traces, hide_in


def export(session: Session, member_id: int) -> Sequence[Table]:
    lectures = select(Lecturer.meeting_id).where(Lecturer.member_id == member_id)
    parts = (
        (words.CHAIR, Meeting.chair_id == member_id),
        (words.RECORDER, Meeting.recorder_id == member_id),
        (words.LECTURER, Meeting.id.in_(lectures)),
    )
    cells = [(*row, part) for part, where in parts for row in _meetings(session, where)]
    nudges = select(Meeting.starts_at, Meeting.title, Nudge.rung).join(Nudge, Nudge.meeting_id == Meeting.id)
    told = session.execute(nudges.where(Nudge.member_id == member_id).order_by(Nudge.id))
    return words.parts(cells), words.reminders([tuple(row) for row in told])


def _meetings(session: Session, where: ColumnElement[bool]) -> list[tuple[datetime, str]]:
    rows = session.execute(select(Meeting.starts_at, Meeting.title).where(where).order_by(Meeting.starts_at))
    return [(row[0], row[1]) for row in rows]


def erase(session: Session, traces: Traces, _: datetime) -> None:
    """Cards in private go; what people wrote about the person loses the name; meetings stay as they were."""
    if traces.user_id is not None:
        session.execute(delete(Card).where(Card.chat_id == traces.user_id))
    session.execute(delete(Draft).where(Draft.actor_id == traces.member_id, Draft.confirmed_at.is_(None)))
    escaped = json.dumps(traces.name)[1:-1]
    named = select(Draft).where(cast(Draft.body, Text).contains(escaped, autoescape=True))
    for draft in session.scalars(named.where(Draft.unit_id.in_(traces.unit_ids))):
        draft.body = json.loads(traces.hide(json.dumps(draft.body, ensure_ascii=False)))
    own = Meeting.unit_id.in_(traces.unit_ids)
    there = select(Meeting.id).where(own)
    hide_in(session, traces, Meeting, ("title", "place", "campaign", "reason"), own)
    hide_in(session, traces, Series, ("title", "place"), Series.unit_id.in_(traces.unit_ids))
    hide_in(session, traces, MeetingChange, ("was", "became", "reason"), MeetingChange.meeting_id.in_(there))
    hide_in(session, traces, AgendaItem, ("title", "person_name", "tag"), AgendaItem.meeting_id.in_(there))
    hide_in(session, traces, Minutes, ("summary", "decisions", "paper_ref"), Minutes.meeting_id.in_(there))


DATA = PersonalData(export, erase)
