"""Votes counted in the room: what the card says before, what one line of text makes of an item."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.attendance import ballot_views, ballots, chain, correcting, service
from bot.attendance.facts import Ballot
from bot.attendance.models import AttendanceEvent
from bot.attendance.phrases import BadVotes, read_votes
from bot.attendance.quorum import TooManyVotes, Votes
from bot.attendance.rules import Action
from bot.meetings import kinds
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import AgendaItem, Meeting
from bot.meetings.rules import AgendaState, MeetingState, Outcome, VoteRule
from bot.members.rules import NotAllowed
from bot.message import strip_tags
from tests.make import GROUP_CHAT, Someone
from tests.meetings.play import Play, at
from tests.meetings.scenes import scene

ASSEMBLY = "本周五15点 支部党员大会 讨论发展对象 @三楼会议室"


def item(play: Play, meeting: MeetingFacts, rule: VoteRule = VoteRule.ORDINARY, **values: object) -> int:
    def write(session: Session) -> int:
        count = len(session.scalars(select(AgendaItem.id).where(AgendaItem.meeting_id == meeting.id)).all())
        row = AgendaItem(meeting_id=meeting.id, position=count + 1, title="年度总结", vote_rule=rule)
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)
        session.flush()
        return row.id

    return play.database.run(write)


@scene
def assembly(
    play: Play, voters: int, present: int, rule: VoteRule = VoteRule.ORDINARY
) -> tuple[MeetingFacts, int, list[Someone]]:
    """15:20 of a meeting with so many voters and 周八, who has no vote; so many of them are in the room, and he. Also
    who else could come: everybody but 吴九, who has no account."""
    cast = play.cast
    known = [cast.zhang, cast.li, cast.sun]
    known += [play.make.member(f"党员{number}", cast.branch) for number in range(voters - 4)]
    meeting = play.meeting(ASSEMBLY)
    item_id = item(play, meeting, rule)
    play.until("2026-03-06 14:50")
    play.check_in(meeting, *known[:present], cast.zhou)
    play.until("2026-03-06 15:20")
    return meeting, item_id, known[present:]


def vote(play: Play, item_id: int, text: str, by: Someone | None = None) -> Ballot:
    return play.act(by or play.cast.li, ballots.record_vote, item_id, text)


def row(play: Play, item_id: int) -> AgendaItem:
    return play.database.look(lambda session: session.get_one(AgendaItem, item_id))


# -- the line ---------------------------------------------------------------------------------------------------------


def card(play: Play, meeting: MeetingFacts) -> str:
    play.work()
    return play.edits(f"card:{meeting.id}:{GROUP_CHAT}")[-1].text.rpartition("\n")[2]


def test_the_card_says_how_many_voters_are_missing(play: Play) -> None:
    meeting, _, others = assembly(play, voters=7, present=3)
    assert card(play, meeting) == "有表决权应到7，到会3，还差1人"
    play.check_in(meeting, others[0])
    assert card(play, meeting) == "有表决权应到7，到会4，达到半数"
    play.act(others[0], service.leave_early, meeting.id)
    assert card(play, meeting) == "有表决权应到7，到会3，还差1人"


def test_a_meeting_without_a_vote_has_no_such_line(play: Play) -> None:
    meeting, item_id, _ = assembly(play, voters=4, present=2)
    gone = update(AgendaItem).where(AgendaItem.id == item_id).values(state=AgendaState.WITHDRAWN)
    play.database.run(lambda session: session.execute(gone) and None)
    play.check_in(meeting, play.cast.sun)
    assert card(play, meeting).startswith("实到")


def test_each_rule_of_the_agenda_has_its_own_words(play: Play) -> None:
    meeting, _, others = assembly(play, voters=7, present=4)
    item(play, meeting, VoteRule.ELECTION)
    play.check_in(meeting, others[0])
    assert card(play, meeting) == "有表决权应到7，到会5，表决达到半数；选举还差1人"


# -- the counts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "votes", "clock"),
    [
        ("11 2 1 0", Votes(11, 2, 1, 0), None),
        ("11，2，1", Votes(11, 2, 1), None),
        ("１１ ２ １ ０", Votes(11, 2, 1, 0), None),
        ("赞成11 反对2 弃权1", Votes(11, 2, 1), None),
        ("赞成：11票、反对：0票、弃权：0票、书面赞成：1票", Votes(11, 0, 0, 1), None),
        ("反对1，赞成10", Votes(10, 1), None),
        ("赞成11", Votes(11), None),
        ("同意10 不同意1", Votes(10, 1), None),
        ("16:05 11 2 1 0", Votes(11, 2, 1, 0), "16:05"),
        ("赞成11 反对2 16点05分", Votes(11, 2), "16:05"),
    ],
)
def test_a_line_of_counts_is_read_as_people_write_it(text: str, votes: Votes, clock: str | None) -> None:
    told = read_votes(text)
    assert (told.votes, told.at and f"{told.at:%H:%M}") == (votes, clock)


@pytest.mark.parametrize(
    "text", ["", "通过", "11", "11 2", "反对2", "赞成11 赞成12", "赞成11 其他1", "25:00 1 2 3", "-1 0 0"]
)
def test_what_is_no_count_is_asked_for_again(text: str) -> None:
    with pytest.raises(BadVotes):
        read_votes(text)


# -- what an item becomes ---------------------------------------------------------------------------------------------


def test_a_vote_is_judged_by_who_is_in_the_room(play: Play) -> None:
    meeting, item_id, _ = assembly(play, voters=9, present=6)
    found = vote(play, item_id, "赞成5 反对1")
    assert (found.has_passed, found.quorum.present, found.quorum.voters) == (True, 6, 9)
    stored = row(play, item_id)
    assert (stored.due, stored.present, stored.yes, stored.no, stored.abstain, stored.yes_written, stored.passed) == (
        *(9, 6, 5, 1, 0, 0),
        True,
    )
    assert stored.decided_at == at("2026-03-06 15:20")
    assert strip_tags(ballot_views.recorded(found).text).split("\n")[1] == (
        "15:20，有表决权应到9，到会6，达到半数：赞成5，反对1，弃权0。通过"
    )
    assert vote(play, item_id, "赞成4 反对2").has_passed is False  # typed anew
    assert play.database.look(_voted) == [
        "1 D9 A6 5 1 0 0 True 2026-03-06T07:20:00+00:00",
        "1 D9 A6 4 2 0 0 False 2026-03-06T07:20:00+00:00",
    ]
    assert play.database.look(chain.is_intact, meeting.id)


def _voted(session: Session) -> list[str | None]:
    query = select(AttendanceEvent.became).where(AttendanceEvent.action == Action.VOTED)
    return list(session.scalars(query.order_by(AttendanceEvent.seq)))


def test_without_a_quorum_nothing_ever_passes(play: Play) -> None:
    _, item_id, _ = assembly(play, voters=9, present=4)
    found = vote(play, item_id, "4 0 0")
    assert (found.has_passed, row(play, item_id).passed) == (False, False)
    assert ballot_views.result(found).endswith("还差1人：赞成4，反对0，弃权0。未达法定人数，表决无效")


def test_admission_counts_opinions_in_writing(play: Play) -> None:
    _, item_id, _ = assembly(play, voters=9, present=5, rule=VoteRule.ADMISSION)
    assert vote(play, item_id, "4 1 0 1").has_passed
    assert not vote(play, item_id, "4 1 0").has_passed
    with pytest.raises(TooManyVotes):
        vote(play, item_id, "4 1 0 5")


def test_more_votes_than_voters_in_the_room_are_refused(play: Play) -> None:
    _, item_id, _ = assembly(play, voters=9, present=6)
    with pytest.raises(TooManyVotes, match="票数之和超过到会人数"):
        vote(play, item_id, "6 1 0")  # 周八 is there and has no vote
    assert row(play, item_id).decided_at is None


def test_who_has_left_or_comes_later_does_not_count(play: Play) -> None:
    meeting, item_id, others = assembly(play, voters=9, present=6)
    play.act(play.cast.zhang, service.leave_early, meeting.id)
    assert vote(play, item_id, "5 0 0").quorum.present == 5
    play.until("2026-03-06 15:25")
    play.check_in(meeting, others[0])
    assert vote(play, item_id, "15:19 5 0 0").quorum.present == 6  # before one went and one came
    assert vote(play, item_id, "5 0 0").quorum.present == 6


def test_a_vote_typed_after_the_close_is_one_of_that_moment(play: Play) -> None:
    meeting, item_id, _ = assembly(play, voters=9, present=6)
    play.until("2026-03-07 10:00")
    assert vote(play, item_id, "5 1 0").decided_at == at("2026-03-06 17:00")
    assert vote(play, item_id, "16:05 5 1 0").decided_at == at("2026-03-06 16:05")
    for clock in ("14:40", "14点40分"):
        with pytest.raises(ballots.BadVoteTime):
            vote(play, item_id, f"{clock} 5 1 0")
    absent = next(one for one in play.roll(meeting).absent if one in play.roll(meeting).voters)
    play.act(play.cast.li, correcting.correct, f"{meeting.id}:{absent}:p", "忘记签到")
    assert vote(play, item_id, "16:05 6 1 0").quorum.present == 7


def test_a_study_meeting_votes_on_nothing(play: Play) -> None:
    meeting, item_id, _ = assembly(play, voters=9, present=3)
    study = update(Meeting).where(Meeting.id == meeting.id).values(outcome=Outcome.STUDY_ONLY)
    play.database.run(lambda session: session.execute(study) and None)
    for verb, case in ((ballots.ask, (item_id,)), (ballots.record_vote, (item_id, "3 0 0"))):
        with pytest.raises(ballots.StudyOnly, match="本次为学习会，不能表决"):
            play.act(play.cast.li, verb, *case)
    assert play.roll(meeting).short == ()


def test_votes_are_typed_by_who_keeps_the_minutes_and_while_they_are_open(play: Play) -> None:
    meeting, item_id, _ = assembly(play, voters=9, present=6)
    for who in (play.cast.zhang, play.cast.wang):
        with pytest.raises(NotAllowed):
            vote(play, item_id, "5 0 0", by=who)
    assert vote(play, item_id, "5 0 0", by=play.cast.sun).has_passed
    filed = update(Meeting).where(Meeting.id == meeting.id).values(state=MeetingState.RECORDED)
    play.database.run(lambda session: session.execute(filed) and None)
    with pytest.raises(ballots.NotVotable):
        vote(play, item_id, "6 0 0")


def test_a_rule_without_a_vote_notes_who_was_there(play: Play) -> None:
    _, item_id, _ = assembly(play, voters=9, present=6, rule=VoteRule.DEMOCRATIC_LIFE)
    with pytest.raises(ballots.NoVote):
        play.act(play.cast.li, ballots.ask, item_id)
    found = play.act(play.cast.li, ballots.note_present, item_id)
    assert (found.has_passed, found.votes) == (None, None)
    assert ballot_views.result(found) == "15:20，有表决权应到9，到会6，达到三分之二。达到法定人数"


def test_the_list_of_votes_names_rule_and_article(play: Play) -> None:
    meeting, item_id, _ = assembly(play, voters=9, present=6)
    item(play, meeting, VoteRule.ADMISSION, title="接收预备党员", person_name="<李明>")
    vote(play, item_id, "5 1 0")
    shown = ballot_views.ballots(play.act(play.cast.li, ballots.ballots, meeting.id))
    assert strip_tags(shown.text).split("\n") == [
        "表决登记：支部党员大会",
        "票在会场里投，这里只登记结果。",
        "",
        "1. 年度总结",
        "15:20，有表决权应到9，到会6，达到半数：赞成5，反对1，弃权0。通过",
        "",
        "2. 接收预备党员（<李明>）",
        "有表决权应到9，到会6，超过半数",
        "",
        "规则：到会达到应到的半数可以表决，赞成超过应到的半数通过。",
        "依据：《中国共产党支部工作条例（试行）》第十一条",
        "",
        "规则：到会超过应到的半数可以表决，赞成和书面赞成超过应到的半数通过，逐人表决。",
        "依据：《中国共产党发展党员工作细则》（条号、执行日期待核）",
    ]
    assert [button.label for button in shown.buttons[0]] == ["1 更改票数", "2 登记票数"]


def test_every_rule_has_a_source_with_its_date() -> None:
    sources = kinds.shipped().votes
    assert all(sources[rule].document and sources[rule].in_force for rule in VoteRule)
