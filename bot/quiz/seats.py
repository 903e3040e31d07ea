"""Private seats of a live round: the same questions by buttons in private, where nobody sees who chose what.

A press has no time of its own but that at which we stored it; of two answers to a question the first counts, whether it
came from here or from the group's poll.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot import inbox, outbox
from bot.banks.rules import LETTERS, QuestionType, bank_letters, shown_letters
from bot.db import upsert
from bot.errors import UserError
from bot.inbox import Outage
from bot.members import service as members
from bot.members.rules import Actor
from bot.message import Sender, StaleButton
from bot.outbox import Lane
from bot.periods import beijing, local_day
from bot.quiz import answering, seat_views, views
from bot.quiz.answering import Asked
from bot.quiz.facts import Said, SaidHow, SeatCard, Seated
from bot.quiz.models import Attempt, AttemptItem, RoundItem, RoundPoll, SeatChoice
from bot.quiz.rules import (
    ENDED,
    VOTE_GRACE,
    ItemState,
    Refusal,
    RoundState,
    Seat,
    Via,
    is_on_roster,
    selection,
    time_for,
)
from bot.quiz.service import Live, NotOnRoster, RoundOver, item_of, load


class AlreadySaid(UserError):
    text = "本题你已作答。"
    ends_buttons = True


class TooLate(UserError):
    text = "本题已于 {at} 截止，你的点击晚了 {late}，未计分。"
    ends_buttons = True


class NotAsked(UserError):
    text = "这道题现在不能作答。"


class NothingTicked(UserError):
    text = "请先选择至少一个选项。"


def too_late(said: Said) -> TooLate:
    late = max(said.late_by, timedelta(seconds=1))
    return TooLate(at=f"{beijing(said.card.closes_at):%H:%M:%S}", late=views.span(late))


# -- taking a seat -----------------------------------------------------------------------------------------------------


def take(session: Session, sender: Sender, round_id: int, *, now: datetime) -> Seated:
    """私聊作答, in the lobby or later: from now on the questions come in private; the open one at once."""
    who, live = _entered(session, sender, round_id, now)
    answering.sit(session, live.id, live.paper_id, who.member_id, Seat.PRIVATE, sender.at)
    if live.state is RoundState.LOBBY:
        outbox.refresh(session, live.key("counts"), now=now)
    elif live.state is RoundState.OPEN:
        deal(session, live, now=now, only=who.member_id)
    return Seated(live.id, live.title, live.state is RoundState.LOBBY)


def _entered(session: Session, sender: Sender, round_id: int, now: datetime) -> tuple[Actor, Live]:
    who = members.actor(session, sender, now=now)
    live = load(session, round_id)
    if live is None or live.state in ENDED:
        raise RoundOver
    unit = members.unit_of_chat(session, live.chat_id)
    if unit is None or not is_on_roster(who, unit):
        raise NotOnRoster
    return who, live


def deal(session: Session, live: Live, *, now: datetime, only: int | None = None) -> None:
    """A card of the open question to everybody in a private seat who has not answered it, once for each asking."""
    asked = answering.asked_at(session, live.id, live.position)
    if asked is None or asked.closes_at is None or asked.closes_at <= now:
        return
    waiting = _waiting(session, live)
    people = members.people(
        session, waiting if only is None else [one for one in waiting if one == only], local_day(now)
    )
    polls = select(func.count()).select_from(RoundPoll).join(RoundItem, RoundItem.id == RoundPoll.round_item_id)
    asking = session.scalar(polls.where(RoundItem.round_id == live.id, RoundItem.position == live.position)) or 0
    content = seat_views.card(_card(session, live, asked))
    for person in people.values():
        if person.user_id is not None and person.is_reachable:
            outbox.enqueue(
                session,
                live.key("seat", live.position, person.member_id, asking),
                chat_id=person.user_id,
                content=content,
                lane=Lane.URGENT,
                valid_until=asked.closes_at,
                now=now,
            )


def _waiting(session: Session, live: Live) -> Sequence[int]:
    said = select(AttemptItem.id).where(AttemptItem.attempt_id == Attempt.id, AttemptItem.position == live.position)
    private = select(Attempt.member_id).where(Attempt.round_id == live.id, Attempt.seat == Seat.PRIVATE)
    return session.scalars(private.where(~said.correlate(Attempt).exists()).order_by(Attempt.id)).all()


def _card(session: Session, live: Live, asked: Asked, chosen: str = "", *, is_said: bool = False) -> SeatCard:
    item = item_of(session, live, asked.position)
    assert asked.closes_at is not None
    return SeatCard(item, asked.score_centi, asked.closes_at, chosen, is_said)


# -- answering ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Press:
    """What somebody pressed, in a question that has been asked."""

    sender: Sender
    options: tuple[int, ...]  # places as they are shown
    who: Actor
    live: Live
    asked: Asked


class _Timing(NamedTuple):
    """When a press came, against the end of its question."""

    late_by: timedelta
    lost: timedelta  # of the question's time, to an outage of ours
    is_late: bool


def say(session: Session, sender: Sender, round_id: int, position: int, place: int, *, now: datetime) -> Said:
    """The one option that answers a single choice or a judgement, by its place as it is shown."""
    press = _pressed(session, sender, round_id, position, (place,), now)
    if press.asked.question.type is QuestionType.MULTIPLE or not 0 <= place < _count(press.asked):
        raise StaleButton
    return _say(session, press, now)


def _pressed(
    session: Session, sender: Sender, round_id: int, position: int, options: tuple[int, ...], now: datetime
) -> _Press:
    who, live = _entered(session, sender, round_id, now)
    asked = answering.asked_at(session, live.id, position)
    if asked is None or asked.closes_at is None or asked.item_state is ItemState.SKIPPED:
        raise NotAsked
    return _Press(sender, options, who, live, asked)


def _count(asked: Asked) -> int:
    return 2 if asked.question.type is QuestionType.TRUE_FALSE else len(asked.order)


def _say(session: Session, press: _Press, now: datetime) -> Said:
    asked, (late_by, lost, is_late) = press.asked, _timing(session, press)
    refusal = Refusal.LATE if is_late else None
    answering.sit(session, asked.round_id, asked.paper_id, press.who.member_id, Seat.PRIVATE, press.sender.at)
    is_taken = answering.take(session, asked, {press.who.member_id: press}, Via.PRIVATE, now=now, refusal=refusal)
    stored = _answer_of(session, asked, press.who.member_id)
    pressed = selection(asked.question, asked.order, press.options)
    if is_taken:
        how = SaidHow.TAKEN
    elif stored is not None:
        how = SaidHow.AGAIN if stored == pressed else SaidHow.ALREADY
    else:
        how = SaidHow.LATE
    card = _card(session, press.live, asked, stored or pressed, is_said=True)
    return Said(replace(card, lost=lost) if is_taken and late_by > VOTE_GRACE else card, how, late_by)


def _answer_of(session: Session, asked: Asked, member_id: int) -> str | None:
    query = select(AttemptItem.selection).join(Attempt, Attempt.id == AttemptItem.attempt_id)
    mine = (Attempt.round_id == asked.round_id, Attempt.member_id == member_id)
    return session.scalar(query.where(*mine, AttemptItem.position == asked.position))


def _timing(session: Session, press: _Press) -> _Timing:
    closes_at = press.asked.closes_at
    assert closes_at is not None
    lost = _lost(session, press.asked, closes_at)
    late_by = max(press.sender.at - closes_at, timedelta())
    is_late = late_by > VOTE_GRACE and not _is_excused(session, press, late_by, lost)
    return _Timing(late_by, lost, is_late)


def _lost(session: Session, asked: Asked, closes_at: datetime) -> timedelta:
    """How much of the question's time an outage of ours took."""
    opened_at = closes_at - time_for(asked.question, asked.form)
    query = select(Outage.from_at, Outage.to_at).where(
        Outage.from_at < closes_at + VOTE_GRACE, Outage.to_at > opened_at
    )
    row = session.execute(query.order_by(Outage.id.desc()).limit(1)).one_or_none()
    return row[1] - max(row[0], opened_at) if row else timedelta()


def _is_excused(session: Session, press: _Press, late_by: timedelta, lost: timedelta) -> bool:
    """Pressed while we were away, or within the time that we took; but not by who may have read the answer."""
    if not lost or press.asked.item_state is not ItemState.OPEN:
        return False
    return press.sender.is_late or not inbox.is_drained(session) or late_by <= lost + VOTE_GRACE


# -- several options ---------------------------------------------------------------------------------------------------


def tick(
    session: Session, sender: Sender, round_id: int, position: int, place: int, *, is_on: bool, now: datetime
) -> SeatCard | Said:
    """Choose an option of several, or take it back; nothing is said before 确定."""
    press = _pressed(session, sender, round_id, position, (place,), now)
    asked = press.asked
    if asked.question.type is not QuestionType.MULTIPLE or not 0 <= place < _count(asked):
        raise StaleButton
    stored = _answer_of(session, asked, press.who.member_id)
    if stored is not None:
        return Said(_card(session, press.live, asked, stored, is_said=True), SaidHow.ALREADY)
    if late := _too_late(session, press):
        return late
    answering.sit(session, asked.round_id, asked.paper_id, press.who.member_id, Seat.PRIVATE, sender.at)
    attempt_id, before = _ticked(session, asked, press.who.member_id)
    letter = set(bank_letters(LETTERS[place], asked.order))
    chosen = "".join(sorted(set(before) | letter if is_on else set(before) - letter))
    row = upsert(session, SeatChoice).values(attempt_id=attempt_id, position=position, selection=chosen)
    row = row.on_conflict_do_update(index_elements=["attempt_id", "position"], set_={"selection": chosen})
    session.execute(row)
    return _card(session, press.live, asked, chosen)


def _too_late(session: Session, press: _Press) -> Said | None:
    """Nothing has been said yet, so there is nothing to keep either."""
    timing = _timing(session, press)
    return Said(_card(session, press.live, press.asked), SaidHow.LATE, timing.late_by) if timing.is_late else None


def _ticked(session: Session, asked: Asked, member_id: int) -> tuple[int, str]:
    query = select(Attempt.id, func.coalesce(SeatChoice.selection, ""))
    query = query.outerjoin(SeatChoice, (SeatChoice.attempt_id == Attempt.id) & (SeatChoice.position == asked.position))
    mine = query.where(Attempt.round_id == asked.round_id, Attempt.member_id == member_id)
    attempt_id, ticked = session.execute(mine).one_or_none() or (0, "")
    return attempt_id, ticked


def confirm(session: Session, sender: Sender, round_id: int, position: int, *, now: datetime) -> Said:
    """确定: what is ticked is the answer."""
    press = _pressed(session, sender, round_id, position, (), now)
    asked = press.asked
    attempt_id, chosen = _ticked(session, asked, press.who.member_id)
    stored = _answer_of(session, asked, press.who.member_id)
    if stored is not None and not chosen:
        return Said(_card(session, press.live, asked, stored, is_said=True), SaidHow.AGAIN)
    if not chosen:
        if late := _too_late(session, press):
            return late
        raise NothingTicked
    places = tuple(LETTERS.index(letter) for letter in shown_letters(chosen, asked.order))
    session.execute(delete(SeatChoice).where(SeatChoice.attempt_id == attempt_id, SeatChoice.position == position))
    return _say(session, _Press(sender, places, press.who, press.live, asked), now)
