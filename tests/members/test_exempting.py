"""Who is not counted, by whose approval; 留党察看; leading officials."""

from datetime import date, timedelta

import pytest

from bot.errors import UserError
from bot.members import exempting, exempting_views, offices, offices_views, phrases, prompts, service
from bot.members.phrases import Basis, Span
from bot.members.rules import DueList, ExemptionScope, NotAllowed
from bot.periods import local_day
from tests.make import NOW, Cast, Make, Someone
from tests.members.test_offices import told

TODAY = local_day(NOW)  # 2 March 2026
SICK = Basis("长期病休", "上级党委", date(2026, 2, 20), Span(date(2026, 3, 1), date(2027, 1, 1)))


def exempt(make: Make, who: Someone, someone: Someone, scope: ExemptionScope, basis: Basis = SICK) -> str:
    name, made = make.database.run(exempting.exempt, who.sender(), someone.id, scope, basis, now=NOW)
    return exempting_views.exempted(1, name, made).text


def due(make: Make, cast: Cast, day: date = TODAY) -> dict[str, bool]:
    """Names and whether they have a vote."""
    found = make.database.look(service.due_on, cast.branch, DueList.MEMBERS, day)
    return {one.person.name: one.has_vote for one in found.due}


# -- recording --------------------------------------------------------------------------------------------------------


def test_an_exemption_has_its_basis_its_approver_and_its_span(make: Make) -> None:
    cast = make.cast()
    text = exempt(make, cast.wang, cast.zhang, ExemptionScope.BOTH)
    line = "不计入应到和表决（2026年3月1日至2026年12月31日，依据：长期病休，上级党委2026年2月20日批准）"
    assert text == f"已登记：张三{line}。"
    assert told(make, cast.zhang.user_id) == [f"您已登记为{line}。如有异议请联系上级管理员。"]
    assert "张三" not in due(make, cast)
    assert due(make, cast, date(2026, 12, 31)).get("张三") is None
    assert due(make, cast, date(2027, 1, 1))["张三"]
    exempted = make.database.look(service.due_on, cast.branch, DueList.MEMBERS, TODAY).exempt
    assert [(one.person.name, one.basis, one.approver) for one in exempted] == [("张三", "长期病休", "上级党委")]


def test_only_the_vote_may_be_taken(make: Make) -> None:
    cast = make.cast()
    exempt(make, cast.wang, cast.zhang, ExemptionScope.VOTE)
    assert due(make, cast) == {"张三": False, "李四": True, "孙七": True, "周八": False, "吴九": True}


@pytest.mark.parametrize("name", ["zhang", "li", "sun", "zhao"])
def test_only_those_above_exempt(make: Make, name: str) -> None:
    cast = make.cast()
    with pytest.raises(NotAllowed):
        exempt(make, getattr(cast, name), cast.zhang, ExemptionScope.DUE)


@pytest.mark.parametrize(
    ("basis", "text"),
    [
        (Basis("病", "党委", date(2026, 3, 3), Span(TODAY, None)), "批准日期不能在将来。"),
        (Basis("病", "党委", TODAY, Span(TODAY, TODAY)), "结束日期要晚于开始日期。"),
        (Basis("病" * 201, "党委", TODAY, Span(TODAY, None)), "依据不超过200字，批准人不超过60字。"),
        (Basis("病", "党" * 61, TODAY, Span(TODAY, None)), "依据不超过200字，批准人不超过60字。"),
    ],
)
def test_what_cannot_be_recorded(make: Make, basis: Basis, text: str) -> None:
    cast = make.cast()
    with pytest.raises(UserError) as refusal:
        exempt(make, cast.wang, cast.zhang, ExemptionScope.DUE, basis)
    assert str(refusal.value) == text
    assert "张三" in due(make, cast)


def test_one_span_is_recorded_once(make: Make) -> None:
    cast = make.cast()
    exempt(make, cast.wang, cast.zhang, ExemptionScope.DUE)
    later = Basis("借调", "上级党委", TODAY, Span(date(2026, 6, 1), None))
    with pytest.raises(exempting.AlreadyExempt) as refusal:
        exempt(make, cast.wang, cast.zhang, ExemptionScope.DUE, later)
    assert str(refusal.value) == "张三在这段时间已有同样的登记，请先结束原来的。"
    after = Basis("借调", "上级党委", TODAY, Span(date(2027, 1, 1), None))
    assert exempt(make, cast.wang, cast.zhang, ExemptionScope.DUE, after).startswith(
        "已登记：张三不计入应到（2027年1月1日起"
    )


# -- ending -----------------------------------------------------------------------------------------------------------


def test_an_exemption_ends_with_the_day_before(make: Make) -> None:
    cast = make.cast()
    _, made = make.database.run(
        exempting.exempt, cast.wang.sender(), cast.zhang.id, ExemptionScope.DUE, SICK, now=NOW - timedelta(days=1)
    )
    card = make.database.run(offices.end_exemption, cast.wang.sender(), made.id, now=NOW)
    assert card.exemptions == []
    assert "张三" in due(make, cast)
    assert "张三" not in due(make, cast, TODAY - timedelta(days=1))
    assert told(make, cast.zhang.user_id)[-1] == "您的不计入登记已经结束，今天起按党员名册参加。"
    with pytest.raises(exempting.ExemptionOver) as refusal:
        make.database.run(offices.end_exemption, cast.wang.sender(), made.id, now=NOW)
    assert str(refusal.value) == "这条登记已经结束。"


def test_one_that_has_not_begun_never_was(make: Make) -> None:
    cast = make.cast()
    basis = Basis("借调", "上级党委", TODAY, Span(date(2026, 6, 1), None))
    _, made = make.database.run(exempting.exempt, cast.wang.sender(), cast.zhang.id, ExemptionScope.DUE, basis, now=NOW)
    make.database.run(offices.end_exemption, cast.wang.sender(), made.id, now=NOW)
    assert "张三" in due(make, cast, date(2026, 6, 1))
    exempt(make, cast.wang, cast.zhang, ExemptionScope.DUE, basis)
    assert "张三" not in due(make, cast, date(2026, 6, 1))


def test_nobody_else_ends_one(make: Make) -> None:
    cast = make.cast()
    _, made = make.database.run(exempting.exempt, cast.wang.sender(), cast.zhang.id, ExemptionScope.DUE, SICK, now=NOW)
    with pytest.raises(NotAllowed):
        make.database.run(offices.end_exemption, cast.li.sender(), made.id, now=NOW)
    assert "张三" not in due(make, cast)


# -- 留党察看, leading officials --------------------------------------------------------------------------------------


def test_the_suspended_are_due_without_vote_for_the_span(make: Make) -> None:
    cast = make.cast()
    span = Span(date(2026, 3, 1), date(2027, 3, 1))
    who = make.database.run(exempting.suspend, cast.wang.sender(), cast.zhang.id, span, now=NOW)
    line = "留党察看（2026年3月1日至2027年2月28日）：计入应到，没有表决权"
    assert exempting_views.suspended(who.member_id, who.name, span.from_on, span.to_on).text == f"已登记：张三{line}。"
    assert due(make, cast)["张三"] is False
    assert due(make, cast, date(2027, 3, 1))["张三"] is True
    card = make.database.run(offices.end_suspension, cast.wang.sender(), cast.zhang.id, now=NOW)
    assert card.suspended is None
    assert due(make, cast)["张三"] is True
    assert due(make, cast, date(2026, 3, 1))["张三"] is False


def test_a_probationer_is_not_put_under_probation(make: Make) -> None:
    cast = make.cast()
    span = Span(date(2026, 3, 1), None)
    with pytest.raises(exempting.OnlyFullMembers) as refusal:
        make.database.run(exempting.suspend, cast.wang.sender(), cast.zhou.id, span, now=NOW)
    assert str(refusal.value) == "预备党员不适用留党察看。"
    for someone, is_offered in ((cast.zhou, False), (cast.zhang, True)):
        shown = offices_views.person(make.database.look(offices.show_person, cast.wang.sender(), someone.id, now=NOW))
        assert ("留党察看" in [button.label for row in shown.buttons for button in row]) is is_offered


def test_a_leading_official_is_marked_and_unmarked(make: Make) -> None:
    cast = make.cast()
    card = make.database.run(offices.set_leader, cast.wang.sender(), cast.zhang.id, is_leader=True, now=NOW)
    assert card.record.person.is_leader
    card = make.database.run(offices.set_leader, cast.wang.sender(), cast.zhang.id, is_leader=False, now=NOW)
    assert not card.record.person.is_leader
    with pytest.raises(NotAllowed):
        make.database.run(offices.set_leader, cast.li.sender(), cast.zhang.id, is_leader=True, now=NOW)


# -- how people say it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "长期病休，上级党委，2026-02-20，2026-03-01，2026-12-31",
        "长期病休,上级党委,2026.2.20,2026/3/1,20261231",
        "长期病休；上级党委；2026年2月20日；2026年3月1日；2026年12月31日",
        "长期病休\n上级党委\n2026-02-20\n2026-03-01\n2026-12-31",
    ],
)
def test_basis_approver_and_dates_in_one_message(text: str) -> None:
    assert phrases.read_basis(text) == SICK


@pytest.mark.parametrize(
    "text", ["", "长期病休", "长期病休，上级党委，昨天，2026-03-01", "a，b，2026-02-30，2026-03-01"]
)
def test_what_is_not_understood_shows_an_example(text: str) -> None:
    with pytest.raises(phrases.NotReadable) as refusal:
        phrases.read_basis(text)
    assert str(refusal.value) == (
        "没有看懂。请用逗号隔开，例如：长期病休，上级党委，2026-03-01，2026-03-01，2026-12-31"
    )


def test_a_span_may_be_open() -> None:
    assert phrases.read_span("2026-03-01") == Span(date(2026, 3, 1), None)
    assert phrases.read_span("2026-03-01，2027-02-28") == Span(date(2026, 3, 1), date(2027, 3, 1))
    with pytest.raises(phrases.NotReadable) as refusal:
        phrases.read_span("明天")
    assert str(refusal.value) == "没有看懂。请用逗号隔开，例如：2026-03-01，2027-02-28"


def test_the_question_waits_for_the_answer(make: Make) -> None:
    cast = make.cast()
    make.database.run(exempting.ask, cast.wang.sender(), cast.zhang.id, ExemptionScope.DUE, now=NOW)
    purpose, ref = make.database.look(prompts.awaited, cast.wang.sender()) or ("", "")
    assert (purpose, ref.partition(":")[2]) == ("members:exempt", "DUE")
    exempt(make, cast.wang, cast.zhang, ExemptionScope.DUE)
    assert make.database.look(prompts.awaited, cast.wang.sender()) is None
