"""Who moves or leaves: what ends that day, who may do it, and the way back."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy.orm import Session

from bot.members import leaving, register, roster_views, service
from bot.members.rules import DueList, Grant, NotAllowed, Role
from bot.periods import at_beijing, local_day
from tests.make import NOW, Cast, Make, Someone
from tests.members.test_joining import sent
from tests.members.test_roster import bring_in, look, person, told

TODAY = local_day(NOW)


def test_who_moves_leaves_the_offices_of_the_former_branch_that_day(make: Make) -> None:
    cast = make.cast()
    bring_in(make, cast.wang, person("李四", number="A1", posts="书记"))
    rows = [[*person("李四", "二支部", number="A1"), "2026-03-10"]]
    assert told(look(make, cast.wang, *rows))[:2] == [
        "转入 李四：一支部 → 二支部（2026-03-10起）",
        "职务 李四：免 一支部书记",
    ]
    bring_in(make, cast.wang, *rows)
    for day, held in ((date(2026, 3, 9), {Grant(Role.SECRETARY, cast.branch)}), (date(2026, 3, 10), set())):
        at = at_beijing(day, time(12))
        assert set(make.database.look(service.actor, cast.li.sender(at), now=at).grants) == held


def leave(make: Make, who: Someone, someone: Someone) -> str:
    return roster_views.left(make.database.run(leaving.leave, who.sender(), someone.id, now=NOW)).text


def due(make: Make, cast: Cast, day: date = TODAY) -> list[str]:
    found = make.database.look(service.due_on, cast.branch, DueList.MEMBERS, day)
    return [one.person.name for one in found.due]


def test_who_leaves_is_due_no_more_from_that_day(make: Make) -> None:
    cast = make.cast()
    asked = make.database.look(leaving.consider, cast.li.sender(), cast.zhang.id, now=NOW)
    assert roster_views.ask_leave(asked).text == (
        "把张三移出一支部名册？从今天起不再计入应到，已有记录保留。跨支部转移请导入名册。"
    )
    assert leave(make, cast.li, cast.zhang) == "已把张三移出一支部名册。"
    assert "张三" not in due(make, cast)
    assert "张三" in due(make, cast, TODAY - timedelta(days=1))
    assert sent(make, cast.zhang.user_id) == ["您已移出一支部名册，不再收到会议通知。如有疑问请联系支部书记。"]
    assert make.database.look(service.actor, cast.zhang.sender(), now=NOW).branch is None


def test_leaving_is_taken_back_the_same_day(make: Make) -> None:
    cast = make.cast()
    leave(make, cast.li, cast.zhang)
    back = make.database.run(leaving.come_back, cast.sun.sender(), cast.zhang.id, now=NOW)
    assert roster_views.came_back(back).text == "张三仍在一支部名册。"
    assert sent(make, cast.zhang.user_id)[-1] == "移出已撤销，您仍在一支部名册。"
    assert "张三" in due(make, cast)
    leave(make, cast.li, cast.zhang)
    with pytest.raises(leaving.NotToday) as refusal:
        make.database.run(leaving.come_back, cast.sun.sender(), cast.zhang.id, now=NOW + timedelta(days=1))
    assert str(refusal.value) == "只能撤销当天的移出；以后请重新导入名册。"


def test_an_office_is_given_up_first(make: Make) -> None:
    cast = make.cast()
    with pytest.raises(leaving.StillHolds) as refusal:
        leave(make, cast.wang, cast.sun)
    assert str(refusal.value) == "孙七还有职务：一支部组织委员。请先免去，再移出名册。"
    assert "孙七" in due(make, cast)


@pytest.mark.parametrize("name", ["zhang", "zhao"])
def test_nobody_else_takes_somebody_off_the_roster(make: Make, name: str) -> None:
    cast = make.cast()
    with pytest.raises(NotAllowed):
        leave(make, getattr(cast, name), cast.zhou)
    leave(make, cast.li, cast.zhou)
    with pytest.raises(NotAllowed):
        make.database.run(leaving.come_back, getattr(cast, name).sender(), cast.zhou.id, now=NOW)


def test_who_has_moved_elsewhere_meanwhile_does_not_come_back(make: Make) -> None:
    cast = make.cast()
    leave(make, cast.li, cast.zhang)
    make.database.run(_join, cast)
    with pytest.raises(leaving.NotToday):
        make.database.run(leaving.come_back, cast.li.sender(), cast.zhang.id, now=NOW)


def _join(session: Session, cast: Cast) -> None:
    register.join(session, cast.zhang.id, cast.second.id, None, TODAY)


def test_who_was_brought_in_today_and_taken_off_again_comes_back(make: Make) -> None:
    cast = make.cast()
    bring_in(make, cast.wang, person("新人", group="第一党小组"))
    new = next(p for p in make.database.look(service.roster_on, cast.branch.id, TODAY) if p.name == "新人")
    gone = make.database.run(leaving.leave, cast.li.sender(), new.member_id, now=NOW)
    assert gone.undo is not None
    assert roster_views.left(gone).text == "已把新人移出一支部名册。09:05前可撤销。"
    back = make.database.run(leaving.come_back, cast.li.sender(), new.member_id, gone.undo[0], now=NOW)
    assert roster_views.came_back(back).text == "新人仍在一支部名册。"
    again = next(p for p in make.database.look(service.roster_on, cast.branch.id, TODAY) if p.name == "新人")
    assert (again.member_id, again.group_name) == (new.member_id, "第一党小组")
    assert "新人" in due(make, cast)


def test_a_leaving_is_taken_back_only_for_the_person_it_was_of(make: Make) -> None:
    cast = make.cast()
    bring_in(make, cast.wang, person("新人"))
    new = next(p for p in make.database.look(service.roster_on, cast.branch.id, TODAY) if p.name == "新人")
    gone = make.database.run(leaving.leave, cast.li.sender(), new.member_id, now=NOW)
    leave(make, cast.li, cast.zhang)
    assert gone.undo is not None
    with pytest.raises(leaving.NotToday):
        make.database.run(leaving.come_back, cast.li.sender(), cast.zhang.id, gone.undo[0], now=NOW)
    with pytest.raises(NotAllowed):
        make.database.run(leaving.come_back, cast.zhao.sender(), new.member_id, gone.undo[0], now=NOW)
    make.database.run(leaving.come_back, cast.li.sender(), new.member_id, gone.undo[0], now=NOW)
    with pytest.raises(leaving.NotToday):
        make.database.run(leaving.come_back, cast.li.sender(), new.member_id, gone.undo[0], now=NOW)


def test_a_second_press_on_taking_off_says_that_it_is_done(make: Make) -> None:
    cast = make.cast()
    leave(make, cast.li, cast.zhang)
    with pytest.raises(leaving.NotListed) as refusal:
        leave(make, cast.li, cast.zhang)
    assert str(refusal.value) == "这名党员现在不在名册中，可能刚刚移出。"


def test_who_is_about_to_move_is_not_taken_off_before(make: Make) -> None:
    cast = make.cast()
    bring_in(make, cast.wang, person("张三", number="A7"))
    bring_in(make, cast.wang, [*person("张三", "二支部", number="A7"), "2026-03-10"])
    with pytest.raises(leaving.MovesSoon) as refusal:
        leave(make, cast.li, cast.zhang)
    assert str(refusal.value) == "张三将于3月10日转入二支部，到那天自动离开本名册，不用移出。"
    assert "张三" in due(make, cast)
