"""Posts that a group did not take: its people hear in private instead."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.meetings import cards, firing, service
from bot.meetings.audiences import AUDIENCES, Occasion
from bot.meetings.facts import LIVE, MeetingFacts
from bot.meetings.ladder import Fate, PlannedRung
from bot.meetings.models import Card, Meeting
from bot.meetings.rules import CardKind, RollReader, RungName
from bot.members import service as members
from bot.outbox import State

log = structlog.get_logger()

LOST = (State.UNREACHABLE, State.DEAD)  # not UNKNOWN: it may stand there
NEEDED = (RungName.R1.name, RungName.R4.name)  # what nobody is told of in private anyhow


def failed(session: Session, key: str, state: State, now: datetime, roll: RollReader[Session]) -> None:
    """A row of a meeting will not be sent."""
    _, meeting_id, version, rung, _, recipient = key.split(":")
    if state not in LOST or rung not in NEEDED or not recipient.startswith("c-"):
        return
    meeting = service.facts(session, int(meeting_id))
    if meeting is not None and meeting.is_live and version == f"v{meeting.version}":
        _tell_in_private(session, meeting, RungName[rung], int(recipient[1:]), roll, now=now)


def mend(session: Session, roll: RollReader[Session], *, now: datetime) -> None:
    """Cards that waited for a group we are no longer in: those rows were dropped together with the group."""
    query = select(Card.id, Card.meeting_id, Card.chat_id).join(Meeting, Meeting.id == Card.meeting_id)
    waiting = query.where(
        Card.chat_id < 0, Card.what == CardKind.PUBLIC, Card.message_id.is_(None), Meeting.state.in_(LIVE)
    )
    for card_id, meeting_id, chat_id in session.execute(waiting).all():
        meeting = service.facts(session, meeting_id)
        assert meeting is not None
        is_ours = chat_id in {chat.chat_id for chat in cards.chats(session, meeting)}
        if is_ours or not cards.missing(session, meeting_id, [chat_id]):
            continue
        _tell_in_private(session, meeting, RungName.R1, chat_id, roll, now=now)
        session.execute(delete(Card).where(Card.id == card_id))


def _tell_in_private(
    session: Session, meeting: MeetingFacts, rung: RungName, chat_id: int, roll: RollReader[Session], *, now: datetime
) -> None:
    """What the group was to read, to each of its people who is due."""
    found = roll(session, meeting.id, now=now)
    people = members.people(session, (*found.due, *found.joined), meeting.on)
    others = tuple(chat for chat in cards.chats(session, meeting) if chat.chat_id != chat_id)
    late = meeting.rules.window.late if rung is RungName.R4 else timedelta(0)
    planned = PlannedRung(rung, now, meeting.starts_at + late)
    on = Occasion(session, meeting, found, now, others, people)
    posts = [post for post in AUDIENCES[rung](on, planned, Fate.ON_TIME) if post.member_id is not None]
    firing.send(on, planned, Fate.ON_TIME, posts)
    log.info("post_replaced", meeting=meeting.id, rung=rung.name, people=len(posts))
