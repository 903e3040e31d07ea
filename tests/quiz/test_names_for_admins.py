"""`quiz.admin_sees_names`: off, an ADMIN reads figures; on, the names of everybody below him, when he asks for them."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import TypeVar

import openpyxl
import pytest
from sqlalchemy.orm import Session

from bot.db import Database
from bot.members.rules import NotAllowed, Role
from bot.message import strip_tags
from bot.quiz import candidates, exporting, overseeing, reports, results_views, running_views, workbook
from bot.quiz.exam_facts import Missing, MissingCounts
from bot.quiz.models import Candidate, PaperBranch
from bot.quiz.result_facts import Overview, Report
from bot.quiz.rules import CandidateStanding
from tests.make import Cast, Make, Someone
from tests.quiz.conftest import AddBank
from tests.quiz.hall import bank
from tests.quiz.office import Office, labels

R = TypeVar("R")


@pytest.fixture
def office(database: Database, cast: Cast, add_bank: AddBank, make: Make) -> Office:
    """An exam of both branches of the company: 张三 and 周八 sit it, 郑十 of the second branch does not."""
    add_bank(bank())
    office = Office(database, cast)
    office.publish()
    office.set(max_centi=10_000)
    zheng = make.member("郑十", cast.second)
    database.run(_widen, office.paper_id, cast.second.id, zheng.id)
    office.sat(cast.zhang, 9000)
    office.sat(cast.zhou, 5000)
    return office


def _widen(session: Session, paper_id: int, branch_id: int, member_id: int) -> None:
    session.add(PaperBranch(paper_id=paper_id, branch_id=branch_id))
    due = Candidate(paper_id=paper_id, member_id=member_id, branch_id=branch_id, standing=CandidateStanding.DUE)
    session.add(due)


def act(office: Office, fn: Callable[..., R], who: Someone, *args: object, sees_names: bool = True) -> R:
    sender = replace(office.sender(who), sees_names=sees_names)
    return office.database.run(fn, sender, *args, now=office.now)


def test_who_has_not_sat_is_listed_branch_by_branch(office: Office) -> None:
    cast = office.cast
    assert isinstance(act(office, candidates.missing, cast.wang, office.paper_id, sees_names=False), MissingCounts)
    found = act(office, candidates.missing, cast.wang, office.paper_id)
    assert isinstance(found, Missing)
    assert found.branches == (("一支部", ("李四", "孙七", "吴九")), ("二支部", ("郑十",)))
    told = strip_tags(running_views.missing(found).text).splitlines()
    assert told[1:3] == ["一支部还有 3 人：李四、孙七、吴九。", "二支部还有 1 人：郑十。"]
    assert act(office, overseeing.look, cast.wang, office.paper_id).sees_names
    assert not act(office, overseeing.look, cast.wang, office.paper_id, sees_names=False).sees_names


def test_the_table_leads_to_each_branch_with_its_names(office: Office) -> None:
    cast = office.cast
    office.release()
    table = act(office, reports.report, cast.wang, office.paper_id, 0)
    assert isinstance(table, Overview)
    assert labels(results_views.overview(table))[2:4] == ["发布补考", "一支部"]
    own = act(office, reports.report, cast.wang, office.paper_id, cast.second.id)
    assert isinstance(own, Report)
    assert own.absent == ("郑十",)
    assert labels(results_views.report(own))[-1] == "返回各支部"
    assert "已结束。二支部应考 1 人" in results_views.report(own).text  # whose it is, for he has another of his own
    names = act(office, reports.names, cast.wang, office.paper_id, cast.branch.id)
    assert {line.name: line.score_centi for line in names.lines if line.score_centi} == {"张三": 9000, "周八": 5000}


def test_of_an_exam_of_one_branch_an_admin_reads_which(database: Database, cast: Cast, add_bank: AddBank) -> None:
    add_bank(bank())
    office = Office(database, cast)
    office.publish()
    found = act(office, candidates.missing, cast.wang, office.paper_id)
    assert isinstance(found, Missing)
    assert "一支部还有 5 人没有参加：" in running_views.missing(found).text
    own = act(office, candidates.missing, cast.li, office.paper_id)
    assert isinstance(own, Missing)
    assert "本支部还有 5 人没有参加：" in running_views.missing(own).text
    office.release()
    told = {one: act(office, reports.report, one, office.paper_id, 0) for one in (cast.wang, cast.li)}
    texts = {one: results_views.report(report).text for one, report in told.items() if isinstance(report, Report)}
    assert "已结束。一支部应考 5 人" in texts[cast.wang]
    assert "已结束。本支部应考 5 人" in texts[cast.li]


def test_the_file_has_the_names_of_all_branches_he_leads(office: Office) -> None:
    cast = office.cast
    office.release()
    bare = act(office, exporting.gather, cast.wang, office.paper_id, 0, sees_names=False)
    assert not bare.has_names
    found = act(office, exporting.gather, cast.wang, office.paper_id, 0)
    sheet = openpyxl.load_workbook(BytesIO(workbook.render(found)))["成绩"]
    listed = [(row[0], row[2]) for row in sheet.iter_rows(min_row=3, values_only=True) if row[2]]
    assert ("一支部", "张三") in listed
    assert listed[-1] == ("二支部", "郑十")
    one = act(office, exporting.gather, cast.wang, office.paper_id, cast.second.id)
    names = [exporting.documents(book, b"")[0].name for book in (found, one)]
    assert names == ["2026-001_四月测试_成绩.xlsx", "2026-001_四月测试_二支部_成绩.xlsx"]
    act(office, exporting.deliver, cast.wang, found, ())
    with pytest.raises(NotAllowed):  # the switch was turned off meanwhile
        act(office, exporting.deliver, cast.wang, found, (), sees_names=False)


def test_the_switch_opens_nothing_to_anybody_else(office: Office, make: Make) -> None:
    cast = office.cast
    above = make.member("上级组织委员", cast.other)
    make.grant(above, Role.ORGANIZER, cast.district)
    assert isinstance(act(office, candidates.missing, above, office.paper_id), MissingCounts)
    office.release()
    for who in (above, cast.zhao, cast.zhang):
        with pytest.raises(NotAllowed):
            act(office, reports.names, who, office.paper_id, cast.branch.id)
    with pytest.raises(NotAllowed):
        act(office, reports.names, cast.li, office.paper_id, cast.second.id)


def test_what_comes_unasked_names_nobody_to_an_admin(office: Office) -> None:
    office.release()
    told = office.texts("report", office.cast.wang.user_id)
    assert len(told) == 1
    assert not any(name in told[0] for name in ("张三", "周八", "郑十"))


def test_the_mean_of_one_or_two_people_stands_in_no_table_without_names(office: Office) -> None:
    office.release()
    table = act(office, reports.report, office.cast.wang, office.paper_id, 0, sees_names=False)
    assert isinstance(table, Overview)
    shown = strip_tags(results_views.overview(table).text)
    assert "· 一支部：应考 5，参考 2，参考率 40%，人数较少，不列平均分" in shown
    assert "平均 " not in shown
    found = act(office, exporting.gather, office.cast.wang, office.paper_id, 0, sees_names=False)
    sheet = openpyxl.load_workbook(BytesIO(workbook.render(found)))["各支部情况"]
    heads, first, *_ = list(sheet.iter_rows(min_row=2, values_only=True))
    row = dict(zip(heads, first, strict=True))
    assert (row["参考率"], row["平均分"], row["及格率"]) == ("40%", "—", "—")
