"""Tables of banks. Questions are pointed at by version, so that an edit never changes what has been asked."""

from datetime import date, datetime
from enum import Enum as PythonEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.banks.content import Content, DefaultsContent, SourceContent
from bot.banks.rules import BankStatus, Mode, Origin, QuestionType, RunState, ScopeKind, Status
from bot.db import Base, UtcDateTime


def _name(kind: type[PythonEnum]) -> Enum:
    return Enum(kind, native_enum=False, length=24)


class BankRow(Base):
    """A bank is its questions at revision `revision_id`; without one nothing has been imported yet."""

    __tablename__ = "banks"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    scope_kind: Mapped[ScopeKind] = mapped_column(_name(ScopeKind))
    scope_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))  # none: everybody
    status: Mapped[BankStatus] = mapped_column(_name(BankStatus), default=BankStatus.ACTIVE)
    revision_id: Mapped[int | None] = mapped_column(Integer)  # no foreign key: the two tables would need each other


class BankRevision(Base):
    __tablename__ = "bank_revisions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    bank_id: Mapped[int] = mapped_column(ForeignKey("banks.id"))
    number: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    origin: Mapped[Origin] = mapped_column(_name(Origin))
    title: Mapped[str] = mapped_column(String(120))
    owner: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    sources: Mapped[list[SourceContent]] = mapped_column(JSON)
    topics: Mapped[list[str]] = mapped_column(JSON)
    defaults: Mapped[DefaultsContent] = mapped_column(JSON)
    added: Mapped[int] = mapped_column(Integer)
    changed: Mapped[int] = mapped_column(Integer)
    unchanged: Mapped[int] = mapped_column(Integer)
    retired: Mapped[int] = mapped_column(Integer)
    by: Mapped[int | None] = mapped_column(BigInteger)  # the account; none from the command line and at the start
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("bank_id", "number"),)


class QuestionRow(Base):
    __tablename__ = "questions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    bank_id: Mapped[int] = mapped_column(ForeignKey("banks.id"))
    code: Mapped[str] = mapped_column(String(40))
    status: Mapped[Status] = mapped_column(_name(Status))
    version_id: Mapped[int | None] = mapped_column(Integer)  # no foreign key: versions point here

    __table_args__ = (UniqueConstraint("bank_id", "code"),)


class QuestionVersion(Base):
    """Never changed, never deleted. The columns beside `content` are what drawing asks for."""

    __tablename__ = "question_versions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"))
    number: Mapped[int] = mapped_column(Integer)
    type: Mapped[QuestionType] = mapped_column(_name(QuestionType))
    content: Mapped[Content] = mapped_column(JSON)
    content_hash: Mapped[str] = mapped_column(String(64))
    marking_hash: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    corrects: Mapped[int | None] = mapped_column(ForeignKey("question_versions.id"))
    topics: Mapped[list[str]] = mapped_column(JSON)
    difficulty: Mapped[int] = mapped_column(Integer)
    valid_until: Mapped[date | None] = mapped_column(Date)
    source: Mapped[SourceContent | None] = mapped_column(JSON(none_as_null=True))

    __table_args__ = (UniqueConstraint("question_id", "number"), UniqueConstraint("question_id", "content_hash"))


class RevisionItem(Base):
    """The whole of a revision, question by question."""

    __tablename__ = "revision_items"

    revision_id: Mapped[int] = mapped_column(ForeignKey("bank_revisions.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("question_versions.id"))
    status: Mapped[Status] = mapped_column(_name(Status))


class ImportRun(Base):
    """A file somebody sent, from its preview to its end; `data` is kept only while it waits.

    A foreign file also keeps what was read in it, and what its sender chose: the bank, the way in, the document.
    """

    __tablename__ = "import_runs"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    token: Mapped[str] = mapped_column(String(16), unique=True)
    bank_id: Mapped[int | None] = mapped_column(ForeignKey("banks.id"))
    scope_kind: Mapped[ScopeKind] = mapped_column(_name(ScopeKind))
    scope_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    file_name: Mapped[str] = mapped_column(String(255))
    file_sha256: Mapped[str] = mapped_column(String(64))
    format: Mapped[str] = mapped_column(String(12))
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    reading: Mapped[bytes | None] = mapped_column(LargeBinary)  # as the child printed it, packed
    mode: Mapped[Mode] = mapped_column(_name(Mode), server_default="WHOLE")
    slug: Mapped[str] = mapped_column(String(40), server_default="")
    title: Mapped[str] = mapped_column(String(120), server_default="")
    source: Mapped[str] = mapped_column(String(200), server_default="")
    report: Mapped[dict[str, object]] = mapped_column(JSON)
    base_revision_id: Mapped[int | None] = mapped_column(ForeignKey("bank_revisions.id"))
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("bank_revisions.id"))
    state: Mapped[RunState] = mapped_column(_name(RunState))
    by: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_import_runs_waiting", "state", "expires_at"),
        Index("ix_import_runs_by", "by", "file_name"),
    )
