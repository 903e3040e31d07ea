"""Answers to live questions. The hot path of the house: a handful of statements a vote, however large the group."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import cast

import structlog
from sqlalchemy import CursorResult, Text, bindparam, delete, func, select, update
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from bot import outbox
from bot.banks.content import question_of
from bot.banks.models import QuestionVersion
from bot.banks.rules import Form, Question, Rule
from bot.db import upsert, upsert_on
from bot.members import service as members
from bot.members.models import Chat, Unit
from bot.members.rules import NotBound, UnitRef
from bot.message import Sender
from bot.quiz import rounds, views
from bot.quiz.marking import mark
from bot.quiz.models import (
    AnswerEvent,
    Attempt,
    AttemptItem,
    PaperItem,
    Round,
    RoundGuest,
    RoundItem,
    RoundPoll,
    StrayVote,
)
from bot.quiz.rules import (
    ALONE,
    ENDED,
    STRAY_FOR,
    AttemptState,
    ItemState,
    Key,
    Refusal,
    RoundState,
    Seat,
    Via,
    is_on_roster,
    selection,
    time_for,
)
from bot.quiz.service import load
from bot.statements import Query

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """The question a poll carries, as a vote in it needs it."""

    round_id: int
    paper_id: int
    round_state: RoundState
    round_position: int
    unit: UnitRef
    item_state: ItemState
    position: int
    version_id: int
    order: tuple[int, ...]
    form: Form
    closes_at: datetime | None
    score_centi: int
    rule: Rule
    question: Question

    @property
    def takes_answers(self) -> bool:
        """Telegram ends a poll by itself, so a vote that comes after the answer was cast before it."""
        return self.round_state not in ENDED and self.item_state is not ItemState.SKIPPED


_ASKED = Query(
    select(Round.id, Round.paper_id, Round.state, Round.position, Unit.id, Unit.kind, Unit.name, Unit.path)
    .add_columns(RoundItem.state, RoundItem.position, RoundItem.version_id, RoundItem.option_order, RoundItem.form)
    .add_columns(RoundItem.closes_at, PaperItem.score_centi, PaperItem.rule, cast_to(QuestionVersion.content, Text))
    .select_from(RoundPoll)
    .join(RoundItem, RoundItem.id == RoundPoll.round_item_id)
    .join(Round, Round.id == RoundItem.round_id)
    .join(Chat, Chat.chat_id == Round.chat_id)
    .join(Unit, Unit.id == Chat.unit_id)
    .join(PaperItem, (PaperItem.paper_id == Round.paper_id) & (PaperItem.position == RoundItem.position))
    .join(QuestionVersion, QuestionVersion.id == RoundItem.version_id)
    .where(RoundPoll.poll_id == bindparam("poll_id"))
)


def vote(session: Session, sender: Sender, poll_id: str, options: tuple[int, ...], *, now: datetime) -> None:
    """Count a vote in a poll of ours, or keep it until its poll is known."""
    asked = _asked(session, poll_id)
    if asked is None:
        _keep_stray(session, sender, poll_id, options)
    elif sender.user_id == 0:
        _note_anonymous(session, asked.round_id, now)
    else:
        _count(session, asked, sender, options, now)


def _asked(session: Session, poll_id: str) -> Asked | None:
    row = _ASKED.first(session, {"poll_id": poll_id})
    if row is None:
        return None
    round_id, paper_id, state, round_position, *unit = row[:8]
    item_state, position, version_id, order, form, closes_at, score_centi, rule, content = row[8:]
    return Asked(
        round_id,
        paper_id,
        state,
        round_position,
        UnitRef(*unit),
        item_state,
        position,
        version_id,
        tuple(order),
        form,
        closes_at,
        score_centi,
        rule,
        _question(content),
    )


@lru_cache(maxsize=64)
def _question(content: str) -> Question:
    """Of a crowd's votes all are in the same few questions: reading one again and again was a seventh of a vote."""
    return question_of("", json.loads(content))


def _note_anonymous(session: Session, round_id: int, now: datetime) -> None:
    live = load(session, round_id)
    if live is not None:
        rounds.tell_host(session, live, live.key("anonymous"), views.anonymous_vote(), now=now)


def _count(session: Session, asked: Asked, sender: Sender, options: tuple[int, ...], now: datetime) -> None:
    try:
        who = members.actor(session, sender, now=now)
    except NotBound:
        who = None
    if who is None or not is_on_roster(who, asked.unit):
        _note_guest(session, asked, sender.user_id, now)
        return
    attempt_id, is_open = attempt(session, asked.round_id, asked.paper_id, who.member_id, sender.at)
    if _answer(session, asked, attempt_id, sender, options, is_open=is_open):
        outbox.refresh(session, str(Key(asked.round_id, "counts")), now=now)
        _close_when_all_answered(session, asked, now)


def _note_guest(session: Session, asked: Asked, user_id: int, now: datetime) -> None:
    if asked.round_state in ENDED:
        return
    guest = upsert(session, RoundGuest).values(round_id=asked.round_id, user_id=user_id)
    session.execute(guest.on_conflict_do_nothing())
    outbox.refresh(session, str(Key(asked.round_id, "counts")), now=now)


_ATTEMPT = Query(
    select(Attempt.id, Attempt.state).where(
        Attempt.round_id == bindparam("round_id"), Attempt.member_id == bindparam("member_id")
    )
)


_NEXT_NUMBER = (
    select(func.coalesce(func.max(Attempt.number), 0) + 1)
    .where(Attempt.paper_id == bindparam("of_paper"), Attempt.member_id == bindparam("of_member"))
    .scalar_subquery()
)


def _new_attempt(dialect: str) -> ReturningInsert[int]:
    statement = upsert_on(dialect, Attempt).values(
        paper_id=bindparam("of_paper"),
        member_id=bindparam("of_member"),
        number=_NEXT_NUMBER,
        round_id=bindparam("of_round"),
        seat=Seat.GROUP,
        state=AttemptState.STARTED,
        started_at=bindparam("at"),
        credit_s=0,
    )
    return statement.on_conflict_do_nothing(index_elements=["round_id", "member_id"]).returning(Attempt.id)


_NEW_ATTEMPT = Query(_new_attempt)


def attempt(session: Session, round_id: int, paper_id: int, member_id: int, at: datetime) -> tuple[int, bool]:
    """The member's attempt in the round, begun at `at` if there is none yet, and whether it still takes answers."""
    mine = {"round_id": round_id, "member_id": member_id}
    found = _ATTEMPT.first(session, mine)
    if found is None:
        begun = {"of_paper": paper_id, "of_member": member_id, "of_round": round_id, "at": at}
        fresh = _NEW_ATTEMPT.first(session, begun)
        if fresh is not None:
            return fresh[0], True
        [found] = _ATTEMPT.all(session, mine)
    return found[0], found[1] is AttemptState.STARTED


def _answer(
    session: Session, asked: Asked, attempt_id: int, sender: Sender, options: tuple[int, ...], *, is_open: bool
) -> bool:
    """Keep the event; True if it is the answer of this attempt to the question."""
    picked = selection(asked.question, asked.order, options)
    refusal = Refusal.EMPTY if not options else None if is_open and asked.takes_answers else Refusal.LATE
    event_id = _keep_event(session, asked, attempt_id, sender, picked, refusal)
    if event_id is None or refusal is not None:
        return False
    if _take(session, asked, attempt_id, picked, sender.at, event_id):
        return True
    second = update(AnswerEvent).where(AnswerEvent.id == event_id)
    session.execute(second.values(accepted=False, reason=Refusal.ALREADY))
    return False


_NEW_EVENT: Query[int] = Query(
    lambda dialect: (
        upsert_on(dialect, AnswerEvent)
        .on_conflict_do_nothing(index_elements=["bot_id", "update_id"])
        .returning(AnswerEvent.id)
    )
)


def _keep_event(
    session: Session, asked: Asked, attempt_id: int, sender: Sender, picked: str, refusal: Refusal | None
) -> int | None:
    """None if this very update has been kept before."""
    event = {
        "bot_id": sender.bot_id,
        "update_id": sender.update_id,
        "attempt_id": attempt_id,
        "position": asked.position,
        "selection": picked,
        "via": Via.POLL,
        "received_at": sender.at,
        "accepted": refusal is None,
        "reason": refusal,
    }
    fresh = _NEW_EVENT.first(session, event)
    return fresh[0] if fresh else None


_NEW_ITEM: Query[int] = Query(
    lambda dialect: (
        upsert_on(dialect, AttemptItem)
        .on_conflict_do_nothing(index_elements=["attempt_id", "position"])
        .returning(AttemptItem.id)
    )
)


def _take(session: Session, asked: Asked, attempt_id: int, picked: str, at: datetime, event_id: int) -> bool:
    """Mark the answer; False if the question has one already: the first wins."""
    points = mark(asked.question, picked, score_centi=asked.score_centi, rule=asked.rule)
    item = {
        "attempt_id": attempt_id,
        "position": asked.position,
        "version_id": asked.version_id,
        "option_order": list(asked.order),
        "max_centi": asked.score_centi,
        "rule": asked.rule,
        "selection": picked,
        "is_marked": False,
        "answered_at": at,
        "last_event_id": event_id,
        "awarded_centi": points.centi,
    }
    return _NEW_ITEM.first(session, item) is not None


_HAS_ANSWERED = (
    select(AttemptItem.id)
    .where(AttemptItem.attempt_id == Attempt.id, AttemptItem.position == bindparam("position"))
    .correlate(Attempt)
    .exists()
)
_JOINED_BEFORE = select(Attempt.id).where(
    Attempt.round_id == bindparam("round_id"), Attempt.started_at < bindparam("opened_at")
)
_SOMEBODY_TO_COME = Query(_JOINED_BEFORE.where(~_HAS_ANSWERED).limit(1))
_COMPANY = Query(_JOINED_BEFORE.limit(ALONE + 1))


def _close_when_all_answered(session: Session, asked: Asked, now: datetime) -> None:
    """End the question early once everybody who had joined before it has answered."""
    is_current = asked.round_state is RoundState.OPEN and asked.position == asked.round_position
    if not is_current or asked.closes_at is None or asked.closes_at <= now:
        return
    opened_at = asked.closes_at - time_for(asked.question, asked.form)
    joined_before = {"round_id": asked.round_id, "opened_at": opened_at}
    if _SOMEBODY_TO_COME.first(session, {**joined_before, "position": asked.position}) is not None:
        return
    is_company = len(_COMPANY.all(session, joined_before)) > ALONE
    live = load(session, asked.round_id) if is_company else None
    if live is not None:
        rounds.close_item(session, live, now=now)


# -- votes that came before their poll ---------------------------------------------------------------------------------


def _keep_stray(session: Session, sender: Sender, poll_id: str, options: tuple[int, ...]) -> None:
    statement = upsert(session, StrayVote).values(
        bot_id=sender.bot_id,
        update_id=sender.update_id,
        poll_id=poll_id,
        user_id=sender.user_id,
        options=list(options),
        received_at=sender.at,
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["bot_id", "update_id"]))


def take_up(session: Session, *, now: datetime, poll_id: str | None = None) -> None:
    """Count the votes whose poll has become known."""
    known = select(StrayVote).where(StrayVote.poll_id.in_(select(RoundPoll.poll_id)))
    if poll_id is not None:
        known = known.where(StrayVote.poll_id == poll_id)
    for stray in session.scalars(known.order_by(StrayVote.update_id)).all():
        sender = Sender(stray.user_id, stray.user_id, stray.received_at, update_id=stray.update_id, bot_id=stray.bot_id)
        session.execute(delete(StrayVote).where(StrayVote.id == stray.id))
        vote(session, sender, stray.poll_id, tuple(stray.options), now=now)


def next_stray_due(session: Session, _: datetime) -> datetime | None:
    oldest = session.scalar(select(func.min(StrayVote.received_at)))
    return oldest + STRAY_FOR if oldest is not None else None


def drop_strays(session: Session, *, now: datetime) -> None:
    """Forget votes in polls that were never ours."""
    take_up(session, now=now)
    old = delete(StrayVote).where(StrayVote.received_at <= now - STRAY_FOR)
    dropped = cast("CursorResult[object]", session.execute(old)).rowcount
    if dropped:
        log.info("votes_dropped", reason="unknown poll", count=dropped)
