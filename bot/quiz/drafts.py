"""A live paper in the making: one row that remembers its step, so that any old button works after a restart."""

import zlib
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.banks import drawing
from bot.errors import UserError
from bot.members import service as members
from bot.members.rules import Actor, Right, UnitRef
from bot.message import LARGEST, Sender
from bot.quiz import papers, views
from bot.quiz.blueprint import Blueprint, BlueprintRow, Pooled, matches
from bot.quiz.facts import BankChoice, PaperChoice, PaperDraft, Published, TopicChoice
from bot.quiz.models import Paper
from bot.quiz.papers import Drawn
from bot.quiz.rules import DRAFT_FOR, MAX_LIVE, REVEAL_FOR, VOTE_GRACE, DraftStep, PaperKind, PaperState

MAX_TITLE = 60


class NoDraft(UserError):
    text = "这份试卷已经发布或放弃，请重新发送 /quiz。"
    ends_buttons = True
    is_done = True


class DrawChanged(UserError):
    text = "题库已有新版本，请点“换一批题”重新预览。"


def menu(session: Session, sender: Sender, *, now: datetime) -> tuple[PaperChoice, ...]:
    """Live papers of the place the person prepares quizzes for."""
    _, unit = maker(session, sender, now)
    return papers.choices(session, unit)


def maker(session: Session, sender: Sender, now: datetime) -> tuple[Actor, UnitRef]:
    """Who prepares papers, and for which unit: the first at which the right is held."""
    who = members.actor(session, sender, now=now)
    units = who.units_for(Right.RUN_QUIZ)
    if not units:
        who.require(Right.RUN_QUIZ, who.branch)
    return who, units[0]


def begin(session: Session, sender: Sender, *, seed: int, now: datetime) -> PaperDraft:
    who, unit = maker(session, sender, now)
    paper = papers.new(session, who, unit, Blueprint(), views.MIXED_TITLE, seed, now)
    return _facts(session, unit, paper, now)


def _mine(session: Session, sender: Sender, paper_id: int, now: datetime) -> tuple[Actor, UnitRef, Paper]:
    """The draft of this person; touching it keeps it another week."""
    who, unit = maker(session, sender, now)
    own = select(Paper).where(Paper.id == paper_id, Paper.by == who.recorded_id, Paper.state == PaperState.DRAFT)
    own = own.where(Paper.kind == PaperKind.LIVE)
    paper = session.scalars(own.with_for_update()).one_or_none()
    if paper is None:
        raise NoDraft
    paper.closes_at = now + DRAFT_FOR
    return who, unit, paper


def look(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> PaperDraft:
    _, unit, paper = _mine(session, sender, paper_id, now)
    return _facts(session, unit, paper, now)


def choose_bank(session: Session, sender: Sender, paper_id: int, bank_id: int, *, now: datetime) -> PaperDraft:
    """A bank, or 0 for all that the unit may use."""
    _, unit, paper = _mine(session, sender, paper_id, now)
    known = {bank.id for bank in drawing.usable_banks(session, unit)}
    blueprint = Blueprint((bank_id,) if bank_id in known else ())
    return _go(session, unit, paper, blueprint, DraftStep.TOPIC, now)


def choose_topic(session: Session, sender: Sender, paper_id: int, place: int, *, now: datetime) -> PaperDraft:
    """A topic by its number of `topic_number`, or 0 for any."""
    _, unit, paper = _mine(session, sender, paper_id, now)
    blueprint = Blueprint.from_json(paper.blueprint)
    pool = papers.pool(session, unit, blueprint, now)
    topic = next((topic for one in pool for topic in one.topics if topic_number(topic) == place), None)
    return _go(session, unit, paper, replace(blueprint, rows=(BlueprintRow(0, topic=topic),)), DraftStep.COUNT, now)


def topic_number(topic: str) -> int:
    """A number for callback data that stays with the topic when the bank changes."""
    return zlib.crc32(topic.encode()) % LARGEST or LARGEST  # 0 stands for any


def choose_count(session: Session, sender: Sender, paper_id: int, count: int, *, now: datetime) -> PaperDraft:
    """How many questions; raises TooFew if the choice so far does not leave that many."""
    _, unit, paper = _mine(session, sender, paper_id, now)
    blueprint = Blueprint.from_json(paper.blueprint)
    rows = tuple(replace(row, count=min(count, MAX_LIVE)) for row in blueprint.rows or (BlueprintRow(0),))
    papers.draw_for(session, unit, replace(blueprint, rows=rows), paper.seed, now)
    return _go(session, unit, paper, replace(blueprint, rows=rows), DraftStep.PREVIEW, now)


def redraw(session: Session, sender: Sender, paper_id: int, *, seed: int, now: datetime) -> PaperDraft:
    _, unit, paper = _mine(session, sender, paper_id, now)
    draw_again(paper, seed)
    return _facts(session, unit, paper, now)


def draw_again(paper: Paper, seed: int) -> None:
    paper.seed = seed
    paper.blueprint = {**paper.blueprint, "redrawn": redrawn(paper) + 1}


def redrawn(paper: Paper) -> int:
    """Of the choices as they stand: with each of them a draft is drawn anew."""
    return int(str(paper.blueprint.get("redrawn", 0)))


_BEFORE = {
    DraftStep.TOPIC: DraftStep.BANK,
    DraftStep.COUNT: DraftStep.TOPIC,
    DraftStep.PREVIEW: DraftStep.COUNT,
}


def step_back(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> PaperDraft:
    _, unit, paper = _mine(session, sender, paper_id, now)
    step = _BEFORE.get(paper.draft_step or DraftStep.BANK, DraftStep.BANK)
    return _go(session, unit, paper, Blueprint.from_json(paper.blueprint), step, now)


def publish(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> Published:
    """What was previewed is published; a bank that changed meanwhile is never swapped in unseen."""
    who, unit, paper = _mine(session, sender, paper_id, now)
    if paper.draft_step is not DraftStep.PREVIEW:
        raise NoDraft
    drawn = papers.draw_for(session, unit, Blueprint.from_json(paper.blueprint), paper.seed, now)
    if drawn.fingerprint != paper.blueprint.get("previewed"):
        raise DrawChanged
    return papers.publish(session, who, paper, drawn, now)


def drop(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> None:
    _, _, paper = _mine(session, sender, paper_id, now)
    papers.delete_draft(session, paper.id)


def _go(
    session: Session, unit: UnitRef, paper: Paper, blueprint: Blueprint, step: DraftStep, now: datetime
) -> PaperDraft:
    paper.blueprint, paper.draft_step = blueprint.to_json(), step
    return _facts(session, unit, paper, now)


# -- what a step shows -------------------------------------------------------------------------------------------------


def _facts(session: Session, unit: UnitRef, paper: Paper, now: datetime) -> PaperDraft:
    blueprint = Blueprint.from_json(paper.blueprint)
    step = paper.draft_step or DraftStep.BANK
    banks = drawing.usable_banks(session, unit)
    bank = next((bank.title for bank in banks if bank.id in blueprint.bank_ids), "")
    topic = blueprint.rows[0].topic or "" if blueprint.rows else ""
    paper.title = views.paper_title(bank, topic)[:MAX_TITLE]
    facts = PaperDraft(paper.id, step, paper.title, bank=bank, topic=topic)
    if step is DraftStep.BANK:
        return replace(facts, banks=_bank_choices(session, unit, banks, now))
    pool = papers.pool(session, unit, blueprint, now)
    if step is DraftStep.TOPIC:
        return replace(facts, topics=_topic_choices(pool), have=len(matches(BlueprintRow(0), pool)))
    if step is DraftStep.COUNT:
        return replace(facts, have=len(matches(BlueprintRow(0, topic=topic or None), pool)))
    return _preview(facts, paper, papers.draw_for(session, unit, blueprint, paper.seed, now))


def _bank_choices(
    session: Session, unit: UnitRef, banks: list[drawing.UsableBank], now: datetime
) -> tuple[BankChoice, ...]:
    pools = {bank.id: papers.pool(session, unit, Blueprint((bank.id,)), now) for bank in banks}
    counts = {bank_id: len(matches(BlueprintRow(0), pool)) for bank_id, pool in pools.items()}
    return tuple(BankChoice(bank.id, bank.title, counts[bank.id]) for bank in banks if counts[bank.id])


def _topic_choices(pool: list[Pooled]) -> tuple[TopicChoice, ...]:
    counts = Counter(topic for one in matches(BlueprintRow(0), pool) for topic in one.topics)
    return tuple(TopicChoice(topic_number(topic), topic, n) for topic, n in counts.most_common())


def _preview(facts: PaperDraft, paper: Paper, drawn: Drawn) -> PaperDraft:
    """Remembers what is shown, so that nothing else is published."""
    paper.blueprint = {**paper.blueprint, "previewed": drawn.fingerprint}
    paper.max_centi = drawn.max_centi
    takes = sum((timedelta(seconds=q.time_s) + VOTE_GRACE + REVEAL_FOR for q in drawn.questions), timedelta())
    counts = Counter(pick.type for pick in drawn.picks)
    return replace(facts, counts=counts, max_centi=drawn.max_centi, takes=takes, redrawn=redrawn(paper))
