"""Importing a roster: what is shown beforehand, what is written, and by whom it may be."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.members import roster, roster_views, service
from bot.members.models import Member, Membership, RosterImport, Unit
from bot.members.phrases import read_table
from bot.members.roster import Preview
from bot.members.rows import Cell, Reading
from bot.members.rules import Grant, ImportState, NotAllowed, NotBound, Role, UnitKind
from bot.message import Sender
from bot.outbox import OutboxRow
from tests.make import NOW, Cast, Make, Someone
from tests.members.files import TODAY

HEAD = ["国企", "上级党组织", "党支部", "党小组", "姓名", "工号", "类别", "职务", "起始日期"]
ROOT = Sender(5, 5, NOW, is_root=True)


def reading(*rows: Sequence[Cell], head: Sequence[str] = HEAD) -> Reading:
    return read_table(list(enumerate([list(head), *rows], start=1)), [], today=TODAY)


def person(name: str, branch: str = "一支部", *, number: str = "", group: str = "", posts: str = "") -> list[Cell]:
    return ["示范城建集团", None, branch, group, name, number, "正式党员", posts]


def cast_rows() -> list[list[Cell]]:
    """一支部 as `make.cast` makes it."""
    return [
        person("张三", group="第一党小组"),
        person("李四", posts="书记"),
        person("孙七", posts="组织委员"),
        [*person("周八", group="第一党小组")[:6], "预备党员", None],
        person("吴九"),
    ]


def look(make: Make, who: Someone | Sender, *rows: Sequence[Cell], head: Sequence[str] = HEAD) -> Preview:
    sender = who if isinstance(who, Sender) else who.sender()
    return make.database.look(roster.preview_roster, sender, reading(*rows, head=head), now=NOW)


def told(preview: Preview) -> list[str]:
    """The preview in words, without its first line of counts."""
    return roster_views.preview_lines(preview)[1:]


def bring_in(make: Make, who: Someone | Sender, *rows: Sequence[Cell], head: Sequence[str] = HEAD) -> dict[str, int]:
    sender = who if isinstance(who, Sender) else who.sender()
    preview = look(make, who, *rows, head=head)
    import_id = make.database.run(roster.keep_preview, sender, preview, "0" * 64, now=NOW)
    return dict(make.database.run(roster.apply_roster, sender, import_id, now=NOW).counts)


def names(make: Make, unit_id: int, day: date = TODAY) -> str:
    return " ".join(p.name for p in make.database.look(service.roster_on, unit_id, day))


def grants(make: Make, someone: Someone) -> set[Grant]:
    return set(make.database.look(service.actor, someone.sender(), now=NOW).grants)


# -- from nothing -------------------------------------------------------------------------------------------------


def test_the_first_roster_makes_the_whole_tree(make: Make) -> None:
    rows: list[list[Cell]] = [
        ["示范城建集团", "示范区国资系统党委", "一支部", "第一小组", "张三", "A1", "正式党员", "党小组长"],
        ["示范城建集团", "示范区国资系统党委", "一支部", None, "李四", "A2", "正式党员", "书记、党委书记"],
        ["示范城建集团", "城建机关党总支", "二支部", None, "王五", None, "正式党员", "书记、中心组成员"],
        [None, None, "三支部", None, "赵六", None, "正式党员", None],
    ]
    made = make.database.run(lambda session: _carry_out(session, reading(*rows)))
    assert made == {"new": 4, "changed": 0, "moved": 0, "posts": 0, "same": 0, "missing": 0, "problems": 0}
    tree = make.database.look(
        lambda s: s.execute(select(Unit.kind, Unit.name, Unit.has_committee, Unit.path).order_by(Unit.id)).all()
    )
    assert [(kind.name, name, has, path.count("/")) for kind, name, has, path in tree] == [
        ("COMPANY", "示范城建集团", False, 2),
        ("PARTY_COMMITTEE", "示范区国资系统党委", True, 3),
        ("BRANCH", "一支部", False, 4),
        ("PARTY_GROUP", "第一小组", False, 5),
        ("GENERAL_BRANCH", "城建机关党总支", True, 3),
        ("BRANCH", "二支部", False, 4),
        ("BRANCH", "三支部", False, 3),
    ]


def _carry_out(session: Session, read: Reading) -> dict[str, int]:
    preview = roster.look(session, None, read, today=TODAY)
    assert preview.plan.problems == ()
    return dict(roster.carry_out(session, preview.plan, by=None, now=NOW))


def test_a_committee_without_a_company_becomes_the_top(make: Make) -> None:
    rows: list[list[Cell]] = [
        [None, "示范区国资系统党委", "机关支部", None, "王五", None, "正式党员", None],
        ["示范城建集团", "示范区国资系统党委", "一支部", None, "张三", None, "正式党员", None],
    ]
    make.database.run(lambda session: _carry_out(session, reading(*rows)))
    kinds = make.database.look(
        lambda s: s.execute(select(Unit.name, Unit.kind, Unit.parent_id).order_by(Unit.id)).all()
    )
    assert [tuple(row) for row in kinds] == [
        ("示范区国资系统党委", UnitKind.DISTRICT_COMMITTEE, None),
        ("机关支部", UnitKind.BRANCH, 1),
        ("示范城建集团", UnitKind.COMPANY, 1),
        ("一支部", UnitKind.BRANCH, 3),
    ]


def test_three_on_a_committee_are_a_committee(make: Make) -> None:
    rows = [person("甲", posts="书记"), person("乙", posts="组织委员"), person("丙", posts="宣传委员")]
    make.database.run(lambda session: _carry_out(session, reading(*rows)))
    assert make.database.look(lambda s: s.scalar(select(Unit.has_committee).where(Unit.name == "一支部"))) is True


# -- again, changed, moved ----------------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(make: Make) -> None:
    cast = make.cast()
    preview = look(make, cast.wang, *cast_rows())
    assert preview.plan.is_empty
    assert preview.plan.counts["same"] == 5
    assert roster_views.unchanged(preview) == ["提醒 第 5 行预备党员未填转正日期。", "与现有名册一致，无变化。"]


def test_a_preview_says_everything_that_would_change(make: Make) -> None:
    cast = make.cast()
    rows = cast_rows()[1:]
    rows[0] = person("李四", number="A2", posts="书记")
    rows.append(person("郑十", group="第三党小组", posts="党小组长"))
    preview = look(make, cast.li, *rows)
    assert roster_views.preview_lines(preview) == [
        "名册预览：新增1，变更1，转入0，职务变更0，无变化3，文件中无1，问题0。",
        "提醒 第 4 行预备党员未填转正日期。",
        "新建 第三党小组",
        "变更 李四：工号 无 → A2",
        "职务 郑十：任 第三党小组组长",
        "名册中有、文件中无（不会移除）：张三",
    ]
    assert roster_views.preview(preview, 1).text.endswith("\n名册中有、文件中无（不会移除）：张三\n新增：郑十")
    assert bring_in(make, cast.li, *rows)["new"] == 1
    assert names(make, cast.branch.id) == "张三 李四 孙七 周八 吴九 郑十"


def test_what_the_file_leaves_empty_stays(make: Make) -> None:
    cast = make.cast()
    bring_in(make, cast.li, person("张三", number="A1", group="第一党小组"))
    preview = look(make, cast.li, person("张三"))
    assert preview.plan.is_empty


def test_a_probationer_becomes_a_full_member(make: Make) -> None:
    cast = make.cast()
    preview = look(make, cast.li, person("周八"), head=HEAD[:7])
    assert told(preview)[0] == "变更 周八：类别 预备党员 → 正式党员"
    bring_in(make, cast.li, person("周八"), head=HEAD[:7])
    assert look(make, cast.li, person("周八"), head=HEAD[:7]).plan.is_empty


def test_a_transfer_closes_the_old_membership_and_opens_the_new(make: Make) -> None:
    cast = make.cast()
    bring_in(make, cast.wang, person("张三", number="A1"))
    rows = [[*person("张三", "二支部", number="A1"), "2026-03-10"]]
    assert told(look(make, cast.wang, *rows))[0] == "转入 张三：一支部 → 二支部（2026-03-10起）"
    assert bring_in(make, cast.wang, *rows)["moved"] == 1
    assert "张三" in names(make, cast.branch.id, date(2026, 3, 9))
    assert "张三" not in names(make, cast.branch.id, date(2026, 3, 10))
    assert "张三" in names(make, cast.second.id, date(2026, 3, 10))
    assert look(make, cast.wang, *rows).plan.is_empty


def test_two_moves_on_one_day_leave_one_membership(make: Make) -> None:
    cast = make.cast()
    bring_in(make, cast.wang, person("张三", number="A1"))
    bring_in(make, cast.wang, person("张三", "二支部", number="A1"))
    bring_in(make, cast.wang, person("张三", "一支部", number="A1"))
    rows = make.database.look(lambda s: s.execute(select(Membership.branch_id, Membership.to_on)).all())
    assert [tuple(row) for row in rows if row[0] == cast.second.id and row[1] is None] == [(cast.second.id, None)]
    assert "张三" in names(make, cast.branch.id)
    assert "张三" not in names(make, cast.second.id)


def test_a_name_without_a_number_is_never_taken_for_somebody_of_another_branch(make: Make) -> None:
    cast = make.cast()
    assert bring_in(make, cast.wang, person("张三", "二支部"))["new"] == 1
    assert "张三" in names(make, cast.branch.id)


def test_a_new_secretary_follows_the_old_one_in_one_file(make: Make) -> None:
    cast = make.cast()
    rows = [person("李四", posts="副书记"), person("张三", posts="书记")]
    assert told(look(make, cast.wang, *rows))[:2] == ["职务 李四：任 副书记，免 书记", "职务 张三：任 书记"]
    bring_in(make, cast.wang, *rows)
    assert grants(make, cast.zhang) == {Grant(Role.SECRETARY, cast.branch)}
    assert grants(make, cast.li) == {Grant(Role.DEPUTY, cast.branch)}


def test_a_role_taken_and_given_back_the_same_day_is_the_old_one(make: Make) -> None:
    cast = make.cast()
    bring_in(make, cast.wang, person("孙七"))
    assert grants(make, cast.sun) == set()
    bring_in(make, cast.wang, person("孙七", posts="组织委员"))
    bring_in(make, cast.wang, person("孙七"))
    bring_in(make, cast.wang, person("孙七", posts="组织委员"))
    assert grants(make, cast.sun) == {Grant(Role.ORGANIZER, cast.branch)}


# -- problems -----------------------------------------------------------------------------------------------------


def test_one_problem_blocks_everything(make: Make) -> None:
    cast = make.cast()
    rows: list[list[Cell]] = [*cast_rows(), ["示范城建集团", None, "一支部", None, "群一", None, "群众"]]
    preview = look(make, cast.li, *rows)
    assert told(preview)[0] == "问题 第 7 行类别“群众”不能识别，只能是正式党员或预备党员。"
    import_id = make.database.run(roster.keep_preview, cast.li.sender(), preview, "0" * 64, now=NOW)
    with pytest.raises(roster.HasProblems) as refusal:
        make.database.run(roster.apply_roster, cast.li.sender(), import_id, now=NOW)
    assert str(refusal.value) == "名册还有 1 个问题，没有写入任何内容。"
    assert make.database.look(lambda s: s.scalar(select(func.count()).select_from(Member))) == 7
    found = make.database.look(roster.faults_of, cast.li.sender(), import_id, now=NOW)
    assert roster_views.problem_lines(found)[0] == (
        "7",
        "问题",
        "第 7 行类别“群众”不能识别，只能是正式党员或预备党员。",
    )


def test_two_secretaries(make: Make) -> None:
    cast = make.cast()
    assert (
        told(look(make, cast.wang, person("张三", posts="书记")))[0] == "问题 第 2 行：一支部有两名书记：李四、张三。"
    )


def test_somebody_ambiguous(make: Make) -> None:
    cast = make.cast()
    make.member("张三", cast.branch, user_id=3001)
    assert told(look(make, cast.wang, person("张三")))[0] == "问题 第 2 行：一支部现有不止一位“张三”，请加工号区分。"


def test_an_ambiguous_branch(make: Make) -> None:
    cast = make.cast()
    make.branch("一支部", make.company("示范水务集团", cast.district))
    row: list[Cell] = [None, None, "一支部", None, "郑十", None, "正式党员"]
    text = "问题 第 2 行支部“一支部”无法确定是哪一个，请填写国企或上级党组织。"
    assert told(look(make, cast.wang, row))[0] == text
    assert look(make, cast.wang, person("郑十")).plan.problems == ()


def test_a_committee_post_without_a_committee(make: Make) -> None:
    make.branch("一支部", make.company())
    assert told(look(make, ROOT, person("张三", posts="党委书记")))[0] == (
        "问题 第 2 行职务属于党委或党总支，但没有填上级党组织。"
    )


def test_warnings_do_not_block(make: Make) -> None:
    cast = make.cast()
    rows = [[*person(f"党员{n}"), None, None] for n in range(49)]
    head = [*HEAD, "转正日期"]
    rows.append([*person("新书记", "二支部", posts="书记"), None, "2026-01-05"])
    preview = look(make, cast.wang, *rows, head=head)
    assert told(preview)[:2] == [
        "提醒 一支部共 54 人，超过 50 人（支部工作条例第四条）。",
        "提醒 第 51 行书记“新书记”党龄不足一年（条号待核）。",
    ]
    assert preview.plan.problems == ()


# -- who may ------------------------------------------------------------------------------------------------------


def test_members_and_strangers_import_nothing(make: Make) -> None:
    cast = make.cast()
    with pytest.raises(NotAllowed):
        look(make, cast.zhang, person("张三"))
    with pytest.raises(NotBound):
        look(make, cast.wu, person("张三"))


def test_another_branchs_secretary_reads_that_there_is_no_such_branch(make: Make) -> None:
    cast = make.cast()
    for name in ("一支部", "九支部"):
        text = f"问题 第 2 行支部“{name}”不存在，您无权新建。"
        assert told(look(make, cast.zhao, person("张三", name)))[0] == text


def test_an_admin_above_makes_branches(make: Make) -> None:
    cast = make.cast()
    assert told(look(make, cast.wang, person("郑十", "三支部")))[0] == "新建 三支部"


def test_a_secretary_appoints_group_leaders_and_nobody_else(make: Make) -> None:
    cast = make.cast()
    rows = [person("张三", group="第一党小组", posts="党小组长")]
    assert look(make, cast.li, *rows).plan.problems == ()
    assert told(look(make, cast.li, person("张三", posts="组织委员")))[0] == (
        "问题 第 2 行组织委员的职务变更由上级管理员办理，您可以设党小组长。"
    )
    assert told(look(make, cast.li, person("孙七")))[0] == (
        "问题 第 2 行组织委员的职务变更由上级管理员办理，您可以设党小组长。"
    )


def test_nobody_is_pulled_over_from_a_branch_that_is_not_ones_own(make: Make) -> None:
    cast = make.cast()
    bring_in(make, cast.wang, person("张三", number="A1"))
    li_of_second = make.member("钱一", cast.second, roles=[Role.SECRETARY])
    assert told(look(make, li_of_second, person("张三", "二支部", number="A1")))[0] == (
        "问题 第 2 行“张三”现在另一支部，转入由上级管理员办理。"
    )


def test_roles_given_by_a_file_are_told_to_the_admins_above(make: Make) -> None:
    cast = make.cast()
    second = make.member("钱一", cast.second)
    make.grant(second, Role.ADMIN, cast.company)
    bring_in(make, cast.wang, person("张三", posts="宣传委员"))
    rows = make.database.look(lambda s: s.scalars(select(OutboxRow).where(OutboxRow.key.startswith("members:"))).all())
    assert [(row.chat_id, row.body and row.body["text"]) for row in rows] == [
        (cast.zhang.user_id, "您已担任一支部委员（王五导入名册）。发送 /help 查看可以做什么。"),
        (second.user_id, "王五导入名册，一支部有1人的职务变更。"),
    ]


# -- confirming ---------------------------------------------------------------------------------------------------


def kept(make: Make, cast: Cast) -> int:
    preview = look(make, cast.li, person("郑十"))
    return make.database.run(roster.keep_preview, cast.li.sender(), preview, "0" * 64, now=NOW)


def test_a_preview_is_applied_once(make: Make) -> None:
    cast = make.cast()
    import_id = kept(make, cast)
    make.database.run(roster.apply_roster, cast.li.sender(), import_id, now=NOW)
    with pytest.raises(roster.PreviewGone) as refusal:
        make.database.run(roster.apply_roster, cast.li.sender(), import_id, now=NOW)
    assert str(refusal.value) == "这份预览已处理或已过期，请重新上传文件。"
    assert names(make, cast.branch.id).count("郑十") == 1


def test_a_preview_is_confirmed_by_nobody_else_and_for_half_an_hour(make: Make) -> None:
    cast = make.cast()
    import_id = kept(make, cast)
    with pytest.raises(roster.PreviewGone):
        make.database.run(roster.apply_roster, cast.sun.sender(), import_id, now=NOW)
    with pytest.raises(roster.PreviewGone):
        make.database.run(roster.apply_roster, cast.li.sender(), import_id, now=NOW + timedelta(minutes=30))
    assert "郑十" not in names(make, cast.branch.id)


def test_a_roster_changed_meanwhile_is_looked_at_again(make: Make) -> None:
    cast = make.cast()
    import_id = kept(make, cast)
    make.member("钱一", cast.branch)
    with pytest.raises(roster.RosterChanged) as refusal:
        make.database.run(roster.apply_roster, cast.li.sender(), import_id, now=NOW)
    assert str(refusal.value) == "名册在预览后已变化，请重新预览。"


def test_a_change_elsewhere_does_not_matter(make: Make) -> None:
    cast = make.cast()
    import_id = kept(make, cast)
    make.member("钱一", cast.other)
    make.branch("四支部", cast.company)
    assert make.database.run(roster.apply_roster, cast.li.sender(), import_id, now=NOW).counts["new"] == 1


def test_somebody_who_lost_the_right_confirms_nothing(make: Make) -> None:
    cast = make.cast()
    import_id = kept(make, cast)
    bring_in(make, cast.wang, person("李四"))
    with pytest.raises(roster.RosterChanged):
        make.database.run(roster.apply_roster, cast.li.sender(), import_id, now=NOW)


def test_a_preview_given_up_or_applied_keeps_no_names(make: Make) -> None:
    cast = make.cast()
    make.database.run(roster.give_up, cast.li.sender(), kept(make, cast), now=NOW)
    applied = kept(make, cast)
    make.database.run(roster.apply_roster, cast.li.sender(), applied, now=NOW)
    rows = make.database.look(
        lambda s: s.execute(select(RosterImport.state, RosterImport.rows).order_by(RosterImport.id)).all()
    )
    assert [tuple(row) for row in rows] == [(ImportState.EXPIRED, {}), (ImportState.APPLIED, {})]
