"""What the wrong-answer book knows of one person, for the file he may have, and its end when his data are erased."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.banks import drawing
from bot.members.facts import Table
from bot.members.personal import PersonalData, Traces
from bot.message import Button, press
from bot.practice import personal_views as words
from bot.practice.models import PracticeCard, PracticeEvent, PracticeWish, Review


def export(session: Session, member_id: int) -> Sequence[Table]:
    cards = session.scalars(select(PracticeCard).where(PracticeCard.member_id == member_id)).all()
    versions = drawing.versions(session, [card.version_id for card in cards])
    wishes = select(PracticeWish.per_day, PracticeWish.wants_reminder, PracticeWish.wants_daily)
    reviews = (
        select(Review.on_date, Review.mode, Review.question_id, Review.picked, Review.asked_at, Review.answered_at)
        .add_columns(Review.is_right)
        .where(Review.member_id == member_id)
        .order_by(Review.id)
    )
    stems = [(versions[card.version_id].question.stem, card) for card in cards]
    return (
        words.cards([(stem, c.state, c.due_on, c.streak, c.wrong_count, c.right_count) for stem, c in stems]),
        words.reviews([tuple(row) for row in session.execute(reviews)]),
        words.wishes([tuple(row) for row in session.execute(wishes.where(PracticeWish.member_id == member_id))]),
    )


def erase(session: Session, traces: Traces, _: datetime) -> None:
    """Nothing of a personal book stands for a branch: all of it goes."""
    for model in (Review, PracticeEvent, PracticeCard, PracticeWish):
        session.execute(delete(model).where(model.member_id == traces.member_id))


DATA = PersonalData(export, erase, (Button(words.BOOK, press("practice", "open")),))
