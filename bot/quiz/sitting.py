"""Sitting an exam: the card with the open question, and everything that can be done on it until it is handed in.

An answer is saved with each press. Its time is that at which we stored the update, so a slow machine costs nobody
anything; what came after the deadline is kept as an event and not taken.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from bot.banks.rules import QuestionType
from bot.errors import UserError
from bot.members import prompts
from bot.message import Sender, StaleButton
from bot.quiz import attempts, outage_credits
from bot.quiz.attempts import Item, Running
from bot.quiz.exam_facts import Card, Late, Saved, Sheet
from bot.quiz.models import AttemptItem
from bot.quiz.phrases import blank_parts
from bot.quiz.rules import ANSWER_GRACE, CREDIT_MOST, Refusal, after_press
from bot.statements import Write

PURPOSE = "quiz:blank"
MOVING_ON = frozenset({QuestionType.SINGLE, QuestionType.TRUE_FALSE})  # one press is the whole answer
MAX_PART = 200  # characters of what is written into one blank


class WrongCount(UserError):
    text = "需要 {n} 个答案，每行一个；收到 {m} 个。"


def in_time(session: Session, running: Running, at: datetime, now: datetime) -> Running:
    """The attempt with the deadline that holds for what came at `at`: an outage of ours may not be credited yet."""
    if at <= running.deadline_at + ANSWER_GRACE:
        return running
    return outage_credits.credit(session, running, now=now)


def is_late(running: Running, at: datetime) -> bool:
    return at > running.deadline_at + ANSWER_GRACE


# -- looking -----------------------------------------------------------------------------------------------------------


def show(session: Session, sender: Sender, attempt_id: int, position: int, *, now: datetime) -> Card:
    """The card of one question; 0 stands for the first without an answer."""
    running = attempts.own(session, sender, attempt_id, now=now)
    return open_card(session, sender, running, position, now)


def open_card(session: Session, sender: Sender, running: Running, position: int, now: datetime) -> Card:
    items = attempts.items(session, running.id)
    place = position or first_open(items, 0) or 1
    attempts.item_at(items, place)
    question = attempts.questions(session, running.id, place, place)[place]
    card = attempts.card(running, items, place, question, now)
    _expect(session, sender, running, card, now)
    return card


def first_open(items: list[Item], after: int) -> int | None:
    """The next question without an answer behind `after`, from the front again if there is none."""
    places = [item.position for item in items if item.selection is None and item.position != after]
    return min(places, key=lambda place: (place <= after, place), default=None)


def _expect(session: Session, sender: Sender, running: Running, card: Card, now: datetime) -> None:
    """While a blank is open, what the person writes is its answer; the card to change is the one pressed on."""
    if not card.is_blank:
        prompts.forget_purpose(session, sender.user_id, PURPOSE)
        return
    until = running.deadline_at + CREDIT_MOST + ANSWER_GRACE
    ref = f"{running.id}:{card.position}:{sender.message_id or 0}"
    prompts.await_text(session, sender, PURPOSE, ref, now=now, until=until)


def sheet(session: Session, sender: Sender, attempt_id: int, position: int, *, now: datetime) -> Sheet:
    """All questions by number: the table, and what is asked before handing in."""
    running = attempts.own(session, sender, attempt_id, now=now, is_read=True)
    return attempts.sheet(running, attempts.items(session, running.id), position, now)


# -- answering ---------------------------------------------------------------------------------------------------------


def pick(
    session: Session,
    sender: Sender,
    attempt_id: int,
    position: int,
    letter: str,
    *,
    is_on: bool = True,
    now: datetime,
) -> Saved | Late:
    """Choose an option by the letter that is shown, or take it back. Pressed twice it is chosen once."""
    running = attempts.own(session, sender, attempt_id, now=now)
    items = attempts.items(session, running.id)
    item = attempts.item_at(items, position)
    if item.type is QuestionType.BLANK:
        raise StaleButton
    selection = after_press(item.type, item.order, item.selection or "", letter, is_on=is_on)
    if selection is None:
        raise StaleButton
    after = first_open(items, position) if item.type in MOVING_ON else None
    return _save(session, sender, running, items, item, selection, after or position, now)


def write(
    session: Session, sender: Sender, attempt_id: int, position: int, text: str, *, now: datetime
) -> Saved | Late:
    """Fill the blanks of a question with a text: one a line, or parted by ； or |."""
    running = attempts.own(session, sender, attempt_id, now=now)
    items = attempts.items(session, running.id)
    item = attempts.item_at(items, position)
    if item.type is not QuestionType.BLANK:
        raise StaleButton
    wanted = len(attempts.questions(session, running.id, position, position)[position].blanks)
    parts = blank_parts(text, wanted)
    if len(parts) != wanted:
        raise WrongCount(n=wanted, m=len(parts))
    selection = "\n".join(" ".join(part.split())[:MAX_PART] for part in parts)
    return _save(session, sender, running, items, item, selection, position, now)


def _save(
    session: Session,
    sender: Sender,
    running: Running,
    items: list[Item],
    item: Item,
    selection: str,
    after: int,
    now: datetime,
) -> Saved | Late:
    running = in_time(session, running, sender.at, now)
    position = item.position
    if is_late(running, sender.at):
        attempts.keep_event(session, sender, running.id, position, selection, Refusal.LATE)
        return Late(running.deadline_at)
    event_id = attempts.keep_event(session, sender, running.id, position, selection)
    if event_id is not None:
        attempts.take(session, sender, running.id, position, selection, event_id)
        items[position - 1] = item = replace(item, selection=selection or None)
    questions = attempts.questions(session, running.id, position, after)
    card = attempts.card(running, items, after, questions[after], now)
    if card.is_blank and after != position:
        _expect(session, sender, running, card, now)
    return Saved(position, questions[position], item.order, item.selection, card)


_MARKED = Write(
    update(AttemptItem)
    .where(AttemptItem.attempt_id == bindparam("of_attempt"), AttemptItem.position == bindparam("at_position"))
    .values(is_marked=bindparam("marks"))
)


def mark_for_review(
    session: Session, sender: Sender, attempt_id: int, position: int, *, is_on: bool, now: datetime
) -> Card | Late:
    """标记: the member's own bookmark."""
    running = in_time(session, attempts.own(session, sender, attempt_id, now=now), sender.at, now)
    if is_late(running, sender.at):
        return Late(running.deadline_at)
    _MARKED.run(session, {"of_attempt": running.id, "at_position": position, "marks": is_on})
    return open_card(session, sender, running, position, now)
