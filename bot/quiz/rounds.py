"""The steps of a live round. Each is a conditional UPDATE on state, position and step_version: whoever comes second
changes nothing, and a process may die between any two of them.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, Select, func, select, update
from sqlalchemy.orm import Session

from bot import inbox, outbox
from bot.banks.rules import Form
from bot.db import signal, upsert
from bot.inbox import Outage
from bot.members import service as members
from bot.message import Content, Edit, StopPoll
from bot.outbox import Lane
from bot.periods import local_day
from bot.quiz import results, seat_cards, views
from bot.quiz.facts import LiveItem, Revealed
from bot.quiz.models import PaperItem, Round, RoundItem, RoundPoll
from bot.quiz.rules import (
    LATE_AFTER,
    LOBBY_LOST,
    LOOK_AGAIN,
    PAUSE_BY_HAND,
    PAUSE_FOR,
    RESULT_FOR,
    REVEAL_FOR,
    SEND_GRACE,
    TOLD_FOR,
    UNANSWERED_MOST,
    UNDER_WAY,
    VOTE_GRACE,
    ItemState,
    PauseReason,
    RoundState,
)
from bot.quiz.service import LIVE, Live, first, item_of

# -- the clock's steps -------------------------------------------------------------------------------------------------


_NEXT = select(func.min(Round.next_step_at)).where(Round.state.in_(UNDER_WAY))  # the clock asks again and again


def next_due(session: Session, _: datetime) -> datetime | None:
    return session.scalar(_NEXT)


def step_due(session: Session, *, now: datetime) -> bool:
    """Take the one step that is due longest; True if there was one."""
    due = LIVE.where(Round.state.in_(UNDER_WAY), Round.next_step_at <= now).order_by(Round.next_step_at, Round.id)
    live = first(session, due)
    if live is None:
        return False
    _STEPS[live.state](session, live, now)
    return True


def _end_lobby(session: Session, live: Live, now: datetime) -> None:
    if now - live.next_step_at > LOBBY_LOST:
        abort(session, live, now=now, is_silent=True)
    else:
        ask(session, live, 1, now=now)


def _give_up_sending(session: Session, live: Live, now: datetime) -> None:
    """Neither sent nor refused in its time: perhaps the group has it, so it is never sent again by itself."""
    if not _is_all_handled(session, live, live.next_step_at, now):
        return
    is_unsent = _withdraw_item(session, live)
    pause(session, live, PauseReason.UNSENT if is_unsent else PauseReason.UNSURE, now=now)


def _end_item(session: Session, live: Live, now: datetime) -> None:
    closed_at = _closed_at(session, live) or now
    if _is_all_handled(session, live, closed_at + VOTE_GRACE, now):
        reveal(session, live, closed_at, now=now)


def _closed_at(session: Session, live: Live) -> datetime | None:
    query = select(RoundItem.closes_at).where(RoundItem.round_id == live.id, RoundItem.position == live.position)
    return session.scalar(query)


def _is_all_handled(session: Session, live: Live, at: datetime, now: datetime) -> bool:
    """Whether every vote of the time up to `at` has been counted; if not, the round looks again a little later."""
    if inbox.is_handled_until(session, at):
        return True
    later = update(Round).where(Round.id == live.id, Round.step_version == live.step_version)
    session.execute(later.values(next_step_at=now + LOOK_AGAIN))
    return False


def _go_on(session: Session, live: Live, now: datetime) -> None:
    if live.position >= live.total:
        _finish(session, live, now)
    elif now - live.next_step_at > LATE_AFTER:
        pause(session, live, PauseReason.LATE, now=now, outage=_outage_since(session, live.next_step_at))
    else:
        ask(session, live, live.position + 1, now=now)


def _end_pause(session: Session, live: Live, now: datetime) -> None:
    abort(session, live, now=now)


_STEPS = {
    RoundState.LOBBY: _end_lobby,
    RoundState.ASKING: _give_up_sending,
    RoundState.OPEN: _end_item,
    RoundState.REVEALED: _go_on,
    RoundState.PAUSED: _end_pause,
}


# -- what a step does --------------------------------------------------------------------------------------------------


def move(
    session: Session, live: Live, to: RoundState, *, at: datetime, now: datetime, position: int | None = None
) -> Live | None:
    """Put the round into its next state, to be looked at again at `at`; None if somebody else has moved it."""
    after = replace(
        live,
        state=to,
        position=live.position if position is None else position,
        step_version=live.step_version + 1,
        next_step_at=at,
    )
    statement = update(Round).where(
        Round.id == live.id,
        Round.state == live.state,
        Round.position == live.position,
        Round.step_version == live.step_version,
    )
    values = {"state": to, "position": after.position, "step_version": after.step_version, "next_step_at": at}
    result = cast("CursorResult[object]", session.execute(statement.values(values)))
    if result.rowcount != 1:
        return None
    outbox.refresh(session, live.key("counts"), now=now)
    if live.state is RoundState.PAUSED:
        _end_notice(session, live, now, goes_on=to is not RoundState.ABORTED)
    signal(session, "jobs")
    return after


def ask(session: Session, live: Live, position: int, *, now: datetime) -> Live | None:
    """Send the question at `position`; a message of its own goes before it if the poll cannot hold it."""
    item = item_of(session, live, position)
    at = now + item.time + SEND_GRACE
    asked = move(session, live, RoundState.ASKING, position=position, at=at, now=now)
    if asked is None:
        return None
    version = select(PaperItem.version_id).where(PaperItem.paper_id == live.paper_id, PaperItem.position == position)
    statement = upsert(session, RoundItem).values(
        round_id=live.id,
        position=position,
        version_id=version.scalar_subquery(),
        option_order=list(item.order),
        form=item.form,
        state=ItemState.SENDING,
    )
    again = {"state": ItemState.SENDING, "closes_at": None}
    session.execute(statement.on_conflict_do_update(index_elements=["round_id", "position"], set_=again))
    if item.form is Form.F3:
        post(session, asked, asked.key("pre", position, asked.step_version), views.before_poll(item), at, now)
    else:
        post_poll(session, asked, item, now=now)
    return asked


def post_poll(session: Session, live: Live, item: LiveItem, *, now: datetime) -> None:
    key = live.key("item", item.position, live.step_version)
    post(session, live, key, views.poll(item), live.next_step_at, now)


def post(session: Session, live: Live, key: str, content: Content, valid_until: datetime, now: datetime) -> None:
    """Into the round's group, before all reminders."""
    outbox.enqueue(
        session,
        key,
        chat_id=live.chat_id,
        thread_id=live.thread_id or None,
        content=content,
        lane=Lane.URGENT,
        valid_until=valid_until,
        now=now,
    )


def tell_host(session: Session, live: Live, key: str, content: Content, *, now: datetime) -> None:
    """To the host in private, if he has an account."""
    host = members.people(session, [live.host_id], local_day(now)).get(live.host_id)
    if host is not None and host.user_id is not None:
        until = now + TOLD_FOR
        outbox.enqueue(
            session, key, chat_id=host.user_id, content=content, lane=Lane.URGENT, valid_until=until, now=now
        )


def close_item(session: Session, live: Live, *, now: datetime) -> bool:
    """End the open question before its time; False if its poll was adopted and cannot be closed, or has moved on."""
    if not _has_message(session, live):
        return False
    if move(session, live, RoundState.OPEN, at=now + VOTE_GRACE, now=now) is None:
        return False
    stop_polls(session, live, now=now)
    return True


def _polls(live: Live) -> Select[int | None]:
    query = select(RoundPoll.message_id).join(RoundItem, RoundItem.id == RoundPoll.round_item_id)
    return query.where(RoundItem.round_id == live.id, RoundItem.position == live.position)


def _has_message(session: Session, live: Live) -> bool:
    return session.scalar(_polls(live).where(RoundPoll.message_id.is_not(None)).limit(1)) is not None


def stop_polls(session: Session, live: Live, *, now: datetime) -> None:
    """Close what the group can still vote in; what closed by its time is left alone."""
    item = update(RoundItem).where(RoundItem.round_id == live.id, RoundItem.position == live.position)
    still_open = item.where(RoundItem.state == ItemState.OPEN, RoundItem.closes_at > now)
    if session.execute(still_open.values(closes_at=now).returning(RoundItem.id)).first() is None:
        return
    for message_id in session.scalars(_polls(live).where(RoundPoll.message_id.is_not(None))).all():
        assert message_id is not None
        post(session, live, live.key("stop", live.position, message_id), StopPoll(message_id), now + TOLD_FOR, now)


def reveal(session: Session, live: Live, closed_at: datetime, *, now: datetime) -> None:
    """Tell the answer; its arrival lets the round go on, unless nobody answers any more or too much time was lost."""
    told = move(session, live, RoundState.REVEALED, at=now + REVEAL_FOR + LATE_AFTER, now=now)
    if told is None:
        return
    item = update(RoundItem).where(RoundItem.round_id == live.id, RoundItem.position == live.position)
    session.execute(item.values(state=ItemState.REVEALED))
    seat_cards.end(session, told, now=now)
    count = results.item_count(session, live.id, live.position)
    revealed = Revealed(item_of(session, live, live.position), count.answered, count.right)
    post(session, told, told.key("reveal", live.position), views.revealed(revealed), now + TOLD_FOR, now)
    if now - closed_at > LATE_AFTER + VOTE_GRACE:
        pause(session, told, PauseReason.LATE, now=now, outage=_outage_since(session, closed_at))
    elif results.unanswered_in_a_row(session, live.id, live.position) >= UNANSWERED_MOST:
        pause(session, told, PauseReason.NOBODY, now=now)


def _outage_since(session: Session, at: datetime) -> timedelta | None:
    """How long we were away, if we were after `at`."""
    query = select(Outage.from_at, Outage.to_at).where(Outage.to_at >= at).order_by(Outage.id.desc()).limit(1)
    row = session.execute(query).one_or_none()
    return row[1] - row[0] if row else None


def pause(
    session: Session,
    live: Live,
    reason: PauseReason,
    *,
    now: datetime,
    outage: timedelta | None = None,
    is_chat_deaf: bool = False,
) -> Live | None:
    """Stop until somebody says 继续; where the group cannot hear us, its host is told."""
    pause_for = PAUSE_BY_HAND if reason is PauseReason.BY_HAND else PAUSE_FOR
    paused = move(session, live, RoundState.PAUSED, at=now + pause_for, now=now)
    if paused is None:
        return None
    _withdraw_item(session, live)
    stop_polls(session, live, now=now)
    if live.state is RoundState.OPEN:
        seat_cards.end(session, paused, now=now)
    message, key = views.paused(live.id, reason, live.position, outage), live.key("pause", paused.step_version)
    if is_chat_deaf:
        tell_host(session, live, key, message, now=now)
    else:
        post(session, live, key, message, now + TOLD_FOR, now)
    return paused


def _end_notice(session: Session, live: Live, now: datetime, *, goes_on: bool) -> None:
    """What said in the group that the round is paused says it no more, and has no button."""
    key = live.key("pause", live.step_version)
    outbox.withdraw_one(session, key)
    message_id = outbox.message_of(session, key, chat_id=live.chat_id)
    if message_id is not None:
        over = Edit(views.after_pause(goes_on=goes_on), message_id)
        post(session, live, live.key("unpause", live.step_version), over, now + TOLD_FOR, now)


def _withdraw_item(session: Session, live: Live) -> bool:
    """Take back a question that has not left; True if there was one."""
    rows = [outbox.withdraw(session, live.key(what, live.position) + ":") for what in ("item", "pre")]
    return any(rows)


def _finish(session: Session, live: Live, now: datetime) -> None:
    """Tell everybody the own result, so many people a transaction, then the group the figures of all."""
    settled = results.settle(session, live.id, live.title, now=now)
    if settled is not None:
        for one in settled:
            _tell(session, live.key("own", one.member_id), one.user_id, views.own_result(one.result), now)
    elif move(session, live, RoundState.FINISHED, at=now, now=now) is not None:
        summary = results.summary(session, live.id, live.title, live.total)
        post(session, live, live.key("end"), views.summary(summary), now + TOLD_FOR, now)


def _tell(session: Session, key: str, chat_id: int, content: Content, now: datetime) -> None:
    until = now + RESULT_FOR
    outbox.enqueue(
        session,
        key,
        chat_id=chat_id,
        content=content,
        lane=Lane.NOTICE,
        valid_until=until,
        now=now,
        is_unasked=True,
    )


def abort(session: Session, live: Live, *, now: datetime, is_silent: bool = False) -> Live | None:
    """End before the last question: what was revealed counts for its people, nothing in any figure."""
    aborted = move(session, live, RoundState.ABORTED, at=now, now=now)
    if aborted is None:
        return None
    _withdraw_item(session, live)
    stop_polls(session, live, now=now)
    if live.state is RoundState.OPEN:
        seat_cards.end(session, aborted, now=now)
    unrevealed = update(RoundItem).where(RoundItem.round_id == live.id, RoundItem.state != ItemState.REVEALED)
    session.execute(unrevealed.values(state=ItemState.SKIPPED))
    results.settle_aborted(session, live.id, now=now)
    if not is_silent:
        asked = results.revealed_count(session, live.id)
        post(session, live, live.key("end"), views.aborted(live.title, asked), now + TOLD_FOR, now)
    return aborted
