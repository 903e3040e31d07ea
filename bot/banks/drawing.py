"""Which questions may be drawn on a day, and versions by their number. Reads only."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.banks import content as contents
from bot.banks.models import BankRevision, BankRow, QuestionRow, QuestionVersion
from bot.banks.revisions import chunks
from bot.banks.rules import BankStatus, Question, QuestionType, ScopeKind, Source, Status, in_force, is_cited_in_force
from bot.members.rules import UnitRef


@dataclass(frozen=True, slots=True)
class Drawable:
    """A question that may be drawn, as far as drawing needs it."""

    version_id: int
    question_id: int
    bank_id: int
    code: str
    type: QuestionType
    topics: tuple[str, ...]
    difficulty: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable text of a question."""

    id: int
    number: int
    question_id: int
    bank_id: int
    marking_hash: str
    fingerprint: str
    question: Question


@dataclass(frozen=True, slots=True)
class Newest:
    """What has become of a question since an older version of it was asked."""

    version_id: int
    marking_hash: str
    status: Status


@dataclass(frozen=True, slots=True)
class UsableBank:
    id: int
    slug: str
    title: str


def usable_banks(session: Session, unit: UnitRef) -> list[UsableBank]:
    """Banks whose questions a unit may be asked: everybody's, and those of the units it belongs to."""
    above = [int(part) for part in unit.path.split("/") if part]
    query = (
        select(BankRow.id, BankRow.slug, BankRow.title)
        .where(BankRow.status == BankStatus.ACTIVE, BankRow.revision_id.is_not(None))
        .where(or_(BankRow.scope_kind == ScopeKind.DISTRICT, BankRow.scope_id.in_(above)))
        .order_by(BankRow.slug)
    )
    return [UsableBank(*row) for row in session.execute(query)]


def editions(session: Session) -> list[Source]:
    """All sources of all banks in use: what decides which edition of a document is in force."""
    query = (
        select(BankRevision.sources)
        .join(BankRow, BankRow.revision_id == BankRevision.id)
        .where(BankRow.status == BankStatus.ACTIVE)
    )
    return [contents.source_of(source) for sources in session.scalars(query) for source in sources]


def pool(
    session: Session,
    bank_ids: Collection[int],
    *,
    on: date,
    type_: QuestionType | None = None,
    topics: Collection[str] = (),
    difficulty: int | None = None,
) -> list[Drawable]:
    """Active, valid questions whose source is in force on a day, sorted by bank and number.

    With `topics` only those that have one of them.
    """
    query = (
        select(QuestionVersion.id, QuestionRow.id, QuestionRow.bank_id, QuestionRow.code, QuestionVersion.type)
        .add_columns(QuestionVersion.topics, QuestionVersion.difficulty, QuestionVersion.fingerprint)
        .add_columns(QuestionVersion.source)
        .join(QuestionRow, QuestionRow.version_id == QuestionVersion.id)
        .join(BankRow, BankRow.id == QuestionRow.bank_id)
        .where(QuestionRow.bank_id.in_(bank_ids), QuestionRow.status == Status.ACTIVE)
        .where(or_(QuestionVersion.valid_until.is_(None), QuestionVersion.valid_until >= on))
        .order_by(BankRow.slug, QuestionRow.code)
    )
    if type_ is not None:
        query = query.where(QuestionVersion.type == type_)
    if difficulty is not None:
        query = query.where(QuestionVersion.difficulty == difficulty)
    current = in_force(editions(session), on)
    found = []
    for id_, question_id, bank_id, code, kind, own_topics, level, print_, source in session.execute(query):
        is_wanted = not topics or not set(topics).isdisjoint(own_topics)
        if is_wanted and (source is None or is_cited_in_force(contents.source_of(source), current, on)):
            found.append(Drawable(id_, question_id, bank_id, code, kind, tuple(own_topics), level, print_))
    return found


def versions(session: Session, version_ids: Sequence[int]) -> dict[int, Version]:
    """Versions by their id, with their questions as they were then."""
    query = (
        select(QuestionVersion.id, QuestionVersion.number, QuestionVersion.question_id, QuestionRow.bank_id)
        .add_columns(QuestionVersion.marking_hash, QuestionVersion.fingerprint)
        .add_columns(QuestionRow.code, QuestionRow.status, QuestionVersion.content)
        .join(QuestionRow, QuestionRow.id == QuestionVersion.question_id)
    )
    found = {}
    for some in chunks(version_ids):
        for row in session.execute(query.where(QuestionVersion.id.in_(some))):
            id_, number, question_id, bank_id, marking, print_, code, status, content = row
            question = contents.question_of(code, content, status)
            found[id_] = Version(id_, number, question_id, bank_id, marking, print_, question)
    return found


def newest(session: Session, question_ids: Iterable[int]) -> dict[int, Newest]:
    """By question its text of today; a marking hash unlike an older version's means the key or rule was changed."""
    query = select(QuestionRow.id, QuestionVersion.id, QuestionVersion.marking_hash, QuestionRow.status).join(
        QuestionVersion, QuestionVersion.id == QuestionRow.version_id
    )
    found = {}
    for some in chunks(list(question_ids)):
        for question_id, version_id, marking, status in session.execute(query.where(QuestionRow.id.in_(some))):
            found[question_id] = Newest(version_id, marking, status)
    return found
