"""Cards in private seats whose question is over: they say so, and keep no buttons that nothing would come of."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox
from bot.message import Edit
from bot.outbox import Lane, OutboxRow
from bot.quiz import seat_views
from bot.quiz.facts import SeatOver
from bot.quiz.models import AnswerEvent, Attempt, AttemptItem, PaperItem, SeatChoice
from bot.quiz.rules import TOLD_FOR, Key, Via
from bot.quiz.service import Live, item_of

SEAT, OVER = "seat", "unseat"


@dataclass(frozen=True, slots=True)
class _Sitter:
    """Who sits in private at a question: what is only ticked, and whether the group's poll has his answer."""

    ticked: str
    has_voted: bool


def end(session: Session, live: Live, *, now: datetime) -> None:
    """Nobody can answer the question at which the round stands: of every card that was not answered here, an edit."""
    query = select(OutboxRow.key, OutboxRow.chat_id, OutboxRow.message_id)
    sent = query.where(outbox.under(live.key(SEAT, live.position) + ":"), OutboxRow.message_id.is_not(None))
    cards = {Key.parse(key).numbers: (chat_id, at) for key, chat_id, at in session.execute(sent) if chat_id and at}
    sitters = _sitters(session, live.id, live.position, {member_id for _, member_id, _ in cards})
    if not sitters:
        return
    item, points = item_of(session, live, live.position), _points(session, live)
    for numbers, (chat_id, message_id) in cards.items():
        if one := sitters.get(numbers[1]):
            over = Edit(seat_views.over(SeatOver(item, points, one.ticked, one.has_voted)), message_id)
            _tell(session, live.key(OVER, *numbers), chat_id, over, now)


def _sitters(session: Session, round_id: int, position: int, member_ids: Collection[int]) -> dict[int, _Sitter]:
    """Those of whom no answer by buttons has been taken."""
    here = (AnswerEvent.attempt_id == Attempt.id, AnswerEvent.position == position, AnswerEvent.accepted)
    by_button = select(AnswerEvent.id).where(*here, AnswerEvent.via == Via.PRIVATE).correlate(Attempt).exists()
    query = (
        select(Attempt.member_id, SeatChoice.selection, AttemptItem.id)
        .outerjoin(SeatChoice, (SeatChoice.attempt_id == Attempt.id) & (SeatChoice.position == position))
        .outerjoin(AttemptItem, (AttemptItem.attempt_id == Attempt.id) & (AttemptItem.position == position))
        .where(Attempt.round_id == round_id, Attempt.member_id.in_(member_ids), ~by_button)
    )
    rows = session.execute(query)
    return {member_id: _Sitter(ticked or "", item_id is not None) for member_id, ticked, item_id in rows}


def _points(session: Session, live: Live) -> int:
    query = select(PaperItem.score_centi).where(PaperItem.paper_id == live.paper_id)
    return session.scalars(query.where(PaperItem.position == live.position)).one()


def _tell(session: Session, key: str, chat_id: int, over: Edit, now: datetime) -> None:
    until = now + TOLD_FOR
    outbox.enqueue(session, key, chat_id=chat_id, content=over, lane=Lane.CARD, valid_until=until, now=now)


def is_over(session: Session, round_id: int, position: int, member_id: int) -> bool:
    """Whether nothing has come of a card after all: a press may have been on its way."""
    return member_id in _sitters(session, round_id, position, [member_id])
