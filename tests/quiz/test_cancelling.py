"""A cancelled exam that is taken back: what stands again, who is told, whose time is given back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from bot.db import Database, NotSaved
from bot.members.rules import NotAllowed
from bot.message import Sender
from bot.quiz import cancelling, overseeing, overseeing_views
from bot.quiz.exam_facts import HandedIn, Saved, Terms
from bot.quiz.models import Attempt
from bot.quiz.rules import AttemptState, PaperAction, PaperState
from bot.quiz.running_facts import Cancelled, Restored
from bot.undo import TooLate, UndoRow
from tests.make import GROUP_CHAT, NOW, Someone
from tests.quiz.hall import LIMIT, Hall
from tests.quiz.test_running import THREE_DAYS, acts, moment

CALLED_OFF = "《四月测试》已取消：误点。已作答的不计成绩。"
BACK = "《四月测试》取消已撤回，照常进行，3月5日 09:00 截止，已交的答卷有效。"


def cancel(hall: Hall) -> Cancelled:
    return hall.act(cancelling.cancel, hall.cast.li, hall.paper_id, "误点")


def restore(hall: Hall, done: Cancelled, who: Someone | None = None) -> Restored:
    return hall.act(cancelling.restore, who or hall.cast.li, done.undo_id)


def test_everything_stands_as_it_stood_and_lost_time_is_given_back(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS, attempts_allowed=2)
    cast = hall.cast
    voided = hall.start(cast.sun)
    hall.submit(cast.sun, voided)
    hall.act(overseeing.void, cast.li, voided.attempt_id, "代考")
    done = hall.submit(cast.zhang, hall.start(cast.zhang))
    running = hall.start(cast.zhou)
    hall.pick(cast.zhou, running, "A")
    hall.wait(minutes=6)
    before = {one.id: (one.state, one.score_centi) for one in hall.rows(Attempt)}
    called_off = cancel(hall)
    hall.wait(minutes=4)
    back = restore(hall, called_off)
    assert {one.id: (one.state, one.score_centi) for one in hall.rows(Attempt)} == before
    assert isinstance(done, HandedIn)
    assert (back.running, back.lost, hall.paper_state()) == (1, timedelta(minutes=4), PaperState.OPEN)
    again = next(one for one in hall.rows(Attempt) if one.id == running.attempt_id)
    assert (again.deadline_at, again.credit_s) == (NOW + LIMIT + timedelta(minutes=4), 240)
    last = next(row for row in hall.outbox() if row.key.endswith(f":last5:{running.attempt_id}"))
    assert (last.state, last.due_at) == ("pending", NOW + timedelta(minutes=19))
    assert isinstance(hall.pick(cast.zhou, running, "B", at=NOW + timedelta(minutes=23)), Saved)
    ended = hall.submit(cast.zhou, running)
    assert isinstance(ended, HandedIn)
    assert ended.time == timedelta(minutes=6)
    assert (PaperAction.RESTORED, "") in acts(hall)


def test_who_had_heard_of_the_end_hears_that_it_goes_on_and_nobody_else(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.deliver()
    hall.start(hall.cast.zhou)
    done = cancel(hall)
    told = hall.deliver()
    assert sorted(told) == [(to, CALLED_OFF) for to in (GROUP_CHAT, 1001, 1005, 1006)]  # 李四 did it himself
    assert restore(hall, done).told == 3
    news = sorted(hall.deliver())
    assert news[:3] == [(to, BACK) for to in (GROUP_CHAT, 1001, 1005)]
    assert news[3:] == [
        (1006, "《四月测试》取消已撤回，请继续答题。已作答的都在，耽误的时间已补上，新的截止时间 09:20:00。")
    ]
    hall.wait(minutes=1)
    assert hall.deliver() == []


def test_cancelled_once_more_it_is_told_once_more(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.deliver()
    restore(hall, cancel(hall))
    assert hall.deliver() == []  # neither was sent yet: nothing has happened
    cancel(hall)
    assert (1001, CALLED_OFF) in hall.deliver()


def test_what_was_to_be_said_is_said_after_all(hall: Hall) -> None:
    opens_at = moment("2026-03-02 23:00")
    hall.publish(terms=Terms(opens_at, opens_at + timedelta(days=2), LIMIT, 1))
    hall.at(opens_at)
    waiting = {row.key for row in hall.outbox() if row.state == "pending"}
    done = cancel(hall)
    assert {row.key for row in hall.outbox() if row.state == "pending" and ":cancel:" not in row.key} == set()
    restore(hall, done)
    assert {row.key for row in hall.outbox() if row.state == "pending"} == waiting
    hall.at(moment("2026-03-03 07:30"))
    assert len(hall.deliver()) == 5
    assert any(row.state == "cancelled" for row in hall.outbox() if ":cancel:" in row.key)


def test_an_exam_that_had_not_opened_opens_as_planned(hall: Hall) -> None:
    opens_at = NOW + timedelta(minutes=3)
    hall.publish(terms=Terms(opens_at, opens_at + timedelta(days=2), LIMIT, 1))
    done = cancel(hall)
    hall.at(opens_at + timedelta(minutes=1))
    assert restore(hall, done).state is PaperState.SCHEDULED
    assert hall.deliver() == []
    hall.ring()
    assert hall.paper_state() is PaperState.OPEN
    assert len(hall.deliver()) == 5


def test_past_its_closing_time_it_is_closed_and_who_was_sitting_finishes(hall: Hall) -> None:
    hall.publish(terms=Terms(NOW, NOW + timedelta(minutes=12), LIMIT, 1))
    hall.deliver()
    card = hall.start(hall.cast.zhou)
    hall.wait(minutes=10)
    done = cancel(hall)
    hall.deliver()
    hall.wait(minutes=4)
    assert restore(hall, done).is_over
    assert (1001, "《四月测试》取消已撤回，已交的答卷有效，成绩稍后公布。") in hall.deliver()
    hall.ring()
    assert hall.paper_state() is PaperState.CLOSED
    hall.wait(minutes=1)
    assert isinstance(hall.pick(hall.cast.zhou, card, "A"), Saved)
    hall.wait(minutes=1, seconds=6)
    assert hall.state() is AttemptState.AUTO_SUBMITTED


def test_it_is_taken_back_once_in_five_minutes_by_who_leads_it(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    done = cancel(hall)
    for stranger in (hall.cast.zhao, hall.cast.zhang):
        with pytest.raises(NotAllowed):
            restore(hall, done, stranger)
    restore(hall, done, hall.cast.wang)
    with pytest.raises(TooLate):
        restore(hall, done)
    later = cancel(hall)
    hall.wait(minutes=5)
    with pytest.raises(TooLate):
        restore(hall, later)
    assert hall.paper_state() is PaperState.CANCELLED


def test_its_page_leads_back_as_long_as_it_can_be_taken_back(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    done = cancel(hall)
    page = hall.act(overseeing.look, hall.cast.li, hall.paper_id)
    assert page.undo == (done.undo_id, done.until)
    shown = overseeing_views.overview(page)
    assert shown.text.endswith("09:05前可撤销。")
    assert [button.label for row in shown.buttons for button in row] == ["撤销取消", "返回"]
    hall.wait(minutes=5)
    assert hall.act(overseeing.look, hall.cast.li, hall.paper_id).undo is None


def test_an_outage_meanwhile_gives_no_time_twice(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.start(hall.cast.zhou)
    done = cancel(hall)
    hall.outage(NOW + timedelta(minutes=1), NOW + timedelta(minutes=3))
    restore(hall, done)
    hall.ring()
    assert hall.attempt.deadline_at == NOW + LIMIT + timedelta(minutes=3)


def test_of_two_processes_one_takes_it_back(hall: Hall, database_url: str) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.start(hall.cast.zhou)
    done, both, senders = cancel(hall), Barrier(2), [hall.sender(hall.cast.li) for _ in range(2)]
    hall.now += timedelta(minutes=2)

    def press(sender: Sender) -> bool:
        database = Database(database_url)
        try:
            both.wait(20)
            return _restored(database, sender, done.undo_id, hall)
        finally:
            database.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, senders)) == [False, True]
    assert hall.attempt.deadline_at == NOW + LIMIT + timedelta(minutes=2)
    assert hall.rows(UndoRow) == []


def _restored(database: Database, sender: Sender, undo_id: int, hall: Hall) -> bool:
    while True:
        try:
            database.run(cancelling.restore, sender, undo_id, now=hall.now)
        except NotSaved:
            continue
        except TooLate:
            return False
        return True


def test_an_old_button_takes_back_nothing_that_was_done_later(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    old = cancel(hall)
    restore(hall, old)
    hall.publish(terms=THREE_DAYS)
    cancel(hall)
    with pytest.raises(TooLate):
        restore(hall, old)
    assert hall.paper_state() is PaperState.CANCELLED
