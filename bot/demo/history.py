"""The winter before the demo begins: what each branch held and who came, and what 一支部 has planned for March.

March is planned by the services. The winter is written whole, as meetings entered afterwards are: called by roll,
closed and filed, with its audit chain, without reminders, so that nothing old can ever be told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import cast

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from bot.attendance import chain
from bot.attendance.chain import Entry, Tip
from bot.attendance.models import Attendance
from bot.attendance.rules import Action, Answer, LeaveState, Proof, ReasonKind, Status
from bot.demo.crowd import SEED
from bot.meetings import kinds, planning, publishing
from bot.meetings.facts import Step
from bot.meetings.models import Lecturer, Meeting, Minutes
from bot.meetings.rules import MeetingKind, MeetingState
from bot.members import service as members
from bot.members.models import RoleGrant, Unit
from bot.members.rules import Role, UnitKind, UnitRef
from bot.message import Sender
from bot.periods import at_beijing

FIRST, SECOND, TRAFFIC = "城建一支部", "城建二支部", "交通一支部"
RECORDING_SINCE = date(2025, 12, 1)
PLANNED = datetime(2026, 2, 27, 8, 0, tzinfo=UTC)
BEFOREHAND = timedelta(days=7)  # a meeting was planned
ASKED, DECIDED = timedelta(hours=24), timedelta(hours=22)  # a leave, before the meeting
LATE = timedelta(minutes=12)  # after the begin
EXPLAINED, VOUCHED = timedelta(minutes=40), timedelta(hours=1)  # after the end
OFTEN_AWAY = 5  # at most one of so many
CHANCE_OF_LATE, CHANCE_OF_ABSENT = 0.3, 0.25

Record = dict[str, object]  # a row of attendances
EXPECTED = Status.EXPECTED.name
# Rows that are written together name the same columns.
EMPTY: Mapping[str, object] = {
    "answer": Answer.NONE,
    "answered_at": None,
    "leave_state": LeaveState.NONE,
    "leave_kind": None,
    "decided_by": None,
    "arrived_at": None,
    "proof": None,
    "explained_as": None,
    "explained_at": None,
}

_COMMITTEE, _ASSEMBLY, _LECTURE, _THEME, _GROUP = (
    MeetingKind.COMMITTEE_MEETING,
    MeetingKind.MEMBER_ASSEMBLY,
    MeetingKind.PARTY_LECTURE,
    MeetingKind.THEME_PARTY_DAY,
    MeetingKind.GROUP_MEETING,
)
PLACES = {
    FIRST: ("党员活动室", "三楼会议室"),
    SECOND: ("二楼会议室", "书记办公室"),
    TRAFFIC: ("党员之家", "调度会议室"),
}

# By branch: kind, day, title and, for a 党小组会, the group. 二支部 lacks the 党小组会 of February, 交通一支部 the
# 支委会 of January and of February.
HELD: Mapping[str, tuple[tuple[MeetingKind, date, str, str], ...]] = {
    FIRST: (
        (_COMMITTEE, date(2025, 12, 3), "研究年终组织生活安排", ""),
        (_THEME, date(2025, 12, 5), "重温入党誓词", ""),
        (_ASSEMBLY, date(2025, 12, 11), "通报全年工作", ""),
        (_LECTURE, date(2025, 12, 17), "守牢工程质量底线", ""),
        (_GROUP, date(2025, 12, 23), "谈一年的收获和不足", "第一党小组"),
        (_GROUP, date(2025, 12, 24), "谈一年的收获和不足", "第二党小组"),
        (_COMMITTEE, date(2026, 1, 7), "研究全年学习计划", ""),
        (_THEME, date(2026, 1, 9), "走访老党员", ""),
        (_GROUP, date(2026, 1, 20), "学习党章", "第一党小组"),
        (_GROUP, date(2026, 1, 21), "学习党章", "第二党小组"),
        (_ASSEMBLY, date(2026, 1, 29), "讨论全年工作计划", ""),
        (_COMMITTEE, date(2026, 2, 4), "研究节前走访慰问", ""),
        (_THEME, date(2026, 2, 6), "工地义务劳动", ""),
        (_GROUP, date(2026, 2, 10), "交流节前安全检查", "第一党小组"),
        (_LECTURE, date(2026, 2, 11), "廉洁过节", ""),
        (_GROUP, date(2026, 2, 12), "交流节前安全检查", "第二党小组"),
    ),
    SECOND: (
        (_COMMITTEE, date(2025, 12, 2), "研究年终组织生活安排", ""),
        (_THEME, date(2025, 12, 4), "参观党史陈列馆", ""),
        (_GROUP, date(2025, 12, 9), "学习党章", "第一党小组"),
        (_GROUP, date(2025, 12, 10), "学习党章", "第二党小组"),
        (_LECTURE, date(2025, 12, 16), "怎样做好群众工作", ""),
        (_ASSEMBLY, date(2025, 12, 25), "通报全年工作", ""),
        (_COMMITTEE, date(2026, 1, 6), "研究全年学习计划", ""),
        (_THEME, date(2026, 1, 8), "社区志愿服务", ""),
        (_GROUP, date(2026, 1, 13), "谈新一年打算", "第一党小组"),
        (_GROUP, date(2026, 1, 14), "谈新一年打算", "第二党小组"),
        (_ASSEMBLY, date(2026, 1, 22), "讨论全年工作计划", ""),
        (_COMMITTEE, date(2026, 2, 3), "研究困难党员帮扶", ""),
        (_THEME, date(2026, 2, 5), "走访困难党员", ""),
        (_LECTURE, date(2026, 2, 12), "廉洁过节", ""),
    ),
    TRAFFIC: (
        (_COMMITTEE, date(2025, 12, 3), "研究年终组织生活安排", ""),
        (_THEME, date(2025, 12, 5), "安全行车大家谈", ""),
        (_ASSEMBLY, date(2025, 12, 18), "通报全年工作", ""),
        (_LECTURE, date(2025, 12, 19), "学先进，优服务", ""),
        (_THEME, date(2026, 1, 9), "春运保障动员", ""),
        (_ASSEMBLY, date(2026, 1, 28), "讨论全年工作计划", ""),
        (_LECTURE, date(2026, 2, 5), "廉洁过节", ""),
        (_THEME, date(2026, 2, 6), "慰问一线职工", ""),
    ),
}

# What 李四 typed after /plan, and the group where there is a choice. Their first notices go out a week after the
# 主题党日 that the tour plans, whose month has none here.
MARCH = (
    ("3月18日15点 支委会 研究二季度学习安排 @三楼会议室", ""),
    ("3月24日15点 党小组会 学习交流 @党员活动室", "第一党小组"),
    ("3月25日15点 党小组会 学习交流 @党员活动室", "第二党小组"),
)


@dataclass(frozen=True, slots=True)
class Body:
    """A branch or a group with who leads it; `deciders` answer a request for leave, nobody his own."""

    unit: UnitRef
    chair_id: int
    recorder_id: int
    deciders: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Held:
    """One past meeting."""

    branch: str
    body: Body
    kind: MeetingKind
    on: date
    title: str

    @property
    def starts_at(self) -> datetime:
        return at_beijing(self.on, self.rules.start)

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + self.rules.length

    @property
    def rules(self) -> kinds.KindRules:
        return kinds.of(self.kind, self.body.unit.kind)


def winter(session: Session) -> None:
    """What was held, the earliest first."""
    bodies = _bodies(session)
    held = [
        Held(branch, bodies[branch, group], kind, on, title)
        for branch, all_of_it in HELD.items()
        for kind, on, title, group in all_of_it
    ]
    held.sort(key=lambda one: (one.on, one.body.unit.id))
    wanted = insert(Meeting).returning(Meeting.id, sort_by_parameter_order=True)
    ids = session.scalars(wanted, [_row(one) for one in held]).all()
    session.execute(insert(Minutes), [_minutes(id_, one) for id_, one in zip(ids, held, strict=True)])
    lectures = [(id_, one) for id_, one in zip(ids, held, strict=True) if one.kind is _LECTURE]
    session.execute(insert(Lecturer), [{"meeting_id": id_, "member_id": one.body.chair_id} for id_, one in lectures])
    _call_rolls(session, ids, held)
    session.execute(update(Unit).where(Unit.kind == UnitKind.BRANCH).values(recording_since=RECORDING_SINCE))


def march(session: Session, planner: int) -> None:
    """The plan of 一支部 by the hand of its secretary, whose Telegram id is given."""
    sender, bodies = Sender(planner, planner, PLANNED), _bodies(session)
    for words, group in MARCH:
        plan = planning.begin(session, sender, words, now=PLANNED)
        if group:
            plan = planning.set_unit(session, sender, plan.draft_id, bodies[FIRST, group].unit.id, now=PLANNED)
        assert plan.step is Step.PREVIEW
        publishing.confirm(session, sender, plan.draft_id, now=PLANNED)


def _bodies(session: Session) -> dict[tuple[str, str], Body]:
    """By the name of the branch and of the group, which is empty for the branch itself."""
    columns = (Unit.id, Unit.kind, Unit.name, Unit.path, Unit.parent_id)
    units = session.execute(select(*columns).where(Unit.kind.in_([UnitKind.BRANCH, UnitKind.PARTY_GROUP]))).all()
    names = {row.id: row.name for row in units}
    held = session.execute(select(RoleGrant.unit_id, RoleGrant.role, RoleGrant.member_id))
    holders = {(unit_id, role): member_id for unit_id, role, member_id in held}
    bodies = {}
    for row in units:
        unit, is_group = UnitRef(*row[:4]), row.kind is UnitKind.PARTY_GROUP
        branch_id = row.parent_id if is_group else row.id
        officers = (holders[branch_id, Role.SECRETARY], holders[branch_id, Role.ORGANIZER])
        if is_group:
            bodies[names[branch_id], row.name] = Body(unit, holders[row.id, Role.GROUP_LEADER], officers[1], officers)
        else:
            bodies[row.name, ""] = Body(unit, *officers, officers)
    return bodies


def _row(one: Held) -> dict[str, object]:
    planned_at, chair_id = one.starts_at - BEFOREHAND, one.body.chair_id
    return {
        "unit_id": one.body.unit.id,
        "kind": one.kind,
        "title": one.title,
        "place": PLACES[one.branch][one.kind is _COMMITTEE],
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "chair_id": chair_id,
        "recorder_id": one.body.recorder_id,
        "state": MeetingState.RECORDED,
        "created_at": planned_at,
        "created_by": chair_id,
        "announced_at": planned_at,
        "verified_by": chair_id,
        "verified_at": one.ends_at + VOUCHED,
    }


def _minutes(meeting_id: int, one: Held) -> dict[str, object]:
    """They lie on paper."""
    number = f"{one.on:%Y%m%d}-{meeting_id}"
    filed_at = one.ends_at + VOUCHED
    return {"meeting_id": meeting_id, "paper_ref": number, "filed_by": one.body.recorder_id, "filed_at": filed_at}


# -- who came ---


def _call_rolls(session: Session, meeting_ids: Sequence[int], held: Sequence[Held]) -> None:
    rng = Random(SEED)  # noqa: S311  # the same past each time
    dues: dict[tuple[int, MeetingKind], tuple[members.Due, ...]] = {}
    records = []
    for meeting_id, one in zip(meeting_ids, held, strict=True):
        unit = one.body.unit
        if (unit.id, one.kind) not in dues:
            dues[unit.id, one.kind] = members.due_on(session, unit, one.rules.due_list, one.on).due
        records += [{"meeting_id": meeting_id} | row for row in _called(one, dues[unit.id, one.kind], rng)]
    wanted = insert(Attendance).returning(Attendance.id, sort_by_parameter_order=True)
    record_ids = session.scalars(wanted, records).all()
    by_meeting: dict[int, list[tuple[int, Record]]] = {}
    for record_id, record in zip(record_ids, records, strict=True):
        by_meeting.setdefault(cast("int", record["meeting_id"]), []).append((record_id, record))
    for meeting_id, one in zip(meeting_ids, held, strict=True):
        _tell_chain(session, Tip(meeting_id, 0, ""), one, by_meeting[meeting_id])


def _called(one: Held, due: Sequence[members.Due], rng: Random) -> list[Record]:
    """A record of each who was due: most came, somebody was late, a few were on leave or stayed away."""
    leaders = (one.body.chair_id, one.body.recorder_id)
    others = [each.person.member_id for each in due if each.person.member_id not in leaders]
    away = rng.sample(others, rng.randint(0, len(due) // OFTEN_AWAY))
    absent = [member_id for member_id in away if rng.random() < CHANCE_OF_ABSENT]
    coming = [member_id for member_id in others if member_id not in away]
    late = rng.sample(coming, rng.random() < CHANCE_OF_LATE)
    rows = []
    for each in due:
        member_id = each.person.member_id
        if member_id in absent:
            values = _absent(one)
        elif member_id in away:
            values = _on_leave(one, member_id, rng)
        else:
            values = _present(one, is_late=member_id in late)
        rows.append({**EMPTY, "member_id": member_id, "is_due": True, "has_vote": each.has_vote, **values})
    return rows


def _present(one: Held, *, is_late: bool) -> Record:
    if is_late:
        return {"status": Status.LATE, "arrived_at": one.starts_at + LATE, "proof": Proof.ROLL_CALL}
    return {"status": Status.PRESENT, "arrived_at": one.starts_at, "proof": Proof.ROLL_CALL}


def _on_leave(one: Held, member_id: int, rng: Random) -> Record:
    return {
        "status": Status.ON_LEAVE,
        "answer": Answer.LEAVE,
        "answered_at": one.starts_at - ASKED,
        "leave_state": LeaveState.APPROVED,
        "leave_kind": rng.choice((ReasonKind.OFFICIAL, ReasonKind.SICK, ReasonKind.PERSONAL)),
        "decided_by": next(decider for decider in one.body.deciders if decider != member_id),
    }


def _absent(one: Held) -> Record:
    at = one.ends_at + EXPLAINED
    return {"status": Status.ABSENT, "explained_as": ReasonKind.OFFICIAL, "explained_at": at}


# -- the audit chain ---


def _tell_chain(session: Session, tip: Tip, one: Held, records: Sequence[tuple[int, Record]]) -> None:
    """Every event in the order it happened, through the function that lengthens the chain of any meeting."""

    def tell(at: datetime, actor_id: object, *entries: Entry) -> None:
        nonlocal tip
        tip = chain.append(session, tip, entries, actor_id=cast("int | None", actor_id), update_id=None, now=at)

    def those(status: Status) -> list[tuple[int, Record]]:
        return [(record_id, record) for record_id, record in records if record["status"] is status]

    def marked(status: Status) -> list[Entry]:
        return [Entry(Action.MARKED, record_id, EXPECTED, status.name) for record_id, _ in those(status)]

    chair_id, asked, approved = one.body.chair_id, LeaveState.ASKED.name, LeaveState.APPROVED.name
    for record_id, record in those(Status.ON_LEAVE):
        asking = Entry(Action.LEAVE_ASKED, record_id, LeaveState.NONE.name, asked)
        tell(one.starts_at - ASKED, record["member_id"], asking)
        tell(one.starts_at - DECIDED, record["decided_by"], Entry(Action.LEAVE_APPROVED, record_id, asked, approved))
    tell(one.starts_at - one.rules.window.opens, None, Entry(Action.FROZEN, became=str(len(records))))
    tell(one.starts_at, chair_id, *marked(Status.PRESENT))
    tell(one.starts_at + LATE, chair_id, *marked(Status.LATE))
    absent = those(Status.ABSENT)
    missing = [Entry(Action.CLOSED, record_id, EXPECTED, Status.ABSENT.name) for record_id, _ in absent]
    tell(one.ends_at, chair_id, Entry(Action.CLOSED), *missing)
    for record_id, record in absent:
        explained = Entry(Action.EXPLAINED, record_id, Status.ABSENT.name, ReasonKind.OFFICIAL.name)
        tell(one.ends_at + EXPLAINED, record["member_id"], explained)
    tell(one.ends_at + VOUCHED, chair_id, Entry(Action.VERIFIED))
