"""A key that was wrong: corrected in the bank, previewed, decided, told; the ledger remembers."""

from dataclasses import replace

import pytest

from bot.banks import revisions
from bot.banks.correcting import OnlyInFile
from bot.banks.models import QuestionVersion
from bot.banks.revisions import Scope
from bot.banks.rules import Origin, QuestionType
from bot.db import Database
from bot.errors import UserError
from bot.members.rules import NotAllowed, OnlyAdmins
from bot.message import StaleButton
from bot.quiz import analysis, finished, regrading, review
from bot.quiz.blueprint import BlueprintRow
from bot.quiz.exam_facts import HandedIn
from bot.quiz.models import Attempt, AttemptItem, Paper, PaperItem, Regrade, Result
from bot.quiz.outcomes import NoSuchExam
from bot.quiz.regrading import AlreadyDecided, LastQuestion, SameKey
from bot.quiz.result_facts import Fault, NoFault
from bot.quiz.rules import AS_IS, EMPTY, Draw, Outcome, Regrading, ShowKey
from tests import snapshots
from tests.make import GROUP_CHAT, Cast
from tests.quiz.conftest import AddBank
from tests.quiz.hall import BLANKS, JUDGED, MULTIPLE, SINGLE, bank
from tests.quiz.office import Office


@pytest.fixture
def office(database: Database, cast: Cast, add_bank: AddBank) -> Office:
    """An exam of two single choices (5 分), a judgement (2 分): 张三 has all right, 周八 the first and the judgement,
    孙七 only the judgement, 李四 left it empty. 吴九 was absent."""
    add_bank(bank())
    return snapshots.after(Office(database, cast), _examine)


def _examine(office: Office) -> None:
    office.publish(SINGLE, JUDGED)
    office.answer(office.cast.zhang)
    office.answer(office.cast.zhou, right=[1, 3])
    office.answer(office.cast.sun, right=[3])
    card = office.start(office.cast.li)
    office.submit(office.cast.li, card)
    office.release()


def scores(office: Office, revision: int | None = None) -> dict[str, tuple[int | None, bool | None]]:
    names = {who.id: who.name for who in (office.cast.zhang, office.cast.zhou, office.cast.sun)}
    return {names[id_]: (row.score_centi, row.passed) for id_, row in office.results(revision).items() if id_ in names}


FIRST = {"张三": (1200, True), "周八": (700, False), "孙七": (200, False)}


def key(office: Office, position: int, paper_id: int = 0) -> str:
    """A wrong letter of this question, in the bank's letters."""
    page = office.act(analysis.item, office.cast.wang, paper_id or office.paper_id, position)
    return next(letter for letter in page.question.letters if letter not in page.question.answer)


def test_a_corrected_key_moves_whom_it_concerns_and_leaves_the_first_results(office: Office) -> None:
    assert scores(office) == FIRST
    wrong = key(office, 1)
    preview = office.act(regrading.correct, office.cast.wang, office.paper_id, 1, wrong)
    assert [(move.name, move.from_centi, move.to_centi, move.was_passed, move.is_passed) for move in preview.moves] == [
        ("张三", 1200, 700, True, False),
        ("周八", 700, 200, False, False),
        ("孙七", 200, 700, False, False),
    ]
    assert not preview.shows_names  # to those above
    assert scores(office) == FIRST  # a preview changes nothing
    newest = office.rows(QuestionVersion)[-1]
    assert newest.corrects == next(item.version_id for item in office.rows(PaperItem) if item.position == 1)
    done = office.act(regrading.decide, office.cast.wang, office.paper_id, 1, Regrading.RESCORE)
    assert (done.revision, done.moved) == (2, 3)
    assert scores(office) == {"张三": (700, False), "周八": (200, False), "孙七": (700, False)}
    assert scores(office, 1) == FIRST
    ledger = office.rows(Regrade)
    assert [(row.revision, row.decision, row.to_version_id, row.moved) for row in ledger] == [
        (2, Regrading.RESCORE, newest.id, 3)
    ]


def test_those_who_moved_are_told_and_nobody_else(office: Office) -> None:
    office.act(regrading.correct, office.cast.wang, office.paper_id, 1, key(office, 1))
    office.act(regrading.decide, office.cast.wang, office.paper_id, 1, Regrading.RESCORE)
    office.tell()
    assert office.texts("result", office.cast.zhang.user_id) == [
        "《四月测试》成绩：12 分（满分 12 分），合格。",
        "《四月测试》成绩更正：有一道题重新判定，由 12 分改为 7 分（满分 12 分），不合格。",
    ]
    assert len(office.texts("result", office.cast.li.user_id)) == 1
    assert len(office.texts("result", office.cast.wu.user_id)) == 0
    told = office.texts("figures", GROUP_CHAT)[-1]
    assert told.startswith("《四月测试》成绩更正：有一道题重新判定。本支部应考 5 人")
    assert told.endswith("成绩有变动的已私发本人。")
    assert len(office.texts("report", office.cast.li.user_id)) == 2


@pytest.mark.parametrize("decision", list(Regrading))
def test_a_regrade_twice_changes_nothing(office: Office, decision: Regrading) -> None:
    if decision is Regrading.RESCORE:
        office.act(regrading.correct, office.cast.wang, office.paper_id, 1, key(office, 1))
    office.act(regrading.decide, office.cast.wang, office.paper_id, 1, decision)
    office.tell()
    before = _everything(office)
    with pytest.raises(AlreadyDecided):
        office.act(regrading.decide, office.cast.wang, office.paper_id, 1, decision)
    office.tell()
    assert _everything(office) == before


def _everything(office: Office) -> list[object]:
    return [
        sorted(scores(office).items()),
        [(row.id, row.score_centi) for row in office.rows(Attempt)],
        [(row.id, row.awarded_centi, row.max_centi) for row in office.rows(AttemptItem)],
        [row.key for row in office.outbox()],
        [(row.revision, row.max_centi) for row in office.rows(Paper)],
        len(office.rows(Result)),
        len(office.rows(Regrade)),
    ]


def test_a_question_given_to_all_is_full_for_all_who_sat(office: Office) -> None:
    office.act(regrading.decide, office.cast.wang, office.paper_id, 2, Regrading.GRANT)
    assert scores(office) == {"张三": (1200, True), "周八": (1200, True), "孙七": (700, False)}
    empty = office.results()[office.cast.li.id]
    assert (empty.outcome, empty.score_centi) == (Outcome.NO_ANSWER, None)


def test_a_question_taken_out_leaves_the_maximum_and_comes_back_with_another_decision(office: Office) -> None:
    office.act(regrading.decide, office.cast.wang, office.paper_id, 2, Regrading.VOID)
    assert office.paper.max_centi == 700
    assert scores(office) == {"张三": (700, True), "周八": (700, True), "孙七": (200, False)}
    office.tell()
    told = office.texts("result", office.cast.sun.user_id)[-1]
    assert told.endswith("仍是 2 分（满分 7 分），不合格。")
    office.act(regrading.decide, office.cast.wang, office.paper_id, 2, Regrading.GRANT)
    assert office.paper.max_centi == 1200
    assert scores(office)["孙七"] == (700, False)
    assert [row.revision for row in office.rows(Regrade)] == [2, 3]
    for position in (1, 2):
        office.act(regrading.decide, office.cast.wang, office.paper_id, position, Regrading.VOID)
    with pytest.raises(LastQuestion):
        office.act(regrading.decide, office.cast.wang, office.paper_id, 3, Regrading.VOID)


def test_where_attempts_were_drawn_apart_each_has_its_own_maximum(office: Office) -> None:
    office.publish(BlueprintRow(2, QuestionType.SINGLE, score_centi=500), draw=Draw.EACH)
    for who in (office.cast.zhang, office.cast.zhou, office.cast.sun):
        office.answer(who)
    office.release()
    place = office.database.look(analysis.positions, office.act(analysis.look, office.cast.wang, office.paper_id).exam)
    first = office.rows(AttemptItem)[-1].version_id
    office.act(regrading.decide, office.cast.wang, office.paper_id, place[first], Regrading.VOID)
    had = {row.attempt_id for row in office.rows(AttemptItem) if row.version_id == first}
    for row in office.results().values():
        if row.outcome is Outcome.SAT:
            assert row.max_centi == row.score_centi == (500 if row.attempt_id in had else 1000)
            assert row.passed


def test_without_another_key_there_is_nothing_to_mark_again(office: Office) -> None:
    with pytest.raises(SameKey):
        office.act(regrading.decide, office.cast.wang, office.paper_id, 1, Regrading.RESCORE)


def test_the_key_belongs_to_the_bank_and_the_decision_to_whoever_leads_the_exam(office: Office) -> None:
    with pytest.raises(OnlyAdmins):  # a bank of everybody's
        office.act(regrading.correct, office.cast.li, office.paper_id, 1, key(office, 1))
    moves = office.act(regrading.preview, office.cast.li, office.paper_id, 2, Regrading.GRANT)
    assert moves.shows_names
    for who in (office.cast.zhang, office.cast.zhao):
        with pytest.raises(UserError):
            office.act(regrading.preview, who, office.paper_id, 2, Regrading.GRANT)
    with pytest.raises(NotAllowed):
        office.act(regrading.decide, office.cast.zhang, office.paper_id, 2, Regrading.GRANT)


def test_a_question_of_several_exams_leads_from_one_to_the_other(office: Office) -> None:
    first = office.paper_id
    office.publish(BlueprintRow(3, QuestionType.SINGLE, score_centi=100))  # all there are
    office.answer(office.cast.zhang)
    office.release()
    found = office.act(regrading.correct, office.cast.wang, first, 1, key(office, 1, first))
    ((paper_id, position, title),) = found.others
    assert (paper_id, title) == (office.paper_id, "四月测试")
    again = office.act(regrading.preview, office.cast.wang, paper_id, position, Regrading.RESCORE)
    assert [move.name for move in again.moves] == ["张三"]
    assert office.act(regrading.preview, office.cast.li, paper_id, 1, Regrading.GRANT)


def test_the_form_of_a_key_opens_with_the_present_one_and_only_to_its_owner(office: Office) -> None:
    page = office.act(analysis.item, office.cast.wang, office.paper_id, 1)
    form = office.act(regrading.key_form, office.cast.wang, office.paper_id, 1, AS_IS)
    assert form.chosen == page.question.answer
    assert office.act(regrading.key_form, office.cast.wang, office.paper_id, 1, EMPTY).chosen == ""
    assert office.act(regrading.key_form, office.cast.wang, office.paper_id, 1, "CA").chosen == "AC"
    with pytest.raises(StaleButton):
        office.act(regrading.key_form, office.cast.wang, office.paper_id, 1, "X")
    with pytest.raises(OnlyAdmins):
        office.act(regrading.key_form, office.cast.li, office.paper_id, 1, AS_IS)
    for letters in ("", "AB", "X"):
        with pytest.raises(StaleButton):
            office.act(regrading.correct, office.cast.wang, office.paper_id, 1, letters)


def test_blanks_are_corrected_in_the_file_of_their_bank_and_judged_by_it(office: Office, database: Database) -> None:
    office.publish(BLANKS)
    card = office.start(office.cast.zhang)
    office.write(office.cast.zhang, card, "五十\n三")
    office.submit(office.cast.zhang, card)
    office.release()
    with pytest.raises(OnlyInFile):
        office.act(regrading.key_form, office.cast.wang, office.paper_id, 1, AS_IS)
    edited = [
        replace(one, blanks=one.blanks[::-1]) if one.type is QuestionType.BLANK else one for one in bank().questions
    ]
    newest = revisions.ready(replace(bank(), questions=tuple(edited)), b"edited")
    database.run(revisions.write, newest, Scope(), Origin.CLI, base_id=1, by=None, now=office.now)
    assert office.act(analysis.item, office.cast.li, office.paper_id, 1).has_other_key
    found = office.act(regrading.preview, office.cast.li, office.paper_id, 1, Regrading.RESCORE)
    assert [(move.name, move.from_centi, move.to_centi) for move in found.moves] == [("张三", 0, 100)]


# -- one's own errors --------------------------------------------------------------------------------------------------


def test_everybody_reviews_his_own_errors_with_the_letters_he_saw(office: Office) -> None:
    office.publish(SINGLE, MULTIPLE)
    zhou = office.cast.zhou
    attempt = office.answer(zhou, right=[1])
    with pytest.raises(UserError):
        office.act(review.fault, zhou, office.paper_id, 1)  # not before the results are out
    office.release()
    found = office.act(review.fault, zhou, office.paper_id, 1)
    assert isinstance(found, Fault)
    assert (found.count, found.awarded_centi, found.is_changed_since) == (2, 0, False)
    item = next(row for row in office.items(attempt) if row.position == found.position)
    assert (found.order, found.selection) == (tuple(item.option_order), item.selection)
    assert found.key is not None
    assert isinstance(office.act(review.fault, office.cast.zhou, office.paper_id, 99), Fault)  # the last one
    with pytest.raises(UserError):
        office.act(review.fault, office.cast.zhang, office.paper_id, 1)  # he was absent


def test_a_key_that_is_shown_at_once_can_be_seen_after_handing_in(office: Office) -> None:
    office.publish(SINGLE, draw=Draw.EACH)
    office.set(show_key=ShowKey.ON_SUBMIT)
    zhou = office.cast.zhou
    card = office.start(zhou)
    with pytest.raises(NoSuchExam):
        office.act(review.fault, zhou, office.paper_id, 1)  # not while it runs
    done = office.submit(zhou, card)
    assert isinstance(done, HandedIn)
    assert done.review_id == office.paper_id
    found = office.act(review.fault, zhou, office.paper_id, 1)
    assert isinstance(found, Fault)
    assert found.key is not None


def test_a_key_that_is_never_shown_is_not_in_the_review_and_not_in_the_book(office: Office) -> None:
    office.publish(SINGLE)
    office.answer(office.cast.zhou, right=[1])
    office.set(show_key=ShowKey.NEVER)
    office.release()
    found = office.act(review.fault, office.cast.zhou, office.paper_id, 1)
    assert isinstance(found, Fault)
    assert found.key is None
    errors = office.database.look(finished.errors, office.cast.zhou.id)
    assert {one.version_id for one in errors} == {office.rows(PaperItem)[1].version_id}  # of the first exam alone


def test_a_later_correction_is_said_and_a_question_given_to_all_is_no_error_any_more(office: Office) -> None:
    zhou = office.cast.zhou
    office.act(regrading.correct, office.cast.wang, office.paper_id, 2, key(office, 2))
    found = office.act(review.fault, zhou, office.paper_id, 1)
    assert isinstance(found, Fault)
    assert found.is_changed_since
    office.act(regrading.decide, office.cast.wang, office.paper_id, 2, Regrading.GRANT)
    assert isinstance(office.act(review.fault, zhou, office.paper_id, 1), NoFault)
    assert office.database.look(finished.errors, zhou.id) == []


def test_an_error_counts_from_the_moment_the_results_came_out(office: Office) -> None:
    assert [one.at for one in office.database.look(finished.errors, office.cast.zhou.id)] == [office.now]
