"""What delivery asks and tells about the rows of a round: whether one is still wanted, that it arrived, that it will
not. And the polls of ours that only Telegram's own report makes known.
"""

from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.db import signal, upsert
from bot.members import service as members
from bot.message import Edit, Sender
from bot.outbox import Rendered, Sent, State
from bot.periods import local_day
from bot.quiz import results, rounds, seat_cards, seats, views, votes
from bot.quiz.models import Round, RoundItem, RoundPoll
from bot.quiz.rules import (
    LATE_AFTER,
    REVEAL_FOR,
    RUNNING,
    VOTE_GRACE,
    ItemState,
    Key,
    PauseReason,
    RoundState,
    prefix,
    read_prefix,
    time_for,
)
from bot.quiz.service import Live, item_of, load

_QUESTIONS = frozenset({"item", "pre"})
_DEAF = frozenset({State.UNREACHABLE, State.DEAD})


def is_question(key: str) -> bool:
    """A question that may not have arrived pauses the round, which says so."""
    return Key.parse(key).what in _QUESTIONS


def is_wanted(session: Session, key: str, _: datetime) -> bool:
    """A question goes out only in the very step that asked it, its card in private only while it is open."""
    about = Key.parse(key)
    if about.what == seat_cards.OVER:
        return seat_cards.is_over(session, about.round_id, *about.numbers[:2])
    if about.what == seat_cards.SEAT:
        live = load(session, about.round_id)
        return live is not None and live.state is RoundState.OPEN and live.position == about.numbers[0]
    return about.what not in _QUESTIONS or _asking(session, about) is not None


def _asking(session: Session, about: Key) -> Live | None:
    live = load(session, about.round_id)
    if live is None or live.state is not RoundState.ASKING:
        return None
    return live if (live.position, live.step_version) == about.numbers else None


def render(session: Session, key: str, now: datetime) -> Rendered | None:
    """The host's console as it is now, in place of the one that stands in his chat."""
    about = Key.parse(key)
    live = load(session, about.round_id)
    if about.what != "counts" or live is None:
        return None
    message_id = outbox.message_of(session, live.key("console"))
    host = members.people(session, [live.host_id], local_day(now)).get(live.host_id)
    if message_id is None or host is None or host.user_id is None:
        return None
    facts = results.console(session, live.id, live.title, live.state, live.position, live.total)
    return Rendered(host.user_id, Edit(views.console(facts), message_id))


def sent(session: Session, key: str, done: Sent) -> None:
    about = Key.parse(key)
    if about.what == "item" and done.poll_id is not None:
        poll_sent(session, about, done.poll_id, done)
    elif about.what == "pre" and (live := _asking(session, about)) is not None:
        rounds.post_poll(session, live, item_of(session, live, live.position), now=done.at)
    elif about.what == "reveal":
        _let_read(session, about, done.at)
    elif about.what == "console":
        _catch_up(session, about, done.at)


def _catch_up(session: Session, about: Key, at: datetime) -> None:
    """What happened while the console was on its way could not be shown in it."""
    live = load(session, about.round_id)
    if live is not None and (live.state is not RoundState.LOBBY or results.joined_count(session, live.id)):
        outbox.refresh(session, live.key("counts"), now=at)


def _let_read(session: Session, about: Key, at: datetime) -> None:
    """The time to read the answer runs from its arrival, or from when it surely will not come."""
    reading = update(Round).where(
        Round.id == about.round_id,
        Round.position == about.numbers[0],
        Round.state == RoundState.REVEALED,
        Round.next_step_at >= at - LATE_AFTER,  # else it is for the host to go on
    )
    session.execute(reading.values(next_step_at=at + REVEAL_FOR))
    signal(session, "jobs")


def poll_sent(session: Session, about: Key, poll_id: str, done: Sent) -> None:
    """The question stands in the group: its time runs, and votes that were faster than this news are counted."""
    position = about.numbers[0]
    live = load(session, about.round_id)
    if live is None:
        return
    item = item_of(session, live, position)
    _open(session, live, position, poll_id, done.at + item.time, now=done.at, message_id=done.message_id)


def _open(
    session: Session,
    live: Live,
    position: int,
    poll_id: str,
    closes_at: datetime,
    *,
    now: datetime,
    message_id: int | None = None,
) -> None:
    of_item = select(RoundItem.id).where(RoundItem.round_id == live.id, RoundItem.position == position)
    statement = upsert(session, RoundPoll).values(
        poll_id=poll_id, round_item_id=of_item.scalar_subquery(), chat_id=live.chat_id, message_id=message_id
    )
    known = {"message_id": message_id} if message_id is not None else {"poll_id": poll_id}
    session.execute(statement.on_conflict_do_update(index_elements=["poll_id"], set_=known))
    is_waited_for = [ItemState.SENDING, ItemState.OPEN] if message_id is not None else [ItemState.SENDING]
    item = update(RoundItem).where(RoundItem.round_id == live.id, RoundItem.position == position)
    opened = item.where(RoundItem.state.in_(is_waited_for)).values(state=ItemState.OPEN, closes_at=closes_at)
    if cast("CursorResult[object]", session.execute(opened)).rowcount:
        _go_open(session, live, position, closes_at, now)
    votes.take_up(session, now=now, poll_id=poll_id)


def _go_open(session: Session, live: Live, position: int, closes_at: datetime, now: datetime) -> None:
    if live.position != position:
        return
    is_asked = live.state in (RoundState.ASKING, RoundState.OPEN)
    at = closes_at + VOTE_GRACE
    opened = rounds.move(session, live, RoundState.OPEN, at=at, now=now) if is_asked else None
    if opened is not None:
        seats.deal(session, opened, now=now)
        return
    paused = load(session, live.id)  # before the news of the sending, or at the same moment in another process
    if paused is not None and paused.state is RoundState.PAUSED:
        rounds.stop_polls(session, paused, now=now)


def adopt(
    session: Session, sender: Sender, poll_id: str, question: str, closes_at: datetime | None, *, now: datetime
) -> None:
    """Telegram reports a poll of which nobody told us that it was sent: by its prefix it is the one we asked."""
    found = read_prefix(question)
    if found is None or session.scalar(select(RoundPoll.poll_id).where(RoundPoll.poll_id == poll_id)) is not None:
        return
    round_id, position, _ = found
    live = load(session, round_id)
    if live is None or not question.startswith(prefix(round_id, position, live.total)):
        return
    item = session.execute(
        select(RoundItem.state).where(RoundItem.round_id == round_id, RoundItem.position == position)
    ).scalar_one_or_none()
    if item not in (ItemState.SENDING, ItemState.OPEN):
        return
    asked = item_of(session, live, position)
    latest = sender.at + time_for(asked.question, asked.form)
    _open(session, live, position, poll_id, min(closes_at or latest, latest), now=now)


def failed(session: Session, key: str, state: State, now: datetime) -> None:
    """A row will not be sent again by itself. An unknown result waits for the report of the poll, or its time."""
    about = Key.parse(key)
    if about.what == "reveal":
        _let_read(session, about, now)
    if about.what not in _QUESTIONS or state is State.UNKNOWN:
        return
    live = _asking(session, about)
    if live is not None and live.state in RUNNING:
        rounds.pause(session, live, PauseReason.UNSENT, now=now, is_chat_deaf=state in _DEAF)
