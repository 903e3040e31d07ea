"""An attempt at an exam as one step finds it: its row, its questions, its answers. The statements of the hot path of a
sitting, which hundreds of people take in the same minutes: each is constant, and few are needed for a press.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import Text, bindparam, func, or_, select, update
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from bot.banks.content import question_of
from bot.banks.models import QuestionVersion
from bot.banks.rules import Question, QuestionType, Rule
from bot.db import upsert_on
from bot.errors import UserError
from bot.members import service as members
from bot.message import Sender, StaleButton
from bot.periods import beijing
from bot.quiz.exam_facts import Card, Cell, Sheet
from bot.quiz.models import AnswerEvent, Attempt, AttemptItem, Paper
from bot.quiz.rules import AttemptState, Refusal, ShowKey, ShowScore, Via
from bot.statements import Query, Write


class HandedIn(UserError):
    text = "本次答卷已交，不能再改。"
    ends_buttons = True
    is_done = True


class Voided(UserError):
    text = "本次答卷已作废，请重新发送 /exam。"
    ends_buttons = True


class TooLate(UserError):
    text = "已于 {at} 截止，这次点击不计分。"
    ends_buttons = True


def too_late(deadline_at: datetime) -> TooLate:
    return TooLate(at=f"{beijing(deadline_at):%H:%M:%S}")


@dataclass(frozen=True, slots=True)
class Running:
    """An attempt with what its paper says about it."""

    id: int
    paper_id: int
    member_id: int
    state: AttemptState
    started_at: datetime
    deadline_at: datetime
    credit_s: int
    title: str
    max_centi: int
    pass_pct: int
    closes_at: datetime
    show_score: ShowScore
    show_key: ShowKey
    number: int
    allowed: int

    @property
    def may_again(self) -> bool:
        return self.number < self.allowed


@dataclass(frozen=True, slots=True)
class Item:
    """A question of an attempt without its words, as its row has it: of most nothing but the selection is asked."""

    position: int
    version_id: int
    stored_order: str
    max_centi: int
    stored_rule: str
    selection: str | None
    is_marked: bool
    stored_type: str

    @property
    def order(self) -> tuple[int, ...]:
        return tuple(json.loads(self.stored_order))

    @property
    def rule(self) -> Rule:
        return Rule[self.stored_rule]

    @property
    def type(self) -> QuestionType:
        return QuestionType[self.stored_type]


_RUNNING = (
    select(Attempt.id, Attempt.paper_id, Attempt.member_id, Attempt.state, Attempt.started_at, Attempt.deadline_at)
    .add_columns(Attempt.credit_s, Paper.title, Paper.max_centi, Paper.pass_pct, Paper.closes_at)
    .add_columns(Paper.show_score, Paper.show_key, Attempt.number, Paper.attempts_allowed)
    .join(Paper, Paper.id == Attempt.paper_id)
    .where(Attempt.id == bindparam("attempt_id"), Attempt.round_id.is_(None))
)
_SEEN = Query(_RUNNING)
_HELD = Query(_RUNNING.with_for_update(of=Attempt))


def hold(session: Session, attempt_id: int) -> Running | None:
    """The attempt, which nobody else can end before this transaction does."""
    row = _HELD.first(session, {"attempt_id": attempt_id})
    return Running(*row) if row else None


def own(session: Session, sender: Sender, attempt_id: int, *, now: datetime, is_read: bool = False) -> Running:
    """The sender's own attempt while it runs."""
    who = members.actor(session, sender, now=now)
    row = (_SEEN if is_read else _HELD).first(session, {"attempt_id": attempt_id})
    if row is None or row[2] != who.member_id:
        raise StaleButton
    running = Running(*row)
    if running.state is AttemptState.VOIDED:
        raise Voided
    if running.state is not AttemptState.STARTED:
        raise HandedIn
    return running


_ITEMS = Query(
    select(AttemptItem.position, AttemptItem.version_id, cast_to(AttemptItem.option_order, Text), AttemptItem.max_centi)
    .add_columns(cast_to(AttemptItem.rule, Text), AttemptItem.selection, AttemptItem.is_marked)
    .add_columns(cast_to(QuestionVersion.type, Text))
    .join(QuestionVersion, QuestionVersion.id == AttemptItem.version_id)
    .where(AttemptItem.attempt_id == bindparam("attempt_id"))
    .order_by(AttemptItem.position)
)


def items(session: Session, attempt_id: int) -> list[Item]:
    return [Item(*row) for row in _ITEMS.all(session, {"attempt_id": attempt_id})]


def item_at(items: Sequence[Item], position: int) -> Item:
    if not 1 <= position <= len(items):
        raise StaleButton
    return items[position - 1]


_CONTENT = select(AttemptItem.position, cast_to(QuestionVersion.content, Text)).join(
    QuestionVersion, QuestionVersion.id == AttemptItem.version_id
)
_TEXTS = Query(
    _CONTENT.where(
        AttemptItem.attempt_id == bindparam("attempt_id"),
        or_(AttemptItem.position == bindparam("one"), AttemptItem.position == bindparam("other")),
    )
)
_ALL_TEXTS = Query(_CONTENT.where(AttemptItem.attempt_id == bindparam("attempt_id")))


def questions(session: Session, attempt_id: int, one: int, other: int) -> dict[int, Question]:
    """The words of two questions by their position."""
    rows = _TEXTS.all(session, {"attempt_id": attempt_id, "one": one, "other": other})
    return {position: question(content) for position, content in rows}


def all_questions(session: Session, attempt_id: int) -> dict[int, Question]:
    return {position: question(content) for position, content in _ALL_TEXTS.all(session, {"attempt_id": attempt_id})}


@lru_cache(maxsize=1024)
def question(content: str) -> Question:
    """A crowd sits the same questions, or draws from the same pool: each is read once."""
    return question_of("", json.loads(content))


# -- answers -----------------------------------------------------------------------------------------------------------

_NEW_EVENT: Query[int] = Query(
    lambda dialect: (
        upsert_on(dialect, AnswerEvent)
        .on_conflict_do_nothing(index_elements=["bot_id", "update_id"])
        .returning(AnswerEvent.id)
    )
)
_LAST_UPDATE = (
    select(AnswerEvent.update_id)
    .where(AnswerEvent.id == AttemptItem.last_event_id)
    .correlate(AttemptItem)
    .scalar_subquery()
)
_TAKEN = Write(
    update(AttemptItem)
    .where(AttemptItem.attempt_id == bindparam("of_attempt"), AttemptItem.position == bindparam("at_position"))
    .where(func.coalesce(_LAST_UPDATE, -1) < bindparam("number"))
    .values(selection=bindparam("picked"), answered_at=bindparam("at"), last_event_id=bindparam("event"))
)


def keep_event(
    session: Session, sender: Sender, attempt_id: int, position: int, selection: str, refusal: Refusal | None = None
) -> int | None:
    """Every answer that reached us, taken or not; None if this very update has been kept before."""
    event = {
        "bot_id": sender.bot_id,
        "update_id": sender.update_id,
        "attempt_id": attempt_id,
        "position": position,
        "selection": selection,
        "via": Via.EXAM,
        "received_at": sender.at,
        "accepted": refusal is None,
        "reason": refusal,
    }
    fresh = _NEW_EVENT.first(session, event)
    return fresh[0] if fresh else None


def take(session: Session, sender: Sender, attempt_id: int, position: int, selection: str, event_id: int) -> None:
    """The latest answer in the order of the updates is the one that counts; an empty one takes it back."""
    values = {
        "of_attempt": attempt_id,
        "at_position": position,
        "number": sender.update_id,
        "picked": selection or None,
        "at": sender.at if selection else None,
        "event": event_id,
    }
    _TAKEN.run(session, values)


# -- what is shown -----------------------------------------------------------------------------------------------------


def card(running: Running, items: Sequence[Item], position: int, question: Question, now: datetime) -> Card:
    item = item_at(items, position)
    return Card(
        running.id,
        position,
        len(items),
        question,
        item.order,
        item.max_centi,
        item.selection,
        item.is_marked,
        sum(one.selection is not None for one in items),
        time_left(running, now),
    )


def sheet(running: Running, items: Sequence[Item], position: int, now: datetime) -> Sheet:
    cells = tuple(Cell(item.position, item.selection is not None, item.is_marked) for item in items)
    return Sheet(running.id, min(max(position, 1), len(items)), cells, time_left(running, now))


def time_left(running: Running, now: datetime) -> timedelta:
    return max(running.deadline_at - now, timedelta())
