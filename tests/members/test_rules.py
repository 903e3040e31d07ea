"""Every row of the matrix of rights, both yes and no."""

from dataclasses import replace

import pytest

from bot.members.rules import (
    MATRIX,
    Actor,
    Case,
    Grant,
    NotAllowed,
    NotAllowedHere,
    OnlyAdmins,
    Right,
    Role,
    Standing,
    UnitKind,
    UnitRef,
    When,
)

DISTRICT = UnitRef(1, UnitKind.DISTRICT_COMMITTEE, "示范区国资系统党委", "/1/")
COMPANY = UnitRef(2, UnitKind.COMPANY, "示范城建集团", "/1/2/")
BRANCH = UnitRef(3, UnitKind.BRANCH, "一支部", "/1/2/3/")
GROUP = UnitRef(4, UnitKind.PARTY_GROUP, "第一党小组", "/1/2/3/4/")
SECOND_GROUP = UnitRef(5, UnitKind.PARTY_GROUP, "第二党小组", "/1/2/3/5/")
OTHER = UnitRef(33, UnitKind.BRANCH, "二支部", "/1/2/33/")

ME = 10


def someone(*grants: Grant, home: UnitRef | None = BRANCH, group: UnitRef | None = GROUP, contact: str = "") -> Actor:
    return Actor(ME, 1001, "张三", home, group, grants, contact=contact)


MEMBER = someone()
LEADER = someone(Grant(Role.GROUP_LEADER, GROUP))
COMMISSIONER = someone(Grant(Role.COMMISSIONER, BRANCH))
SECRETARY = someone(Grant(Role.SECRETARY, BRANCH))
DEPUTY = someone(Grant(Role.DEPUTY, BRANCH))
ORGANIZER = someone(Grant(Role.ORGANIZER, BRANCH))
ADMIN = someone(Grant(Role.ADMIN, DISTRICT), home=OTHER, group=None)
ORGANIZER_ABOVE = someone(Grant(Role.ORGANIZER, DISTRICT), home=OTHER, group=None)
ROOT = Actor(0, 9, "", is_root=True)
FOREIGNER = someone(Grant(Role.SECRETARY, OTHER), home=OTHER, group=None)
COLUMNS = [MEMBER, LEADER, COMMISSIONER, SECRETARY, ADMIN, ROOT]

# As printed in the specification: what each column may at the branch's group, in an ordinary case.
YES = {
    Right.SELF: "member leader commissioner officer above",
    Right.SEE_NAMES: "leader commissioner officer above",
    Right.SEE_REASONS: "officer",
    Right.PLAN: "leader officer above",
    Right.ROLL_CALL: "leader officer",
    Right.APPROVE_LEAVE: "officer",
    Right.CORRECT: "officer",
    Right.CONFIRM_CORRECTION: "commissioner officer",
    Right.MINUTES: "leader officer",
    Right.EXPORT: "officer above",
    Right.ROSTER: "officer above root",
    Right.BIND_CHAT: "officer above root",
    Right.EXEMPT: "above",
    Right.GRANT: "above",
    Right.CALENDAR: "above root",
    Right.BANKS: "officer above",
    Right.RUN_QUIZ: "officer above",
    Right.SEE_SITTERS: "leader officer",
    Right.SEE_SCORES: "officer",
    Right.ERASE: "above root",
}
NAMES = ["member", "leader", "commissioner", "officer", "above", "root"]
ORDINARY = Case(of_id=99, recorder_id=98, chair_id=97, role=Role.COMMISSIONER)


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("column", range(6), ids=NAMES)
def test_the_matrix(right: Right, column: int) -> None:
    assert COLUMNS[column].may(right, GROUP, ORDINARY) is (NAMES[column] in YES[right].split())


@pytest.mark.parametrize("right", Right)
def test_another_branchs_secretary_may_nothing(right: Right) -> None:
    assert not FOREIGNER.may(right, GROUP, ORDINARY)
    assert not FOREIGNER.may(right, BRANCH, ORDINARY)
    assert not FOREIGNER.may(right, COMPANY, ORDINARY) or right is Right.SELF


@pytest.mark.parametrize("right", Right)
def test_a_group_leader_may_nothing_in_another_group(right: Right) -> None:
    assert not LEADER.may(right, SECOND_GROUP, ORDINARY)


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("who", [DEPUTY, ORGANIZER], ids=["deputy", "organizer"])
def test_deputy_and_organizer_stand_like_the_secretary(who: Actor, right: Right) -> None:
    case = Case(of_id=99, role=Role.COMMISSIONER)
    assert who.may(right, BRANCH, case) is SECRETARY.may(right, BRANCH, case)


@pytest.mark.parametrize("right", Right)
def test_an_organizer_above_stands_like_an_admin_below(right: Right) -> None:
    if MATRIX[right][Standing.ABOVE.value] not in (When.TOP, When.BY_ADMIN, When.OPENED):
        assert ORGANIZER_ABOVE.may(right, GROUP, ORDINARY) is ADMIN.may(right, GROUP, ORDINARY)


@pytest.mark.parametrize("right", [Right.SEE_SITTERS, Right.SEE_SCORES])
def test_names_of_quizzes_are_open_to_admins_alone_and_only_where_the_office_says_so(right: Right) -> None:
    assert replace(ADMIN, sees_names=True).may(right, GROUP)
    for who in (ORGANIZER_ABOVE, MEMBER, ROOT, FOREIGNER):
        assert replace(who, sees_names=True).may(right, GROUP) is who.may(right, GROUP)


def test_a_leader_plans_for_the_group_but_not_for_the_branch() -> None:
    assert LEADER.may(Right.PLAN, GROUP)
    assert not LEADER.may(Right.PLAN, BRANCH)
    assert LEADER.may(Right.SELF, BRANCH)


def test_one_sees_the_own_reason_only() -> None:
    assert MEMBER.may(Right.SEE_REASONS, BRANCH, Case(of_id=ME))
    assert not MEMBER.may(Right.SEE_REASONS, BRANCH, Case(of_id=99))
    assert not COMMISSIONER.may(Right.SEE_REASONS, BRANCH, Case(of_id=99))


def test_a_commissioner_calls_the_roll_only_as_recorder() -> None:
    assert COMMISSIONER.may(Right.ROLL_CALL, BRANCH, Case(recorder_id=ME))
    assert not COMMISSIONER.may(Right.ROLL_CALL, BRANCH, Case(chair_id=ME))
    assert not MEMBER.may(Right.ROLL_CALL, BRANCH, Case(recorder_id=ME))


def test_a_commissioner_writes_minutes_as_recorder_or_chair() -> None:
    assert COMMISSIONER.may(Right.MINUTES, BRANCH, Case(recorder_id=ME))
    assert COMMISSIONER.may(Right.MINUTES, BRANCH, Case(chair_id=ME))
    assert not COMMISSIONER.may(Right.MINUTES, BRANCH, Case(recorder_id=99, chair_id=98))


@pytest.mark.parametrize("right", [Right.ROLL_CALL, Right.MINUTES])
def test_an_admin_has_these_at_the_own_unit_only(right: Right) -> None:
    assert ADMIN.may(right, DISTRICT)
    assert not ADMIN.may(right, COMPANY)
    assert not ADMIN.may(right, BRANCH)


def test_nobody_approves_the_own_leave() -> None:
    assert SECRETARY.may(Right.APPROVE_LEAVE, BRANCH, Case(of_id=99))
    assert not SECRETARY.may(Right.APPROVE_LEAVE, BRANCH, Case(of_id=ME, is_of_secretary=True))
    assert DEPUTY.may(Right.APPROVE_LEAVE, BRANCH, Case(of_id=99, is_of_secretary=True))


def test_the_secretarys_leave_is_approved_from_above() -> None:
    assert ADMIN.may(Right.APPROVE_LEAVE, BRANCH, Case(of_id=99, is_of_secretary=True))
    assert not ADMIN.may(Right.APPROVE_LEAVE, BRANCH, Case(of_id=99))


def test_nobody_confirms_the_own_correction() -> None:
    assert COMMISSIONER.may(Right.CONFIRM_CORRECTION, BRANCH, Case(of_id=99))
    assert not COMMISSIONER.may(Right.CONFIRM_CORRECTION, BRANCH, Case(of_id=ME))
    assert not MEMBER.may(Right.CONFIRM_CORRECTION, BRANCH, Case(of_id=99))


def test_a_correction_is_confirmed_from_above_only_without_a_second_holder() -> None:
    assert ADMIN.may(Right.CONFIRM_CORRECTION, BRANCH, Case(of_id=99, has_second_holder=False))
    assert not ADMIN.may(Right.CONFIRM_CORRECTION, BRANCH, Case(of_id=99, has_second_holder=True))


def test_roster_and_chats_are_the_officers_of_the_own_branch_and_above() -> None:
    head = someone(Grant(Role.SECRETARY, DISTRICT))
    for right in (Right.ROSTER, Right.BIND_CHAT):
        assert ORGANIZER.may(right, BRANCH)
        assert not ORGANIZER.may(right, OTHER)
        assert not ORGANIZER.may(right, COMPANY)
        assert not head.may(right, DISTRICT)
        assert not head.may(right, BRANCH)
        assert ADMIN.may(right, COMPANY)
        assert ROOT.may(right, DISTRICT)


@pytest.mark.parametrize("role", Role)
def test_who_grants_which_role(role: Role) -> None:
    case = Case(role=role)
    assert SECRETARY.may(Right.GRANT, GROUP, case) is (role is Role.GROUP_LEADER)
    assert not ORGANIZER.may(Right.GRANT, GROUP, case)
    assert not COMMISSIONER.may(Right.GRANT, GROUP, case)
    assert ADMIN.may(Right.GRANT, BRANCH, case) is (role is not Role.ADMIN)
    assert ROOT.may(Right.GRANT, BRANCH, case) is (role is Role.ADMIN)


def test_the_calendar_is_the_top_admins() -> None:
    below = someone(Grant(Role.ADMIN, COMPANY))
    assert ADMIN.may(Right.CALENDAR)
    assert not below.may(Right.CALENDAR)
    assert not ORGANIZER_ABOVE.may(Right.CALENDAR)
    assert ROOT.may(Right.CALENDAR)


def test_data_are_erased_by_an_admin_or_a_root_user_only() -> None:
    assert ADMIN.may(Right.ERASE, BRANCH)
    assert ROOT.may(Right.ERASE, BRANCH)
    assert not ORGANIZER_ABOVE.may(Right.ERASE, BRANCH)
    assert not SECRETARY.may(Right.ERASE, BRANCH)


def test_a_study_member_stands_at_the_committee_like_a_member() -> None:
    student = someone(Grant(Role.STUDY_MEMBER, DISTRICT), home=None, group=None)
    assert student.may(Right.SELF, DISTRICT)
    assert not student.may(Right.SEE_NAMES, DISTRICT)


def test_without_a_unit_a_right_counts_anywhere() -> None:
    assert SECRETARY.may(Right.PLAN)
    assert LEADER.may(Right.PLAN)
    assert not MEMBER.may(Right.PLAN)
    assert MEMBER.may(Right.SELF)
    assert not ROOT.may(Right.SELF)
    assert someone(home=None, group=None).may(Right.SELF)


def test_units_for_a_right_are_those_of_the_roles() -> None:
    both = someone(Grant(Role.SECRETARY, BRANCH), Grant(Role.ADMIN, DISTRICT), Grant(Role.COMMISSIONER, OTHER))
    assert both.units_for(Right.PLAN) == (BRANCH, DISTRICT)
    assert MEMBER.units_for(Right.PLAN) == ()


def test_a_refusal_names_the_secretary_to_ask() -> None:
    with pytest.raises(NotAllowed) as refusal:
        someone(contact="李四").require(Right.PLAN, BRANCH)
    assert str(refusal.value) == "这个操作只有支部书记或管理员可以用。需要开通请联系：李四书记。"


@pytest.mark.parametrize("contact", ["", "张三"], ids=["vacant", "oneself"])
def test_a_refusal_without_another_secretary_names_the_admin(contact: str) -> None:
    with pytest.raises(NotAllowedHere) as refusal:
        someone(contact=contact).require(Right.PLAN, OTHER)
    assert str(refusal.value) == "这个操作只有支部书记或管理员可以用。需要开通请联系管理员。"


def test_a_secretary_refused_what_only_admins_may_is_told_so() -> None:
    with pytest.raises(OnlyAdmins) as refusal:
        SECRETARY.require(Right.EXEMPT, BRANCH)
    assert str(refusal.value) == "这个操作只有管理员可以用。需要开通请联系管理员。"


def test_require_passes_silently_where_may_says_yes() -> None:
    SECRETARY.require(Right.PLAN, GROUP)
    assert SECRETARY.may(Right.PLAN, GROUP)
