"""Who is new by a roster file: who may only have moved, and what comes next for them."""

from bot.members import roster, roster_views
from bot.members.rules import Role
from tests.make import NOW, Make
from tests.members.test_roster import bring_in, cast_rows, look, person, told


def test_somebody_new_who_may_be_somebody_of_another_branch_is_pointed_out(make: Make) -> None:
    cast = make.cast()
    row = person("张三", "二支部")
    text = "提醒 第 2 行“张三”：一支部有同名党员，本次按新增处理。如是转入，请先给他补上工号，再按工号导入。"
    preview = look(make, cast.wang, row)
    assert told(preview)[0] == text
    assert preview.plan.problems == ()
    assert text not in told(look(make, cast.wang, row, *cast_rows()))  # both stand in the file: two people
    li_of_second = make.member("刘一", cast.second, roles=[Role.SECRETARY])
    assert text not in told(look(make, li_of_second, row))  # another branch's people are none of his concern


def test_the_receipt_of_an_import_leads_on(make: Make) -> None:
    cast = make.cast()
    preview = look(make, cast.li, *cast_rows(), person("郑十"))
    import_id = make.database.run(roster.keep_preview, cast.li.sender(), preview, "0" * 64, now=NOW)
    done = roster_views.done(make.database.run(roster.apply_roster, cast.li.sender(), import_id, now=NOW))
    assert done.text == "已导入：新增1，变更0，转入0，职务变更0，无变化5。"
    assert [[button.label for button in row] for row in done.buttons] == [["查看名册", "邀请单"]]


def test_a_move_before_the_day_of_joining(make: Make) -> None:
    cast = make.cast()
    bring_in(make, cast.wang, person("张三", number="A1"))
    row = [*person("张三", "二支部", number="A1"), "2019-01-01"]
    assert told(look(make, cast.wang, row))[0] == "问题 第 2 行转入日期早于在原支部的起始日期 2020-01-01。"
