"""An answer to a live question, however it came: kept as an event, and as the answer if it is the first. The hot path
of the house: a handful of statements a vote, however large the group.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, Protocol, cast

from sqlalchemy import BindParameter, Insert, Select, Text, bindparam, func, select, update
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from bot import outbox
from bot.banks.content import question_of
from bot.banks.models import QuestionVersion
from bot.banks.rules import Form, Question, Rule
from bot.db import upsert_on
from bot.members.models import Chat, Unit
from bot.members.rules import UnitKind, UnitRef
from bot.message import Sender
from bot.quiz import rounds
from bot.quiz.marking import mark
from bot.quiz.models import AnswerEvent, Attempt, AttemptItem, PaperItem, Round, RoundItem, RoundPoll
from bot.quiz.rules import (
    ALONE,
    ENDED,
    AttemptState,
    ItemState,
    Key,
    Refusal,
    RoundState,
    Seat,
    Via,
    selection,
    time_for,
)
from bot.quiz.service import load
from bot.statements import Query, Values, Write, among


class Given(Protocol):
    """What somebody has chosen: places of options as they are shown; none: he takes it back."""

    @property
    def sender(self) -> Sender: ...

    @property
    def options(self) -> tuple[int, ...]: ...


class MixedError(Exception):
    """Not all ballots of one call fare alike: they are to be counted each alone."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a round, as an answer to it needs it."""

    round_id: int
    paper_id: int
    round_state: RoundState
    round_position: int
    unit: UnitRef
    item_state: ItemState
    position: int
    version_id: int
    order: tuple[int, ...]
    form: Form
    closes_at: datetime | None
    score_centi: int
    rule: Rule
    question: Question

    @property
    def takes_answers(self) -> bool:
        """Telegram ends a poll by itself, so a vote that comes after the answer was cast before it."""
        return self.round_state not in ENDED and self.item_state is not ItemState.SKIPPED


_ITEM = (
    select(Round.id, Round.paper_id, Round.state, Round.position, Unit.id, Unit.kind, Unit.name, Unit.path)
    .add_columns(RoundItem.state, RoundItem.position, RoundItem.version_id, RoundItem.option_order, RoundItem.form)
    .add_columns(RoundItem.closes_at, PaperItem.score_centi, PaperItem.rule, cast_to(QuestionVersion.content, Text))
    .select_from(RoundItem)
    .join(Round, Round.id == RoundItem.round_id)
    .join(Chat, Chat.chat_id == Round.chat_id)
    .join(Unit, Unit.id == Chat.unit_id)
    .join(PaperItem, (PaperItem.paper_id == Round.paper_id) & (PaperItem.position == RoundItem.position))
    .join(QuestionVersion, QuestionVersion.id == RoundItem.version_id)
)
_IN_POLL = Query(
    _ITEM.join(RoundPoll, RoundPoll.round_item_id == RoundItem.id).where(RoundPoll.poll_id == bindparam("poll_id"))
)
_AT = Query(_ITEM.where(RoundItem.round_id == bindparam("round_id"), RoundItem.position == bindparam("position")))


def asked_in(session: Session, poll_id: str) -> Asked | None:
    """The question that a poll carries."""
    row = _IN_POLL.first(session, {"poll_id": poll_id})
    return _asked(*row) if row is not None else None


def asked_at(session: Session, round_id: int, position: int) -> Asked | None:
    """The question at `position`, if the round has come to it."""
    row = _AT.first(session, {"round_id": round_id, "position": position})
    return _asked(*row) if row is not None else None


def _asked(
    round_id: int,
    paper_id: int,
    state: RoundState,
    round_position: int,
    unit_id: int,
    kind: UnitKind,
    unit_name: str,
    path: str,
    item_state: ItemState,
    position: int,
    version_id: int,
    order: Sequence[int],
    form: Form,
    closes_at: datetime | None,
    score_centi: int,
    rule: Rule,
    content: str,
) -> Asked:
    return Asked(
        round_id,
        paper_id,
        state,
        round_position,
        UnitRef(unit_id, kind, unit_name, path),
        item_state,
        position,
        version_id,
        tuple(order),
        form,
        closes_at,
        score_centi,
        rule,
        _question(content),
    )


@lru_cache(maxsize=64)
def _question(content: str) -> Question:
    """Of a crowd's votes all are in the same few questions: reading one again and again was a seventh of a vote."""
    return question_of("", json.loads(content))


def take(
    session: Session,
    asked: Asked,
    given: Mapping[int, Given],
    via: Via,
    *,
    now: datetime,
    refusal: Refusal | None = None,
) -> bool:
    """Keep what members gave as events; True if one is an answer to the question, which is the first of each. With a
    `refusal` they are kept and not taken.
    """
    begun = {member_id: one.sender.at for member_id, one in given.items()}
    sittings = _sittings(session, asked.round_id, asked.paper_id, begun)
    events = [_event(asked, one, sittings[member_id], refusal) for member_id, one in given.items()]
    if not _keep(session, asked, events, via):
        return False
    outbox.refresh(session, str(Key(asked.round_id, "counts")), now=now)
    _close_when_all_answered(session, asked, sittings.values(), now)
    return True


def _sittings_of(dialect: str) -> Select[int, int, AttemptState, datetime]:
    found = select(Attempt.member_id, Attempt.id, Attempt.state, Attempt.started_at)
    return found.where(Attempt.round_id == bindparam("round_id"), among(dialect, Attempt.member_id, "member_ids"))


_SITTINGS = Query(_sittings_of)

_NEXT_NUMBER = (
    select(func.coalesce(func.max(Attempt.number), 0) + 1)
    .where(Attempt.paper_id == bindparam("of_paper"), Attempt.member_id == bindparam("of_member"))
    .scalar_subquery()
)


def _new_attempt(dialect: str) -> Insert:
    statement = upsert_on(dialect, Attempt).values(
        paper_id=bindparam("of_paper"),
        member_id=bindparam("of_member"),
        number=_NEXT_NUMBER,
        round_id=bindparam("of_round"),
        seat=Seat.GROUP,
        state=AttemptState.STARTED,
        started_at=bindparam("at"),
        credit_s=0,
    )
    return statement.on_conflict_do_nothing(index_elements=["round_id", "member_id"])


_NEW_ATTEMPT = Write(_new_attempt)


def sit(session: Session, round_id: int, paper_id: int, member_id: int, seat: Seat, at: datetime) -> None:
    """The member takes part in the round from `at` on, if he does not yet, and now in this seat."""
    _sittings(session, round_id, paper_id, {member_id: at})
    own = update(Attempt).where(Attempt.round_id == round_id, Attempt.member_id == member_id, Attempt.seat != seat)
    session.execute(own.values(seat=seat))


class Sitting(NamedTuple):
    """A member's attempt in the round."""

    attempt_id: int
    state: AttemptState
    started_at: datetime


def _sittings(session: Session, round_id: int, paper_id: int, begun: Mapping[int, datetime]) -> dict[int, Sitting]:
    """By member; begun at the moment given if there is none yet."""
    asked = {"round_id": round_id, "member_ids": list(begun)}
    found = {row[0]: Sitting(*row[1:]) for row in _SITTINGS.all(session, asked)}
    if len(found) < len(begun):
        fresh = [{"of_member": member_id, "at": at} for member_id, at in begun.items() if member_id not in found]
        _NEW_ATTEMPT.run_all(session, fresh, {"of_paper": paper_id, "of_round": round_id})
        found = {row[0]: Sitting(*row[1:]) for row in _SITTINGS.all(session, asked)}
    return found


def _keep(session: Session, asked: Asked, events: Sequence[Values], via: Via) -> bool:
    if _NEW_EVENT.run_all(session, events, {"position": asked.position, "via": via}) < len(events):
        _require_alone(events)
        return False  # this very update has been kept before
    answers = [_marked(asked, event) for event in events if event["accepted"]]
    if _NEW_ITEM.run_all(session, answers, _item(asked)) < len(answers):
        _require_alone(events)
        _refuse_second(session, events[0])
        return False
    return len(answers) > 0


def _require_alone(events: Sequence[Values]) -> None:
    """Of several, nobody knows which it was."""
    if len(events) > 1:
        raise MixedError


_NEW_EVENT = Write(lambda d: upsert_on(d, AnswerEvent).on_conflict_do_nothing(index_elements=["bot_id", "update_id"]))


def _event(asked: Asked, ballot: Given, sitting: Sitting, refusal: Refusal | None) -> Values:
    is_open = sitting.state is AttemptState.STARTED and asked.takes_answers
    if refusal is None:
        refusal = Refusal.EMPTY if not ballot.options else None if is_open else Refusal.LATE
    return {
        "bot_id": ballot.sender.bot_id,
        "update_id": ballot.sender.update_id,
        "attempt_id": sitting.attempt_id,
        "selection": selection(asked.question, asked.order, ballot.options),
        "received_at": ballot.sender.at,
        "accepted": refusal is None,
        "reason": refusal,
    }


def _refuse_second(session: Session, event: Values) -> None:
    """The first answer stays."""
    mine = (AnswerEvent.bot_id == event["bot_id"], AnswerEvent.update_id == event["update_id"])
    session.execute(update(AnswerEvent).where(*mine).values(accepted=False, reason=Refusal.ALREADY))


_THIS_EVENT = select(AnswerEvent.id).where(
    AnswerEvent.bot_id == bindparam("of_bot"), AnswerEvent.update_id == bindparam("of_update")
)


def _new_item(dialect: str) -> Insert:
    names = "attempt_id position version_id option_order max_centi rule selection answered_at awarded_centi"
    columns: dict[str, BindParameter[object]] = {name: bindparam(f"its_{name}") for name in names.split()}
    statement = upsert_on(dialect, AttemptItem).values(
        **columns, is_marked=False, last_event_id=_THIS_EVENT.scalar_subquery()
    )
    return statement.on_conflict_do_nothing(index_elements=["attempt_id", "position"])


_NEW_ITEM = Write(_new_item)


def _item(asked: Asked) -> Values:
    return {
        "its_position": asked.position,
        "its_version_id": asked.version_id,
        "its_option_order": list(asked.order),
        "its_max_centi": asked.score_centi,
        "its_rule": asked.rule,
    }


def _marked(asked: Asked, event: Values) -> Values:
    picked = cast("str", event["selection"])
    return {
        "its_attempt_id": event["attempt_id"],
        "its_selection": picked,
        "its_answered_at": event["received_at"],
        "its_awarded_centi": mark(asked.question, picked, score_centi=asked.score_centi, rule=asked.rule).centi,
        "of_bot": event["bot_id"],
        "of_update": event["update_id"],
    }


_HAS_ANSWERED = (
    select(AttemptItem.id)
    .where(AttemptItem.attempt_id == Attempt.id, AttemptItem.position == bindparam("position"))
    .correlate(Attempt)
    .exists()
)
_JOINED_BEFORE = select(Attempt.id).where(
    Attempt.round_id == bindparam("round_id"), Attempt.started_at < bindparam("opened_at")
)
_SOMEBODY_TO_COME = Query(_JOINED_BEFORE.where(~_HAS_ANSWERED).limit(1))
_COMPANY = Query(_JOINED_BEFORE.limit(ALONE + 1))


def _close_when_all_answered(session: Session, asked: Asked, answered: Iterable[Sitting], now: datetime) -> None:
    """End the question early once everybody who had joined before it has answered."""
    is_current = asked.round_state is RoundState.OPEN and asked.position == asked.round_position
    if not is_current or asked.closes_at is None or asked.closes_at <= now:
        return
    opened_at = asked.closes_at - time_for(asked.question, asked.form)
    if all(sitting.started_at >= opened_at for sitting in answered):  # then nothing waited for them
        return
    joined_before = {"round_id": asked.round_id, "opened_at": opened_at}
    if _SOMEBODY_TO_COME.first(session, {**joined_before, "position": asked.position}) is not None:
        return
    is_company = len(_COMPANY.all(session, joined_before)) > ALONE
    live = load(session, asked.round_id) if is_company else None
    if live is not None:
        rounds.close_item(session, live, now=now)
