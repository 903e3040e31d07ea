"""Tables of members: units, people, roles, accounts, chats, imports, and the calendar every feature reads."""

from datetime import date, datetime
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
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.db import Base, UtcDateTime, only
from bot.members.rules import (
    MAX_DEPTH,
    ChatState,
    ClaimState,
    ExemptionScope,
    ImportState,
    Reach,
    Role,
    TryOf,
    UnitKind,
    UnitRef,
    Way,
)
from bot.trails import append_only


def _name(kind: type[PythonEnum]) -> Enum:
    return Enum(kind, native_enum=False, length=24)


def _is(kind: UnitKind | None) -> dict[str, object]:
    """Mapper arguments of a class for one kind of unit, or of one that only gathers others."""
    return {"polymorphic_identity": kind} if kind else {"polymorphic_abstract": True}


class Unit(Base):
    """A body of the party or a company; `path` holds the ids from the top down to its own, `/1/4/9/`."""

    __tablename__ = "units"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[UnitKind] = mapped_column(_name(UnitKind))
    name: Mapped[str] = mapped_column(String(60))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    path: Mapped[str] = mapped_column(String(80), default="", index=True)
    has_committee: Mapped[bool] = mapped_column(default=False)
    founded_on: Mapped[date | None] = mapped_column(Date)
    dissolved_on: Mapped[date | None] = mapped_column(Date)
    recording_since: Mapped[date | None] = mapped_column(Date)
    settings: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)

    __table_args__ = (
        UniqueConstraint("parent_id", "name"),
        CheckConstraint(f"length(path) - length(replace(path, '/', '')) <= {MAX_DEPTH + 1}", name="depth"),
        only("uq_units_top_name", "name", where="parent_id IS NULL"),
    )
    __mapper_args__ = _is(None) | {"polymorphic_on": "kind"}

    @property
    def ref(self) -> UnitRef:
        return UnitRef(self.id, self.kind, self.name, self.path)


class Company(Unit):
    __mapper_args__ = _is(UnitKind.COMPANY)


class Committee(Unit):
    """A party committee of whatever level, or a general branch."""

    __mapper_args__ = _is(None)


class DistrictCommittee(Committee):
    __mapper_args__ = _is(UnitKind.DISTRICT_COMMITTEE)


class PartyCommittee(Committee):
    __mapper_args__ = _is(UnitKind.PARTY_COMMITTEE)


class GeneralBranch(Committee):
    __mapper_args__ = _is(UnitKind.GENERAL_BRANCH)


class Branch(Unit):
    __mapper_args__ = _is(UnitKind.BRANCH)


class PartyGroup(Unit):
    __mapper_args__ = _is(UnitKind.PARTY_GROUP)


CLASSES: dict[UnitKind, type[Unit]] = {
    UnitKind.DISTRICT_COMMITTEE: DistrictCommittee,
    UnitKind.COMPANY: Company,
    UnitKind.PARTY_COMMITTEE: PartyCommittee,
    UnitKind.GENERAL_BRANCH: GeneralBranch,
    UnitKind.BRANCH: Branch,
    UnitKind.PARTY_GROUP: PartyGroup,
}


class Member(Base):
    """A person of the roster. No ID number, phone, address or photo, ever."""

    __tablename__ = "members"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    staff_no: Mapped[str | None] = mapped_column(String(40))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    is_probationary: Mapped[bool] = mapped_column(default=False)
    is_leader: Mapped[bool] = mapped_column(default=False)
    joined_on: Mapped[date | None] = mapped_column(Date)
    full_on: Mapped[date | None] = mapped_column(Date)
    suspended_from: Mapped[date | None] = mapped_column(Date)
    suspended_to: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (UniqueConstraint("company_id", "staff_no"),)


class Membership(Base):
    """A person in a branch from a day on, until the day `to_on`, which no longer counts."""

    __tablename__ = "memberships"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date | None] = mapped_column(Date)
    is_guest: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        UniqueConstraint("member_id", "branch_id", "from_on"),
        CheckConstraint("to_on IS NULL OR to_on > from_on", name="span"),
        only("uq_memberships_open", "member_id", where="to_on IS NULL AND NOT is_guest"),
        # The hot path account → member → membership reads nothing but this.
        Index("ix_memberships_actor", "member_id", "is_guest", "from_on", "to_on", "branch_id", "group_id"),
    )


class RoleGrant(Base):
    __tablename__ = "role_grants"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    role: Mapped[Role] = mapped_column(_name(Role))
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date | None] = mapped_column(Date)
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    __table_args__ = (
        UniqueConstraint("member_id", "unit_id", "role", "from_on"),
        CheckConstraint("to_on IS NULL OR to_on > from_on", name="span"),
        only("uq_role_grants_secretary", "unit_id", where="role = 'SECRETARY' AND to_on IS NULL"),
    )


class RoleChange(Base):
    """An office given or taken: who, whom, what, when, by which way. Rows are only ever added."""

    __tablename__ = "role_changes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    role: Mapped[Role] = mapped_column(_name(Role))
    is_given: Mapped[bool]
    way: Mapped[Way] = mapped_column(_name(Way))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))  # none: root, the command line, ourselves
    with_id: Mapped[int | None] = mapped_column(ForeignKey("role_changes.id"))  # what was taken from another for it
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("role_changes.id"), unique=True)


append_only(RoleChange.__table__)


class Account(Base):
    """A Telegram account bound to a person; being bound is having a row."""

    __tablename__ = "accounts"

    telegram_user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), unique=True)
    reach: Mapped[Reach] = mapped_column(_name(Reach), default=Reach.UNKNOWN)
    quiet_from: Mapped[str | None] = mapped_column(String(5))  # Beijing clock, wider than the unit's own
    quiet_to: Mapped[str | None] = mapped_column(String(5))
    bound_at: Mapped[datetime] = mapped_column(UtcDateTime)
    bound_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))


class Prompt(Base):
    """One awaited text of one person in one chat."""

    __tablename__ = "prompts"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    purpose: Mapped[str] = mapped_column(String(40))
    ref: Mapped[str] = mapped_column(String(80), default="")
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Invite(Base):
    """A personal link; only the hash of its token is kept."""

    __tablename__ = "invites"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_by: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (only("uq_invites_open", "member_id", where="used_at IS NULL AND revoked_at IS NULL"),)


class Claim(Base):
    """Somebody without a link says who they are; the branch decides."""

    __tablename__ = "claims"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    telegram_user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    typed_name: Mapped[str] = mapped_column(String(60))
    state: Mapped[ClaimState] = mapped_column(_name(ClaimState), default=ClaimState.PENDING)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (only("uq_claims_pending", "telegram_user_id", where="state = 'PENDING'"),)


class Chat(Base):
    """A group of a unit; the bot speaks in it while it is ACTIVE."""

    __tablename__ = "chats"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    title: Mapped[str] = mapped_column(String(255))
    thread_notice: Mapped[int | None] = mapped_column(BigInteger)
    thread_study: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[ChatState] = mapped_column(_name(ChatState), default=ChatState.ACTIVE)

    __table_args__ = (only("uq_chats_active", "unit_id", where="state = 'ACTIVE'"),)


class ChatCode(Base):
    """A short-lived code that binds a group to a unit, once; only its hash is kept."""

    __tablename__ = "chat_codes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Try(Base):
    """A wrong token of a person, a wrong code in a chat, a file sent: counted so that guessing and flooding end."""

    __tablename__ = "tries"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    what: Mapped[TryOf] = mapped_column(_name(TryOf))
    of_id: Mapped[int] = mapped_column(BigInteger)  # the user, or for codes the chat
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_tries_of", "what", "of_id", "at"),)


class Exemption(Base):
    """Somebody is not counted as due, or has no vote, for a span, by whose approval and on what basis."""

    __tablename__ = "exemptions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date | None] = mapped_column(Date)
    scope: Mapped[ExemptionScope] = mapped_column(_name(ExemptionScope))
    basis: Mapped[str] = mapped_column(Text)
    approver: Mapped[str] = mapped_column(String(60))
    approved_on: Mapped[date] = mapped_column(Date)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    __table_args__ = (
        UniqueConstraint("member_id", "scope", "from_on"),
        CheckConstraint("basis <> '' AND approver <> ''", name="basis"),
        CheckConstraint("to_on IS NULL OR to_on > from_on", name="span"),
    )


class RosterImport(Base):
    """A roster file as it was read, waiting for its confirmation; `base_hash` is what it was compared with."""

    __tablename__ = "roster_imports"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    state: Mapped[ImportState] = mapped_column(_name(ImportState), default=ImportState.PREVIEW)
    rows: Mapped[dict[str, object]] = mapped_column(JSON)
    base_hash: Mapped[str] = mapped_column(String(64))
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    by: Mapped[int | None] = mapped_column(BigInteger)  # the account; none from the command line
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CalendarYear(Base):
    """A year whose days off an office imported."""

    __tablename__ = "calendar_years"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CalendarDay(Base):
    __tablename__ = "calendar_days"

    on: Mapped[date] = mapped_column(Date, primary_key=True)
    is_off: Mapped[bool]
    name: Mapped[str] = mapped_column(String(40))
    year: Mapped[int] = mapped_column(ForeignKey("calendar_years.year"), index=True)
