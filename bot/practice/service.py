"""One person's book: what is due, the question that is put to him, his answer. Nobody else is let in."""

import random
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, Select, delete, func, select, update
from sqlalchemy.orm import Session

from bot.banks import drawing
from bot.banks.rules import RIGHT, WRONG, Question, QuestionType, bank_letters, option_order
from bot.inbox import Outage
from bot.members import prompts
from bot.members import service as members
from bot.members.rules import Actor, Right
from bot.message import Sender, StaleButton
from bot.periods import at_beijing, local_day
from bot.practice import collecting
from bot.practice.facts import Ahead, Asked, Book, Done, Entry, Verdict, Wish
from bot.practice.memory import retrievability, reviewed
from bot.practice.models import PracticeCard, PracticeWish, Review
from bot.practice.rules import (
    MEDIAN_OF,
    NOON,
    PER_DAY,
    USUAL_PER_DAY,
    AnsweredAlready,
    BookEmpty,
    CardState,
    Grade,
    Mode,
    NothingPicked,
    WrongParts,
    after_right,
    grade,
)
from bot.quiz import marking
from bot.quiz.marking import Selection
from bot.quiz.phrases import blank_parts

PURPOSE = "practice"  # of an awaited text: the blanks of a question


# -- the book ----------------------------------------------------------------------------------------------------------


def owner(session: Session, sender: Sender, now: datetime) -> Actor:
    who = members.actor(session, sender, now=now)
    who.require(Right.SELF)
    return who


def book(session: Session, sender: Sender, *, now: datetime) -> Book:
    """The counts of the sender's own book, after a look for new errors."""
    who = owner(session, sender, now)
    collecting.collect(session, who.member_id, now=now)
    return book_of(session, who.member_id, local_day(now))


def book_of(session: Session, member_id: int, today: date) -> Book:
    cards = cards_of(session, member_id)
    active = [card for card in cards if card.state is CardState.ACTIVE]
    due, wish = sum(card.due_on <= today for card in active), wish_of(session, member_id)
    plan = min(due, max(0, wish.per_day - len(_answered(session, member_id, today, Mode.DUE))))
    return Book(
        today=today,
        practising=len(active),
        plan=plan,
        mastered=sum(card.state is CardState.MASTERED for card in cards),
        set_aside=sum(card.state is CardState.SUSPENDED for card in cards),
        wish=wish,
        ahead=_ahead(active, today, due - plan),
    )


def cards_of(session: Session, member_id: int) -> list[PracticeCard]:
    """In the order of the questions' numbers, without retired ones."""
    query = select(PracticeCard).where(PracticeCard.member_id == member_id).order_by(PracticeCard.question_id)
    return collecting.shown(session, session.scalars(query).all())


def _ahead(active: list[PracticeCard], today: date, left_over: int) -> Ahead | None:
    """What is more than a day's portion waits for the next day."""
    tomorrow = today + timedelta(days=1)
    days = [max(card.due_on, tomorrow) for card in active if card.due_on > today] + [tomorrow] * left_over
    return Ahead(min(days), days.count(min(days))) if days else None


def wish_of(session: Session, member_id: int) -> Wish:
    row = session.get(PracticeWish, member_id)
    return Wish(row.per_day, row.wants_reminder, row.wants_daily) if row else Wish(USUAL_PER_DAY)


def set_wish(session: Session, sender: Sender, what: str, value: int, *, now: datetime) -> Book:
    """`what` is per_day, reminder or daily."""
    who = owner(session, sender, now)
    row = session.get(PracticeWish, who.member_id) or PracticeWish(member_id=who.member_id)
    session.add(row)
    if what == "per_day" and value in PER_DAY:
        row.per_day = value
    elif what == "reminder":
        row.wants_reminder = bool(value)
    elif what == "daily":
        row.wants_daily = bool(value)
    else:
        raise StaleButton
    if what != "per_day" and now >= at_beijing(local_day(now), NOON):
        row.told_on = local_day(now)  # from the next workday on, as the settings say
    session.flush()
    return book_of(session, who.member_id, local_day(now))


def entries(session: Session, sender: Sender, *, now: datetime) -> list[Entry]:
    """The whole book for a file of the sender's own."""
    who = owner(session, sender, now)
    cards = cards_of(session, who.member_id)
    if not cards:
        raise BookEmpty
    versions = drawing.versions(session, [card.version_id for card in cards])
    return [
        Entry(versions[card.version_id].question, card.state, card.due_on, card.wrong_count, card.right_count)
        for card in cards
    ]


# -- a question --------------------------------------------------------------------------------------------------------


def ask(session: Session, sender: Sender, mode: Mode, *, now: datetime) -> Asked | Done:
    """The question that waits, or the next one of the day's portion or of a round through the cards."""
    who, today = owner(session, sender, now), local_day(now)
    collecting.collect(session, who.member_id, now=now)
    waiting = waiting_for(session, who.member_id)
    if waiting is not None and (waiting.mode, waiting.on_date) == (mode, today) and _still_asked(session, waiting):
        return asked(session, sender, waiting, now=now)
    left = _left(session, who.member_id, mode, today)
    if not left:
        answered = _answered(session, who.member_id, today, mode)
        return Done(mode, sum(answered), len(answered), book_of(session, who.member_id, today))
    review = put(session, who.member_id, left[0].question_id, left[0].version_id, mode, now=now)
    return asked(session, sender, review, now=now)


def _still_asked(session: Session, review: Review) -> bool:
    card = session.get(PracticeCard, (review.member_id, review.question_id))
    return card is not None and card.version_id == review.version_id and card.state is CardState.ACTIVE


def _left(session: Session, member_id: int, mode: Mode, today: date) -> list[PracticeCard]:
    """What is still to be asked today: most overdue first, then what is most likely forgotten."""
    active = [card for card in cards_of(session, member_id) if card.state is CardState.ACTIVE]
    answered = _answered(session, member_id, today, mode)
    if mode is Mode.EXTRA:
        seen = set(session.scalars(_of_day(member_id, today, mode).with_only_columns(Review.question_id)))
        again = [card for card in active if card.question_id not in seen]
        return sorted(again, key=lambda card: (-card.wrong_count, card.question_id))
    due = [card for card in active if card.due_on <= today]
    due.sort(key=lambda card: (card.due_on, retrievability(card.question_id, card.fsrs, today), card.question_id))
    return due[: max(0, wish_of(session, member_id).per_day - len(answered))]


def _of_day(member_id: int, today: date, mode: Mode) -> Select[Review]:
    return select(Review).where(
        Review.member_id == member_id,
        Review.on_date == today,
        Review.mode == mode,
        Review.answered_at.is_not(None),
    )


def _answered(session: Session, member_id: int, today: date, mode: Mode) -> list[bool]:
    """For each question answered today whether it was right."""
    query = _of_day(member_id, today, mode).with_only_columns(Review.is_right).order_by(Review.id)
    return [bool(is_right) for is_right in session.scalars(query)]


def waiting_for(session: Session, member_id: int) -> Review | None:
    query = select(Review).where(Review.member_id == member_id, Review.answered_at.is_(None))
    return session.scalars(query).one_or_none()


def put(session: Session, member_id: int, question_id: int, version_id: int, mode: Mode, *, now: datetime) -> Review:
    """Put a question; one that still waited is taken back."""
    waits = delete(Review).where(Review.member_id == member_id, Review.answered_at.is_(None))
    session.execute(waits, execution_options={"synchronize_session": "fetch"})
    question = drawing.versions(session, [version_id])[version_id].question
    rng = random.Random(f"{member_id}:{question_id}:{now}")  # noqa: S311  # the order is stored, it is no secret
    review = Review(
        member_id=member_id,
        question_id=question_id,
        version_id=version_id,
        mode=mode,
        on_date=local_day(now),
        option_order=list(option_order(question, rng)),
        picked="",
        asked_at=now,
    )
    session.add(review)
    session.flush()
    return review


def asked(session: Session, sender: Sender, review: Review, *, now: datetime) -> Asked:
    """The question as the person sees it; the blanks of one are awaited as a text."""
    question = drawing.versions(session, [review.version_id])[review.version_id].question
    if question.type is QuestionType.BLANK:
        prompts.await_text(session, sender, PURPOSE, str(review.id), now=now)
    else:
        prompts.forget_purpose(session, sender.user_id, PURPOSE)
    return _facts(session, review, question)


def _facts(session: Session, review: Review, question: Question) -> Asked:
    card = session.get(PracticeCard, (review.member_id, review.question_id))
    place = len(_answered(session, review.member_id, review.on_date, review.mode)) + 1
    left = len(_left(session, review.member_id, review.mode, review.on_date)) if review.mode is not Mode.DAILY else 1
    return Asked(
        review_id=review.id,
        mode=review.mode,
        place=place,
        of=place - 1 + left,
        question=question,
        order=tuple(review.option_order),
        picked=review.picked,
        is_renewed=card is not None and card.is_renewed,
    )


# -- an answer ---------------------------------------------------------------------------------------------------------


def _mine(session: Session, who: Actor, review_id: int) -> tuple[Review, Question]:
    review = session.get(Review, review_id)
    if review is None or review.member_id != who.member_id:
        raise StaleButton
    if review.answered_at is not None:
        raise AnsweredAlready
    return review, drawing.versions(session, [review.version_id])[review.version_id].question


def toggle(session: Session, sender: Sender, review_id: int, letter: str, *, now: datetime) -> Asked:
    """Tick or untick one option of a multiple choice; `letter` as the person sees it."""
    review, question = _mine(session, owner(session, sender, now), review_id)
    if question.type is not QuestionType.MULTIPLE:
        raise StaleButton
    picked = set(review.picked) ^ set(bank_letters(letter, review.option_order))
    review.picked = "".join(sorted(picked))
    session.flush()
    return _facts(session, review, question)


def answer(session: Session, sender: Sender, review_id: int, letter: str = "", *, now: datetime) -> Verdict:
    """The final answer: one shown letter, RIGHT or WRONG; without one what was ticked."""
    who = owner(session, sender, now)
    review, question = _mine(session, who, review_id)
    if question.type is QuestionType.BLANK:
        raise StaleButton
    if question.type is QuestionType.TRUE_FALSE:
        picked = letter if letter in (RIGHT, WRONG) else ""
    else:
        picked = bank_letters(letter, review.option_order) if letter else review.picked
    if not picked:
        raise NothingPicked
    return _settle(session, sender, review, question, picked, now)


def answer_blanks(session: Session, sender: Sender, review_id: int, text: str, *, now: datetime) -> Verdict:
    """The text a person wrote for the blanks of a question."""
    review, question = _mine(session, owner(session, sender, now), review_id)
    if question.type is not QuestionType.BLANK:
        raise StaleButton
    given = blank_parts(text, len(question.blanks))
    if len(given) != len(question.blanks):
        raise WrongParts(n=len(question.blanks), m=len(given))
    return _settle(session, sender, review, question, given, now)


def _settle(
    session: Session, sender: Sender, review: Review, question: Question, picked: Selection, now: datetime
) -> Verdict:
    """The first answer counts: it is written only where none is yet."""
    is_right = marking.mark(question, picked).is_right
    text = picked if isinstance(picked, str) else "\n".join(picked)
    first = update(Review).where(Review.id == review.id, Review.answered_at.is_(None))
    result = session.execute(first.values(picked=text, answered_at=sender.at, is_right=is_right))
    if cast("CursorResult[object]", result).rowcount != 1:
        raise AnsweredAlready
    session.refresh(review)
    prompts.forget_purpose(session, sender.user_id, PURPOSE)
    due_on, is_mastered, is_card = _move(session, review, is_right=is_right)
    today = local_day(now)
    given = () if isinstance(picked, str) else picked
    has_next = review.mode is not Mode.DAILY and bool(_left(session, review.member_id, review.mode, today))
    shown = Asked(
        review.id, review.mode, 0, 0, question, tuple(review.option_order), text if isinstance(picked, str) else ""
    )
    return Verdict(shown, is_right, today, given, due_on, is_mastered, is_card, has_next)


def _move(session: Session, review: Review, *, is_right: bool) -> tuple[date | None, bool, bool]:
    """What the answer does to the card: when it is due, whether it is mastered now, whether there is one."""
    assert review.answered_at is not None
    at, key = review.answered_at, f"review:{review.id}"
    card = session.get(PracticeCard, (review.member_id, review.question_id))
    if not is_right:
        collecting.note(session, key, review.member_id, review.question_id, at, Grade.AGAIN, is_right=False)
        card = collecting.set_back(session, card, review.member_id, review.question_id, review.version_id, at)
        card.is_renewed = False
        return card.due_on, False, True
    is_due = card is not None and card.state is CardState.ACTIVE and card.due_on <= local_day(at)
    how = _grade(session, review) if is_due else None
    collecting.note(session, key, review.member_id, review.question_id, at, how, is_right=True)
    if card is None:
        return None, False, False
    card.right_count += 1
    card.is_renewed = False
    if how is not None:
        memory = reviewed(review.question_id, card.fsrs, how, at)
        card.fsrs, card.due_on = memory.state, memory.due_on
        after = after_right(card.streak + 1, memory.stability)
        card.state, card.streak = after.state, after.streak
    return card.due_on, card.state is CardState.MASTERED, True


def _grade(session: Session, review: Review) -> Grade:
    assert review.answered_at is not None
    spans = select(Review.asked_at, Review.answered_at).where(
        Review.member_id == review.member_id, Review.is_right.is_(True), Review.id != review.id
    )
    latest = session.execute(spans.order_by(Review.id.desc()).limit(MEDIAN_OF))
    away = select(func.count()).where(Outage.from_at < review.answered_at, Outage.to_at > review.asked_at)
    return grade(
        review.answered_at - review.asked_at,
        [until - since for since, until in latest if until is not None],
        is_right=True,
        was_outage=bool(session.scalar(away)),
    )


# -- out of the book and back ------------------------------------------------------------------------------------------


def set_aside(session: Session, sender: Sender, review_id: int, *, now: datetime) -> Book:
    """移出: the question is not asked any more."""
    who = owner(session, sender, now)
    review = session.get(Review, review_id)
    card = session.get(PracticeCard, (who.member_id, review.question_id)) if review else None
    if review is None or review.member_id != who.member_id or card is None:
        raise StaleButton
    card.state = CardState.SUSPENDED
    if review.answered_at is None:
        session.delete(review)
        prompts.forget_purpose(session, sender.user_id, PURPOSE)
    session.flush()
    return book_of(session, who.member_id, local_day(now))


def take_back(session: Session, sender: Sender, *, now: datetime) -> Book:
    """恢复: everything set aside is asked again, where it stood."""
    who = owner(session, sender, now)
    of_owner = (PracticeCard.member_id == who.member_id, PracticeCard.state == CardState.SUSPENDED)
    statement = update(PracticeCard).where(*of_owner).values(state=CardState.ACTIVE)
    session.execute(statement, execution_options={"synchronize_session": "fetch"})
    return book_of(session, who.member_id, local_day(now))
