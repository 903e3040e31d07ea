"""An exam in the making: one row that remembers its step, so that any old button works after a restart.

Its seven steps, each with a default; what is chosen is kept in the columns of the paper and in its blueprint. The
choices beside bank and topic are in `exam_settings`.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.banks import drawing
from bot.banks.rules import QuestionType
from bot.errors import UserError
from bot.members import prompts
from bot.members import service as members
from bot.members.rules import Actor, UnitKind, UnitRef
from bot.message import Sender, StaleButton
from bot.periods import at_beijing, local_day
from bot.quiz import drafts, exams, papers
from bot.quiz import publishing_views as views
from bot.quiz.blueprint import Blueprint, BlueprintRow, Pooled, matches, supply
from bot.quiz.drafts import DrawChanged, NoDraft
from bot.quiz.exam_facts import BranchTarget, ExamDraft, PublishedExam, RowChoice, Terms
from bot.quiz.facts import BankChoice, TopicChoice
from bot.quiz.marking import marking_rules
from bot.quiz.models import Paper, PaperBranch
from bot.quiz.papers import Drawn
from bot.quiz.rules import (
    DRAFT_FOR,
    EXAM_CLOSES,
    EXAM_DAYS,
    EXAM_LIMIT,
    EXAM_STEPS,
    LONGEST_EXAM,
    MAX_EXAM,
    MOST_POINTS,
    SHORTEST_EXAM,
    DraftStep,
    Draw,
    PaperKind,
    PaperState,
    Setting,
    seconds,
)
from bot.quiz.views import score

EVERY_TYPE = tuple(QuestionType)
PURPOSE = "quiz:exam"
OPENS = time(9, 0)  # of a day that is chosen without a time


class BadWindow(UserError):
    text = "考试时间至少 10 分钟、至多 90 天，截止要在现在之后。请重新选择起止时间。"


class NotPreviewed(UserError):
    text = "试卷改过了，请先看预览再发布。"
    ends_buttons = True


class BankChanged(UserError):
    text = "题库已有新版本，请点“上一步”，再看一次预览。"


class NoBranchChosen(UserError):
    text = "请至少选择一个支部。"


class NoQuestions(UserError):
    text = "请先选择题量，至少 1 题。"


class TooManyQuestions(UserError):
    text = "一份试卷最多 {most} 题，现在是 {n} 题。"


class TooManyPoints(UserError):
    text = "满分应在 1–{most} 分之间，现在是 {n} 分。"


# -- the draft and its owner -------------------------------------------------------------------------------------------


def begin(session: Session, sender: Sender, *, seed: int, now: datetime) -> ExamDraft:
    """逐步设置: from the first of seven steps."""
    return _begin(session, sender, Blueprint(rows=exams.STANDARD_ROWS), seed, now)


def begin_standard(session: Session, sender: Sender, *, seed: int, now: datetime) -> ExamDraft:
    """一键标准卷: only its bank is to be chosen."""
    return _begin(session, sender, Blueprint(rows=exams.STANDARD_ROWS, is_quick=True), seed, now)


def _begin(session: Session, sender: Sender, blueprint: Blueprint, seed: int, now: datetime) -> ExamDraft:
    who, unit = drafts.maker(session, sender, now)
    paper = papers.new(session, who, unit, blueprint, views.MIXED_TITLE, seed, now, PaperKind.EXAM)
    return facts(session, unit, paper, now)


def mine(session: Session, sender: Sender, paper_id: int, now: datetime) -> tuple[Actor, UnitRef, Paper]:
    """The draft of this person; touching it keeps it another week."""
    who, unit = drafts.maker(session, sender, now)
    own = select(Paper).where(Paper.id == paper_id, Paper.by == who.recorded_id, Paper.state == PaperState.DRAFT)
    paper = session.scalars(own.where(Paper.kind == PaperKind.EXAM).with_for_update()).one_or_none()
    if paper is None:
        raise NoDraft
    paper.closes_at = now + DRAFT_FOR
    return who, unit, paper


def look(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> ExamDraft:
    _, unit, paper = mine(session, sender, paper_id, now)
    prompts.forget_purpose(session, sender.user_id, PURPOSE)
    return facts(session, unit, paper, now)


def go(session: Session, sender: Sender, paper_id: int, step: int, *, now: datetime) -> ExamDraft:
    """To a step, from wherever; raises what is still missing for it, then the draft stays where it was."""
    if step not in [one.value for one in EXAM_STEPS]:
        raise StaleButton
    _, unit, paper = mine(session, sender, paper_id, now)
    prompts.forget_purpose(session, sender.user_id, PURPOSE)
    to = DraftStep(step)
    blueprint = Blueprint.from_json(paper.blueprint)
    if blueprint.is_quick and to is not DraftStep.BANK:
        paper.blueprint = replace(blueprint, is_quick=False).to_json()
    _require(session, unit, paper, to, now)
    paper.draft_step = to
    return facts(session, unit, paper, now)


def _require(session: Session, unit: UnitRef, paper: Paper, to: DraftStep, now: datetime) -> None:
    """What the steps before `to` have to have settled."""
    place = EXAM_STEPS.index(to)
    if place > EXAM_STEPS.index(DraftStep.COUNT):
        drawn(session, unit, paper, now)
    if place > EXAM_STEPS.index(DraftStep.WINDOW):
        check_window(terms_of(paper, now), now)
    if to is DraftStep.PREVIEW and not targets_of(session, paper):
        raise NoBranchChosen


def choose_bank(session: Session, sender: Sender, paper_id: int, bank_id: int, *, now: datetime) -> ExamDraft:
    """A bank, or 0 for all that the unit may use; of a standard paper raises TooFew if it cannot fill it."""
    _, unit, paper = mine(session, sender, paper_id, now)
    titles = {bank.id: bank.title for bank in drawing.usable_banks(session, unit)}
    blueprint = Blueprint.from_json(paper.blueprint)
    if bank_id and bank_id not in titles:
        raise StaleButton
    bank_ids = (bank_id,) if bank_id else ()
    rows = (
        blueprint.rows if bank_ids == blueprint.bank_ids else tuple(replace(row, topic=None) for row in blueprint.rows)
    )
    paper.blueprint = replace(blueprint, bank_ids=bank_ids, rows=rows).to_json()
    if blueprint.is_quick:
        drawn(session, unit, paper, now)
    if paper.title in {views.MIXED_TITLE, *map(views.paper_title, titles.values())}:  # not one of his own
        paper.title = views.paper_title(titles.get(bank_id, ""))
    paper.draft_step = DraftStep.PREVIEW if blueprint.is_quick else DraftStep.TOPIC
    return facts(session, unit, paper, now)


def choose_topic(session: Session, sender: Sender, paper_id: int, place: int, *, now: datetime) -> ExamDraft:
    """A topic by its `drafts.topic_number` for the whole paper, or 0 for any."""
    _, unit, paper = mine(session, sender, paper_id, now)
    blueprint = Blueprint.from_json(paper.blueprint)
    offered = {drafts.topic_number(topic): topic for one in pool_of(session, unit, paper, now) for topic in one.topics}
    if place and place not in offered:
        raise StaleButton
    rows = tuple(replace(row, topic=offered.get(place)) for row in blueprint.rows)
    paper.blueprint = replace(blueprint, rows=rows).to_json()
    paper.draft_step = DraftStep.COUNT
    return facts(session, unit, paper, now)


def redraw(session: Session, sender: Sender, paper_id: int, *, seed: int, now: datetime) -> ExamDraft:
    _, unit, paper = mine(session, sender, paper_id, now)
    drafts.draw_again(paper, seed)
    return facts(session, unit, paper, now)


def publish(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> PublishedExam:
    """What was previewed is published; a bank that changed meanwhile is never swapped in unseen."""
    who, unit, paper = mine(session, sender, paper_id, now)
    if paper.draft_step is not DraftStep.PREVIEW:
        raise NotPreviewed
    made = drawn(session, unit, paper, now)
    if _fingerprint(session, unit, paper, made, now) != paper.blueprint.get("previewed"):
        raise DrawChanged if paper.draw is Draw.SAME else BankChanged
    if not targets_of(session, paper):
        raise NoBranchChosen
    terms = terms_of(paper, now)
    check_window(terms, now)
    prompts.forget_purpose(session, sender.user_id, PURPOSE)
    blueprint = Blueprint.from_json(paper.blueprint)
    paper.blueprint = replace(blueprint, rows=tuple(row for row in blueprint.rows if row.count)).to_json()
    return exams.publish(session, who, unit, paper, made, terms, now)


def drop(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> None:
    _, _, paper = mine(session, sender, paper_id, now)
    prompts.forget_purpose(session, sender.user_id, PURPOSE)
    papers.delete_draft(session, paper.id)


# -- what has been chosen ----------------------------------------------------------------------------------------------


def terms_of(paper: Paper, now: datetime) -> Terms:
    """Window, limit and attempts, the standard where nothing was chosen: open at once, closed three days later at six,
    twenty minutes."""
    opens_at = _opening(paper, now)
    usual = at_beijing(local_day(opens_at) + timedelta(days=EXAM_DAYS), EXAM_CLOSES)
    limit = EXAM_LIMIT if paper.limit_s is None else timedelta(seconds=paper.limit_s)
    return Terms(opens_at, paper.planned_closes_at or usual, limit, paper.attempts_allowed)


def check_window(terms: Terms, now: datetime) -> None:
    if terms.closes_at <= now or not SHORTEST_EXAM <= terms.closes_at - terms.opens_at <= LONGEST_EXAM:
        raise BadWindow


def targets_of(session: Session, paper: Paper) -> list[int]:
    return list(session.scalars(select(PaperBranch.branch_id).where(PaperBranch.paper_id == paper.id)))


def settings_of(paper: Paper) -> dict[Setting, int]:
    return {
        Setting.LIMIT: (EXAM_LIMIT_MINUTES if paper.limit_s is None else paper.limit_s // 60),
        Setting.ATTEMPTS: paper.attempts_allowed,
        Setting.PASS: paper.pass_pct,
        Setting.GOOD: paper.good_pct,
        Setting.DRAW: paper.draw.value,
        Setting.SCORE: paper.show_score.value,
        Setting.KEY: paper.show_key.value,
        Setting.RANKING: int(paper.ranking),
        Setting.TOP_NAMES: paper.top_names,
    }


EXAM_LIMIT_MINUTES = seconds(EXAM_LIMIT) // 60


def drawn(session: Session, unit: UnitRef, paper: Paper, now: datetime) -> Drawn:
    """The questions as they would be published now; raises TooFew, or what else no paper may be."""
    blueprint = Blueprint.from_json(paper.blueprint)
    count = sum(row.count for row in blueprint.rows)
    if not count:
        raise NoQuestions
    if count > MAX_EXAM:
        raise TooManyQuestions(most=MAX_EXAM, n=count)
    made = papers.draw_for(session, unit, blueprint, paper.seed, _opening(paper, now), EVERY_TYPE)
    if not 100 <= made.max_centi <= MOST_POINTS * 100:
        raise TooManyPoints(most=MOST_POINTS, n=score(made.max_centi))
    return made


def pool_of(session: Session, unit: UnitRef, paper: Paper, now: datetime) -> list[Pooled]:
    return papers.pool(session, unit, Blueprint.from_json(paper.blueprint), _opening(paper, now), EVERY_TYPE)


def _opening(paper: Paper, now: datetime) -> datetime:
    """An exam asks about what is in force when it opens."""
    return max(paper.opens_at or now, now)


# -- what a step shows -------------------------------------------------------------------------------------------------


def facts(session: Session, unit: UnitRef, paper: Paper, now: datetime, pool: list[Pooled] | None = None) -> ExamDraft:
    """What the step of a draft shows; `pool` is what could be drawn, if that has been looked up."""
    blueprint = Blueprint.from_json(paper.blueprint)
    banks = drawing.usable_banks(session, unit)
    step = paper.draft_step or DraftStep.BANK
    draft = ExamDraft(
        paper.id,
        step,
        paper.title,
        terms_of(paper, now),
        settings_of(paper),
        opens_at_once=paper.opens_at is None or paper.opens_at <= now,
        is_standard=blueprint.is_quick,
        bank=next((bank.title for bank in banks if bank.id in blueprint.bank_ids), ""),
        bank_id=next((bank.id for bank in banks if bank.id in blueprint.bank_ids), 0),
        topic=common_topic(blueprint.rows) or "",
        topics_differ=len({row.topic for row in blueprint.rows if row.count}) > 1,
    )
    if step is DraftStep.BANK:
        return _with_banks(session, unit, banks, draft, _opening(paper, now))
    if step in (DraftStep.TOPIC, DraftStep.COUNT):
        pool = pool_of(session, unit, paper, now) if pool is None else pool
        if step is DraftStep.COUNT:
            return replace(draft, rows=row_choices(blueprint.rows, pool))
        return replace(draft, topics=_topic_choices(pool), have=len({one.fingerprint for one in pool}))
    if step is DraftStep.TARGETS:
        return _with_targets(session, unit, paper, draft, now)
    return _preview(session, unit, paper, draft, now) if step is DraftStep.PREVIEW else draft


def _with_banks(
    session: Session, unit: UnitRef, banks: list[drawing.UsableBank], draft: ExamDraft, opens_at: datetime
) -> ExamDraft:
    prints = {
        bank.id: {one.fingerprint for one in papers.pool(session, unit, Blueprint((bank.id,)), opens_at, EVERY_TYPE)}
        for bank in banks
    }
    choices = tuple(BankChoice(bank.id, bank.title, len(prints[bank.id])) for bank in banks if prints[bank.id])
    return replace(draft, banks=choices, have=len(set[str]().union(*prints.values())))


def _topic_choices(pool: list[Pooled]) -> tuple[TopicChoice, ...]:
    counts = Counter(topic for one in pool for topic in one.topics)
    return tuple(TopicChoice(drafts.topic_number(topic), topic, n) for topic, n in counts.most_common())


def common_topic(rows: Sequence[BlueprintRow]) -> str | None:
    """The topic of the whole paper, if it has one."""
    topics = {row.topic for row in rows if row.count}
    return topics.pop() if len(topics) == 1 else None


def row_choices(rows: Sequence[BlueprintRow], pool: Sequence[Pooled]) -> tuple[RowChoice, ...]:
    """All rows by their place, those that were taken off with a count of 0."""
    gets = supply(rows, pool)
    return tuple(
        RowChoice(
            place,
            row.type,
            row.count,
            row.score_centi or 0,
            row.rule,
            len(matches(row, pool)),
            gets[place],
            row.each_centi,
            row.topic,
            row.difficulty,
        )
        for place, row in enumerate(rows)
        if row.type is not None
    )


def _with_targets(session: Session, unit: UnitRef, paper: Paper, draft: ExamDraft, now: datetime) -> ExamDraft:
    on = set(targets_of(session, paper))
    branches = [members.unit(session, branch_id) for branch_id in papers.branch_ids(session, unit)]
    if unit.kind is not UnitKind.PARTY_GROUP:
        branches = members.units_below(session, unit, UnitKind.BRANCH)
    people = exams.asked(session, sorted(on), now)
    targets = tuple(BranchTarget(branch.id, branch.name, branch.id in on) for branch in branches)
    return replace(draft, targets=targets, people=len(people.due), exempt=len(people.exempt))


def _preview(session: Session, unit: UnitRef, paper: Paper, draft: ExamDraft, now: datetime) -> ExamDraft:
    """Remembers what is shown, so that nothing else is published."""
    made, blueprint = drawn(session, unit, paper, now), Blueprint.from_json(paper.blueprint)
    paper.blueprint = {**paper.blueprint, "previewed": _fingerprint(session, unit, paper, made, now)}
    if paper.draw is Draw.EACH:
        asked = exams.each_asked(session, unit, blueprint, _opening(paper, now))
    else:
        drew = zip(made.picks, made.questions, strict=True)
        asked = [(pick.row.rule or question.rule, question) for pick, question in drew]
    return replace(
        _with_targets(session, unit, paper, draft, now),
        counts=Counter(pick.type for pick in made.picks),
        max_centi=made.max_centi,
        pass_centi=exams.pass_mark(made.max_centi, paper.pass_pct),
        redrawn=drafts.redrawn(paper),
        rows=tuple(replace(row, gets=row.count) for row in row_choices(blueprint.rows, ())),
        rules=marking_rules(asked, blueprint.each_centi()),
    )


def _fingerprint(session: Session, unit: UnitRef, paper: Paper, made: Drawn, now: datetime) -> str:
    """Of what would be published: the questions, or all that any member may be given."""
    if paper.draw is Draw.SAME:
        return made.fingerprint
    pool = exams.each_pool(session, unit, Blueprint.from_json(paper.blueprint), _opening(paper, now))
    return hashlib.sha256(repr(pool).encode()).hexdigest()
