"""补考: for whom, with what, and what it changes and what it never does."""

from datetime import timedelta

import pytest

from bot.banks.rules import QuestionType
from bot.db import Database
from bot.members.rules import NotAllowed
from bot.quiz import exams, releasing, reports, resits
from bot.quiz.blueprint import BlueprintRow
from bot.quiz.exam_facts import HandedIn
from bot.quiz.models import Candidate, Paper, PaperItem
from bot.quiz.resits import NobodyToResit, NoMoreResits, ResitOfResit, ResitRunning
from bot.quiz.result_facts import Report
from bot.quiz.rules import CandidateStanding, Draw, PaperState
from tests.make import Cast
from tests.quiz.conftest import AddBank
from tests.quiz.hall import bank
from tests.quiz.office import Office

ONE_SINGLE = BlueprintRow(1, QuestionType.SINGLE, score_centi=10_000)
TWO_SINGLES = BlueprintRow(2, QuestionType.SINGLE, score_centi=5000)


@pytest.fixture
def office(database: Database, cast: Cast, add_bank: AddBank) -> Office:
    """张三 passed, 李四 did not, 周八 is exempt, 孙七 and 吴九 were absent."""
    add_bank(bank())
    office = Office(database, cast)
    office.publish(ONE_SINGLE)
    office.sat(cast.zhang, 9000)
    office.sat(cast.li, 5500)
    office.stand(cast.zhou, CandidateStanding.EXEMPT)
    office.release()
    return office


def resit(office: Office) -> int:
    """李四 publishes it, the clock opens it; the first exam's number comes back."""
    first = office.paper_id
    office.act(resits.publish, office.cast.li, first)
    office.paper_id = office.rows(Paper)[-1].id
    office.database.run(exams.step_due, now=office.now)
    assert office.paper_state() is PaperState.OPEN
    return first


def report(office: Office, paper_id: int) -> Report:
    found = office.act(reports.report, office.cast.li, paper_id, 0)
    assert isinstance(found, Report)
    return found


def test_those_without_a_pass_sit_other_questions_of_the_same_kind(office: Office) -> None:
    plan = office.act(resits.plan, office.cast.li, office.paper_id)
    assert (plan.number, plan.absent, plan.no_answer, plan.failed, plan.repeats) == (1, 2, 0, 1, False)
    first = resit(office)
    names = {candidate.member_id for candidate in office.rows(Candidate) if candidate.paper_id == office.paper_id}
    assert names == {who.id for who in (office.cast.li, office.cast.sun, office.cast.wu)}
    paper = office.paper
    assert (paper.title, paper.resit_of, paper.resit_number, paper.code) == ("四月测试（补考）", first, 1, "2026-002")
    versions = {item.paper_id: item.version_id for item in office.rows(PaperItem)}
    assert versions[first] != versions[office.paper_id]


def test_a_resit_counts_at_most_the_pass_mark_and_leaves_the_first_rates(office: Office) -> None:
    before = report(office, office.paper_id).rates
    first = resit(office)
    office.sat(office.cast.li, 9200)
    office.sat(office.cast.sun, 5500)
    office.release()
    found = office.results()
    assert [(found[who.id].score_centi, found[who.id].credited_centi) for who in (office.cast.li, office.cast.sun)] == [
        (9200, 6000),
        (5500, 5500),
    ]
    after = report(office, first)
    assert after.rates == before
    assert after.resit is not None
    assert (after.resit.passed, after.resit.sat) == (2, 3)
    told = office.texts("result", office.cast.li.user_id)[-1]
    assert told == "《四月测试（补考）》成绩：92 分，合格。补考合格，按 60 分记入。"
    assert (
        "补考后合格率 66.7%（首考或补考参考 3 人，合格 2 人）。" in office.texts("report", office.cast.li.user_id)[-1]
    )


def test_who_passed_a_resit_has_nothing_to_gain_from_another_attempt(office: Office) -> None:
    resit(office)
    office.set(attempts_allowed=2, pass_pct=0)
    done = office.submit(office.cast.li, office.start(office.cast.li))
    assert isinstance(done, HandedIn)
    assert (done.is_passed, done.again_id) == (True, None)
    office.set(pass_pct=60)
    done = office.submit(office.cast.sun, office.start(office.cast.sun))
    assert isinstance(done, HandedIn)
    assert (done.is_passed, done.again_id) == (False, office.paper_id)


def test_there_are_two_resits_at_most_one_after_the_other(office: Office) -> None:
    first = resit(office)
    with pytest.raises(ResitRunning):
        office.act(resits.plan, office.cast.li, first)
    office.sat(office.cast.sun, 8000)
    office.release()
    with pytest.raises(ResitOfResit):
        office.act(resits.publish, office.cast.li, office.paper_id)
    assert office.act(resits.plan, office.cast.li, first).people == 2  # 孙七 has passed meanwhile
    office.paper_id = first
    resit(office)
    assert office.paper.title == "四月测试（第 2 次补考）"
    office.release()
    with pytest.raises(NoMoreResits):
        office.act(resits.publish, office.cast.li, first)
    assert not report(office, first).can_resit


def test_questions_come_back_with_a_note_where_the_bank_is_too_small(office: Office) -> None:
    office.publish(TWO_SINGLES)  # of three
    office.sat(office.cast.zhang, 1000)
    office.release()
    assert office.act(resits.plan, office.cast.li, office.paper_id).repeats
    done = office.act(resits.publish, office.cast.li, office.paper_id)
    assert done.repeats


def test_a_resit_of_papers_drawn_apart_freezes_a_pool_of_its_own(office: Office) -> None:
    office.publish(ONE_SINGLE, draw=Draw.EACH)
    office.answer(office.cast.zhang, right=[])
    office.release()
    resit(office)
    office.answer(office.cast.zhang)
    office.release()
    assert office.results()[office.cast.zhang.id].credited_centi == 6000


def test_without_anybody_to_resit_and_without_the_right_nothing_is_published(office: Office) -> None:
    with pytest.raises(NotAllowed):
        office.act(resits.publish, office.cast.zhang, office.paper_id)
    office.publish(ONE_SINGLE)
    for who in (office.cast.zhang, office.cast.li, office.cast.sun, office.cast.zhou, office.cast.wu):
        office.sat(who, 10_000)
    office.release()
    with pytest.raises(NobodyToResit):
        office.act(resits.publish, office.cast.li, office.paper_id)
    office.now += timedelta(days=1)
    assert office.database.look(releasing.next_due, office.now) is None
