"""补考: another exam for those who were absent, left it empty or did not pass. The first results stay what they are."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot.banks import drawing
from bot.banks.models import QuestionVersion
from bot.banks.rules import QuestionType
from bot.db import signal
from bot.errors import UserError
from bot.members import service as members
from bot.message import Sender
from bot.periods import local_day
from bot.quiz import authors, exams, outcomes, papers, reports
from bot.quiz import results_views as views
from bot.quiz.authors import Desk
from bot.quiz.blueprint import Blueprint, Picked, Pooled, TooFewError, draw
from bot.quiz.exam_facts import Terms
from bot.quiz.models import Attempt, AttemptItem, Candidate, Paper, PaperBranch, PaperItem, PaperLog, PaperPool
from bot.quiz.papers import Drawn
from bot.quiz.result_facts import Line, ResitPlan, ResitPublished
from bot.quiz.rules import MAX_RESITS, CandidateStanding, Draw, Outcome, PaperAction, PaperKind, PaperState

EVERY_TYPE = tuple(QuestionType)


class NoMoreResits(UserError):
    text = "这场考试已经安排过 {most} 次补考。"


class ResitOfResit(UserError):
    text = "补考之后不再单独补考，请在原考试的结果里安排。"


class ResitRunning(UserError):
    text = "上一次补考还没有公布成绩，公布以后再安排下一次。"
    is_done = True


class NobodyToResit(UserError):
    text = "没有需要补考的人。"


@dataclass(frozen=True, slots=True)
class _Plan:
    desk: Desk
    paper: Paper
    number: int
    people: tuple[Line, ...]
    drawn: Drawn
    pool: tuple[Pooled, ...]
    repeats: bool
    terms: Terms


def plan(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> ResitPlan:
    """What 发布补考 would publish; raises what forbids it."""
    found = _planned(session, sender, paper_id, now, is_held=False)
    outcomes_ = [one.outcome for one in found.people]
    return ResitPlan(
        found.desk.exam,
        found.number,
        absent=outcomes_.count(Outcome.ABSENT),
        no_answer=outcomes_.count(Outcome.NO_ANSWER),
        failed=outcomes_.count(Outcome.SAT),
        closes_at=found.terms.closes_at,
        repeats=found.repeats,
    )


def publish(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> ResitPublished:
    found = _planned(session, sender, paper_id, now, is_held=True)
    paper = _paper(session, found, now)
    if paper.draw is Draw.EACH:
        _keep_pool(session, paper, found)
    else:
        papers.keep_items(session, paper, found.drawn)
    _name_candidates(session, paper, found)
    session.add(PaperLog(paper_id=paper.id, actor=found.desk.who.recorded_id, action=PaperAction.PUBLISHED, at=now))
    session.flush()
    signal(session, "jobs")
    assert paper.code is not None
    return ResitPublished(paper.id, paper.code, paper.title, len(found.people), found.terms.closes_at, found.repeats)


# -- who and what ------------------------------------------------------------------------------------------------------


def _planned(session: Session, sender: Sender, paper_id: int, now: datetime, *, is_held: bool) -> _Plan:
    desk = authors.desk(session, sender, paper_id, now=now, is_held=is_held)
    desk.require_all()
    number = _next_number(session, desk)
    people = _people(session, desk, now)
    if not people:
        raise NobodyToResit
    paper = session.get(Paper, paper_id)
    assert paper is not None
    blueprint, unit = Blueprint.from_json(paper.blueprint), authors.widest(desk)
    pool = papers.pool(session, unit, blueprint, now, EVERY_TYPE)
    used = _used(session, paper_id)
    fresh = [one for one in pool if one.version_id not in used]
    seed = _seed(paper, number)
    try:
        drawn = _drawn(session, draw(blueprint.rows, fresh, seed))
        repeats = False
    except TooFewError:
        drawn, fresh, repeats = papers.draw_for(session, unit, blueprint, seed, now, EVERY_TYPE), pool, True
    closes_at = exams.standard_terms(now).closes_at
    terms = Terms(now, closes_at, timedelta(seconds=paper.limit_s or 0), paper.attempts_allowed)
    return _Plan(desk, paper, number, people, drawn, tuple(fresh), repeats, terms)


def _seed(paper: Paper, number: int) -> int:
    """Preview and publishing draw alike; nobody can reckon it, for the seed of the first exam is a secret."""
    return (paper.seed * 31 + number) % 2**62


def _next_number(session: Session, desk: Desk) -> int:
    if desk.exam.resit_of is not None:
        raise ResitOfResit
    states = session.scalars(select(Paper.state).where(Paper.resit_of == desk.exam.id)).all()
    if len(states) >= MAX_RESITS:
        raise NoMoreResits(most=MAX_RESITS)
    if any(state not in (PaperState.RELEASED, PaperState.CANCELLED) for state in states):
        raise ResitRunning
    return len(states) + 1


def _people(session: Session, desk: Desk, now: datetime) -> tuple[Line, ...]:
    """Those without a pass who are still in a branch."""
    branches = [branch.id for branch in desk.branches]
    again = reports.resit_results(session, desk.exam, branches)
    missing = [
        one
        for one in outcomes.lines(session, desk.exam, branches)
        if one.outcome is not Outcome.EXEMPT and not one.is_passed and not _has_passed(again.get(one.member_id))
    ]
    here = members.people(session, [one.member_id for one in missing], local_day(now))
    return tuple(one for one in missing if one.member_id in here and here[one.member_id].branch_id is not None)


def _has_passed(line: Line | None) -> bool:
    return line is not None and line.is_passed


def _used(session: Session, paper_id: int) -> Collection[int]:
    """All versions of the questions that the exam or a resit of it has asked."""
    of = select(Paper.id).where((Paper.id == paper_id) | (Paper.resit_of == paper_id))
    on_paper = select(PaperItem.version_id).where(PaperItem.paper_id.in_(of))
    drawn = select(AttemptItem.version_id).join(Attempt, Attempt.id == AttemptItem.attempt_id)
    asked: ColumnElement[bool] = QuestionVersion.id.in_(on_paper) | QuestionVersion.id.in_(
        drawn.where(Attempt.paper_id.in_(of))
    )
    questions = select(QuestionVersion.question_id).where(asked)
    return set(session.scalars(select(QuestionVersion.id).where(QuestionVersion.question_id.in_(questions))))


def _drawn(session: Session, picks: tuple[Picked, ...]) -> Drawn:
    versions = drawing.versions(session, [pick.version_id for pick in picks])
    return Drawn(picks, tuple(versions[pick.version_id].question for pick in picks))


# -- the new paper -----------------------------------------------------------------------------------------------------


def _paper(session: Session, found: _Plan, now: datetime) -> Paper:
    first = found.paper
    paper = Paper(
        code=papers.next_code(session, now),
        token=secrets.token_hex(10),
        kind=PaperKind.EXAM,
        title=views.resit_title(first.title, found.number),
        state=PaperState.SCHEDULED,
        blueprint=first.blueprint,
        draw=first.draw,
        seed=_seed(first, found.number),
        max_centi=found.drawn.max_centi,
        pass_pct=first.pass_pct,
        good_pct=first.good_pct,
        limit_s=first.limit_s,
        attempts_allowed=first.attempts_allowed,
        opens_at=found.terms.opens_at,
        closes_at=found.terms.closes_at,
        show_score=first.show_score,
        show_key=first.show_key,
        resit_of=first.id,
        resit_number=found.number,
        by=found.desk.who.recorded_id,
    )
    session.add(paper)
    session.flush()
    session.add_all(PaperBranch(paper_id=paper.id, branch_id=branch.id) for branch in found.desk.branches)
    return paper


def _name_candidates(session: Session, paper: Paper, found: _Plan) -> None:
    query = select(Candidate.member_id, Candidate.group_id).where(Candidate.paper_id == found.paper.id)
    groups = dict(session.execute(query).all())
    for one in found.people:
        candidate = Candidate(paper_id=paper.id, member_id=one.member_id, branch_id=one.branch_id)
        candidate.group_id, candidate.standing = groups[one.member_id], CandidateStanding.DUE
        session.add(candidate)


def _keep_pool(session: Session, paper: Paper, found: _Plan) -> None:
    rows = Blueprint.from_json(paper.blueprint).rows
    for place, share in enumerate(papers.shared_out(rows, found.pool)):
        session.add_all(PaperPool(paper_id=paper.id, version_id=one.version_id, row=place) for one in share)
