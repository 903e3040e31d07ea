"""Tables of the wrong-answer book: cards, what happened to them, the question that waits for an answer, own wishes."""

from datetime import date, datetime
from enum import Enum as PythonEnum

from sqlalchemy import JSON, Date, Enum, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db import Base, UtcDateTime, only
from bot.practice.rules import USUAL_PER_DAY, CardState, Mode


def _name(kind: type[PythonEnum]) -> Enum:
    return Enum(kind, native_enum=False, length=24)


class PracticeCard(Base):
    """A question that somebody once answered wrong."""

    __tablename__ = "practice_cards"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"), primary_key=True, index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("question_versions.id"))
    state: Mapped[CardState] = mapped_column(_name(CardState), default=CardState.ACTIVE)
    fsrs: Mapped[dict[str, object]] = mapped_column(JSON)
    due_on: Mapped[date] = mapped_column(Date)
    streak: Mapped[int] = mapped_column(Integer, default=0)
    wrong_count: Mapped[int] = mapped_column(Integer, default=0)
    right_count: Mapped[int] = mapped_column(Integer, default=0)
    is_renewed: Mapped[bool] = mapped_column(default=False)  # the key was changed since the person last saw it

    __table_args__ = (Index("ix_practice_cards_due", "due_on", "member_id"),)


class PracticeEvent(Base):
    """One thing that moved a card, counted once by its source."""

    __tablename__ = "practice_events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    source_key: Mapped[str] = mapped_column(String(40), unique=True)  # item:<attempt item>, review:<review>
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"))
    is_right: Mapped[bool]
    rating: Mapped[int | None] = mapped_column(Integer)  # py-fsrs' 1 again, 2 hard, 3 good; none: the card stayed
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Review(Base):
    """A question put to somebody in private; one at a time waits for its answer."""

    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("question_versions.id"))
    mode: Mapped[Mode] = mapped_column(_name(Mode))
    on_date: Mapped[date] = mapped_column(Date)
    option_order: Mapped[list[int]] = mapped_column(JSON)
    picked: Mapped[str] = mapped_column(Text, default="")  # the bank's letters; a blank's texts, one a line
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    is_right: Mapped[bool | None]

    __table_args__ = (
        only("uq_reviews_waiting", "member_id", where="answered_at IS NULL"),
        only("uq_reviews_daily", "member_id", "on_date", where="mode = 'DAILY'"),
        Index("ix_reviews_of_day", "member_id", "on_date"),
    )


class PracticeWish(Base):
    """What somebody set for himself; without a row the usual."""

    __tablename__ = "practice_wishes"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    per_day: Mapped[int] = mapped_column(Integer, default=USUAL_PER_DAY)
    wants_reminder: Mapped[bool] = mapped_column(default=False)
    wants_daily: Mapped[bool] = mapped_column(default=False)
    told_on: Mapped[date | None] = mapped_column(Date)  # the day of the last noon message
