"""点名, closing, 名单属实, and the chain that none of it can be taken out of."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.attendance import chain, closing, leave, marking, own
from bot.attendance.models import AttendanceEvent
from bot.attendance.rules import Proof, ReasonKind, Status
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import Meeting
from bot.meetings.rules import MeetingState, NoMoreExtensions, NotStarted, Roll
from bot.meetings.service import NoSuchMeeting, StateChanged
from bot.meetings.views import rate
from bot.members.rules import NotAllowed
from tests.make import GROUP_CHAT, Someone
from tests.meetings.play import Play, at, texts
from tests.meetings.scenes import scene

_ON_THE_SHEET = ("点名", "离会", "列席", "延长30分钟", "名册更正", "导出", "结束")
LINE = "本周五15点 主题党日 学习二十大精神 @三楼会议室"


@scene
def opened(play: Play) -> MeetingFacts:
    meeting = play.meeting(LINE)
    play.until("2026-03-06 14:50")
    play.take()
    return meeting


def is_whole(play: Play, meeting: MeetingFacts) -> bool:
    return play.database.look(chain.is_intact, meeting.id)


def mark(play: Play, meeting: MeetingFacts, who: Someone, to: str, by: Someone | None = None) -> None:
    play.act(by or play.cast.li, marking.mark, play.standing(meeting, who).id, to)


# -- roll call --------------------------------------------------------------------------------------------------------


def test_roll_call_marks_here_late_and_neither(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    mark(play, meeting, cast.zhang, "p")
    assert play.standing(meeting, cast.zhang).proof is Proof.ROLL_CALL
    mark(play, meeting, cast.zhang, "l")
    assert play.standing(meeting, cast.zhang).status is Status.LATE
    mark(play, meeting, cast.zhang, "e")
    standing = play.standing(meeting, cast.zhang)
    assert (standing.status, standing.arrived_at, standing.proof) == (Status.EXPECTED, None, None)
    assert is_whole(play, meeting)


def test_the_unbound_can_be_marked_too(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    mark(play, meeting, cast.wu, "p")
    assert play.roll(meeting).present == (cast.wu.id,)
    assert play.roll(meeting).self_signed == ()


def test_the_rest_is_here_but_not_those_on_leave(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.leave(meeting, cast.zhou, by=cast.li)
    play.leave(meeting, cast.sun)
    play.until("2026-03-06 14:50")
    play.act(cast.li, marking.mark_rest, meeting.id)
    assert play.roll(meeting).present == (cast.zhang.id, cast.li.id, cast.wu.id)


def test_only_those_with_the_right_see_names_and_mark(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    with pytest.raises(NotAllowed):
        mark(play, meeting, cast.zhang, "p", by=cast.zhang)
    with pytest.raises(NotAllowed):
        play.act(cast.zhang, marking.post_sheet, meeting.id)
    with pytest.raises(NoSuchMeeting):
        mark(play, meeting, cast.zhang, "p", by=cast.zhao)
    with pytest.raises(NoSuchMeeting):
        play.act(cast.zhao, marking.post_sheet, meeting.id)


def test_nobody_is_marked_before_or_after(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.go(meeting, cast.zhang)
    with pytest.raises(marking.NotRunning):
        mark(play, meeting, cast.zhang, "p")
    play.until("2026-03-06 18:00")
    with pytest.raises(marking.NotRunning):
        mark(play, meeting, cast.zhang, "p")


def test_the_list_comes_into_the_private_chat_and_follows(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    play.act(cast.sun, marking.post_sheet, meeting.id)
    play.work()
    [sheet] = play.take()
    assert (sheet.to, sheet.buttons) == (cast.sun.user_id, _ON_THE_SHEET)
    play.check_in(meeting, cast.zhang)
    play.work()
    assert "到会1：张三" in play.edits(f"sheet:{meeting.id}:{cast.sun.user_id}")[-1].line


def test_whoever_lost_the_role_gets_no_more_names(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    play.act(cast.sun, marking.post_sheet, meeting.id)
    play.database.run(_run, f"DELETE FROM role_grants WHERE member_id = {cast.sun.id}")
    play.work()
    assert [letter for letter in play.take() if letter.to == cast.sun.user_id] == []


# -- closing ----------------------------------------------------------------------------------------------------------


def test_half_an_hour_after_the_end_the_absent_are_absent(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.leave(meeting, cast.zhou, by=cast.li)
    play.until("2026-03-06 14:50")
    play.check_in(meeting, cast.zhang, cast.li)
    play.until("2026-03-06 17:29")
    assert play.facts(meeting).state is MeetingState.OPEN
    play.take()
    play.until("2026-03-06 17:30")
    assert play.facts(meeting).state is MeetingState.CLOSED
    roll = play.roll(meeting)
    assert (roll.expected, len(roll.present), len(roll.on_leave), len(roll.absent)) == (5, 2, 1, 2)
    summary = "主题党日已结束：应到5，实到2，请假1，缺席2：孙七、吴九。到会率40.0%。〔考勤表〕〔写记录〕"
    assert play.sent() == [f"03-06 17:30 李四：{summary}"]


def test_the_secretary_ends_it_earlier_but_not_before_it_began(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    with pytest.raises(NotStarted):
        play.act(cast.li, closing.end, meeting.id)
    play.until("2026-03-06 15:20")
    assert play.act(cast.li, closing.end, meeting.id).is_told
    assert play.facts(meeting).state is MeetingState.CLOSED
    assert play.rungs(meeting)["R6"].endswith("SUPERSEDED")
    with pytest.raises(closing.AlreadyEnded):
        play.act(cast.li, closing.end, meeting.id)
    with pytest.raises(NotAllowed):
        play.act(cast.zhang, closing.end, meeting.id)


def test_two_closings_at_once_are_one(play: Play) -> None:
    meeting = opened(play)

    def close(session: Session) -> None:
        closing.close(session, meeting_now, actor_id=None, update_id=None, now=play.now)

    meeting_now = play.facts(meeting)
    play.database.run(close)
    with pytest.raises(StateChanged):
        play.database.run(close)


def test_sign_in_is_prolonged_four_times_at_most(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    for _ in range(4):
        until = play.act(cast.li, closing.extend, meeting.id)
    assert until == at("2026-03-06 19:30")
    with pytest.raises(NoMoreExtensions):
        play.act(cast.li, closing.extend, meeting.id)
    play.until("2026-03-06 19:29")
    assert play.facts(meeting).state is MeetingState.OPEN


def test_the_card_ends_with_the_outcome(play: Play) -> None:
    meeting = opened(play)
    play.check_in(meeting, play.cast.zhang)
    play.until("2026-03-06 17:30")
    card = [letter for letter in play.letters if letter.key == f"card:{meeting.id}:{GROUP_CHAT}"][-1]
    assert card.line.endswith("已结束／应到5 · 实到1 · 请假0 · 缺席4 · 到会率20.0%")
    assert card.buttons == ()


def test_somebody_vouches_for_the_self_signed(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    play.check_in(meeting, cast.zhang)
    play.until("2026-03-06 18:00")
    assert texts(play.take())[-1] == "请完成主题党日的会议记录：自助签到1人待核对，未说明缺席4人。"
    play.act(cast.li, closing.vouch, meeting.id)
    assert play.roll(meeting).self_signed == ()
    with pytest.raises(closing.NothingToVouch):
        play.act(cast.li, closing.vouch, meeting.id)


def test_sign_in_can_be_opened_again_after_downtime(play: Play) -> None:
    cast, meeting = play.cast, play.meeting("本周五15点到16点 主题党日 学习 @三楼")
    play.until("2026-03-06 14:40")
    play.outage("2026-03-06 14:40", "2026-03-06 16:40")
    play.until("2026-03-06 16:40", step=False)
    play.act(cast.li, closing.reopen, meeting.id)
    play.check_in(meeting, cast.zhang)
    standing = play.standing(meeting, cast.zhang)
    assert (standing.status, standing.time_unsure) == (Status.PRESENT, True)
    play.now += timedelta(minutes=31)
    assert play.tries_to_sign(meeting, cast.sun) == "自助签到已结束，请找书记登记"


def test_an_ordinary_meeting_is_not_opened_again(play: Play) -> None:
    with pytest.raises(closing.NotOpen):
        play.act(play.cast.li, closing.reopen, opened(play).id)


# -- explaining -------------------------------------------------------------------------------------------------------


def test_an_explanation_leaves_the_status_as_it_is(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    with pytest.raises(leave.NothingToExplain):
        play.act(cast.zhang, leave.explain, meeting.id, ReasonKind.SICK)
    play.until("2026-03-06 17:30")
    play.act(cast.zhang, leave.explain, meeting.id, ReasonKind.SICK)
    assert play.standing(meeting, cast.zhang).status is Status.ABSENT
    assert cast.zhang.id not in play.roll(meeting).unexplained


def test_said_during_the_meeting_it_counts_afterwards(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    play.until("2026-03-06 15:20")
    play.act(cast.zhang, leave.explain, meeting.id, ReasonKind.OFFICIAL)
    play.until("2026-03-09 10:00")
    assert cast.zhang.user_id not in {letter.to for letter in play.take() if ":R8:" in letter.key}


def test_ones_own_record_counts_finished_meetings(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    play.check_in(meeting, cast.zhang)
    assert play.act(cast.zhang, own.record).latest == ()
    play.until("2026-03-06 18:00")
    record = play.act(cast.zhang, own.record)
    assert (record.year, record.present, record.absent) == (2026, 1, 0)
    assert play.act(cast.sun, own.record).absent == 1


# -- the chain --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_the_figures_add_up_and_the_chain_holds(play: Play, seed: int) -> None:
    rng, cast = random.Random(seed), play.cast
    people = [cast.zhang, cast.li, cast.sun, cast.zhou, *(play.make.member(f"党员{n}", cast.branch) for n in range(8))]
    meeting = play.meeting(LINE)
    play.work()
    records = [record for one in people if (record := _answer(play, meeting, one, rng)) is not None]
    play.until("2026-03-06 14:50")
    for record in records:
        decider = rng.choice([cast.li, cast.sun])
        if rng.random() < 0.6 and play.member_of(record) != decider.id:
            play.decide(record, by=decider, is_approved=rng.random() < 0.7)
    for one in people:
        play.now = max(play.now, at("2026-03-06 14:50") + timedelta(minutes=rng.randrange(50)))
        _come(play, meeting, one, rng)
    play.until("2026-03-06 18:00")
    roll = play.roll(meeting)
    assert roll.expected == len(people) + 1  # 吴九 too
    assert roll.expected == len(roll.present) + len(roll.on_leave) + len(roll.absent)
    assert roll.unsigned == ()
    assert is_whole(play, meeting)


def _answer(play: Play, meeting: MeetingFacts, one: Someone, rng: random.Random) -> int | None:
    """参加, 请假 or nothing; the record of a leave."""
    said = rng.random()
    if said < 0.6:
        play.go(meeting, one)
    return play.leave(meeting, one) if 0.6 <= said < 0.9 else None


def _come(play: Play, meeting: MeetingFacts, one: Someone, rng: random.Random) -> None:
    came = rng.random()
    if came < 0.6:
        play.tries_to_sign(meeting, one)
    elif came < 0.75:
        mark(play, meeting, one, rng.choice("ple"))


def test_a_figure_of_the_rate_is_rounded_half_up(play: Play) -> None:
    def roll(present: int, due: int) -> Roll:
        return Roll(1, due=tuple(range(due)), present=tuple(range(present)))

    assert [rate(roll(*pair)) for pair in ((20, 24), (1, 8), (2, 3), (0, 0))] == ["83.3%", "12.5%", "66.7%", "—"]


def test_the_chain_cannot_be_altered_or_shortened(play: Play) -> None:
    meeting = opened(play)
    play.check_in(meeting, play.cast.zhang)
    for statement in ("UPDATE attendance_events SET action = 'LEFT'", "DELETE FROM attendance_events"):
        with pytest.raises(DBAPIError, match="append-only"):
            play.database.run(_run, statement)
    assert is_whole(play, meeting)


def _run(session: Session, statement: str) -> None:
    session.execute(text(statement))


def test_a_missing_or_added_event_breaks_the_chain(play: Play) -> None:
    meeting = opened(play)
    play.check_in(meeting, play.cast.zhang)

    def add(session: Session) -> None:
        last = session.scalars(select(AttendanceEvent).order_by(AttendanceEvent.seq.desc()).limit(1)).one()
        columns = {column.key: getattr(last, column.key) for column in AttendanceEvent.__mapper__.column_attrs}
        columns |= {"id": None, "seq": last.seq + 1}
        session.add(AttendanceEvent(**columns))

    play.database.run(add)
    assert not is_whole(play, meeting)


def test_a_chain_whose_end_is_forgotten_is_broken(play: Play) -> None:
    meeting = opened(play)
    play.check_in(meeting, play.cast.zhang)

    def forget(session: Session) -> None:
        session.get_one(Meeting, meeting.id).audit_seq -= 1

    play.database.run(forget)
    assert not is_whole(play, meeting)


def test_the_record_says_who_acted_and_by_which_update(play: Play) -> None:
    cast, meeting = play.cast, opened(play)
    play.check_in(meeting, cast.zhang)

    def last(session: Session) -> tuple[int | None, int | None]:
        row = session.scalars(select(AttendanceEvent).order_by(AttendanceEvent.seq.desc()).limit(1)).one()
        return row.actor_id, row.update_id

    actor_id, update_id = play.database.look(last)
    assert actor_id == cast.zhang.id
    assert update_id is not None
