"""Tables of meetings: drafts, series, meetings and what hangs on one meeting."""

from datetime import date, datetime, time
from enum import Enum as PythonEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    Enum,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    Time,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.db import Base, UtcDateTime, only
from bot.meetings.rules import (
    AgendaState,
    CardKind,
    Change,
    DraftOf,
    Guard,
    MeetingKind,
    MeetingState,
    Outcome,
    RungName,
    RungState,
    Shift,
    VoteRule,
)


def _name(kind: type[PythonEnum]) -> Enum:
    return Enum(kind, native_enum=False, length=24)


class Draft(Base):
    """A plan being written; its body is what the steps have gathered so far."""

    __tablename__ = "drafts"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    what: Mapped[DraftOf] = mapped_column(_name(DraftOf))
    body: Mapped[dict[str, object]] = mapped_column(JSON)
    step: Mapped[str] = mapped_column(String(24))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Series(Base):
    """A repeated meeting. An edit ends it and starts a successor, so that past occurrences keep their rule."""

    __tablename__ = "series"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("drafts.id"), unique=True)
    kind: Mapped[MeetingKind] = mapped_column(_name(MeetingKind))
    title: Mapped[str] = mapped_column(String(200))
    place: Mapped[str] = mapped_column(String(100))
    rule: Mapped[dict[str, object]] = mapped_column(JSON)
    clock: Mapped[time] = mapped_column(Time)
    minutes: Mapped[int] = mapped_column(Integer)
    shift: Mapped[Shift] = mapped_column(_name(Shift))
    guard: Mapped[Guard] = mapped_column(_name(Guard))
    allow_makeup: Mapped[bool] = mapped_column(default=False)
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"))

    __table_args__ = (
        CheckConstraint("minutes > 0", name="minutes"),
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="until_on"),
    )


class Meeting(Base):
    """One meeting of one body. `version` grows with every change that outdates what was sent."""

    __tablename__ = "meetings"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    kind: Mapped[MeetingKind] = mapped_column(_name(MeetingKind))
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"))
    original_on: Mapped[date | None] = mapped_column(Date)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("drafts.id"), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    campaign: Mapped[str | None] = mapped_column(String(60))
    place: Mapped[str] = mapped_column(String(100))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    chair_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    recorder_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    state: Mapped[MeetingState] = mapped_column(_name(MeetingState))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    is_tentative: Mapped[bool] = mapped_column(default=False)
    announced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)
    outcome: Mapped[Outcome | None] = mapped_column(_name(Outcome))
    reason: Mapped[str | None] = mapped_column(String(200))
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verified_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    extra_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # End of this meeting's chain of attendance_events, so that a tap extends it without reading the last event.
    audit_seq: Mapped[int] = mapped_column(Integer, default=0)
    audit_hash: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (
        UniqueConstraint("series_id", "original_on"),
        CheckConstraint("ends_at > starts_at", name="ends_at"),
        CheckConstraint("(series_id IS NULL) = (original_on IS NULL)", name="original_on"),
        only("uq_meetings_unit_id_kind_starts_at", "unit_id", "kind", "starts_at", where="state <> 'CANCELLED'"),
        Index("ix_meetings_state_starts_at", "state", "starts_at"),
        Index("ix_meetings_unit_id_starts_at", "unit_id", "starts_at"),
    )


class MeetingChange(Base):
    """Why a version came to be; `from` and `to` are the text of what changed (instants in ISO format)."""

    __tablename__ = "meeting_changes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    version: Mapped[int] = mapped_column(Integer)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    what: Mapped[Change] = mapped_column(_name(Change))
    was: Mapped[str | None] = mapped_column("from", Text)
    became: Mapped[str | None] = mapped_column("to", Text)
    reason: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (UniqueConstraint("meeting_id", "version"),)


class AgendaItem(Base):
    """One item, and the vote on it as counted in the room; the counts are set when it is decided."""

    __tablename__ = "agenda_items"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    position: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(200))
    tag: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[AgendaState | None] = mapped_column(_name(AgendaState))
    vote_rule: Mapped[VoteRule | None] = mapped_column(_name(VoteRule))
    person_name: Mapped[str | None] = mapped_column(String(40))
    due: Mapped[int | None] = mapped_column(Integer)
    present: Mapped[int | None] = mapped_column(Integer)
    yes: Mapped[int | None] = mapped_column(Integer)
    no: Mapped[int | None] = mapped_column(Integer)
    abstain: Mapped[int | None] = mapped_column(Integer)
    yes_written: Mapped[int | None] = mapped_column(Integer)
    passed: Mapped[bool | None] = mapped_column()
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("meeting_id", "position"),
        CheckConstraint("yes + no + abstain <= present", name="votes"),
        CheckConstraint("yes_written <= due - present", name="yes_written"),
        CheckConstraint("present <= due", name="present"),
    )


class Lecturer(Base):
    __tablename__ = "lecturers"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)

    __table_args__ = (UniqueConstraint("meeting_id", "member_id"),)


class Rung(Base):
    """One reminder of one version of a meeting; the unique key is what makes it fire once."""

    __tablename__ = "rungs"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    version: Mapped[int] = mapped_column(Integer)
    rung: Mapped[RungName] = mapped_column(_name(RungName))
    round: Mapped[int] = mapped_column(Integer, default=1)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[RungState] = mapped_column(_name(RungState))
    fired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    was_late: Mapped[bool] = mapped_column(default=False)
    # Posts into groups of which the outbox keeps no row any more, and how many of those arrived.
    old_posts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    old_arrived: Mapped[int] = mapped_column(Integer, default=0, server_default="0")

    __table_args__ = (
        UniqueConstraint("meeting_id", "version", "rung", "round"),
        Index("ix_rungs_state_due_at", "state", "due_at"),
    )


class Nudge(Base):
    """Who was reminded by what."""

    __tablename__ = "nudges"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    version: Mapped[int] = mapped_column(Integer)
    rung: Mapped[RungName] = mapped_column(_name(RungName))
    round: Mapped[int] = mapped_column(Integer, default=1)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    outbox_id: Mapped[int | None] = mapped_column(ForeignKey("outbox.id", ondelete="SET NULL"), index=True)
    old_state: Mapped[str | None] = mapped_column(String(12))  # of the message, once the outbox does not keep it

    __table_args__ = (UniqueConstraint("meeting_id", "version", "rung", "round", "member_id"),)


class Card(Base):
    """The one message per meeting and chat that is edited while the meeting lives."""

    __tablename__ = "cards"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    chat_id: Mapped[int] = mapped_column(BigInteger, index=True)
    what: Mapped[CardKind] = mapped_column(_name(CardKind))
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    is_pinned: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (UniqueConstraint("meeting_id", "chat_id", "what"),)


class Minutes(Base):
    __tablename__ = "minutes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"), unique=True)
    summary: Mapped[str] = mapped_column(String(2000), default="")
    decisions: Mapped[str] = mapped_column(Text, default="")
    paper_ref: Mapped[str | None] = mapped_column(String(60))
    filed_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    filed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
