"""An attempt at an exam as one step finds it: its row, its questions, its answers. The statements of the hot path of a
sitting, which hundreds of people take in the same minutes: each is constant, and few are needed for a press.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import Integer, Text, bindparam, func, select, type_coerce, update
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
from bot.statements import Query, Values, Write, among


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
    resit_of: int | None

    @property
    def may_again(self) -> bool:
        return self.number < self.allowed


class Item(NamedTuple):
    """A question of an attempt without its words, as its row has it: of most nothing but the selection is asked."""

    position: int
    version_id: int
    stored_order: str
    max_centi: int
    stored_rule: str
    selection: str | None
    stored_mark: int
    stored_type: str

    @property
    def is_marked(self) -> bool:
        return bool(self.stored_mark)

    @property
    def order(self) -> tuple[int, ...]:
        return tuple(json.loads(self.stored_order))

    @property
    def rule(self) -> Rule:
        return Rule[self.stored_rule]

    @property
    def type(self) -> QuestionType:
        return QuestionType[self.stored_type]


_ROWS = (
    select(Attempt.id, Attempt.paper_id, Attempt.member_id, Attempt.state, Attempt.started_at, Attempt.deadline_at)
    .add_columns(Attempt.credit_s, Paper.title, Paper.max_centi, Paper.pass_pct, Paper.closes_at)
    .add_columns(Paper.show_score, Paper.show_key, Attempt.number, Paper.attempts_allowed, Paper.resit_of)
    .join(Paper, Paper.id == Attempt.paper_id)
    .where(func.coalesce(Attempt.round_id, 0) == 0)  # as a term, or its index would be taken: that of all exams at once
)
_RUNNING = _ROWS.where(Attempt.id == bindparam("attempt_id"))
_SEEN = Query(_RUNNING)
_HELD = Query(_RUNNING.with_for_update(of=Attempt))


def hold(session: Session, attempt_id: int) -> Running | None:
    """The attempt, which nobody else can end before this transaction does."""
    row = _HELD.first(session, {"attempt_id": attempt_id})
    return Running(*row) if row else None


_ALL_HELD = Query(
    lambda dialect: (
        _ROWS.where(among(dialect, Attempt.id, "attempt_ids")).order_by(Attempt.id).with_for_update(of=Attempt)
    )
)


def hold_all(session: Session, attempt_ids: Sequence[int]) -> dict[int, Running]:
    """The same of several, by their numbers."""
    return {row[0]: Running(*row) for row in _ALL_HELD.all(session, {"attempt_ids": list(attempt_ids)})}


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


_COLUMNS = (
    select(AttemptItem.position, AttemptItem.version_id, cast_to(AttemptItem.option_order, Text), AttemptItem.max_centi)
    .add_columns(cast_to(AttemptItem.rule, Text), AttemptItem.selection, type_coerce(AttemptItem.is_marked, Integer))
    .add_columns(cast_to(QuestionVersion.type, Text))
    .join(QuestionVersion, QuestionVersion.id == AttemptItem.version_id)
)
_ITEMS = Query(_COLUMNS.where(AttemptItem.attempt_id == bindparam("attempt_id")).order_by(AttemptItem.position))


def items(session: Session, attempt_id: int) -> list[Item]:
    return list(map(Item._make, _ITEMS.all(session, {"attempt_id": attempt_id})))


class Places(NamedTuple):
    """The questions of an attempt in their order, and next to nothing of each: a press needs two of them whole."""

    item_ids: tuple[int, ...]
    opens: tuple[int, ...]  # whether each still has no answer

    def first_open(self, after: int) -> int | None:
        """The next question without an answer behind `after`, from the front again if there is none."""
        found = [position for position, is_open in enumerate(self.opens, 1) if is_open and position != after]
        return min(found, key=lambda position: (position <= after, position), default=None)

    def but(self, position: int, *, is_open: bool) -> "Places":
        """The same with another word about one."""
        return Places(self.item_ids, (*self.opens[: position - 1], int(is_open), *self.opens[position:]))


_PLACES = Query(
    lambda dialect: (
        select(AttemptItem.attempt_id, AttemptItem.id, type_coerce(AttemptItem.selection.is_(None), Integer))
        .where(among(dialect, AttemptItem.attempt_id, "attempt_ids"))
        .order_by(AttemptItem.attempt_id, AttemptItem.position)
    )
)


def all_places(session: Session, attempt_ids: Sequence[int]) -> dict[int, Places]:
    """Of several attempts, by their number."""
    rows = _PLACES.all(session, {"attempt_ids": list(attempt_ids)})
    columns = {of: zip(*some, strict=True) for of, some in groupby(rows, key=itemgetter(0))}
    return {of: Places(item_ids, opens) for of, (_, item_ids, opens) in columns.items()}


class Asked(NamedTuple):
    """A question of an attempt with its words."""

    item: Item
    question: Question


_ASKED = Query(
    lambda dialect: _COLUMNS.add_columns(cast_to(QuestionVersion.content, Text), AttemptItem.id).where(
        among(dialect, AttemptItem.id, "item_ids")
    )
)


def all_asked(session: Session, item_ids: Sequence[int]) -> dict[int, Asked]:
    """Questions by the number of their row."""
    rows = _ASKED.all(session, {"item_ids": list(item_ids)})
    return {item_id: Asked(Item._make(item), question(content)) for *item, content, item_id in rows}


def places(session: Session, attempt_id: int) -> Places:
    return all_places(session, [attempt_id]).get(attempt_id, Places((), ()))


def asked(session: Session, places: Places, *positions: int) -> list[Asked]:
    """The questions at these positions."""
    if not all(1 <= position <= len(places.item_ids) for position in positions):
        raise StaleButton
    ids = [places.item_ids[position - 1] for position in positions]
    found = all_asked(session, ids)
    return [found[item_id] for item_id in ids]


_ALL_TEXTS = Query(
    select(AttemptItem.position, cast_to(QuestionVersion.content, Text))
    .join(QuestionVersion, QuestionVersion.id == AttemptItem.version_id)
    .where(AttemptItem.attempt_id == bindparam("attempt_id"))
)


def all_questions(session: Session, attempt_id: int) -> dict[int, Question]:
    return {position: question(content) for position, content in _ALL_TEXTS.all(session, {"attempt_id": attempt_id})}


@lru_cache(maxsize=1024)
def question(content: str) -> Question:
    """A crowd sits the same questions, or draws from the same pool: each is read once."""
    return question_of("", json.loads(content))


# -- answers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What was chosen at one question of an attempt that takes it."""

    sender: Sender
    attempt_id: int
    position: int
    selection: str


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
_TAKEABLE = (
    update(AttemptItem)
    .where(AttemptItem.attempt_id == bindparam("of_attempt"), AttemptItem.position == bindparam("at_position"))
    .where(func.coalesce(_LAST_UPDATE, -1) < bindparam("number"))
)
_TAKEN = Write(
    _TAKEABLE.values(selection=bindparam("picked"), answered_at=bindparam("at"), last_event_id=bindparam("event"))
)


def keep_event(session: Session, answer: Answer, refusal: Refusal | None = None) -> int | None:
    """Every answer that reached us, taken or not; None if this very update has been kept before."""
    judged = {"via": Via.EXAM, "accepted": refusal is None, "reason": refusal}
    fresh = _NEW_EVENT.first(session, {**_event(answer), **judged})
    return fresh[0] if fresh else None


def _event(answer: Answer) -> Values:
    return {
        "bot_id": answer.sender.bot_id,
        "update_id": answer.sender.update_id,
        "attempt_id": answer.attempt_id,
        "position": answer.position,
        "selection": answer.selection,
        "received_at": answer.sender.at,
    }


def take(session: Session, answer: Answer, event_id: int) -> None:
    """The latest answer in the order of the updates is the one that counts; an empty one takes it back."""
    _TAKEN.run(session, {**_taken(answer), "event": event_id})


def _taken(answer: Answer) -> Values:
    return {
        "of_attempt": answer.attempt_id,
        "at_position": answer.position,
        "number": answer.sender.update_id,
        "picked": answer.selection or None,
        "at": answer.sender.at if answer.selection else None,
    }


_NEW_EVENTS = Write(lambda d: upsert_on(d, AnswerEvent).on_conflict_do_nothing(index_elements=["bot_id", "update_id"]))
_THIS_EVENT = select(AnswerEvent.id).where(
    AnswerEvent.bot_id == bindparam("of_bot"), AnswerEvent.update_id == bindparam("number")
)
_ALL_TAKEN = Write(
    _TAKEABLE.values(
        selection=bindparam("picked"), answered_at=bindparam("at"), last_event_id=_THIS_EVENT.scalar_subquery()
    )
)


def take_all(session: Session, answers: Sequence[Answer]) -> bool:
    """Keep the answers and let them count, one of each attempt; False, and to be undone, if one was kept before."""
    events = [_event(one) for one in answers]
    if _NEW_EVENTS.run_all(session, events, {"via": Via.EXAM, "accepted": True, "reason": None}) < len(answers):
        return False
    _ALL_TAKEN.run_all(session, [{**_taken(one), "of_bot": one.sender.bot_id} for one in answers])
    return True


# -- what is shown -----------------------------------------------------------------------------------------------------


def card(running: Running, asked: Asked, places: Places, now: datetime) -> Card:
    item = asked.item
    return Card(
        running.id,
        item.position,
        len(places.item_ids),
        asked.question,
        item.order,
        item.max_centi,
        item.selection,
        item.is_marked,
        places.opens.count(0),
        time_left(running, now),
    )


def sheet(running: Running, items: Sequence[Item], position: int, now: datetime) -> Sheet:
    cells = tuple(Cell(item.position, item.selection is not None, item.is_marked) for item in items)
    return Sheet(running.id, min(max(position, 1), len(items)), cells, time_left(running, now))


def time_left(running: Running, now: datetime) -> timedelta:
    return max(running.deadline_at - now, timedelta())
