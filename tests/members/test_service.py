"""Reading the roster: actors, lists, holders, chats."""

from collections.abc import Collection
from datetime import date, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.db import Database
from bot.members import service
from bot.members.models import Account, CalendarDay, CalendarYear, Member, Membership
from bot.members.rules import (
    Actor,
    ChatRule,
    DueList,
    ExemptionScope,
    Grant,
    NotBound,
    Reach,
    Right,
    Role,
    UnitKind,
    UnitRef,
)
from bot.message import Sender
from tests.make import GROUP_CHAT, NOW, Make, Someone

TODAY = date(2026, 3, 2)


def names(people: Collection[service.Person]) -> str:
    return " ".join(person.name for person in people)


def due(make: Make, unit: UnitRef, due_list: DueList, day: date = TODAY, chosen: Collection[int] = ()) -> str:
    expected = make.database.look(service.due_on, unit, due_list, day, chosen=chosen)
    return " ".join(item.person.name + ("" if item.has_vote else "*") for item in expected.due)


def test_an_actor_is_the_person_behind_the_account(make: Make) -> None:
    cast = make.cast()
    who = make.database.look(service.actor, cast.zhang.sender(), now=NOW)
    assert (who.member_id, who.name, who.branch, who.group) == (cast.zhang.id, "张三", cast.branch, cast.group)
    assert (who.branch_id, who.group_id) == (cast.branch.id, cast.group.id)
    assert who.grants == ()
    assert who.contact == "李四"
    assert not who.is_root


def test_an_actor_has_all_roles_of_today(make: Make) -> None:
    cast = make.cast()
    make.grant(cast.li, Role.STUDY_MEMBER, cast.district)
    make.grant(cast.li, Role.DEPUTY, cast.second, to_on=TODAY)
    make.grant(cast.li, Role.ORGANIZER, cast.second, from_on=TODAY + timedelta(days=1))
    who = make.database.look(service.actor, cast.li.sender(), now=NOW)
    assert set(who.grants) == {Grant(Role.SECRETARY, cast.branch), Grant(Role.STUDY_MEMBER, cast.district)}


def test_a_role_ends_at_beijing_midnight(make: Make) -> None:
    cast = make.cast()
    make.grant(cast.zhang, Role.DEPUTY, cast.branch, to_on=TODAY)
    before = NOW - timedelta(hours=9, seconds=1)  # 23:59:59 of the day before
    assert make.database.look(service.actor, cast.zhang.sender(before), now=before).may(Right.PLAN, cast.branch)
    after = NOW - timedelta(hours=9)
    assert not make.database.look(service.actor, cast.zhang.sender(after), now=after).may(Right.PLAN, cast.branch)


def test_an_unbound_account_is_refused(make: Make) -> None:
    cast = make.cast()
    with pytest.raises(NotBound) as refusal:
        make.database.look(service.actor, cast.wu.sender(), now=NOW)
    assert str(refusal.value) == "还没有与名册对应。请向支部书记索取加入链接（24 小时有效，仅限本人）。"


def test_a_root_user_acts_without_being_on_a_roster(make: Make) -> None:
    cast = make.cast()
    who = make.database.look(service.actor, Sender(5, 5, NOW, is_root=True), now=NOW)
    assert who.may(Right.ROSTER, cast.branch)
    assert not who.may(Right.PLAN, cast.branch)
    assert who.recorded_id is None


def test_an_actor_costs_one_statement(make: Make) -> None:
    cast = make.cast()
    statements: list[str] = []

    def count(*args: object) -> None:
        statements.append(str(args[2]))

    def act(session: Session) -> Actor:
        event.listen(session.connection(), "before_cursor_execute", count)
        return service.actor(session, cast.li.sender(), now=NOW)

    assert make.database.look(act).name == "李四"
    assert len(statements) == 1


def test_somebody_without_a_branch_is_still_somebody(make: Make) -> None:
    left = make.member("张三", make.branch(), to_on=TODAY)
    who = make.database.look(service.actor, left.sender(), now=NOW)
    assert who.branch_id is None
    assert who.may(Right.SELF)


def test_a_guest_is_an_actor_of_the_home_branch(make: Make) -> None:
    cast = make.cast()
    make.database.run(_visit, cast.zhang, cast.second)
    who = make.database.look(service.actor, cast.zhang.sender(), now=NOW)
    assert who.branch == cast.branch


def _visit(session: Session, someone: Someone, branch: UnitRef) -> None:
    session.add(Membership(member_id=someone.id, branch_id=branch.id, from_on=TODAY, is_guest=True))


def test_units_know_what_is_below(make: Make) -> None:
    cast = make.cast()
    branches = make.database.look(service.units_below, cast.district, UnitKind.BRANCH)
    assert [ref.name for ref in branches] == ["一支部", "二支部", "交通一支部"]
    assert make.database.look(service.unit, cast.group.id) == cast.group
    with pytest.raises(service.NoSuchUnit):
        make.database.look(service.unit, 999)


def test_a_tree_is_at_most_six_deep(make: Make) -> None:
    low = make.district()
    for n in range(5):
        low = make.company(f"第{n}层", low)
    with pytest.raises(IntegrityError):
        make.company("第六层", low)


def test_the_roster_of_a_branch_ends_with_its_guests(make: Make) -> None:
    cast = make.cast()
    make.database.run(_visit, cast.wang, cast.branch)
    make.member("郑十", cast.branch, to_on=TODAY)
    assert names(make.database.look(service.roster_on, cast.branch.id, TODAY)) == "张三 李四 孙七 周八 吴九 王五"
    assert names(make.database.look(service.roster_on, cast.group.id, TODAY)) == "张三 周八"
    assert "赵六" in names(make.database.look(service.roster_on, cast.district.id, TODAY))


def test_people_are_found_wherever_they_are(make: Make) -> None:
    cast = make.cast()
    gone = make.member("郑十", cast.branch, to_on=TODAY)
    found = make.database.look(service.people, [cast.zhang.id, gone.id], TODAY)
    assert found[gone.id].branch_id is None
    assert found[cast.zhang.id].group_name == "第一党小组"
    assert found[cast.zhang.id].is_reachable


def test_all_members_of_a_branch_are_due_and_probationers_have_no_vote(make: Make) -> None:
    cast = make.cast()
    assert due(make, cast.branch, DueList.MEMBERS) == "张三 李四 孙七 周八* 吴九"
    assert due(make, cast.group, DueList.MEMBERS) == "张三 周八*"
    assert due(make, cast.company, DueList.MEMBERS) == "王五 张三 李四 孙七 周八* 吴九"


def test_due_lists_of_committees_and_study_groups(make: Make) -> None:
    cast = make.cast()
    make.grant(cast.zhang, Role.COMMISSIONER, cast.branch)
    assert due(make, cast.branch, DueList.COMMITTEE) == "张三 李四 孙七"
    make.grant(cast.li, Role.SECRETARY, cast.district)
    make.grant(cast.wu, Role.STUDY_MEMBER, cast.district)
    assert due(make, cast.district, DueList.STUDY_GROUP) == "李四 吴九"
    assert due(make, cast.district, DueList.COMMITTEE) == "李四"


def test_due_lists_of_chosen_people_and_of_nobody(make: Make) -> None:
    cast = make.cast()
    assert due(make, cast.branch, DueList.CHOSEN, chosen=[cast.wu.id, cast.zhang.id]) == "张三 吴九"
    assert due(make, cast.branch, DueList.NOBODY) == ""


def test_a_transfer_counts_in_the_new_branch_from_its_day(make: Make) -> None:
    cast = make.cast()
    moving = make.member("郑十", cast.branch, to_on=TODAY)
    make.database.run(
        lambda session: session.add(Membership(member_id=moving.id, branch_id=cast.second.id, from_on=TODAY))
    )
    assert "郑十" not in due(make, cast.branch, DueList.MEMBERS)
    assert "郑十" in due(make, cast.second, DueList.MEMBERS)
    assert "郑十" in due(make, cast.branch, DueList.MEMBERS, TODAY - timedelta(days=1))


def test_the_exempted_are_not_due_and_shown_with_the_basis(make: Make) -> None:
    cast = make.cast()
    make.exemption(cast.zhang)
    make.exemption(cast.li, ExemptionScope.VOTE)
    make.exemption(cast.sun, ExemptionScope.DUE, TODAY + timedelta(days=1))
    assert due(make, cast.branch, DueList.MEMBERS) == "李四* 孙七 周八* 吴九"
    exempt = make.database.look(service.due_on, cast.branch, DueList.MEMBERS, TODAY).exempt
    assert [(e.person.name, e.basis, e.approver) for e in exempt] == [("张三", "长期病休", "上级党委")]


def test_the_suspended_are_due_without_vote(make: Make) -> None:
    cast = make.cast()

    def suspend(session: Session) -> None:
        member = session.get_one(Member, cast.zhang.id)
        member.suspended_from, member.suspended_to = TODAY, date(2027, 3, 2)

    make.database.run(suspend)
    assert due(make, cast.branch, DueList.MEMBERS).startswith("张三* ")
    assert due(make, cast.branch, DueList.MEMBERS, TODAY - timedelta(days=1)).startswith("张三 ")
    assert due(make, cast.branch, DueList.MEMBERS, date(2027, 3, 2)).startswith("张三 ")


def test_probation_ends_on_the_day_of_full_membership(make: Make) -> None:
    cast = make.cast()

    def plan(session: Session) -> None:
        session.get_one(Member, cast.zhou.id).full_on = TODAY

    make.database.run(plan)
    assert "周八 " in due(make, cast.branch, DueList.MEMBERS)
    assert "周八* " in due(make, cast.branch, DueList.MEMBERS, TODAY - timedelta(days=1))


def test_holders_of_a_right_nearest_first(make: Make) -> None:
    cast = make.cast()
    found = make.database.look(service.holders, Right.PLAN, cast.branch.id, now=NOW)
    assert [(h.name, h.role) for h in found] == [
        ("李四", Role.SECRETARY),
        ("孙七", Role.ORGANIZER),
        ("王五", Role.ADMIN),
    ]
    reasons = make.database.look(service.holders, Right.SEE_REASONS, cast.group.id, now=NOW)
    assert [h.name for h in reasons] == ["李四", "孙七"]
    assert make.database.look(service.holders, Right.CORRECT, cast.second.id, now=NOW) == ()


def test_what_is_for_the_secretary_goes_to_the_next_who_can_be_reached(make: Make) -> None:
    cast = make.cast()

    def reader() -> tuple[str, bool] | None:
        found = make.database.look(service.addressee, cast.group.id, now=NOW)
        return (found.holder.name, found.is_standin) if found else None

    assert reader() == ("李四", False)
    make.database.run(_block, cast.li)
    assert reader() == ("孙七", True)
    make.database.run(_block, cast.sun)
    assert reader() == ("王五", True)
    make.database.run(_block, cast.wang)
    assert reader() is None


def _block(session: Session, someone: Someone) -> None:
    session.get_one(Account, someone.user_id).reach = Reach.BLOCKED


def chats(make: Make, unit: UnitRef, rule: ChatRule) -> list[int]:
    return [chat.chat_id for chat in make.database.look(service.chat_for, unit.id, rule)]


def test_the_chat_of_a_unit(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    assert chats(make, cast.branch, ChatRule.OWN_OR_BELOW) == [GROUP_CHAT]
    assert chats(make, cast.branch, ChatRule.PRIVATE) == []
    assert chats(make, cast.second, ChatRule.OWN_OR_BELOW) == []
    found = make.database.look(service.unit_of_chat, GROUP_CHAT)
    assert found == cast.branch
    assert make.database.look(service.unit_of_chat, -5) is None


def test_a_group_without_chat_meets_in_the_branchs(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    assert chats(make, cast.group, ChatRule.OWN_OR_ABOVE) == [GROUP_CHAT]
    make.chat(cast.group, -7, "第一党小组群")
    assert chats(make, cast.group, ChatRule.OWN_OR_ABOVE) == [-7]


def test_a_committee_without_chat_posts_into_each_branchs_or_nowhere(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    make.chat(cast.other, -9, "交通一支部群")
    assert chats(make, cast.district, ChatRule.OWN_OR_BELOW) == [GROUP_CHAT, -9]
    assert chats(make, cast.district, ChatRule.OWN) == []
    make.chat(cast.district, -11, "党委群")
    assert chats(make, cast.district, ChatRule.OWN_OR_BELOW) == [-11]


def test_imported_days_beat_the_published_calendar(database: Database) -> None:
    def bring_in(session: Session) -> None:
        session.add(CalendarYear(year=2027, source="国务院办公厅", sha256="0" * 64, imported_at=NOW))
        session.flush()
        session.add(CalendarDay(on=date(2027, 1, 4), is_off=True, name="元旦", year=2027))
        session.add(CalendarDay(on=date(2026, 12, 31), is_off=True, name="元旦", year=2027))

    assert not database.look(service.work_calendar).is_known(date(2027, 1, 4))
    database.run(bring_in)
    calendar = database.look(service.work_calendar)
    assert calendar.is_known(date(2027, 6, 1))
    assert not calendar.is_workday(date(2027, 1, 4))
    assert not calendar.is_workday(date(2026, 12, 31))
