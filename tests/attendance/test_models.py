"""What the tables themselves refuse, whatever a service does."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from bot.attendance.models import Attendance, AttendanceEvent, Correction, Guest
from bot.attendance.rules import Action, CorrectionState, GuestKind, Status
from bot.db import Base, Database
from bot.meetings.models import Meeting, Series
from bot.meetings.rules import Guard, MeetingKind, MeetingState, Shift
from tests.make import NOW, Make, Someone

HOUR = timedelta(hours=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/test.db")
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def make(database: Database) -> Make:
    return Make(database)


@pytest.fixture
def zhang(make: Make) -> Someone:
    return make.member("张三", make.branch())


def meeting(starts_at: datetime = NOW, state: MeetingState = MeetingState.SCHEDULED, **values: object) -> Meeting:
    row = Meeting(
        unit_id=1,
        kind=MeetingKind.THEME_PARTY_DAY,
        title="学习",
        place="三楼会议室",
        starts_at=starts_at,
        ends_at=starts_at + HOUR,
        state=state,
        created_at=NOW,
    )
    for name, value in values.items():
        setattr(row, name, value)
    return row


def add(database: Database, row: Base) -> int:
    def write(session: Session) -> int:
        session.add(row)
        session.flush()
        return int(row.id)  # type: ignore[attr-defined]  # every table here has one

    return database.run(write)


def attendance(database: Database, zhang: Someone) -> int:
    meeting_id = add(database, meeting())
    return add(database, Attendance(meeting_id=meeting_id, member_id=zhang.id, is_due=True, has_vote=True))


def test_one_meeting_of_a_kind_at_a_time(database: Database, zhang: Someone) -> None:
    add(database, meeting(state=MeetingState.CANCELLED))
    add(database, meeting())
    add(database, meeting(state=MeetingState.CANCELLED))
    with pytest.raises(IntegrityError):
        add(database, meeting(state=MeetingState.OPEN))
    add(database, meeting(NOW + HOUR))


def test_a_meeting_ends_after_it_begins(database: Database, zhang: Someone) -> None:
    with pytest.raises(IntegrityError):
        add(database, meeting(ends_at=NOW))


def test_an_occurrence_of_a_series_comes_once_even_if_cancelled(database: Database, zhang: Someone) -> None:
    series = Series(
        unit_id=1,
        kind=MeetingKind.THEME_PARTY_DAY,
        title="学习",
        place="三楼会议室",
        rule={"kind": "MONTHLY_DAY", "day": 2, "clamp": False, "every": 1, "month": 1},
        clock=NOW.time(),
        minutes=60,
        shift=Shift.LATER,
        guard=Guard.MONTH,
        from_on=date(2026, 1, 1),
    )
    series_id = add(database, series)
    original_on = date(2026, 3, 2)
    add(database, meeting(state=MeetingState.CANCELLED, series_id=series_id, original_on=original_on))
    with pytest.raises(IntegrityError):
        add(database, meeting(NOW + HOUR, series_id=series_id, original_on=original_on))


def test_a_person_stands_once_on_a_due_list(database: Database, zhang: Someone) -> None:
    attendance_id = attendance(database, zhang)
    again = Attendance(meeting_id=1, member_id=zhang.id, is_due=False, has_vote=False)
    assert attendance_id == 1
    with pytest.raises(IntegrityError):
        add(database, again)


def test_the_record_can_only_grow(database: Database, zhang: Someone) -> None:
    attendance_id = attendance(database, zhang)
    event = AttendanceEvent(
        meeting_id=1, seq=1, attendance_id=attendance_id, at=NOW, action=Action.CHECKED_IN, prev_hash="", hash="a" * 64
    )
    add(database, event)
    with pytest.raises(DatabaseError, match="append-only"):
        database.run(lambda session: session.execute(update(AttendanceEvent).values(hash="b" * 64)))
    with pytest.raises(DatabaseError, match="append-only"):
        database.run(lambda session: session.execute(delete(AttendanceEvent)))


def test_one_open_proposal_for_a_record(database: Database, zhang: Someone) -> None:
    attendance_id = attendance(database, zhang)

    def proposal(state: CorrectionState) -> Correction:
        return Correction(
            attendance_id=attendance_id,
            to_status=Status.PRESENT,
            reason="漏签",
            proposed_by=zhang.id,
            proposed_at=NOW,
            state=state,
        )

    add(database, proposal(CorrectionState.REJECTED))
    add(database, proposal(CorrectionState.PROPOSED))
    add(database, proposal(CorrectionState.APPLIED))
    with pytest.raises(IntegrityError):
        add(database, proposal(CorrectionState.PROPOSED))


def test_guests_without_names_are_a_number_of_at_least_one(database: Database, zhang: Someone) -> None:
    add(database, meeting())
    add(database, Guest(meeting_id=1, what=GuestKind.PUBLIC, number=32))
    with pytest.raises(IntegrityError):
        add(database, Guest(meeting_id=1, what=GuestKind.OBSERVER, number=0))
    with pytest.raises(IntegrityError):
        add(database, Guest(meeting_id=1, what=GuestKind.PUBLIC, number=1))
