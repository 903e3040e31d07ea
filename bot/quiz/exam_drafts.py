"""An exam in the making: one row that remembers its step, so that any old button works after a restart.

So far the standard paper: its bank, its preview, its publishing. What its maker chooses beside the bank is kept in the
columns of the paper and read back by `terms_of` and `Blueprint.from_json`.
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.banks import drawing
from bot.banks.rules import QuestionType
from bot.members.rules import Actor, UnitRef
from bot.message import Sender
from bot.quiz import drafts, exams, papers
from bot.quiz import publishing_views as views
from bot.quiz.blueprint import Blueprint
from bot.quiz.drafts import DrawChanged, NoDraft
from bot.quiz.exam_facts import ExamDraft, PublishedExam, Terms
from bot.quiz.facts import BankChoice
from bot.quiz.models import Paper
from bot.quiz.papers import Drawn
from bot.quiz.rules import DRAFT_FOR, DraftStep, PaperKind, PaperState

EVERY_TYPE = tuple(QuestionType)


def begin_standard(session: Session, sender: Sender, *, seed: int, now: datetime) -> ExamDraft:
    """一键标准卷: only its bank is to be chosen."""
    who, unit = drafts.maker(session, sender, now)
    blueprint = Blueprint(rows=exams.STANDARD_ROWS)
    paper = papers.new(session, who, unit, blueprint, views.MIXED_TITLE, seed, now, PaperKind.EXAM)
    return _facts(session, unit, paper, now)


def _mine(session: Session, sender: Sender, paper_id: int, now: datetime) -> tuple[Actor, UnitRef, Paper]:
    """The draft of this person; touching it keeps it another week."""
    who, unit = drafts.maker(session, sender, now)
    own = select(Paper).where(Paper.id == paper_id, Paper.by == who.recorded_id, Paper.state == PaperState.DRAFT)
    paper = session.scalars(own.where(Paper.kind == PaperKind.EXAM).with_for_update()).one_or_none()
    if paper is None:
        raise NoDraft
    paper.closes_at = now + DRAFT_FOR
    return who, unit, paper


def look(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> ExamDraft:
    _, unit, paper = _mine(session, sender, paper_id, now)
    return _facts(session, unit, paper, now)


def choose_bank(session: Session, sender: Sender, paper_id: int, bank_id: int, *, now: datetime) -> ExamDraft:
    """A bank, or 0 for all that the unit may use; raises TooFew if it cannot fill the paper."""
    _, unit, paper = _mine(session, sender, paper_id, now)
    known = {bank.id for bank in drawing.usable_banks(session, unit)}
    blueprint = replace(Blueprint.from_json(paper.blueprint), bank_ids=(bank_id,) if bank_id in known else ())
    _draw(session, unit, blueprint, paper.seed, now)
    paper.blueprint, paper.draft_step = blueprint.to_json(), DraftStep.PREVIEW
    return _facts(session, unit, paper, now)


def redraw(session: Session, sender: Sender, paper_id: int, *, seed: int, now: datetime) -> ExamDraft:
    _, unit, paper = _mine(session, sender, paper_id, now)
    paper.seed = seed
    return _facts(session, unit, paper, now)


def step_back(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> ExamDraft:
    _, unit, paper = _mine(session, sender, paper_id, now)
    paper.draft_step = DraftStep.BANK
    return _facts(session, unit, paper, now)


def publish(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> PublishedExam:
    """What was previewed is published; a bank that changed meanwhile is never swapped in unseen."""
    who, unit, paper = _mine(session, sender, paper_id, now)
    if paper.draft_step is not DraftStep.PREVIEW:
        raise NoDraft
    drawn = _draw(session, unit, Blueprint.from_json(paper.blueprint), paper.seed, now)
    if drawn.fingerprint != paper.blueprint.get("previewed"):
        raise DrawChanged
    return exams.publish(session, who, unit, paper, drawn, terms_of(paper, now), now)


def drop(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> None:
    _, _, paper = _mine(session, sender, paper_id, now)
    papers.delete_draft(session, paper.id)


def terms_of(_: Paper, now: datetime) -> Terms:
    """What the maker has chosen of window, limit and attempts; so far always the standard."""
    return exams.standard_terms(now)


def _draw(session: Session, unit: UnitRef, blueprint: Blueprint, seed: int, now: datetime) -> Drawn:
    return papers.draw_for(session, unit, blueprint, seed, now, EVERY_TYPE)


# -- what a step shows -------------------------------------------------------------------------------------------------


def _facts(session: Session, unit: UnitRef, paper: Paper, now: datetime) -> ExamDraft:
    blueprint = Blueprint.from_json(paper.blueprint)
    banks = drawing.usable_banks(session, unit)
    bank = next((bank.title for bank in banks if bank.id in blueprint.bank_ids), "")
    paper.title = views.paper_title(bank)
    step = paper.draft_step or DraftStep.BANK
    facts = ExamDraft(paper.id, step, paper.title, terms_of(paper, now), bank=bank)
    if step is DraftStep.BANK:
        return replace(facts, banks=_bank_choices(session, unit, banks, now))
    drawn = _draw(session, unit, blueprint, paper.seed, now)
    paper.blueprint = {**paper.blueprint, "previewed": drawn.fingerprint}
    people = exams.asked(session, papers.branch_ids(session, unit), now)
    return replace(
        facts,
        counts=Counter(pick.type for pick in drawn.picks),
        max_centi=drawn.max_centi,
        pass_centi=exams.pass_mark(drawn.max_centi, paper.pass_pct),
        people=len(people.due),
        exempt=len(people.exempt),
    )


def _bank_choices(
    session: Session, unit: UnitRef, banks: list[drawing.UsableBank], now: datetime
) -> tuple[BankChoice, ...]:
    pools = {bank.id: papers.pool(session, unit, Blueprint((bank.id,)), now, EVERY_TYPE) for bank in banks}
    return tuple(BankChoice(bank.id, bank.title, len(pools[bank.id])) for bank in banks if pools[bank.id])
