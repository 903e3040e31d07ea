"""Starting, joining and steering a live round: what people press, with what they and the group are told."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox
from bot.banks.content import question_of
from bot.banks.models import QuestionVersion
from bot.db import signal, upsert
from bot.members import chats
from bot.members import service as members
from bot.members.rules import Actor
from bot.message import Sender, StaleButton
from bot.outbox import Lane
from bot.quiz import papers, results, rounds, views, votes
from bot.quiz.facts import Console, Lobby
from bot.quiz.models import PaperItem, Round, RoundItem
from bot.quiz.rules import (
    ENDED,
    LOBBY_FOR,
    QUICK_COUNTS,
    RUNNING,
    TOLD_FOR,
    ItemState,
    PauseReason,
    RoundState,
    is_on_roster,
    poll_form,
    prefix,
    time_for,
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
)


def start(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> str:
    """Open the lobby of a round on a paper of the chat's branch; its title."""
    who, unit = host(session, sender, now)
    if paper_id not in {paper.paper_id for paper in papers.choices(session, unit, sender.chat_id)}:
        raise StaleButton
    return _open_lobby(session, sender, who, paper_id, now)


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
    query = (
        select(PaperItem.position, QuestionVersion.content)
        .join(QuestionVersion, QuestionVersion.id == PaperItem.version_id)
        .where(PaperItem.paper_id == live.paper_id)
    )
    times = []
    for position, content in session.execute(query):
        question = question_of("", content)
        times.append(time_for(question, poll_form(question, prefix(live.id, position, live.total))))
    return Lobby(live.id, live.title, live.total, min(times), max(times), LOBBY_FOR)


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
    votes.attempt(session, live.id, live.paper_id, who.member_id, sender.at)
    outbox.refresh(session, live.key("counts"), now=now)
    return results.joined_count(session, live.id)


def begin(session: Session, sender: Sender, round_id: int, *, now: datetime) -> Console:
    """现在开始: the first question, without waiting for the end of the lobby."""
    live = controlled(session, sender, round_id, now)
    if live.state is not RoundState.LOBBY:
        raise StepOver
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
    if live.state not in RUNNING:
        raise StepOver
    return _after(session, rounds.pause(session, live, PauseReason.BY_HAND, now=now))


def resume(session: Session, sender: Sender, round_id: int, *, now: datetime) -> Console:
    """继续: the next question; the interrupted one again if nobody has answered it."""
    live = controlled(session, sender, round_id, now)
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
