"""Offices that change by a roster file are told to those who hold them, as those changed by hand are."""

from tests.make import Make
from tests.members import test_offices
from tests.members.test_roster import HEAD, bring_in, look, person

HELP, DOUBT = "发送 /help 查看可以做什么。", "如有疑问请联系上级管理员。"


def test_each_reads_once_what_he_gained_and_lost(make: Make) -> None:
    cast = make.cast()
    rows = [person("李四", posts="副书记"), person("张三", posts="书记"), person("孙七"), person("吴九", posts="委员")]
    bring_in(make, cast.wang, *rows)
    assert [test_offices.told(make, one.user_id) for one in (cast.li, cast.zhang, cast.sun, cast.wu)] == [
        [f"您已担任一支部副书记，不再担任一支部书记（王五导入名册）。{HELP}"],
        [f"您已担任一支部书记（王五导入名册）。{HELP}"],
        [f"您不再担任一支部组织委员（王五导入名册）。{DOUBT}"],
        [],  # he has no account
    ]


def test_who_keeps_his_office_and_who_imports_read_nothing(make: Make) -> None:
    cast = make.cast()
    rows = [person("李四", posts="书记"), person("王五", "二支部", posts="委员")]
    bring_in(make, cast.wang, *rows)
    assert test_offices.told(make, cast.li.user_id) == test_offices.told(make, cast.wang.user_id) == []


def test_an_office_that_begins_later_and_a_group_of_the_file_itself_are_named(make: Make) -> None:
    cast = make.cast()
    row = [*person("张三", group="第二党小组", posts="党小组长"), "2026-04-01"]
    assert [unit.name for unit in look(make, cast.wang, row, head=HEAD).plan.units] == ["第二党小组"]
    bring_in(make, cast.wang, row, head=HEAD)
    assert test_offices.told(make, cast.zhang.user_id) == [f"您将从4月1日起担任第二党小组组长（王五导入名册）。{HELP}"]
