"""What meetings say, word for word."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.meetings import change_views, leader_views, views
from bot.meetings.facts import Changed, MeetingFacts, Moved, Moving, Named
from bot.meetings.rules import Change, MeetingKind, MeetingState, Roll
from bot.members.rules import UnitKind, UnitRef
from bot.message import MAX_DATA, Message, strip_tags
from tests.meetings.play import at

NOW = at("2026-11-27 09:00")
BRANCH = UnitRef(3, UnitKind.BRANCH, "第一党支部", "/1/2/3/")
MEETING = MeetingFacts(
    id=71,
    unit=BRANCH,
    kind=MeetingKind.MEMBER_ASSEMBLY,
    title="讨论发展对象",
    place="三楼会议室",
    starts_at=at("2026-12-04 15:00"),
    ends_at=at("2026-12-04 16:30"),
    state=MeetingState.SCHEDULED,
    version=1,
    announced_at=NOW,
)
ROLL = Roll(
    71,
    due=tuple(range(24)),
    going=tuple(range(15)),
    leave_asked=(15,),
    leave_approved=(16,),
    unanswered=tuple(range(17, 24)),
    unsigned=tuple(range(24)),
)
SIGNED = replace(
    ROLL,
    present=tuple(range(18)),
    late=(17,),
    on_leave=(18, 19),
    unsigned=(20, 21, 22, 23),
    self_signed=tuple(range(18)),
)
CLOSED = replace(ROLL, present=tuple(range(20)), on_leave=(20, 21), absent=(22, 23), unsigned=(), unexplained=(22, 23))
PEOPLE = [Named(22, "张三"), Named(23, "李四")]


def line(message: Message) -> str:
    """Text and buttons on one line; ↗ marks a link."""
    labels = [f"[{button.label}{'↗' if button.link else ''}]" for row in message.buttons for button in row]
    return " ".join([strip_tags(message.text).replace("\n", "／"), *labels])


HEAD = "【支部党员大会】讨论发展对象／时间：12月4日（周五）15:00—16:30／地点：三楼会议室"


# -- the card ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("meeting", "roll", "now", "text"),
    [
        (MEETING, ROLL, NOW, f"{HEAD}／已回复 17/24：参加15 · 请假2 · 未回复7 [参加] [请假↗]"),
        (
            replace(MEETING, is_tentative=True),
            ROLL,
            NOW,
            f"{HEAD}／暂定，待放假安排公布／已回复 17/24：参加15 · 请假2 · 未回复7 [参加] [请假↗]",
        ),
        (
            replace(MEETING, state=MeetingState.OPEN),
            SIGNED,
            at("2026-12-04 15:05"),
            f"{HEAD}／签到中，15:10前为准时／实到18（迟到1） · 请假2 · 未签4 [签到]",
        ),
        (
            MEETING,  # its time has come, no job has run
            ROLL,
            at("2026-12-04 14:45"),
            f"{HEAD}／签到中，15:10前为准时／实到0 · 请假0 · 未签24 [签到]",
        ),
        (
            replace(MEETING, state=MeetingState.CLOSED),
            CLOSED,
            at("2026-12-04 17:00"),
            f"{HEAD}／已结束／应到24 · 实到20 · 请假2 · 缺席2 · 到会率83.3%",
        ),
        (
            replace(MEETING, state=MeetingState.CANCELLED, reason="讲师生病"),
            ROLL,
            NOW,
            "【支部党员大会】讨论发展对象／时间：12月4日（周五）15:00—16:30／已取消：讲师生病",
        ),
    ],
)
def test_the_card_of_a_group(meeting: MeetingFacts, roll: Roll, now: datetime, text: str) -> None:
    assert line(views.card(meeting, roll, now=now)) == text


@pytest.mark.parametrize(
    ("now", "until", "text"),
    [
        ("15:09", None, "签到中，15:10前为准时 [签到]"),
        ("15:10", None, "签到中，15:30前签到记为迟到 [签到]"),
        ("15:29", None, "签到中，15:30前签到记为迟到 [签到]"),
        ("15:30", None, "自助签到已结束，请找书记登记"),
        ("17:20", "17:40", "补开签到到17:40为止 [签到]"),
        ("17:40", "17:40", "自助签到已结束，请找书记登记"),
    ],
)
def test_the_card_says_what_a_sign_in_counts_as_now(now: str, until: str | None, text: str) -> None:
    meeting, at_once = replace(MEETING, state=MeetingState.OPEN), at(f"2026-12-04 {now}")
    roll = replace(SIGNED, reopened_until=at(f"2026-12-04 {until}") if until else None)
    said, _, button = text.partition(" ")
    state = f"{HEAD}／{said}／" + "{} " + button
    counts = "实到18（迟到1） · 请假2 · 未签4"
    assert line(views.card(meeting, roll, now=at_once)) == state.format(counts).strip()
    assert line(views.private_card(meeting, roll.of(20), now=at_once)) == state.format("您还没有签到").strip()


def test_nobody_is_sent_to_the_secretary_once_all_are_noted() -> None:
    meeting, now = replace(MEETING, state=MeetingState.OPEN), at("2026-12-04 15:31")
    mine = Roll(71, due=(1,), present=(1,))
    said = line(views.private_card(meeting, mine, now=now))
    assert said == f"{HEAD}／自助签到已结束／您已签到（准时）"


def test_a_cancelled_card_is_struck_through() -> None:
    gone = replace(MEETING, state=MeetingState.CANCELLED, reason="讲师生病")
    assert views.card(gone, ROLL, now=NOW).text.startswith("<s>【支部党员大会】讨论发展对象</s>")


def test_a_moved_card_says_from_when_and_why() -> None:
    moved = Moved(at("2026-12-03 15:00"), "场地冲突")
    assert "／由12月3日（周四）15:00改期。原因：场地冲突／" in line(views.card(MEETING, ROLL, moved, now=NOW))


def test_the_year_is_said_only_if_it_is_another() -> None:
    later = replace(MEETING, starts_at=at("2027-01-08 15:00"), ends_at=at("2027-01-08 16:30"))
    assert "时间：2027年1月8日（周五）15:00—16:30" in line(views.card(later, ROLL, now=NOW))


def test_a_course_over_days_names_both() -> None:
    course = replace(MEETING, starts_at=at("2026-12-01 09:00"), ends_at=at("2026-12-03 17:00"))
    assert "时间：12月1日（周二）09:00—12月3日（周四）17:00" in line(views.card(course, ROLL, now=NOW))


def test_without_title_and_place_the_card_is_shorter() -> None:
    bare = replace(MEETING, title="", place="")
    text = line(views.card(bare, ROLL, now=NOW))
    assert text.startswith("【支部党员大会】／时间：12月4日（周五）15:00—16:30／已回复 17/24")


def test_what_an_office_writes_is_escaped() -> None:
    nasty = replace(MEETING, title="<b>&", place="<i>")
    text = views.card(nasty, ROLL, now=NOW).text
    assert "【支部党员大会】</b>&lt;b&gt;&amp;" in text
    assert "地点：&lt;i&gt;" in text


@pytest.mark.parametrize(
    ("own", "text"),
    [
        (Roll(71), "您还没有回复"),
        (Roll(71, due=(1,), going=(1,)), "您已回复：参加"),
        (Roll(71, due=(1,), leave_asked=(1,)), "您的请假等待同意"),
        (Roll(71, due=(1,), leave_approved=(1,), on_leave=(1,)), "您已请假"),
    ],
)
def test_the_private_card_shows_ones_own_state(own: Roll, text: str) -> None:
    assert line(views.private_card(MEETING, own, now=NOW)) == f"{HEAD}／{text} [参加] [请假]"


def test_the_private_card_lets_one_sign_in_once() -> None:
    now = at("2026-12-04 15:00")
    mine = Roll(71, due=(1,), present=(1,), late=(1,))
    assert line(views.private_card(MEETING, Roll(71), now=now)).endswith("您还没有签到 [签到]")
    assert line(views.private_card(MEETING, mine, now=now)).endswith("签到中，15:10前为准时／您已签到（迟到）")


# -- the ladder -------------------------------------------------------------------------------------------------------


def test_the_reminders_word_for_word() -> None:
    day = at("2026-12-04 13:00")
    four = [Named(1, "张三"), Named(2, "李四"), Named(3, "王五"), Named(4, "赵六")]
    said = [
        views.ask_again(MEETING, now=NOW),
        views.ask_again_in_chat(replace(ROLL, unanswered=(1, 2, 3, 4, 5))),
        views.soon(MEETING, ROLL, now=day, is_private=False),
        views.soon(MEETING, ROLL, now=day, is_private=True, is_answered=False),
        *(views.sign_in_opens(MEETING, is_private=is_private) for is_private in (False, True)),
        views.running(MEETING, is_private=False),
        views.chase(MEETING),
        leader_views.report(MEETING, SIGNED, four, now=at("2026-12-04 15:30")),
        leader_views.group_report(MEETING, "第二小组", PEOPLE),
        leader_views.to_complete(MEETING, replace(CLOSED, self_signed=tuple(range(18)), leave_asked=(1,))),
        leader_views.to_complete(MEETING, replace(CLOSED, leave_asked=(), unexplained=(1,))),
        leader_views.to_complete(MEETING, replace(CLOSED, leave_asked=(), unexplained=())),
        views.explain(MEETING, now=MEETING.ends_at + timedelta(days=7)),
        views.explain(MEETING, now=MEETING.ends_at + timedelta(days=7, seconds=1)),  # corrected no more
        leader_views.still_unexplained(MEETING, PEOPLE, 2, now=NOW),
        leader_views.unreached(MEETING, [*four, Named(5, "孙七")], now=NOW),
    ]
    assert [line(message) for message in said] == [
        "请回复：12月4日（周五）15:00 支部党员大会，三楼会议室。能参加吗 [参加] [请假]",
        "还有5人未回复，请在卡片上选择参加或请假。",
        "今天15:00 三楼会议室，支部党员大会。参加15 · 请假2 · 未回复7。",
        "今天15:00 三楼会议室，支部党员大会。参加15 · 请假2 · 未回复7。 [参加] [请假]",
        "现在开始签到，15:10前为准时，15:30后请找书记登记。",
        "支部党员大会现在开始签到，15:10前为准时，15:30后请找书记登记。 [签到]",
        "会议正在进行，签到到15:30为止。",
        "支部党员大会已开始，您还没有签到。 [签到] [说明原因]",
        "支部党员大会15:30：应到24，实到18，请假2，未签4：张三、李四、王五、赵六。 [考勤表]",
        "第二小组未签2人：张三、李四。 [考勤表]",
        "请完成支部党员大会的会议记录：自助签到18人待核对，待批请假1人，未说明缺席2人。 [名单属实] [逐条处理] [写记录]",
        "请完成支部党员大会的会议记录：未说明缺席1人。 [逐条处理] [写记录]",
        "请完成支部党员大会的会议记录。 [逐条处理] [写记录]",
        "您缺席了12月4日支部党员大会，请说明原因，仅书记和组织委员可见。 [公事] [病] [事] [忘记签到] [其他]",
        "您缺席了12月4日支部党员大会，请说明原因，仅书记和组织委员可见。 [公事] [病] [事] [其他]",
        "12月4日支部党员大会仍有2人未说明缺席原因（第2次，共4次）：张三、李四。 [考勤表]",
        "12月4日支部党员大会：5人未激活或无法私信，请当面通知：张三、李四、王五、赵六、孙七。 [邀请单]",
    ]


def test_what_comes_late_says_when_it_was_due() -> None:
    late = views.late(views.ask_again_in_chat(ROLL), at("2026-12-03 09:00"))
    assert line(late) == "（补发，原定09:00）／还有7人未回复，请在卡片上选择参加或请假。"


def test_who_stands_in_reads_why() -> None:
    assert line(views.standin(Message("甲"))) == "书记暂不能收到，转给您。／甲"


def test_soon_is_tomorrow_the_evening_before() -> None:
    early = replace(MEETING, starts_at=at("2026-12-05 07:40"), ends_at=at("2026-12-05 09:00"))
    assert line(views.soon(early, ROLL, now=at("2026-12-04 21:29"), is_private=False)).startswith(
        "明天07:40 三楼会议室"
    )


def test_more_than_twenty_names_are_counted() -> None:
    crowd = [Named(number, f"甲{number}") for number in range(23)]
    assert views.names(crowd).endswith("甲19等23人")


def test_two_of_one_name_are_told_apart() -> None:
    twins = [Named(1, "张三", group_name="第一小组"), Named(2, "张三", staff_no="007"), Named(3, "李四")]
    assert views.names(twins) == "张三（第一小组）、张三（007）、李四"
    alike = [Named(1, "张三", group_name="第一小组", staff_no="001"), Named(2, "张三", group_name="第一小组")]
    assert views.names([*alike, twins[1]]) == "张三（001）、张三（第一小组）、张三（007）"


def test_a_line_of_recent_meetings_for_a_group() -> None:
    assert line(views.in_chat([], now=NOW)) == "近期没有会议。"
    assert line(views.in_chat([(MEETING, ROLL)], now=NOW)) == (
        "【支部党员大会】讨论发展对象／12月4日（周五）15:00—16:30，三楼会议室／已回复 17/24：参加15 · 请假2 · 未回复7"
    )


# -- changes ----------------------------------------------------------------------------------------------------------


def test_the_notices_of_change_word_for_word() -> None:
    later = replace(MEETING, starts_at=at("2026-12-08 15:00"), ends_at=at("2026-12-08 16:30"), version=2)
    was = MEETING.starts_at
    moved = "改期：支部党员大会由12月4日（周五）15:00改为12月8日（周二）15:00，地点不变。原因：场地冲突。"
    said = [
        change_views.moved(later, was, "场地冲突。", now=NOW),
        change_views.moved_to_answerer(later, was, "场地冲突", now=NOW),
        change_views.moved_to_leaver(later, was, "场地冲突", now=NOW),
        change_views.cancelled(MEETING, "讲师生病", now=NOW),
        change_views.restored(MEETING, now=NOW),
    ]
    assert [line(message) for message in said] == [
        moved,
        f"{moved} [参加] [请假]",
        f"{moved}新时间能参加吗 [能参加] [仍请假]",
        "取消：12月4日（周五）15:00支部党员大会取消。原因：讲师生病。",
        "恢复：12月4日（周五）15:00支部党员大会照常召开。",
    ]


def test_what_the_planner_is_asked_and_reads() -> None:
    later = replace(MEETING, starts_at=at("2026-12-08 15:00"))
    either = Moving(MEETING, (at("2026-12-08 15:00"), at("2026-12-15 15:00")))
    said = [
        change_views.ask_new_time(MEETING, now=NOW),
        change_views.next_of_move(either, now=NOW),
        change_views.next_of_move(Moving(MEETING, (at("2026-12-08 15:00"),)), now=NOW),
        change_views.ask_cancel_reason(MEETING, now=NOW),
        change_views.receipt(Changed(later, Change.MOVED, is_silent=False), now=NOW),
        change_views.receipt(Changed(MEETING, Change.CANCELLED, is_silent=True), now=NOW),
        change_views.receipt(Changed(MEETING, Change.RESTORED, is_silent=False), now=NOW),
    ]
    assert [line(message) for message in said] == [
        "支部党员大会原定12月4日（周五）15:00。请写新的时间，例如：12月8日15点。／发送“取消”放弃。",
        "是哪一天？ [12月8日（周二）15:00] [12月15日（周二）15:00]",
        "支部党员大会由12月4日（周五）15:00改为12月8日（周二）15:00。请写改期原因（2到200个字）。／发送“取消”放弃。",
        "取消12月4日（周五）15:00支部党员大会，请写原因（2到200个字）。／会议不取消了，就发送“取消”退出。",
        "支部党员大会已改为12月8日（周二）15:00。已通知相关人员。 [改期] [取消]",
        "已取消12月4日（周五）15:00支部党员大会。会议尚未通知，未另行告知。10分钟内可撤销。 [撤销]",
        "已恢复：12月4日（周五）15:00支部党员大会照常召开。 [改期] [取消]",
    ]


def test_every_button_fits_into_64_bytes() -> None:
    big = replace(MEETING, id=2**31 - 1, version=999, unit=replace(BRANCH, id=2**31 - 1))
    messages = [
        views.card(big, ROLL, now=NOW),
        views.private_card(big, ROLL, now=NOW),
        views.chase(big),
        views.explain(big, now=NOW),
        leader_views.to_complete(big, SIGNED),
        change_views.next_of_move(Moving(big, (big.starts_at, big.ends_at)), now=NOW),
        change_views.receipt(Changed(big, Change.CANCELLED, is_silent=True), now=NOW),
    ]
    assert longest_data(messages) <= MAX_DATA


def longest_data(messages: Sequence[Message]) -> int:
    """Bytes of what the buttons send."""
    return max(
        len((button.data or button.link or "").encode()) for one in messages for row in one.buttons for button in row
    )
