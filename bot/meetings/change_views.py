"""Words and buttons of 改期, 取消 and 撤销: what is asked, what is told, what the planner reads."""

from collections.abc import Sequence
from datetime import datetime

from bot.meetings.facts import Changed, MeetingFacts, Moving
from bot.meetings.rules import Change, MeetingState
from bot.meetings.views import answer_row, clock, name, sign_in_row, when
from bot.message import Button, Html, Message, fill, press, rows


def moved(meeting: MeetingFacts, was: datetime, reason: str, *, now: datetime) -> Message:
    text = "改期：{kind}由{was}改为{now}，地点不变。原因：{reason}。"
    words = {"kind": name(meeting), "was": when(was, now=now), "now": when(meeting.starts_at, now=now)}
    return Message(fill(text, **words, reason=_sentence(reason)))


def moved_to_answerer(meeting: MeetingFacts, was: datetime, reason: str, *, now: datetime) -> Message:
    """To somebody whose 参加 no longer stands."""
    return Message(moved(meeting, was, reason, now=now).text, answer_row(meeting))


def moved_to_leaver(meeting: MeetingFacts, was: datetime, reason: str, *, now: datetime) -> Message:
    """To somebody on leave, who perhaps can come now."""
    at = (meeting.id, meeting.version)
    buttons = (Button("能参加", press("attendance", "go", *at)), Button("仍请假", press("attendance", "stay", *at)))
    text = fill("{text}新时间能参加吗", text=Html(moved(meeting, was, reason, now=now).text))
    return Message(text, (buttons,))


def cancelled(meeting: MeetingFacts, reason: str, *, now: datetime) -> Message:
    text = "取消：{when}{kind}取消。原因：{reason}。"
    return Message(fill(text, when=when(meeting.starts_at, now=now), kind=name(meeting), reason=_sentence(reason)))


def restored(meeting: MeetingFacts, *, now: datetime) -> Message:
    return Message(fill("恢复：{when}{kind}照常召开。", when=when(meeting.starts_at, now=now), kind=name(meeting)))


def _sentence(text: str) -> str:
    """Without its own full stop: ours follows."""
    return text.rstrip("。.")


def ask_new_time(meeting: MeetingFacts, *, now: datetime) -> Message:
    text = "{kind}原定{when}。请写新的时间，例如：12月8日15点。\n发送“取消”放弃。"
    return Message(fill(text, kind=name(meeting), when=when(meeting.starts_at, now=now)))


def ask_which_time(meeting: MeetingFacts, starts: Sequence[datetime], *, now: datetime) -> Message:
    buttons = [
        Button(when(at, now=now), press("meetings", "to", meeting.id, meeting.version, int(at.timestamp()) // 60))
        for at in starts
    ]
    return Message("是哪一天？", rows(buttons, 1))


def ask_move_reason(meeting: MeetingFacts, starts_at: datetime, *, now: datetime) -> Message:
    text = "{kind}由{was}改为{now}。请写改期原因（2到200个字）。\n发送“取消”放弃。"
    words = {"kind": name(meeting), "was": when(meeting.starts_at, now=now), "now": when(starts_at, now=now)}
    return Message(fill(text, **words))


def ask_cancel_reason(meeting: MeetingFacts, *, now: datetime) -> Message:
    text = "取消{when}{kind}，请写原因（2到200个字）。\n会议不取消了，就发送“取消”退出。"
    return Message(fill(text, when=when(meeting.starts_at, now=now), kind=name(meeting)))


def next_of_move(moving: Moving, *, now: datetime) -> Message:
    """The reason, or first which of several times."""
    if len(moving.starts) > 1:
        return ask_which_time(moving.meeting, moving.starts, now=now)
    return ask_move_reason(moving.meeting, moving.starts[0], now=now)


def receipt(changed: Changed, *, now: datetime) -> Message:
    """To who made the change."""
    meeting = changed.meeting
    told = "会议尚未通知，未另行告知。" if changed.is_silent else "已通知相关人员。"
    if changed.told_at is not None and changed.told_at > now:
        told = f"通知将于{when(changed.told_at, now=now)}发出。"
    words = {"when": when(meeting.starts_at, now=now), "kind": name(meeting), "told": told}
    if changed.what is Change.CANCELLED:
        undo = Button("撤销", press("meetings", "undo", meeting.id, meeting.version))
        return Message(fill("已取消{when}{kind}。{told}10分钟内可撤销。", **words), ((undo,),))
    if changed.what is Change.MOVED:
        return Message(fill("{kind}已改为{when}。{told}", **words), (change_row(meeting),))
    if meeting.state is MeetingState.NEEDS_DATE:  # 跳过本次 was taken back
        choose = Button("选日期", press("meetings", "one", meeting.id))
        return Message(fill("已恢复，{kind}还没有定日期。", **words), ((choose,),))
    return Message(fill("已恢复：{when}{kind}照常召开。", **words), (change_row(meeting),))


def change_row(meeting: MeetingFacts) -> tuple[Button, ...]:
    at = (meeting.id, meeting.version)
    return (
        Button("改期", press("meetings", "move", *at)),
        Button("取消", press("meetings", "cancel", *at), style="danger"),
    )


def reopened(meeting: MeetingFacts, until: datetime, *, is_private: bool) -> Message:
    """补开签到, after we could not take sign-ins; in private with the button, as no card stands above it there."""
    if is_private:
        text = fill("{kind}签到补开到{until}，您还没有签到。", kind=name(meeting), until=clock(until))
        return Message(text, sign_in_row(meeting))
    return Message(f"签到补开到{clock(until)}，还没有签到的请在卡片上签到。")


def tap_again() -> Message:
    return Message("停机期间的点击没有收到，请再点一次。")
