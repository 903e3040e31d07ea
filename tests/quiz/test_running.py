"""An exam while it runs: what is said at its opening and before its end, who has not sat, who is to."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.errors import UserError
from bot.members.models import Membership
from bot.members.rules import NotAllowed, Role
from bot.quiz import candidates
from bot.quiz.exam_facts import Missing, MissingCounts, Terms
from bot.quiz.models import Candidate, PaperLog
from bot.quiz.rules import CandidateStanding, PaperAction, PaperState
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


def test_an_exam_that_passed_while_we_were_away_is_told_to_its_secretary_alone(hall: Hall) -> None:
    opens_at = NOW + timedelta(hours=1)
    hall.publish(terms=Terms(opens_at, opens_at + timedelta(hours=2), LIMIT, 1))
    hall.at(opens_at + timedelta(hours=3))
    assert hall.paper_state() is PaperState.CLOSED
    told = "因程序停机，《四月测试》没有在 3月2日 10:00 按时开考，已于 3月2日 12:00 截止。需要时请重新安排。"
    assert hall.deliver() == [(hall.cast.li.user_id, told)]


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
    assert (done.people, done.unreached, done.is_own_due) == (2, 1, True)
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


def test_whom_nobody_is_left_to_remind_but_himself_is_told_so(hall: Hall) -> None:
    hall.publish(terms=THREE_DAYS)
    for one in (hall.cast.zhang, hall.cast.sun, hall.cast.zhou):
        hall.submit(one, hall.start(one))
    with pytest.raises(candidates.NobodyElse, match="你自己还没有参加"):
        hall.act(candidates.nudge, hall.cast.li, hall.paper_id)
    hall.submit(hall.cast.li, hall.start(hall.cast.li))
    with pytest.raises(candidates.NobodyToNudge):
        hall.act(candidates.nudge, hall.cast.li, hall.paper_id)


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
