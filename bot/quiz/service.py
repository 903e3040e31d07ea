"""A live round as everybody finds it, who may steer it, and what can be asked. Use cases with words are in `hosting`
and `drafts`, the clock's steps in `rounds`, answers in `votes`.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bot.banks.content import question_of
from bot.banks.models import QuestionVersion
from bot.banks.rules import Question, option_order
from bot.errors import UserError
from bot.members import chats
from bot.members import service as members
from bot.members.rules import Actor, Right, UnitRef
from bot.message import Sender
from bot.quiz import papers, results
from bot.quiz.facts import Console, LiveItem, PaperChoice
from bot.quiz.models import Paper, PaperItem, Round, RoundItem
from bot.quiz.rules import BETWEEN, ENDED, UNDER_WAY, Key, RoundState, poll_form, prefix, seconds, time_for


class NotOnRoster(UserError):
    text = "你不在本支部名册里，投票不计。"


class OnlyOfficers(UserError):
    text = "只有书记、组织委员或管理员可以操作。"


class RoundIsOn(UserError):
    text = "本群已有一场现场答题。"


class ThisIsOn(RoundIsOn):
    text = "本群已有一场现场答题。《{title}》还剩约 {minutes} 分钟，请等它结束，或由主持人点“结束”。"


class PausedIsOn(RoundIsOn):
    text = "本群已有一场现场答题。《{title}》暂停了，请点“继续”或“结束”。"


class ChatNotBound(UserError):
    text = "本群还没有绑定支部，请支部书记在本群发送 /bind。"


class RoundOver(UserError):
    text = "这场现场答题已经结束。"
    ends_buttons = True


class AlreadyBegun(UserError):
    text = "答题已经开始，直接在投票里作答就可以。"
    ends_buttons = True


class StepOver(UserError):
    text = "这一步已经过去了，请看控制台的最新状态。"


class CannotClose(UserError):
    text = "这道题不能提前结束，请等它到时。"


@dataclass(frozen=True, slots=True)
class Live:
    """A round as one step finds it."""

    id: int
    paper_id: int
    chat_id: int
    thread_id: int
    host_id: int
    state: RoundState
    position: int
    step_version: int
    next_step_at: datetime
    title: str
    seed: int
    total: int

    def key(self, what: str, *numbers: int) -> str:
        return str(Key(self.id, what, numbers))


_TOTAL = select(func.count()).where(PaperItem.paper_id == Round.paper_id).correlate(Round).scalar_subquery()
LIVE = (
    select(Round.id, Round.paper_id, Round.chat_id, Round.thread_id, Round.host_id, Round.state, Round.position)
    .add_columns(Round.step_version, Round.next_step_at, Paper.title, Paper.seed, _TOTAL)
    .join(Paper, Paper.id == Round.paper_id)
)


def load(session: Session, round_id: int) -> Live | None:
    return first(session, LIVE.where(Round.id == round_id))


def active_in(session: Session, chat_id: int, thread_id: int) -> Live | None:
    """The round that is going on in a chat and topic."""
    here = LIVE.where(Round.chat_id == chat_id, Round.thread_id == thread_id)
    return first(session, here.where(Round.state.in_(UNDER_WAY)))


def first(session: Session, query: Select[*tuple[object, ...]]) -> Live | None:
    row = session.execute(query.limit(1)).one_or_none()
    return Live(*row) if row else None  # type: ignore[arg-type]  # the columns of LIVE are the fields of Live


def item_of(session: Session, live: Live, position: int) -> LiveItem:
    """The question at `position`, with the order of its options as it was or will be asked."""
    query = (
        select(QuestionVersion.content, RoundItem.option_order)
        .join(PaperItem, PaperItem.version_id == QuestionVersion.id)
        .outerjoin(RoundItem, (RoundItem.round_id == live.id) & (RoundItem.position == position))
        .where(PaperItem.paper_id == live.paper_id, PaperItem.position == position)
    )
    content, stored = session.execute(query).one()
    question = question_of("", content)
    order = tuple(stored) if stored is not None else _new_order(live, position, question)
    form = poll_form(question, prefix(live.id, position, live.total))
    return LiveItem(live.id, position, live.total, question, order, form)


def _new_order(live: Live, position: int, question: Question) -> tuple[int, ...]:
    rng = random.Random(f"{live.seed}:{live.id}:{position}")  # noqa: S311  # the order is stored, it is no secret
    return option_order(question, rng)


def offer(session: Session, sender: Sender, *, now: datetime) -> tuple[PaperChoice, ...]:
    """Papers that could be asked in this group."""
    _, unit = host(session, sender, now)
    return papers.choices(session, unit, sender.chat_id)


def check_officer(session: Session, sender: Sender, *, now: datetime) -> tuple[Actor, UnitRef]:
    """Who could run rounds in this chat; raises OnlyOfficers."""
    who = members.actor(session, sender, now=now)
    unit = members.unit_of_chat(session, sender.chat_id)
    if unit is None:
        raise ChatNotBound
    if not who.may(Right.RUN_QUIZ, unit):
        raise OnlyOfficers
    return who, unit


def host(session: Session, sender: Sender, now: datetime) -> tuple[Actor, UnitRef]:
    who, unit = check_officer(session, sender, now=now)
    live = active_in(session, sender.chat_id, chats.study_topic(session, sender) or 0)
    if live is not None:
        raise _is_on(session, live, now)
    return who, unit


def _is_on(session: Session, live: Live, now: datetime) -> RoundIsOn:
    if live.state is RoundState.PAUSED:
        return PausedIsOn(title=live.title)
    minutes = -(-seconds(_time_left(session, live, now)) // 60)
    return ThisIsOn(title=live.title, minutes=max(minutes, 1))


def times(session: Session, live: Live) -> dict[int, timedelta]:
    """How long each question is open, by position."""
    query = (
        select(PaperItem.position, QuestionVersion.content)
        .join(QuestionVersion, QuestionVersion.id == PaperItem.version_id)
        .where(PaperItem.paper_id == live.paper_id)
    )
    found = {}
    for position, content in session.execute(query):
        question = question_of("", content)
        found[position] = time_for(question, poll_form(question, prefix(live.id, position, live.total)))
    return found


def _time_left(session: Session, live: Live, now: datetime) -> timedelta:
    """Until the end, if every question takes its whole time."""
    to_come = [time for position, time in times(session, live).items() if position > live.position]
    return max(live.next_step_at - now, timedelta()) + sum(to_come, timedelta()) + len(to_come) * BETWEEN


def console_of(session: Session, live: Live) -> Console:
    return results.console(session, live.id, live.title, live.state, live.position, live.total)


def controlled(session: Session, sender: Sender, round_id: int, now: datetime) -> Live:
    """The round, if the person may steer it: its host, or who could start one in its chat."""
    who = members.actor(session, sender, now=now)
    live = load(session, round_id)
    if live is None or live.state in ENDED:
        raise RoundOver
    unit = members.unit_of_chat(session, live.chat_id)
    if who.member_id != live.host_id and (unit is None or not who.may(Right.RUN_QUIZ, unit)):
        raise OnlyOfficers
    return live


def look(session: Session, sender: Sender, round_id: int, *, now: datetime) -> Console:
    return console_of(session, controlled(session, sender, round_id, now))
