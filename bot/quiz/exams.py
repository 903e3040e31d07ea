"""An exam from its publishing to its closing: DRAFT → SCHEDULED → OPEN → CLOSED, with its questions and candidates.

What follows from a step is written where the step is taken, in the same transaction (`publish`, `step_due`). A CLOSED
exam is taken up by whoever releases results, once `is_settled`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from bot import inbox
from bot.banks import drawing
from bot.banks.rules import Question, QuestionType, Rule
from bot.db import signal
from bot.members import service as members
from bot.members.rules import Actor, DueList, UnitRef
from bot.periods import at_beijing, local_day
from bot.quiz import inviting, papers
from bot.quiz.blueprint import Blueprint, BlueprintRow
from bot.quiz.exam_facts import PublishedExam, Terms
from bot.quiz.models import Attempt, Candidate, Paper, PaperBranch, PaperLog, PaperPool
from bot.quiz.papers import Drawn
from bot.quiz.rules import (
    ANSWER_GRACE,
    EXAM_CLOSES,
    EXAM_DAYS,
    EXAM_LIMIT,
    FINISHED,
    AttemptState,
    CandidateStanding,
    Draw,
    PaperAction,
    PaperKind,
    PaperState,
)

STANDARD_ROWS = (
    BlueprintRow(10, QuestionType.SINGLE, score_centi=500),
    BlueprintRow(5, QuestionType.MULTIPLE, score_centi=600),
    BlueprintRow(5, QuestionType.TRUE_FALSE, score_centi=400),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is to sit an exam: the members of its branches on the day of publishing."""

    due: tuple[members.Person, ...]
    exempt: tuple[members.Person, ...]


def standard_terms(now: datetime) -> Terms:
    """一键标准卷: open at once, closed three days later at six, twenty minutes, once."""
    closes_at = at_beijing(local_day(now) + timedelta(days=EXAM_DAYS), EXAM_CLOSES)
    return Terms(now, closes_at, EXAM_LIMIT, 1)


def pass_mark(max_centi: int, pass_pct: int) -> int:
    """The lowest score in 0.01 分 that passes: 100·score ≥ pct·max."""
    return -(-max_centi * pass_pct // 100)


def asked(session: Session, branch_ids: Sequence[int], now: datetime) -> Asked:
    expected = [
        members.due_on(session, members.unit(session, branch_id), DueList.MEMBERS, local_day(now))
        for branch_id in branch_ids
    ]
    return Asked(
        tuple(one.person for group in expected for one in group.due),
        tuple(one.person for group in expected for one in group.exempt),
    )


# -- publishing --------------------------------------------------------------------------------------------------------


def publish(
    session: Session, who: Actor, unit: UnitRef, paper: Paper, drawn: Drawn, terms: Terms, now: datetime
) -> PublishedExam:
    """Freeze the questions or their pool, name the candidates, give the code; the clock opens it. Raises TooFew."""
    if paper.draw is Draw.EACH:
        _keep_pool(session, unit, paper, max(terms.opens_at, now))
    else:
        papers.keep_items(session, paper, drawn)
    paper.code, paper.state, paper.draft_step = papers.next_code(session, now), PaperState.SCHEDULED, None
    paper.max_centi, paper.limit_s = drawn.max_centi, int(terms.limit.total_seconds())
    paper.attempts_allowed, paper.opens_at, paper.closes_at = terms.attempts, terms.opens_at, terms.closes_at
    branch_ids = session.scalars(select(PaperBranch.branch_id).where(PaperBranch.paper_id == paper.id)).all()
    people = asked(session, branch_ids, now)
    _name_candidates(session, paper.id, people)
    session.add(PaperLog(paper_id=paper.id, actor=who.recorded_id, action=PaperAction.PUBLISHED, at=now))
    session.flush()
    signal(session, "jobs")
    return PublishedExam(
        paper.id, paper.code, paper.title, len(drawn.picks), paper.max_centi, terms, people=len(people.due)
    )


def _keep_pool(session: Session, unit: UnitRef, paper: Paper, opens_at: datetime) -> None:
    """From now on every attempt is drawn from these questions. Each row says what a question of it is worth, so that
    all attempts have the same total."""
    blueprint = Blueprint.from_json(paper.blueprint)
    assert all(row.score_centi is not None for row in blueprint.rows)
    pool = each_pool(session, unit, blueprint, opens_at)
    session.add_all(PaperPool(paper_id=paper.id, version_id=version_id, row=place) for version_id, place in pool)


def each_pool(session: Session, unit: UnitRef, blueprint: Blueprint, opens_at: datetime) -> list[tuple[int, int]]:
    """What every attempt could be drawn from: versions, each with the place of its row among those that ask for any."""
    rows = [row for row in blueprint.rows if row.count]
    pool = papers.pool(session, unit, blueprint, opens_at, tuple(QuestionType))
    shares = enumerate(papers.shared_out(rows, pool))
    return sorted((one.version_id, place) for place, share in shares for one in share)


def each_asked(
    session: Session, unit: UnitRef, blueprint: Blueprint, opens_at: datetime
) -> list[tuple[Rule, Question]]:
    """The same questions, each with how it would be marked."""
    rows = [row for row in blueprint.rows if row.count]
    pool = each_pool(session, unit, blueprint, opens_at)
    versions = drawing.versions(session, [version_id for version_id, _ in pool])
    asked = [(rows[place].rule, versions[version_id].question) for version_id, place in pool]
    return [(rule or question.rule, question) for rule, question in asked]


def _name_candidates(session: Session, paper_id: int, people: Asked) -> None:
    for group, standing in ((people.due, CandidateStanding.DUE), (people.exempt, CandidateStanding.EXEMPT)):
        session.add_all(
            Candidate(
                paper_id=paper_id,
                member_id=person.member_id,
                branch_id=person.branch_id,
                group_id=person.group_id,
                standing=standing,
            )
            for person in group
        )


# -- the clock's steps -------------------------------------------------------------------------------------------------


_EXAM = Paper.kind == PaperKind.EXAM
_NEXT_START = select(func.min(Paper.opens_at)).where(_EXAM, Paper.state == PaperState.SCHEDULED)
_NEXT_END = select(func.min(Paper.closes_at)).where(_EXAM, Paper.state.in_([PaperState.DRAFT, PaperState.OPEN]))


def next_due(session: Session, _: datetime) -> datetime | None:
    """When the next exam opens, closes or is thrown away as a draft nobody has touched."""
    moments = (session.scalar(_NEXT_START), session.scalar(_NEXT_END))
    return min((moment for moment in moments if moment is not None), default=None)


def step_due(session: Session, *, now: datetime) -> None:
    """Open and close what is due. Each is a conditional UPDATE: of two processes one takes the step.

    Attempts end by their own deadlines, which an outage of ours may have moved behind the closing: see `is_settled`.
    """
    for paper_id in _moved(session, PaperState.SCHEDULED, PaperState.OPEN, Paper.opens_at <= now):
        inviting.opened(session, paper_id, now=now)
    for paper_id in _moved(session, PaperState.OPEN, PaperState.CLOSED, Paper.closes_at <= now):
        strike_off(session, paper_id, now)
    stale = select(Paper.id).where(Paper.kind == PaperKind.EXAM, Paper.state == PaperState.DRAFT)
    for paper_id in session.scalars(stale.where(Paper.closes_at <= now)).all():
        papers.delete_draft(session, paper_id)


def _moved(session: Session, of: PaperState, to: PaperState, is_due: ColumnElement[bool]) -> Sequence[int]:
    """Take the step for every exam that is due; which ones those were."""
    step = update(Paper).where(Paper.kind == PaperKind.EXAM, Paper.state == of, is_due).values(state=to)
    return session.scalars(step.returning(Paper.id)).all()


def strike_off(session: Session, paper_id: int, now: datetime) -> None:
    """Who has left the roll meanwhile is not missed, but keeps what he has finished. A transfer changes nothing."""
    sat = select(Attempt.member_id).where(Attempt.paper_id == paper_id, Attempt.state.in_(FINISHED))
    missed = select(Candidate.member_id).where(
        Candidate.paper_id == paper_id,
        Candidate.standing == CandidateStanding.DUE,
        Candidate.member_id.not_in(sat.where(Attempt.round_id.is_(None))),
    )
    member_ids = session.scalars(missed).all()
    people = members.people(session, member_ids, local_day(now))
    gone = [one for one in member_ids if one not in people or people[one].branch_id is None]
    of_paper = update(Candidate).where(Candidate.paper_id == paper_id, Candidate.member_id.in_(gone))
    session.execute(of_paper.values(standing=CandidateStanding.REMOVED))


def is_settled(session: Session, paper_id: int, closes_at: datetime) -> bool:
    """Whether nothing can change the results of a CLOSED exam any more: no attempt runs, everything is handled."""
    running = select(Attempt.id).where(Attempt.paper_id == paper_id, Attempt.state == AttemptState.STARTED)
    if session.scalar(running.where(Attempt.round_id.is_(None)).limit(1)) is not None:
        return False
    return inbox.is_handled_until(session, closes_at + ANSWER_GRACE)
