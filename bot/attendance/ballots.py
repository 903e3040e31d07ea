"""Votes that were counted in the room: one line of text per item, judged by who was there at that moment.

Nothing is cast here. The items themselves and the minutes belong to `meetings`.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.attendance import chain
from bot.attendance.chain import Entry
from bot.attendance.facts import Ballot
from bot.attendance.models import Attendance, AttendanceEvent
from bot.attendance.opening import tip_of
from bot.attendance.phrases import read_votes
from bot.attendance.quorum import RULES, Seat, Verdict, Votes, decide, quorum, voters, voters_in_room
from bot.attendance.rules import CAME, Action
from bot.errors import UserError
from bot.meetings import cards, kinds
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import AgendaItem
from bot.meetings.rules import AgendaState, MeetingState, Outcome
from bot.members import prompts
from bot.members import service as members
from bot.members.rules import Right
from bot.message import Sender
from bot.periods import at_beijing, beijing


class NothingToVote(UserError):
    text = "这次会议没有表决的议题。"


class NotVotable(UserError):
    text = "签到开始以后、会议记录归档以前才能登记表决。"


class StudyOnly(UserError):
    text = "本次为学习会，不能表决"


class NoVote(UserError):
    text = "这一项不表决，只登记到会人数。"


class BadVoteTime(UserError):
    text = "表决时间应在签到开始以后、现在以前。"


def ballots(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> tuple[Ballot, ...]:
    """The voting items of a meeting: what each needs, or how it was decided."""
    who = members.actor(session, sender, now=now)
    meeting = meetings.seen_by(session, who, meeting_id, Right.MINUTES)
    _check_votable(meeting)
    found = of_meeting(session, meeting, now=now)
    if not found:
        raise NothingToVote
    return found


def of_meeting(session: Session, meeting: MeetingFacts, *, now: datetime) -> tuple[Ballot, ...]:
    items = _items(session, meeting.id)
    seats = _seats(session, meeting) if items else []
    return tuple(_ballot(row, meeting, seats, now) for row in items)


def _items(session: Session, meeting_id: int) -> list[AgendaItem]:
    query = select(AgendaItem).where(AgendaItem.meeting_id == meeting_id, AgendaItem.vote_rule.is_not(None))
    rows = session.scalars(query.order_by(AgendaItem.position))
    return [row for row in rows if row.state in (None, AgendaState.DISCUSSED)]


def ask(session: Session, sender: Sender, item_id: int, *, now: datetime) -> Ballot:
    """Ask for the counts of one item as text."""
    row, meeting = _item(session, sender, item_id, now=now)
    found = _ballot(row, meeting, _seats(session, meeting), now)
    if not RULES[found.rule].has_vote:
        raise NoVote
    prompts.await_text(session, sender, "attendance:vote", str(item_id), now=now)
    return found


def record_vote(session: Session, sender: Sender, item_id: int, text: str, *, now: datetime) -> Ballot:
    """`赞成11 反对2 弃权1 书面1`, at the moment written, else now or when the meeting was closed."""
    row, meeting = _item(session, sender, item_id, is_locked=True, now=now)
    told = read_votes(text)
    at = _default_at(session, meeting, now)
    if told.at is not None:
        at = at_beijing(beijing(meeting.opens_at).date(), told.at)
        at += timedelta(days=1) if at < meeting.opens_at else timedelta()
        if not meeting.opens_at <= at <= now:
            raise BadVoteTime
    assert row.vote_rule is not None
    if not RULES[row.vote_rule].has_vote:
        raise NoVote
    seats = _seats(session, meeting)
    verdict = decide(row.vote_rule, voters(seats), voters_in_room(seats, at), told.votes)
    prompts.forget_text(session, sender, now=now)
    return _decided(session, sender, row, meeting, verdict, told.votes, at, now=now)


def note_present(session: Session, sender: Sender, item_id: int, *, now: datetime) -> Ballot:
    """An item of a rule without a vote: how many were there."""
    row, meeting = _item(session, sender, item_id, is_locked=True, now=now)
    at, seats = _default_at(session, meeting, now), _seats(session, meeting)
    assert row.vote_rule is not None
    if RULES[row.vote_rule].has_vote:
        raise NothingToVote
    verdict = decide(row.vote_rule, voters(seats), voters_in_room(seats, at), Votes(0))
    return _decided(session, sender, row, meeting, verdict, None, at, now=now)


def _item(
    session: Session, sender: Sender, item_id: int, *, is_locked: bool = False, now: datetime
) -> tuple[AgendaItem, MeetingFacts]:
    who = members.actor(session, sender, now=now)
    row = session.get(AgendaItem, item_id)
    if row is None:
        raise meetings.NoSuchMeeting
    meeting = meetings.seen_by(session, who, row.meeting_id, Right.MINUTES, is_locked=is_locked)
    _check_votable(meeting)
    if row.vote_rule is None or row.state not in (None, AgendaState.DISCUSSED):
        raise NothingToVote
    return row, meeting


def _check_votable(meeting: MeetingFacts) -> None:
    if meeting.outcome is Outcome.STUDY_ONLY:
        raise StudyOnly
    if meeting.state not in (MeetingState.OPEN, MeetingState.CLOSED):
        raise NotVotable


def _seats(session: Session, meeting: MeetingFacts) -> list[Seat]:
    columns = (Attendance.has_vote, Attendance.status, Attendance.arrived_at, Attendance.left_at, Attendance.is_online)
    rows = session.execute(select(*columns).where(Attendance.meeting_id == meeting.id, Attendance.is_due))
    # Of whom it was only noted afterwards that he was there, no other moment is known.
    return [
        Seat(has_vote, status, arrived or (meeting.starts_at if status in CAME else None), left, is_online)
        for has_vote, status, arrived, left, is_online in rows
    ]


def _default_at(session: Session, meeting: MeetingFacts, now: datetime) -> datetime:
    if meeting.state is MeetingState.OPEN:
        return now
    closed = select(AttendanceEvent.at).where(
        AttendanceEvent.meeting_id == meeting.id,
        AttendanceEvent.action == Action.CLOSED,
        AttendanceEvent.attendance_id.is_(None),
    )
    return session.scalar(closed.order_by(AttendanceEvent.seq.desc()).limit(1)) or meeting.ends_at


def _decided(
    session: Session,
    sender: Sender,
    row: AgendaItem,
    meeting: MeetingFacts,
    verdict: Verdict,
    votes: Votes | None,
    at: datetime,
    *,
    now: datetime,
) -> Ballot:
    who = members.actor(session, sender, now=now)
    was = _text(row)
    counts = (votes.yes, votes.no, votes.abstain, votes.yes_written) if votes else (None,) * 4
    values = dict(zip(("yes", "no", "abstain", "yes_written"), counts, strict=True))
    statement = update(AgendaItem).where(AgendaItem.id == row.id)
    statement = statement.values(
        due=verdict.quorum.voters, present=verdict.quorum.present, passed=verdict.has_passed, decided_at=at, **values
    )
    session.execute(statement.execution_options(synchronize_session=False))
    session.refresh(row)
    entry = Entry(Action.VOTED, was=was, became=_text(row))
    tip = tip_of(session, meeting.id)
    chain.append(session, tip, [entry], actor_id=who.recorded_id, update_id=sender.update_id, now=now)
    cards.refresh(session, meeting.id, of=(), now=now)
    return _ballot(row, meeting, [], now)


def _text(row: AgendaItem) -> str | None:
    """As the chain keeps it: item, D and A, the votes and what came of them."""
    if row.decided_at is None:
        return None
    counts = f"{row.yes} {row.no} {row.abstain} {row.yes_written}"
    return f"{row.position} D{row.due} A{row.present} {counts} {row.passed} {row.decided_at.isoformat()}"


def _ballot(row: AgendaItem, meeting: MeetingFacts, seats: list[Seat], now: datetime) -> Ballot:
    assert row.vote_rule is not None
    rule, votes = row.vote_rule, None
    if row.yes is not None:
        votes = (row.yes, row.no or 0, row.abstain or 0, row.yes_written or 0)
    counts = (row.due or 0, row.present or 0) if row.decided_at else (voters(seats), voters_in_room(seats, now))
    return Ballot(
        row.id,
        meeting,
        row.position,
        row.title,
        row.person_name or "",
        rule,
        kinds.shipped().votes[rule],
        quorum(rule, *counts),
        votes,
        row.passed,
        row.decided_at,
    )
