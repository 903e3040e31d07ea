"""Who holds which office: walking the tree, giving and taking roles, and who is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.members import exempting_views, offices, offices_views, service
from bot.members.facts import Change, Choice, Exempted, Office, OfficeCard, PostChoice, Record, UnitCard
from bot.members.models import Account, Member, Unit
from bot.members.rules import (
    POSTS_AT,
    ExemptionScope,
    Grant,
    NotAllowed,
    Reach,
    Role,
    UnitKind,
    UnitRef,
)
from bot.message import MAX_DATA, Commands, Message, Sender, StaleButton, from_json
from bot.outbox import OutboxRow, State
from tests.make import NOW, Make, Someone
from tests.members.test_views import someone

ROOT = Sender(1, 1, NOW, is_root=True)


def give(make: Make, who: Someone | Sender, someone: Someone, unit: UnitRef, role: Role) -> Change:
    sender = who if isinstance(who, Sender) else who.sender()
    return make.database.run(offices.grant, sender, someone.id, unit.id, role, now=NOW)[0]


def take(make: Make, who: Someone | Sender, someone: Someone, unit: UnitRef, role: Role) -> Change:
    sender = who if isinstance(who, Sender) else who.sender()
    return make.database.run(offices.revoke, sender, someone.id, unit.id, role, now=NOW)[0]


def roles(make: Make, someone: Someone) -> set[tuple[Role, str]]:
    who = make.database.look(service.actor, someone.sender(), now=NOW)
    return {(grant.role, grant.unit.name) for grant in who.grants}


def told(make: Make, user_id: int) -> list[str]:
    query = select(OutboxRow.body).where(OutboxRow.chat_id == user_id).order_by(OutboxRow.id)
    found = [from_json(body) for body in make.database.look(lambda session: session.scalars(query).all()) if body]
    return [content.text for content in found if isinstance(content, Message)]


def menu(make: Make, user_id: int) -> list[str] | None:
    query = select(OutboxRow.body).where(OutboxRow.chat_id == user_id, OutboxRow.state == State.PENDING)
    found = [from_json(body) for body in make.database.look(lambda session: session.scalars(query).all()) if body]
    menus = [[name for name, _ in content.commands] for content in found if isinstance(content, Commands)]
    return menus[-1] if menus else None


# -- walking the tree -------------------------------------------------------------------------------------------------


def walk(make: Make, who: Someone | Sender, unit: UnitRef) -> UnitCard:
    sender = who if isinstance(who, Sender) else who.sender()
    return make.database.look(offices.show_unit, sender, unit.id, now=NOW)


def names(found: Sequence[UnitRef]) -> list[str]:
    return [ref.name for ref in found]


def test_everybody_begins_where_his_own_part_of_the_tree_begins(make: Make) -> None:
    cast = make.cast()
    begin = {
        who: names(make.database.look(offices.tops, sender, now=NOW).units)
        for who, sender in (("admin", cast.wang.sender()), ("secretary", cast.li.sender()), ("root", ROOT))
    }
    top = ["示范区国资系统党委"]
    assert begin == {"admin": top, "secretary": ["一支部"], "root": top}


@pytest.mark.parametrize("name", ["zhang", "sun", "zhou"])
def test_whoever_grants_nothing_sees_no_tree(make: Make, name: str) -> None:
    cast = make.cast()
    with pytest.raises(NotAllowed):
        make.database.look(offices.tops, getattr(cast, name).sender(), now=NOW)


def test_a_unit_shows_its_offices_and_what_is_below(make: Make) -> None:
    cast = make.cast()
    top = walk(make, cast.wang, cast.district)
    assert names(top.below) == ["示范城建集团", "示范交通集团"]
    assert [(office.name, office.grant.role) for office in top.offices] == [("王五", Role.ADMIN)]
    make.grant(cast.zhang, Role.GROUP_LEADER, cast.group)
    branch = walk(make, cast.wang, cast.branch)
    assert names(branch.below) == []
    assert [one.name for one in branch.people] == ["张三", "李四", "孙七", "周八", "吴九"]
    assert offices_views.unit(branch).text == (
        "<b>一支部</b>\n书记：李四\n组织委员：孙七\n第一党小组组长：张三\n共5人。点姓名任免。"
    )
    assert (branch.above and branch.above.name) == "示范城建集团"
    assert walk(make, cast.li, cast.branch).above is None


def test_a_foreign_secretary_reads_nothing_of_a_branch_and_its_people(make: Make) -> None:
    cast = make.cast()
    with pytest.raises(NotAllowed):
        walk(make, cast.zhao, cast.branch)
    with pytest.raises(service.NoSuchUnit) as refusal:
        make.database.look(offices.show_person, cast.zhao.sender(), cast.zhang.id, now=NOW)
    assert str(refusal.value) == "没有这个组织，或您无权查看。"
    with pytest.raises(service.NoSuchUnit):
        make.database.look(offices.show_person, cast.zhao.sender(), 9999, now=NOW)


def test_the_admin_appoints_from_the_group_up_to_the_own_unit(make: Make) -> None:
    cast = make.cast()
    choice = make.database.look(offices.post_choice, cast.wang.sender(), cast.zhang.id, None, now=NOW)
    assert names(choice.units) == ["第一党小组", "一支部", "示范区国资系统党委"]
    at_top = make.database.look(offices.post_choice, cast.wang.sender(), cast.zhang.id, cast.district.id, now=NOW)
    assert at_top.roles == [Role.SECRETARY, Role.DEPUTY, Role.ORGANIZER, Role.COMMISSIONER, Role.STUDY_MEMBER]


def test_a_secretary_is_asked_for_nothing_but_the_group(make: Make) -> None:
    cast = make.cast()
    choice = make.database.look(offices.post_choice, cast.li.sender(), cast.zhang.id, None, now=NOW)
    assert (choice.unit, choice.roles) == (cast.group, [Role.GROUP_LEADER])
    with pytest.raises(StaleButton):
        make.database.look(offices.post_choice, cast.li.sender(), cast.sun.id, None, now=NOW)


def test_who_is_everything_already_is_appointed_to_nothing(make: Make) -> None:
    cast = make.cast()
    assert make.database.look(offices.show_person, cast.li.sender(), cast.zhang.id, now=NOW).may_appoint
    give(make, cast.li, cast.zhang, cast.group, Role.GROUP_LEADER)
    card = make.database.look(offices.show_person, cast.li.sender(), cast.zhang.id, now=NOW)
    assert not card.may_appoint
    assert [button.label for row in offices_views.person(card).buttons for button in row] == [
        "免去第一党小组组长",
        "返回",
    ]


def test_a_probationer_is_offered_no_seat_of_a_committee(make: Make) -> None:
    cast = make.cast()
    choice = make.database.look(offices.post_choice, cast.wang.sender(), cast.zhou.id, cast.group.id, now=NOW)
    assert choice.roles == [Role.GROUP_LEADER]
    assert names(choice.units) == ["第一党小组", "示范区国资系统党委"]


# -- giving -----------------------------------------------------------------------------------------------------------


def test_an_appointment_is_told_to_the_person_and_to_the_admins_with_a_new_menu(make: Make) -> None:
    cast = make.cast()
    done = give(make, cast.li, cast.zhang, cast.group, Role.GROUP_LEADER)
    assert offices_views.done(done, None).text == "已任命张三为第一党小组组长。09:05前可撤销。"
    assert roles(make, cast.zhang) == {(Role.GROUP_LEADER, "第一党小组")}
    assert told(make, cast.zhang.user_id) == ["您已担任第一党小组组长（李四办理）。发送 /help 查看可以做什么。"]
    assert told(make, cast.wang.user_id) == ["李四任命张三为第一党小组组长。09:05前可撤销。"]
    assert told(make, cast.li.user_id) == told(make, cast.sun.user_id) == told(make, cast.zhao.user_id) == []


def test_a_unit_has_one_secretary_and_the_old_one_hears_of_it(make: Make) -> None:
    cast = make.cast()
    asked = make.database.look(
        offices.consider, cast.wang.sender(), cast.zhang.id, cast.branch.id, Role.SECRETARY, now=NOW
    )
    assert offices_views.ask_give(asked).text == "任命张三为一支部书记，今天起生效。\n现任李四同时免去。"
    done = give(make, cast.wang, cast.zhang, cast.branch, Role.SECRETARY)
    assert offices_views.done(done, None).text == "已任命张三为一支部书记。李四同时免去。09:05前可撤销。"
    assert roles(make, cast.zhang) == {(Role.SECRETARY, "一支部")}
    assert roles(make, cast.li) == set()
    assert told(make, cast.li.user_id) == ["您不再担任一支部书记（王五办理）。如有疑问请联系上级管理员。"]
    assert menu(make, cast.zhang.user_id) == ["today", "plan", "meetings", "quiz", "roster", "help"]
    assert menu(make, cast.li.user_id) == []


def test_a_young_secretary_is_a_reminder_not_a_refusal(make: Make) -> None:
    cast = make.cast()
    make.database.run(_full_since, cast.zhang, date(2025, 6, 1))
    asked = make.database.look(
        offices.consider, cast.wang.sender(), cast.zhang.id, cast.branch.id, Role.SECRETARY, now=NOW
    )
    assert offices_views.ask_give(asked).text.endswith("提醒：书记党龄不足一年（条号待核）。")


def _full_since(session: Session, someone: Someone, on: date) -> None:
    session.get_one(Member, someone.id).full_on = on


def test_three_of_a_committee_make_one(make: Make) -> None:
    cast = make.cast()
    give(make, cast.wang, cast.zhang, cast.branch, Role.COMMISSIONER)
    assert make.database.look(_has_committee, cast.branch.id)


def _has_committee(session: Session, unit_id: int) -> bool:
    return session.get_one(Unit, unit_id).has_committee


@pytest.mark.parametrize(
    ("by", "whom", "where", "role", "text"),
    [
        ("wang", "zhou", "branch", Role.COMMISSIONER, "预备党员不能担任书记或委员。"),
        ("wang", "zhao", "branch", Role.DEPUTY, "赵六不在一支部，不能在那里任职。"),
        ("wang", "sun", "group", Role.GROUP_LEADER, "孙七不在第一党小组，不能在那里任职。"),
        ("wang", "sun", "branch", Role.ORGANIZER, "孙七已担任一支部组织委员。"),
        ("wang", "sun", "district", Role.ADMIN, "这个操作只有支部书记或管理员可以用。需要开通请联系管理员。"),
        ("li", "sun", "branch", Role.DEPUTY, "这个操作只有支部书记或管理员可以用。需要开通请联系管理员。"),
        ("zhang", "zhou", "group", Role.GROUP_LEADER, "这个操作只有支部书记或管理员可以用。需要开通请联系：李四书记。"),
    ],
)
def test_what_is_refused(make: Make, by: str, whom: str, where: str, role: Role, text: str) -> None:
    cast = make.cast()
    before = roles(make, getattr(cast, whom))
    with pytest.raises(Exception) as refusal:  # noqa: PT011  # the text says which
        give(make, getattr(cast, by), getattr(cast, whom), getattr(cast, where), role)
    assert str(refusal.value) == text
    assert roles(make, getattr(cast, whom)) == before


@pytest.mark.parametrize("where", ["district", "company", "branch", "group"])
def test_no_role_is_given_where_there_is_none_of_it(make: Make, where: str) -> None:
    cast = make.cast()
    place: UnitRef = getattr(cast, where)
    for role in set(Role) - set(POSTS_AT[place.kind]) - {Role.ADMIN}:
        with pytest.raises(StaleButton):
            give(make, cast.wang, cast.zhang, place, role)
    assert roles(make, cast.zhang) == set()


def test_only_root_makes_admins(make: Make) -> None:
    cast = make.cast()
    with pytest.raises(NotAllowed):
        give(make, cast.wang, cast.zhang, cast.company, Role.ADMIN)
    give(make, ROOT, cast.zhang, cast.company, Role.ADMIN)
    assert roles(make, cast.zhang) == {(Role.ADMIN, "示范城建集团")}
    assert menu(make, cast.zhang.user_id) == ["today", "quiz", "bank", "orgs", "help"]
    assert told(make, cast.wang.user_id) == ["系统管理员任命张三为示范城建集团管理员。09:05前可撤销。"]
    with pytest.raises(NotAllowed):
        give(make, ROOT, cast.zhang, cast.branch, Role.SECRETARY)


# -- taking -----------------------------------------------------------------------------------------------------------


def test_a_role_is_taken_and_its_menu_with_it(make: Make) -> None:
    cast = make.cast()
    asked = make.database.look(
        offices.consider_taking, cast.wang.sender(), cast.sun.id, cast.branch.id, Role.ORGANIZER, now=NOW
    )
    assert offices_views.ask_take(asked).text == "免去孙七的一支部组织委员职务？"
    done = take(make, cast.wang, cast.sun, cast.branch, Role.ORGANIZER)
    assert offices_views.done(done, None).text == "已免去孙七的一支部组织委员职务。09:05前可撤销。"
    assert roles(make, cast.sun) == set()
    assert menu(make, cast.sun.user_id) == []
    assert told(make, cast.sun.user_id) == ["您不再担任一支部组织委员（王五办理）。如有疑问请联系上级管理员。"]


def test_a_role_is_taken_once(make: Make) -> None:
    cast = make.cast()
    take(make, cast.wang, cast.sun, cast.branch, Role.ORGANIZER)
    with pytest.raises(offices.NotHeld) as refusal:
        take(make, cast.wang, cast.sun, cast.branch, Role.ORGANIZER)
    assert str(refusal.value) == "孙七现在没有这个职务。"


def test_a_role_given_and_taken_the_same_day_comes_back_as_it_was(make: Make) -> None:
    cast = make.cast()
    for _ in range(2):
        give(make, cast.li, cast.zhang, cast.group, Role.GROUP_LEADER)
        take(make, cast.li, cast.zhang, cast.group, Role.GROUP_LEADER)
    assert roles(make, cast.zhang) == set()


def test_root_takes_the_only_role_of_somebody_without_a_branch(make: Make) -> None:
    cast = make.cast()
    lone = make.member("郑十")
    make.grant(lone, Role.ADMIN, cast.district)
    done, card = make.database.run(offices.revoke, ROOT, lone.id, cast.district.id, Role.ADMIN, now=NOW)
    assert card is not None
    assert done.name == "郑十"
    assert roles(make, lone) == set()


def test_all_admins_above_hear_of_every_change_but_the_one_who_made_it(make: Make) -> None:
    cast = make.cast()
    second = make.member("郑十", cast.second)
    make.grant(second, Role.ADMIN, cast.company)
    foreign = make.member("钱二", cast.other)
    make.grant(foreign, Role.ADMIN, cast.other)
    take(make, second, cast.sun, cast.branch, Role.ORGANIZER)
    assert told(make, cast.wang.user_id) == ["郑十免去孙七的一支部组织委员职务。09:05前可撤销。"]
    assert told(make, second.user_id) == told(make, foreign.user_id) == []


def test_an_unreachable_person_is_not_written_to(make: Make) -> None:
    cast = make.cast()
    make.database.run(_block, cast.zhang)
    give(make, cast.li, cast.zhang, cast.group, Role.GROUP_LEADER)
    assert told(make, cast.zhang.user_id) == []


def _block(session: Session, someone: Someone) -> None:
    session.get_one(Account, someone.user_id).reach = Reach.BLOCKED


def test_a_person_in_the_admins_hand(make: Make) -> None:
    cast = make.cast()
    card = make.database.look(offices.show_person, cast.wang.sender(), cast.sun.id, now=NOW)
    shown = offices_views.person(card)
    assert shown.text == "<b>孙七</b>\n一支部\n正式党员\n职务：组织委员"
    labels = [[button.label for button in row] for row in shown.buttons]
    assert labels == [
        ["任命"],
        ["免去一支部组织委员"],
        ["不计入应到", "留党察看"],
        ["设为党员领导干部"],
        ["删除个人信息"],
        ["返回"],
    ]
    mine = offices_views.person(make.database.look(offices.show_person, cast.li.sender(), cast.sun.id, now=NOW))
    assert [[button.label for button in row] for row in mine.buttons] == [["返回"]]


def test_a_foreign_secretary_appoints_nobody(make: Make) -> None:
    cast = make.cast()
    with pytest.raises(NotAllowed):
        give(make, cast.zhao, cast.zhang, cast.group, Role.GROUP_LEADER)
    assert roles(make, cast.zhang) == set()


def test_names_are_escaped_in_texts_and_cut_on_buttons(make: Make) -> None:
    cast = make.cast()
    odd = make.member('<b>&"张' + "长" * 30, cast.branch)
    shown = offices_views.unit(walk(make, cast.wang, cast.branch))
    labels = [button.label for row in shown.buttons for button in row]
    assert '<b>&"张长长长长长…' in labels
    make.grant(odd, Role.DEPUTY, cast.branch)
    assert '副书记：&lt;b&gt;&amp;"张' in offices_views.unit(walk(make, cast.wang, cast.branch)).text


def test_two_people_of_one_name_are_told_apart_on_the_buttons(make: Make) -> None:
    cast = make.cast()
    make.member("张三", cast.branch, staff_no="A7", is_bound=False)
    shown = offices_views.unit(walk(make, cast.wang, cast.branch))
    labels = [button.label for row in shown.buttons for button in row]
    assert {"张三（第一党小组）", "张三（A7）"} <= set(labels)


def test_all_data_of_buttons_fit() -> None:
    big = 2**31 - 1
    place = UnitRef(big, UnitKind.PARTY_COMMITTEE, "党委" * 30, f"/{big}/")
    held = Grant(Role.STUDY_MEMBER, place)
    record = Record(replace(someone(member_id=big), branch_id=big), "一支部", [held])
    exempted = Exempted(big, ExemptionScope.BOTH, date(2026, 3, 1), None, "病", "党委", date(2026, 3, 1))
    card = OfficeCard(record, [held], [exempted], (date(2026, 3, 1), None), True, True, True, big)
    change = Change(big, "张三", held, True)
    choice = PostChoice(big, "张三", [place], place, list(Role))
    messages = [
        offices_views.tops(Choice([place])),
        offices_views.unit(UnitCard(place, [Office(big, "张三", held)], [place] * 30, (), place, 1)),
        offices_views.person(card),
        offices_views.places(choice),
        offices_views.roles(choice),
        offices_views.ask_give(change),
        offices_views.ask_take(change),
        offices_views.report(change, "李四"),
        exempting_views.ask_scope(big, "张三"),
        exempting_views.exempted(big, "张三", exempted),
    ]
    data = [button.data or "" for message in messages for row in message.buttons for button in row]
    assert len(data) > 40
    assert all(len(word.encode()) <= MAX_DATA and word.startswith("members:") for word in data)
