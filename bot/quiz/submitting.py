"""The end of an attempt: marked once, by whoever ends it first, the member or the clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.banks.rules import QuestionType, Rule
from bot.members import prompts
from bot.message import Sender
from bot.quiz import attempts, exams, papers, sitting
from bot.quiz.attempts import Running
from bot.quiz.exam_facts import HandedIn, Late
from bot.quiz.marking import mark
from bot.quiz.models import Attempt, AttemptItem
from bot.quiz.rules import AttemptState, ShowKey, ShowScore, paper_key, seconds
from bot.statements import Write

_ENDED = Write(
    update(Attempt)
    .where(Attempt.id == bindparam("attempt"), Attempt.state == AttemptState.STARTED)
    .values(
        state=bindparam("to"),
        submitted_at=bindparam("at"),
        score_centi=bindparam("score"),
        time_s=bindparam("time"),
    )
)
_MARKED = Write(
    update(AttemptItem)
    .where(AttemptItem.attempt_id == bindparam("attempt"), AttemptItem.position == bindparam("place"))
    .values(awarded_centi=bindparam("points"))
)


@dataclass(frozen=True, slots=True)
class Marked:
    """What each question earned, by position, and whether anything was answered."""

    points: dict[int, int]
    has_answer: bool

    @property
    def score_centi(self) -> int:
        return sum(self.points.values())


def submit(session: Session, sender: Sender, attempt_id: int, *, now: datetime) -> HandedIn | Late:
    """确认交卷."""
    running = sitting.in_time(session, attempts.own(session, sender, attempt_id, now=now), sender.at, now)
    if sitting.is_late(running, sender.at):
        return Late(running.deadline_at)
    ended = finish(session, running, AttemptState.SUBMITTED, sender.at)
    if ended is None:  # the clock was faster
        raise attempts.HandedIn
    prompts.forget_purpose(session, sender.user_id, sitting.PURPOSE)
    return ended


def finish(session: Session, running: Running, to: AttemptState, end_at: datetime) -> HandedIn | None:
    """Mark all questions and end the attempt; None if it has ended already, which then changes nothing."""
    marked = _mark(session, running)
    if to is AttemptState.AUTO_SUBMITTED and not marked.has_answer:
        to = AttemptState.NO_ANSWER
    time = _time(running, end_at)
    ended = {
        "attempt": running.id,
        "to": to,
        "at": end_at,
        "score": marked.score_centi,
        "time": seconds(time),
    }
    if not _ENDED.run(session, ended):
        return None
    rows = [{"attempt": running.id, "place": place, "points": points} for place, points in marked.points.items()]
    if rows:
        _MARKED.run_all(session, rows)
    outbox.withdraw_one(session, paper_key(running.paper_id, "last5", running.id))
    is_passed = marked.score_centi >= exams.pass_mark(running.max_centi, running.pass_pct)
    is_told = running.show_score is ShowScore.ON_SUBMIT
    has_all = is_told and is_passed and running.resit_of is not None  # of a resit the pass mark is all there is
    return HandedIn(
        running.title,
        running.max_centi,
        marked.score_centi if is_told else None,
        is_passed,
        time,
        running.closes_at,
        shows_key=running.show_key is ShowKey.ON_CLOSE,
        is_empty=to is AttemptState.NO_ANSWER,
        review_id=running.paper_id if running.show_key is ShowKey.ON_SUBMIT else None,
        again_id=running.paper_id if running.may_again and end_at < running.closes_at and not has_all else None,
    )


def _mark(session: Session, running: Running) -> Marked:
    questions, points, has_answer = attempts.all_questions(session, running.id), dict[int, int](), False
    items = attempts.items(session, running.id)
    each = papers.each_centi(session, running.paper_id) if any(item.rule is Rule.EACH for item in items) else None
    for item in items:
        points[item.position] = 0
        if item.selection is not None:
            has_answer = True
            given = item.selection.split("\n") if item.type is QuestionType.BLANK else [item.selection]
            awarded = mark(
                questions[item.position], tuple(given), score_centi=item.max_centi, rule=item.rule, each_centi=each
            )
            points[item.position] = awarded.centi
    return Marked(points, has_answer)


def _time(running: Running, end_at: datetime) -> timedelta:
    """From the start to the end, at the latest the deadline, without what an outage of ours took."""
    taken = min(end_at, running.deadline_at) - running.started_at - timedelta(seconds=running.credit_s)
    return timedelta(seconds=max(0, seconds(taken)))
