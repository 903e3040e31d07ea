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
