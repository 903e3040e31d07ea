"""A published exam for its makers: counts, a void attempt, who has left the roll."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.members.models import Membership
from bot.members.rules import NotAllowed
from bot.message import StaleButton
from bot.quiz import overseeing, overseeing_views
from bot.quiz.exam_facts import ExamCounts, ExamRef
from bot.quiz.models import Attempt, Candidate, Paper, PaperLog
from bot.quiz.rules import AttemptState, CandidateStanding, PaperAction, PaperState
from bot.undo import TooLate
from tests.make import NOW, Make, Someone
from tests.quiz.hall import Hall


def counts(hall: Hall, who: Someone) -> ExamCounts:
    return hall.act(overseeing.look, who, hall.paper_id)


def leave(session: Session, member_id: int, on: date) -> None:
    session.execute(update(Membership).where(Membership.member_id == member_id).values(to_on=on))


@pytest.fixture
def sat(hall: Hall) -> int:
    """张三 has handed in; the number of his attempt."""
    hall.publish()
    card = hall.start(hall.cast.zhang)
    hall.pick(hall.cast.zhang, card, "A")
    hall.submit(hall.cast.zhang, card)
    return card.attempt_id


def test_the_secretary_sees_how_many_have_sat(hall: Hall, make: Make) -> None:
    make.exemption(hall.cast.zhou)
    hall.publish()
    hall.submit(hall.cast.zhang, hall.start(hall.cast.zhang))
    hall.start(hall.cast.sun)
    found = counts(hall, hall.cast.li)
    assert (found.due, found.exempt, found.finished, found.running) == (4, 1, 1, 1)
    papers, exams = hall.act(overseeing.menu, hall.cast.li)
    assert papers == ()
    assert [(exam.title, exam.state) for exam in exams] == [("四月测试", PaperState.OPEN)]


def test_the_admin_above_sees_counts_and_no_names(hall: Hall, sat: int) -> None:
    found = counts(hall, hall.cast.wang)
    assert (found.finished, found.sees_names) == (1, False)
    assert "\n一支部：应考 5 人，已交卷 1 人" in overseeing_views.overview(found).text  # he has several branches
    assert "\n2 个支部，应考" in overseeing_views.overview(replace(found, places=("一支部", "二支部"))).text
    assert "\n应考 5 人" in overseeing_views.overview(counts(hall, hall.cast.li)).text
    assert hall.act(overseeing.sitters, hall.cast.wang, hall.paper_id)[1] == ()
    with pytest.raises(StaleButton):
        hall.act(overseeing.void, hall.cast.wang, sat, "代考")


def test_others_see_nothing(hall: Hall, sat: int) -> None:
    for who in (hall.cast.zhang, hall.cast.zhao):
        with pytest.raises(NotAllowed):
            counts(hall, who)
        with pytest.raises(NotAllowed):
            hall.act(overseeing.sitters, who, hall.paper_id)
        with pytest.raises(NotAllowed):
            hall.act(overseeing.void, who, sat, "代考")
    assert hall.act(overseeing.menu, hall.cast.zhao)[1] == ()


def test_a_void_attempt_is_kept_logged_and_may_be_repeated(hall: Hall, sat: int) -> None:
    _, sitters = hall.act(overseeing.sitters, hall.cast.li, hall.paper_id)
    assert [(one.name, one.attempt_id) for one in sitters] == [("张三", sat)]
    hall.act(overseeing.void, hall.cast.li, sat, "代考\n被发现")
    assert hall.state() is AttemptState.VOIDED
    log = hall.rows(PaperLog)[-1]
    assert (log.action, log.reason, log.actor) == (PaperAction.VOIDED, "张三 第 1 次：代考 被发现", hall.cast.li.id)
    assert hall.told(hall.cast.zhang)[-1].startswith("《四月测试》第 1 次答卷已作废，不计成绩。原因：代考 被发现。")
    assert hall.start(hall.cast.zhang).attempt_id != sat
    assert [one.number for one in hall.rows(Attempt)] == [1, 2]


def test_whose_attempt_is_void_is_chosen_in_the_order_of_the_roster(hall: Hall, sat: int) -> None:
    for who in (hall.cast.li, hall.cast.zhou):
        hall.submit(who, hall.start(who))
    _, sitters = hall.act(overseeing.sitters, hall.cast.li, hall.paper_id)
    assert [one.name for one in sitters] == ["张三", "周八", "李四"]  # those of no group last, on every server


def test_an_attempt_is_declared_void_once(hall: Hall, sat: int) -> None:
    hall.act(overseeing.void, hall.cast.li, sat, "代考")
    with pytest.raises(overseeing.NothingToVoid):
        hall.act(overseeing.void, hall.cast.li, sat, "代考")


def test_a_void_attempt_counts_again_and_its_member_is_told_if_he_had_heard(hall: Hall, sat: int) -> None:
    li, zhang = hall.cast.li, hall.cast.zhang
    for hears in (False, True):
        hall.deliver()
        done = hall.act(overseeing.void, li, sat, "误点")
        assert done.undo is not None
        told = [text for text in hall.heard(zhang) if "作废" in text] if hears else []
        assert len(told) == hears
        hall.act(overseeing.restore, li, done.undo[0])
        assert hall.attempt.state is AttemptState.SUBMITTED
        back = "《四月测试》第 1 次答卷的作废已撤回，答卷有效，不用重新参加。"
        assert hall.heard(zhang) == ([back] if hears else [])
        with pytest.raises(TooLate):
            hall.act(overseeing.restore, li, done.undo[0])
    log = hall.rows(PaperLog)[-1]
    assert (log.action, log.reason) == (PaperAction.RESTORED, "张三 第 1 次")


def test_who_has_begun_again_keeps_what_he_has_begun(hall: Hall, sat: int) -> None:
    done = hall.act(overseeing.void, hall.cast.li, sat, "误点")
    assert done.undo is not None
    for stranger in (hall.cast.zhao, hall.cast.zhang):
        with pytest.raises(NotAllowed):
            hall.act(overseeing.restore, stranger, done.undo[0])
    hall.start(hall.cast.zhang)
    with pytest.raises(overseeing.BegunAgain):
        hall.act(overseeing.restore, hall.cast.li, done.undo[0])
    assert [one.state for one in hall.rows(Attempt)] == [AttemptState.VOIDED, AttemptState.STARTED]


def test_the_page_of_the_exam_leads_to_the_undoing_as_long_as_there_is_one(hall: Hall, sat: int) -> None:
    def page() -> ExamCounts:
        return hall.act(overseeing.look, hall.cast.li, hall.paper_id)

    done = hall.act(overseeing.void, hall.cast.li, sat, "误点")
    assert done.undo is not None
    assert [(one.undo_id, one.until, one.name) for one in page().voids] == [(*done.undo, "张三")]
    shown = overseeing_views.overview(page())
    assert f"张三同志的答卷已作废，{moment_of(done.undo[1])}前可撤销。" in shown.text.splitlines()
    assert shown.buttons[0][0].label == "撤销作废：张三"
    assert hall.act(overseeing.look, hall.cast.wang, hall.paper_id).voids == ()  # who may not know the name
    hall.act(overseeing.restore, hall.cast.li, done.undo[0])
    assert page().voids == ()
    hall.act(overseeing.void, hall.cast.li, sat, "代考")
    hall.start(hall.cast.zhang)  # what he has begun is his
    assert page().voids == ()


def moment_of(at: datetime) -> str:
    return f"{at + timedelta(hours=8):%H:%M}"


def test_what_has_been_released_is_not_declared_void(hall: Hall, sat: int) -> None:
    hall.database.run(lambda session: session.execute(update(Paper).values(state=PaperState.RELEASED)))
    with pytest.raises(overseeing.AlreadyReleased):
        hall.act(overseeing.consider, hall.cast.li, sat)


def test_who_has_left_the_roll_is_missed_only_if_he_had_nothing_finished(hall: Hall, sat: int) -> None:
    for who in (hall.cast.zhang, hall.cast.zhou):
        hall.database.run(leave, who.id, date(2026, 3, 3))
    hall.at(NOW + timedelta(days=3))
    standing = {one.member_id: one.standing for one in hall.rows(Candidate)}
    assert standing[hall.cast.zhang.id] is CandidateStanding.DUE
    assert standing[hall.cast.zhou.id] is CandidateStanding.REMOVED
    assert standing[hall.cast.sun.id] is CandidateStanding.DUE


def test_who_moves_to_another_branch_still_belongs_to_the_exam(hall: Hall) -> None:
    hall.publish()
    second = hall.cast.second.id
    moved = update(Membership).where(Membership.member_id == hall.cast.zhou.id).values(branch_id=second, group_id=None)
    hall.database.run(lambda session: session.execute(moved))
    hall.start(hall.cast.zhou)
    hall.at(NOW + timedelta(days=3))
    (zhou,) = [one for one in hall.rows(Candidate) if one.member_id == hall.cast.zhou.id]
    assert (zhou.standing, zhou.branch_id) == (CandidateStanding.DUE, hall.cast.branch.id)


def test_a_long_title_in_the_list_still_says_that_it_is_a_resit() -> None:
    long = "城建集团党支部工作与组织生活制度应知应会综合练习题库（二〇二六年）"
    resit = ExamRef(8, f"{long}（第 2 次补考）", PaperState.OPEN)
    labels = [button.label for row in overseeing_views.listed((resit,)) for button in row]
    assert labels == ["进行中：城建集团党支部工作与组织生活制度应知应会…（第 2 次补考）"]
