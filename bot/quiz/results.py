"""What the answers of a live round come to: counts for the group, points for each person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, select, update
from sqlalchemy.orm import Session

from bot.members import service as members
from bot.periods import local_day
from bot.quiz.facts import Console, ItemCount, OwnResult, Summary
from bot.quiz.models import AnswerEvent, Attempt, AttemptItem, Paper, Round, RoundGuest, RoundItem, SeatChoice
from bot.quiz.rules import ENDED, AttemptState, ItemState, RoundState

GUESTS_FOR = timedelta(days=30)  # how long we know who voted without standing on the roster
ANSWERS_FOR = timedelta(days=730)
BATCH = 50  # people whose results are written in one transaction
OLDEST = 500  # answers forgotten in one transaction

_IS_RIGHT = case((AttemptItem.awarded_centi >= AttemptItem.max_centi, 1), else_=0)
_RIGHT = func.coalesce(func.sum(_IS_RIGHT), 0)


def _answers(round_id: int) -> ColumnElement[bool]:
    return and_(Attempt.round_id == round_id, AttemptItem.attempt_id == Attempt.id)


def item_count(session: Session, round_id: int, position: int) -> ItemCount:
    """How many answered the question at `position`, and how many of them with full marks."""
    query = select(func.count(), _RIGHT).where(_answers(round_id), AttemptItem.position == position)
    answered, right = session.execute(query).one()
    return ItemCount(position, answered, right)


def answered_count(session: Session, round_id: int, position: int) -> int:
    return item_count(session, round_id, position).answered


def unanswered_in_a_row(session: Session, round_id: int, position: int) -> int:
    """How many questions before and with `position` nobody has answered."""
    query = select(func.max(AttemptItem.position)).where(_answers(round_id), AttemptItem.position <= position)
    return position - (session.scalar(query) or 0)


def joined_count(session: Session, round_id: int) -> int:
    return session.scalar(select(func.count()).where(Attempt.round_id == round_id)) or 0


def revealed_count(session: Session, round_id: int) -> int:
    query = select(func.count()).where(RoundItem.round_id == round_id, RoundItem.state == ItemState.REVEALED)
    return session.scalar(query) or 0


def guest_count(session: Session, round_id: int) -> int:
    return session.scalar(select(func.count()).where(RoundGuest.round_id == round_id)) or 0


def console(session: Session, round_id: int, title: str, state: RoundState, position: int, total: int) -> Console:
    return Console(
        round_id=round_id,
        title=title,
        state=state,
        position=position,
        total=total,
        joined=joined_count(session, round_id),
        answered=answered_count(session, round_id, position),
        guests=guest_count(session, round_id),
    )


def summary(session: Session, round_id: int, title: str, total: int) -> Summary:
    rows = session.execute(
        select(AttemptItem.position, func.count(), _RIGHT)
        .where(_answers(round_id))
        .group_by(AttemptItem.position)
        .order_by(AttemptItem.position)
    )
    people = session.scalar(select(func.count(func.distinct(AttemptItem.attempt_id))).where(_answers(round_id))) or 0
    return Summary(title, total, people, tuple(ItemCount(*row) for row in rows))


@dataclass(frozen=True, slots=True)
class Settled:
    """One person's own result, to be told in private."""

    member_id: int
    user_id: int
    result: OwnResult


def settle(session: Session, round_id: int, title: str, *, now: datetime) -> list[Settled] | None:
    """Close the attempts of the next people; those with answers whom a private message can reach. None if nobody is
    left.
    """
    open_ones = (
        select(Attempt.id, Attempt.member_id, Paper.max_centi)
        .join(Paper, Paper.id == Attempt.paper_id)
        .where(Attempt.round_id == round_id, Attempt.state == AttemptState.STARTED)
        .order_by(Attempt.id)
        .limit(BATCH)
    )
    attempts = session.execute(open_ones).all()
    if not attempts:
        _forget_ticks(session, round_id)
        return None
    attempt_ids = [attempt_id for attempt_id, *_ in attempts]
    _close(session, Attempt.id.in_(attempt_ids), _points(), now)
    people = members.people(session, [member_id for _, member_id, _ in attempts], local_day(now))
    scores = _scores(session, attempt_ids)
    settled = []
    for attempt_id, member_id, max_centi in attempts:
        person, score = people.get(member_id), scores.get(attempt_id)
        if person is not None and person.is_reachable and person.user_id is not None and score is not None:
            settled.append(Settled(member_id, person.user_id, OwnResult(title, *score, max_centi)))
    return settled


def _scores(session: Session, attempt_ids: list[int]) -> dict[int, tuple[int, int, int]]:
    """Answered, right and points of those who answered at all."""
    points = func.coalesce(func.sum(AttemptItem.awarded_centi), 0)
    query = select(AttemptItem.attempt_id, func.count(), _RIGHT, points)
    rows = session.execute(query.where(AttemptItem.attempt_id.in_(attempt_ids)).group_by(AttemptItem.attempt_id))
    return {attempt_id: (answered, right, score) for attempt_id, answered, right, score in rows}


def settle_aborted(session: Session, round_id: int, *, now: datetime) -> None:
    """Close all attempts of a round that ended early, with the points of the questions that were revealed."""
    is_revealed = (
        select(RoundItem.id)
        .where(RoundItem.round_id == round_id, RoundItem.position == AttemptItem.position)
        .where(RoundItem.state == ItemState.REVEALED)
        .exists()
    )
    _forget_ticks(session, round_id)
    of_round = and_(Attempt.round_id == round_id, Attempt.state == AttemptState.STARTED)
    _close(session, of_round, _points().where(is_revealed), now)


def _forget_ticks(session: Session, round_id: int) -> None:
    """What was ticked and never sent."""
    own = select(Attempt.id).where(Attempt.round_id == round_id)
    session.execute(delete(SeatChoice).where(SeatChoice.attempt_id.in_(own)))


def _points() -> Select[int | None]:
    total = func.coalesce(func.sum(AttemptItem.awarded_centi), 0)
    return select(total).where(AttemptItem.attempt_id == Attempt.id).correlate(Attempt)


def _close(session: Session, which: ColumnElement[bool], points: Select[int | None], now: datetime) -> None:
    has_answer = select(AttemptItem.id).where(AttemptItem.attempt_id == Attempt.id).correlate(Attempt).exists()
    state = case((has_answer, AttemptState.SUBMITTED.name), else_=AttemptState.NO_ANSWER.name)
    statement = update(Attempt).where(which)
    values = {"state": state, "score_centi": points.scalar_subquery(), "submitted_at": now}
    session.execute(statement.values(values), execution_options={"synchronize_session": False})


def forget_old(session: Session, *, now: datetime) -> bool:
    """Single answers and guests are not kept longer than somebody may need them; points stay with the attempt. Some at
    a time, from the oldest on, which have the lowest numbers; True if there may be more.
    """
    old_rounds = select(Round.id).where(Round.state.in_(ENDED), Round.next_step_at < now - GUESTS_FOR)
    session.execute(delete(RoundGuest).where(RoundGuest.round_id.in_(old_rounds)))
    before = now - ANSWERS_FOR
    of_attempt = select(AttemptItem.id, Attempt.started_at).join(Attempt, Attempt.id == AttemptItem.attempt_id)
    items = session.execute(of_attempt.where(AttemptItem.id > 0).order_by(AttemptItem.id).limit(OLDEST))
    old_items = [item_id for item_id, at in items if at < before]
    session.execute(delete(AttemptItem).where(AttemptItem.id.in_(old_items)))
    received = select(AnswerEvent.id, AnswerEvent.received_at).where(AnswerEvent.id > 0)
    events = session.execute(received.order_by(AnswerEvent.id).limit(OLDEST))
    old_events = [event_id for event_id, at in events if at < before]
    of_event = AttemptItem.attempt_id == AnswerEvent.attempt_id
    is_used = select(AttemptItem.id).where(of_event).correlate(AnswerEvent).exists()
    gone = session.execute(
        delete(AnswerEvent).where(AnswerEvent.id.in_(old_events), ~is_used).returning(AnswerEvent.id)
    )
    return len(old_items) == OLDEST or len(gone.all()) == OLDEST
