"""会议记录: who chaired and who wrote, what was said and decided. Filed once everything is there, and then left alone.

Attendance and votes are never typed here: they are read from the roll and the agenda.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum, auto
from typing import Final

from sqlalchemy import delete, false, or_, select, update
from sqlalchemy.orm import Session

from bot.db import upsert
from bot.errors import UserError
from bot.meetings import agenda, service
from bot.meetings.agenda import Item
from bot.meetings.facts import MeetingFacts, Named
from bot.meetings.models import Lecturer, Meeting, Minutes, Rung
from bot.meetings.rules import MeetingState, Outcome, Roll, RollReader, RungName, RungState
from bot.members import prompts
from bot.members import service as members
from bot.members.models import Unit
from bot.members.rules import Actor, Right, UnitRef
from bot.message import Sender, StaleButton
from bot.periods import at_beijing

LONGEST: Final = 2000
LONGEST_REF: Final = 60
UNFILED_FOR = timedelta(days=365)  # an older meeting without minutes is not offered any more
MOST_LISTED: Final = 30
TEXTS = {"summary": LONGEST, "decisions": LONGEST, "paper_ref": LONGEST_REF}


class TooLong(UserError):
    text = "最多{most}个字，收到{count}个字，请缩短后再发。"


class AlreadyFiled(UserError):
    text = "会议记录已归档，不能再改。"
    ends_buttons = True


class NotOver(UserError):
    text = "会议结束以后才能归档。"


class Incomplete(UserError):
    text = "会议记录还不完整，请看“还缺”一行。"


class NothingToMinute(UserError):
    text = "近期没有需要写记录的会议。"


class Post(Enum):
    """Whom the minutes name."""

    CHAIR = auto()
    RECORDER = auto()
    LECTURER = auto()


class Missing(Enum):
    """What minutes still lack before they can be filed."""

    CHAIR = auto()
    RECORDER = auto()
    VERIFIED = auto()
    VOTES = auto()
    CONTENT = auto()


@dataclass(frozen=True, slots=True)
class MinutesFacts:
    """The minutes of one meeting as they stand."""

    meeting: MeetingFacts
    roll: Roll
    items: tuple[Item, ...] = ()
    chair: Named | None = None
    recorder: Named | None = None
    lecturers: tuple[Named, ...] = ()
    summary: str = ""
    decisions: str = ""
    paper_ref: str = ""
    missing: tuple[Missing, ...] = ()
    may_plan: bool = False

    @property
    def is_filed(self) -> bool:
        return self.meeting.state is MeetingState.RECORDED

    @property
    def can_be_filed(self) -> bool:
        return self.meeting.state is MeetingState.CLOSED and not self.missing


@dataclass(frozen=True, slots=True)
class Candidates:
    """Whom a post of the minutes may be given to; `chosen` have it."""

    meeting: MeetingFacts
    post: Post
    people: tuple[Named, ...]
    chosen: frozenset[int]


def missing(
    *, has_chair: bool, has_recorder: bool, is_verified: bool, open_votes: int, has_content: bool
) -> tuple[Missing, ...]:
    """`has_content`: a summary or a 纸质记录编号."""
    there = {
        Missing.CHAIR: has_chair,
        Missing.RECORDER: has_recorder,
        Missing.VERIFIED: is_verified,
        Missing.VOTES: open_votes == 0,
        Missing.CONTENT: has_content,
    }
    return tuple(what for what, is_there in there.items() if not is_there)


# -- what reports read ---


@dataclass(frozen=True, slots=True)
class Held:
    """One meeting as figures are counted from it."""

    meeting: MeetingFacts
    campaign: str | None
    lecturer_ids: tuple[int, ...]
    items: tuple[Item, ...]
    filed_at: datetime | None


def between(session: Session, unit: UnitRef, first_on: date, last_on: date) -> list[Held]:
    """Meetings of the unit and of all below it whose local day lies in the span, ends included; cancelled ones count
    nowhere. A handful of statements, however many units there are."""
    begin, end = at_beijing(first_on, time.min), at_beijing(last_on + timedelta(days=1), time.min)
    span = Meeting.starts_at >= begin, Meeting.starts_at < end
    kept = Unit.path.startswith(unit.path), Meeting.state != MeetingState.CANCELLED, *span
    asked = service.listed(*kept).add_columns(Meeting.campaign, Minutes.filed_at)
    asked = asked.outerjoin(Minutes, Minutes.meeting_id == Meeting.id).order_by(Meeting.starts_at, Meeting.id)
    rows = session.execute(asked).all()
    ids = [row[0] for row in rows]
    query = select(Lecturer.meeting_id, Lecturer.member_id).where(Lecturer.meeting_id.in_(ids)).order_by(Lecturer.id)
    lecturers: dict[int, list[int]] = {}
    for meeting_id, member_id in session.execute(query):
        lecturers.setdefault(meeting_id, []).append(member_id)
    items: dict[int, list[Item]] = {}
    for item in agenda.items(session, *ids):
        items.setdefault(item.meeting_id, []).append(item)
    return [
        Held(service.from_row(row), row[-2], tuple(lecturers.get(row[0], ())), tuple(items.get(row[0], ())), row[-1])
        for row in rows
    ]


# -- looking ---


def unfiled(session: Session, sender: Sender, *, now: datetime) -> list[MeetingFacts]:
    """/minutes: meetings whose minutes this person may write, the latest first."""
    who = members.actor(session, sender, now=now)
    if not who.grants:
        who.require(Right.MINUTES)
    mine = _writable_by(session, who, MeetingState.OPEN, MeetingState.CLOSED, now=now)
    if not mine:
        raise NothingToMinute
    return mine


def waiting_for(session: Session, sender: Sender, *, now: datetime) -> list[MeetingFacts]:
    """Meetings that are over and whose minutes this person has still to file, the latest first."""
    return _writable_by(session, members.actor(session, sender, now=now), MeetingState.CLOSED, now=now)


def _writable_by(session: Session, who: Actor, *states: MeetingState, now: datetime) -> list[MeetingFacts]:
    below = [Unit.path.startswith(grant.unit.path) for grant in who.grants]
    asked = service.listed(Meeting.state.in_(states), Meeting.starts_at > now - UNFILED_FOR, or_(false(), *below))
    rows = session.execute(asked.order_by(Meeting.starts_at.desc(), Meeting.id.desc()).limit(MOST_LISTED))
    found = (service.from_row(row) for row in rows)
    return [meeting for meeting in found if who.may(Right.MINUTES, meeting.unit, meeting.case)]


def show(
    session: Session, sender: Sender, meeting_id: int, *, now: datetime, roll: RollReader[Session]
) -> MinutesFacts:
    who = members.actor(session, sender, now=now)
    return _facts(session, who, service.seen_by(session, who, meeting_id, Right.MINUTES), roll, now=now)


def _facts(
    session: Session, who: Actor, meeting: MeetingFacts, roll: RollReader[Session], *, now: datetime
) -> MinutesFacts:
    found, items = roll(session, meeting.id, now=now), agenda.items(session, meeting.id)
    row = session.execute(
        select(Minutes.summary, Minutes.decisions, Minutes.paper_ref).where(Minutes.meeting_id == meeting.id)
    ).one_or_none()
    summary, decisions, paper_ref = row or ("", "", "")
    lecturers = _lecturers(session, meeting.id)
    named = {
        one.member_id: one
        for one in service.named(
            session,
            [one for one in (meeting.chair_id, meeting.recorder_id, *lecturers) if one is not None],
            meeting,
        )
    }
    is_study = meeting.outcome is Outcome.STUDY_ONLY
    return MinutesFacts(
        meeting,
        found,
        items,
        chair=named.get(meeting.chair_id or 0),
        recorder=named.get(meeting.recorder_id or 0),
        lecturers=tuple(named[one] for one in lecturers if one in named),
        summary=summary,
        decisions=decisions,
        paper_ref=paper_ref or "",
        missing=missing(
            has_chair=meeting.chair_id is not None,
            has_recorder=meeting.recorder_id is not None,
            is_verified=meeting.verified_at is not None or not found.self_signed,
            open_votes=0 if is_study else sum(item.is_undecided for item in items),
            has_content=bool(summary or paper_ref),
        ),
        may_plan=who.may(Right.PLAN, meeting.unit),
    )


def _lecturers(session: Session, meeting_id: int) -> Sequence[int]:
    query = select(Lecturer.member_id).where(Lecturer.meeting_id == meeting_id)
    return session.scalars(query.order_by(Lecturer.id)).all()


# -- writing ---


def candidates(
    session: Session, sender: Sender, meeting_id: int, word: str, *, now: datetime, roll: RollReader[Session]
) -> Candidates:
    """Whom the post may be given to: those due, officers first."""
    who = members.actor(session, sender, now=now)
    meeting, post = service.seen_by(session, who, meeting_id, Right.MINUTES), _post(word)
    officers = {holder.member_id for holder in members.holders(session, Right.ROLL_CALL, meeting.unit.id, now=now)}
    found = roll(session, meeting_id, now=now)
    people = service.named(session, (*found.due, *found.joined), meeting)
    having: dict[Post, list[int | None]] = {
        Post.CHAIR: [meeting.chair_id],
        Post.RECORDER: [meeting.recorder_id],
        Post.LECTURER: [*_lecturers(session, meeting_id)],
    }
    ordered = sorted(people, key=lambda one: one.member_id not in officers)
    return Candidates(meeting, post, tuple(ordered), frozenset(one for one in having[post] if one is not None))


def choose(
    session: Session,
    sender: Sender,
    meeting_id: int,
    word: str,
    member_id: int,
    *,
    now: datetime,
    roll: RollReader[Session],
) -> MinutesFacts:
    """Give the post to one of the candidates; a lecturer pressed again is none any more."""
    meeting = _writable(session, sender, meeting_id, now=now)
    found = candidates(session, sender, meeting_id, word, now=now, roll=roll)
    if member_id not in {one.member_id for one in found.people}:
        raise StaleButton
    if found.post is Post.LECTURER:
        _toggle_lecturer(session, meeting_id, member_id, is_there=member_id in found.chosen)
    else:
        column = "chair_id" if found.post is Post.CHAIR else "recorder_id"
        changed = update(Meeting).where(Meeting.id == meeting.id).values({column: member_id})
        session.execute(changed.execution_options(synchronize_session=False))
    who = members.actor(session, sender, now=now)
    now_is = service.facts(session, meeting_id)
    assert now_is is not None
    return _facts(session, who, now_is, roll, now=now)


def _post(word: str) -> Post:
    if word not in Post.__members__:
        raise StaleButton
    return Post[word]


def _toggle_lecturer(session: Session, meeting_id: int, member_id: int, *, is_there: bool) -> None:
    if is_there:
        session.execute(delete(Lecturer).where(Lecturer.meeting_id == meeting_id, Lecturer.member_id == member_id))
    else:
        row = upsert(session, Lecturer).values(meeting_id=meeting_id, member_id=member_id)
        session.execute(row.on_conflict_do_nothing())


def ask(session: Session, sender: Sender, meeting_id: int, field: str, *, now: datetime) -> MeetingFacts:
    """The next text is the field: summary, decisions or paper_ref."""
    meeting = _writable(session, sender, meeting_id, now=now)
    if field not in TEXTS:
        raise StaleButton
    prompts.await_text(session, sender, "meetings:minutes", f"{meeting_id}:{field}", now=now)
    return meeting


def write(
    session: Session, sender: Sender, ref: str, text: str, *, now: datetime, roll: RollReader[Session]
) -> MinutesFacts:
    """The text has come; a later one replaces it."""
    number, _, field = ref.partition(":")
    meeting = _writable(session, sender, int(number), now=now)
    text = text.strip()
    if len(text) > TEXTS[field]:
        raise TooLong(most=TEXTS[field], count=len(text))
    row = upsert(session, Minutes).values(**{"meeting_id": meeting.id, "summary": "", "decisions": "", field: text})
    session.execute(row.on_conflict_do_update(index_elements=["meeting_id"], set_={field: text}))
    prompts.forget_text(session, sender, now=now)
    who = members.actor(session, sender, now=now)
    return _facts(session, who, meeting, roll, now=now)


def _writable(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> MeetingFacts:
    who = members.actor(session, sender, now=now)
    meeting = service.seen_by(session, who, meeting_id, Right.MINUTES, is_locked=True)
    if meeting.state is MeetingState.RECORDED:
        raise AlreadyFiled
    if meeting.state not in (MeetingState.SCHEDULED, MeetingState.OPEN, MeetingState.CLOSED):
        raise service.StateChanged
    return meeting


def to_file(
    session: Session, sender: Sender, meeting_id: int, *, now: datetime, roll: RollReader[Session]
) -> MinutesFacts:
    """The minutes of who has asked to file them; refused where that could not be done."""
    found = show(session, sender, meeting_id, now=now, roll=roll)
    if found.is_filed:
        raise AlreadyFiled
    _check_complete(found)
    return found


def _check_complete(found: MinutesFacts) -> None:
    if found.meeting.state is not MeetingState.CLOSED:
        raise NotOver
    if found.missing:
        raise Incomplete


def file_minutes(
    session: Session, sender: Sender, meeting_id: int, *, now: datetime, roll: RollReader[Session]
) -> MinutesFacts:
    """归档: CLOSED → RECORDED, if nothing is missing. R7 has nothing left to ask for."""
    who = members.actor(session, sender, now=now)
    meeting = _writable(session, sender, meeting_id, now=now)
    _check_complete(_facts(session, who, meeting, roll, now=now))
    if not service.archive(session, meeting):
        raise service.StateChanged
    filed = {"filed_by": who.recorded_id, "filed_at": now}
    session.execute(update(Minutes).where(Minutes.meeting_id == meeting_id).values(**filed))
    asked = update(Rung).where(Rung.meeting_id == meeting_id, Rung.rung == RungName.R7, Rung.state == RungState.PLANNED)
    session.execute(asked.values(state=RungState.SUPERSEDED).execution_options(synchronize_session=False))
    now_is = service.facts(session, meeting_id)
    assert now_is is not None
    return _facts(session, who, now_is, roll, now=now)
