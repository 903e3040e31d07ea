"""Sitting an exam: the card with the open question, and everything that can be done on it until it is handed in.

An answer is saved with each press. Its time is that at which we stored the update, so a slow machine costs nobody
anything; what came after the deadline is kept as an event and not taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from bot.banks.rules import QuestionType
from bot.errors import UserError
from bot.members import crowd, prompts
from bot.message import Sender, StaleButton
from bot.quiz import attempts, outage_credits
from bot.quiz.answering import MixedError
from bot.quiz.attempts import Answer, Asked, Item, Places, Running
from bot.quiz.exam_facts import Card, Late, Saved, Sheet
from bot.quiz.models import AttemptItem
from bot.quiz.phrases import blank_parts
from bot.quiz.rules import ANSWER_GRACE, CREDIT_MOST, AttemptState, Refusal, after_press
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
    places = attempts.places(session, running.id)
    [asked] = attempts.asked(session, places, position or places.first_open(0) or 1)
    card = attempts.card(running, asked, places, now)
    _expect(session, sender, running, card, now)
    return card


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
    places = attempts.places(session, running.id)
    asked, following = attempts.asked(session, places, position, _following(places, position))
    selection = _selection(asked.item, letter, is_on=is_on)
    if selection is None:
        raise StaleButton
    answer = Answer(sender, attempt_id, position, selection)
    return _save(session, _Given(answer, running, places, asked, _shown_next(asked, following)), now)


def _following(places: Places, position: int) -> int:
    return places.first_open(position) or position


def _shown_next(asked: Asked, following: Asked) -> Asked:
    return following if asked.item.type in MOVING_ON else asked


def _selection(item: Item, letter: str, *, is_on: bool) -> str | None:
    """What is chosen after the press; none: such a letter cannot be pressed here."""
    if item.type is QuestionType.BLANK:
        return None
    return after_press(item.type, item.order, item.selection or "", letter, is_on=is_on)


def write(
    session: Session, sender: Sender, attempt_id: int, position: int, text: str, *, now: datetime
) -> Saved | Late:
    """Fill the blanks of a question with a text: one a line, or parted by ； or |."""
    running = attempts.own(session, sender, attempt_id, now=now)
    places = attempts.places(session, running.id)
    [asked] = attempts.asked(session, places, position)
    if asked.item.type is not QuestionType.BLANK:
        raise StaleButton
    wanted = len(asked.question.blanks)
    parts = blank_parts(text, wanted)
    if len(parts) != wanted:
        raise WrongCount(n=wanted, m=len(parts))
    selection = "\n".join(" ".join(part.split())[:MAX_PART] for part in parts)
    return _save(session, _Given(Answer(sender, attempt_id, position, selection), running, places, asked, asked), now)


class _Given(NamedTuple):
    """An answer with the question as it stood before, and the one that is shown next."""

    answer: Answer
    running: Running
    places: Places
    asked: Asked
    shown: Asked


def _save(session: Session, given: _Given, now: datetime) -> Saved | Late:
    answer = given.answer
    running = in_time(session, given.running, answer.sender.at, now)
    if is_late(running, answer.sender.at):
        attempts.keep_event(session, answer, Refusal.LATE)
        return Late(running.deadline_at)
    given = given._replace(running=running)
    event_id = attempts.keep_event(session, answer)
    if event_id is None:
        return _shown(session, given, now)
    attempts.take(session, answer, event_id)
    return _taken(session, given, now)


def _taken(session: Session, given: _Given, now: datetime) -> Saved:
    """What is shown once the answer stands in the table."""
    selection, item = given.answer.selection, given.asked.item
    places = given.places.but(item.position, is_open=not selection)
    asked = given.asked._replace(item=item._replace(selection=selection or None))
    return _shown(session, given._replace(places=places, asked=asked), now)


def _shown(session: Session, given: _Given, now: datetime) -> Saved:
    item, sender, running = given.asked.item, given.answer.sender, given.running
    moves_on = given.shown.item.position != item.position
    card = attempts.card(running, given.shown if moves_on else given.asked, given.places, now)
    if card.is_blank and moves_on:
        _expect(session, sender, running, card, now)
    return Saved(item.position, given.asked.question, item.order, item.selection, card)


# -- a crowd at once --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pick:
    """One press on an option."""

    sender: Sender
    attempt_id: int
    position: int
    letter: str
    is_on: bool


def pick_all(session: Session, picks: Sequence[Pick], *, now: datetime) -> list[Saved | Late | UserError]:
    """`pick` for all who press in one moment: most fare alike, and what they need is asked and kept together. Of
    several raises MixedError if two are of one attempt, or one has been kept before.
    """
    if len({one.attempt_id for one in picks}) < len(picks):
        raise MixedError
    plain = _plain_ones(session, picks) if len(picks) > 1 else {}
    if not attempts.take_all(session, [one.answer for one in plain.values()]):
        raise MixedError
    return [
        _taken(session, plain[one.attempt_id], now) if one.attempt_id in plain else _alone(session, one, now)
        for one in picks
    ]


def _alone(session: Session, one: Pick, now: datetime) -> Saved | Late | UserError:
    try:
        return pick(session, one.sender, one.attempt_id, one.position, one.letter, is_on=one.is_on, now=now)
    except UserError as refusal:  # before anything was written
        return refusal


def _plain_ones(session: Session, picks: Sequence[Pick]) -> dict[int, _Given]:
    """Presses that nothing stands against, by attempt; what is missing is a case of its own."""
    ids = [one.attempt_id for one in picks]
    people = crowd.behind(session, [one.sender.user_id for one in picks])
    running, places = attempts.hold_all(session, ids), attempts.all_places(session, ids)
    taken = [one for one in picks if _takes(running.get(one.attempt_id), people, places, one)]
    pairs = {
        one.attempt_id: [
            places[one.attempt_id].item_ids[position - 1]
            for position in (one.position, _following(places[one.attempt_id], one.position))
        ]
        for one in taken
    }
    asked = attempts.all_asked(session, [item_id for pair in pairs.values() for item_id in pair])
    found = {}
    for one in taken:
        this, following = (asked[item_id] for item_id in pairs[one.attempt_id])
        selection = _selection(this.item, one.letter, is_on=one.is_on)
        if selection is not None:
            answer = Answer(one.sender, one.attempt_id, one.position, selection)
            shown = _shown_next(this, following)
            found[one.attempt_id] = _Given(answer, running[one.attempt_id], places[one.attempt_id], this, shown)
    return found


def _takes(running: Running | None, people: Mapping[int, int], places: Mapping[int, Places], one: Pick) -> bool:
    """Whether the attempt is the person's own and runs, and the question one of its."""
    if running is None or running.id not in places or running.member_id != people.get(one.sender.user_id):
        return False
    is_running = running.state is AttemptState.STARTED and not is_late(running, one.sender.at)
    return is_running and 1 <= one.position <= len(places[running.id].item_ids)


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
