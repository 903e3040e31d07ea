"""When people may be written to: not too often in a day, and not in their quiet hours."""

from collections import Counter
from datetime import date, datetime, time

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot import outbox
from bot.meetings.budget import with_room
from bot.members import notices
from bot.members.models import Account, Chat
from bot.members.rules import ChatState
from bot.message import Message
from bot.outbox import Lane
from bot.periods import QuietHours, beijing
from tests.make import GROUP_CHAT
from tests.meetings.play import Play, at, texts

LINE = "本周五15点 主题党日 学习二十大精神 @三楼会议室"
QUIET = QuietHours(time(21, 30), time(7, 30))


def unasked(play: Play, chat_id: int, count: int) -> None:
    """Other features write to this person now."""

    def write(session: Session) -> None:
        for number in range(count):
            key, message = f"other:{chat_id}:{number}:{play.now:%d}", Message("别的事")
            outbox.enqueue(
                session, key, chat_id=chat_id, content=message, lane=Lane.NOTICE, now=play.now, is_unasked=True
            )

    play.database.run(write)


def widen(play: Play, user_id: int, start: str, end: str) -> None:
    wider = update(Account).where(Account.telegram_user_id == user_id).values(quiet_from=start, quiet_to=end)
    play.database.run(lambda session: session.execute(wider).close())


# -- how often --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heard", "chat_id", "slot"),
    [
        ({}, 1001, "03-05 16:00"),
        ({5: 3}, 1001, "03-05 16:00"),
        ({5: 4}, 1001, "03-06 07:30"),
        ({5: 4, 6: 4}, 1001, "03-07 07:30"),
        ({5: 4, 6: 4, 7: 4}, 1001, None),
        ({5: 5}, GROUP_CHAT, "03-05 16:00"),
        ({5: 6}, GROUP_CHAT, "03-06 07:30"),
    ],
)
def test_a_message_goes_on_the_first_day_with_room(heard: dict[int, int], chat_id: int, slot: str | None) -> None:
    days = Counter({date(2026, 3, day): count for day, count in heard.items()})
    found: datetime | None = with_room(days, chat_id, at("2026-03-05 16:00"), QUIET, at("2026-03-07 15:00"))
    assert (f"{beijing(found):%m-%d %H:%M}" if found else None) == slot


def test_the_fifth_unasked_message_of_a_day_waits_for_the_morning(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-05 10:00")
    unasked(play, 1001, 4)
    play.until("2026-03-05 20:00")
    asked = [letter for letter in play.take() if ":R2:" in letter.key]
    assert 1001 not in {letter.to for letter in asked}
    play.until("2026-03-06 07:30")
    assert [line for line in play.sent() if "张三" in line] == [
        "03-06 07:30 张三：请回复：3月6日（周五）15:00 主题党日，三楼会议室。能参加吗〔参加〕〔请假〕"
    ]
    unasked(play, 1001, 3)
    play.until("2026-03-06 13:00")
    assert [letter.key for letter in play.take() if letter.to == 1001 and ":R3:" in letter.key]
    assert play.rungs(meeting)["R3"].endswith("FIRED")


def test_what_members_and_attendance_say_unasked_counts_too(play: Play) -> None:
    cast = play.cast
    play.meeting("3月5日9点 支部党员大会 @三楼")
    play.meeting("3月6日15点 主题党日 学习 @三楼")
    play.until("2026-03-05 10:00")
    for number in range(3):
        play.run(notices.tell_member, cast.li.id, f"post:{number}", Message("您的职务有变动。"))
    play.take()

    def heard() -> list[str]:
        keys = [letter.key.split(":") for letter in play.take() if letter.to == cast.li.user_id]
        return [key[3] for key in keys if key[0] == "meeting"]

    play.until("2026-03-05 20:00")
    assert heard() == ["closed"]  # the fourth; the minutes of that meeting and the question about the next one wait
    play.until("2026-03-06 07:30")
    assert sorted(heard()) == ["R2", "R7"]


def test_what_would_come_too_late_is_not_sent(play: Play) -> None:
    play.meeting("本周五8点30分 主题党日 学习 @三楼")  # its last reminder is due before anybody is up
    play.until("2026-03-05 10:00")
    unasked(play, 1001, 4)
    play.until("2026-03-06 09:00")
    assert not [letter for letter in play.take() if letter.to == 1001 and ":R2:" in letter.key]


def test_a_group_gets_six_posts_a_day(play: Play) -> None:
    play.meeting(LINE)
    play.until("2026-03-05 10:00")
    unasked(play, GROUP_CHAT, 6)
    play.until("2026-03-05 16:00")
    assert "还有5人未回复，请在卡片上选择参加或请假。" not in texts(play.take(), GROUP_CHAT)
    play.until("2026-03-06 07:30")
    assert "还有5人未回复，请在卡片上选择参加或请假。" in texts(play.take(), GROUP_CHAT)


def test_a_meeting_of_the_same_day_is_told_whatever_else_was_said(play: Play) -> None:
    unasked(play, GROUP_CHAT, 6)
    play.meeting("今天15点 主题党日 学习 @三楼")
    play.work()
    assert [line for line in texts(play.take(), GROUP_CHAT) if line.startswith("【主题党日】")]


# -- quiet hours ------------------------------------------------------------------------------------------------------


def test_planned_at_night_the_notice_waits_for_the_morning(play: Play) -> None:
    play.now = at("2026-03-02 23:00")
    meeting = play.meeting("3月6日15点 主题党日 学习 @三楼")
    assert play.rungs(meeting)["R1"] == "03-03 07:30 PLANNED"


def test_an_early_meeting_is_recalled_the_evening_before(play: Play) -> None:
    meeting = play.meeting("3月6日7点40分 主题党日 升旗 @广场")
    assert play.rungs(meeting)["R3"] == "03-05 21:29 PLANNED"
    play.until("2026-03-05 21:29")
    assert "明天07:40 广场，主题党日。参加0 · 请假0 · 未回复5。" in texts(play.take(), GROUP_CHAT)


def test_a_person_with_wider_quiet_hours_is_reminded_after_them(play: Play) -> None:
    widen(play, 1001, "18:00", "10:00")
    play.meeting("3月4日11点 主题党日 学习 @三楼")
    play.until("2026-03-04 09:00")
    assert 1001 not in {letter.to for letter in play.take() if ":R3:" in letter.key}
    play.until("2026-03-04 10:00")
    assert [line for line in play.sent() if "张三" in line] == [
        "03-04 10:00 张三：今天11:00 三楼，主题党日。参加0 · 请假0 · 未回复5。〔参加〕〔请假〕"
    ]


def test_what_cannot_wait_comes_without_a_sound(play: Play) -> None:
    widen(play, 1001, "18:00", "10:00")
    play.meeting("3月4日10点15分 主题党日 学习 @三楼")
    play.until("2026-03-04 08:15")
    letters = [letter for letter in play.take() if ":R3:" in letter.key]
    assert {letter.to: letter.is_silent for letter in letters} == {
        1001: True,
        1002: False,
        1005: False,
        1006: False,
        GROUP_CHAT: False,
    }


def test_the_outcome_of_an_evening_comes_without_a_sound(play: Play) -> None:
    play.meeting("今天19点到21点10分 主题党日 学习 @三楼")
    play.until("2026-03-02 21:40")
    [letter] = [letter for letter in play.take() if "已结束" in letter.line]
    assert (letter.to, letter.is_silent) == (play.cast.li.user_id, True)


def test_a_cancellation_waits_for_each_readers_own_morning(play: Play) -> None:
    cast = play.cast
    widen(play, 1001, "18:00", "10:00")
    gone = update(Chat).values(state=ChatState.INACTIVE)
    play.database.run(lambda session: session.execute(gone).close())
    meeting = play.meeting("3月5日15点 主题党日 学习 @三楼")
    play.work()
    play.take()
    play.now = at("2026-03-04 19:00")
    play.cancel(meeting)
    play.work()
    assert {letter.to for letter in play.take()} == {cast.li.user_id, cast.sun.user_id, cast.zhou.user_id}
    play.until("2026-03-05 10:00")
    assert [letter.to for letter in play.take()] == [1001]
