"""Tables of attendance, and the triggers that make its event chain append-only on both databases."""

from datetime import date, datetime
from enum import Enum as PythonEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Enum,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.attendance.rules import (
    Action,
    Answer,
    CorrectionState,
    GuestKind,
    LeaveState,
    MakeUpHow,
    Proof,
    ReasonKind,
    Status,
)
from bot.db import Base, UtcDateTime, only
from bot.trails import append_only


def _name(kind: type[PythonEnum]) -> Enum:
    return Enum(kind, native_enum=False, length=24)


class Attendance(Base):
    """One person at one meeting: answer, leave, and whether they came."""

    __tablename__ = "attendances"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    is_due: Mapped[bool] = mapped_column()
    has_vote: Mapped[bool] = mapped_column()
    answer: Mapped[Answer] = mapped_column(_name(Answer), default=Answer.NONE)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leave_state: Mapped[LeaveState] = mapped_column(_name(LeaveState), default=LeaveState.NONE)
    leave_kind: Mapped[ReasonKind | None] = mapped_column(_name(ReasonKind))
    leave_reason: Mapped[str | None] = mapped_column(String(200))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    status: Mapped[Status] = mapped_column(_name(Status), default=Status.EXPECTED)
    arrived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    time_unsure: Mapped[bool] = mapped_column(default=False)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_online: Mapped[bool] = mapped_column(default=False)
    proof: Mapped[Proof | None] = mapped_column(_name(Proof))
    is_for_other: Mapped[bool] = mapped_column(default=False)
    is_late_entry: Mapped[bool] = mapped_column(default=False)
    explained_as: Mapped[ReasonKind | None] = mapped_column(_name(ReasonKind))
    explained_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("meeting_id", "member_id"),)


class AttendanceEvent(Base):
    """What was done to whom by whom; each row's hash covers the one before it. No private reasons."""

    __tablename__ = "attendance_events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    seq: Mapped[int] = mapped_column(Integer)
    attendance_id: Mapped[int | None] = mapped_column(ForeignKey("attendances.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    action: Mapped[Action] = mapped_column(_name(Action))
    was: Mapped[str | None] = mapped_column("from", Text)
    became: Mapped[str | None] = mapped_column("to", Text)
    reason: Mapped[str | None] = mapped_column(String(200))
    update_id: Mapped[int | None] = mapped_column(BigInteger)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("meeting_id", "seq"),)


class Correction(Base):
    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    attendance_id: Mapped[int] = mapped_column(ForeignKey("attendances.id"))
    to_status: Mapped[Status] = mapped_column(_name(Status))
    reason: Mapped[str] = mapped_column(String(200))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("members.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[CorrectionState] = mapped_column(_name(CorrectionState))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    __table_args__ = (only("uq_corrections_attendance_id", "attendance_id", where="state = 'PROPOSED'"),)


class MakeUp(Base):
    """补课 of somebody who was away. It never touches the status: 实到 stays what it was."""

    __tablename__ = "make_ups"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    attendance_id: Mapped[int] = mapped_column(ForeignKey("attendances.id"), unique=True)
    done_on: Mapped[date] = mapped_column(Date)
    how: Mapped[MakeUpHow] = mapped_column(_name(MakeUpHow))
    note: Mapped[str] = mapped_column(String(200), default="")
    recorded_by: Mapped[int] = mapped_column(ForeignKey("members.id"))


class Guest(Base):
    """People beside the due list, by name or as a bare number."""

    __tablename__ = "guests"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    what: Mapped[GuestKind] = mapped_column(_name(GuestKind))
    name: Mapped[str] = mapped_column(String(40), default="")
    number: Mapped[int] = mapped_column(Integer, default=1)

    __table_args__ = (
        UniqueConstraint("meeting_id", "what", "name"),
        CheckConstraint("number >= 1", name="number"),
    )


append_only(AttendanceEvent.__table__)
