"""An exam in the making: seven steps, each with a default and a way back, by taps and by typed values."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.banks.rules import Bank, QuestionType, Rule
from bot.errors import UserError
from bot.members.rules import NotAllowed
from bot.quiz import drafts, exam_drafts, exam_rows, exam_settings, exams, papers, starting
from bot.quiz.exam_facts import Cover, ExamDraft
from bot.quiz.marking import MarkingRule
from bot.quiz.models import Candidate, Paper, PaperBranch, PaperItem, PaperPool
from bot.quiz.rules import EXAM_STEPS, DraftStep, Draw, OpenWhen, PaperState, Setting, ShowKey, ShowScore
from tests.make import NOW
from tests.quiz.conftest import AddBank
from tests.quiz.hall import Hall
from tests.quiz.hall import bank as bank_of
from tests.quiz.test_running import moment

SMALL = ((2, 1000), (2, 2000), (2, 2000))  # 单选, 多选, 判断


def begin(hall: Hall) -> ExamDraft:
    """李四 has chosen all banks and any topic."""
    draft = hall.act(exam_drafts.begin, hall.cast.li, seed=1)
    assert draft.step is DraftStep.BANK
    assert hall.act(exam_drafts.choose_bank, hall.cast.li, draft.paper_id, 0).step is DraftStep.TOPIC
    return hall.act(exam_drafts.choose_topic, hall.cast.li, draft.paper_id, 0)


@pytest.fixture
def draft(hall: Hall) -> ExamDraft:
    """A paper of six questions, which the bank has."""
    made = begin(hall)
    for place, (count, score) in enumerate(SMALL):
        hall.act(exam_rows.set_score, hall.cast.li, made.paper_id, place, score)
        made = hall.act(exam_rows.set_count, hall.cast.li, made.paper_id, place, count).draft
    return made


def go(hall: Hall, draft: ExamDraft, step: DraftStep) -> ExamDraft:
    return hall.act(exam_drafts.go, hall.cast.li, draft.paper_id, step.value)


def write(hall: Hall, draft: ExamDraft, what: str, text: str) -> ExamDraft:
    return hall.act(exam_settings.fill, hall.cast.li, f"{draft.paper_id}:{what}", text)


def put(hall: Hall, draft: ExamDraft, setting: Setting, value: int, *, can_name: bool = False) -> ExamDraft:
    given = (draft.paper_id, setting.value, value)
    return hall.act(exam_settings.put, hall.cast.li, *given, can_name=can_name)


# -- the standard paper ------------------------------------------------------------------------------------------------


def test_a_standard_paper_that_the_bank_cannot_fill_says_what_is_missing(hall: Hall, add_bank: AddBank) -> None:
    for _ in range(2):
        made = hall.act(exam_drafts.begin_standard, hall.cast.li, seed=1)
        with pytest.raises(papers.TooFew) as refused:
            hall.act(exam_drafts.choose_bank, hall.cast.li, made.paper_id, 0)
    assert str(refused.value) == "题量不够：单选需要 10 道，可用 3 道。请减少题量或换题库。"
    assert {paper.state for paper in hall.rows(Paper)} == {PaperState.DRAFT}
    few = [question for question in bank_of(10).questions if question.code not in {f"m-{n}" for n in range(1, 8)}]
    add_bank(replace(Bank("few", "少多选", tuple(few))))
    banks = {one.title: one.bank_id for one in hall.act(exam_drafts.look, hall.cast.li, made.paper_id).banks}
    with pytest.raises(papers.TooFew) as refused:
        hall.act(exam_drafts.choose_bank, hall.cast.li, made.paper_id, banks["少多选"])
    assert "多选需要 5 道，可用 3 道" in str(refused.value)


def test_a_standard_paper_is_ready_after_its_bank(hall: Hall, add_bank: AddBank) -> None:
    add_bank(replace(bank_of(10), slug="ten", title="十题"))
    made = hall.act(exam_drafts.begin_standard, hall.cast.li, seed=1)
    bank = next(one.bank_id for one in made.banks if one.title == "十题")
    preview = hall.act(exam_drafts.choose_bank, hall.cast.li, made.paper_id, bank)
    assert (preview.step, sum(preview.counts.values()), preview.max_centi) == (DraftStep.PREVIEW, 20, 100_00)
    done = hall.act(exam_drafts.publish, hall.cast.li, made.paper_id)
    assert (done.count, done.people, done.terms.closes_at) == (20, 5, moment("2026-03-05 18:00"))
    assert len(hall.rows(PaperItem)) == 20
    with pytest.raises(drafts.NoDraft):
        hall.act(exam_drafts.publish, hall.cast.li, made.paper_id)


# -- seven steps -------------------------------------------------------------------------------------------------------


def test_every_step_has_a_default_and_a_way_back(hall: Hall, draft: ExamDraft) -> None:
    for step in EXAM_STEPS[2:]:
        assert go(hall, draft, step).step is step
    for step in reversed(EXAM_STEPS):
        assert go(hall, draft, step).step is step
    assert go(hall, draft, DraftStep.PREVIEW).max_centi == 100_00


def test_counts_and_points_are_tapped_or_typed(hall: Hall, draft: ExamDraft) -> None:
    assert [(row.type, row.count, row.score_centi, row.have) for row in draft.rows] == [
        (QuestionType.SINGLE, 2, 1000, 3),
        (QuestionType.MULTIPLE, 2, 2000, 3),
        (QuestionType.TRUE_FALSE, 2, 2000, 3),
    ]
    typed = write(hall, draft, "row0", "3题，每题2.5分")
    assert (typed.rows[0].count, typed.rows[0].score_centi) == (3, 250)
    for text in ("很多", "0", "201", "3题 0分", "3题 101分"):
        with pytest.raises(exam_rows.NoSuchRow):
            write(hall, draft, "row0", text)


def test_no_step_behind_the_questions_is_reached_without_enough_of_them(hall: Hall, draft: ExamDraft) -> None:
    made = begin(hall)  # ten singles, of which there are three
    with pytest.raises(papers.TooFew):
        go(hall, made, DraftStep.WINDOW)
    for place in range(3):
        hall.act(exam_rows.remove, hall.cast.li, draft.paper_id, place)
    with pytest.raises(exam_drafts.NoQuestions):
        go(hall, draft, DraftStep.WINDOW)
    write(hall, draft, "row0", "1题 0.5分")
    with pytest.raises(exam_drafts.TooManyPoints):
        go(hall, draft, DraftStep.WINDOW)


def test_the_window_is_tapped_or_typed(hall: Hall, draft: ExamDraft) -> None:
    go(hall, draft, DraftStep.WINDOW)
    monday = hall.act(exam_settings.set_opening, hall.cast.li, draft.paper_id, OpenWhen.MONDAY.value)
    assert (monday.terms.opens_at, monday.terms.closes_at) == (moment("2026-03-09 09:00"), moment("2026-03-12 18:00"))
    week = hall.act(exam_settings.set_closing, hall.cast.li, draft.paper_id, 7)
    assert week.terms.closes_at == moment("2026-03-16 18:00")
    now = hall.act(exam_settings.set_opening, hall.cast.li, draft.paper_id, OpenWhen.AT_ONCE.value)
    assert (now.opens_at_once, now.terms.closes_at) == (True, moment("2026-03-09 18:00"))
    typed = write(hall, draft, "window", "3月5日 9:00 至 3月8日 18:00")
    assert (typed.terms.opens_at, typed.terms.closes_at) == (moment("2026-03-05 09:00"), moment("2026-03-08 18:00"))
    later = write(hall, draft, "window", "3月20日12点")
    assert (later.terms.opens_at, later.terms.closes_at) == (moment("2026-03-05 09:00"), moment("2026-03-20 12:00"))
    for text, refusal in {
        "不知道": exam_settings.NoSuchWindow,
        "3月4日": exam_drafts.BadWindow,
        "今天8:00至明天8:00": exam_drafts.BadWindow,
        "2026年9月1日": exam_drafts.BadWindow,
    }.items():
        with pytest.raises(refusal):
            write(hall, draft, "window", text)


def test_a_window_that_has_passed_while_the_draft_lay_is_not_published(hall: Hall, draft: ExamDraft) -> None:
    write(hall, draft, "window", "明天18:00")
    go(hall, draft, DraftStep.PREVIEW)
    hall.wait(days=3)
    with pytest.raises(exam_drafts.BadWindow):
        hall.act(exam_drafts.publish, hall.cast.li, draft.paper_id)


def test_time_marks_and_what_is_shown_are_chosen(hall: Hall, draft: ExamDraft) -> None:
    put(hall, draft, Setting.LIMIT, 45)
    put(hall, draft, Setting.ATTEMPTS, 2)
    put(hall, draft, Setting.PASS, 80)
    put(hall, draft, Setting.SCORE, ShowScore.ON_RELEASE.value)
    put(hall, draft, Setting.RANKING, 1)
    write(hall, draft, "limit", "25 分钟")
    write(hall, draft, "good", "95%")
    go(hall, draft, DraftStep.PREVIEW)
    hall.act(exam_drafts.publish, hall.cast.li, draft.paper_id)
    paper = next(one for one in hall.rows(Paper) if one.id == draft.paper_id)
    assert (paper.limit_s, paper.attempts_allowed, paper.pass_pct, paper.good_pct) == (25 * 60, 2, 80, 95)
    assert (paper.show_score, paper.ranking, paper.top_names) == (ShowScore.ON_RELEASE, True, 0)


@pytest.mark.parametrize(("what", "text"), [("limit", "4"), ("limit", "181"), ("pass", "0"), ("good", "很高")])
def test_values_out_of_their_range_are_refused(hall: Hall, draft: ExamDraft, what: str, text: str) -> None:
    with pytest.raises(exam_settings.OutOfRange):
        write(hall, draft, what, text)


def test_what_contradicts_itself_is_refused(hall: Hall, draft: ExamDraft) -> None:
    put(hall, draft, Setting.PASS, 90)
    with pytest.raises(exam_settings.GoodBelowPass):
        put(hall, draft, Setting.GOOD, 80)
    with pytest.raises(exam_settings.KeyTooEarly):
        put(hall, draft, Setting.KEY, ShowKey.ON_SUBMIT.value)
    put(hall, draft, Setting.DRAW, Draw.EACH.value)
    put(hall, draft, Setting.KEY, ShowKey.ON_SUBMIT.value)
    assert put(hall, draft, Setting.ATTEMPTS, 2).settings[Setting.KEY] == ShowKey.ON_CLOSE.value


def test_names_of_the_best_need_a_ranking_and_the_installations_leave(hall: Hall, draft: ExamDraft) -> None:
    with pytest.raises(exam_settings.NoTopNames):
        put(hall, draft, Setting.TOP_NAMES, 3, can_name=True)
    put(hall, draft, Setting.RANKING, 1)
    with pytest.raises(exam_settings.NoTopNames):
        put(hall, draft, Setting.TOP_NAMES, 3)
    assert put(hall, draft, Setting.TOP_NAMES, 3, can_name=True).settings[Setting.TOP_NAMES] == 3
    assert put(hall, draft, Setting.RANKING, 0).settings[Setting.TOP_NAMES] == 0


def test_each_attempt_is_drawn_from_the_pool_of_the_day_of_publishing(hall: Hall, draft: ExamDraft) -> None:
    put(hall, draft, Setting.DRAW, Draw.EACH.value)
    go(hall, draft, DraftStep.PREVIEW)
    hall.act(exam_drafts.publish, hall.cast.li, draft.paper_id)
    assert len(hall.rows(PaperPool)) == 9
    assert hall.rows(PaperItem) == []


# -- for whom, by whom -------------------------------------------------------------------------------------------------


def test_an_admin_chooses_branches_of_his_own(hall: Hall) -> None:
    wang = hall.cast.wang
    made = hall.act(exam_drafts.begin, wang, seed=1)
    hall.act(exam_drafts.choose_bank, wang, made.paper_id, 0)
    hall.act(exam_rows.set_count, wang, made.paper_id, 0, 3)
    for place in (1, 2):
        hall.act(exam_rows.remove, wang, made.paper_id, place)
    targets = hall.act(exam_drafts.go, wang, made.paper_id, DraftStep.TARGETS.value)
    assert [(one.name, one.is_on) for one in targets.targets] == [
        ("一支部", True),
        ("二支部", True),
        ("交通一支部", True),
    ]
    hall.act(exam_settings.all_branches, wang, made.paper_id, is_on=False)
    with pytest.raises(exam_drafts.NoBranchChosen):
        hall.act(exam_drafts.go, wang, made.paper_id, DraftStep.PREVIEW.value)
    for branch in (hall.cast.second, hall.cast.other):
        targets = hall.act(exam_settings.toggle_branch, wang, made.paper_id, branch.id)
    assert targets.people == 2
    hall.act(exam_drafts.go, wang, made.paper_id, DraftStep.PREVIEW.value)
    done = hall.act(exam_drafts.publish, wang, made.paper_id)
    assert {one.member_id for one in hall.rows(Candidate) if one.paper_id == done.paper_id} == {
        wang.id,
        hall.cast.zhao.id,
    }


def test_a_secretary_reaches_his_own_branch_and_his_own_draft_only(hall: Hall, draft: ExamDraft) -> None:
    with pytest.raises(UserError):
        hall.act(exam_settings.toggle_branch, hall.cast.li, draft.paper_id, hall.cast.other.id)
    for other in (hall.cast.sun, hall.cast.wang):
        with pytest.raises(drafts.NoDraft):
            hall.act(exam_drafts.look, other, draft.paper_id)
    with pytest.raises(NotAllowed):
        hall.act(exam_drafts.look, hall.cast.zhang, draft.paper_id)
    assert {one.branch_id for one in hall.rows(PaperBranch)} == {hall.cast.branch.id}


# -- the draft itself --------------------------------------------------------------------------------------------------


def test_a_title_of_ones_own_stays_when_the_bank_changes(hall: Hall, draft: ExamDraft) -> None:
    assert draft.title == "综合测试"
    write(hall, draft, "title", "  三月  应知应会 ")
    assert hall.act(exam_drafts.choose_bank, hall.cast.li, draft.paper_id, 0).title == "三月 应知应会"


def test_what_was_not_previewed_is_not_published(hall: Hall, draft: ExamDraft, add_bank: AddBank) -> None:
    with pytest.raises(exam_drafts.NotPreviewed):
        hall.act(exam_drafts.publish, hall.cast.li, draft.paper_id)
    go(hall, draft, DraftStep.PREVIEW)
    add_bank(replace(bank_of(9), slug="nine", title="九题"))
    with pytest.raises(drafts.DrawChanged):
        hall.act(exam_drafts.publish, hall.cast.li, draft.paper_id)
    again = [hall.act(exam_drafts.redraw, hall.cast.li, draft.paper_id, seed=seed) for seed in (2, 3)]
    assert [one.redrawn for one in again] == [1, 2]  # or a preview that has not changed would be refused as an edit
    assert hall.act(exam_drafts.publish, hall.cast.li, draft.paper_id).count == 6


def test_a_paper_for_each_names_all_rules_that_its_cover_will(hall: Hall, draft: ExamDraft, add_bank: AddBank) -> None:
    """The sample that fills the preview is nobody's paper; a bank that brings another rule is looked at again."""
    put(hall, draft, Setting.DRAW, Draw.EACH.value)
    plain = (MarkingRule(QuestionType.MULTIPLE, Rule.HALF),)
    assert go(hall, draft, DraftStep.PREVIEW).rules == plain
    multiple = next(one for one in bank_of(1).questions if one.type is QuestionType.MULTIPLE)
    mixed = [replace(multiple, code=f"n-{n}", stem=f"新题{n}？", rule=Rule.MINUS) for n in range(2)]
    add_bank(Bank("mixed", "混合", tuple(mixed)))
    with pytest.raises(exam_drafts.BankChanged):
        hall.act(exam_drafts.publish, hall.cast.li, draft.paper_id)
    shown = [go(hall, draft, step) for step in (DraftStep.TARGETS, DraftStep.PREVIEW)][-1].rules
    assert set(shown) == {*plain, MarkingRule(QuestionType.MULTIPLE, Rule.MINUS)}
    hall.paper_id = hall.act(exam_drafts.publish, hall.cast.li, draft.paper_id).paper_id
    hall.ring()
    cover = hall.act(starting.cover, hall.cast.zhang, hall.paper_id)
    assert isinstance(cover, Cover)
    assert cover.rules == shown


def test_a_draft_goes_after_a_week_untouched_or_when_it_is_dropped(hall: Hall, draft: ExamDraft) -> None:
    write(hall, draft, "window", "3月20日18:00")
    hall.wait(days=5)
    hall.act(exam_drafts.look, hall.cast.li, draft.paper_id)
    hall.wait(days=6)
    assert len(hall.rows(Paper)) == 1
    hall.wait(days=1)
    assert hall.rows(Paper) == []
    again = hall.act(exam_drafts.begin, hall.cast.li, seed=1)
    hall.act(exam_drafts.drop, hall.cast.li, again.paper_id)
    assert hall.rows(Paper) == []
    assert hall.database.look(exams.next_due, NOW + timedelta(days=30)) is None
