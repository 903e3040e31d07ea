"""A published exam that is changed: its time moved, closed before its end, cancelled; by whom."""

from datetime import timedelta

import pytest

from bot.errors import UserError
from bot.members.rules import NotAllowed
from bot.periods import beijing
from bot.quiz import attempts, cancelling, candidates, changing, starting
from bot.quiz.exam_facts import HandedIn, Terms
from bot.quiz.models import Attempt, PaperBranch
from bot.quiz.rules import AttemptState, PaperAction, PaperState
from tests.make import GROUP_CHAT, NOW
from tests.quiz.hall import LIMIT, Hall
from tests.quiz.test_running import NUDGED, THREE_DAYS, acts, moment

# -- 改时间 ------------------------------------------------------------------------------------------------------------


def test_a_delayed_exam_reminds_by_its_new_time(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.deliver()
    moved = hall.act(changing.delay, hall.cast.li, hall.paper_id, 1)
    assert moved.closes_at == moment("2026-03-06 09:00")
    assert hall.deliver() == [(GROUP_CHAT, "【考试】《四月测试》的截止时间改为 3月6日 09:00。已经参加的不受影响。")]
    hall.at(moment("2026-03-04 09:00"))
    assert hall.deliver() == []
    hall.at(moment("2026-03-05 09:00"))
    assert hall.paper_state() is PaperState.OPEN
    assert {text for _, text in hall.deliver()} == {NUDGED.format(closes="3月6日 09:00")}
    assert (PaperAction.MOVED, "3月2日 09:00 至 3月5日 09:00 → 3月2日 09:00 至 3月6日 09:00") in acts(hall)


def test_after_a_reminder_a_new_end_brings_a_new_one(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.at(moment("2026-03-04 09:00"))
    hall.deliver()
    hall.act(changing.delay, hall.cast.li, hall.paper_id, 7)
    hall.deliver()
    hall.at(moment("2026-03-11 09:00"))
    assert {text for _, text in hall.deliver()} == {NUDGED.format(closes="3月12日 09:00")}


def test_a_typed_window_moves_what_has_not_opened(hall: Hall) -> None:
    opens_at = NOW + timedelta(days=1)
    hall.publish(terms=Terms(opens_at, opens_at + timedelta(days=2), LIMIT, 1))
    hall.act(changing.write_window, hall.cast.li, hall.paper_id, "3月4日 8:30 至 3月4日 17:00")
    assert (hall.paper.opens_at, hall.paper.closes_at) == (moment("2026-03-04 08:30"), moment("2026-03-04 17:00"))
    hall.at(opens_at)
    assert hall.paper_state() is PaperState.SCHEDULED
    hall.at(moment("2026-03-04 08:30"))
    assert hall.paper_state() is PaperState.OPEN


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("胡说", changing.NoSuchWindow),
        ("3月1日9:00", changing.BadWindow),
        ("2026年9月1日", changing.BadWindow),
        ("明天9:00至后天9:00", changing.HasOpened),
    ],
)
def test_a_window_that_cannot_be_is_refused(hall: Hall, text: str, refusal: type[UserError]) -> None:
    hall.publish()
    closes_at = hall.paper.closes_at
    with pytest.raises(refusal):
        hall.act(changing.write_window, hall.cast.li, hall.paper_id, text.replace("3月1日", "2026年3月1日"))
    assert hall.paper.closes_at == closes_at


def test_an_earlier_end_shortens_attempts_and_a_later_one_gives_the_time_back(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.start(hall.cast.zhang)
    hall.act(changing.write_window, hall.cast.li, hall.paper_id, "今天9点12分")
    assert hall.attempt.deadline_at == NOW + timedelta(minutes=12)
    last = next(row for row in hall.outbox() if ":last5:" in row.key)
    assert last.due_at == NOW + timedelta(minutes=7)
    hall.act(changing.write_window, hall.cast.li, hall.paper_id, "明天9:00")
    assert hall.attempt.deadline_at == NOW + LIMIT


# -- 提前收卷, 取消 ----------------------------------------------------------------------------------------------------


def test_closed_before_its_time_an_exam_leaves_a_minute_to_finish(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.deliver()
    card = hall.start(hall.cast.zhang)
    hall.pick(hall.cast.zhang, card, "A")
    hall.wait(minutes=3)
    hall.act(changing.close_now, hall.cast.li, hall.paper_id)
    assert (hall.paper_state(), hall.paper.closes_at) == (PaperState.CLOSED, hall.now)
    assert hall.heard(hall.cast.zhang) == ["《四月测试》还有 1 分钟自动交卷。"]
    with pytest.raises(starting.ExamOver):
        hall.start(hall.cast.sun)
    hall.wait(seconds=66)
    assert hall.state() is AttemptState.AUTO_SUBMITTED
    with pytest.raises(candidates.NotRunning):
        hall.act(changing.close_now, hall.cast.li, hall.paper_id)
    hall.at(moment("2026-03-04 09:00"))
    assert hall.heard(hall.cast.li) == []
    assert acts(hall)[-1] == (PaperAction.CLOSED, "")


def test_closing_early_does_not_lengthen_an_attempt(hall: Hall) -> None:
    hall.publish()
    hall.start(hall.cast.zhang)
    hall.wait(minutes=19, seconds=30)
    hall.act(changing.close_now, hall.cast.li, hall.paper_id)
    assert hall.attempt.deadline_at == NOW + LIMIT


def test_a_cancelled_exam_voids_all_and_says_why(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.deliver()
    done = hall.submit(hall.cast.zhang, hall.start(hall.cast.zhang))
    assert isinstance(done, HandedIn)
    running = hall.start(hall.cast.zhou)
    hall.act(cancelling.cancel, hall.cast.li, hall.paper_id, "题目有误。")
    assert {one.state for one in hall.rows(Attempt)} == {AttemptState.VOIDED}
    told = hall.deliver()
    assert {to for to, _ in told} == {GROUP_CHAT, 1001, 1005, 1006}  # 李四 has done it
    assert {text for _, text in told} == {"《四月测试》已取消：题目有误。已作答的不计成绩。"}
    with pytest.raises(attempts.Voided):
        hall.submit(hall.cast.zhou, running)
    with pytest.raises(starting.ExamCancelled):
        hall.start(hall.cast.sun)
    hall.at(moment("2026-03-04 09:00"))
    assert hall.deliver() == []
    assert (PaperAction.CANCELLED, "题目有误。") in acts(hall)


def test_nobody_hears_that_an_exam_he_never_heard_of_is_cancelled(hall: Hall) -> None:
    opens_at = NOW + timedelta(days=1)
    hall.publish(terms=Terms(opens_at, opens_at + timedelta(days=2), LIMIT, 1))
    hall.act(cancelling.cancel, hall.cast.li, hall.paper_id, "改期")
    hall.at(opens_at)
    assert hall.paper_state() is PaperState.CANCELLED
    assert hall.deliver() == []


def test_a_secretary_does_not_change_an_exam_of_several_branches_but_cares_for_his_own(hall: Hall) -> None:
    hall.publish()
    both = PaperBranch(paper_id=hall.paper_id, branch_id=hall.cast.other.id)
    hall.database.run(lambda session: session.add(both))
    for act in (changing.consider, changing.close_now, changing.ask_window):
        with pytest.raises(NotAllowed):
            hall.act(act, hall.cast.li, hall.paper_id)
    hall.act(candidates.excuse, hall.cast.li, f"{hall.paper_id}:{hall.cast.zhang.id}", "出差")
    assert hall.act(candidates.nudge, hall.cast.li, hall.paper_id).people == 2
    assert hall.act(changing.delay, hall.cast.wang, hall.paper_id, 3).title == "四月测试"


def test_only_who_leads_all_its_branches_changes_an_exam(hall: Hall) -> None:
    hall.publish()
    for act in (changing.consider, changing.close_now, changing.ask_window):
        for stranger in (hall.cast.zhao, hall.cast.zhang):
            with pytest.raises(NotAllowed):
                hall.act(act, stranger, hall.paper_id)
    assert beijing(hall.act(changing.ask_window, hall.cast.wang, hall.paper_id).opens_at).hour == 9
