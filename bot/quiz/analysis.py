"""试题分析: how each question of an exam did, over all its branches and without a name."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, func, select
from sqlalchemy.orm import Session

from bot.banks import drawing, scopes
from bot.banks.models import BankRow
from bot.banks.revisions import chunks
from bot.banks.rules import RIGHT, WRONG, Question, QuestionType
from bot.members import service as members
from bot.message import Sender, StaleButton
from bot.periods import local_day
from bot.quiz import authors, outcomes
from bot.quiz.authors import Desk
from bot.quiz.finished import HANDED_IN
from bot.quiz.item_statistics import Sums, alpha
from bot.quiz.models import Attempt, AttemptItem, PaperItem, PaperPool, Regrade, Result
from bot.quiz.rates import tenths_of
from bot.quiz.rekeying import as_judged
from bot.quiz.result_facts import Analysis, Decided, Exam, ItemFigures, ItemPage, Line, Lowest, OptionCount
from bot.quiz.rules import Draw, Outcome, Regrading

Row = tuple[int, ...]
Counts = Select[int, int, int]
_IS_RIGHT = and_(AttemptItem.selection.is_not(None), AttemptItem.awarded_centi >= AttemptItem.max_centi)
_RIGHT = func.coalesce(func.sum(case((and_(_IS_RIGHT, AttemptItem.max_centi > 0), 1), else_=0)), 0)


def positions(session: Session, of: Exam) -> dict[int, int]:
    """By version the number of the question on the paper; where attempts were drawn apart, its number in the pool."""
    if of.draw is Draw.SAME:
        query = select(PaperItem.version_id, PaperItem.position).where(PaperItem.paper_id == of.id)
        return dict(session.execute(query).all())
    pool = select(PaperPool.version_id).where(PaperPool.paper_id == of.id).order_by(PaperPool.row, PaperPool.version_id)
    return {version_id: place for place, version_id in enumerate(session.scalars(pool), start=1)}


def lowest(session: Session, of: Exam, lines: Sequence[Line] | None = None) -> Lowest | None:
    """The question with the smallest share of full marks among its answers, unless all were right; in the attempts that
    count: all, or those of these people."""
    query = select(AttemptItem.version_id, func.count(AttemptItem.selection), _RIGHT)
    query = query.where(AttemptItem.max_centi > 0).group_by(AttemptItem.version_id)
    counts, full = Counter[int](), Counter[int]()
    for some in _counted(query, of, lines):
        for version_id, answered, right in session.execute(some):
            counts[version_id] += answered
            full[version_id] += right
    place = positions(session, of)
    found = [
        Lowest(place[version_id], tenths_of(full[version_id], answered) or 0)
        for version_id, answered in counts.items()
        if full[version_id] < answered and version_id in place
    ]
    return min(found, key=lambda one: (one.rate, one.position), default=None)


def _counted(query: Counts, of: Exam, lines: Sequence[Line] | None) -> Iterator[Counts]:
    """The attempts of few people are named, or a database without statistics would go through those of all."""
    if lines is None:
        of_all = (Result.paper_id == of.id, Result.revision == of.revision, Result.outcome == Outcome.SAT)
        yield query.join(Result, Result.attempt_id == AttemptItem.attempt_id).where(*of_all)
        return
    sat = [one.attempt_id for one in lines if one.outcome is Outcome.SAT and one.attempt_id is not None]
    for some in chunks(sat):
        yield query.where(AttemptItem.attempt_id.in_(some))


# -- sums over first attempts ------------------------------------------------------------------------------------------


def _is_first(of: Exam) -> ColumnElement[bool]:
    """The first attempt of each member in which something was answered."""
    counts = (
        Attempt.paper_id == of.id,
        Attempt.round_id.is_(None),
        Attempt.state.in_(HANDED_IN),
        outcomes.has_answer(),
    )
    first = select(Attempt.member_id, func.min(Attempt.number).label("number")).where(*counts)
    first_ones = first.group_by(Attempt.member_id).subquery()
    ids = select(Attempt.id).join(
        first_ones, (first_ones.c.member_id == Attempt.member_id) & (first_ones.c.number == Attempt.number)
    )
    return AttemptItem.attempt_id.in_(ids.where(*counts))


def _sums(of: Exam) -> Select[*tuple[int, ...]]:
    x, t = cast(AttemptItem.awarded_centi, BigInteger), cast(Attempt.score_centi, BigInteger)
    return (
        select(AttemptItem.version_id, func.count(AttemptItem.selection), _RIGHT, func.count())
        .add_columns(func.sum(x), func.sum(x * x), func.sum(t), func.sum(t * t), func.sum(x * t))
        .add_columns(func.max(AttemptItem.max_centi))
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(_is_first(of))
        .group_by(AttemptItem.version_id)
    )


def of_exam(session: Session, of: Exam) -> Analysis:
    place = positions(session, of)
    texts = _texts(session, list(place))
    rows = {int(row[0]): tuple(int(value or 0) for value in row[1:]) for row in session.execute(_sums(of))}
    decided = {version_id: decision for version_id, (decision, _) in decisions(session, of.id).items()}
    items = [
        replace(
            _figures(number, version_id, *texts[version_id], rows.get(version_id)), decision=decided.get(version_id)
        )
        for version_id, number in place.items()
        if version_id in texts and (of.draw is Draw.SAME or version_id in rows)
    ]
    items.sort(key=lambda one: one.position)
    asked = [one.sums for one in items if one.sums.max_centi]
    attempts = max((one.sums.s for one in items), default=0)
    return Analysis(of, tuple(items), attempts, alpha(asked) if of.draw is Draw.SAME else None)


def _texts(session: Session, version_ids: list[int]) -> dict[int, tuple[str, QuestionType]]:
    found = drawing.versions(session, version_ids)
    return {id_: (version.question.stem, version.question.type) for id_, version in found.items()}


def _figures(number: int, version_id: int, stem: str, kind: QuestionType, row: Row | None) -> ItemFigures:
    answered, right, s, x, xx, t, tt, xt, most = row or (0,) * 9
    return ItemFigures(number, version_id, stem, kind, answered, right, Sums(s, x, xx, t, tt, xt, most))


def look(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> Analysis:
    """All questions of a released exam, for its authors."""
    return of_exam(session, authors.desk(session, sender, paper_id, now=now).exam)


# -- one question ------------------------------------------------------------------------------------------------------


def item(session: Session, sender: Sender, paper_id: int, position: int, *, now: datetime) -> ItemPage:
    desk = authors.desk(session, sender, paper_id, now=now)
    return item_page(session, desk, position)


def item_page(session: Session, desk: Desk, position: int) -> ItemPage:
    found = next((one for one in of_exam(session, desk.exam).items if one.position == position), None)
    if found is None:
        raise StaleButton
    return page(session, desk, found)


def page(session: Session, desk: Desk, figures: ItemFigures) -> ItemPage:
    version = drawing.versions(session, [figures.version_id])[figures.version_id]
    today = drawing.newest(session, [version.question_id])[version.question_id]
    decision, judged_by = decisions(session, desk.exam.id).get(figures.version_id, (None, None))
    judge = drawing.versions(session, [judged_by or version.id])[judged_by or version.id]
    question = as_judged(version.question, judge.question) or version.question
    bank = session.get(BankRow, version.bank_id)
    assert bank is not None
    return ItemPage(
        desk.exam,
        figures,
        question,
        _options(session, desk.exam, figures.version_id, question),
        may_correct=scopes.may_edit(desk.who, scopes.of_bank(session, bank)),
        may_decide=desk.leads_all,
        has_other_key=today.marking_hash != judge.marking_hash,
        decision=decision,
    )


def _options(session: Session, of: Exam, version_id: int, question: Question) -> tuple[OptionCount, ...]:
    """How often each option was chosen, in the bank's letters."""
    query = select(AttemptItem.selection, func.count()).where(AttemptItem.version_id == version_id, _is_first(of))
    chosen = dict(session.execute(query.group_by(AttemptItem.selection)).all())
    if question.type is QuestionType.BLANK:
        return ()
    letters = question.letters or RIGHT + WRONG
    texts = question.options or ("", "")
    return tuple(
        OptionCount(
            letter,
            text,
            sum(n for picked, n in chosen.items() if picked and letter in picked),
            letter in question.answer,
        )
        for letter, text in zip(letters, texts, strict=True)
    )


def decisions(session: Session, paper_id: int) -> dict[int, tuple[Regrading, int | None]]:
    """By version what was decided last of a question of the exam, and the version it is judged by."""
    query = select(Regrade.version_id, Regrade.decision, Regrade.to_version_id).where(Regrade.paper_id == paper_id)
    rows = session.execute(query.order_by(Regrade.revision))
    return {version_id: (decision, to) for version_id, decision, to in rows}


def ledger(session: Session, of: Exam, *, now: datetime) -> tuple[Decided, ...]:
    """Everything that was decided of the exam's questions, in order."""
    rows = session.scalars(select(Regrade).where(Regrade.paper_id == of.id).order_by(Regrade.revision)).all()
    place = positions(session, of)
    people = members.people(session, [one.by for one in rows if one.by is not None], local_day(now))
    names = {member_id: person.name for member_id, person in people.items()}
    return tuple(
        Decided(one.revision, place[one.version_id], one.decision, one.moved, names.get(one.by or 0, ""), one.at)
        for one in rows
        if one.version_id in place
    )
