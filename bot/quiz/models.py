"""Tables of quiz: papers with their candidates and results, attempts with their answers, live rounds."""

from datetime import datetime
from enum import Enum as PythonEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Enum,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.banks.rules import Form, Rule
from bot.db import FOR_POSTGRES, Base, UtcDateTime, only
from bot.quiz.rules import (
    AttemptState,
    CandidateStanding,
    DraftStep,
    Draw,
    ItemState,
    Outcome,
    PaperAction,
    PaperKind,
    PaperState,
    Refusal,
    Regrading,
    RoundState,
    Seat,
    ShowKey,
    ShowScore,
    Via,
)


def _name(kind: type[PythonEnum]) -> Enum:
    return Enum(kind, native_enum=False, length=24)


class Paper(Base):
    """An exam or the questions of live rounds. A DRAFT's `closes_at` is when it is thrown away untouched."""

    __tablename__ = "papers"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str | None] = mapped_column(String(12), unique=True)  # 2026-014, given at publishing
    token: Mapped[str] = mapped_column(String(24), unique=True)
    kind: Mapped[PaperKind] = mapped_column(_name(PaperKind))
    title: Mapped[str] = mapped_column(String(120))
    state: Mapped[PaperState] = mapped_column(_name(PaperState), default=PaperState.DRAFT)
    draft_step: Mapped[DraftStep | None] = mapped_column(_name(DraftStep))
    blueprint: Mapped[dict[str, object]] = mapped_column(JSON)
    draw: Mapped[Draw] = mapped_column(_name(Draw), default=Draw.SAME)
    seed: Mapped[int] = mapped_column(BigInteger)
    max_centi: Mapped[int] = mapped_column(Integer, default=0)
    pass_pct: Mapped[int] = mapped_column(Integer, default=60)
    good_pct: Mapped[int] = mapped_column(Integer, default=90)
    limit_s: Mapped[int | None] = mapped_column(Integer)
    attempts_allowed: Mapped[int] = mapped_column(Integer, default=1)
    opens_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    planned_closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of a DRAFT; none: the usual day
    show_score: Mapped[ShowScore] = mapped_column(_name(ShowScore), default=ShowScore.ON_SUBMIT)
    show_key: Mapped[ShowKey] = mapped_column(_name(ShowKey), default=ShowKey.ON_CLOSE)
    ranking: Mapped[bool] = mapped_column(default=False)
    top_names: Mapped[int] = mapped_column(Integer, default=0)
    resit_of: Mapped[int | None] = mapped_column(ForeignKey("papers.id"))
    resit_number: Mapped[int | None] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer, server_default="0")  # of its results; 0: none are out
    by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    __table_args__ = (
        UniqueConstraint("resit_of", "resit_number"),
        Index("ix_papers_state", "state", "closes_at"),
    )


class PaperBranch(Base):
    __tablename__ = "paper_branches"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("units.id"), primary_key=True, index=True)
    due_revision: Mapped[int | None] = mapped_column(Integer)  # of the results, while the branch is still to be told

    __table_args__ = (
        Index("ix_paper_branches_untold", "paper_id", "branch_id", sqlite_where=text("due_revision IS NOT NULL")),
    )
    nudged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by hand


class PaperLog(Base):
    __tablename__ = "paper_log"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), index=True)
    actor: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    action: Mapped[PaperAction] = mapped_column(_name(PaperAction))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PaperItem(Base):
    """A question that everybody gets, at its place."""

    __tablename__ = "paper_items"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    position: Mapped[int] = mapped_column(Integer)
    version_id: Mapped[int] = mapped_column(ForeignKey("question_versions.id"), index=True)
    score_centi: Mapped[int] = mapped_column(Integer)
    rule: Mapped[Rule] = mapped_column(_name(Rule))

    __table_args__ = (UniqueConstraint("paper_id", "position"), UniqueConstraint("paper_id", "version_id"))


class PaperPool(Base):
    """A question that may be drawn for an attempt, by row of the blueprint."""

    __tablename__ = "paper_pool"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("question_versions.id"), primary_key=True)
    row: Mapped[int] = mapped_column(Integer)


class Candidate(Base):
    __tablename__ = "candidates"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    standing: Mapped[CandidateStanding] = mapped_column(_name(CandidateStanding))
    reason: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))


class Result(Base):
    """What a candidate's counted attempt came to; a later correction is a row of the next revision."""

    __tablename__ = "results"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    outcome: Mapped[Outcome] = mapped_column(_name(Outcome))
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempts.id"))
    score_centi: Mapped[int | None] = mapped_column(Integer)
    credited_centi: Mapped[int | None] = mapped_column(Integer)
    time_s: Mapped[int | None] = mapped_column(Integer)
    max_centi: Mapped[int | None] = mapped_column(Integer)
    passed: Mapped[bool | None]
    excellent: Mapped[bool | None]
    is_told: Mapped[bool] = mapped_column(server_default=false())

    __table_args__ = (
        # Each as the database is asked: SQLite knows a partial index again only by the very words.
        Index(
            "ix_results_untold",
            *("paper_id", "member_id", "revision"),
            sqlite_where=text("is_told = 0"),
            info={FOR_POSTGRES: text("NOT is_told")},
        ),
    )


class Regrade(Base):
    """A question of a released exam that was decided anew; who moved is what differs between two revisions."""

    __tablename__ = "regrades"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    revision: Mapped[int] = mapped_column(Integer)  # of the results it made
    version_id: Mapped[int] = mapped_column(ForeignKey("question_versions.id"), index=True)  # as it was asked
    decision: Mapped[Regrading] = mapped_column(_name(Regrading))
    to_version_id: Mapped[int | None] = mapped_column(ForeignKey("question_versions.id"))
    score_centi: Mapped[int] = mapped_column(Integer)  # what the question was worth at first
    moved: Mapped[int] = mapped_column(Integer)  # people whose score, maximum or verdict changed
    by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("paper_id", "revision"),)


class Attempt(Base):
    """One sitting of one member, in an exam or in a live round."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("rounds.id"))
    seat: Mapped[Seat | None] = mapped_column(_name(Seat))
    state: Mapped[AttemptState] = mapped_column(_name(AttemptState))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    score_centi: Mapped[int | None] = mapped_column(Integer)
    time_s: Mapped[int | None] = mapped_column(Integer)
    credit_s: Mapped[int] = mapped_column(Integer, default=0)

    __table_args__ = (
        UniqueConstraint("paper_id", "member_id", "number"),
        UniqueConstraint("round_id", "member_id"),
        only("uq_attempts_running", "paper_id", "member_id", where="state = 'STARTED' AND round_id IS NULL"),
        Index("ix_attempts_deadline", "state", "deadline_at"),
    )


class OutageCredit(Base):
    __tablename__ = "outage_credits"

    outage_id: Mapped[int] = mapped_column(ForeignKey("outages.id"), primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), primary_key=True)
    seconds: Mapped[int] = mapped_column(Integer)


class AttemptItem(Base):
    """A question of an attempt. `selection` is in the bank's letters; `is_marked` is the member's own bookmark."""

    __tablename__ = "attempt_items"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    position: Mapped[int] = mapped_column(Integer)
    version_id: Mapped[int] = mapped_column(ForeignKey("question_versions.id"), index=True)
    option_order: Mapped[list[int]] = mapped_column(JSON)
    max_centi: Mapped[int] = mapped_column(Integer)
    rule: Mapped[Rule] = mapped_column(_name(Rule))
    selection: Mapped[str | None] = mapped_column(Text)
    is_marked: Mapped[bool] = mapped_column(default=False)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_event_id: Mapped[int | None] = mapped_column(ForeignKey("answer_events.id"))
    awarded_centi: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (UniqueConstraint("attempt_id", "position"), UniqueConstraint("attempt_id", "version_id"))


class AnswerEvent(Base):
    """Every answer that reached us, taken or not."""

    __tablename__ = "answer_events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    bot_id: Mapped[int] = mapped_column(BigInteger)
    update_id: Mapped[int] = mapped_column(BigInteger)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    selection: Mapped[str] = mapped_column(Text)
    via: Mapped[Via] = mapped_column(_name(Via))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted: Mapped[bool]
    reason: Mapped[Refusal | None] = mapped_column(_name(Refusal))

    __table_args__ = (UniqueConstraint("bot_id", "update_id"),)


class Round(Base):
    """A live round in a group. `next_step_at` of an ended one is when it ended."""

    __tablename__ = "rounds"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), index=True)
    chat_id: Mapped[int] = mapped_column(ForeignKey("chats.chat_id", onupdate="CASCADE"))
    thread_id: Mapped[int] = mapped_column(BigInteger, default=0)  # 0: no topic
    host_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    state: Mapped[RoundState] = mapped_column(_name(RoundState), default=RoundState.LOBBY)
    position: Mapped[int] = mapped_column(Integer, default=0)
    step_version: Mapped[int] = mapped_column(Integer, default=0)
    next_step_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        only("uq_rounds_active", "chat_id", "thread_id", where="state NOT IN ('FINISHED', 'ABORTED')"),
        Index("ix_rounds_due", "state", "next_step_at"),
    )


class RoundItem(Base):
    __tablename__ = "round_items"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    position: Mapped[int] = mapped_column(Integer)
    version_id: Mapped[int] = mapped_column(ForeignKey("question_versions.id"), index=True)
    option_order: Mapped[list[int]] = mapped_column(JSON)
    form: Mapped[Form] = mapped_column(_name(Form))
    state: Mapped[ItemState] = mapped_column(_name(ItemState))
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("round_id", "position"),)


class RoundPoll(Base):
    """A poll that carries an item; without `message_id` it was adopted and cannot be closed early."""

    __tablename__ = "round_polls"

    poll_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    round_item_id: Mapped[int] = mapped_column(ForeignKey("round_items.id"), index=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)


class StrayVote(Base):
    """A vote in a poll we do not know yet: the sending of the poll may not be committed."""

    __tablename__ = "stray_votes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    bot_id: Mapped[int] = mapped_column(BigInteger)
    update_id: Mapped[int] = mapped_column(BigInteger)
    poll_id: Mapped[str] = mapped_column(String(32), index=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    options: Mapped[list[int]] = mapped_column(JSON)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    __table_args__ = (UniqueConstraint("bot_id", "update_id"),)


class RoundGuest(Base):
    """Somebody off the roster who voted; in no figure."""

    __tablename__ = "round_guests"

    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class SeatChoice(Base):
    """What somebody in a private seat has ticked so far; 确定 makes it his answer."""

    __tablename__ = "seat_choices"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    selection: Mapped[str] = mapped_column(String(12))  # in the bank's letters
