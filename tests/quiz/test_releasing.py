"""Results after the closing: what counts, how it is reckoned, who is told what."""

from datetime import timedelta

import pytest

from bot.db import Database
from bot.quiz import candidates, releasing, reports
from bot.quiz.exam_facts import Missing
from bot.quiz.models import PaperLog, Result
from bot.quiz.rules import AttemptState, CandidateStanding, Outcome, PaperAction, PaperState, ShowKey
from tests.make import GROUP_CHAT, Cast, Make
from tests.quiz.banks import many
from tests.quiz.conftest import AddBank
from tests.quiz.hall import JUDGED, bank
from tests.quiz.office import Office, labels


@pytest.fixture
def office(database: Database, cast: Cast, add_bank: AddBank) -> Office:
    """一支部 has an exam of one hundred points under way."""
    add_bank(bank())
    office = Office(database, cast)
    office.publish()
    office.set(max_centi=10_000)
    return office


# -- what counts -------------------------------------------------------------------------------------------------------


def test_the_highest_score_counts_then_the_shorter_time_then_the_lower_number(office: Office) -> None:
    office.set(attempts_allowed=3)
    zhang, li, sun = office.cast.zhang, office.cast.li, office.cast.sun
    for number, (centi, seconds) in enumerate([(7000, 100), (9000, 500), (8000, 50)], start=1):
        office.sat(zhang, centi, seconds, number=number)
    for number, seconds in enumerate([500, 400, 400], start=1):
        office.sat(li, 9000, seconds, number=number)
    office.sat(sun, 5000, number=1, state=AttemptState.VOIDED)
    office.sat(sun, 4000, number=2)
    office.release()
    found = office.results()
    assert [(found[who.id].score_centi, found[who.id].time_s) for who in (zhang, li, sun)] == [
        (9000, 500),
        (9000, 400),
        (4000, 600),
    ]
    number = {row.id: row.number for row in office.rows(type(office.attempt))}
    assert number[found[li.id].attempt_id or 0] == 2


def test_absent_empty_exempt_and_struck_off_are_four_things(office: Office) -> None:
    cast = office.cast
    office.sat(cast.zhang, 0, state=AttemptState.NO_ANSWER)
    office.sat(cast.li, 6000)
    office.sat(cast.sun, 5999)
    office.stand(cast.zhou, CandidateStanding.EXEMPT, "住院")
    office.stand(cast.wu, CandidateStanding.REMOVED)
    office.release()
    outcomes = {row.member_id: (row.outcome, row.score_centi, row.passed) for row in office.results().values()}
    assert outcomes == {
        cast.zhang.id: (Outcome.NO_ANSWER, None, None),
        cast.li.id: (Outcome.SAT, 6000, True),  # inclusive
        cast.sun.id: (Outcome.SAT, 5999, False),
        cast.zhou.id: (Outcome.EXEMPT, None, None),
    }


def test_somebody_struck_off_after_handing_in_keeps_the_result(office: Office) -> None:
    office.sat(office.cast.zhang, 8000)
    office.stand(office.cast.zhang, CandidateStanding.REMOVED)
    office.release()
    assert office.results()[office.cast.zhang.id].score_centi == 8000


# -- when --------------------------------------------------------------------------------------------------------------


def test_results_wait_for_running_attempts_and_for_what_is_not_handled_yet(office: Office) -> None:
    card = office.start(office.cast.zhang)
    closes_at = office.paper.closes_at
    assert closes_at is not None
    waiting = office.waits(office.cast.zhang, closes_at + timedelta(seconds=4))
    office.at(closes_at + timedelta(seconds=4))
    office.tell()
    assert office.paper_state() is PaperState.CLOSED
    office.now = closes_at + timedelta(seconds=30)
    office.tell()
    assert office.paper_state() is PaperState.CLOSED  # the attempt of a press that has not acted yet
    assert office.database.look(releasing.next_due, office.now) == office.now + timedelta(seconds=15)
    office.handle(waiting)
    office.ring()
    assert office.database.look(releasing.next_due, office.now) == closes_at + timedelta(seconds=6)
    office.tell()
    assert office.paper_state() is PaperState.RELEASED
    assert office.results()[office.cast.zhang.id].attempt_id == card.attempt_id
    assert [row.action for row in office.rows(PaperLog)] == [PaperAction.PUBLISHED, PaperAction.RELEASED]
    assert office.database.look(releasing.next_due, office.now) is None


def test_released_twice_or_by_two_processes_everybody_is_told_once(office: Office) -> None:
    office.sat(office.cast.zhang, 9000)
    office.release()
    before = [(row.key, row.state) for row in office.outbox()]
    office.tell()
    office.database.run(releasing.release_due, now=office.now)
    assert [(row.key, row.state) for row in office.outbox()] == before
    assert {row.revision for row in office.rows(Result)} == {1}


# -- who is told what --------------------------------------------------------------------------------------------------


def test_each_candidate_hears_of_himself_alone(office: Office) -> None:
    cast = office.cast
    office.sat(cast.zhang, 6000)
    office.sat(cast.li, 10_000)
    office.sat(cast.sun, 0, state=AttemptState.NO_ANSWER)
    office.release()
    assert office.texts("result", cast.zhang.user_id) == ["《四月测试》成绩：60 分，合格。"]
    assert labels(office.sent("result", cast.zhang.user_id)[0]) == ["看错题", "错题本"]
    assert labels(office.sent("result", cast.li.user_id)[0]) == []  # nothing was wrong
    assert office.texts("result", cast.sun.user_id) == ["《四月测试》已结束，你开卷后没有作答。"]
    assert office.texts("result", cast.zhou.user_id) == ["《四月测试》已结束，你没有参加。"]
    assert office.texts("result", cast.wu.user_id) == []  # never started the bot


def test_a_paper_that_never_shows_its_key_leads_to_no_book(office: Office) -> None:
    office.set(show_key=ShowKey.NEVER)
    office.sat(office.cast.zhang, 6000)
    office.release()
    assert labels(office.sent("result", office.cast.zhang.user_id)[0]) == ["看错题"]


def test_the_figures_of_the_specification(office: Office, make: Make) -> None:
    """20 candidates, 2 exempt, 17 sat, 16 passed: 18, 94.4 %, 94.1 %."""
    office.publish(JUDGED)
    others = office.people(make, 15)  # with the five of the cast twenty
    office.publish(JUDGED)
    office.set(max_centi=10_000)
    everybody = [office.cast.zhang, office.cast.li, office.cast.sun, office.cast.zhou, office.cast.wu, *others]
    for who in everybody[:2]:
        office.stand(who, CandidateStanding.EXEMPT)
    for who in everybody[3:19]:
        office.sat(who, 7000)
    office.sat(everybody[19], 5900)
    office.release()
    assert office.texts("figures", GROUP_CHAT)[-1] == (
        "《四月测试》已结束。本支部应考 18 人，参考 17 人，参考率 94.4%；"
        "参考人员平均 69.4 分，及格率 94.1%，优秀率 0%。个人成绩已私发本人。"
    )


@pytest.mark.parametrize(("centi", "mean"), [((8000, 8500, 9050), "85.2"), ((8425, 8425, 8425), "84.3")])
def test_means_are_rounded_half_up_to_a_tenth(office: Office, centi: tuple[int, ...], mean: str) -> None:
    cast = office.cast
    for who, points in zip((cast.zhang, cast.li, cast.sun), centi, strict=True):
        office.sat(who, points)
    office.release()
    assert f"参考人员平均 {mean} 分" in office.texts("figures", GROUP_CHAT)[0]


def test_a_group_is_not_told_the_mean_of_one_or_two(office: Office) -> None:
    office.sat(office.cast.zhang, 4200)
    office.release()
    assert office.texts("figures", GROUP_CHAT) == [
        "《四月测试》已结束。本支部应考 5 人，参考 1 人，参考率 20%。参考人数较少，不公布平均分。个人成绩已私发本人。"
    ]
    assert "平均 42 分" in office.texts("report", office.cast.li.user_id)[0]


def test_the_secretary_and_the_organizer_read_who_was_missing(office: Office) -> None:
    cast = office.cast
    office.sat(cast.zhang, 6000)
    office.stand(cast.zhou, CandidateStanding.EXEMPT)
    office.release()
    told = office.texts("report", cast.li.user_id)
    assert told == office.texts("report", cast.sun.user_id)
    assert told[0].split("\n") == [
        "《四月测试》已结束。本支部应考 4 人，参考 1 人，参考率 25%；参考人员平均 60 分，及格率 100%，优秀率 0%。",
        "缺考：李四、孙七、吴九。",
        "免考：周八。",
        "未触达：吴九。",
    ]
    assert labels(office.sent("report", cast.li.user_id)[0]) == ["导出 Excel", "查看名单", "试题分析", "发布补考"]
    for who in (cast.zhang, cast.wang, cast.zhao):
        assert office.texts("report", who.user_id) == []


def test_who_is_missing_stands_in_one_order_before_and_after_the_release(
    database: Database, cast: Cast, add_bank: AddBank, make: Make
) -> None:
    """That of the roster: its groups, then its rows; 安一 came last."""
    make.member("安一", cast.branch, is_bound=False)
    add_bank(bank())
    office = Office(database, cast)
    office.publish()
    before = office.act(candidates.missing, cast.li, office.paper_id)
    assert isinstance(before, Missing)
    assert before.names == ("张三", "周八", "李四", "孙七", "吴九", "安一")
    office.release()
    listed = office.act(reports.names, cast.li, office.paper_id, cast.branch.id)
    assert tuple(line.name for line in listed.lines) == before.names
    told = office.texts("report", cast.li.user_id)[0].splitlines()
    assert told[1:] == ["缺考：张三、周八、李四、孙七、吴九、安一。", "未触达：吴九、安一。"]


def test_results_of_the_night_wait_for_the_morning(office: Office) -> None:
    office.sat(office.cast.zhang, 6000)
    office.set(closes_at=office.now + timedelta(hours=14))  # 23:00
    office.release()
    due = {row.due_at for row in office.outbox() if ":result:" in row.key or ":figures:" in row.key}
    assert len(due) == 1
    assert (due.pop() - office.now) > timedelta(hours=8)


@pytest.fixture
def two_branches(office: Office, make: Make) -> Office:
    """王五 of the district has published for both branches of the company."""
    office.database.run(_widen, office)
    make.chat(office.cast.second, -1002, "二支部群")
    return office


def _widen(session: object, office: Office) -> None:
    from sqlalchemy.orm import Session

    from bot.quiz.models import Candidate, Paper, PaperBranch

    assert isinstance(session, Session)
    session.add(PaperBranch(paper_id=office.paper_id, branch_id=office.cast.second.id))
    wang = Candidate(paper_id=office.paper_id, member_id=office.cast.wang.id, branch_id=office.cast.second.id)
    wang.standing = CandidateStanding.DUE
    session.add(wang)
    paper = session.get(Paper, office.paper_id)
    assert paper is not None
    paper.by = office.cast.wang.id


def test_those_above_read_a_table_without_names_and_groups_their_own_branch(two_branches: Office) -> None:
    office, cast = two_branches, two_branches.cast
    for who in (cast.zhang, cast.li, cast.sun):
        office.sat(who, 9000)
    office.release()
    assert office.texts("report", cast.wang.user_id) == [
        "《四月测试》已结束，各支部情况：\n"
        "· 一支部：应考 5，参考 3，参考率 60%，平均 90 分，及格率 100%\n"
        "· 二支部：应考 1，参考 0，参考率 0%\n"
        "合计：应考 6，参考 3，参考率 50%，平均 90 分，及格率 100%"
    ]
    assert labels(office.sent("report", cast.wang.user_id)[0]) == ["导出 Excel", "试题分析", "发布补考"]
    assert "发布补考" not in labels(office.sent("report", cast.li.user_id)[0])  # not his alone
    assert office.texts("figures", -1002) == ["《四月测试》已结束。本支部应考 1 人，参考 0 人，参考率 0%。"]


@pytest.mark.parametrize("is_allowed", [True, False])
def test_top_names_stand_without_scores_and_only_where_paper_and_office_both_say_so(
    office: Office, is_allowed: bool
) -> None:
    """Also if the office allowed them when the paper was published, and has changed its mind since."""
    cast, office.top_names_allowed = office.cast, is_allowed
    for who, centi in ((cast.zhang, 9000), (cast.li, 9500), (cast.sun, 8000), (cast.zhou, 7000)):
        office.sat(who, centi)
    office.set(ranking=True, top_names=3)
    office.release()
    told = office.texts("figures", GROUP_CHAT)[0]
    assert told.endswith("\n前列：张三、李四、孙七（按名册顺序，不分先后）。") is is_allowed
    assert ("张三" in told) is is_allowed
    assert "95" not in told.partition("\n")[2]


def test_nobody_who_has_failed_is_named_among_the_first(office: Office) -> None:
    office.top_names_allowed = True
    for who, centi in ((office.cast.zhang, 9000), (office.cast.li, 5900), (office.cast.sun, 0)):
        office.sat(who, centi)
    office.set(ranking=True, top_names=3)
    office.release()
    assert office.texts("figures", GROUP_CHAT)[0].endswith("\n前列：张三（按名册顺序，不分先后）。")


def test_no_group_message_names_anybody_by_default(office: Office, add_bank: AddBank) -> None:
    add_bank(many(3))
    for who in (office.cast.zhang, office.cast.li, office.cast.sun):
        office.sat(who, 9000)
    office.release()
    for row in office.outbox():
        if row.chat_id is not None and row.chat_id < 0:
            assert not any(name in str(row.body) for name in ("张三", "李四", "孙七", "周八", "吴九"))
