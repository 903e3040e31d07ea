"""One question a day for those who asked for it, and the noon message that offers it. Never asked of anybody else."""

import random
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.banks import drawing
from bot.errors import UserError
from bot.members import service as members
from bot.members.rules import Actor
from bot.message import Sender
from bot.outbox import Lane
from bot.periods import at_beijing, local_day
from bot.practice import collecting, service, views
from bot.practice.facts import Asked
from bot.practice.models import PracticeCard, PracticeEvent, PracticeWish, Review
from bot.practice.rules import EVENING, FRESH_FOR, NOON, CardState, Mode

BATCH = 50  # people in one transaction
KEPT_FOR = timedelta(days=730)


class AnsweredToday(UserError):
    text = "今天的一题已经答过，明天再来。"


class NoQuestion(UserError):
    text = "题库里暂时没有新题。"


def ask(session: Session, sender: Sender, *, now: datetime) -> Asked:
    """The question of the day: a card that is due, else one from the branch's banks that was not asked for long."""
    who, today = service.owner(session, sender, now), local_day(now)
    collecting.collect(session, who.member_id, now=now)
    of_day = select(Review).where(Review.member_id == who.member_id, Review.on_date == today)
    review = session.scalars(of_day.where(Review.mode == Mode.DAILY)).one_or_none()
    if review is not None and review.answered_at is not None:
        raise AnsweredToday
    if review is None:
        question_id, version_id = _due(session, who) or _fresh(session, who, now)
        review = service.put(session, who.member_id, question_id, version_id, Mode.DAILY, now=now)
    return service.asked(session, sender, review, now=now)


def _due(session: Session, who: Actor) -> tuple[int, int] | None:
    cards = service.cards_of(session, who.member_id)
    active = [card for card in cards if card.state is CardState.ACTIVE]
    first = min(active, key=lambda card: (card.due_on, card.question_id), default=None)
    return (first.question_id, first.version_id) if first is not None else None


def _fresh(session: Session, who: Actor, now: datetime) -> tuple[int, int]:
    if who.branch is None:
        raise NoQuestion
    banks = [bank.id for bank in drawing.usable_banks(session, who.branch)]
    of_owner = select(Review.question_id).where(Review.member_id == who.member_id)
    known = set(session.scalars(of_owner.where(Review.asked_at > now - FRESH_FOR)))
    known |= set(session.scalars(select(PracticeCard.question_id).where(PracticeCard.member_id == who.member_id)))
    pool = [one for one in drawing.pool(session, banks, on=local_day(now)) if one.question_id not in known]
    if not pool:
        raise NoQuestion
    rng = random.Random(f"{who.member_id}:{local_day(now)}")  # noqa: S311  # which question comes is no secret
    one = rng.choice(pool)
    return one.question_id, one.version_id


# -- at noon -----------------------------------------------------------------------------------------------------------


def next_due(session: Session, now: datetime) -> datetime | None:
    """The noon that has somebody to be told; today's stays due until everybody was."""
    today = local_day(now)
    wishing = select(func.count(), func.count().filter(_untold(today))).select_from(PracticeWish).where(_WISHES)
    people, untold = session.execute(wishing).one()
    if not people:
        return None
    is_today = untold and now < at_beijing(today, EVENING) and members.work_calendar(session).is_workday(today)
    return at_beijing(today if is_today else today + timedelta(days=1), NOON)


_WISHES = or_(PracticeWish.wants_reminder, PracticeWish.wants_daily)


def _untold(today: date) -> ColumnElement[bool]:
    return or_(PracticeWish.told_on.is_(None), PracticeWish.told_on < today)


def remind(session: Session, *, now: datetime) -> bool:
    """Offer the day's question and due cards to those who wish it, once a workday; True if some are left."""
    today = local_day(now)
    if not at_beijing(today, NOON) <= now < at_beijing(today, EVENING):
        return False
    if not members.work_calendar(session).is_workday(today):
        return False
    wishes = session.scalars(select(PracticeWish).where(_WISHES, _untold(today)).limit(BATCH)).all()
    people = members.people(session, [wish.member_id for wish in wishes], today)
    for wish in wishes:
        wish.told_on = today
        person = people.get(wish.member_id)
        if person is None or not person.is_reachable or person.user_id is None:
            continue
        plan = service.book_of(session, wish.member_id, today).plan if wish.wants_reminder else 0
        if plan or wish.wants_daily:
            outbox.enqueue(
                session,
                f"practice:noon:{wish.member_id}:{today:%Y%m%d}",
                chat_id=person.user_id,
                content=views.noon(plan, is_daily=wish.wants_daily),
                lane=Lane.CALM,
                valid_until=at_beijing(today, EVENING),
                is_unasked=True,
                now=now,
            )
    session.flush()
    return len(wishes) == BATCH


def forget_old(session: Session, *, now: datetime) -> None:
    """Single questions are kept as long as single answers of exams; the cards stay."""
    old = now - KEPT_FOR
    session.execute(delete(Review).where(Review.answered_at < old))
    is_review = PracticeEvent.source_key.startswith("review:")  # the others say which error has been collected
    session.execute(delete(PracticeEvent).where(PracticeEvent.at < old, is_review))
