"""What those read who lead a meeting: whom nobody reaches, who is missing, what is left to do afterwards."""

from collections.abc import Sequence
from datetime import datetime

from bot.meetings import ladder
from bot.meetings.facts import MeetingFacts, Named
from bot.meetings.rules import Roll
from bot.meetings.views import clock, name, names, sheet_row, short_day, voting, when
from bot.members.rules import UnitKind
from bot.message import Button, Message, fill, press
from bot.periods import local_day


def unreached(meeting: MeetingFacts, people: Sequence[Named], *, now: datetime) -> Message:
    """With R1. Who invites a group's people is its branch."""
    text = "{day}{kind}：{count}人未激活或无法私信，请当面通知：{names}。"
    which = {"day": short_day(meeting.on, now=now), "kind": name(meeting)}
    text = fill(text, **which, count=len(people), names=names(people))
    ids = [int(part) for part in meeting.unit.path.split("/") if part]
    branch = {UnitKind.BRANCH: ids[-1:], UnitKind.PARTY_GROUP: ids[-2:-1]}.get(meeting.unit.kind, [])
    return Message(text, tuple((Button("邀请单", press("members", "invite", unit_id)),) for unit_id in branch))


def report(meeting: MeetingFacts, roll: Roll, unsigned: Sequence[Named], *, now: datetime) -> Message:
    """R6: who is here, and whether enough voters are."""
    text = "{kind}{clock}：应到{due}，实到{present}，请假{leave}，未签{unsigned}{names}。{voting}"
    filled = fill(
        text,
        kind=name(meeting),
        clock=clock(now),
        due=roll.expected,
        present=len(roll.present),
        leave=len(roll.on_leave),
        unsigned=len(roll.unsigned),
        names=f"：{names(unsigned)}" if unsigned else "",
        voting=_voting(roll),
    )
    return Message(filled, (sheet_row(meeting),))


def _voting(roll: Roll) -> str:
    if not roll.short:
        return ""
    if not roll.voters:
        return f"{voting(roll)}。"
    what = "召开" if roll.only_meets else "表决"
    if not roll.is_short:
        return f"{voting(roll)}，可以{what}。"
    return f"{voting(roll)}，不能{what}。" if len(roll.short) == 1 else f"{voting(roll)}，人数不够的不能表决。"


def with_choice(message: Message, meeting: MeetingFacts, roll: Roll, times_asked: int) -> Message:
    """The same with what the secretary may do about too few voters."""
    if not roll.is_short:
        return message
    wait = Button("继续等待", press("meetings", "wait", meeting.id, meeting.version))
    waits = (wait,) if times_asked < ladder.QUORUM_QUESTIONS else ()
    return Message(message.text, (*message.buttons, (*_besides_waiting(meeting), *waits)))


def _besides_waiting(meeting: MeetingFacts) -> tuple[Button, ...]:
    at = (meeting.id, meeting.version)
    return Button("延期", press("meetings", "move", *at)), Button("改为学习会", press("meetings", "study", *at))


def waiting(asked_again_at: datetime | None) -> str:
    return f"{clock(asked_again_at)}再向您报告" if asked_again_at else "已记下，不再提醒"


def waited(meeting: MeetingFacts, asked_again_at: datetime | None, *, now: datetime) -> Message:
    """Stands where the question was until it is asked again: nothing to wait for twice."""
    text = fill(
        "{day}{kind}：继续等待，{then}。",
        day=short_day(meeting.on, now=now),
        kind=name(meeting),
        then=f"{clock(asked_again_at)}再向您报告" if asked_again_at else "不再提醒",
    )
    return Message(text, (sheet_row(meeting), _besides_waiting(meeting)))


def studying(meeting: MeetingFacts, *, now: datetime) -> Message:
    """Stands where the question was: what was decided, and who is here."""
    text = fill("{day}{kind}已改为学习会，本次不表决。", day=short_day(meeting.on, now=now), kind=name(meeting))
    return Message(text, (sheet_row(meeting),))


def group_report(meeting: MeetingFacts, group_name: str, unsigned: Sequence[Named]) -> Message:
    """R6, for the leader of one group."""
    text = fill("{group}未签{count}人：{names}。", group=group_name, count=len(unsigned), names=names(unsigned))
    return Message(text, (sheet_row(meeting),))


def to_complete(meeting: MeetingFacts, roll: Roll) -> Message:
    """R7: of what is left to settle only what there is."""
    counts = (
        ("自助签到{}人待核对", roll.self_signed),
        ("待批请假{}人", roll.leave_asked),
        ("未说明缺席{}人", roll.unexplained),
    )
    left = "，".join(text.format(len(people)) for text, people in counts if people)
    text = fill("请完成{kind}的会议记录{left}。", kind=name(meeting), left=f"：{left}" if left else "")
    vouch = (
        (Button("名单属实", press("attendance", "true", meeting.id, 1), style="success"),) if roll.self_signed else ()
    )
    sheet = Button("逐条处理", press("attendance", "sheet", meeting.id))
    write = Button("写记录", press("meetings", "minutes", meeting.id))
    return Message(text, ((*vouch, sheet, write),))


def still_unexplained(meeting: MeetingFacts, people: Sequence[Named], round_: int, *, now: datetime) -> Message:
    """R8, later rounds."""
    which = fill("{day}{kind}", day=short_day(meeting.on, now=now), kind=name(meeting))
    text = "{which}仍有{count}人未说明缺席原因（第{round}次，共{rounds}次）：{names}。"
    rounds = {"round": round_, "rounds": ladder.EXPLAIN_ROUNDS}
    return Message(fill(text, which=which, count=len(people), names=names(people), **rounds), (sheet_row(meeting),))


# -- after downtime ---


def after_downtime(
    from_at: datetime, to_at: datetime, *, late: int, merged: int, expired: int, now: datetime
) -> Message:
    """To the administrators: how long, and what became of the reminders due meanwhile."""
    is_one_day = local_day(from_at) == local_day(to_at) == local_day(now)
    span_ = f"{clock(from_at)}—{clock(to_at)}" if is_one_day else f"{when(from_at, now=now)}—{when(to_at, now=now)}"
    return Message(f"停机{span_}，补发{late}，合并{merged}，过期{expired}。")
