"""The workbook of results: what stands in it for whom, and that it opens."""

import re
from dataclasses import replace
from io import BytesIO

import openpyxl
import pytest

from bot import exports
from bot.db import Database
from bot.errors import UserError
from bot.members.rules import NotAllowed
from bot.message import Document, from_json
from bot.outbox import Sent
from bot.quiz import exporting, regrading, workbook
from bot.quiz.models import PaperLog
from bot.quiz.result_facts import Book
from bot.quiz.rules import CandidateStanding, PaperAction, Regrading
from tests.make import Cast, Make, Someone
from tests.quiz.conftest import AddBank
from tests.quiz.hall import JUDGED, MULTIPLE, SINGLE, bank
from tests.quiz.office import Office

Cells = list[tuple[object, ...]]


@pytest.fixture
def formula(make: Make, cast: Cast) -> Someone:
    """A member whose name a spreadsheet would compute."""
    return make.member("=1+1", cast.branch, group=cast.group)


@pytest.fixture
def office(database: Database, cast: Cast, add_bank: AddBank, formula: Someone) -> Office:
    """张三 has all right, 周八 less; 孙七 is exempt, 李四 and 吴九 were absent."""
    add_bank(bank())
    office = Office(database, cast)
    office.publish(SINGLE, MULTIPLE, JUDGED)
    office.answer(cast.zhang)
    office.answer(cast.zhou, right=[1, 4])
    office.answer(formula, right=[2])
    office.stand(cast.sun, CandidateStanding.EXEMPT, "住院")
    office.release()
    return office


def book(office: Office, who: Someone, branch_id: int) -> Book:
    return office.act(exporting.gather, who, office.paper_id, branch_id)


def opened(data: bytes) -> dict[str, Cells]:
    found = openpyxl.load_workbook(BytesIO(data))
    assert all(cell.data_type != "f" for sheet in found for row in sheet.iter_rows() for cell in row)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in found}


def test_the_secretary_takes_home_five_sheets_of_his_branch(office: Office) -> None:
    cast = office.cast
    sheets = opened(workbook.render(book(office, cast.li, cast.branch.id)))
    assert list(sheets) == ["说明", "成绩", "答卷明细", "试题分析", "缺考与免考"]
    scores = sheets["成绩"]
    assert scores[1] == ("支部", "党小组", "姓名", "结果", "得分", "合格", "用时", "次数", "补考")
    rows = {row[2]: row for row in scores[2:] if row[2]}
    assert list(rows) == ["张三", "周八", "=1+1", "李四", "孙七", "吴九"]
    assert rows["张三"][:6] == ("一支部", "第一党小组", "张三", "参考", "16", "合格")
    assert rows["李四"][3:8] == ("缺考", "", "", "", "")
    missing = [row for row in sheets["缺考与免考"][2:] if row[2]]
    assert [(row[2], row[3], row[4]) for row in missing] == [
        ("李四", "缺考", ""),
        ("孙七", "免考", "住院"),
        ("吴九", "缺考", "没有启用机器人，通知未触达"),
    ]


def test_the_sheet_says_what_became_of_a_question_and_when(office: Office) -> None:
    office.act(regrading.decide, office.cast.wang, office.paper_id, 2, Regrading.VOID)
    sheets = opened(workbook.render(book(office, office.cast.li, office.cast.branch.id)))
    (told,) = [row[1] for row in sheets["说明"] if row[0] == "题目更正"]
    assert re.fullmatch(
        r"第 2 版，第 2 题：本题作废，不计入总分；3 人变动（王五，2026年\d+月\d+日\d\d:\d\d）", str(told)
    )
    item = sheets["试题分析"][3]
    assert (item[0], item[5:9], item[10]) == ("2", ("—",) * 4, "本题作废，不计入总分")


def test_points_of_the_answers_add_up_to_the_score_of_each(office: Office) -> None:
    sheets = opened(workbook.render(book(office, office.cast.li, office.cast.branch.id)))
    told: dict[object, float] = {}
    for row in sheets["答卷明细"][2:]:
        if row[1] is not None:
            told[row[0]] = told.get(row[0], 0) + float(str(row[7]))
    assert told == {row[2]: float(str(row[4])) for row in sheets["成绩"][2:] if row[3] == "参考"}
    assert {str(row[4]) for row in sheets["答卷明细"][2:] if row[4]} - {"正确", "错误"}


def test_those_above_get_figures_and_questions_without_a_name(office: Office) -> None:
    found = book(office, office.cast.wang, 0)
    sheets = opened(workbook.render(found))
    assert list(sheets) == ["说明", "各支部情况", "试题分析"]
    assert sheets["各支部情况"][2][:4] == ("一支部", "5", "3", "60%")
    everything = str(sheets).replace(f"{found.by}于", "")
    assert not any(name in everything for name in ("张三", "李四", "周八", "孙七", "吴九", "=1+1"))
    with pytest.raises(NotAllowed):
        book(office, office.cast.wang, office.cast.branch.id)
    for who in (office.cast.zhao, office.cast.zhang):
        with pytest.raises(UserError):
            book(office, who, office.cast.branch.id)


def test_answers_of_several_branches_say_whose_they_are(office: Office) -> None:
    found = book(office, office.cast.li, office.cast.branch.id)
    assert opened(workbook.render(found))["答卷明细"][1][0] == "姓名"
    elsewhere = replace(found.answers[0], branch="二支部")
    heads, *rows = opened(workbook.render(replace(found, answers=(*found.answers, elsewhere))))["答卷明细"][1:]
    assert heads[:2] == ("支部", "姓名")
    assert [row[:2] for row in rows if row[0] == "二支部"] == [("二支部", elsewhere.name)]


def test_places_stand_in_the_table_only_where_the_exam_ranks(office: Office) -> None:
    office.set(ranking=True)
    sheets = opened(workbook.render(book(office, office.cast.li, office.cast.branch.id)))
    heads, *rows = sheets["成绩"][1:]
    assert heads[-1] == "名次"
    assert {row[2]: row[-1] for row in rows if row[2]}["张三"] == "第 1 名"
    assert any("并列" in str(row[0]) for row in rows)  # the rule below


def test_the_file_goes_out_once_and_is_not_kept(office: Office) -> None:
    found = book(office, office.cast.li, office.cast.branch.id)
    files = exporting.documents(found, workbook.render(found))
    office.act(exporting.deliver, office.cast.li, found, files)
    assert [row.action for row in office.rows(PaperLog)][-1] is PaperAction.EXPORTED
    row = next(row for row in office.outbox() if row.key.startswith("examfile:"))
    assert row.body is not None
    document = from_json(row.body)
    assert isinstance(document, Document)
    assert (document.name, row.chat_id) == ("2026-001_四月测试_一支部_成绩.xlsx", office.cast.li.user_id)
    assert exports.HOOKS.sent is not None
    office.database.run(exports.HOOKS.sent, row.key, Sent(office.cast.li.user_id, 1, None, office.now))
    assert next(one.body for one in office.outbox() if one.key == row.key) is None
    with pytest.raises(UserError):
        office.act(exporting.deliver, office.cast.zhao, found, files)
