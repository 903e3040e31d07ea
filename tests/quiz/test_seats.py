"""Private seats: the same questions by buttons in private, seen by nobody, the first answer for good."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.inbox import Outage
from bot.message import Edit, Message, StaleButton, strip_tags
from bot.quiz import hosting, seats, service, votes
from bot.quiz.facts import Said, SaidHow, SeatCard
from bot.quiz.models import SeatChoice
from bot.quiz.rules import Refusal, RoundState, Seat, Via
from tests import snapshots
from tests.make import Someone
from tests.quiz.play import Play


def take(play: Play, who: Someone) -> None:
    play.act(seats.take, who, play.round.id)


def say(play: Play, who: Someone, place: int, *, position: int = 1) -> Said:
    return play.act(seats.say, who, play.round.id, position, place, chat_id=None)


def tick(play: Play, who: Someone, place: int, *, is_on: bool = True) -> SeatCard | Said:
    return play.act(seats.tick, who, play.round.id, 2, place, chat_id=None, is_on=is_on)


def card(play: Play, who: Someone) -> str:
    """The newest message of the person's private chat, with its buttons."""
    message = play.said_last(who.user_id or 0).content
    assert isinstance(message, Message)
    rows = ["".join(f"[{button.label}]" for button in row) for row in message.buttons]
    return "\n".join([strip_tags(message.text), *rows])


@pytest.fixture
def seated(play: Play) -> Play:
    """张三 has a private seat, and the first question is open."""
    return snapshots.after(play, _seat)


def _seat(play: Play) -> None:
    play.start()
    take(play, play.cast.zhang)
    play.begin()


def test_the_open_question_comes_in_private_with_its_buttons(seated: Play) -> None:
    assert card(seated, seated.cast.zhang) == (
        "第 1/3 题 · 单选（2 分）\n支部党员大会一般多久召开一次？\n\nA. 每月\nB. 每季度\nC. 每半年\nD. 每年\n\n"
        f"{closing(seated)} 截止，点一下就是作答，不能再改。\n[A][B][C][D]"
    )
    assert seated.texts(chat_id=1006) == []  # 周八 sits with the group
    seated.wait(32 + 5)
    assert card(seated, seated.cast.zhang).endswith("选好后点“确定”，不能再改。\n[A][B][C][D]\n[确定]")


def closes_at(play: Play) -> datetime:
    moment = play.items[-1].closes_at
    assert moment is not None
    return moment


def closing(play: Play) -> str:
    return f"{closes_at(play) + timedelta(hours=8):%H:%M:%S}"


def test_an_answer_in_private_counts_in_every_figure_and_in_no_poll(seated: Play) -> None:
    said = say(seated, seated.cast.zhang, 1)
    assert (said.how, said.card.chosen) == (SaidHow.TAKEN, "B")
    seated.vote(seated.cast.zhou, 0)
    (private, group) = seated.events
    assert [(one.via, one.selection, one.accepted) for one in (private, group)] == [
        (Via.PRIVATE, "B", True),
        (Via.POLL, "A", True),
    ]
    assert seated.consoles[-1].text == "控制台：第 1/3 题，已答 2 人。"
    seated.wait(33)
    assert "2 人作答，1 人答对" in seated.texts()[-1]  # T22
    seated.act(hosting.next_item, seated.cast.li, seated.round.id, 1, chat_id=None)
    for _ in range(2):
        seated.wait(60)
    assert seated.texts(chat_id=1001)[-1] == "《题库随机抽题》：你答了 1 题，对 1 题，得 2 分（满分 8 分）。"


def test_a_group_vote_after_the_private_answer_changes_nothing(seated: Play) -> None:
    say(seated, seated.cast.zhang, 1)
    seated.vote(seated.cast.zhang, 0)
    assert [(one.via, one.reason) for one in seated.events] == [(Via.PRIVATE, None), (Via.POLL, Refusal.ALREADY)]
    assert [(one.selection, one.awarded_centi) for one in seated.answers] == [("B", 200)]


def test_a_private_answer_after_the_group_vote_is_told_that_the_first_counts(seated: Play) -> None:
    seated.vote(seated.cast.zhang, 0)
    assert say(seated, seated.cast.zhang, 1).how is SaidHow.ALREADY
    assert say(seated, seated.cast.zhang, 0).how is SaidHow.AGAIN  # a double tap
    assert [(one.accepted, one.reason) for one in seated.events] == [(True, None), *[(False, Refusal.ALREADY)] * 2]
    assert [one.selection for one in seated.answers] == ["A"]


def test_several_options_are_ticked_one_by_one_and_sent_together(seated: Play) -> None:
    say(seated, seated.cast.zhang, 1)
    seated.wait(37)
    zhang = seated.cast.zhang
    with pytest.raises(seats.NothingTicked):
        seated.act(seats.confirm, zhang, seated.round.id, 2)
    for place in (0, 3, 2, 0):
        tick(seated, zhang, place)
    shown = tick(seated, zhang, 3, is_on=False)
    assert isinstance(shown, SeatCard)
    assert (shown.chosen, shown.is_said, len(seated.answers)) == ("AC", False, 1)
    tick(seated, zhang, 1)
    said = seated.act(seats.confirm, zhang, seated.round.id, 2)
    assert (said.how, said.card.chosen) == (SaidHow.TAKEN, "ABC")
    assert (seated.answers[-1].awarded_centi, seated.rows(SeatChoice)) == (400, [])
    assert seated.act(seats.confirm, zhang, seated.round.id, 2).how is SaidHow.AGAIN
    late = tick(seated, zhang, 0)
    assert isinstance(late, Said)
    assert late.how is SaidHow.ALREADY


def test_who_takes_a_seat_late_starts_with_the_open_question(play: Play) -> None:
    play.start()
    play.begin()
    play.vote(play.cast.zhou, 1)
    play.wait(37)
    consoles = len(play.consoles)
    take(play, play.cast.zhang)
    assert card(play, play.cast.zhang).startswith("第 2/3 题 · 多选")
    assert len(play.consoles) == consoles  # it counts answers now, not seats
    take(play, play.cast.zhang)  # pressed in the group, and the link followed
    assert len(play.texts(chat_id=1001)) == 1


def test_a_seat_can_be_changed_while_the_lobby_is_open(play: Play) -> None:
    play.start()
    take(play, play.cast.zhang)
    play.act(hosting.join, play.cast.zhang, play.round.id)
    assert [one.seat for one in play.attempts] == [Seat.GROUP]
    take(play, play.cast.zhang)
    assert [one.seat for one in play.attempts] == [Seat.PRIVATE]


def test_nobody_off_the_roster_has_a_seat(play: Play) -> None:
    play.start()
    for stranger in (play.cast.zhao, play.cast.wang):
        with pytest.raises(service.NotOnRoster):
            take(play, stranger)
    play.begin()
    with pytest.raises(service.NotOnRoster):
        say(play, play.cast.zhao, 1)
    assert play.events == []


def test_a_question_ends_when_private_and_group_seats_have_answered(play: Play) -> None:
    play.start()
    take(play, play.cast.zhang)
    play.act(hosting.join, play.cast.zhou, play.round.id)
    play.wait(61)
    play.vote(play.cast.zhou, 1)
    assert play.stopped == []
    say(play, play.cast.zhang, 1)
    assert play.stopped == [play.poll.message_id]


def test_an_adopted_poll_deals_the_cards_once(play: Play) -> None:
    play.start()
    take(play, play.cast.zhang)
    play.is_deaf = True
    play.begin()
    play.is_deaf = False
    play.report("lost", "【1-1/3】支部党员大会一般多久召开一次？")
    assert len(play.texts(chat_id=1001)) == 1


def test_a_question_asked_again_comes_to_the_seat_again(seated: Play) -> None:
    seated.act(hosting.pause, seated.cast.li, seated.round.id, chat_id=None)
    seated.wait(3)
    with pytest.raises(seats.TooLate):
        raise seats.too_late(say(seated, seated.cast.zhou, 0))
    seated.act(hosting.resume, seated.cast.li, seated.round.id, chat_id=None)
    first, over, again = seated.texts(chat_id=1001)
    assert "本题已结束" in over
    assert again.partition("\n")[0] == first.partition("\n")[0]


# -- when its question is over -----------------------------------------------------------------------------------------


def test_a_card_that_was_not_answered_ends_with_its_question(seated: Play) -> None:
    zhang = seated.cast.zhang
    first = seated.said_last(1001).message_id
    seated.wait(33)
    over = seated.said_last(1001).content
    assert isinstance(over, Edit)
    assert (over.message_id, over.message and over.message.buttons) == (first, ())
    assert seated.texts(chat_id=1001)[-1].endswith("D. 每年\n\n本题已结束，你没有作答。")
    seated.wait(4)
    tick(seated, zhang, 0)
    seated.wait(48)
    assert strip_tags(seated.texts(chat_id=1001)[-1]).endswith("本题已结束。你选了 A，没有点“确定”，不算作答。")


def test_an_option_pressed_after_the_end_is_refused_and_not_ticked(seated: Play) -> None:
    zhang, zhou = seated.cast.zhang, seated.cast.zhou
    seated.wait(37)
    tick(seated, zhang, 0)
    seated.jump((closes_at(seated) - seated.now).total_seconds() + 2)
    assert isinstance(tick(seated, zhang, 0, is_on=False), SeatCard)  # two seconds late is in time, as for an answer
    tick(seated, zhang, 2)
    seated.jump(1)
    for is_on in (True, False):
        late = tick(seated, zhang, 2, is_on=is_on)
        assert isinstance(late, Said)
        assert str(seats.too_late(late)).endswith("你的点击晚了 3 秒，未计分。")
    [ticked] = seated.rows(SeatChoice)
    assert (ticked.selection, len(seated.answers)) == ("C", 0)
    assert isinstance(tick(seated, zhou, 1), Said)
    assert seated.act(seats.confirm, zhou, seated.round.id, 2, chat_id=None).how is SaidHow.LATE
    assert len(seated.attempts) == 1  # 周八 has taken part in nothing


def test_a_card_beside_a_vote_in_the_group_says_which_counts(seated: Play) -> None:
    seated.vote(seated.cast.zhang, 0)
    seated.wait(33)
    assert seated.texts(chat_id=1001)[-1].endswith("本题已结束，以你在群投票里的选择为准。")


@pytest.mark.parametrize("end", [hosting.pause, hosting.abort])
def test_a_card_ends_when_the_round_is_held_or_broken_off(seated: Play, end: Callable[..., object]) -> None:
    seated.act(end, seated.cast.li, seated.round.id, chat_id=None)
    assert sum("本题已结束" in text for text in seated.texts(chat_id=1001)) == 1


def test_an_answered_card_is_left_as_it_is(seated: Play) -> None:
    say(seated, seated.cast.zhang, 1)
    seated.wait(33)
    assert not any("本题已结束" in text for text in seated.texts(chat_id=1001))


def test_a_press_that_was_on_its_way_keeps_its_card(seated: Play) -> None:
    """Held in the very second of the press: the news of the end must not cover the answer."""
    sender = seated.sender(seated.cast.zhang)
    seated.is_deaf = True
    seated.act(hosting.pause, seated.cast.li, seated.round.id, chat_id=None)
    said = seated.database.run(seats.say, sender, seated.round.id, 1, 1, now=seated.now)
    seated.is_deaf = False
    seated.settle()
    assert said.how is SaidHow.TAKEN
    assert not any("本题已结束" in text for text in seated.texts(chat_id=1001))


@pytest.mark.parametrize("place", [-1, 4])
def test_an_option_that_does_not_exist_is_no_answer(seated: Play, place: int) -> None:
    zhang, round_id = seated.cast.zhang, seated.round.id
    with pytest.raises(StaleButton):
        say(seated, zhang, place)
    with pytest.raises(StaleButton):  # there is nothing to tick in a single choice
        seated.act(seats.tick, zhang, round_id, 1, 0, is_on=True)
    with pytest.raises(seats.NotAsked):
        say(seated, zhang, 0, position=2)
    assert seated.events == []


@pytest.mark.parametrize("is_ended_early", [True, False])
def test_what_was_only_ticked_is_no_answer_and_is_forgotten(seated: Play, *, is_ended_early: bool) -> None:
    say(seated, seated.cast.zhang, 1)
    seated.wait(37)
    tick(seated, seated.cast.zhang, 0)
    if is_ended_early:
        seated.act(hosting.abort, seated.cast.li, seated.round.id, chat_id=None)
    else:
        seated.wait(180)
    assert seated.state is (RoundState.ABORTED if is_ended_early else RoundState.FINISHED)
    assert (seated.rows(SeatChoice), len(seated.answers)) == ([], 1)


# -- the time of a press -----------------------------------------------------------------------------------------------


def test_a_press_counts_two_seconds_after_the_end_and_not_five(seated: Play) -> None:
    seated.wait(31)
    assert say(seated, seated.cast.zhang, 1).how is SaidHow.TAKEN
    seated.wait(4)
    late = say(seated, seated.cast.zhou, 1)
    assert late.how is SaidHow.LATE
    assert str(seats.too_late(late)) == f"本题已于 {closing(seated)} 截止，你的点击晚了 5 秒，未计分。"
    assert [(one.accepted, one.reason) for one in seated.events] == [(True, None), (False, Refusal.LATE)]


def test_a_press_handled_late_counts_by_the_time_it_was_stored(seated: Play) -> None:
    sender = seated.sender(seated.cast.zhang)
    seated.wait(40)
    said = seated.database.run(seats.say, sender, seated.round.id, 1, 1, now=seated.now)
    assert said.how is SaidHow.TAKEN


def test_a_press_that_waited_out_an_outage_counts_and_says_why(seated: Play) -> None:
    seated.wait(10)
    gone = Outage(from_at=seated.now, to_at=seated.now + timedelta(seconds=80))
    seated.database.run(lambda session: session.add(gone))
    seated.jump(81)
    waited = replace(seated.sender(seated.cast.zhang), is_late=True)
    said = seated.database.run(seats.say, waited, seated.round.id, 1, 1, now=seated.now)
    assert (said.how, said.card.lost) == (SaidHow.TAKEN, timedelta(seconds=80))
    seated.settle()
    assert "1 人作答，1 人答对" in next(text for text in seated.texts() if text.startswith("第 1/3 题"))
    after = say(seated, seated.cast.zhou, 1)  # the answer stands in the group
    assert after.how is SaidHow.LATE


def test_after_the_end_of_the_round_no_seat_is_left(seated: Play) -> None:
    seated.act(hosting.abort, seated.cast.li, seated.round.id, chat_id=None)
    with pytest.raises(service.RoundOver):
        say(seated, seated.cast.zhang, 1)
    with pytest.raises(service.RoundOver):
        take(seated, seated.cast.zhang)
    assert seated.state is RoundState.ABORTED


def test_a_seat_does_not_hide_a_vote_in_the_group(seated: Play) -> None:
    """Whoever has a private seat may still vote with the others."""
    seated.act(votes.vote, seated.cast.zhang, seated.poll.poll_id, (1,))
    assert [one.selection for one in seated.answers] == ["B"]
