"""The way to an attempt: a member's exams, the cover of one, the start of its clock with the draw of its paper."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Text, bindparam, select, update
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from bot import outbox
from bot.banks.models import QuestionVersion
from bot.banks.rules import QuestionType, Rule, option_order
from bot.db import signal, upsert_on
from bot.errors import UserError
from bot.members import service as members
from bot.members.views import moment
from bot.message import Sender, StaleButton
from bot.outbox import Lane, OutboxRow
from bot.quiz import attempts, exam_views, exams, sitting
from bot.quiz.blueprint import Blueprint, draw_each, shuffled
from bot.quiz.exam_facts import Cover, MyExam, MyStanding, TakenUp
from bot.quiz.marking import MarkingRule, marking_rules
from bot.quiz.models import Attempt, AttemptItem, Candidate, Paper, PaperItem, PaperPool
from bot.quiz.rules import (
    FINISHED,
    LAST_CALL,
    LAST_CALL_FOR,
    LAST_CALL_FROM,
    AttemptState,
    CandidateStanding,
    Draw,
    PaperKind,
    PaperState,
    ShowScore,
    paper_key,
)
from bot.statements import Query, Write, among

LISTED = 8  # exams in the list of a member


class NotCandidate(UserError):
    text = "你不在本次考试名单里，请联系书记。"


class NotOpenYet(UserError):
    text = "考试还没开始（{at}）。"


class ExamOver(UserError):
    text = "考试已结束（{at}）。"
    ends_buttons = True


class NoAttemptLeft(UserError):
    text = "可考次数已用完。"
    ends_buttons = True


class ExamCancelled(UserError):
    text = "《{title}》已取消。"
    ends_buttons = True


_TO_COME = (PaperState.SCHEDULED, PaperState.OPEN)


@dataclass(frozen=True, slots=True)
class Desk:
    """An exam as one candidate finds it."""

    paper: Paper
    opens_at: datetime
    closes_at: datetime
    member_id: int
    finished: int
    last_number: int
    running_id: int | None
    best_centi: int | None

    def my_standing(self, at: datetime) -> MyStanding:
        if self.running_id is not None:
            return MyStanding.RUNNING
        if self.paper.state is PaperState.RELEASED:
            return MyStanding.RELEASED
        if self.paper.state not in _TO_COME or at >= self.closes_at:
            return MyStanding.OVER
        if self.finished >= self.paper.attempts_allowed:
            return MyStanding.USED_UP
        return MyStanding.READY if at >= self.opens_at else MyStanding.UPCOMING


# -- before the clock runs ---------------------------------------------------------------------------------------------


def mine(session: Session, sender: Sender, *, now: datetime) -> tuple[MyExam, ...]:
    """The exams the sender is a candidate of: those that can be sat first, then the newest."""
    who = members.actor(session, sender, now=now)
    query = (
        select(Paper)
        .join(Candidate, Candidate.paper_id == Paper.id)
        .where(Candidate.member_id == who.member_id, Candidate.standing != CandidateStanding.REMOVED)
        .where(Paper.kind == PaperKind.EXAM, Paper.state.in_([*_TO_COME, PaperState.CLOSED, PaperState.RELEASED]))
        .order_by(Paper.closes_at.desc())
        .limit(LISTED)
    )
    found = []
    for paper in session.scalars(query):
        desk = _desk(session, paper, who.member_id)
        standing = desk.my_standing(sender.at)
        found.append(MyExam(paper.id, paper.title, standing, desk.opens_at, desk.closes_at, desk.finished))
    return tuple(sorted(found, key=lambda exam: (exam.standing.value, exam.sat)))


def by_token(session: Session, sender: Sender, token: str, *, now: datetime) -> Cover | attempts.Running:
    """The cover behind a deep link; the link grants nothing beyond the roster."""
    paper_id = session.scalar(select(Paper.id).where(Paper.token == token, Paper.kind == PaperKind.EXAM))
    return cover(session, sender, paper_id or 0, now=now)


def cover(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> Cover | attempts.Running:
    """What stands before the start, or the attempt that runs already; raises what forbids to begin."""
    desk = _entered(session, sender, paper_id, now)
    if desk.running_id is not None:
        return attempts.own(session, sender, desk.running_id, now=now, is_read=True)
    _refuse(desk, sender.at)
    paper = desk.paper
    return Cover(
        paper.id,
        paper.title,
        number=desk.finished + 1,
        attempts=paper.attempts_allowed,
        count=sum(row.count for row in Blueprint.from_json(paper.blueprint).rows),
        max_centi=paper.max_centi,
        pass_centi=exams.pass_mark(paper.max_centi, paper.pass_pct),
        limit=timedelta(seconds=paper.limit_s or 0),
        opens_at=desk.opens_at,
        closes_at=desk.closes_at,
        rules=_rules(session, paper),
        top_names=paper.top_names if paper.ranking else 0,
        best_centi=desk.best_centi if paper.show_score is ShowScore.ON_SUBMIT else None,
        is_resit=paper.resit_of is not None,
    )


def _entered(session: Session, sender: Sender, paper_id: int, now: datetime) -> Desk:
    who = members.actor(session, sender, now=now)
    paper = session.get(Paper, paper_id)
    if paper is None or paper.kind is not PaperKind.EXAM or paper.state is PaperState.DRAFT:
        raise StaleButton
    return _desk(session, paper, who.member_id)


def _desk(session: Session, paper: Paper, member_id: int) -> Desk:
    candidate = session.get(Candidate, (paper.id, member_id))
    if candidate is None or candidate.standing is CandidateStanding.REMOVED:
        raise NotCandidate
    own = select(Attempt.number, Attempt.state, Attempt.id, Attempt.score_centi).where(
        Attempt.paper_id == paper.id, Attempt.member_id == member_id, Attempt.round_id.is_(None)
    )
    rows = session.execute(own).all()
    assert paper.opens_at is not None, "a published exam has a window"
    assert paper.closes_at is not None
    return Desk(
        paper,
        paper.opens_at,
        paper.closes_at,
        member_id,
        finished=sum(row.state in FINISHED for row in rows),
        last_number=max((row.number for row in rows), default=0),
        running_id=next((row.id for row in rows if row.state is AttemptState.STARTED), None),
        best_centi=max((row.score_centi for row in rows if row.state in FINISHED and row.score_centi), default=None),
    )


def _refuse(desk: Desk, at: datetime) -> None:
    if desk.paper.state is PaperState.CANCELLED:
        raise ExamCancelled(title=desk.paper.title)
    standing = desk.my_standing(at)
    if standing is MyStanding.UPCOMING:
        raise NotOpenYet(at=moment(desk.opens_at))
    if standing in (MyStanding.OVER, MyStanding.RELEASED):
        raise ExamOver(at=moment(desk.closes_at))
    if standing is MyStanding.USED_UP:
        raise NoAttemptLeft


def _rules(session: Session, paper: Paper) -> tuple[MarkingRule, ...]:
    """How what needs a rule is marked, whichever of its questions somebody is given."""
    blueprint = Blueprint.from_json(paper.blueprint)
    is_ruled = QuestionVersion.type.in_([QuestionType.MULTIPLE, QuestionType.BLANK])
    if paper.draw is Draw.SAME:
        query = select(PaperItem.rule, cast_to(QuestionVersion.content, Text)).join(
            QuestionVersion, QuestionVersion.id == PaperItem.version_id
        )
        items = session.execute(query.where(PaperItem.paper_id == paper.id, is_ruled).order_by(PaperItem.position))
        asked = [(rule, attempts.question(content)) for rule, content in items]
    else:
        pool = select(PaperPool.row, cast_to(QuestionVersion.content, Text)).join(
            QuestionVersion, QuestionVersion.id == PaperPool.version_id
        )
        pool = pool.where(PaperPool.paper_id == paper.id, is_ruled).order_by(PaperPool.version_id)
        drawn = [(blueprint.rows[place].rule, attempts.question(text)) for place, text in session.execute(pool)]
        asked = [(rule or question.rule, question) for rule, question in drawn]
    return marking_rules(asked, blueprint.each_centi())


# -- 开始计时 ----------------------------------------------------------------------------------------------------------


def _new_attempt(dialect: str) -> ReturningInsert[int]:
    return upsert_on(dialect, Attempt).on_conflict_do_nothing().returning(Attempt.id)


_NEW_ATTEMPT = Query(_new_attempt)
# Who was excused is due from now on. Of the others the row is written, too: whoever changes the exam at this moment
# holds it, and then one of the two begins anew and sees what the other did.
_IS_DUE = Write(
    update(Candidate)
    .where(Candidate.paper_id == bindparam("of_paper"), Candidate.member_id == bindparam("of_member"))
    .values(standing=CandidateStanding.DUE)
)
_NEW_ITEM = Write(lambda dialect: upsert_on(dialect, AttemptItem))


def start(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> TakenUp:
    """The clock runs from the moment the press reached us; pressed twice, or on two covers, there is one attempt."""
    desk = _entered(session, sender, paper_id, now)
    if desk.running_id is not None:
        return take_up(session, sender, desk.running_id, 0, now=now)
    _refuse(desk, sender.at)
    return TakenUp(sitting.show(session, sender, _begin(session, sender, desk, now), 0, now=now))


_CARD_AT = Query(select(OutboxRow.reply_to).where(OutboxRow.key == bindparam("of_key")))
_CARD_MOVED = Write(update(OutboxRow).where(OutboxRow.key == bindparam("of_key")).values(reply_to=bindparam("message")))


def take_up(session: Session, sender: Sender, attempt_id: int, position: int, *, now: datetime) -> TakenUp:
    """The card in the message that was pressed, which from now on is the card of the attempt."""
    running = attempts.own(session, sender, attempt_id, now=now)
    card = sitting.open_card(session, sender, running, position, now)
    key = paper_key(running.paper_id, "last5", running.id)
    was_at = next(iter(_CARD_AT.all(session, {"of_key": key})), (None,))[0]
    if was_at is None or sender.message_id in (None, was_at):
        return TakenUp(card)
    _CARD_MOVED.run(session, {"of_key": key, "message": sender.message_id})
    return TakenUp(card, was_at)


def _begin(session: Session, sender: Sender, desk: Desk, now: datetime) -> int:
    paper = desk.paper
    limit, number = timedelta(seconds=paper.limit_s or 0), desk.last_number + 1
    deadline_at = min(sender.at + limit, desk.closes_at)
    begun = {
        "paper_id": paper.id,
        "member_id": desk.member_id,
        "number": number,
        "state": AttemptState.STARTED,
        "started_at": sender.at,
        "deadline_at": deadline_at,
        "credit_s": 0,
    }
    fresh = _NEW_ATTEMPT.first(session, begun)
    if fresh is None:  # begun in another process since we looked
        again = _desk(session, paper, desk.member_id)
        if again.running_id is None:
            raise StaleButton
        return again.running_id
    rng = random.Random(f"{paper.seed}:{desk.member_id}:{number}")  # noqa: S311  # what it decides is stored
    _lay_out(session, paper, fresh[0], rng, is_first=number == 1)
    _IS_DUE.run(session, {"of_paper": paper.id, "of_member": desk.member_id})
    _call_last(session, sender, paper, fresh[0], deadline_at - LAST_CALL, now)
    signal(session, "jobs")
    return fresh[0]


def _call_last(
    session: Session, sender: Sender, paper: Paper, attempt_id: int, due_at: datetime, now: datetime
) -> None:
    """T08, in answer to the card, which it leads back to. It is withdrawn when the attempt ends before. Of a short exam
    it is never sent: its row is kept all the same, for it says which message the card is."""
    key = paper_key(paper.id, "last5", attempt_id)
    outbox.enqueue(
        session,
        key,
        chat_id=sender.user_id,
        content=exam_views.last_call(paper.title, LAST_CALL),
        lane=Lane.URGENT,
        due_at=due_at,
        valid_until=due_at + LAST_CALL_FOR,
        reply_to=sender.message_id,
        now=now,
    )
    if timedelta(seconds=paper.limit_s or 0) < LAST_CALL_FROM or due_at <= now:
        outbox.withdraw_one(session, key)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of an attempt before its place is known."""

    version_id: int
    type: QuestionType
    content: str
    max_centi: int
    rule: Rule


def _lay_out(session: Session, paper: Paper, attempt_id: int, rng: random.Random, *, is_first: bool) -> None:
    """The questions of this attempt and the order of their options, each stored as it will be shown."""
    if paper.draw is Draw.SAME:
        asked = _of_all(session, paper.id)
    else:
        asked = _drawn(session, paper, set() if is_first else _had_before(session, attempt_id), rng)
    rows = []
    for place, one in enumerate(shuffled(asked, [question.type for question in asked], rng)):
        rows.append(
            {
                "attempt_id": attempt_id,
                "position": place + 1,
                "version_id": one.version_id,
                "option_order": list(option_order(attempts.question(one.content), rng)),
                "max_centi": one.max_centi,
                "rule": one.rule,
                "is_marked": False,
            }
        )
    _NEW_ITEM.run_all(session, rows)


def _of_all(session: Session, paper_id: int) -> list[Asked]:
    query = (
        select(PaperItem.version_id, QuestionVersion.type, cast_to(QuestionVersion.content, Text))
        .add_columns(PaperItem.score_centi, PaperItem.rule)
        .join(QuestionVersion, QuestionVersion.id == PaperItem.version_id)
        .where(PaperItem.paper_id == paper_id)
        .order_by(PaperItem.position)
    )
    return [Asked(*row) for row in session.execute(query)]


_POOL = Query(
    select(PaperPool.row, PaperPool.version_id)
    .where(PaperPool.paper_id == bindparam("paper_id"))
    .order_by(PaperPool.version_id)
)


def _drawn(session: Session, paper: Paper, had: Collection[int], rng: random.Random) -> list[Asked]:
    """Out of the pool that was frozen at publishing; what the member `had` in an earlier attempt comes last."""
    shares: dict[int, list[int]] = {}
    for place, version_id in _POOL.all(session, {"paper_id": paper.id}):
        shares.setdefault(place, []).append(version_id)
    picks = draw_each(Blueprint.from_json(paper.blueprint).rows, shares, had, rng)
    contents = _contents(session, [version_id for version_id, _ in picks])
    found = []
    for version_id, row in picks:
        question = attempts.question(contents[version_id])
        score = question.score_centi if row.score_centi is None else row.score_centi
        found.append(Asked(version_id, question.type, contents[version_id], score, row.rule or question.rule))
    return found


def _had_before(session: Session, attempt_id: int) -> set[int]:
    this = select(Attempt.paper_id, Attempt.member_id).where(Attempt.id == attempt_id).subquery()
    earlier = select(Attempt.id).join(
        this, (this.c.paper_id == Attempt.paper_id) & (this.c.member_id == Attempt.member_id)
    )
    return set(session.scalars(select(AttemptItem.version_id).where(AttemptItem.attempt_id.in_(earlier))))


_CONTENTS = Query(
    lambda dialect: select(QuestionVersion.id, cast_to(QuestionVersion.content, Text)).where(
        among(dialect, QuestionVersion.id, "version_ids")
    )
)


def _contents(session: Session, version_ids: Sequence[int]) -> dict[int, str]:
    return dict(_CONTENTS.all(session, {"version_ids": version_ids}))
