"""An exam from its opening to its end: what is said, who has not sat, what may be changed, by whom."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.errors import UserError
from bot.members.models import Membership
from bot.members.rules import NotAllowed, Role
from bot.periods import beijing
from bot.quiz import attempts, candidates, changing, starting
from bot.quiz.exam_facts import HandedIn, Missing, MissingCounts, Terms
from bot.quiz.models import Attempt, Candidate, PaperBranch, PaperLog
from bot.quiz.rules import AttemptState, CandidateStanding, PaperAction, PaperState
from tests.make import GROUP_CHAT, NOW, Make
from tests.quiz.hall import LIMIT, Hall

THREE_DAYS = Terms(NOW, NOW + timedelta(days=3), LIMIT, 1)
_WINDOW = "3月2日 09:00 至 3月5日 09:00"
ANNOUNCED = f"【考试】《四月测试》{_WINDOW}，5 题，满分 17 分，限时 20 分钟。请到私聊作答，本群不显示个人成绩。"
INVITED = "{name}同志：《四月测试》已开考，3月5日 09:00 截止，点“开始计时”后才计时。"
NUDGED = "提醒：《四月测试》{closes} 截止，你还没有参加。"


def moment(text: str) -> datetime:
    return datetime.strptime(f"{text} +0800", "%Y-%m-%d %H:%M %z").astimezone(UTC)


def acts(hall: Hall) -> list[tuple[PaperAction, str]]:
    return [(row.action, row.reason) for row in hall.rows(PaperLog)]


# -- opening -----------------------------------------------------------------------------------------------------------


def test_at_the_opening_the_group_and_everybody_due_hear_of_it_once(hall: Hall, make: Make) -> None:
    make.exemption(hall.cast.sun)
    hall.publish()
    told = hall.deliver()
    assert (GROUP_CHAT, ANNOUNCED) in told
    names = {hall.cast.zhang: "张三", hall.cast.li: "李四", hall.cast.zhou: "周八"}  # 吴九 has no account
    assert sorted(told)[1:] == sorted((one.user_id, INVITED.format(name=name)) for one, name in names.items())
    hall.wait(minutes=5)
    assert hall.deliver() == []


def test_a_planned_exam_is_silent_until_it_opens(hall: Hall) -> None:
    opens_at = NOW + timedelta(days=1)
    hall.publish(terms=Terms(opens_at, opens_at + timedelta(days=2), LIMIT, 1))
    assert hall.paper_state() is PaperState.SCHEDULED
    assert hall.deliver() == []
    hall.at(opens_at)
    assert hall.paper_state() is PaperState.OPEN
    assert len(hall.deliver()) == 5


def test_what_opens_at_night_is_told_in_the_morning(hall: Hall) -> None:
    opens_at = moment("2026-03-02 23:00")
    hall.publish(terms=Terms(opens_at, opens_at + timedelta(days=2), LIMIT, 1))
    hall.at(opens_at)
    assert hall.deliver() == []
    hall.at(moment("2026-03-03 07:30"))
    assert len(hall.deliver()) == 5


def test_who_has_sat_before_the_morning_is_not_invited_any_more(hall: Hall) -> None:
    opens_at = moment("2026-03-02 23:00")
    hall.publish(terms=Terms(opens_at, opens_at + timedelta(days=2), LIMIT, 1))
    hall.at(opens_at)
    hall.submit(hall.cast.zhang, hall.start(hall.cast.zhang))
    hall.at(moment("2026-03-03 07:30"))
    assert hall.heard(hall.cast.zhang) == []


def test_an_exam_that_opens_late_is_told_to_its_secretary(hall: Hall) -> None:
    opens_at = NOW + timedelta(hours=1)
    hall.publish(terms=Terms(opens_at, opens_at + timedelta(days=2), LIMIT, 1))
    hall.at(opens_at + timedelta(minutes=10))
    assert (
        "因程序停机，《四月测试》晚于 3月2日 10:00 才开考，截止时间仍是 3月4日 10:00。需要时可以延期。"
        in hall.heard(hall.cast.li)
    )


def test_a_resit_is_told_to_its_candidates_not_to_the_group(hall: Hall) -> None:
    first = hall.publish()
    hall.deliver()
    hall.publish(resit_of=first, resit_number=1)
    assert {to for to, _ in hall.deliver()} == {1001, 1002, 1005, 1006}


# -- reminders ---------------------------------------------------------------------------------------------------------


def test_a_day_before_the_end_only_those_who_have_not_sat_are_reminded(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.deliver()
    hall.submit(hall.cast.zhang, hall.start(hall.cast.zhang))
    hall.at(moment("2026-03-04 09:00"))
    told = hall.deliver()
    assert {to for to, _ in told} == {one.user_id for one in (hall.cast.li, hall.cast.sun, hall.cast.zhou)}
    assert {text for _, text in told} == {NUDGED.format(closes="3月5日 09:00")}


def test_a_short_exam_has_no_reminder(hall: Hall) -> None:
    hall.publish(terms=Terms(NOW, NOW + timedelta(hours=35), LIMIT, 1))
    hall.deliver()
    hall.at(NOW + timedelta(hours=12))
    assert hall.deliver() == []


def test_the_names_of_the_missing_go_to_leader_and_secretary_of_their_own(hall: Hall, make: Make) -> None:
    make.grant(hall.cast.zhou, Role.GROUP_LEADER, hall.cast.group)
    hall.publish(terms=Terms(NOW, moment("2026-03-05 18:00"), LIMIT, 1))
    hall.at(moment("2026-03-05 13:59"))
    hall.deliver()
    hall.submit(hall.cast.zhou, hall.start(hall.cast.zhou))
    hall.at(moment("2026-03-05 14:00"))
    told = "《四月测试》3月5日 18:00 截止，本小组还有 1 人没有参加：张三。"
    assert hall.deliver() == [(hall.cast.zhou.user_id, told)]
    hall.at(moment("2026-03-05 16:00"))
    told = "《四月测试》3月5日 18:00 截止，本支部还有 4 人没有参加：张三、李四、孙七、吴九。"
    assert hall.deliver() == [(hall.cast.li.user_id, told)]


def test_lists_of_an_early_end_come_when_people_are_up_and_still_in_time(hall: Hall) -> None:
    hall.publish(terms=Terms(NOW, moment("2026-03-05 08:00"), LIMIT, 1))
    hall.at(moment("2026-03-05 07:29"))
    hall.deliver()
    hall.at(moment("2026-03-05 07:30"))
    assert len(hall.heard(hall.cast.li)) == 1


def test_no_list_is_sent_when_everybody_has_sat(hall: Hall, make: Make) -> None:
    make.exemption(hall.cast.wu)
    hall.publish(terms=Terms(NOW, moment("2026-03-05 18:00"), LIMIT, 1))
    for one in (hall.cast.zhang, hall.cast.li, hall.cast.sun, hall.cast.zhou):
        hall.submit(one, hall.start(one))
    hall.deliver()
    hall.at(moment("2026-03-05 17:00"))
    assert hall.deliver() == []


# -- 未参加名单, 催考 --------------------------------------------------------------------------------------------------


def test_who_has_not_sat_is_named_to_the_branch_counted_to_those_above(hall: Hall, make: Make) -> None:
    make.grant(hall.cast.zhou, Role.GROUP_LEADER, hall.cast.group)
    hall.publish()
    hall.submit(hall.cast.zhang, hall.start(hall.cast.zhang))
    hall.start(hall.cast.sun)
    seen = hall.act(candidates.missing, hall.cast.li, hall.paper_id)
    assert isinstance(seen, Missing)
    assert (seen.names, seen.unreached, seen.running) == (("周八", "李四", "吴九"), ("吴九",), 1)
    of_group = hall.act(candidates.missing, hall.cast.zhou, hall.paper_id)
    assert isinstance(of_group, Missing)
    assert of_group.names == ("周八",)
    above = hall.act(candidates.missing, hall.cast.wang, hall.paper_id)
    assert isinstance(above, MissingCounts)
    assert [(one.name, one.due, one.finished) for one in above.branches] == [("一支部", 5, 1)]
    for stranger in (hall.cast.zhao, hall.cast.zhang):
        with pytest.raises(UserError):
            hall.act(candidates.missing, stranger, hall.paper_id)


def test_a_reminder_by_hand_goes_out_at_most_every_four_hours(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.deliver()
    hall.submit(hall.cast.zhang, hall.start(hall.cast.zhang))
    done = hall.act(candidates.nudge, hall.cast.li, hall.paper_id)
    assert (done.people, done.unreached) == (2, 1)
    assert sorted(to for to, _ in hall.deliver()) == [1005, 1006]
    hall.wait(hours=3, minutes=59)
    with pytest.raises(candidates.NudgedLately) as refused:
        hall.act(candidates.nudge, hall.cast.sun, hall.paper_id)
    assert "3月2日 13:00 之后" in str(refused.value)
    hall.wait(minutes=1)
    hall.act(candidates.nudge, hall.cast.sun, hall.paper_id)
    assert sorted(to for to, _ in hall.deliver()) == [1002, 1006]
    hall.at(moment("2026-03-04 09:00"))
    assert len(hall.deliver()) == 3  # the planned one comes all the same
    assert acts(hall).count((PaperAction.NUDGED, "")) == 2


# -- 增补, 免考, 除名 --------------------------------------------------------------------------------------------------


def test_somebody_new_is_added_and_invited(hall: Hall, make: Make) -> None:
    hall.publish()
    hall.deliver()
    new = make.member("郑十", hall.cast.branch)
    listed = hall.act(candidates.addable, hall.cast.li, hall.paper_id)
    assert [one.name for one in listed.people] == ["郑十"]
    hall.act(candidates.add, hall.cast.li, hall.paper_id, new.id)
    assert hall.heard(new) == [INVITED.format(name="郑十")]
    assert hall.start(new).total == 5
    assert (PaperAction.ADDED, "郑十") in acts(hall)


def test_who_is_excused_is_not_due_hears_nothing_and_may_sit_all_the_same(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.deliver()
    zhang = hall.cast.zhang
    ref = f"{hall.paper_id}:{zhang.id}"
    hall.act(candidates.excuse, hall.cast.li, ref, "  长期 出差 ")
    own = next(one for one in hall.rows(Candidate) if one.member_id == zhang.id)
    assert (own.standing, own.reason, own.by) == (CandidateStanding.EXEMPT, "长期 出差", hall.cast.li.id)
    hall.at(moment("2026-03-04 09:00"))
    assert hall.heard(zhang) == []
    assert (PaperAction.EXEMPTED, "张三：长期 出差") in acts(hall)
    hall.start(zhang)
    assert next(one for one in hall.rows(Candidate) if one.member_id == zhang.id).standing is CandidateStanding.DUE


def test_who_has_sat_cannot_be_excused(hall: Hall) -> None:
    hall.publish()
    hall.submit(hall.cast.zhang, hall.start(hall.cast.zhang))
    with pytest.raises(candidates.HasSat):
        hall.act(candidates.excuse, hall.cast.li, f"{hall.paper_id}:{hall.cast.zhang.id}", "出差")


def test_those_above_change_no_list_of_names(hall: Hall) -> None:
    hall.publish()
    for act in (candidates.addable, candidates.excusable):
        with pytest.raises(NotAllowed):
            hall.act(act, hall.cast.wang, hall.paper_id)


def test_who_leaves_the_roll_is_neither_missed_nor_reminded(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.deliver()
    left = update(Membership).where(Membership.member_id == hall.cast.zhang.id).values(to_on=date(2026, 3, 3))
    hall.database.run(lambda session: session.execute(left))
    hall.at(moment("2026-03-04 09:00"))
    assert hall.heard(hall.cast.zhang) == []
    hall.at(moment("2026-03-05 09:00"))
    standings = {one.member_id: one.standing for one in hall.rows(Candidate)}
    assert standings[hall.cast.zhang.id] is CandidateStanding.REMOVED


def test_who_is_transferred_stays_with_the_branch_of_publishing(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.deliver()
    moved_on = update(Membership).where(Membership.member_id == hall.cast.zhang.id)
    moved_on = moved_on.values(branch_id=hall.cast.second.id, group_id=None)
    hall.database.run(lambda session: session.execute(moved_on))
    seen = hall.act(candidates.missing, hall.cast.li, hall.paper_id)
    assert isinstance(seen, Missing)
    assert "张三" in seen.names
    hall.at(moment("2026-03-04 09:00"))
    assert hall.heard(hall.cast.zhang) == [NUDGED.format(closes="3月5日 09:00")]
    hall.submit(hall.cast.zhang, hall.start(hall.cast.zhang))
    hall.at(moment("2026-03-05 09:00"))
    own = next(one for one in hall.rows(Candidate) if one.member_id == hall.cast.zhang.id)
    assert (own.branch_id, own.standing) == (hall.cast.branch.id, CandidateStanding.DUE)


# -- 改时间 ------------------------------------------------------------------------------------------------------------


def test_a_delayed_exam_reminds_by_its_new_time(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.deliver()
    moved = hall.act(changing.delay, hall.cast.li, hall.paper_id, 1)
    assert moved.closes_at == moment("2026-03-06 09:00")
    assert hall.deliver() == [(GROUP_CHAT, "【考试】《四月测试》的截止时间改为 3月6日 09:00。已经参加的不受影响。")]
    hall.at(moment("2026-03-04 09:00"))
    assert hall.deliver() == []
    hall.at(moment("2026-03-05 09:00"))
    assert hall.paper_state() is PaperState.OPEN
    assert {text for _, text in hall.deliver()} == {NUDGED.format(closes="3月6日 09:00")}
    assert (PaperAction.MOVED, "3月2日 09:00 至 3月5日 09:00 → 3月2日 09:00 至 3月6日 09:00") in acts(hall)


def test_after_a_reminder_a_new_end_brings_a_new_one(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.at(moment("2026-03-04 09:00"))
    hall.deliver()
    hall.act(changing.delay, hall.cast.li, hall.paper_id, 7)
    hall.deliver()
    hall.at(moment("2026-03-11 09:00"))
    assert {text for _, text in hall.deliver()} == {NUDGED.format(closes="3月12日 09:00")}


def test_a_typed_window_moves_what_has_not_opened(hall: Hall) -> None:
    opens_at = NOW + timedelta(days=1)
    hall.publish(terms=Terms(opens_at, opens_at + timedelta(days=2), LIMIT, 1))
    hall.act(changing.write_window, hall.cast.li, hall.paper_id, "3月4日 8:30 至 3月4日 17:00")
    assert (hall.paper.opens_at, hall.paper.closes_at) == (moment("2026-03-04 08:30"), moment("2026-03-04 17:00"))
    hall.at(opens_at)
    assert hall.paper_state() is PaperState.SCHEDULED
    hall.at(moment("2026-03-04 08:30"))
    assert hall.paper_state() is PaperState.OPEN


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("胡说", changing.NoSuchWindow),
        ("3月1日9:00", changing.BadWindow),
        ("2026年9月1日", changing.BadWindow),
        ("明天9:00至后天9:00", changing.HasOpened),
    ],
)
def test_a_window_that_cannot_be_is_refused(hall: Hall, text: str, refusal: type[UserError]) -> None:
    hall.publish()
    closes_at = hall.paper.closes_at
    with pytest.raises(refusal):
        hall.act(changing.write_window, hall.cast.li, hall.paper_id, text.replace("3月1日", "2026年3月1日"))
    assert hall.paper.closes_at == closes_at


def test_an_earlier_end_shortens_attempts_and_a_later_one_gives_the_time_back(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.start(hall.cast.zhang)
    hall.act(changing.write_window, hall.cast.li, hall.paper_id, "今天9点12分")
    assert hall.attempt.deadline_at == NOW + timedelta(minutes=12)
    last = next(row for row in hall.outbox() if ":last5:" in row.key)
    assert last.due_at == NOW + timedelta(minutes=7)
    hall.act(changing.write_window, hall.cast.li, hall.paper_id, "明天9:00")
    assert hall.attempt.deadline_at == NOW + LIMIT


# -- 提前收卷, 取消 ----------------------------------------------------------------------------------------------------


def test_closed_before_its_time_an_exam_leaves_a_minute_to_finish(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.deliver()
    card = hall.start(hall.cast.zhang)
    hall.pick(hall.cast.zhang, card, "A")
    hall.wait(minutes=3)
    hall.act(changing.close_now, hall.cast.li, hall.paper_id)
    assert (hall.paper_state(), hall.paper.closes_at) == (PaperState.CLOSED, hall.now)
    assert hall.heard(hall.cast.zhang) == ["《四月测试》还有 1 分钟自动交卷。"]
    with pytest.raises(starting.ExamOver):
        hall.start(hall.cast.sun)
    hall.wait(seconds=66)
    assert hall.state() is AttemptState.AUTO_SUBMITTED
    with pytest.raises(changing.NotRunning):
        hall.act(changing.close_now, hall.cast.li, hall.paper_id)
    hall.at(moment("2026-03-04 09:00"))
    assert hall.heard(hall.cast.li) == []
    assert acts(hall)[-1] == (PaperAction.CLOSED, "")


def test_closing_early_does_not_lengthen_an_attempt(hall: Hall) -> None:
    hall.publish()
    hall.start(hall.cast.zhang)
    hall.wait(minutes=19, seconds=30)
    hall.act(changing.close_now, hall.cast.li, hall.paper_id)
    assert hall.attempt.deadline_at == NOW + LIMIT


def test_a_cancelled_exam_voids_all_and_says_why(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    hall.deliver()
    done = hall.submit(hall.cast.zhang, hall.start(hall.cast.zhang))
    assert isinstance(done, HandedIn)
    running = hall.start(hall.cast.zhou)
    hall.act(changing.cancel, hall.cast.li, hall.paper_id, "题目有误。")
    assert {one.state for one in hall.rows(Attempt)} == {AttemptState.VOIDED}
    told = hall.deliver()
    assert {to for to, _ in told} == {GROUP_CHAT, 1001, 1002, 1005, 1006}
    assert {text for _, text in told} == {"《四月测试》已取消：题目有误。已作答的不计成绩。"}
    with pytest.raises(attempts.Voided):
        hall.submit(hall.cast.zhou, running)
    with pytest.raises(starting.ExamCancelled):
        hall.start(hall.cast.sun)
    hall.at(moment("2026-03-04 09:00"))
    assert hall.deliver() == []
    assert (PaperAction.CANCELLED, "题目有误。") in acts(hall)


def test_nobody_hears_that_an_exam_he_never_heard_of_is_cancelled(hall: Hall) -> None:
    opens_at = NOW + timedelta(days=1)
    hall.publish(terms=Terms(opens_at, opens_at + timedelta(days=2), LIMIT, 1))
    hall.act(changing.cancel, hall.cast.li, hall.paper_id, "改期")
    hall.at(opens_at)
    assert hall.paper_state() is PaperState.CANCELLED
    assert hall.deliver() == []


def test_a_secretary_does_not_change_an_exam_of_several_branches_but_cares_for_his_own(hall: Hall) -> None:
    hall.publish()
    both = PaperBranch(paper_id=hall.paper_id, branch_id=hall.cast.other.id)
    hall.database.run(lambda session: session.add(both))
    for act in (changing.consider, changing.close_now, changing.ask_window):
        with pytest.raises(NotAllowed):
            hall.act(act, hall.cast.li, hall.paper_id)
    hall.act(candidates.excuse, hall.cast.li, f"{hall.paper_id}:{hall.cast.zhang.id}", "出差")
    assert hall.act(candidates.nudge, hall.cast.li, hall.paper_id).people == 2
    assert hall.act(changing.delay, hall.cast.wang, hall.paper_id, 3).title == "四月测试"


def test_only_who_leads_all_its_branches_changes_an_exam(hall: Hall) -> None:
    hall.publish()
    for act in (changing.consider, changing.close_now, changing.ask_window):
        for stranger in (hall.cast.zhao, hall.cast.zhang):
            with pytest.raises(NotAllowed):
                hall.act(act, stranger, hall.paper_id)
    assert beijing(hall.act(changing.ask_window, hall.cast.wang, hall.paper_id).opens_at).hour == 9
