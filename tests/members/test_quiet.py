"""Quiet hours: a unit's, and a person's, which are only wider."""

from datetime import time

import pytest

from bot.members import quiet
from bot.members.rules import NotAllowed
from bot.message import StaleButton
from bot.periods import QuietHours
from tests.make import GROUP_CHAT, NOW, Make

USUAL = QuietHours(time(21, 30), time(7, 30))


def test_without_any_setting_the_usual_hours_hold_for_everybody(make: Make) -> None:
    cast = make.cast()
    found = make.database.look(quiet.quiet_hours, cast.branch, [cast.zhang.user_id, cast.wu.user_id, GROUP_CHAT])
    assert found.unit == USUAL
    assert {found.of(cast.zhang.user_id), found.of(cast.wu.user_id), found.of(GROUP_CHAT)} == {USUAL}


def test_a_unit_has_its_own_hours_and_gives_them_to_those_below(make: Make) -> None:
    cast = make.cast()
    made = make.database.run(quiet.set_unit_hours, cast.li.sender(), cast.branch.id, start=time(21, 0), now=NOW)
    assert made == (cast.branch, QuietHours(time(21, 0), time(7, 30)))
    make.database.run(quiet.set_unit_hours, cast.wang.sender(), cast.district.id, end=time(8, 0), now=NOW)
    hours = {
        place: make.database.look(quiet.of_unit, place)
        for place in (cast.group, cast.branch, cast.second, cast.other, cast.district)
    }
    own, above = QuietHours(time(21, 0), time(7, 30)), QuietHours(time(21, 30), time(8, 0))
    assert hours == {
        cast.group: own,
        cast.branch: own,
        cast.second: above,
        cast.other: above,
        cast.district: above,
    }


def test_a_person_widens_them_for_himself_alone(make: Make) -> None:
    cast = make.cast()
    shown = make.database.run(quiet.widen, cast.zhang.sender(), start=time(20, 0), now=NOW)
    assert (shown.of_unit, shown.own) == (USUAL, QuietHours(time(20, 0), time(7, 30)))
    make.database.run(quiet.widen, cast.zhang.sender(), end=time(9, 0), now=NOW)
    found = make.database.look(quiet.quiet_hours, cast.branch, [cast.zhang.user_id, cast.li.user_id])
    assert found.of(cast.zhang.user_id) == QuietHours(time(20, 0), time(9, 0))
    assert found.of(cast.li.user_id) == USUAL


def test_a_unit_that_is_quiet_longer_widens_everybody(make: Make) -> None:
    cast = make.cast()
    make.database.run(quiet.widen, cast.zhang.sender(), start=time(21, 0), end=time(9, 0), now=NOW)
    make.database.run(quiet.set_unit_hours, cast.li.sender(), cast.branch.id, start=time(20, 30), now=NOW)
    found = make.database.look(quiet.quiet_hours, cast.branch, [cast.zhang.user_id])
    assert found.of(cast.zhang.user_id) == QuietHours(time(20, 30), time(9, 0))


def test_going_back_to_the_units_hours_follows_the_unit_again(make: Make) -> None:
    cast = make.cast()
    make.database.run(quiet.widen, cast.zhang.sender(), start=time(20, 0), now=NOW)
    make.database.run(quiet.widen, cast.zhang.sender(), start=time(21, 30), now=NOW)
    make.database.run(quiet.set_unit_hours, cast.li.sender(), cast.branch.id, start=time(22, 0), now=NOW)
    found = make.database.look(quiet.quiet_hours, cast.branch, [cast.zhang.user_id])
    assert found.of(cast.zhang.user_id) == QuietHours(time(22, 0), time(7, 30))


def test_a_person_cannot_narrow_them(make: Make) -> None:
    cast = make.cast()
    with pytest.raises(quiet.OnlyWider) as refusal:
        make.database.run(quiet.widen, cast.zhang.sender(), start=time(22, 0), now=NOW)
    assert str(refusal.value) == "免打扰时段只能比支部的21:30—07:30更宽。"
    with pytest.raises(quiet.OnlyWider):
        make.database.run(quiet.widen, cast.zhang.sender(), end=time(7, 0), now=NOW)


@pytest.mark.parametrize("clock", [time(12, 0), time(3, 0), time(20, 17)])
def test_hours_that_no_button_offers_are_refused(make: Make, clock: time) -> None:
    cast = make.cast()
    with pytest.raises(StaleButton):
        make.database.run(quiet.widen, cast.zhang.sender(), start=clock, now=NOW)
    with pytest.raises(StaleButton):
        make.database.run(quiet.set_unit_hours, cast.li.sender(), cast.branch.id, end=clock, now=NOW)


@pytest.mark.parametrize("name", ["zhang", "zhao"])
def test_only_those_in_charge_set_the_hours_of_a_unit(make: Make, name: str) -> None:
    cast = make.cast()
    with pytest.raises(NotAllowed):
        make.database.run(quiet.set_unit_hours, getattr(cast, name).sender(), cast.branch.id, now=NOW)
