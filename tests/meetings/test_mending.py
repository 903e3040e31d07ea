"""What a group did not take reaches its people in private; what was overtaken stays away."""

from datetime import timedelta

from sqlalchemy import select, update

from bot import claims
from bot.attendance.jobs import HOOKS as ATTENDANCE_HOOKS
from bot.attendance.service import roll
from bot.meetings import mending
from bot.meetings.facts import MeetingFacts
from bot.meetings.jobs import hooks
from bot.members import reach
from bot.members.models import Chat
from bot.members.rules import Role
from bot.outbox import OutboxRow, State
from tests.make import GROUP_CHAT
from tests.meetings.play import Play, at, texts

LINE = "本周五15点 主题党日 学习二十大精神 @三楼会议室"
CARD = "【主题党日】学习二十大精神／时间：3月6日（周五）15:00—17:00／地点：三楼会议室／您还没有回复"
EVERY = {**hooks(roll), **ATTENDANCE_HOOKS}


def refuse(play: Play, key: str, state: State = State.DEAD) -> None:
    """Telegram does not take the row with this key."""
    row_id = play.database.look(lambda session: session.scalar(select(OutboxRow.id).where(OutboxRow.key == key)))
    row = play.run(claims.claim, row_id, EVERY)
    assert row is not None
    play.run(claims.mark_failed, row, state, "not enough rights", EVERY)


def cards(play: Play) -> dict[int, str]:
    return {letter.to: letter.line for letter in play.take() if letter.line.startswith("【")}


def test_a_group_that_may_not_be_written_to_is_replaced_by_private_cards(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.run_only_jobs()
    refuse(play, f"meeting:{meeting.id}:v1:R1:1:c{GROUP_CHAT}")
    play.deliver()
    assert cards(play) == dict.fromkeys((1001, 1002, 1005, 1006), CARD)
    play.until("2026-03-06 14:44")
    play.take()
    play.now = at("2026-03-06 14:45")
    play.run_only_jobs()
    refuse(play, f"meeting:{meeting.id}:v1:R4:1:c{GROUP_CHAT}")
    play.deliver()
    signs = [letter for letter in play.take() if "现在开始签到" in letter.line]
    assert {letter.to: letter.buttons for letter in signs} == dict.fromkeys((1001, 1002, 1005, 1006), ("签到",))


def test_a_group_that_removed_the_bot_while_its_card_waited_is_replaced_too(play: Play) -> None:
    play.meeting(LINE)
    play.run_only_jobs()
    play.database.run(reach.chat_gone, GROUP_CHAT, now=play.now)
    for _ in range(2):
        play.run(mending.mend, roll=roll)
        play.deliver()
    assert cards(play) == dict.fromkeys((1001, 1002, 1005, 1006), CARD)


def test_removed_before_the_notice_everybody_gets_a_card_and_the_secretary_hears_once(play: Play) -> None:
    play.meeting("3月20日15点 主题党日 学习 @三楼")
    play.database.run(reach.chat_gone, GROUP_CHAT, now=play.now)
    play.database.run(reach.chat_gone, GROUP_CHAT, now=play.now)
    play.until("2026-03-13 09:00")
    letters = play.take()
    assert {letter.to for letter in letters if letter.line.startswith("【")} == {1001, 1002, 1005, 1006}
    told = [letter for letter in letters if "一支部群" in letter.line]
    assert [letter.to for letter in told] == [1002]


def test_a_branch_without_a_group_of_its_own_is_not_forgotten(play: Play) -> None:
    """A committee's lecture stands in the groups of its branches; who has no group gets a card."""
    cast = play.cast
    play.make.grant(cast.wang, Role.SECRETARY, cast.district)
    play.plan("本周五15点 党课 学习 @礼堂", by=cast.wang)
    meeting = play.meeting("本周五15点 党课 学习 @礼堂", by=cast.wang)
    assert meeting.unit == cast.district
    play.work()
    told = {letter.to for letter in play.take() if letter.line.startswith("【党课】")}
    assert told == {GROUP_CHAT, cast.wang.user_id, cast.zhao.user_id}
    play.until("2026-03-06 14:45")
    signs = {letter.to for letter in play.take() if "现在开始签到" in letter.line}
    assert signs == {GROUP_CHAT, cast.wang.user_id, cast.zhao.user_id}


def test_who_joins_the_branch_after_the_notice_gets_a_card_with_the_next_reminder(play: Play) -> None:
    gone = update(Chat).values(state="INACTIVE")
    play.database.run(lambda session: session.execute(gone).close())
    play.meeting(LINE)
    play.work()
    play.take()
    late = play.make.member("郑十", play.cast.branch)
    play.until("2026-03-06 13:00")
    assert [to for to in cards(play) if to == late.user_id]


# -- changes ----------------------------------------------------------------------------------------------------------


def test_moved_before_its_card_left_the_group_gets_the_card_of_the_new_time_first(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.run_only_jobs()
    play.move(meeting, "2026-03-10 15:00")
    play.deliver()
    lines = texts(play.take(), GROUP_CHAT)
    assert [line.partition("：")[0] for line in lines] == ["【主题党日】学习二十大精神／时间", "改期"]
    assert "3月10日（周二）15:00" in lines[0]


def night(play: Play) -> MeetingFacts:
    meeting = play.meeting("3月4日20点 主题党日 学习 @三楼")
    play.work()
    play.take()
    play.now = at("2026-03-03 22:00")
    return meeting


def test_two_corrections_at_night_come_in_their_order(play: Play) -> None:
    meeting = night(play)
    play.move(meeting, "2026-03-04 16:00")  # could wait for the morning
    play.now += timedelta(minutes=5)
    play.move(meeting, "2026-03-04 08:30")  # cannot: it is early
    play.work()
    lines = texts(play.take(), GROUP_CHAT)
    assert [line.partition("改为")[2].partition("，")[0] for line in lines] == [
        "3月4日（周三）16:00",
        "3月4日（周三）08:30",
    ]


def test_a_move_to_an_earlier_hour_is_told_at_night_if_the_morning_is_too_late(play: Play) -> None:
    meeting = night(play)
    play.move(meeting, "2026-03-04 09:00")
    play.work()
    [letter] = play.take()
    assert (letter.is_silent, "改为3月4日（周三）09:00" in letter.line) == (True, True)


def test_a_correction_of_unknown_fate_is_not_repeated_after_a_later_one(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.work()
    play.go(meeting, cast.zhang)
    play.move(meeting, "2026-03-10 15:00")
    key = f"meeting:{meeting.id}:n2:MOVED:1:m{cast.zhang.id}"
    row_id = play.database.look(lambda session: session.scalar(select(OutboxRow.id).where(OutboxRow.key == key)))
    row = play.run(claims.claim, row_id, EVERY)
    assert row is not None  # on its way; its sender dies
    play.go(meeting, cast.zhang)
    play.move(meeting, "2026-03-11 15:00")
    play.deliver()
    play.database.run(claims.repeat, row, due_at=play.now)
    play.deliver()
    assert play.rows(key) == {key: State.SUPPRESSED}
