"""After downtime: what comes late says so, what is pointless stays away; and cards that got lost come back."""

import pytest
from sqlalchemy import update

from bot.attendance import closing
from bot.attendance.rules import SelfSignInOver, Status
from bot.attendance.service import roll
from bot.meetings import downtime, mending
from bot.meetings.rules import MeetingState
from bot.members import reach
from bot.outbox import OutboxRow, State
from tests.make import GROUP_CHAT
from tests.meetings.play import Play, at, texts

LINE = "本周五15点 主题党日 学习二十大精神 @三楼会议室"


# -- after downtime ---------------------------------------------------------------------------------------------------


def test_a_late_reminder_says_when_it_was_due(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 12:55")
    play.go(meeting, cast.zhang)
    play.work()
    play.take()
    play.until("2026-03-06 13:20", step=False)
    late = "（补发，原定13:00）／今天15:00 三楼会议室，主题党日。参加1 · 请假0 · 未回复4。"
    letters = play.take()
    assert texts(letters, GROUP_CHAT) == [late]
    assert texts(letters, cast.zhang.user_id) == [late]


def test_five_minutes_late_needs_no_word(play: Play) -> None:
    play.meeting(LINE)
    play.until("2026-03-06 12:55")
    play.take()
    play.until("2026-03-06 13:05", step=False)
    assert texts(play.take(), GROUP_CHAT) == ["今天15:00 三楼会议室，主题党日。参加0 · 请假0 · 未回复5。"]


def test_sign_in_that_opens_late_says_so_and_a_tap_from_the_gap_is_punctual(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 14:40")
    play.take()
    play.outage("2026-03-06 14:40", "2026-03-06 14:56")
    play.until("2026-03-06 14:56", step=False)
    opened = "（补发，原定14:45）／现在开始签到，15:10前为准时，15:30后请找书记登记。"
    assert texts(play.take(), GROUP_CHAT) == [opened]
    play.late_check_in(meeting, cast.zhang)
    standing = play.standing(meeting, cast.zhang)
    assert (standing.status, standing.time_unsure) == (Status.PRESENT, True)


def test_a_tap_from_the_gap_counts_from_when_telegram_could_have_had_it(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 15:05")
    play.outage("2026-03-06 15:05", "2026-03-06 15:13")
    play.until("2026-03-06 15:13", step=False)
    play.late_check_in(meeting, cast.zhang)
    standing = play.standing(meeting, cast.zhang)
    assert (standing.status, standing.arrived_at) == (Status.PRESENT, at("2026-03-06 15:10:30"))


def test_a_meeting_missed_by_us_is_not_closed_over_peoples_heads(play: Play) -> None:
    cast = play.cast
    meeting = play.meeting("本周五15点到16点 主题党日 学习 @三楼")
    play.until("2026-03-06 14:40")
    play.take()
    play.outage("2026-03-06 14:40", "2026-03-06 16:40")
    play.until("2026-03-06 16:40", step=False)
    assert play.facts(meeting).state is MeetingState.OPEN
    assert [play.rungs(meeting)[rung].split()[-1] for rung in ("R4", "R5", "R6")] == ["EXPIRED"] * 3
    assert play.roll(meeting).absent == ()
    [asked] = play.take()
    assert (asked.to, asked.buttons) == (cast.li.user_id, ("补开签到30分钟", "逐人点名", "直接结束"))
    with pytest.raises(SelfSignInOver):
        play.late_check_in(meeting, cast.zhang)
    play.until("2026-03-07 16:01")
    assert play.facts(meeting).state is MeetingState.CLOSED


FIVE = (
    "3月4日15点 主题党日 学习 @三楼",
    "3月5日15点 支委会 研究 @三楼",
    "3月6日10点 党小组会 学习 @三楼",
    "3月20日15点 支部党员大会 学习 @三楼",
    "3月25日9点 志愿服务 清扫 @社区",
)


LATE = "今天15:00 三楼，主题党日。"
HELD_OPEN = "机器人在{}的签到时间里中断过，部分人没能签到。"


@pytest.mark.parametrize(
    ("end", "to_member", "to_secretary", "told"),
    [
        ("2026-03-04 13:05", [LATE], [LATE], []),
        (
            "2026-03-04 15:55",
            [],
            ["（补发，原定15:30）／主题党日15:55：应到5"],
            ["停机12:55—15:55，补发1，合并0，过期3。"],
        ),
        (
            "2026-03-07 12:55",
            [],
            [HELD_OPEN.format(kind) for kind in ("主题党日", "支委会", "第一党小组会")],
            ["停机3月4日（周三）12:55—3月7日（周六）12:55，补发0，合并0，过期12。"],
        ),
        (
            "2026-05-03 12:55",
            [],
            [HELD_OPEN.format(kind) for kind in ("主题党日", "支委会", "第一党小组会", "支部党员大会", "志愿服务")],
            ["停机3月4日（周三）12:55—5月3日（周日）12:55，补发0，合并0，过期21。"],
        ),
    ],
    ids=["10 minutes", "3 hours", "3 days", "60 days"],
)
def test_after_a_downtime_nobody_reads_more_than_one_message_of_a_meeting(
    play: Play, end: str, to_member: list[str], to_secretary: list[str], told: list[str]
) -> None:
    meetings = [play.meeting(words) for words in FIVE]
    play.until("2026-03-04 12:55")
    play.take()
    play.outage("2026-03-04 12:55", end)
    play.until(end, step=False)
    play.run(downtime.tell, [9000])
    play.deliver()
    letters = play.take()
    per_meeting = [(letter.to, letter.key.split(":")[1]) for letter in letters if letter.key.startswith("meeting:")]
    assert len(per_meeting) == len(set(per_meeting))
    for reader, begun in ((1001, to_member), (1002, to_secretary)):
        assert [line.startswith(start) for line, start in zip(texts(letters, reader), begun, strict=True)] == [
            True for _ in begun
        ]
    assert (texts(letters, 1003), texts(letters, 9000)) == (told, told)  # the administrator and a root user
    assert [play.roll(meeting).absent for meeting in meetings] == [()] * 5  # nobody is absent because we were


def test_a_meeting_that_already_runs_gets_its_card_in_sign_in_form(play: Play) -> None:
    meeting = play.meeting("3月20日15点 主题党日 学习 @三楼")  # its notice is due on the 13th
    play.until("2026-03-20 15:05", step=False)
    [card] = [letter for letter in play.take() if letter.to == GROUP_CHAT]
    assert card.line.endswith("签到中，15:10前为准时／实到0 · 请假0 · 未签5／会议正在进行，签到到15:30为止")
    assert card.buttons == ("签到",)
    rungs = play.rungs(meeting)
    assert [rungs[rung].split()[-1] for rung in ("R1", "R2", "R3", "R4")] == ["SUPERSEDED"] * 3 + ["FIRED"]


def test_what_nobody_decides_for_a_day_after_a_long_downtime_is_closed(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-02 09:10")
    play.outage("2026-03-02 09:10", "2026-05-06 09:00")
    play.until("2026-05-06 09:00", step=False)
    until = play.act(play.cast.li, closing.reopen, meeting.id)
    assert until == at("2026-05-06 09:30")
    play.check_in(meeting, play.cast.zhang)
    assert play.standing(meeting, play.cast.zhang).time_unsure
    play.until("2026-05-07 08:59")
    assert play.facts(meeting).state is MeetingState.OPEN
    play.until("2026-05-07 09:00")
    assert play.facts(meeting).state is MeetingState.CLOSED


def test_a_reopened_sign_in_is_told_where_people_can_sign_in(play: Play) -> None:
    cast, meeting = play.cast, play.meeting("本周五15点到16点 主题党日 学习 @三楼")
    small = play.meeting("本周五15点到16点 支委会 研究 @三楼")  # it has no chat
    play.until("2026-03-06 14:50")
    for one in (meeting, small):
        play.check_in(one, cast.li)
    play.outage("2026-03-06 14:50", "2026-03-06 16:40")
    play.until("2026-03-06 16:40", step=False)
    play.take()
    for one in (meeting, small):
        play.act(cast.li, closing.reopen, one.id)
    play.deliver()
    letters = play.take()
    assert texts(letters, GROUP_CHAT) == ["签到补开到17:10，还没有签到的请在卡片上签到。"]
    assert texts(letters, cast.li.user_id) == []
    [asked] = [letter for letter in letters if letter.to == cast.sun.user_id]
    assert (asked.line, asked.buttons) == ("支委会签到补开到17:10，您还没有签到。", ("签到",))


def test_the_administrator_reads_once_what_the_downtime_cost(play: Play) -> None:
    play.meeting(LINE)
    play.until("2026-03-06 12:55")
    play.take()
    play.outage("2026-03-06 12:55", "2026-03-06 13:20")
    play.until("2026-03-06 13:20", step=False)
    for _ in range(2):
        play.run(downtime.tell)
        play.deliver()
    assert texts(play.take(), 1003) == ["停机12:55—13:20，补发1，合并0，过期0。"]


def test_a_short_gap_is_told_to_no_administrator(play: Play) -> None:
    play.outage("2026-03-02 08:50", "2026-03-02 09:00")
    play.run(downtime.tell)
    assert play.rows("outage:") == {}


def test_a_group_in_the_middle_of_sign_in_is_asked_to_tap_again(play: Play) -> None:
    play.meeting(LINE)
    play.until("2026-03-06 14:50")
    play.take()
    play.outage("2026-03-06 14:50", "2026-03-06 15:00")
    play.until("2026-03-06 15:00", step=False)
    for _ in range(2):
        play.run(downtime.tell)
        play.deliver()
    assert texts(play.take(), GROUP_CHAT) == ["停机期间的点击没有收到，请再点一次。"]


def test_where_nobody_could_tap_yet_nobody_is_asked_to_tap_again(play: Play) -> None:
    play.meeting(LINE)
    play.until("2026-03-06 14:40")
    play.take()
    play.outage("2026-03-06 14:40", "2026-03-06 14:56")
    play.until("2026-03-06 14:56", step=False)
    play.run(downtime.tell)
    play.deliver()
    opened = "（补发，原定14:45）／现在开始签到，15:10前为准时，15:30后请找书记登记。"
    assert texts(play.take(), GROUP_CHAT) == [opened]


# -- the card ---------------------------------------------------------------------------------------------------------


def test_a_deleted_card_is_posted_again_once(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.work()
    play.take()
    for one in (cast.zhang, cast.sun):
        play.go(meeting, one)
        play.refuse(f"card:{meeting.id}:{GROUP_CHAT}")
        play.deliver()
    cards = [letter for letter in play.take() if letter.line.startswith("【")]
    assert [letter.line.rpartition("／")[2] for letter in cards] == ["已回复 1/5：参加1 · 请假0 · 未回复4"]


def test_a_group_with_a_new_number_gets_reminders_and_a_card_again(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-06 10:00")
    play.take()
    play.database.run(reach.chat_migrated, GROUP_CHAT, -1002000000002, now=play.now)
    play.until("2026-03-06 13:00")
    said = texts(play.take(), -1002000000002)
    assert [line.partition("／")[0] for line in said] == [
        "【主题党日】学习二十大精神",
        "今天15:00 三楼会议室，主题党日。参加0 · 请假0 · 未回复5。",
    ]
    assert play.pinned() == [meeting.id]


def test_the_card_does_not_wait_for_a_reminder(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-06 10:00")
    play.take()
    play.database.run(reach.chat_migrated, GROUP_CHAT, -1002000000002, now=play.now)
    for _ in range(2):
        play.database.run(mending.mend, roll, now=play.now)
        play.deliver()
    assert [line.partition("／")[0] for line in texts(play.take(), -1002000000002)] == ["【主题党日】学习二十大精神"]
    assert play.pinned() == [meeting.id]


def test_only_the_next_meeting_of_a_group_is_pinned(play: Play) -> None:
    later = play.meeting("3月6日15点 主题党日 学习 @三楼")
    play.work()
    sooner = play.meeting("3月4日15点 支部党员大会 @三楼")
    play.work()
    assert play.pinned() == [sooner.id]
    play.cancel(sooner)
    play.work()
    assert play.pinned() == [later.id]
    play.until("2026-03-06 18:00")
    assert play.pinned() == []


def test_a_card_overtaken_before_it_was_pinned_is_not_taken_off(play: Play) -> None:
    later = play.meeting("3月6日15点 主题党日 学习 @三楼")
    play.run_only_jobs()
    first_card = play.pending(f"meeting:{later.id}:v1:R1:1:c")
    play.send_key(first_card[0])
    sooner = play.meeting("3月4日15点 支部党员大会 @三楼")
    play.run_only_jobs()
    play.send_key(play.pending(f"meeting:{sooner.id}:v1:R1:1:c")[0])
    play.work()
    assert [letter.key for letter in play.letters if letter.key.startswith("pin:")] == [f"pin:{sooner.id}:{GROUP_CHAT}"]
    play.cancel(sooner)
    play.work()
    assert play.pinned() == [later.id]


def test_a_press_on_a_card_of_unknown_fate_shows_that_it_is_there(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.run_only_jobs()
    lost = update(OutboxRow).where(OutboxRow.chat_id == GROUP_CHAT).values(state=State.UNKNOWN)
    play.database.run(lambda session: session.execute(lost).close())
    play.go_in_group(meeting, cast.zhang, message_id=77)
    play.work()
    assert play.edits(f"card:{meeting.id}:{GROUP_CHAT}")[-1].line.endswith("参加1 · 请假0 · 未回复4")
