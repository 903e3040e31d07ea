"""Too few voters in the room: what the secretary is told and may do."""

from datetime import timedelta

import pytest

from bot.attendance import ballots, closing
from bot.attendance.ballots import StudyOnly
from bot.meetings import agenda, changing, shortfall
from bot.meetings.facts import MeetingFacts
from bot.meetings.rules import MeetingState, Outcome
from bot.meetings.service import NoSuchMeeting, StateChanged
from bot.meetings.shortfall import AlreadyForStudy
from bot.members.rules import NotAllowed
from tests.make import GROUP_CHAT
from tests.meetings.play import Play, texts
from tests.meetings.scenes import scene

CHOICE = "〔考勤表〕〔延期〕〔改为学习会〕〔继续等待〕"


@scene
def assembly(play: Play, *there: str) -> MeetingFacts:
    """An assembly with one vote at 15:30; 张三 李四 孙七 吴九 may vote, two of them are needed."""
    meeting = play.meeting("本周五15点 支部党员大会 学习 @三楼")
    [item] = play.act(play.cast.li, agenda.add_items, meeting.id, "表彰决定").items
    play.act(play.cast.li, agenda.set_vote, item.id, "ORDINARY")
    play.until("2026-03-06 14:50")
    people = {"张三": play.cast.zhang, "李四": play.cast.li, "周八": play.cast.zhou}
    play.check_in(meeting, *(people[name] for name in there))
    play.until("2026-03-06 15:29")
    play.take()
    play.until("2026-03-06 15:30")
    return meeting


def to_secretary(play: Play) -> list[str]:
    return [line.partition(" 李四：")[2] for line in play.sent() if "李四" in line.partition("：")[0]]


def test_the_report_says_that_a_vote_is_not_possible_and_what_to_do(play: Play) -> None:
    assembly(play, "张三", "周八")
    text = "支部党员大会15:30：应到5，实到2，请假0，未签3：李四、孙七、吴九。有表决权应到4，到会1，还差1人，不能表决。"
    assert to_secretary(play) == [text + CHOICE]


def test_with_enough_voters_there_is_nothing_to_choose(play: Play) -> None:
    assembly(play, "张三", "李四")
    text = (
        "支部党员大会15:30：应到5，实到2，请假0，未签3：孙七、周八、吴九。"
        "有表决权应到4，到会2，达到半数，可以表决。〔考勤表〕"
    )
    assert to_secretary(play) == [text]


def test_waiting_is_asked_about_again_four_times_in_all(play: Play) -> None:
    li, meeting = play.cast.li, assembly(play, "张三")
    play.take()
    for clock, has_choice in (("15:45", True), ("16:00", True), ("16:15", False)):
        _, again_at = play.act(li, shortfall.wait, meeting.id, 1)
        assert again_at == play.now + timedelta(minutes=15)
        assert play.act(li, shortfall.wait, meeting.id, 1)[1] == again_at  # a second press changes nothing
        play.until(f"2026-03-06 {clock}")
        [line] = to_secretary(play)
        assert line.startswith(f"支部党员大会{clock}：")
        assert line.endswith("〔继续等待〕") is has_choice
    assert play.act(li, shortfall.wait, meeting.id, 1)[1] is None


def test_a_voter_who_comes_while_it_is_waited_makes_it_possible(play: Play) -> None:
    cast, meeting = play.cast, assembly(play, "张三")
    play.act(cast.li, shortfall.wait, meeting.id, 1)
    play.check_in(meeting, cast.sun)
    play.take()
    play.until("2026-03-06 15:45")
    [line] = to_secretary(play)
    assert line.endswith("有表决权应到4，到会2，达到半数，可以表决。〔考勤表〕")


def test_held_for_study_nothing_is_voted_on(play: Play) -> None:
    cast, meeting = play.cast, assembly(play, "张三")
    play.act(cast.li, shortfall.wait, meeting.id, 1)
    play.act(cast.li, shortfall.hold_for_study, meeting.id, 1)
    play.work()
    assert play.facts(meeting).outcome is Outcome.STUDY_ONLY
    card = play.edits(f"card:{meeting.id}:{GROUP_CHAT}")[-1].line
    assert card.endswith("本次为学习会，不表决／自助签到已结束，请找书记登记／实到1 · 请假0 · 未签4")
    play.take()
    play.until("2026-03-06 16:00")
    assert play.take() == []  # nobody is asked again
    with pytest.raises(StudyOnly, match="本次为学习会，不能表决"):
        play.act(cast.li, ballots.ballots, meeting.id)
    with pytest.raises(AlreadyForStudy):
        play.act(cast.li, shortfall.hold_for_study, meeting.id, 1)
    play.until("2026-03-06 17:30")
    assert play.facts(meeting).outcome is Outcome.STUDY_ONLY


def test_put_off_from_the_report_the_meeting_is_an_ordinary_one_again(play: Play) -> None:
    cast, meeting = play.cast, assembly(play, "张三")
    play.act(cast.li, changing.ask_time, meeting.id, 1)
    play.move(meeting, "2026-03-09 15:00", reason="人数不足")
    found = play.facts(meeting)
    assert (found.state, found.outcome) == (MeetingState.SCHEDULED, None)
    with pytest.raises(Exception, match="这条通知已更新，请看最新一条。"):
        play.act(cast.li, shortfall.wait, meeting.id, 1)


def test_moved_after_all_votes_are_possible_again_and_nobody_has_vouched(play: Play) -> None:
    cast, meeting = play.cast, assembly(play, "张三")
    play.act(cast.li, shortfall.hold_for_study, meeting.id, 1)
    play.act(cast.li, closing.vouch, meeting.id)
    play.move(meeting, "2026-03-09 15:00", reason="人数不足")
    found = play.facts(meeting)
    assert (found.outcome, found.verified_at) == (None, None)


def test_only_who_plans_decides(play: Play) -> None:
    cast, meeting = play.cast, assembly(play, "张三")
    with pytest.raises(NotAllowed):
        play.act(cast.zhang, shortfall.hold_for_study, meeting.id, 1)
    with pytest.raises(NoSuchMeeting):
        play.act(cast.zhao, shortfall.wait, meeting.id, 1)


def test_before_sign_in_there_is_nothing_to_decide(play: Play) -> None:
    meeting = play.meeting("本周五15点 支部党员大会 学习 @三楼")
    with pytest.raises(StateChanged):
        play.act(play.cast.li, shortfall.hold_for_study, meeting.id, 1)


def test_the_chair_reads_the_report_without_the_choice(play: Play) -> None:
    cast = play.cast
    meeting = play.meeting("本周五15点 支部党员大会 学习 @三楼")
    [item] = play.act(cast.li, agenda.add_items, meeting.id, "表彰决定").items
    play.act(cast.li, agenda.set_vote, item.id, "ORDINARY")
    _name_chair(play, meeting)
    play.until("2026-03-06 15:29")
    play.take()
    play.until("2026-03-06 15:30")
    [letter] = [letter for letter in play.take() if letter.to == cast.sun.user_id]
    assert letter.buttons == ("考勤表",)
    assert texts([letter])[0].endswith("不能表决。")


def _name_chair(play: Play, meeting: MeetingFacts) -> None:
    from bot.attendance.service import roll
    from bot.meetings import minutes

    play.act(play.cast.li, minutes.choose, meeting.id, "CHAIR", play.cast.sun.id, roll=roll)
