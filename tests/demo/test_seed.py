"""What the demo begins with: who can be played and as what, the winter behind them, and what March holds."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from bot.attendance import chain
from bot.attendance import service as attendance
from bot.attendance.models import Attendance
from bot.attendance.rules import FINAL, Status
from bot.clock import VirtualClock
from bot.db import Database
from bot.demo import seed
from bot.demo.stage import Stage, moment
from bot.demo.world import BOT_ID, World
from bot.meetings.models import Meeting, Minutes, Rung
from bot.meetings.rules import MeetingKind, MeetingState, RungState
from bot.members.models import Unit
from bot.members.rules import UnitKind
from bot.outbox import OutboxRow, State
from bot.periods import local_day
from tests import stages
from tests.demo.conftest import TOKEN

# Kind → how many in December, January and February.
COMPLETE = {
    MeetingKind.MEMBER_ASSEMBLY: [1, 1, 0],
    MeetingKind.COMMITTEE_MEETING: [1, 1, 1],
    MeetingKind.GROUP_MEETING: [2, 2, 2],
    MeetingKind.PARTY_LECTURE: [1, 0, 1],
    MeetingKind.THEME_PARTY_DAY: [1, 1, 1],
}


def test_the_keys_one_to_seven_are_the_cast_in_order(stage: Stage) -> None:
    assert list(stage.database.look(seed.roles, now=seed.START).items()) == [
        (1001, "党员"),
        (1002, "书记"),
        (1003, "管理员"),
        (1004, "书记"),
        (1005, "组织委员"),
        (1006, "预备党员"),
        (1007, "党员"),
    ]


def test_an_empty_demo_knows_its_administrator_alone(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    seed.populate(database, World(VirtualClock(seed.START), TOKEN), "empty")
    roles = database.look(seed.roles, now=seed.START)
    database.close()
    assert {user_id: role for user_id, role in roles.items() if role != "未绑定"} == {1003: "管理员"}


def test_the_group_is_greeted_and_the_greeting_pinned(stage: Stage) -> None:
    chat = stage.group("一支部群")
    greeting = chat.messages[chat.pinned[-1]]
    assert greeting.text.startswith("大家好，我是共富小课堂，城建一支部的")
    assert stage.world.updates.pending == 0


# -- the winter -------------------------------------------------------------------------------------------------------


@pytest.fixture
def seeded(seeded_file: Path) -> Iterator[Database]:
    """The database as every play begins with it, to be read only."""
    database = Database(f"sqlite:///{seeded_file}")
    yield database
    database.close()


def held(session: Session) -> dict[str, dict[MeetingKind, list[int]]]:
    """By branch, its groups included: meetings of each kind in December, January and February."""
    above, is_group = aliased(Unit), Unit.kind == UnitKind.PARTY_GROUP
    query = select(case((is_group, above.name), else_=Unit.name), Meeting.kind, Meeting.starts_at)
    query = query.join(Unit, Unit.id == Meeting.unit_id).join(above, above.id == Unit.parent_id)
    rows = session.execute(query.where(Meeting.starts_at < seed.START))
    counts = Counter((branch, kind, month(starts_at)) for branch, kind, starts_at in rows)
    return {
        branch: {kind: [counts[branch, kind, month] for month in (12, 1, 2)] for kind in COMPLETE}
        for branch in ("城建一支部", "城建二支部", "交通一支部")
    }


def month(at: datetime) -> int:
    return local_day(at).month


def test_one_branch_held_everything_and_two_lack_something(seeded: Database) -> None:
    found = seeded.look(held)
    assert found["城建一支部"] == COMPLETE
    assert found["城建二支部"] == COMPLETE | {MeetingKind.GROUP_MEETING: [2, 2, 0]}
    assert found["交通一支部"] == COMPLETE | {
        MeetingKind.COMMITTEE_MEETING: [1, 0, 0],
        MeetingKind.GROUP_MEETING: [0, 0, 0],  # it has no groups
    }


def test_every_past_meeting_is_closed_counted_and_filed(seeded: Database) -> None:
    def check(session: Session) -> set[MeetingState]:
        states = set()
        for meeting in session.scalars(select(Meeting).where(Meeting.starts_at < seed.START)):
            states.add(meeting.state)
            roll = attendance.roll(session, meeting.id, now=seed.START)
            away = len(roll.on_leave) + len(roll.absent)
            assert roll.expected == len(roll.present) + away
            assert 2 * len(roll.present) >= roll.expected > 0
            assert (roll.unexplained, roll.leave_asked, roll.unsigned) == ((), (), ())
            assert chain.is_intact(session, meeting.id)
            assert session.scalars(select(Minutes.paper_ref).where(Minutes.meeting_id == meeting.id)).one()
        return states

    assert seeded.look(check) == {MeetingState.RECORDED}


def test_somebody_was_late_on_leave_and_absent(seeded: Database) -> None:
    query = select(Attendance.status, func.count()).join(Meeting, Meeting.id == Attendance.meeting_id)
    query = query.where(Meeting.starts_at < seed.START).group_by(Attendance.status)
    counts = seeded.look(lambda session: {row[0]: row[1] for row in session.execute(query)})
    away = sum(count for status, count in counts.items() if status is not Status.PRESENT)
    assert set(counts) == FINAL
    assert away < sum(counts.values()) / 5


def test_nothing_of_the_past_is_told(stage: Stage) -> None:
    said = [m.text for chat in stage.world.chats.values() for m in chat.messages.values() if m.sender.user_id == BOT_ID]
    assert len([text for text in said if text]) == 1  # the greeting
    waiting = select(OutboxRow.key).where(OutboxRow.state.in_([State.PENDING, State.SENDING, State.UNKNOWN]))
    assert stage.session(lambda session: session.scalars(waiting).all()) == []


def test_the_past_is_the_same_each_time(seeded: Database, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    seed.populate(database, World(VirtualClock(seed.START), TOKEN, has_checks=False))
    parts = ("meetings", "attendances", "attendance_events", "rungs", "minutes", "members")
    again, before = database.look(stages.contents), seeded.look(stages.contents)
    database.close()
    assert {part: again[part] for part in parts} == {part: before[part] for part in parts}


# -- March ------------------------------------------------------------------------------------------------------------


def test_march_holds_no_theme_day_and_says_nothing_before_the_tour_is_over(seeded: Database) -> None:
    planned = select(Meeting.kind).where(Meeting.state == MeetingState.SCHEDULED).order_by(Meeting.starts_at)
    first = select(Rung.due_at).where(Rung.state == RungState.PLANNED).order_by(Rung.due_at).limit(1)
    assert seeded.look(lambda session: session.scalars(planned).all()) == [
        MeetingKind.COMMITTEE_MEETING,
        MeetingKind.GROUP_MEETING,
        MeetingKind.GROUP_MEETING,
    ]
    assert seeded.look(lambda session: session.scalar(first)) == moment("2026-03-13 09:00")
