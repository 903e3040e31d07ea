"""Agenda and minutes: written by whom they concern, filed once everything is there."""

from datetime import date

import pytest
from sqlalchemy import select

from bot.attendance import ballots, closing, own
from bot.attendance.quorum import is_quorate
from bot.attendance.service import roll
from bot.meetings import agenda, minutes, shortfall
from bot.meetings.agenda import (
    AgendaClosed,
    AlreadyVoted,
    BadName,
    Item,
    NothingWritten,
    NoVoteInStudy,
    TitleTooLong,
    TooManyItems,
    VoteNotHeld,
)
from bot.meetings.facts import MeetingFacts
from bot.meetings.minutes import AlreadyFiled, Incomplete, MinutesFacts, Missing, NothingToMinute, NotOver, TooLong
from bot.meetings.models import Minutes
from bot.meetings.rules import AgendaState, MeetingState, VoteRule
from bot.meetings.service import NoSuchMeeting
from bot.members.rules import NotAllowed, Role, UnitRef
from bot.message import StaleButton
from tests.make import Someone
from tests.meetings.play import Play, at
from tests.meetings.scenes import scene

ASSEMBLY = "本周五15点 支部党员大会 讨论发展对象 @三楼会议室"


def added(play: Play, meeting: MeetingFacts, *titles: str) -> tuple[Item, ...]:
    return play.act(play.cast.li, agenda.add_items, meeting.id, "\n".join(titles)).items


@scene
def held(play: Play, *people: Someone) -> MeetingFacts:
    """A meeting that is closed, with these people there."""
    meeting = play.meeting(ASSEMBLY)
    play.until("2026-03-06 14:50")
    play.check_in(meeting, *people)
    play.until("2026-03-06 16:30")
    play.act(play.cast.li, closing.end, meeting.id)
    return play.facts(meeting)


def write(play: Play, meeting: MeetingFacts, field: str, text: str, by: Someone | None = None) -> MinutesFacts:
    return play.act(by or play.cast.li, minutes.write, f"{meeting.id}:{field}", text, roll=roll)


def choose(play: Play, meeting: MeetingFacts, post: str, who: Someone) -> MinutesFacts:
    return play.act(play.cast.li, minutes.choose, meeting.id, post, who.id, roll=roll)


def file(play: Play, meeting: MeetingFacts) -> MinutesFacts:
    return play.act(play.cast.li, minutes.file_minutes, meeting.id, roll=roll)


def show(play: Play, meeting: MeetingFacts, by: Someone | None = None) -> MinutesFacts:
    return play.act(by or play.cast.li, minutes.show, meeting.id, roll=roll)


# -- agenda -----------------------------------------------------------------------------------------------------------


def test_items_come_one_a_line_and_stay_in_order(play: Play) -> None:
    meeting = play.meeting(ASSEMBLY)
    added(play, meeting, "1. 传达学习精神", "", "２、讨论发展对象 ")
    found = added(play, meeting, "通报党费")
    assert [(one.position, one.title) for one in found] == [(1, "传达学习精神"), (2, "讨论发展对象"), (3, "通报党费")]


def test_a_removed_item_leaves_the_others_their_places(play: Play) -> None:
    meeting = play.meeting(ASSEMBLY)
    first, _ = added(play, meeting, "甲", "乙")
    play.act(play.cast.li, agenda.remove, first.id)
    assert [one.title for one in added(play, meeting, "丙")] == ["乙", "丙"]


def test_an_agenda_has_its_limits(play: Play) -> None:
    meeting = play.meeting(ASSEMBLY)
    with pytest.raises(TitleTooLong, match="每个议题不超过100个字，请缩短“长长长长长长长长长长…”。"):
        added(play, meeting, "甲", "长" * 101)
    with pytest.raises(TooManyItems, match="一次会议最多登记20个议题。"):
        added(play, meeting, *(f"第{number}项" for number in range(21)))
    with pytest.raises(NothingWritten):
        added(play, meeting, " ", "3.")
    assert play.act(play.cast.li, agenda.show, meeting.id).items == ()


def test_an_item_gets_a_tag_and_loses_it(play: Play) -> None:
    [item] = added(play, play.meeting(ASSEMBLY), "意识形态工作")
    one = play.act(play.cast.li, agenda.set_tag, item.id, 0)
    assert one.item.tag == one.tags[0] == "意识形态"
    assert play.act(play.cast.li, agenda.set_tag, item.id, len(one.tags)).item.tag is None


def test_only_votes_of_the_kind_are_held(play: Play) -> None:
    [item] = added(play, play.meeting(ASSEMBLY), "表彰决定")
    assert play.act(play.cast.li, agenda.set_vote, item.id, "ORDINARY").item.vote_rule is VoteRule.ORDINARY
    with pytest.raises(VoteNotHeld, match="支部党员大会没有这种表决。"):
        play.act(play.cast.li, agenda.set_vote, item.id, "COMMITTEE")
    assert play.act(play.cast.li, agenda.set_vote, item.id, "-").item.vote_rule is None


def test_an_admission_is_voted_on_person_by_person(play: Play) -> None:
    li, meeting = play.cast.li, play.meeting(ASSEMBLY)
    item, _ = added(play, meeting, "接收预备党员", "通报党费")
    asked = play.act(li, agenda.set_vote, item.id, "ADMISSION")
    assert asked.item.vote_rule is None  # not before it is known whom it is about
    with pytest.raises(BadName):
        play.act(li, agenda.name_persons, item.id, "ADMISSION", " 、")
    found = play.act(li, agenda.name_persons, item.id, "ADMISSION", "郑十、冯一 陈二")
    assert [(one.title, one.person_name) for one in found.items] == [
        ("接收预备党员", "郑十"),
        ("通报党费", None),
        ("接收预备党员", "冯一"),
        ("接收预备党员", "陈二"),
    ]
    assert {one.vote_rule for one in found.items if one.person_name} == {VoteRule.ADMISSION}


def test_what_was_voted_on_is_changed_no_more(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(ASSEMBLY)
    [item] = added(play, meeting, "表彰决定")
    play.act(cast.li, agenda.set_vote, item.id, "ORDINARY")
    play.until("2026-03-06 14:50")
    play.check_in(meeting, cast.li, cast.zhang, cast.sun)
    play.act(cast.li, ballots.record_vote, item.id, "赞成3")
    for change in (
        lambda: play.act(cast.li, agenda.remove, item.id),
        lambda: play.act(cast.li, agenda.settle, item.id, "DEFERRED"),
        lambda: play.act(cast.li, agenda.set_vote, item.id, "-"),
        lambda: play.act(cast.li, agenda.set_tag, item.id, 0),
    ):
        with pytest.raises(AlreadyVoted):
            change()


def test_in_a_study_session_no_vote_can_be_put_on_the_agenda(play: Play) -> None:
    meeting = play.meeting(ASSEMBLY)
    [item] = added(play, meeting, "表彰决定")
    play.until("2026-03-06 15:35")
    play.act(play.cast.li, shortfall.hold_for_study, meeting.id, 1)
    with pytest.raises(NoVoteInStudy, match="本次为学习会，不能表决"):
        play.act(play.cast.li, agenda.set_vote, item.id, "ORDINARY")


def test_the_agenda_is_the_planners(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(ASSEMBLY)
    with pytest.raises(NotAllowed):
        play.act(cast.zhang, agenda.add_items, meeting.id, "甲")
    with pytest.raises(NoSuchMeeting):
        play.act(cast.zhao, agenda.add_items, meeting.id, "甲")
    [item] = added(play, meeting, "甲")
    with pytest.raises(NoSuchMeeting):
        play.act(cast.zhao, agenda.remove, item.id)
    play.cancel(meeting)
    with pytest.raises(AgendaClosed):
        added(play, meeting, "乙")


# -- minutes ----------------------------------------------------------------------------------------------------------


def test_minutes_name_what_they_lack() -> None:
    nothing = minutes.missing(has_chair=False, has_recorder=False, is_verified=False, open_votes=2, has_content=False)
    assert nothing == (Missing.CHAIR, Missing.RECORDER, Missing.VERIFIED, Missing.VOTES, Missing.CONTENT)
    assert minutes.missing(has_chair=True, has_recorder=True, is_verified=True, open_votes=0, has_content=True) == ()


def test_filed_when_everything_is_there(play: Play) -> None:
    cast = play.cast
    meeting = held(play, cast.li, cast.zhang, cast.sun)
    item, later = added(play, meeting, "表彰决定", "经费安排")
    for one in (item, later):
        play.act(cast.li, agenda.set_vote, one.id, "ORDINARY")
    assert show(play, meeting).missing == tuple(Missing)
    with pytest.raises(Incomplete):
        file(play, meeting)
    choose(play, meeting, "CHAIR", cast.li)
    choose(play, meeting, "RECORDER", cast.sun)
    play.act(cast.li, closing.vouch, meeting.id)
    play.act(cast.li, ballots.record_vote, item.id, "赞成3")
    assert show(play, meeting).missing == (Missing.VOTES, Missing.CONTENT)
    play.act(cast.li, agenda.settle, later.id, "DEFERRED")  # 未表决
    found = write(play, meeting, "summary", "学习二十大精神。")
    assert (found.missing, found.can_be_filed) == ((), True)
    filed = file(play, meeting)
    assert (filed.meeting.state, filed.is_filed) == (MeetingState.RECORDED, True)
    query = select(Minutes.filed_by, Minutes.filed_at, Minutes.summary).where(Minutes.meeting_id == meeting.id)
    row = play.database.look(lambda session: session.execute(query).one())
    assert tuple(row) == (cast.li.id, play.now, "学习二十大精神。")


def test_filed_minutes_are_left_alone(play: Play) -> None:
    cast = play.cast
    meeting = held(play, cast.li)
    play.act(cast.li, closing.vouch, meeting.id)
    choose(play, meeting, "CHAIR", cast.li)
    choose(play, meeting, "RECORDER", cast.sun)
    write(play, meeting, "paper_ref", "2026-012")
    file(play, meeting)
    for change in (
        lambda: file(play, meeting),
        lambda: write(play, meeting, "summary", "再改"),
        lambda: choose(play, meeting, "CHAIR", cast.sun),
    ):
        with pytest.raises(AlreadyFiled, match="会议记录已归档，不能再改。"):
            change()
    with pytest.raises(AgendaClosed):
        added(play, meeting, "乙")
    play.until("2026-03-20 09:00")
    assert [letter for letter in play.take() if "的会议记录" in letter.text] == []


def test_minutes_wait_for_the_end_of_the_meeting(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(ASSEMBLY)
    play.until("2026-03-06 14:50")
    for post, who in (("CHAIR", cast.li), ("RECORDER", cast.sun)):
        choose(play, meeting, post, who)
    write(play, meeting, "paper_ref", "2026-012")
    with pytest.raises(NotOver):
        file(play, meeting)


def test_where_nobody_signed_in_by_himself_nobody_has_to_vouch(play: Play) -> None:
    assert Missing.VERIFIED not in show(play, held(play)).missing


def test_votes_given_up_for_study_are_not_missing(play: Play) -> None:
    meeting = play.meeting(ASSEMBLY)
    [item] = added(play, meeting, "表彰决定")
    play.act(play.cast.li, agenda.set_vote, item.id, "ORDINARY")
    play.until("2026-03-06 15:35")
    play.act(play.cast.li, shortfall.hold_for_study, meeting.id, 1)
    assert Missing.VOTES not in show(play, meeting).missing


def test_texts_have_their_longest(play: Play) -> None:
    meeting = held(play)
    assert len(write(play, meeting, "summary", "长" * 2000).summary) == 2000
    with pytest.raises(TooLong, match="最多2000个字，收到2001个字，请缩短后再发。"):
        write(play, meeting, "summary", "长" * 2001)
    with pytest.raises(TooLong):
        write(play, meeting, "paper_ref", "长" * 61)
    assert write(play, meeting, "summary", "改短").summary == "改短"
    with pytest.raises(StaleButton):
        play.act(play.cast.li, minutes.ask, meeting.id, "filed_by")


def test_the_posts_go_to_people_of_the_meeting_officers_first(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(ASSEMBLY)
    found = play.act(cast.li, minutes.candidates, meeting.id, "CHAIR", roll=roll)
    assert [one.name for one in found.people] == ["李四", "孙七", "张三", "周八", "吴九"]
    chosen = choose(play, meeting, "CHAIR", cast.zhang)
    assert chosen.chair is not None
    assert chosen.chair.name == "张三"
    assert play.act(cast.li, minutes.candidates, meeting.id, "CHAIR", roll=roll).chosen == {cast.zhang.id}
    with pytest.raises(StaleButton):
        choose(play, meeting, "CHAIR", cast.zhao)
    with pytest.raises(StaleButton):
        choose(play, meeting, "state", cast.li)


def test_a_lecture_names_its_lecturers(play: Play) -> None:
    cast, meeting = play.cast, play.meeting("本周五15点 党课 学习 @三楼")
    choose(play, meeting, "LECTURER", cast.li)
    assert [one.name for one in choose(play, meeting, "LECTURER", cast.sun).lecturers] == ["李四", "孙七"]
    assert [one.name for one in choose(play, meeting, "LECTURER", cast.li).lecturers] == ["孙七"]


def test_a_recorder_of_the_committee_writes_the_minutes_of_the_meeting(play: Play) -> None:
    cast = play.cast
    scribe = play.make.member("钱一", cast.branch, roles=[Role.COMMISSIONER])
    meeting = held(play)
    with pytest.raises(NotAllowed):
        write(play, meeting, "summary", "学习", by=scribe)
    with pytest.raises(NothingToMinute, match="近期没有需要写记录的会议。"):
        play.act(scribe, minutes.unfiled)
    choose(play, meeting, "RECORDER", scribe)
    assert write(play, meeting, "summary", "学习", by=scribe).summary == "学习"
    assert [one.id for one in play.act(scribe, minutes.unfiled)] == [meeting.id]


def test_others_neither_read_nor_write_minutes(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    with pytest.raises(NotAllowed):
        show(play, meeting, by=cast.zhang)
    with pytest.raises(NotAllowed):
        play.act(cast.zhang, minutes.unfiled)
    with pytest.raises(NoSuchMeeting):
        show(play, meeting, by=cast.zhao)
    with pytest.raises(NothingToMinute):
        play.act(cast.zhao, minutes.unfiled)


def test_the_list_has_what_ran_and_is_not_filed_the_latest_first(play: Play) -> None:
    first = held(play)
    play.meeting("3月20日15点 主题党日 学习 @三楼")
    play.now = at("2026-03-10 09:00")
    second = play.meeting("3月10日15点 主题党日 学习 @三楼")
    play.until("2026-03-10 14:50")
    assert [one.id for one in play.act(play.cast.li, minutes.unfiled)] == [second.id, first.id]


def test_what_is_over_and_not_filed_is_on_the_list_of_the_day(play: Play) -> None:
    cast = play.cast
    meeting = play.meeting("本周五15点 主题党日 学习 @三楼会议室")
    play.until("2026-03-06 17:29")

    def listed(who: Someone) -> list[int]:
        return [one.id for one in play.act(who, own.today).to_minute]

    assert listed(cast.li) == []  # it still runs
    play.until("2026-03-06 17:30")
    assert {one.name: listed(one) for one in (cast.li, cast.sun, cast.zhang, cast.zhao, cast.wang)} == {
        "李四": [meeting.id],
        "孙七": [meeting.id],
        "张三": [],
        "赵六": [],
        "王五": [],
    }


def test_reports_read_what_was_held_in_a_span_of_days(play: Play) -> None:
    cast = play.cast
    lecture = play.meeting("3月4日23点30分 党课 学习 @三楼")  # over midnight it belongs to the day it began
    choose(play, lecture, "LECTURER", cast.li)
    assembly = play.meeting(ASSEMBLY)
    added(play, assembly, "表彰决定", "通报党费")
    play.cancel(play.meeting("3月5日15点 主题党日 学习 @三楼"))
    play.meeting("3月5日15点 主题党日 学习 @三楼", by=cast.zhao)  # another company's

    def read(unit: UnitRef, first: int, last: int) -> list[minutes.Held]:
        return play.database.look(minutes.between, unit, date(2026, 3, first), date(2026, 3, last))

    found = read(cast.company, 4, 6)
    assert [one.meeting.id for one in found] == [lecture.id, assembly.id]
    assert [one.lecturer_ids for one in found] == [(cast.li.id,), ()]
    assert [[item.title for item in one.items] for one in found] == [[], ["表彰决定", "通报党费"]]
    assert {one.filed_at for one in found} == {None}
    assert [one.meeting.id for one in read(cast.branch, 5, 6)] == [assembly.id]
    assert len(read(cast.district, 1, 31)) == 3
    assert read(cast.second, 1, 31) == []


def test_a_state_is_taken_back_by_the_same_press(play: Play) -> None:
    [item] = added(play, play.meeting(ASSEMBLY), "甲")
    assert play.act(play.cast.li, agenda.settle, item.id, "DISCUSSED").item.state is AgendaState.DISCUSSED
    assert play.act(play.cast.li, agenda.settle, item.id, "-").item.state is None


def test_what_makes_a_quorum_is_told_by_attendance() -> None:
    assert is_quorate(VoteRule.ELECTION, 20, 16)
    assert not is_quorate(VoteRule.ELECTION, 20, 15)
