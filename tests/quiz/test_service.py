"""The life of a live round, from /round to the figures, on a real database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.banks.rules import Bank
from bot.members.rules import NotBound, Role
from bot.message import Message, StaleButton
from bot.outbox import State
from bot.quiz import hosting, results, service
from bot.quiz.models import RoundGuest
from bot.quiz.rules import AttemptState, ItemState, RoundState
from tests.make import GROUP_CHAT, Make
from tests.quiz.banks import SINGLE
from tests.quiz.conftest import AddBank
from tests.quiz.play import Play


def labels(message: object) -> list[str]:
    assert isinstance(message, Message)
    return [button.label for row in message.buttons for button in row]


def answer_all(play: Play) -> None:
    """张三 answers everything right, 周八 everything wrong."""
    while play.state is not RoundState.FINISHED:
        play.vote(play.cast.zhang, *play.right)
        play.vote(play.cast.zhou, *play.wrong)
        asked = len(play.polls)
        while len(play.polls) == asked and play.state is not RoundState.FINISHED:
            play.wait(1)


def test_a_round_goes_from_the_lobby_to_everybodys_result(play: Play) -> None:
    play.start()
    assert play.state is RoundState.LOBBY
    play.wait(60)
    answer_all(play)
    assert play.texts() == [
        "现场答题《题库随机抽题》，3 题，每题 30–45 秒，60 秒后开始，自愿参加。"
        "群投票会显示谁选了什么；不想公开请点“私聊作答”。",
        "【1-1/3】支部党员大会一般多久召开一次？",
        "第 1/3 题：B. 每季度。2 人作答，1 人答对。一般每季度召开一次。（《中国共产党支部工作条例（试行）》第十一条）",
        "【1-2/3】“三会一课”中的“三会”包括（　）。",
        "第 2/3 题：A. 支部党员大会；B. 支部委员会会议；C. 党小组会。2 人作答，1 人答对。“一课”指党课。"
        "（《中国共产党支部工作条例（试行）》）",
        "【1-3/3】预备党员有表决权。",
        "第 3/3 题：错误。2 人作答，1 人答对。预备党员没有表决权、选举权和被选举权。"
        "（《中国共产党章程》第七条）（待核）",
        "现场答题结束：《题库随机抽题》，2 人参加，人均答对 1.5 题（共 3 题），正确率 50%。"
        "答对最少：第 1 题（50%）。个人成绩已私发本人。",
    ]
    assert play.texts(chat_id=1001) == ["《题库随机抽题》：你答了 3 题，对 3 题，得 8 分（满分 8 分）。"]
    assert play.texts(chat_id=1006) == ["《题库随机抽题》：你答了 3 题，对 0 题，得 0 分（满分 8 分）。"]
    assert play.texts(chat_id=1002)[-1] == "控制台：《题库随机抽题》已结束。"


def test_points_are_kept_with_the_attempt(play: Play) -> None:
    play.start()
    play.wait(60)
    play.vote(play.cast.zhang, *play.right)
    play.wait(40)
    play.vote(play.cast.zhang, 0)  # one of three right letters: half of 4 分
    play.wait(55)
    play.wait(60)
    (attempt,) = play.attempts
    assert (attempt.state, attempt.score_centi, attempt.number) == (AttemptState.SUBMITTED, 400, 1)
    assert [(item.position, item.selection, item.awarded_centi, item.max_centi) for item in play.answers] == [
        (1, "B", 200, 200),
        (2, "A", 200, 400),
    ]


def test_no_word_in_the_group_names_a_person_or_a_score(play: Play) -> None:
    play.start()
    play.wait(60)
    answer_all(play)
    told = "".join(play.texts())
    assert not [name for name in ("张三", "李四", "周八", "孙七", " 分，得", "得 8") if name in told]


def test_a_member_of_another_branch_sees_nothing(play: Play) -> None:
    play.start()
    play.wait(60)
    play.vote(play.cast.zhao, *play.right)
    answer_all(play)
    assert play.texts(chat_id=1004) == []
    assert {attempt.member_id for attempt in play.attempts} == {play.cast.zhang.id, play.cast.zhou.id}


def test_somebody_who_joined_and_kept_silent_has_no_result(play: Play) -> None:
    play.start()
    play.act(hosting.join, play.cast.sun, play.round.id)
    play.wait(60)
    answer_all(play)
    silent = next(attempt for attempt in play.attempts if attempt.member_id == play.cast.sun.id)
    assert (silent.state, silent.score_centi) == (AttemptState.NO_ANSWER, 0)
    assert play.texts(chat_id=1005) == []
    assert "2 人参加" in play.texts()[-1]


# -- who may -----------------------------------------------------------------------------------------------------------


def test_a_plain_member_cannot_start_a_round(play: Play) -> None:
    with pytest.raises(service.OnlyOfficers) as refused:
        play.act(service.offer, play.cast.zhang)
    assert str(refused.value) == "只有书记、组织委员或管理员可以操作。"


def test_the_secretary_of_another_branch_cannot_start_a_round_here(play: Play) -> None:
    with pytest.raises(service.OnlyOfficers):
        play.act(hosting.start_quick, play.cast.zhao, 3, seed=1)


def test_the_admin_above_may_start_a_round(play: Play) -> None:
    assert play.act(hosting.start_quick, play.cast.wang, 3, seed=1) == "题库随机抽题"


def test_a_second_round_in_the_same_chat_is_refused(play: Play) -> None:
    play.start()
    with pytest.raises(service.RoundIsOn) as refused:
        play.act(service.offer, play.cast.sun)
    assert str(refused.value) == (
        "本群已有一场现场答题。《题库随机抽题》还剩约 4 分钟，请等它结束，或由主持人点“结束”。"
    )
    with pytest.raises(service.RoundIsOn):
        play.start()


def test_two_topics_of_a_chat_have_a_round_each(play: Play) -> None:
    play.start()
    play.start(thread_id=7)
    assert [(r.thread_id, r.state) for r in play.rounds] == [(0, RoundState.LOBBY), (7, RoundState.LOBBY)]


def test_a_chat_of_no_branch_has_no_rounds(play: Play) -> None:
    with pytest.raises(service.ChatNotBound):
        play.act(service.offer, play.cast.li, chat_id=-1009)


def test_a_stranger_cannot_join(play: Play, make: Make) -> None:
    play.start()
    with pytest.raises(NotBound):
        play.act(hosting.join, play.cast.wu, play.round.id)
    with pytest.raises(service.NotOnRoster) as refused:
        play.act(hosting.join, play.cast.zhao, play.round.id)
    assert str(refused.value) == "你不在本支部名册里，投票不计。"


def test_joining_twice_is_joining_once(play: Play) -> None:
    play.start()
    assert play.act(hosting.join, play.cast.zhang, play.round.id) == 1
    assert play.act(hosting.join, play.cast.zhang, play.round.id) == 1
    assert play.act(hosting.join, play.cast.zhou, play.round.id) == 2


def test_joining_after_the_start_is_answered_with_the_poll(play: Play) -> None:
    play.start()
    play.begin()
    with pytest.raises(service.AlreadyBegun):
        play.act(hosting.join, play.cast.zhang, play.round.id)


# -- steering ----------------------------------------------------------------------------------------------------------


def test_the_host_does_not_wait_for_the_end_of_the_lobby(play: Play) -> None:
    play.start()
    play.begin()
    assert (play.state, play.round.position) == (RoundState.OPEN, 1)


def test_a_second_tap_finds_done_what_was_asked(play: Play) -> None:
    play.start()
    for act, state in ((hosting.begin, RoundState.OPEN), (hosting.pause, RoundState.PAUSED)):
        for _ in range(2):
            play.act(act, play.cast.li, play.round.id, chat_id=None)
            assert (play.state, play.round.position) == (state, 1)
    for _ in range(2):
        play.act(hosting.resume, play.cast.li, play.round.id, chat_id=None)
        assert (play.state, play.round.position) == (RoundState.OPEN, 1)
    assert len([said for said in play.said if "item" in said.key]) == 2  # asked, and after the pause once more


def test_the_console_shows_counts_and_what_can_be_done(play: Play) -> None:
    play.start()
    play.begin()
    play.vote(play.cast.zhang, 0)
    console = play.consoles[-1]
    assert console.text == "控制台：第 1/3 题，已答 1 人。"
    assert labels(console) == ["下一题", "暂停", "结束"]


def test_next_closes_the_question_early(play: Play) -> None:
    play.start()
    play.begin()
    play.vote(play.cast.zhang, 0)
    play.act(hosting.next_item, play.cast.li, play.round.id, 1, chat_id=None)
    assert play.stopped == [play.poll.message_id]
    play.wait(2)
    assert play.state is RoundState.REVEALED
    play.wait(5)
    assert (play.state, play.round.position) == (RoundState.OPEN, 2)


def test_next_while_the_answer_is_read_asks_at_once(play: Play) -> None:
    play.start()
    play.begin()
    play.vote(play.cast.zhang, 0)
    play.wait(33)
    assert play.state is RoundState.REVEALED
    play.act(hosting.next_item, play.cast.li, play.round.id, 1, chat_id=None)
    assert (play.state, play.round.position) == (RoundState.OPEN, 2)


def test_next_for_a_question_that_is_over_changes_nothing(play: Play) -> None:
    play.start()
    play.begin()
    play.vote(play.cast.zhang, 0)
    play.wait(38)
    with pytest.raises(service.StepOver):
        play.act(hosting.next_item, play.cast.li, play.round.id, 1, chat_id=None)
    assert play.round.position == 2


def test_only_host_and_officers_steer(play: Play) -> None:
    play.start()
    for nobody in (play.cast.zhang, play.cast.zhao):
        with pytest.raises(service.OnlyOfficers):
            play.act(hosting.begin, nobody, play.round.id, chat_id=None)
    play.act(hosting.begin, play.cast.sun, play.round.id, chat_id=None)
    assert play.state is RoundState.OPEN


def test_a_host_without_his_office_still_steers_his_round(play: Play, make: Make) -> None:
    guest = make.member("郑十", play.cast.branch, user_id=1010)
    make.grant(guest, Role.SECRETARY, play.cast.second, to_on=None)
    make.grant(guest, Role.ADMIN, play.cast.company)
    play.act(hosting.start_quick, guest, 3, seed=1)
    play.act(hosting.begin, guest, play.round.id, chat_id=None)
    assert play.state is RoundState.OPEN


def test_pause_closes_the_poll_and_keeps_the_votes(play: Play) -> None:
    play.start()
    play.begin()
    play.vote(play.cast.zhang, *play.right)
    play.act(hosting.pause, play.cast.li, play.round.id, chat_id=None)
    assert play.state is RoundState.PAUSED
    assert play.stopped == [play.poll.message_id]
    assert play.texts()[-1] == "现场答题已暂停：主持人暂停。"
    assert labels(play.said_last(GROUP_CHAT).content) == ["继续", "结束"]
    play.act(hosting.resume, play.cast.sun, play.round.id)
    assert "1 人作答，1 人答对" in play.texts()[-1]
    play.wait(5)
    assert (play.state, play.round.position) == (RoundState.OPEN, 2)


def test_an_interrupted_question_without_votes_is_asked_again(play: Play) -> None:
    play.start()
    play.begin()
    play.act(hosting.pause, play.cast.li, play.round.id, chat_id=None)
    play.act(hosting.resume, play.cast.li, play.round.id, chat_id=None)
    assert [poll.text for poll in play.polls] == ["【1-1/3】支部党员大会一般多久召开一次？"] * 2
    assert (play.state, play.round.position) == (RoundState.OPEN, 1)


def test_a_round_paused_by_hand_waits_an_hour(play: Play) -> None:
    play.start()
    play.begin()
    play.act(hosting.pause, play.cast.li, play.round.id, chat_id=None)
    play.wait(59 * 60)
    assert play.state is RoundState.PAUSED
    play.wait(60)
    assert play.state is RoundState.ABORTED
    assert play.texts()[-1] == "现场答题《题库随机抽题》已中止，本场不计入统计。"


def test_three_questions_without_answers_pause_the_round(play: Play) -> None:
    play.start()
    play.wait(60 + 30 + 45 + 30 + 2 * 7 + 2)
    assert play.state is RoundState.PAUSED
    assert play.texts()[-1] == "现场答题已暂停：连续三题没有人作答。"
    play.wait(10 * 60)
    assert play.state is RoundState.ABORTED
    assert play.texts()[-1] == "现场答题《题库随机抽题》已中止，已公布 3 题，本场不计入统计。"


def test_an_ended_round_counts_only_what_was_revealed(play: Play) -> None:
    play.start()
    play.begin()
    play.vote(play.cast.zhang, *play.right)
    play.wait(37)
    play.vote(play.cast.zhang, *play.right)
    play.act(hosting.abort, play.cast.li, play.round.id, chat_id=None)
    (attempt,) = play.attempts
    assert (play.state, attempt.score_centi) == (RoundState.ABORTED, 200)
    assert [item.state for item in play.items] == [ItemState.REVEALED, ItemState.SKIPPED]
    assert play.stopped == [play.poll.message_id]
    assert play.texts(chat_id=1001) == []
    with pytest.raises(service.RoundOver):
        play.act(hosting.resume, play.cast.li, play.round.id, chat_id=None)


def test_after_an_ended_round_the_next_one_may_start(play: Play) -> None:
    play.start()
    play.act(hosting.abort, play.cast.li, play.round.id, chat_id=None)
    play.start()
    assert play.state is RoundState.LOBBY


def test_a_paper_of_somebody_else_is_a_stale_button(play: Play) -> None:
    with pytest.raises(StaleButton):
        play.act(hosting.start, play.cast.li, 99)


def test_a_question_too_long_for_a_poll_comes_as_a_message_before(play: Play, add_bank: AddBank) -> None:
    add_bank(Bank("long", "长题", (replace(SINGLE, stem="长" * 1100),)))
    paper_id = play.make_paper(1, bank="长题")
    play.act(hosting.start, play.cast.li, paper_id)
    play.begin()
    before, asked = play.texts()[-2:]
    assert before.startswith("【1-1/1】长长长")
    assert asked == "【1-1/1】题目见上一条消息"
    play.vote(play.cast.zhang, 1)
    play.wait(47)
    assert "1 人作答，1 人答对" in play.texts()[-1]


def test_without_the_message_before_there_is_no_poll(play: Play, add_bank: AddBank) -> None:
    add_bank(Bank("long", "长题", (replace(SINGLE, stem="长" * 1100),)))
    paper_id = play.make_paper(1, bank="长题")
    play.act(hosting.start, play.cast.li, paper_id)
    play.is_deaf = True
    play.begin()
    play.refuse(State.DEAD)
    play.is_deaf = False
    play.settle()
    assert (play.state, play.polls) == (RoundState.PAUSED, [])


def test_who_was_not_on_the_roster_is_forgotten_after_a_month(play: Play) -> None:
    play.start()
    play.begin()
    play.vote(play.cast.zhao, 1)
    play.vote(play.cast.zhang, 1)
    play.act(hosting.abort, play.cast.li, play.round.id, chat_id=None)
    play.database.run(results.forget_old, now=play.now + timedelta(days=30))
    assert len(play.rows(RoundGuest)) == 1
    play.database.run(results.forget_old, now=play.now + timedelta(days=31))
    assert (len(play.rows(RoundGuest)), len(play.answers)) == (0, 1)
    play.database.run(results.forget_old, now=play.now + timedelta(days=731))
    assert (play.answers, play.events) == ([], [])
    assert play.attempts[0].score_centi == 0


# -- what Telegram refuses ---------------------------------------------------------------------------------------------


def test_a_group_that_cannot_be_reached_pauses_the_round_and_tells_its_host(play: Play) -> None:
    play.start()
    play.is_deaf = True
    play.begin()
    play.refuse(State.UNREACHABLE)
    play.is_deaf = False
    play.settle()
    assert play.state is RoundState.PAUSED
    assert "现场答题已暂停：第 1 题没有发出。" in play.texts(chat_id=1002)


def test_a_question_that_expired_pauses_the_round(play: Play) -> None:
    play.start()
    play.is_deaf = True
    play.begin()
    play.wait(40)
    assert play.state is RoundState.PAUSED
    play.is_deaf = False
    play.settle()
    assert play.texts()[-1] == "现场答题已暂停：第 1 题没有发出。"
    assert play.polls == []


def test_a_question_of_an_earlier_step_is_not_sent_any_more(play: Play) -> None:
    play.start()
    play.is_deaf = True
    play.begin()
    play.act(hosting.pause, play.cast.li, play.round.id, chat_id=None)
    play.act(hosting.resume, play.cast.li, play.round.id, chat_id=None)
    play.is_deaf = False
    play.settle()
    assert len(play.polls) == 1
