"""Statements 8, 15, 19, 20 and 26 of the specification's acceptance, each to its end: bank, exam, results."""

from io import BytesIO

import openpyxl
import pytest
from sqlalchemy.orm import Session

from bot.banks import drawing, importing
from bot.banks.models import QuestionVersion
from bot.banks.revisions import Difference
from bot.banks.rules import QuestionType
from bot.db import Database
from bot.message import strip_tags
from bot.quiz import exporting, reports, results_views, review, workbook
from bot.quiz.blueprint import BlueprintRow
from bot.quiz.exam_views import answer_words
from bot.quiz.models import Candidate, PaperBranch
from bot.quiz.result_facts import Fault
from bot.quiz.rules import CandidateStanding
from tests.banks.acts import LATER, confirmed, drawable, rows
from tests.banks.files import GOOD
from tests.make import GROUP_CHAT, Cast, Make, Someone
from tests.quiz.conftest import AddBank
from tests.quiz.hall import bank
from tests.quiz.office import Office

EACH_ONE = tuple(BlueprintRow(1, kind, score_centi=2500) for kind in QuestionType)
STANDARD = (
    BlueprintRow(10, QuestionType.SINGLE, score_centi=500),
    BlueprintRow(5, QuestionType.MULTIPLE, score_centi=600),
    BlueprintRow(5, QuestionType.TRUE_FALSE, score_centi=400),
)


@pytest.fixture
def office(database: Database, cast: Cast) -> Office:
    return Office(database, cast)


# -- 8: a bank that goes on while an exam runs -------------------------------------------------------------------------


def test_an_exam_keeps_the_texts_it_was_published_with_whatever_becomes_of_the_bank(office: Office) -> None:
    database, wang = office.database, office.cast.wang
    assert confirmed(database, wang).difference == Difference(0, added=4)
    old = drawable(database)
    office.publish(*EACH_ONE)

    done = confirmed(database, wang, GOOD.replace("一般每季度召开一次。", "每季度。"))
    assert done.difference == Difference(1, changed=1, unchanged=3)
    new = drawable(database)["zb-001"]
    versions = database.look(drawing.versions, [old["zb-001"], new])
    assert [versions[one].number for one in (old["zb-001"], new)] == [1, 2]
    assert len({one.marking_hash for one in versions.values()}) == 1
    card = office.start(office.cast.zhang)
    assert office.card_of(office.cast.zhang, card, QuestionType.SINGLE).question.explain == "一般每季度召开一次。"
    confirmed(database, wang)
    assert drawable(database) == old
    assert rows(database, QuestionVersion) == 5

    without = confirmed(database, wang, "".join(line for line in GOOD.splitlines(True) if "zb-003" not in line))
    assert (without.number, without.difference.retired) == (4, 1)
    assert "zb-003" not in drawable(database)
    card = office.start(office.cast.li)
    assert office.card_of(office.cast.li, card, QuestionType.TRUE_FALSE).question.stem == "预备党员有表决权。"
    assert database.run(importing.undo, wang.sender(), without.token, now=LATER) == 3
    assert drawable(database) == old
    assert confirmed(database, wang, GOOD.replace("应知应会", "要点")).number == 6  # the undo was number 5


# -- 15: what is drawn, and what is seen again -------------------------------------------------------------------------


def test_all_have_the_same_twenty_questions_and_find_in_the_review_the_letters_they_pressed(
    office: Office, add_bank: AddBank
) -> None:
    add_bank(bank(10))
    office.publish(*STANDARD)
    pressed: dict[int, str] = {}
    zhang = office.cast.zhang
    papers = [office.start(who) for who in (zhang, office.cast.li, office.cast.sun)]
    drawn = [{item.version_id for item in office.items(card.attempt_id)} for card in papers]
    assert len(drawn[0]) == 20
    assert drawn[0] == drawn[1] == drawn[2]
    for position in range(1, 21):
        card = office.open(zhang, papers[0], position)
        letter = "F" if card.question.type is QuestionType.TRUE_FALSE else "ABCD"[position % 4]
        office.pick(zhang, card, letter)
        pressed[position] = "错误" if letter == "F" else letter
        if card.question.type is QuestionType.SINGLE:
            assert card.question.options[card.order[-1]] == "以上都对"
        assert card.question.type is not QuestionType.TRUE_FALSE or card.order == ()
    office.submit(zhang, papers[0])
    office.release()
    seen: dict[int, str] = {}
    for place in range(1, 21):
        fault = office.act(review.fault, zhang, office.paper_id, place)
        assert isinstance(fault, Fault)
        seen[fault.position] = answer_words(fault.question, fault.order, fault.selection)
        assert f"你的答案：{pressed[fault.position]}\n" in strip_tags(results_views.fault(fault).text)
    assert len(seen) > 10
    assert seen == {position: pressed[position] for position in seen}


# -- 19, 20: figures and places ----------------------------------------------------------------------------------------


@pytest.fixture
def judged(office: Office, add_bank: AddBank) -> Office:
    """An exam of one hundred points, still open."""
    add_bank(bank())
    office.publish()
    office.set(max_centi=10_000)
    return office


def test_one_score_alone_is_rounded_half_up_for_its_secretary(judged: Office) -> None:
    judged.sat(judged.cast.zhang, 8425)
    judged.release()
    assert "参考 1 人，参考率 20%；参考人员平均 84.3 分，" in judged.texts("report", judged.cast.li.user_id)[0]


PLACES = {"张三": (9500, 400), "李四": (9500, 400), "孙七": (9000, 300), "周八": (8000, 100)}


def listed(office: Office) -> list[str]:
    found = office.act(reports.names, office.cast.li, office.paper_id, office.cast.branch.id)
    return strip_tags(results_views.names(found).text).split("\n")


def sheet(office: Office, who: Someone, branch_id: int) -> dict[str, list[tuple[object, ...]]]:
    found = office.act(exporting.gather, who, office.paper_id, branch_id)
    opened = openpyxl.load_workbook(BytesIO(workbook.render(found)))
    return {one.title: list(one.iter_rows(values_only=True)) for one in opened}


@pytest.fixture
def placed(judged: Office) -> Office:
    cast = judged.cast
    for who in (cast.zhang, cast.li, cast.sun, cast.zhou):
        judged.sat(who, *PLACES[who.name])
    return judged


def test_ranked_people_share_a_place_and_the_next_is_left_out(placed: Office) -> None:
    placed.set(ranking=True)
    placed.release()
    told = listed(placed)
    assert told[1:5] == [  # in the order of the roster, never of the places
        "· 张三　95 分，合格，6 分 40 秒，第 1 名（并列）",
        "· 周八　80 分，合格，1 分 40 秒，第 4 名",
        "· 李四　95 分，合格，6 分 40 秒，第 1 名（并列）",
        "· 孙七　90 分，合格，5 分钟，第 3 名",
    ]
    assert told[-1] == results_views.RANK_RULE
    scores = sheet(placed, placed.cast.li, placed.cast.branch.id)["成绩"]
    assert {row[2]: row[-1] for row in scores[2:6]} == {
        "张三": "第 1 名（并列）",
        "李四": "第 1 名（并列）",
        "孙七": "第 3 名",
        "周八": "第 4 名",
    }


def test_without_ranking_nobody_has_a_place_and_the_roster_gives_the_order(placed: Office) -> None:
    placed.release()
    told = "\n".join(listed(placed))
    assert "名次" not in told
    assert "第 1 名" not in told
    scores = sheet(placed, placed.cast.li, placed.cast.branch.id)["成绩"]
    assert scores[1] == ("支部", "党小组", "姓名", "结果", "得分", "合格", "用时", "次数", "补考")
    assert [row[2] for row in scores[2:7]] == ["张三", "周八", "李四", "孙七", "吴九"]


# -- 26: who sees what -------------------------------------------------------------------------------------------------

SECOND_CHAT = -1002


def join_in(session: Session, paper_id: int, branch_id: int, members: list[int]) -> None:
    """A second branch sits the exam as well."""
    session.add(PaperBranch(paper_id=paper_id, branch_id=branch_id))
    for member_id in members:
        session.add(
            Candidate(paper_id=paper_id, member_id=member_id, branch_id=branch_id, standing=CandidateStanding.DUE)
        )


@pytest.fixture
def told() -> list[tuple[int, str]]:
    """All that leaves: to whom, and what."""
    return []


@pytest.fixture
def of_two_branches(office: Office, add_bank: AddBank, make: Make, told: list[tuple[int, str]]) -> Office:
    """An exam of both branches of the company, from its notice to its results; 郑十 of 二支部 sat it too."""
    add_bank(bank())
    cast = office.cast
    make.chat(cast.second, SECOND_CHAT, "二支部群")
    zheng, formula = make.member("郑十", cast.second), make.member("=1+1", cast.branch)
    office.publish()
    office.database.run(join_in, office.paper_id, cast.second.id, [zheng.id])
    told += office.deliver()
    office.answer(cast.zhang)
    office.answer(cast.zhou, right=[1])
    office.answer(formula, right=[2, 3])
    office.answer(zheng, right=[1, 4])
    office.release()
    told += office.deliver()
    return office


def test_from_its_notice_to_its_figures_an_exam_tells_no_group_a_name_or_a_score(
    of_two_branches: Office, told: list[tuple[int, str]]
) -> None:
    to_groups = [text for chat_id, text in told if chat_id < 0]
    assert {chat_id for chat_id, _ in told if chat_id < 0} == {GROUP_CHAT, SECOND_CHAT}
    assert [text[:4] for text in to_groups] == ["【考试】", "《四月测", "《四月测"]
    names = ("张三", "李四", "孙七", "周八", "吴九", "郑十", "=1+1")
    assert [name for name in names for text in to_groups if name in text] == []
    results = of_two_branches.results().values()
    scores = {f" {row.score_centi / 100:g} 分" for row in results if row.score_centi is not None}
    assert len(scores) == 4
    assert [one for one in scores for text in to_groups if one in text.replace("满分 17 分", "")] == []
    assert len([text for chat_id, text in told if chat_id == 1001 and "成绩：17 分" in text]) == 1


def test_a_secretary_takes_home_his_own_branch_and_the_admin_no_name(of_two_branches: Office) -> None:
    office, cast = of_two_branches, of_two_branches.cast
    own = sheet(office, cast.li, cast.branch.id)
    assert list(own) == ["说明", "成绩", "答卷明细", "试题分析", "缺考与免考"]
    assert "郑十" not in str(own)
    assert "二支部" not in str(own)
    assert {row[2] for row in own["成绩"][2:] if row[3]} == {"张三", "周八", "=1+1", "李四", "孙七", "吴九"}
    points: dict[object, float] = {}
    for row in own["答卷明细"][2:]:
        if row[1] is not None:
            points[row[0]] = points.get(row[0], 0) + float(str(row[7]))
    assert points == {row[2]: float(str(row[4])) for row in own["成绩"][2:] if row[3] == "参考"}
    above = str(sheet(office, cast.wang, 0)).replace(f"{cast.wang.name}于", "")
    assert [name for name in ("张三", "李四", "孙七", "周八", "吴九", "郑十", "=1+1") if name in above] == []
    assert "二支部" in above
