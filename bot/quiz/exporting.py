"""Results as a file asked for: a branch with its names for its officers, figures alone for those above.

Read on a snapshot, written apart; only the sending is a transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import exports
from bot.banks import drawing
from bot.banks.rules import Question
from bot.members.rules import UnitRef
from bot.message import Document, Sender
from bot.quiz import analysis, analysis_views, authors, outcomes, reports
from bot.quiz.authors import Desk
from bot.quiz.exam_views import answer_words
from bot.quiz.models import AttemptItem, Candidate, Result
from bot.quiz.rekeying import as_judged
from bot.quiz.result_facts import AnswerLine, Book, BranchRates, Line
from bot.quiz.results_views import key_words
from bot.quiz.rules import RESULTS_FOR, Outcome, PaperAction


def gather(session: Session, sender: Sender, paper_id: int, branch_id: int, *, now: datetime) -> Book:
    """What goes into the file; 0 stands for all branches, without the names of those that the sender may not see."""
    desk = authors.desk(session, sender, paper_id, now=now)
    if branch_id == 0 and not desk.names_all:
        return _figures(session, desk, now)
    return _with_names(session, desk, desk.led if branch_id == 0 else (desk.own(branch_id),), now)


def _figures(session: Session, desk: Desk, now: datetime) -> Book:
    of, found = desk.exam, outcomes.rates_by_branch(session, desk.exam)
    items = analysis.of_exam(session, of)
    return Book(
        of,
        desk.who.name,
        now,
        tuple(BranchRates(branch.id, branch.name, found[branch.id]) for branch in desk.led),
        items,
        {one.position: analysis.page(session, desk, one) for one in items.items},
        analysis.ledger(session, of, now=now),
    )


def _with_names(session: Session, desk: Desk, branches: Sequence[UnitRef], now: datetime) -> Book:
    of, ids = desk.exam, [branch.id for branch in branches]
    rows = {branch.id: outcomes.lines(session, of, [branch.id]) for branch in branches}
    items, everybody = analysis.of_exam(session, of), tuple(line for own in rows.values() for line in own)
    return Book(
        of,
        desk.who.name,
        now,
        tuple(BranchRates(branch.id, branch.name, outcomes.rates_of(rows[branch.id])) for branch in branches),
        items,
        {one.position: analysis.page(session, desk, one) for one in items.items},
        analysis.ledger(session, of, now=now),
        lines=everybody,
        ranks={member_id: rank for own in rows.values() for member_id, rank in reports.ranked(of, own).items()},
        resits=reports.resit_results(session, of, ids),
        answers=tuple(_answers(session, desk, ids, everybody)),
        unreached=tuple(name for one in ids for name in reports.unreached(session, of, one, now)),
        after_resit=reports.after_resit(session, of, ids),
    )


@dataclass(frozen=True, slots=True)
class _Item:
    """A question of an attempt as it was answered."""

    position: int
    version_id: int
    order: Sequence[int]
    selection: str | None
    awarded_centi: int | None
    max_centi: int


def _answers(session: Session, desk: Desk, branch_ids: Collection[int], rows: Sequence[Line]) -> list[AnswerLine]:
    """Every question of the attempts that count, person by person."""
    of = desk.exam
    query = (
        select(Result.member_id, AttemptItem.position, AttemptItem.version_id, AttemptItem.option_order)
        .add_columns(AttemptItem.selection, AttemptItem.awarded_centi, AttemptItem.max_centi)
        .join(AttemptItem, AttemptItem.attempt_id == Result.attempt_id)
        .join(Candidate, (Candidate.paper_id == Result.paper_id) & (Candidate.member_id == Result.member_id))
        .where(Result.paper_id == of.id, Result.revision == of.revision, Result.outcome == Outcome.SAT)
        .where(Candidate.branch_id.in_(branch_ids))
        .order_by(AttemptItem.position)
    )
    items: dict[int, list[_Item]] = {}
    for member_id, *item in session.execute(query):
        items.setdefault(member_id, []).append(_Item(*item))
    asked, keys = _questions(session, of.id, {item.version_id for own in items.values() for item in own})
    return [
        _answer(line, item, asked[item.version_id], keys[item.version_id])
        for line in rows
        for item in items.get(line.member_id, ())
    ]


def _questions(session: Session, paper_id: int, ids: set[int]) -> tuple[dict[int, Question], dict[int, Question]]:
    """As they were asked, and with the key by which they are judged."""
    decided = analysis.decisions(session, paper_id)
    judges = {version_id: to for version_id, (_, to) in decided.items() if to is not None}
    versions = drawing.versions(session, [*ids, *judges.values()])
    asked = {id_: versions[id_].question for id_ in ids}
    keys = {id_: as_judged(asked[id_], versions[judges.get(id_, id_)].question) or asked[id_] for id_ in ids}
    return asked, keys


def _answer(line: Line, item: _Item, asked: Question, key: Question) -> AnswerLine:
    places = range(len(asked.options))
    return AnswerLine(
        line.name,
        line.branch,
        item.position,
        asked.type,
        asked.stem,
        shown=answer_words(asked, item.order, item.selection),
        chosen=answer_words(asked, tuple(places), item.selection),
        key=key_words(key),
        awarded_centi=item.awarded_centi or 0,
        max_centi=item.max_centi,
    )


# -- sending -----------------------------------------------------------------------------------------------------------


def documents(what: Book, data: bytes) -> tuple[Document, ...]:
    return (Document(f"{analysis_views.file_name(what)}.xlsx", data, analysis_views.caption(what)),)


def deliver(session: Session, sender: Sender, what: Book, files: Sequence[Document], *, now: datetime) -> None:
    """Takes down that the file was asked for and sends `files`, if whoever asked still may have it."""
    desk = authors.desk(session, sender, what.exam.id, now=now)
    for branch_id in {line.branch_id for line in what.lines}:
        desk.own(branch_id)
    outcomes.note(session, what.exam, PaperAction.EXPORTED, desk.who.recorded_id, now)
    key = f"examfile:{desk.who.user_id}:{sender.update_id}"
    exports.send(session, key, desk.who.user_id, files, now=now, keep_for=RESULTS_FOR)
