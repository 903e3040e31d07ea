"""What 补录, agenda, minutes and the choice about too few voters say, word for word."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.attendance.quorum import is_quorate
from bot.meetings import leader_views, minutes_views, plan_views, views
from bot.meetings.agenda import Agenda, Item, OneItem
from bot.meetings.facts import MeetingFacts, Named, Plan, Preview, Step
from bot.meetings.minutes import Candidates, MinutesFacts, Missing, Post
from bot.meetings.phrases import Question
from bot.meetings.rules import AgendaState, MeetingKind, MeetingState, Outcome, Roll, VoteRule
from bot.members.rules import UnitKind, UnitRef
from bot.message import MAX_DATA, MAX_TEXT, strip_tags, units
from bot.workdays import DayKind, Why
from tests.meetings.play import at
from tests.meetings.test_views import CLOSED, MEETING, NOW, PEOPLE, ROLL, SIGNED, line

OVER = replace(MEETING, state=MeetingState.CLOSED)
HEAD = "会议记录／【支部党员大会】讨论发展对象／12月4日（周五）15:00—16:30，三楼会议室"
LI, ZHANG = Named(2, "李四"), Named(1, "张三")
ITEM = Item(5, 71, 1, "接收预备党员", tag="国企党建", vote_rule=VoteRule.ADMISSION, person_name="郑十")
VOTED = replace(ITEM, due=21, present=16, yes=11, no=2, abstain=3, yes_written=1, passed=True, decided_at=NOW)


# -- too few voters ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("short", "times_asked", "text"),
    [
        ((), 1, " [考勤表]"),
        (((VoteRule.ORDINARY, 0),), 1, "有表决权应到21，到会10，达到半数，可以表决。 [考勤表]"),
        (((VoteRule.DEMOCRATIC_LIFE, 0),), 1, "有表决权应到21，到会10，达到三分之二，可以召开。 [考勤表]"),
        (
            ((VoteRule.DEMOCRATIC_LIFE, 4),),
            4,
            "有表决权应到21，到会10，还差4人，不能召开。 [考勤表] [延期] [改为学习会]",
        ),
        (
            ((VoteRule.ORDINARY, 1),),
            1,
            "有表决权应到21，到会10，还差1人，不能表决。 [考勤表] [延期] [改为学习会] [继续等待]",
        ),
        (
            ((VoteRule.ORDINARY, 0), (VoteRule.ELECTION, 7)),
            4,
            "有表决权应到21，到会10，表决达到半数；选举还差7人，人数不够的不能表决。 [考勤表] [延期] [改为学习会]",
        ),
    ],
)
def test_the_report_of_a_meeting_with_votes(
    short: tuple[tuple[VoteRule, int], ...], times_asked: int, text: str
) -> None:
    roll = replace(SIGNED, voters=tuple(range(21)), voters_present=tuple(range(10)), short=short)
    report = leader_views.report(MEETING, roll, PEOPLE, now=at("2026-12-04 15:30"))
    said = line(leader_views.with_choice(report, MEETING, roll, times_asked))
    assert said == f"支部党员大会15:30：应到24，实到18，请假2，未签4：张三、李四。{text}"


def test_where_nobody_may_vote_the_report_says_so_once() -> None:
    roll = replace(SIGNED, short=((VoteRule.ORDINARY, 1),))
    said = line(leader_views.report(MEETING, roll, [], now=at("2026-12-04 15:30")))
    assert said.endswith("未签4。应到名单里没有人有表决权，不能表决。 [考勤表]")


def test_what_the_secretary_chose_is_answered_shortly() -> None:
    assert leader_views.waiting(at("2026-12-04 15:45")) == "15:45再向您报告"
    assert leader_views.waiting(None) == "已记下，不再提醒"
    later = leader_views.waited(MEETING, at("2026-12-04 15:45"), now=at("2026-12-04 15:31"))
    assert line(later) == "12月4日支部党员大会：继续等待，15:45再向您报告。 [考勤表] [延期] [改为学习会]"
    last = leader_views.waited(MEETING, None, now=at("2026-12-04 16:16"))
    assert line(last) == "12月4日支部党员大会：继续等待，不再提醒。 [考勤表] [延期] [改为学习会]"
    studying = leader_views.studying(MEETING, now=at("2026-12-04 15:46"))
    assert line(studying) == "12月4日支部党员大会已改为学习会，本次不表决。 [考勤表]"


def test_the_card_says_that_nothing_is_voted_on() -> None:
    study = replace(MEETING, state=MeetingState.OPEN, outcome=Outcome.STUDY_ONLY)
    assert "／本次为学习会，不表决／签到中，15:10前为准时／" in line(views.card(study, SIGNED, now=NOW))


def test_a_meeting_that_runs_unseen_says_until_when_one_can_sign_in() -> None:
    now = at("2026-12-04 15:05")
    card = views.running_card(views.card(MEETING, ROLL, now=now), MEETING)
    assert line(card).endswith("实到0 · 请假0 · 未签24／会议正在进行，签到到15:30为止 [签到]")


def test_long_lists_lead_to_the_sheet() -> None:
    crowd = [Named(number, f"甲{number}") for number in range(21)]
    assert line(leader_views.group_report(MEETING, "第二小组", crowd)).endswith("甲19等21人。 [考勤表]")
    assert line(leader_views.still_unexplained(MEETING, crowd, 3, now=NOW)).endswith(
        "（第3次，共4次）：甲0、甲1、甲2、甲3、甲4、"
        "甲5、甲6、甲7、甲8、甲9、甲10、甲11、甲12、甲13、甲14、甲15、甲16、甲17、甲18、甲19等21人。 [考勤表]"
    )


def test_who_invites_the_people_of_a_group_is_its_branch() -> None:
    group = replace(MEETING, unit=UnitRef(9, UnitKind.PARTY_GROUP, "第一小组", "/1/2/3/9/"))
    [[button]] = leader_views.unreached(group, PEOPLE, now=NOW).buttons
    assert button.data == "members:invite:3"
    above = replace(MEETING, unit=UnitRef(2, UnitKind.PARTY_COMMITTEE, "党委", "/1/2/"))
    assert leader_views.unreached(above, PEOPLE, now=NOW).buttons == ()


# -- 补录 -------------------------------------------------------------------------------------------------------------

HELD = Preview(
    unit=MEETING.unit,
    kind=MeetingKind.THEME_PARTY_DAY,
    title="学习二十大精神",
    place="三楼会议室",
    starts_at=at("2026-10-19 15:00"),
    ends_at=at("2026-10-19 17:00"),
    notes=(),
    why=Why(DayKind.WORKDAY),
    is_known=True,
    rungs=(),
    expected=24,
    exempt=0,
)
PAST = Plan(5, Step.PAST_PREVIEW, preview=HELD)
ABOUT_PAST = (
    "【主题党日】学习二十大精神／时间：10月19日（周一）15:00—17:00／地点：三楼会议室／召开：第一党支部，应到24人／"
)
RULE = "／补录的会议不发通知，由书记点名；7天内没有结束的自动结束。"


def test_a_time_that_is_over_offers_to_write_it_down() -> None:
    over = Plan(5, Step.PAST, starts=(at("2026-10-19 15:00"),))
    assert (
        line(plan_views.question(over, now=NOW))
        == "该时间已过。是补录已经开过的会吗？ [补录10月19日（周一）15:00] [输入…] [放弃]"
    )
    either = Plan(5, Step.CHOICE, starts=(at("2027-10-08 15:00"),), question=Question.PAST_OR_NEXT_YEAR)
    assert line(plan_views.question(either, now=NOW)) == (
        "这个时间已过，补录还是改到明年？ [补录10月8日（周四）15:00] [2027年10月8日（周五）15:00] [输入…] [放弃]"
    )


def test_the_preview_of_what_was_held_asks_for_a_reason_first() -> None:
    assert line(plan_views.question(PAST, now=NOW)) == (f"{ABOUT_PAST}请写补录原因。{RULE} [写原因] [修改] [放弃]")
    explained = replace(PAST, reason="当天没有网络")
    assert line(plan_views.question(explained, now=NOW)) == (
        f"{ABOUT_PAST}补录原因：当天没有网络{RULE} [确认补录] [改原因] [修改] [放弃]"
    )
    assert line(plan_views.ask_past_reason()) == (
        "请写补录原因（2到200个字），例如：当天没有网络。／发送“取消”放弃输入。"
    )


def test_what_was_written_down_goes_on_with_the_roll_call() -> None:
    assert line(plan_views.recorded(replace(MEETING, state=MeetingState.OPEN), now=NOW)) == (
        "已补录：【支部党员大会】讨论发展对象／12月4日（周五）15:00—16:30，三楼会议室／请点名，完成后结束。"
        " [逐人点名] [结束]"
    )


# -- minutes ----------------------------------------------------------------------------------------------------------


def page(what: MinutesFacts, now: datetime = NOW) -> str:
    return line(minutes_views.minutes(what, is_quorate, now=now))


def test_minutes_begin_with_what_they_lack() -> None:
    roll = replace(CLOSED, self_signed=tuple(range(18)))
    items = (replace(ITEM, vote_rule=None, person_name=None), replace(ITEM, id=6))
    what = MinutesFacts(OVER, roll, items, missing=tuple(Missing), may_plan=True)
    assert page(what) == (
        f"{HEAD}／应到24 · 实到20 · 请假2 · 缺席2 · 到会率83.3%／主持人：未填／记录人：未填／"
        "名单：自助签到18人未核对／议题：／1. 接收预备党员〔国企党建〕／"
        "2. 接收预备党员（郑十）〔国企党建〕：接收党员，待表决／"
        "还缺：主持人、记录人、名单属实、表决结果、会议内容或纸质记录编号"
        " [主持人] [记录人] [议题] [表决] [名单属实] [写内容] [写决议] [纸质编号] [刷新]"
    )


def test_complete_minutes_can_be_filed_and_then_stand_without_buttons() -> None:
    meeting = replace(OVER, verified_at=NOW)
    what = MinutesFacts(
        meeting,
        CLOSED,
        (VOTED,),
        LI,
        LI,
        summary="学习。",
        decisions="同意接收。",
        paper_ref="2026-012",
        may_plan=False,
    )
    text = (
        "应到24 · 实到20 · 请假2 · 缺席2 · 到会率83.3%／主持人：李四／记录人：李四／提示：主持人与记录人相同／"
        "名单：已核对属实／议题：／1. 接收预备党员（郑十）〔国企党建〕："
        "有表决权应到21，到会16，赞成11，反对2，弃权3，书面赞成1，通过／"
        "会议内容：学习。／决议：同意接收。／纸质记录编号：2026-012"
    )
    assert page(what) == (f"{HEAD}／{text} [主持人] [记录人] [表决] [改内容] [改决议] [纸质编号] [刷新] [归档]")
    filed = replace(what, meeting=replace(meeting, state=MeetingState.RECORDED))
    assert page(filed) == f"{HEAD.replace('会议记录', '会议记录（已归档）')}／{text} [导出]"
    asked = line(minutes_views.minutes(what, is_quorate, is_sure=True, now=NOW))
    assert asked == f"{HEAD}／{text}／归档后不能再改，确认归档吗？ [确认归档] [返回]"


def test_before_the_meeting_there_are_chair_recorder_and_agenda_only() -> None:
    what = MinutesFacts(MEETING, ROLL, (ITEM,), missing=(Missing.VERIFIED,), may_plan=True)
    assert page(what).endswith("[主持人] [记录人] [议题] [写内容] [写决议] [纸质编号] [刷新]")
    assert "应到24 · 实到0 · 请假0 · 未签24" in page(what)


def test_minutes_of_a_study_session_say_that_nothing_was_voted_on() -> None:
    study = replace(OVER, outcome=Outcome.STUDY_ONLY)
    said = page(MinutesFacts(study, CLOSED, (ITEM,), may_plan=True))
    assert "／本次为学习会，不表决／议题：／1. 接收预备党员（郑十）〔国企党建〕：未表决 " in said
    assert "[表决]" not in said


def test_a_lecture_names_who_gave_it() -> None:
    lecture = replace(OVER, kind=MeetingKind.PARTY_LECTURE)
    said = page(MinutesFacts(lecture, CLOSED, lecturers=(LI, ZHANG)))
    assert "／主讲人：李四、张三" in said
    assert " [主持人] [记录人] [主讲人] " in said


def test_a_long_text_is_shown_by_its_beginning() -> None:
    said = page(MinutesFacts(OVER, CLOSED, summary="长" * 2000))
    assert f"／会议内容：{'长' * 349}…（共2000个字）／" in f"{said}／".replace(" [", "／ [")


def test_the_largest_page_fits_into_one_message() -> None:
    item = replace(VOTED, title="长" * 100, tag="全面从严治党", person_name="名" * 12)
    crowd = tuple(Named(number, "名" * 12) for number in range(60))
    lecture = replace(OVER, kind=MeetingKind.PARTY_LECTURE, title="长" * 100, place="长" * 40)
    what = MinutesFacts(
        *(lecture, CLOSED, (item,) * 20, crowd[0], crowd[1], crowd),
        summary="长" * 2000,
        decisions="长" * 2000,
        paper_ref="长" * 60,
        missing=tuple(Missing),
        may_plan=True,
    )
    assert units(strip_tags(minutes_views.minutes(what, is_quorate, now=NOW).text)) <= MAX_TEXT
    agenda = Agenda(lecture, (item,) * 20, may_minute=True)
    assert units(minutes_views.agenda(agenda, is_quorate).text) <= MAX_TEXT


@pytest.mark.parametrize(
    ("item", "result"),
    [
        (replace(ITEM, vote_rule=None), ""),
        (replace(ITEM, vote_rule=None, state=AgendaState.DISCUSSED), "已讨论"),
        (replace(ITEM, state=AgendaState.DEFERRED), "暂缓，未表决"),
        (replace(ITEM, state=AgendaState.WITHDRAWN), "撤回，未表决"),
        (ITEM, "接收党员，待表决"),
        (replace(ITEM, vote_rule=VoteRule.DEMOCRATIC_LIFE), "只核对到会人数，待登记"),
        (replace(VOTED, passed=False, yes=10, yes_written=0), "有表决权应到21，到会16，赞成10，反对2，弃权3，未通过"),
        (
            replace(VOTED, present=10, yes=10, no=0, abstain=0, yes_written=0, passed=False),
            "有表决权应到21，到会10，赞成10，反对0，弃权0，未达法定人数，表决无效",
        ),
        (
            replace(VOTED, vote_rule=VoteRule.ELECTION, present=17, yes_written=0),
            "有表决权应到21，到会17，赞成11，反对2，弃权3，当选",
        ),
        (
            replace(VOTED, vote_rule=VoteRule.DEMOCRATIC_LIFE, due=9, present=6, yes=None, passed=None),
            "有表决权应到9，到会6，达到法定人数",
        ),
        (
            replace(VOTED, vote_rule=VoteRule.DEMOCRATIC_LIFE, due=9, present=5, yes=None, passed=None),
            "有表决权应到9，到会5，未达法定人数",
        ),
    ],
)
def test_how_an_item_ended(item: Item, result: str) -> None:
    assert minutes_views.item_result(item, is_quorate) == result


def test_posts_are_given_by_name() -> None:
    crowd = tuple(Named(number, f"甲{number}") for number in range(12))
    first = minutes_views.candidates(Candidates(OVER, Post.CHAIR, crowd, frozenset({1})))
    assert line(first) == ("请选择主持人 [甲0] [✓ 甲1] [甲2] [甲3] [甲4] [甲5] [甲6] [甲7] [甲8] [甲9] [下一页] [返回]")
    last = minutes_views.candidates(Candidates(OVER, Post.RECORDER, crowd, frozenset()), 1)
    assert line(last) == "请选择记录人 [甲10] [甲11] [上一页] [返回]"
    nobody = minutes_views.candidates(Candidates(OVER, Post.LECTURER, (), frozenset()))
    assert line(nobody) == "应到名单为空，不能选择。 [返回]"


def test_the_other_questions_about_minutes() -> None:
    said = [
        minutes_views.in_private(),
        minutes_views.pick([OVER], now=NOW),
        minutes_views.ask("summary"),
        minutes_views.ask("decisions"),
        minutes_views.ask("paper_ref"),
    ]
    assert [line(message) for message in said] == [
        "会议记录请在私聊中填写。 [打开私聊↗]",
        "写哪一个会议的记录？ [12月4日 15:00 支部党员大会]",
        "请写会议内容（发言要点），最多2000个字，可以直接粘贴。／发送“取消”放弃输入。",
        "请写会议决议，最多2000个字。／发送“取消”放弃输入。",
        "请写纸质记录编号，最多60个字。／发送“取消”放弃输入。",
    ]


# -- agenda -----------------------------------------------------------------------------------------------------------


def test_the_agenda_word_for_word() -> None:
    one = OneItem(MEETING, ITEM, ("意识形态", "国企党建"), (VoteRule.ORDINARY, VoteRule.ADMISSION))
    plain = replace(one, item=replace(ITEM, vote_rule=None, person_name=None, tag=None, state=AgendaState.DISCUSSED))
    said = [
        minutes_views.agenda(Agenda(MEETING, (), may_minute=False), is_quorate),
        minutes_views.agenda(Agenda(MEETING, (ITEM, replace(VOTED, id=8)), may_minute=True), is_quorate),
        minutes_views.agenda(
            Agenda(replace(MEETING, state=MeetingState.RECORDED), (ITEM,), may_minute=True), is_quorate
        ),
        minutes_views.ask_items(),
        minutes_views.item(one, is_quorate),
        minutes_views.item(plain, is_quorate),
        minutes_views.item(replace(one, item=VOTED), is_quorate),
        minutes_views.tags(one),
        minutes_views.votes(one),
        minutes_views.vote_set(one, "ADMISSION", is_quorate),
    ]
    votes = "有表决权应到21，到会16，赞成11，反对2，弃权3，书面赞成1，通过"
    first = "1. 接收预备党员（郑十）〔国企党建〕：接收党员，待表决"
    assert [line(message) for message in said] == [
        "议题：支部党员大会／还没有议题。 [添加议题]",
        f"议题：支部党员大会／{first}／2. 接收预备党员（郑十）〔国企党建〕：{votes}／点序号写表决和结果。"
        " [1] [2] [添加议题] [会议记录]",
        f"议题：支部党员大会／{first}",
        "请写议题，每行一个，例如：／讨论发展对象／通报党费收缴情况／发送“取消”放弃输入。",
        "接收预备党员／标签：国企党建／表决方式：接收党员／表决对象：郑十／结果：接收党员，待表决"
        " [标签] [表决方式] [已讨论] [撤回] [暂缓] [删除] [返回议题]",
        "接收预备党员／标签：无／表决方式：不表决／结果：已讨论"
        " [标签] [表决方式] [✓ 已讨论] [撤回] [暂缓] [删除] [返回议题]",
        f"接收预备党员／标签：国企党建／表决方式：接收党员／表决对象：郑十／结果：{votes} [返回议题]",
        "给“接收预备党员”选一个标签 [意识形态] [国企党建] [不用标签]",
        "“接收预备党员”怎样表决？ [一般表决] [接收党员] [不表决]",
        "接收党员逐人表决，请写姓名，多人用顿号隔开。／发送“取消”放弃输入。",
    ]


def test_every_button_fits_into_64_bytes() -> None:
    large = 2**31 - 1
    meeting: MeetingFacts = replace(OVER, id=large, version=999)
    item = replace(ITEM, id=large, meeting_id=large)
    one = OneItem(meeting, item, ("意识形态",), tuple(VoteRule))
    crowd = tuple(Named(large - number, "甲") for number in range(12))
    short = replace(SIGNED, short=((VoteRule.ORDINARY, 1),))
    messages = [
        minutes_views.minutes(MinutesFacts(meeting, CLOSED, (item,), may_plan=True), is_quorate, now=NOW),
        minutes_views.candidates(Candidates(meeting, Post.LECTURER, crowd, frozenset())),
        minutes_views.item(one, is_quorate),
        minutes_views.votes(one),
        minutes_views.tags(one),
        leader_views.with_choice(leader_views.report(meeting, short, [], now=NOW), meeting, short, 1),
        plan_views.question(replace(PAST, draft_id=large, reason="原因"), now=NOW),
        plan_views.question(Plan(large, Step.PAST, starts=(NOW,)), now=NOW),
    ]
    data = [button.data or "" for message in messages for row in message.buttons for button in row]
    assert max(len(text.encode()) for text in data) <= MAX_DATA
    assert len(data) > 40


def test_the_roll_of_one_person_is_the_persons_own() -> None:
    assert ROLL.of(3) == Roll(71, due=(3,), going=(3,), unsigned=(3,))


@pytest.mark.parametrize(
    ("group", "called"),
    [("第一党小组", "第一党小组会"), ("机关组", "机关组党小组会"), ("名" * 13, "党小组会")],
)
def test_meetings_of_two_groups_are_told_apart(group: str, called: str) -> None:
    of_group = UnitRef(5, UnitKind.PARTY_GROUP, group, "/1/3/5/")
    assert views.name(replace(MEETING, kind=MeetingKind.GROUP_MEETING, unit=of_group)) == called
