"""Starting, joining and steering a live round: what people press, with what they and the group are told."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox
from bot.banks import drawing
from bot.banks.drawing import UsableBank
from bot.db import signal, upsert
from bot.errors import UserError
from bot.members import chats, joining
from bot.members import service as members
from bot.members.rules import Actor, UnitRef
from bot.message import Sender, StaleButton, cut
from bot.outbox import Lane
from bot.quiz import answering, papers, results, rounds, seat_views, views
from bot.quiz.blueprint import Blueprint
from bot.quiz.facts import Console, Lobby
from bot.quiz.models import Round, RoundItem
from bot.quiz.phrases import near_titles, read_round
from bot.quiz.rules import (
    ENDED,
    LOBBY_FOR,
    MAX_LIVE,
    QUICK_COUNTS,
    RUNNING,
    TOLD_FOR,
    ItemState,
    PauseReason,
    RoundState,
    Seat,
    is_on_roster,
)
from bot.quiz.service import (
    AlreadyBegun,
    CannotClose,
    Live,
    NotOnRoster,
    RoundIsOn,
    RoundOver,
    StepOver,
    console_of,
    controlled,
    host,
    load,
    times,
)

DEFAULT_COUNT = 5  # questions, where nobody says how many
MOST_SHOWN = 20  # characters of what somebody typed


class NoSuchBank(UserError):
    text = "没有题库“{name}”。发送 /round 可以选试卷，或从题库随机出题。"


class NoSuchBankNear(UserError):
    text = "没有题库“{name}”，相近的有：{near}。"


class TooMany(UserError):
    text = "现场答题最多 {most} 题。"


def start(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> str:
    """Open the lobby of a round on a paper of the chat's branch; its title."""
    who, unit = host(session, sender, now)
    if paper_id not in {paper.paper_id for paper in papers.choices(session, unit, sender.chat_id)}:
        raise StaleButton
    return _open_lobby(session, sender, who, paper_id, now)


def start_named(session: Session, sender: Sender, text: str, *, seed: int, now: datetime) -> str:
    """Draw a paper from the bank that is named in words, or from all, and open its lobby; its title."""
    who, unit = host(session, sender, now)
    name, count = read_round(text)
    if count is not None and not 1 <= count <= MAX_LIVE:
        raise TooMany(most=MAX_LIVE)
    banks = drawing.usable_banks(session, unit)
    bank = next((one for one in banks if name in (one.title, one.slug)), None)
    if name and bank is None:
        raise _no_bank(session, unit, name, banks, now)
    title = bank.title if bank is not None else views.QUICK_TITLE
    bank_ids = (bank.id,) if bank is not None else ()
    have = len(papers.pool(session, unit, Blueprint(bank_ids), now))
    wanted = count if count is not None else max(1, min(DEFAULT_COUNT, have))
    paper = papers.quick(session, who, unit, wanted, title, seed=seed, now=now, bank_ids=bank_ids)
    return _open_lobby(session, sender, who, paper.paper_id, now)


def _no_bank(session: Session, unit: UnitRef, name: str, banks: Sequence[UsableBank], now: datetime) -> UserError:
    """Names those that are most like it, each with the questions it has for a group."""
    ids = {bank.title: bank.id for bank in banks}
    pools = {title: papers.pool(session, unit, Blueprint((ids[title],)), now) for title in near_titles(name, list(ids))}
    near = [(title, len(pool)) for title, pool in pools.items()]
    shown = cut(name, MOST_SHOWN)
    return NoSuchBankNear(name=shown, near=views.counted(near)) if near else NoSuchBank(name=shown)


def start_quick(session: Session, sender: Sender, count: int, *, seed: int, now: datetime) -> str:
    """Draw a paper from all banks and open its lobby; its title."""
    who, unit = host(session, sender, now)
    if count not in QUICK_COUNTS:
        raise StaleButton
    paper = papers.quick(session, who, unit, count, views.QUICK_TITLE, seed=seed, now=now)
    return _open_lobby(session, sender, who, paper.paper_id, now)


def _open_lobby(session: Session, sender: Sender, who: Actor, paper_id: int, now: datetime) -> str:
    statement = upsert(session, Round).values(
        paper_id=paper_id,
        chat_id=sender.chat_id,
        thread_id=chats.study_topic(session, sender) or 0,
        host_id=who.member_id,
        state=RoundState.LOBBY,
        position=0,
        step_version=0,
        next_step_at=now + LOBBY_FOR,
    )
    round_id = session.execute(statement.on_conflict_do_nothing().returning(Round.id)).scalar_one_or_none()
    live = load(session, round_id) if round_id is not None else None
    if live is None:  # another process was first in this chat
        raise RoundIsOn
    papers.keep_open(session, paper_id, now=now)
    rounds.post(session, live, live.key("lobby"), views.lobby(_lobby(session, live)), live.next_step_at, now)
    until = now + TOLD_FOR
    key, content = live.key("console"), views.console(console_of(session, live))
    outbox.enqueue(session, key, chat_id=who.user_id, content=content, lane=Lane.URGENT, valid_until=until, now=now)
    signal(session, "jobs")
    return live.title


def _lobby(session: Session, live: Live) -> Lobby:
    spans = times(session, live).values()
    return Lobby(live.id, live.title, live.total, min(spans), max(spans), LOBBY_FOR)


def join(session: Session, sender: Sender, round_id: int, *, now: datetime) -> int:
    """我参加 in the lobby; how many have joined."""
    who = members.actor(session, sender, now=now)
    live = load(session, round_id)
    if live is None or live.state in ENDED or live.chat_id != sender.chat_id:
        raise RoundOver
    unit = members.unit_of_chat(session, live.chat_id)
    if unit is None or not is_on_roster(who, unit):
        raise NotOnRoster
    if live.state is not RoundState.LOBBY:
        raise AlreadyBegun
    answering.sit(session, live.id, live.paper_id, who.member_id, Seat.GROUP, sender.at)
    outbox.refresh(session, live.key("counts"), now=now)
    return results.joined_count(session, live.id)


def invite_guests(session: Session, sender: Sender, round_id: int, *, now: datetime) -> None:
    """Show the group, once, the way onto the roster: somebody voted whom we do not know."""
    live = controlled(session, sender, round_id, now)
    unit = members.unit_of_chat(session, live.chat_id)
    link = joining.way_in(session, unit) if unit is not None else ""
    if not link:
        raise StaleButton
    rounds.post(session, live, live.key("bind"), seat_views.invite_guests(link), now + TOLD_FOR, now)


def begin(session: Session, sender: Sender, round_id: int, *, now: datetime) -> Console:
    """现在开始: the first question, without waiting for the end of the lobby."""
    live = controlled(session, sender, round_id, now)
    if live.state is not RoundState.LOBBY:  # a second tap: it has begun
        return _after(session, live)
    return _after(session, rounds.ask(session, live, 1, now=now))


def next_item(session: Session, sender: Sender, round_id: int, position: int, *, now: datetime) -> Console:
    """下一题: end the open question, or do not wait for its answer to be read."""
    live = controlled(session, sender, round_id, now)
    if live.position != position or live.state not in (RoundState.OPEN, RoundState.REVEALED):
        raise StepOver
    if live.state is RoundState.REVEALED:
        return _after(session, _past_answer(session, live, now))
    if not rounds.close_item(session, live, now=now):
        raise CannotClose
    return _after(session, load(session, round_id))


def _past_answer(session: Session, live: Live, now: datetime) -> Live | None:
    if live.position >= live.total:  # the job finishes it
        return rounds.move(session, live, RoundState.REVEALED, at=now, now=now)
    return rounds.ask(session, live, live.position + 1, now=now)


def pause(session: Session, sender: Sender, round_id: int, *, now: datetime) -> Console:
    live = controlled(session, sender, round_id, now)
    if live.state is RoundState.PAUSED:
        return _after(session, live)
    if live.state not in RUNNING:
        raise StepOver
    return _after(session, rounds.pause(session, live, PauseReason.BY_HAND, now=now))


def resume(session: Session, sender: Sender, round_id: int, *, now: datetime) -> Console:
    """继续: the next question; the interrupted one again if nobody has answered it."""
    live = controlled(session, sender, round_id, now)
    if live.state in RUNNING:
        return _after(session, live)
    if live.state is not RoundState.PAUSED:
        raise StepOver
    item = select(RoundItem.state).where(RoundItem.round_id == live.id, RoundItem.position == live.position)
    if session.scalar(item) is ItemState.REVEALED:
        return _after(session, _past_answer(session, live, now))
    if results.answered_count(session, live.id, live.position):  # its votes are kept: the job reveals it
        return _after(session, rounds.move(session, live, RoundState.OPEN, at=now, now=now))
    return _after(session, rounds.ask(session, live, live.position, now=now))


def abort(session: Session, sender: Sender, round_id: int, *, now: datetime) -> Console:
    """结束, confirmed."""
    live = controlled(session, sender, round_id, now)
    return _after(session, rounds.abort(session, live, now=now))


def _after(session: Session, live: Live | None) -> Console:
    if live is None:  # somebody else was faster
        raise StepOver
    return console_of(session, live)
