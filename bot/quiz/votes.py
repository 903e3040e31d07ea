"""Votes in the polls of live rounds: whose they are, and what came before its poll was known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import structlog
from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.db import upsert
from bot.members import crowd
from bot.message import Sender
from bot.quiz import answering, rounds, views
from bot.quiz.answering import Asked, MixedError
from bot.quiz.models import RoundGuest, RoundPoll, StrayVote
from bot.quiz.rules import ENDED, STRAY_FOR, Key, Via
from bot.quiz.service import load
from bot.statements import Query

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ballot:
    """What somebody has chosen in a poll; no options: he takes it back."""

    sender: Sender
    poll_id: str
    options: tuple[int, ...]


def vote(session: Session, sender: Sender, poll_id: str, options: tuple[int, ...], *, now: datetime) -> None:
    count(session, [Ballot(sender, poll_id, options)], now=now)


def count(session: Session, ballots: Sequence[Ballot], *, now: datetime) -> Sequence[None]:
    """Count what was cast in polls of ours, or keep it until its poll is known; nobody is told anything. Of several
    raises MixedError if one was counted before or answers what is answered.
    """
    for poll_id in dict.fromkeys(ballot.poll_id for ballot in ballots):
        cast = [ballot for ballot in ballots if ballot.poll_id == poll_id]
        asked = answering.asked_in(session, poll_id)
        if asked is None:
            _keep_strays(session, cast)
        else:
            _count(session, asked, cast, now)
    return [None] * len(ballots)


def _note_anonymous(session: Session, round_id: int, now: datetime) -> None:
    live = load(session, round_id)
    if live is not None:
        rounds.tell_host(session, live, live.key("anonymous"), views.anonymous_vote(), now=now)


def _count(session: Session, asked: Asked, ballots: Sequence[Ballot], now: datetime) -> None:
    voters = [ballot.sender.user_id for ballot in ballots if ballot.sender.user_id != 0]
    if len(voters) < len(ballots):
        _note_anonymous(session, asked.round_id, now)
    people = crowd.belonging(session, voters, asked.unit, now=now)
    for user_id in voters:
        if user_id not in people:
            _note_guest(session, asked, user_id, now)
    theirs = [ballot for ballot in ballots if ballot.sender.user_id in people]
    known = {people[ballot.sender.user_id]: ballot for ballot in theirs}
    if len(known) < len(theirs):  # two of one person are one after the other, not at once
        raise MixedError
    if known:
        answering.take(session, asked, known, Via.POLL, now=now)


def _note_guest(session: Session, asked: Asked, user_id: int, now: datetime) -> None:
    if asked.round_state in ENDED:
        return
    guest = upsert(session, RoundGuest).values(round_id=asked.round_id, user_id=user_id)
    session.execute(guest.on_conflict_do_nothing())
    outbox.refresh(session, str(Key(asked.round_id, "counts")), now=now)


# -- votes that came before their poll ---------------------------------------------------------------------------------


def _keep_strays(session: Session, ballots: Sequence[Ballot]) -> None:
    rows = [
        {
            "bot_id": ballot.sender.bot_id,
            "update_id": ballot.sender.update_id,
            "poll_id": ballot.poll_id,
            "user_id": ballot.sender.user_id,
            "options": list(ballot.options),
            "received_at": ballot.sender.at,
        }
        for ballot in ballots
    ]
    statement = upsert(session, StrayVote).on_conflict_do_nothing(index_elements=["bot_id", "update_id"])
    session.execute(statement, rows)


def take_up(session: Session, *, now: datetime, poll_id: str | None = None) -> None:
    """Count the votes whose poll has become known."""
    known = select(StrayVote).where(StrayVote.poll_id.in_(select(RoundPoll.poll_id)))
    if poll_id is not None:
        known = known.where(StrayVote.poll_id == poll_id)
    for stray in session.scalars(known.order_by(StrayVote.update_id)).all():
        sender = Sender(stray.user_id, stray.user_id, stray.received_at, update_id=stray.update_id, bot_id=stray.bot_id)
        session.execute(delete(StrayVote).where(StrayVote.id == stray.id))
        vote(session, sender, stray.poll_id, tuple(stray.options), now=now)


_OLDEST_STRAY = Query(select(func.min(StrayVote.received_at)))


def next_stray_due(session: Session, _: datetime) -> datetime | None:
    [(oldest,)] = _OLDEST_STRAY.all(session, {})
    return oldest + STRAY_FOR if oldest is not None else None


def drop_strays(session: Session, *, now: datetime) -> None:
    """Forget votes in polls that were never ours."""
    take_up(session, now=now)
    old = delete(StrayVote).where(StrayVote.received_at <= now - STRAY_FOR)
    dropped = cast("CursorResult[object]", session.execute(old)).rowcount
    if dropped:
        log.info("votes_dropped", reason="unknown poll", count=dropped)
