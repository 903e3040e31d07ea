"""Offices taken back within five minutes, by whoever may appoint there, and the history that nobody edits."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.members import offices, offices_views, personal
from bot.members.facts import Change
from bot.members.models import RoleChange, RoleGrant
from bot.members.rules import NotAllowed, NotAllowedHere, Role, Way
from bot.message import Sender
from bot.undo import TooLate
from tests.make import NOW, Make, Someone
from tests.members.test_offices import give, menu, roles, take, told


def take_back(make: Make, who: Someone | Sender, done: Change, *, after: timedelta = timedelta()) -> Change:
    assert done.undo is not None
    sender = who if isinstance(who, Sender) else who.sender()
    return make.database.run(offices.take_back, sender, done.undo[0], now=NOW + after)[0]


def grants(make: Make, someone: Someone) -> list[tuple[date, date | None]]:
    query = select(RoleGrant.from_on, RoleGrant.to_on).where(RoleGrant.member_id == someone.id)
    return make.database.look(lambda session: [(row[0], row[1]) for row in session.execute(query)])


def test_an_appointment_taken_back_never_was_and_the_old_secretary_is_as_before(make: Make) -> None:
    cast = make.cast()
    before = grants(make, cast.li)
    done = give(make, cast.wang, cast.zhang, cast.branch, Role.SECRETARY)
    undone = take_back(make, cast.wang, done, after=timedelta(minutes=4, seconds=59))
    assert offices_views.done(undone, None).text == "已撤销任命：张三不再担任一支部书记。李四仍任该职。"
    assert grants(make, cast.zhang) == []
    assert grants(make, cast.li) == before
    assert told(make, cast.li.user_id)[-1] == "您已担任一支部书记（王五办理）。发送 /help 查看可以做什么。"
    assert menu(make, cast.zhang.user_id) == []


def test_a_removal_is_taken_back_by_the_admin_who_hears_of_it(make: Make) -> None:
    cast = make.cast()
    before = grants(make, cast.sun)
    second = make.member("郑十", cast.second)
    make.grant(second, Role.ADMIN, cast.company)
    done = take(make, second, cast.sun, cast.branch, Role.ORGANIZER)
    undone = take_back(make, cast.wang, done)
    assert offices_views.done(undone, None).text == "已撤销免职：孙七仍任一支部组织委员。"
    assert grants(make, cast.sun) == before
    assert told(make, second.user_id) == ["王五撤销免职：孙七仍任一支部组织委员。"]


def test_what_is_taken_back_before_midnight_or_after_leaves_no_day(make: Make) -> None:
    cast = make.cast()
    night = datetime(2026, 3, 2, 15, 58, tzinfo=UTC)
    done, _ = make.database.run(
        offices.grant, cast.li.sender(), cast.zhang.id, cast.group.id, Role.GROUP_LEADER, now=night
    )
    assert done.undo is not None
    make.database.run(offices.take_back, cast.li.sender(), done.undo[0], now=night + timedelta(minutes=4))
    assert grants(make, cast.zhang) == []


def test_after_five_minutes_or_a_second_time_nothing_is_taken_back(make: Make) -> None:
    cast = make.cast()
    done = take(make, cast.wang, cast.sun, cast.branch, Role.ORGANIZER)
    with pytest.raises(TooLate) as refusal:
        take_back(make, cast.wang, done, after=timedelta(minutes=5))
    assert str(refusal.value) == "撤销只能在操作后5分钟内进行一次。"
    take_back(make, cast.wang, done)
    with pytest.raises(TooLate):
        take_back(make, cast.wang, done)
    assert roles(make, cast.sun) == {(Role.ORGANIZER, "一支部")}


def test_what_was_changed_again_is_not_taken_back(make: Make) -> None:
    cast = make.cast()
    gone = take(make, cast.wang, cast.li, cast.branch, Role.SECRETARY)
    given = give(make, cast.wang, cast.zhang, cast.branch, Role.SECRETARY)
    with pytest.raises(offices.Overtaken):
        take_back(make, cast.wang, gone)
    take(make, cast.wang, cast.zhang, cast.branch, Role.SECRETARY)
    with pytest.raises(offices.Overtaken):
        take_back(make, cast.wang, given)


def test_only_who_may_appoint_there_takes_back(make: Make) -> None:
    cast = make.cast()
    done = take(make, cast.wang, cast.sun, cast.branch, Role.ORGANIZER)
    for one in (cast.sun, cast.zhao, cast.zhang):
        with pytest.raises((NotAllowed, NotAllowedHere)):
            take_back(make, one, done)


def test_every_change_stands_in_a_history_that_nobody_edits(make: Make) -> None:
    cast = make.cast()
    done = give(make, cast.wang, cast.zhang, cast.branch, Role.SECRETARY)
    take_back(make, cast.wang, done)

    def entries(session: Session) -> list[tuple[object, ...]]:
        columns = RoleChange.member_id, RoleChange.is_given, RoleChange.way, RoleChange.by_id, RoleChange.undoes_id
        return [tuple(row) for row in session.execute(select(*columns).order_by(RoleChange.id))]

    li, zhang, wang = cast.li.id, cast.zhang.id, cast.wang.id
    found = make.database.look(entries)
    assert [entry[:4] for entry in found] == [
        (li, False, Way.OFFICE, wang),
        (zhang, True, Way.OFFICE, wang),
        (zhang, False, Way.UNDO, wang),
        (li, True, Way.UNDO, wang),
    ]
    for statement in ("UPDATE role_changes SET by_id = NULL", "DELETE FROM role_changes"):
        with pytest.raises(DBAPIError, match="append-only"):
            make.database.run(lambda session, said=statement: session.execute(text(said)))
    assert make.database.look(entries) == found


def test_ones_own_history_of_offices_is_in_ones_own_file(make: Make) -> None:
    cast = make.cast()
    take_back(make, cast.wang, give(make, cast.wang, cast.zhang, cast.branch, Role.ORGANIZER))

    def history(someone: Someone) -> tuple[tuple[str, ...], ...]:
        tables = make.database.look(personal.export, someone.sender(), (), now=NOW)
        return next((one.rows for one in tables if one.title == "任免记录"), ())

    assert history(cast.zhang) == (
        ("2026-03-02 09:00", "组织委员", "一支部", "任", "办理"),
        ("2026-03-02 09:00", "组织委员", "一支部", "免", "撤销"),
    )
    assert history(cast.sun) == ()
