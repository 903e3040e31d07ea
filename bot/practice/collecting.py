"""Takes what has become known since the last look into the book: new errors, changed keys, retired questions."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.banks import drawing
from bot.banks.rules import Status
from bot.db import upsert
from bot.periods import local_day
from bot.practice.memory import reviewed
from bot.practice.models import PracticeCard, PracticeEvent
from bot.practice.rules import CardState, Grade
from bot.quiz import finished
from bot.quiz.finished import Wrong


def collect(session: Session, member_id: int, *, now: datetime) -> int:
    """Pull the member's new errors into his book, each once; how many there were."""
    _follow_keys(session, member_id, now)
    known = set(session.scalars(select(PracticeEvent.source_key).where(PracticeEvent.member_id == member_id)))
    fresh = [wrong for wrong in finished.errors(session, member_id) if _key(wrong) not in known]
    for wrong in fresh:
        _take(session, member_id, wrong, now)
    if fresh:
        _follow_keys(session, member_id, now)
    return len(fresh)


def _key(wrong: Wrong) -> str:
    return f"item:{wrong.item_id}"


def _take(session: Session, member_id: int, wrong: Wrong, now: datetime) -> None:
    card = session.get(PracticeCard, (member_id, wrong.question_id))
    is_aside = card is not None and card.state is CardState.SUSPENDED
    at = min(wrong.at, now)
    rating = None if is_aside else Grade.AGAIN
    if not note(session, _key(wrong), member_id, wrong.question_id, at, rating, is_right=False):
        return
    if card is not None and is_aside:
        card.wrong_count += 1
    else:
        set_back(session, card, member_id, wrong.question_id, wrong.version_id, at)


def note(
    session: Session,
    key: str,
    member_id: int,
    question_id: int,
    at: datetime,
    rating: Grade | None,
    *,
    is_right: bool,
) -> bool:
    """Write down what moved a card; False if it has been counted before."""
    row = upsert(session, PracticeEvent).values(
        source_key=key,
        member_id=member_id,
        question_id=question_id,
        is_right=is_right,
        rating=rating.value if rating else None,
        at=at,
    )
    fresh = row.on_conflict_do_nothing(index_elements=["source_key"]).returning(PracticeEvent.id)
    return session.scalar(fresh) is not None


def set_back(
    session: Session, card: PracticeCard | None, member_id: int, question_id: int, version_id: int, at: datetime
) -> PracticeCard:
    """After a wrong answer: the question comes back the next day and its row of right answers begins anew."""
    if card is None:
        card = PracticeCard(member_id=member_id, question_id=question_id, wrong_count=0, right_count=0)
        card.is_renewed = False
        session.add(card)
    memory = reviewed(question_id, card.fsrs, Grade.AGAIN, at)
    card.version_id, card.state, card.streak = version_id, CardState.ACTIVE, 0
    card.fsrs, card.due_on = memory.state, memory.due_on
    card.wrong_count += 1
    session.flush()
    return card


def _follow_keys(session: Session, member_id: int, now: datetime) -> None:
    """A card shows its question as it is now; where the key was changed, nothing learned about it counts."""
    cards = session.scalars(select(PracticeCard).where(PracticeCard.member_id == member_id)).all()
    newest = drawing.newest(session, [card.question_id for card in cards])
    behind = [card for card in cards if newest[card.question_id].version_id != card.version_id]
    if not behind:
        return
    before = drawing.versions(session, [card.version_id for card in behind])
    for card in behind:
        to = newest[card.question_id]
        if before[card.version_id].marking_hash != to.marking_hash:
            card.fsrs, card.due_on, card.streak = {}, local_day(now), 0
            card.state, card.is_renewed = CardState.ACTIVE, True
        card.version_id = to.version_id
    session.flush()


def shown(session: Session, cards: Sequence[PracticeCard]) -> list[PracticeCard]:
    """Without those whose question has been retired."""
    retired = _retired(session, [card.question_id for card in cards])
    return [card for card in cards if card.question_id not in retired]


def _retired(session: Session, question_ids: Collection[int]) -> set[int]:
    newest = drawing.newest(session, question_ids)
    return {question_id for question_id, one in newest.items() if one.status is not Status.ACTIVE}
