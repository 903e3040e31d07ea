"""Who may import what, for whom, and how long a preview holds."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from bot.banks import drawing, import_views, importing, service
from bot.banks.models import BankRow, ImportRun, QuestionVersion
from bot.banks.revisions import Difference
from bot.banks.rules import RunState, ScopeKind
from bot.banks.scopes import BadScope
from bot.db import Base, Database
from bot.members.rules import NotAllowed, NotBound, OnlyAdmins, Role
from bot.message import StaleButton
from tests.banks.acts import confirmed, imported, previewed, rows, the_bank
from tests.banks.files import GOOD, LAST, load
from tests.make import NOW, Cast, Make

LATER = NOW + timedelta(hours=1)
FIRST = Difference(0, added=4)


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    """On SQLite only: no statement here is not also in test_service."""
    database = Database(sqlite_url)
    yield database
    database.close()


def test_a_file_with_an_error_writes_nothing(database: Database) -> None:
    outcome = imported(database, GOOD.replace("answer: B", "answer: E"))
    assert outcome.difference is None
    assert rows(database, BankRow) == 0


def test_a_dry_run_writes_nothing(database: Database) -> None:
    outcome = database.run(service.import_loaded, load(GOOD), scope=None, is_dry=True, now=NOW)
    assert outcome.difference == FIRST
    assert rows(database, BankRow) == 0


def test_a_number_may_be_given_on_the_command_line(database: Database) -> None:
    loaded = service.load(GOOD.encode(), "good.yaml", on=date(2026, 3, 2), slug="other", title="另一个")
    database.run(service.import_loaded, loaded, scope=None, now=NOW)
    bank = database.look(the_bank)
    assert (bank.slug, bank.title) == ("other", "另一个")


@pytest.mark.parametrize("scope", ["branch", "branch:99", "company:x", "上级"])
def test_a_scope_that_is_none_is_refused(database: Database, cast: Cast, scope: str) -> None:
    with pytest.raises(BadScope):
        imported(database, scope=scope)
    with pytest.raises(BadScope):
        imported(database, scope=f"company:{cast.branch.id}")


def test_a_branch_uses_its_own_banks_those_above_and_everybodys(database: Database, cast: Cast) -> None:
    for scope in ("district", f"company:{cast.company.id}", f"branch:{cast.branch.id}"):
        slug = scope.partition(":")[0]
        imported(database, GOOD.replace("zhibu-basics", slug), scope=scope)
    seen = {
        unit.name: [bank.slug for bank in database.look(drawing.usable_banks, unit)]
        for unit in (cast.branch, cast.second, cast.other)
    }
    assert seen == {
        "一支部": ["branch", "company", "district"],
        "二支部": ["company", "district"],
        "交通一支部": ["district"],
    }


def test_a_secretary_imports_for_the_own_branch(database: Database, cast: Cast) -> None:
    applied = confirmed(database, cast.li)
    bank = database.look(the_bank)
    assert (applied.number, applied.difference) == (1, FIRST)
    assert (bank.scope_kind, bank.scope_id) == (ScopeKind.BRANCH, cast.branch.id)


def test_an_administrator_imports_for_everybody(database: Database, cast: Cast) -> None:
    confirmed(database, cast.wang)
    bank = database.look(the_bank)
    assert (bank.scope_kind, bank.scope_id) == (ScopeKind.DISTRICT, None)


def test_an_administrator_of_a_company_imports_for_the_company(database: Database, make: Make, cast: Cast) -> None:
    make.grant(cast.zhang, Role.ADMIN, cast.company)
    confirmed(database, cast.zhang)
    assert database.look(the_bank).scope_id == cast.company.id


def test_members_and_strangers_are_refused(database: Database, cast: Cast) -> None:
    for who, refusal in ((cast.zhang, NotAllowed), (cast.zhou, NotAllowed), (cast.wu, NotBound)):
        with pytest.raises(refusal):
            previewed(database, who)
        with pytest.raises(refusal):
            database.run(importing.begin, who.sender(), "题.xlsx", now=NOW)
        with pytest.raises(refusal):
            database.look(service.seen_banks, who.sender(), now=NOW)


def test_the_number_of_another_branch_is_refused(database: Database, cast: Cast) -> None:
    confirmed(database, cast.li)
    preview = previewed(database, cast.zhao, GOOD.replace("支部工作", "别的工作"))
    assert (preview.token, preview.difference) == (None, None)
    message, *_ = import_views.previewed(preview)
    assert "E127 题库编号“zhibu-basics”已属于“一支部”，请换一个编号。" in message.text


def test_everybodys_bank_is_not_for_a_secretary_to_edit(database: Database, cast: Cast) -> None:
    imported(database)
    preview = previewed(database, cast.li, GOOD.replace("支部工作", "别的工作"))
    assert [issue.params["owner"] for issue in preview.checked.issues] == [""]


def test_the_same_content_needs_no_confirmation(database: Database, cast: Cast) -> None:
    confirmed(database, cast.li)
    preview = previewed(database, cast.sun)
    assert preview.token is None
    assert [part.text for part in import_views.previewed(preview)] == ["内容没有变化（版本 1）。"]


def test_a_cancelled_file_cannot_be_imported(database: Database, cast: Cast) -> None:
    token = previewed(database, cast.li).token
    database.run(importing.discard, cast.li.sender(), token, now=NOW)
    with pytest.raises(StaleButton):
        database.run(importing.apply, cast.li.sender(), token, load(GOOD).ready, now=LATER)
    with pytest.raises(StaleButton):
        database.look(importing.waiting, cast.li.sender(), token, now=LATER)


def test_another_person_cannot_press_the_button(database: Database, cast: Cast) -> None:
    token = previewed(database, cast.li).token
    for who in (cast.sun, cast.zhao):
        with pytest.raises(StaleButton):
            database.run(importing.apply, who.sender(), token, load(GOOD).ready, now=LATER)


def test_a_role_lost_since_the_preview_is_refused(database: Database, cast: Cast) -> None:
    token = previewed(database, cast.li).token
    make_no_secretary = update(Base.metadata.tables["role_grants"]).values(to_on=date(2026, 3, 2))
    database.run(lambda session: session.execute(make_no_secretary) and None)
    with pytest.raises(NotAllowed):
        database.run(importing.apply, cast.li.sender(), token, load(GOOD).ready, now=LATER)


def test_a_refused_file_is_remembered_without_its_bytes(database: Database, cast: Cast) -> None:
    previewed(database, cast.li, GOOD.replace("answer: B", "answer: E"))
    run = database.look(lambda session: session.scalars(select(ImportRun)).one())
    assert (run.state, run.data, run.report) == (RunState.REFUSED, None, {"errors": 1, "hints": 0})


def test_an_import_is_not_undone_after_thirty_days(database: Database, cast: Cast) -> None:
    applied = confirmed(database, cast.li)
    with pytest.raises(importing.UndoTooLate, match="已超过 30 天"):
        database.run(importing.undo, cast.li.sender(), applied.token, now=NOW + timedelta(days=30, seconds=1))


def test_everybody_sees_only_banks_of_the_own_line(database: Database, cast: Cast) -> None:
    imported(database, scope="district")
    imported(database, GOOD.replace("zhibu-basics", "mine"), scope=f"branch:{cast.branch.id}")
    imported(database, GOOD.replace("zhibu-basics", "ours"), scope=f"company:{cast.company.id}")
    seen = {
        who.name: [bank.slug for bank in database.look(service.seen_banks, who.sender(), now=NOW)]
        for who in (cast.li, cast.wang, cast.zhao)
    }
    assert seen == {
        "李四": ["mine", "ours", "zhibu-basics"],
        "王五": ["mine", "ours", "zhibu-basics"],
        "赵六": ["zhibu-basics"],
    }


def test_retired_questions_are_not_exported(database: Database) -> None:
    imported(database, GOOD.replace(LAST, LAST + "    status: retired\n"))
    assert "zb-001" not in database.look(service.export, "zhibu-basics")
    assert database.look(lambda session: session.scalars(select(QuestionVersion.number)).all()) == [1] * 4


def test_a_bank_is_exported_only_to_those_who_see_it(database: Database, cast: Cast) -> None:
    confirmed(database, cast.li)
    bank_id = database.look(the_bank).id
    exported = database.look(service.export_seen, cast.sun.sender(), bank_id, now=NOW)
    assert exported.name == "zhibu-basics.yaml"
    assert load(exported.data.decode()).ready is not None
    for asked in (bank_id, 99):
        with pytest.raises(service.NoSuchBank):
            database.look(service.export_seen, cast.zhao.sender(), asked, now=NOW)
    with pytest.raises(service.NoSuchBank, match="没有题库“nothing”"):
        database.look(service.export, "nothing")


def test_only_the_top_administrator_edits_everybodys_bank(database: Database, make: Make, cast: Cast) -> None:
    token = previewed(database, cast.wang).token
    make.grant(cast.wang, Role.ADMIN, cast.company)
    end = update(Base.metadata.tables["role_grants"]).values(to_on=date(2026, 3, 2))
    grants = Base.metadata.tables["role_grants"].c
    database.run(lambda session: session.execute(end.where(grants.unit_id == cast.district.id)) and None)
    with pytest.raises(OnlyAdmins):
        database.run(importing.apply, cast.wang.sender(), token, load(GOOD).ready, now=LATER)
