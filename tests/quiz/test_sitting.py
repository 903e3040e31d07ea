"""Sitting an exam: what is drawn, what is saved, what is refused, and when it ends."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from bot.banks.rules import QuestionType, shown_letters
from bot.message import StaleButton
from bot.quiz import attempts, personal, sitting, starting
from bot.quiz.blueprint import BlueprintRow
from bot.quiz.exam_facts import Card, HandedIn, Late, MyStanding, Saved, Terms
from bot.quiz.models import AnswerEvent, Attempt, Candidate
from bot.quiz.rules import AttemptState, CandidateStanding, Draw, PaperState, Refusal, ShowScore
from tests.make import NOW, Make
from tests.quiz.hall import LIMIT, Hall

MOST_STATEMENTS = 8


def card_after(saved: Saved | Late) -> Card:
    assert isinstance(saved, Saved)
    return saved.card


def right(card: Card) -> str:
    """The letters of the right answer as this member sees them."""
    return shown_letters(card.question.answer, card.order)


def answer(hall: Hall, card: Card) -> Card:
    """张三 answers the open question right."""
    if card.question.type is QuestionType.BLANK:
        return hall.open(hall.cast.zhang, card_after(hall.write(hall.cast.zhang, card, "三\n50")), 0)
    if card.question.type is QuestionType.TRUE_FALSE:
        return card_after(hall.pick(hall.cast.zhang, card, card.question.answer))
    for letter in right(card):
        after = card_after(hall.pick(hall.cast.zhang, card, letter))
    return after if after.position != card.position else hall.open(hall.cast.zhang, after, 0)


# -- what is drawn -----------------------------------------------------------------------------------------------------


def test_all_get_the_same_questions_of_a_common_paper_by_type_in_their_own_order(hall: Hall) -> None:
    hall.publish(BlueprintRow(3, QuestionType.SINGLE, score_centi=100), BlueprintRow(2, QuestionType.TRUE_FALSE))
    drawn = []
    for who in (hall.cast.zhang, hall.cast.li, hall.cast.sun, hall.cast.zhou):
        items = hall.items(hall.start(who).attempt_id)
        drawn.append([item.version_id for item in items])
        assert [len(item.option_order) for item in items] == [4, 4, 4, 0, 0]  # judgements are never shuffled
        assert all(item.option_order[-1] == 3 for item in items[:3])  # 以上都对 stays last
    assert len({frozenset(versions) for versions in drawn}) == 1
    assert len({tuple(versions) for versions in drawn}) > 1


def test_each_attempt_is_drawn_from_the_frozen_pool_with_equal_totals(hall: Hall) -> None:
    hall.publish(draw=Draw.EACH, terms=Terms(hall.now, hall.now + timedelta(days=3), LIMIT, 3))
    drawn, again = [], []
    for _ in range(3):
        card = hall.start(hall.cast.zhang)
        items = hall.items(card.attempt_id)
        drawn.append({item.version_id for item in items})
        assert sum(item.max_centi for item in items) == hall.paper.max_centi == 1700
        done = hall.submit(hall.cast.zhang, card)
        assert isinstance(done, HandedIn)
        again.append(done.again_id)
    assert again == [hall.paper.id, hall.paper.id, None]
    assert len(set.union(*drawn[:2])) == 9  # what is new comes first; of 3 singles 2 are asked
    with pytest.raises(starting.NoAttemptLeft):
        hall.start(hall.cast.zhang)


# -- answers -----------------------------------------------------------------------------------------------------------


def test_a_whole_paper_answered_right_earns_all_points(hall: Hall) -> None:
    hall.publish()
    card = hall.start(hall.cast.zhang)
    for _ in range(card.total):
        card = answer(hall, card)
    assert card.answered == card.total == 5
    hall.wait(minutes=13, seconds=20)
    ended = hall.submit(hall.cast.zhang, card)
    assert isinstance(ended, HandedIn)
    assert (ended.score_centi, ended.max_centi, ended.is_passed) == (1700, 1700, True)
    assert ended.time == timedelta(minutes=13, seconds=20)
    assert [item.awarded_centi for item in hall.items(card.attempt_id)] == [500, 500, 400, 200, 100]
    assert (hall.attempt.state, hall.attempt.score_centi, hall.attempt.time_s) == (AttemptState.SUBMITTED, 1700, 800)


def test_one_press_answers_a_single_choice_and_opens_the_next_question_without_answer(hall: Hall) -> None:
    hall.publish()
    first = hall.start(hall.cast.zhang)
    hall.open(hall.cast.zhang, first, 2)
    second = card_after(hall.pick(hall.cast.zhang, first, "B"))
    assert (second.position, second.answered) == (2, 1)
    hall.pick(hall.cast.zhang, hall.open(hall.cast.zhang, first, 4), "T")
    back = card_after(hall.pick(hall.cast.zhang, hall.open(hall.cast.zhang, first, 2), "A"))
    assert (back.position, back.answered) == (3, 3)


def test_an_answer_may_be_changed_until_the_paper_is_handed_in(hall: Hall) -> None:
    hall.publish()
    card = hall.start(hall.cast.zhang)
    hall.pick(hall.cast.zhang, card, "B")
    saved = hall.pick(hall.cast.zhang, card, right(card))
    assert isinstance(saved, Saved)
    assert saved.selection == "A"  # kept in the bank's letters, whatever letter was shown
    assert [one.accepted for one in hall.rows(AnswerEvent)] == [True, True]


def test_letters_of_a_multiple_are_ticked_and_unticked(hall: Hall) -> None:
    hall.publish()
    zhang = hall.cast.zhang
    card = hall.card_of(zhang, hall.start(zhang), QuestionType.MULTIPLE)
    for letter in ("C", "A", "C"):  # a double tap ticks once
        card = card_after(hall.pick(zhang, card, letter))
    assert shown_letters(card.selection or "", card.order) == "AC"
    card = card_after(hall.pick(zhang, card, "A", is_on=False))
    assert shown_letters(card.selection or "", card.order) == "C"
    card = card_after(hall.pick(zhang, card, "C", is_on=False))
    assert (card.selection, card.answered) == (None, 0)


def test_an_update_that_comes_again_is_one_event(hall: Hall) -> None:
    hall.publish()
    card = hall.start(hall.cast.zhang)
    sender = hall.sender(hall.cast.zhang)
    for letter in ("A", "B"):
        hall.database.run(sitting.pick, sender, card.attempt_id, 1, letter, now=hall.now)
    assert len(hall.rows(AnswerEvent)) == 1
    assert hall.open(hall.cast.zhang, card, 1).selection == card.question.letters[card.order[0]]


def test_the_later_update_wins_even_if_it_is_handled_first(hall: Hall) -> None:
    hall.publish()
    card = hall.start(hall.cast.zhang)
    earlier, later = hall.sender(hall.cast.zhang), hall.sender(hall.cast.zhang)
    for sender, letter in ((later, "B"), (earlier, "A")):
        hall.database.run(sitting.pick, sender, card.attempt_id, 1, letter, now=hall.now)
    assert hall.open(hall.cast.zhang, card, 1).selection == card.question.letters[card.order[1]]


@pytest.mark.parametrize("text", ["三\n五十", "3；50", " 三 | 五十个 ", "三;五十"])
def test_blanks_are_filled_by_a_text_in_one_of_several_ways(hall: Hall, text: str) -> None:
    hall.publish()
    zhang = hall.cast.zhang
    card = hall.card_of(zhang, hall.start(zhang), QuestionType.BLANK)
    hall.write(zhang, card, text)
    hall.submit(zhang, card)
    assert hall.attempt.score_centi == 100


def test_too_few_parts_are_refused_and_nothing_is_kept(hall: Hall) -> None:
    hall.publish()
    zhang = hall.cast.zhang
    card = hall.card_of(zhang, hall.start(zhang), QuestionType.BLANK)
    with pytest.raises(sitting.WrongCount) as refused:
        hall.write(zhang, card, "三")
    assert str(refused.value) == "需要 2 个答案，每行一个；收到 1 个。"
    assert hall.open(zhang, card, card.position).selection is None


def test_marks_stand_in_the_table_of_numbers(hall: Hall) -> None:
    hall.publish()
    zhang = hall.cast.zhang
    card = hall.start(zhang)
    hall.act(sitting.mark_for_review, zhang, card.attempt_id, 3, is_on=True)
    hall.pick(zhang, card, "A")
    sheet = hall.act(sitting.sheet, zhang, card.attempt_id, 1)
    assert (sheet.answered, sheet.unanswered, sheet.marked) == (1, (2, 3, 4, 5), (3,))
    hall.act(sitting.mark_for_review, zhang, card.attempt_id, 3, is_on=False)
    assert hall.act(sitting.sheet, zhang, card.attempt_id, 1).marked == ()


def test_the_own_file_names_the_letters_that_were_seen(hall: Hall) -> None:
    hall.publish()
    zhang = hall.cast.zhang
    card = hall.start(zhang)
    hall.pick(zhang, card, "C")
    for letter in "DB":
        hall.pick(zhang, hall.open(zhang, card, 3), letter)
    hall.pick(zhang, hall.open(zhang, card, 4), "F")
    hall.write(zhang, hall.open(zhang, card, 5), "三\n五十")
    answers = hall.database.look(personal.export, zhang.id)[2]
    assert [row[3] for row in answers.rows] == ["C", "BD", "错误", "三；五十"]


# -- who and when ------------------------------------------------------------------------------------------------------


def test_whoever_is_no_candidate_is_told_so(hall: Hall) -> None:
    hall.publish()
    for who in (hall.cast.zhao, hall.cast.wang):
        with pytest.raises(starting.NotCandidate):
            hall.start(who)


def test_an_attempt_is_its_owners_alone(hall: Hall) -> None:
    hall.publish()
    card = hall.start(hall.cast.zhang)
    for who in (hall.cast.zhou, hall.cast.li, hall.cast.zhao):
        with pytest.raises(StaleButton):
            hall.pick(who, card, "A")
        with pytest.raises(StaleButton):
            hall.submit(who, card)
    assert hall.rows(AnswerEvent) == []


def test_an_exam_is_sat_between_its_opening_and_its_closing(hall: Hall) -> None:
    opens = NOW + timedelta(hours=1)
    hall.publish(terms=Terms(opens, opens + timedelta(hours=9), LIMIT, 1))
    assert hall.paper_state() is PaperState.SCHEDULED
    with pytest.raises(starting.NotOpenYet) as early:
        hall.start(hall.cast.zhang)
    assert str(early.value) == "考试还没开始（3月2日 10:00）。"
    hall.at(opens)
    assert hall.paper_state() is PaperState.OPEN
    hall.start(hall.cast.zhang)
    hall.wait(hours=9)
    assert hall.paper_state() is PaperState.CLOSED
    with pytest.raises(starting.ExamOver) as late:
        hall.start(hall.cast.zhou)
    assert str(late.value) == "考试已结束（3月2日 19:00）。"


def test_the_clock_of_an_exam_opens_what_its_job_has_not_opened_yet(hall: Hall) -> None:
    """A press that reached us after the opening counts, however late the job rings."""
    opens = NOW + timedelta(hours=1)
    hall.publish(terms=Terms(opens, opens + timedelta(hours=9), LIMIT, 1))
    hall.now = opens
    assert hall.start(hall.cast.zhang).left == LIMIT


def test_who_need_not_sit_may_and_is_due_from_then_on(hall: Hall, make: Make) -> None:
    make.exemption(hall.cast.zhou)
    hall.publish()
    standing = {one.member_id: one.standing for one in hall.rows(Candidate)}
    assert standing[hall.cast.zhou.id] is CandidateStanding.EXEMPT
    assert standing[hall.cast.wu.id] is CandidateStanding.DUE
    assert hall.cast.wang.id not in standing
    hall.start(hall.cast.zhou)
    standing = {one.member_id: one.standing for one in hall.rows(Candidate)}
    assert standing[hall.cast.zhou.id] is CandidateStanding.DUE


def test_a_start_pressed_twice_is_one_attempt(hall: Hall) -> None:
    hall.publish()
    first, second = hall.start(hall.cast.zhang), hall.start(hall.cast.zhang)
    assert first.attempt_id == second.attempt_id
    assert len(hall.rows(Attempt)) == 1


def test_whoever_comes_back_finds_the_attempt_that_runs(hall: Hall) -> None:
    hall.publish()
    card = hall.start(hall.cast.zhang)
    hall.pick(hall.cast.zhang, card, "A")
    found = hall.act(starting.cover, hall.cast.zhang, hall.paper_id)
    assert isinstance(found, attempts.Running)
    (mine,) = hall.act(starting.mine, hall.cast.zhang)
    assert mine.standing is MyStanding.RUNNING
    assert hall.open(hall.cast.zhang, card, 0).position == 2


@pytest.mark.parametrize(("when", "known"), [(ShowScore.ON_SUBMIT, 500), (ShowScore.ON_RELEASE, None)])
def test_the_second_cover_tells_the_best_so_far_where_it_may_be_known(
    hall: Hall, when: ShowScore, known: int | None
) -> None:
    hall.publish(terms=Terms(NOW, NOW + timedelta(days=3), LIMIT, 2), show_score=when)
    card = hall.start(hall.cast.zhang)
    hall.pick(hall.cast.zhang, card, right(card))
    hall.submit(hall.cast.zhang, card)
    cover = hall.act(starting.cover, hall.cast.zhang, hall.paper_id)
    assert not isinstance(cover, attempts.Running)
    assert cover.best_centi == known


def test_the_best_of_several_attempts_is_free_to_come(hall: Hall) -> None:
    hall.publish(terms=Terms(NOW, NOW + timedelta(days=3), LIMIT, 2))
    for number in (1, 2):
        cover = hall.act(starting.cover, hall.cast.zhang, hall.paper_id)
        assert not isinstance(cover, attempts.Running)
        assert (cover.number, cover.attempts) == (number, 2)
        hall.submit(hall.cast.zhang, hall.start(hall.cast.zhang))
    assert [one.number for one in hall.rows(Attempt)] == [1, 2]
    with pytest.raises(starting.NoAttemptLeft):
        hall.act(starting.cover, hall.cast.zhang, hall.paper_id)


# -- the deadline ------------------------------------------------------------------------------------------------------

SIX = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # 18:00 in Beijing


@pytest.fixture
def evening(hall: Hall) -> Card:
    """张三 began at 17:50 what closes at six."""
    hall.publish(terms=Terms(NOW, SIX, LIMIT, 1))
    hall.at(SIX - timedelta(minutes=10))
    return hall.start(hall.cast.zhang)


def test_no_attempt_runs_beyond_the_closing_of_its_exam(hall: Hall, evening: Card) -> None:
    assert evening.left == timedelta(minutes=10)
    assert hall.attempt.deadline_at == SIX


def test_what_reached_us_in_time_counts_however_late_it_is_handled(hall: Hall, evening: Card) -> None:
    hall.now = SIX + timedelta(seconds=64)
    saved = hall.pick(hall.cast.zhang, evening, "A", at=SIX + timedelta(seconds=4))
    assert isinstance(saved, Saved)


def test_what_came_too_late_is_kept_and_not_taken(hall: Hall, evening: Card) -> None:
    hall.now = SIX + timedelta(seconds=6)
    late = hall.pick(hall.cast.zhang, evening, "A")
    assert isinstance(late, Late)
    assert str(attempts.too_late(late.deadline_at)) == "已于 18:00:00 截止，这次点击不计分。"
    (kept,) = hall.rows(AnswerEvent)
    assert (kept.accepted, kept.reason) == (False, Refusal.LATE)
    assert isinstance(hall.submit(hall.cast.zhang, evening), Late)
    assert hall.items(evening.attempt_id)[0].selection is None


def test_an_attempt_past_its_time_is_handed_in_by_the_clock(hall: Hall, evening: Card) -> None:
    hall.pick(hall.cast.zhang, evening, right(evening))
    hall.at(SIX + timedelta(seconds=5))
    assert hall.state() is AttemptState.STARTED
    hall.at(SIX + timedelta(seconds=20))
    attempt = hall.attempt
    assert (attempt.state, attempt.score_centi, attempt.time_s) == (AttemptState.AUTO_SUBMITTED, 500, 600)
    assert attempt.submitted_at == SIX
    assert hall.told(hall.cast.zhang)[-1] == (
        "时间到，已自动交卷。《四月测试》已交卷：5 分（满分 17 分），不合格，用时 10 分钟。"
        "答案和解析在 3月2日 18:00 之后可看。"
    )
    with pytest.raises(attempts.HandedIn):
        hall.submit(hall.cast.zhang, evening)


def test_an_attempt_without_any_answer_is_none(hall: Hall, evening: Card) -> None:
    hall.at(SIX + timedelta(seconds=20))
    assert hall.state() is AttemptState.NO_ANSWER
    assert hall.told(hall.cast.zhang)[-1] == "时间到，《四月测试》已自动交卷，你没有作答。"


def test_the_clock_waits_for_what_reached_us_in_time(hall: Hall, evening: Card) -> None:
    stored = hall.waits(hall.cast.zhang, SIX + timedelta(seconds=3))
    hall.waits(hall.cast.zhou, SIX)  # somebody else's
    hall.at(SIX + timedelta(minutes=1))
    assert hall.state() is AttemptState.STARTED
    hall.pick(hall.cast.zhang, evening, "A", at=SIX + timedelta(seconds=3))
    hall.handle(stored)
    hall.waits(hall.cast.zhang, SIX + timedelta(seconds=30))  # too late anyhow
    hall.at(SIX + timedelta(seconds=75))
    assert hall.state() is AttemptState.AUTO_SUBMITTED


def test_the_last_five_minutes_are_told_once(hall: Hall) -> None:
    hall.publish()
    card = hall.start(hall.cast.zhang)
    assert hall.told(hall.cast.zhang) == ["《四月测试》还有 5 分钟自动交卷。"]
    hall.submit(hall.cast.zhang, card)
    (row,) = [row for row in hall.outbox() if ":last5:" in row.key]
    assert row.state == "cancelled"


def test_short_exams_have_no_last_call(hall: Hall) -> None:
    hall.publish(terms=Terms(NOW, NOW + timedelta(days=1), timedelta(minutes=9), 1))
    hall.start(hall.cast.zhang)
    hall.outage(NOW + timedelta(minutes=1), NOW + timedelta(minutes=3))
    hall.ring()
    assert not [told for told in hall.heard(hall.cast.zhang) if "分钟自动交卷" in told]


# -- the hot path ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [QuestionType.SINGLE, QuestionType.TRUE_FALSE])  # the latter opens a blank
def test_a_press_takes_few_statements(hall: Hall, kind: QuestionType) -> None:
    hall.publish()
    card = hall.card_of(hall.cast.zhang, hall.start(hall.cast.zhang), kind)
    statements: list[str] = []
    listen = lambda *args: statements.append(args[2])  # noqa: E731
    event.listen(hall.database.engine, "before_cursor_execute", listen)
    hall.pick(hall.cast.zhang, card, "T" if kind is QuestionType.TRUE_FALSE else "A")
    event.remove(hall.database.engine, "before_cursor_execute", listen)
    counted = [one for one in statements if not one.startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
    assert len(counted) < MOST_STATEMENTS, counted  # and one more marks the update as handled
