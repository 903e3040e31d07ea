"""Writing a bank's revisions: what differs, new immutable versions, the way back. Callers decide who may."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import CursorResult, insert, select, update
from sqlalchemy.orm import Session

from bot.banks import content as contents
from bot.banks.content import Content
from bot.banks.models import BankRevision, BankRow, QuestionRow, QuestionVersion, RevisionItem
from bot.banks.rules import (
    MAX_QUESTIONS,
    Bank,
    BankStatus,
    Mode,
    Origin,
    Question,
    Status,
    fingerprint,
    marking_hash,
)
from bot.banks.scopes import Scope
from bot.db import upsert
from bot.errors import UserError

T = TypeVar("T")
CHUNK = 500  # values in one IN list: SQLite and PostgreSQL both take it, and the statement stays cached


class NewerRevision(UserError):
    text = "题库已有新版本，请重新试读。"
    ends_buttons = True


class BankTooLarge(UserError):
    text = "超过上限：一个题库 10000 题，导入后会有 {n} 题。请换一个题库，或者改为替换。"


@dataclass(frozen=True, slots=True)
class ReadyQuestion:
    """A question with all that its version row needs, worked out before the transaction."""

    question: Question
    content: Content
    content_hash: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A bank read and judged, ready to be compared and written."""

    bank: Bank
    sha256: str
    questions: tuple[ReadyQuestion, ...]
    mode: Mode = Mode.WHOLE


@dataclass(frozen=True, slots=True)
class Difference:
    """What a bank would become; `number` is the revision it was compared with, 0 for a new bank."""

    number: int
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    retired: int = 0
    is_same: bool = False
    total: int = field(default=0, compare=False)  # questions that are not retired, afterwards


@dataclass(frozen=True, slots=True)
class _Old:
    """A question as the bank has it."""

    id: int
    status: Status
    version_id: int
    content_hash: str
    fingerprint: str


def ready(bank: Bank, data: bytes) -> Ready:
    """The slow part of an import; needs no database."""
    return prepared(bank, hashlib.sha256(data).hexdigest(), Mode.WHOLE)


def prepared(bank: Bank, sha256: str, mode: Mode) -> Ready:
    questions = []
    for question in bank.questions:
        content = contents.content_of(question)
        questions.append(ReadyQuestion(question, content, contents.content_hash(content)))
    return Ready(bank, sha256, tuple(questions), mode)


def find(session: Session, slug: str) -> BankRow | None:
    return session.scalars(select(BankRow).where(BankRow.slug == slug)).one_or_none()


def head(session: Session, bank: BankRow | None) -> BankRevision | None:
    """The newest revision of a bank."""
    return session.get(BankRevision, bank.revision_id) if bank is not None and bank.revision_id else None


def compare(session: Session, new: Ready) -> Difference:
    bank = find(session, new.bank.slug)
    old = _old(session, bank) if bank else {}
    return _difference(_aligned(new, old), head(session, bank), old)


def _old(session: Session, bank: BankRow) -> dict[str, _Old]:
    query = (
        select(QuestionRow.code, QuestionRow.id, QuestionRow.status)
        .add_columns(QuestionVersion.id, QuestionVersion.content_hash, QuestionVersion.fingerprint)
        .join(QuestionVersion, QuestionVersion.id == QuestionRow.version_id)
        .where(QuestionRow.bank_id == bank.id)
    )
    return {row[0]: _Old(*row[1:]) for row in session.execute(query)}


def _aligned(new: Ready, old: Mapping[str, _Old]) -> Ready:
    """A foreign file's questions under the numbers that the bank has them under: a row moved, a list renumbered.

    One whose number thereby belongs to another gets the number that its text gives.
    """
    if new.mode is Mode.WHOLE or not old:
        return new
    # Of two equal ones the living comes last and is found.
    living = sorted(old.items(), key=lambda item: item[1].status is not Status.RETIRED)
    by_text = {before.fingerprint: code for code, before in living}
    prints = [fingerprint(one.question) for one in new.questions]
    taken = {by_text[text] for text in prints if text in by_text}
    return replace(
        new,
        questions=tuple(
            _renumbered(one, by_text.get(text), taken, text) for one, text in zip(new.questions, prints, strict=True)
        ),
    )


def _renumbered(one: ReadyQuestion, code: str | None, taken: Set[str], text: str) -> ReadyQuestion:
    if code is None and one.question.code in taken:
        code = f"i-{text[:10]}"
    return one if code is None else replace(one, question=replace(one.question, code=code))


def _difference(new: Ready, newest: BankRevision | None, old: Mapping[str, _Old]) -> Difference:
    added = changed = unchanged = retired = 0
    for ready_question in new.questions:
        before, status = old.get(ready_question.question.code), ready_question.question.status
        if before is None:
            added += 1
        elif status is Status.RETIRED and before.status is not Status.RETIRED:
            retired += 1
        elif before.content_hash == ready_question.content_hash and before.status is status:
            unchanged += 1
        else:
            changed += 1
    retired += sum(old[code].status is not Status.RETIRED for code in _missing(new, old))
    has_same_head = newest is not None and _head(newest) == contents.head_content(new.bank)
    is_same = has_same_head and not (added or changed or retired)
    living = {code for code, before in old.items() if before.status is not Status.RETIRED}
    total = len(living | {one.question.code for one in new.questions}) - retired
    return Difference(newest.number if newest else 0, added, changed, unchanged, retired, is_same, total)


def _missing(new: Ready, old: Mapping[str, _Old]) -> list[str]:
    """Questions of the bank that the file would retire."""
    if new.mode is Mode.MERGE:
        return []
    kept = {ready_question.question.code for ready_question in new.questions}
    return [code for code in old if code not in kept]


def _head(revision: BankRevision) -> dict[str, object]:
    keys = ("title", "owner", "note", "sources", "topics", "defaults")
    return {key: getattr(revision, key) for key in keys}


def write(
    session: Session, new: Ready, scope: Scope, origin: Origin, *, base_id: int | None, by: int | None, now: datetime
) -> tuple[BankRevision, Difference]:
    """A new revision on top of `base_id`; raises NewerRevision if the bank has moved on since.

    Nothing is written when nothing changed: then the newest revision comes back.
    """
    bank = _bank(session, new.bank, scope)
    newest, old = head(session, bank), _old(session, bank)
    new = _aligned(new, old)
    if bank.revision_id != base_id:
        raise NewerRevision
    difference = _difference(new, newest, old)
    if newest is not None and difference.is_same:
        return newest, difference
    if difference.total > MAX_QUESTIONS:
        raise BankTooLarge(n=difference.total)
    revision = BankRevision(
        bank_id=bank.id, sha256=new.sha256, origin=origin, by=by, at=now, **contents.head_content(new.bank)
    )
    _store(session, revision, difference)
    ids = _question_ids(session, bank, new, old)
    versions = _version_ids(session, new, ids, {before.id: before for before in old.values()})
    items = {ids[one.question.code]: (versions[ids[one.question.code]], one.question.status) for one in new.questions}
    retired = frozenset(_missing(new, old))
    items |= {
        before.id: (before.version_id, Status.RETIRED if code in retired else before.status)
        for code, before in old.items()
        if before.id not in items
    }
    _set_items(session, bank, revision, items)
    _advance(session, bank, revision, base_id)
    return revision, difference


def _bank(session: Session, bank: Bank, scope: Scope) -> BankRow:
    values = {"slug": bank.slug, "title": bank.title, "scope_kind": scope.kind, "scope_id": scope.unit_id}
    statement = upsert(session, BankRow).values(status=BankStatus.ACTIVE, **values)
    session.execute(statement.on_conflict_do_nothing(index_elements=["slug"]))
    found = find(session, bank.slug)
    assert found is not None
    return found


def _store(session: Session, revision: BankRevision, difference: Difference) -> None:
    revision.number = difference.number + 1
    revision.added, revision.changed = difference.added, difference.changed
    revision.unchanged, revision.retired = difference.unchanged, difference.retired
    session.add(revision)
    session.flush()


def _question_ids(session: Session, bank: BankRow, new: Ready, old: Mapping[str, _Old]) -> dict[str, int]:
    added = [
        {"bank_id": bank.id, "code": one.question.code, "status": one.question.status}
        for one in new.questions
        if one.question.code not in old
    ]
    if added:
        session.execute(insert(QuestionRow), added)
    rows = session.execute(select(QuestionRow.code, QuestionRow.id).where(QuestionRow.bank_id == bank.id))
    return {code: question_id for code, question_id in rows}  # noqa: C416  # rows are no tuples to mypy


def _version_ids(session: Session, new: Ready, ids: Mapping[str, int], old: Mapping[int, _Old]) -> dict[int, int]:
    """By question the row of its text: the one it has, an earlier one that comes back, or a new one."""
    wanted = {ids[one.question.code]: one for one in new.questions}
    found = {id_: old[id_].version_id for id_, one in wanted.items() if _is_kept(one, old.get(id_))}
    open_ = [id_ for id_ in wanted if id_ not in found]
    numbers: dict[int, int] = {}
    for row in _versions(session, [id_ for id_ in open_ if id_ in old]):
        numbers[row.question_id] = max(row.number, numbers.get(row.question_id, 0))
        if row.content_hash == wanted[row.question_id].content_hash:
            found[row.question_id] = row.id
    rows = [_version_row(id_, numbers.get(id_, 0) + 1, wanted[id_]) for id_ in open_ if id_ not in found]
    if rows:
        session.execute(insert(QuestionVersion), rows)
    for row in _versions(session, [id_ for id_ in open_ if id_ not in found]):
        if row.content_hash == wanted[row.question_id].content_hash:
            found[row.question_id] = row.id
    return found


def _is_kept(one: ReadyQuestion, before: _Old | None) -> bool:
    return before is not None and before.content_hash == one.content_hash


@dataclass(frozen=True, slots=True)
class _Version:
    id: int
    question_id: int
    number: int
    content_hash: str


def _versions(session: Session, question_ids: Sequence[int]) -> Iterator[_Version]:
    columns = (QuestionVersion.id, QuestionVersion.question_id, QuestionVersion.number, QuestionVersion.content_hash)
    for some in chunks(question_ids):
        for row in session.execute(select(*columns).where(QuestionVersion.question_id.in_(some))):
            yield _Version(*row)


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def _version_row(question_id: int, number: int, one: ReadyQuestion) -> dict[str, object]:
    question = one.question
    return {
        "question_id": question_id,
        "number": number,
        "type": question.type,
        "content": one.content,
        "content_hash": one.content_hash,
        "marking_hash": marking_hash(question),
        "fingerprint": fingerprint(question),
        "topics": list(question.topics),
        "difficulty": question.difficulty,
        "valid_until": question.valid_until,
        "source": contents.source_content(question.citation.source) if question.citation else None,
    }


def _set_items(
    session: Session, bank: BankRow, revision: BankRevision, items: Mapping[int, tuple[int, Status]]
) -> None:
    """What the revision holds, and the questions themselves brought up to it."""
    rows = [{"question_id": id_, "version_id": version, "status": status} for id_, (version, status) in items.items()]
    session.execute(insert(RevisionItem), [{"revision_id": revision.id, **row} for row in rows])
    columns = (QuestionRow.id, QuestionRow.version_id, QuestionRow.status)
    before = {tuple(row) for row in session.execute(select(*columns).where(QuestionRow.bank_id == bank.id))}
    moved = [
        {"id": id_, "version_id": version, "status": status}
        for id_, (version, status) in items.items()
        if (id_, version, status) not in before
    ]
    if moved:
        session.execute(update(QuestionRow), moved)


def _advance(session: Session, bank: BankRow, revision: BankRevision, base_id: int | None) -> None:
    statement = update(BankRow).where(BankRow.id == bank.id, BankRow.revision_id.is_not_distinct_from(base_id))
    result = session.execute(
        statement.values(revision_id=revision.id, title=revision.title, status=BankStatus.ACTIVE),
        execution_options={"synchronize_session": False},
    )
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise NewerRevision


def restore(session: Session, bank: BankRow, to: BankRevision | None, *, by: int | None, now: datetime) -> BankRevision:
    """A new revision equal to an earlier one; to None means before the first: every question retired."""
    newest = head(session, bank)
    assert newest is not None
    current = _items(session, newest.id)
    wanted = _items(session, to.id) if to else {}
    items = {id_: wanted.get(id_, (version_id, Status.RETIRED)) for id_, (version_id, _) in current.items()}
    sha256 = to.sha256 if to else ""
    revision = BankRevision(bank_id=bank.id, sha256=sha256, origin=Origin.UNDO, by=by, at=now, **_head(to or newest))
    _store(session, revision, _way_back(newest.number, current, items))
    _set_items(session, bank, revision, items)
    _advance(session, bank, revision, newest.id)
    return revision


def _way_back(
    number: int, current: Mapping[int, tuple[int, Status]], items: Mapping[int, tuple[int, Status]]
) -> Difference:
    moved = [items[id_] for id_, before in current.items() if items[id_] != before]
    retired = sum(status is Status.RETIRED for _, status in moved)
    return Difference(number, 0, len(moved) - retired, len(items) - len(moved), retired)


def _items(session: Session, revision_id: int) -> dict[int, tuple[int, Status]]:
    columns = (RevisionItem.question_id, RevisionItem.version_id, RevisionItem.status)
    rows = session.execute(select(*columns).where(RevisionItem.revision_id == revision_id))
    return {question_id: (version_id, status) for question_id, version_id, status in rows}


def head_at(session: Session, bank: BankRow) -> Bank:
    """A bank as its newest revision has it, without its questions."""
    newest = head(session, bank)
    assert newest is not None
    return Bank(
        slug=bank.slug,
        title=newest.title,
        questions=(),
        owner=newest.owner,
        note=newest.note,
        sources=tuple(contents.source_of(source) for source in newest.sources),
        topics=tuple(newest.topics),
        defaults=contents.defaults_of(newest.defaults),
    )


def bank_at(session: Session, bank: BankRow) -> Bank:
    """The whole bank as its newest revision has it, retired questions left out unless there are no others."""
    whole = head_at(session, bank)
    columns = (QuestionRow.code, RevisionItem.status, QuestionVersion.content)
    query = (
        select(*columns)
        .select_from(RevisionItem)
        .join(QuestionRow, QuestionRow.id == RevisionItem.question_id)
        .join(QuestionVersion, QuestionVersion.id == RevisionItem.version_id)
        .where(RevisionItem.revision_id == bank.revision_id)
        .order_by(QuestionRow.id)
    )
    questions = [contents.question_of(code, content, status) for code, status, content in session.execute(query)]
    return replace(whole, questions=tuple(_without_retired(questions)))


def _without_retired(questions: Iterable[Question]) -> list[Question]:
    every = list(questions)
    return [question for question in every if question.status is not Status.RETIRED] or every
