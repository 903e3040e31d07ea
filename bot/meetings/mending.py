"""Posts that a group did not take: its people hear in private instead."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.meetings import cards, firing, service
from bot.meetings.audiences import AUDIENCES, Occasion
from bot.meetings.facts import LIVE, MeetingFacts
from bot.meetings.ladder import Fate, PlannedRung
from bot.meetings.models import Card, Meeting
from bot.meetings.rules import CardKind, RollReader, RungName
from bot.members import service as members
from bot.outbox import OutboxRow, State

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
    """Cards without a message: of a group we are no longer in, whose rows were dropped together with it, or of one
    that got a new number, in which messages have other numbers, too."""
    query = select(Card.id, Card.meeting_id, Card.chat_id).join(Meeting, Meeting.id == Card.meeting_id)
    waiting = query.where(
        Card.chat_id < 0, Card.what == CardKind.PUBLIC, Card.message_id.is_(None), Meeting.state.in_(LIVE)
    )
    for card_id, meeting_id, chat_id in session.execute(waiting).all():
        meeting = service.facts(session, meeting_id)
        assert meeting is not None
        is_ours = chat_id in {chat.chat_id for chat in cards.chats(session, meeting)}
        if not cards.missing(session, meeting_id, [chat_id]):
            continue
        if is_ours:
            _post_again(session, meeting, chat_id, roll, now=now)
            continue
        _tell_in_private(session, meeting, RungName.R1, chat_id, roll, now=now)
        session.execute(delete(Card).where(Card.id == card_id))


def _post_again(
    session: Session, meeting: MeetingFacts, chat_id: int, roll: RollReader[Session], *, now: datetime
) -> None:
    """A card that had arrived; of one that may have arrived the secretary decides."""
    arrived = select(OutboxRow.id).where(
        OutboxRow.chat_id == chat_id,
        OutboxRow.state == State.SENT,
        outbox.under(f"meeting:{meeting.id}:v{meeting.version}:{RungName.R1.name}:"),
    )
    if session.scalar(arrived.limit(1)) is None:
        return
    thread = next(chat.thread_notice for chat in cards.chats(session, meeting) if chat.chat_id == chat_id)
    message = cards.content(session, meeting, chat_id, roll, now=now)
    cards.repost(session, meeting, chat_id, message, thread_id=thread, now=now)


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
