"""A district for the long bench: companies, branches with two groups and a chat each, people, and their series.

Every name holds the number of its branch, so that whatever is said of one branch is known by its text.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.demo.chats import ADMIN_RIGHTS, Membership, Rank
from bot.demo.world import World
from bot.meetings import planning, series
from bot.meetings.facts import Step
from bot.meetings.rules import MeetingKind
from bot.members import register, roster, service, workbook
from bot.members.models import Chat, Unit
from bot.members.rules import Cause, ChatState, Role, UnitKind, Way
from bot.message import Sender

START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)  # Monday 09:00 in Beijing
SINCE = date(2025, 1, 1)
FIRST = 100_000  # Telegram ids: FIRST + 100 × branch + number
ADMIN = FIRST  # of the district, in a branch of its own that plans nothing
POSTS = ("书记", "组织委员", "宣传委员", "纪检委员", "副书记")  # of the first five of a branch
LEADS = {6: 1, 7: 2}  # who leads which group
NTH = "一二三四"
# What each branch repeats, {b} its name; each branch has days of its own, but they begin at ten or at three, so that
# the clock stops less often. A group meets on the day after the other.
RULES = (
    "每月第{nth}个周五15点 主题党日 {b}学习 @{b}活动室",
    "每季度第{month}个月第{nth}个周三15点 支部党员大会 {b}工作 @{b}活动室",
    "每季度第{month}个月{day}日10点 党课 {b}讲课 @{b}活动室",
    "每月第{nth}个周一10点 支委会 {b}议事 @{b}会议室",
)
OF_GROUPS = "每月{day}日15点 党小组会 {b}讨论 @{b}活动室"


@dataclass(frozen=True, slots=True)
class Shape:
    companies: int
    branches: int
    members: int

    def company(self, branch: int) -> int:
        return 1 + (branch - 1) * self.companies // self.branches

    def people(self, branch: int) -> range:
        """Their numbers in the branch; the first ones take what is left over."""
        count, rest = divmod(self.members, self.branches)
        return range(1, count + (branch <= rest) + 1)


@dataclass(frozen=True, slots=True)
class Home:
    """One branch as its people know it: whom each of its bodies calls, by unit and whether it is the committee's."""

    number: int
    chat_id: int
    secretary: int
    people: tuple[int, ...]
    called: Mapping[tuple[int, bool], tuple[int, ...]]

    def due(self, unit_id: int, kind: MeetingKind) -> tuple[int, ...]:
        return self.called[unit_id, kind is MeetingKind.COMMITTEE_MEETING]


@dataclass(frozen=True, slots=True)
class District:
    homes: tuple[Home, ...]

    def of_unit(self, unit_id: int) -> Home:
        return next(home for home in self.homes if any(unit_id == unit for unit, _ in home.called))

    def numbers(self) -> dict[int, int]:
        """The branch behind each chat, private ones included."""
        return {chat_id: home.number for home in self.homes for chat_id in (home.chat_id, *home.people)}


def branch_name(number: int) -> str:
    return f"支部{number:02}"


def person_name(branch: int, number: int) -> str:
    if user_id(branch, number) == ADMIN:
        return "管理员"  # of no branch: decides what no secretary may decide on himself
    return f"党员{branch:02}{number:02}"


def user_id(branch: int, number: int) -> int:
    return FIRST + 100 * branch + number


def group_of(number: int) -> int | None:
    """The committee is in no group, everybody else in one of two."""
    if number <= len(POSTS):
        return None
    return LEADS.get(number, 1 + number % 2)


# -- the roster and the world ---


def roster_file(shape: Shape) -> bytes:
    """As a district would send it."""
    units = [_listed("机关", branch_name(0), None, [_person(ADMIN - FIRST, 0)])]
    for branch in range(1, shape.branches + 1):
        company, name = f"示范公司{shape.company(branch)}", branch_name(branch)
        for group in (None, 1, 2):
            people = [_person(n, branch) for n in shape.people(branch) if group_of(n) == group]
            units.append(_listed(company, name, group, people))
    return json.dumps({"roster": units}, ensure_ascii=False).encode()


def _listed(company: str, branch: str, group: int | None, people: list[dict[str, str]]) -> dict[str, object]:
    unit: dict[str, object] = {"company": company, "branch": branch, "members": people}
    return unit | ({"group": group_name(branch, group)} if group else {})


def group_name(branch: str, group: int) -> str:
    return f"{branch}{NTH[group - 1]}组"


def _person(number: int, branch: int) -> dict[str, str]:
    posts = POSTS[number - 1] if 1 <= number <= len(POSTS) else "党小组长" if number in LEADS else ""
    entry = {"name": person_name(branch, number), "joined_on": "2010-07-01", "full_on": "2011-07-01"}
    return entry | ({"posts": posts} if posts and branch else {})


def chats(world: World, shape: Shape) -> dict[int, int]:
    """Everybody in Telegram, and the group chat of each branch."""
    world.add_person(ADMIN, person_name(0, 0), has_started=True)
    found = {}
    for branch in range(1, shape.branches + 1):
        people = {user_id(branch, n): person_name(branch, n) for n in shape.people(branch)}
        for person_id, name in people.items():
            world.add_person(person_id, name, has_started=True)
        bot = Membership(Rank.ADMINISTRATOR, ADMIN_RIGHTS)
        chat = world.add_group(f"{branch_name(branch)}群", owner=next(iter(people)), members=people, bot=bot)
        found[branch] = chat.id
    return found


def settle_in(session: Session, shape: Shape, chat_ids: Mapping[int, int]) -> District:
    """The roster imported, accounts bound, chats bound."""
    today = START.date()
    top = register.add_unit(session, UnitKind.DISTRICT_COMMITTEE, "示范区党委")
    reading = workbook.read_yaml("roster.yaml", roster_file(shape), today=today)
    plan = roster.look(session, None, reading, today=today).plan
    assert not plan.faults, plan.faults[:3]
    roster.carry_out(session, plan, by=None, now=START)
    people = {person.name: person.member_id for person in service.roster_on(session, top.id, today)}
    everybody = {person_name(b, n): user_id(b, n) for b in range(1, shape.branches + 1) for n in shape.people(b)} | {
        person_name(0, 0): ADMIN
    }
    assert set(everybody) == set(people)
    for name, member_id in people.items():
        register.bind(session, everybody[name], member_id, by=None, now=START)
    cause = Cause(Way.SETUP, None, START)
    register.give_role(session, people[person_name(0, 0)], Role.ADMIN, top.id, on=SINCE, cause=cause)
    units = {unit.name: unit for unit in session.scalars(select(Unit))}
    for branch, chat_id in chat_ids.items():
        unit = units[branch_name(branch)]
        session.add(Chat(chat_id=chat_id, unit_id=unit.id, title=f"{unit.name}群", state=ChatState.ACTIVE))
    return District(tuple(_home(shape, units, *one) for one in chat_ids.items()))


def _home(shape: Shape, units: Mapping[str, Unit], branch: int, chat_id: int) -> Home:
    name, numbers = branch_name(branch), shape.people(branch)
    everybody = tuple(user_id(branch, n) for n in numbers)
    called = {(units[name].id, False): everybody, (units[name].id, True): everybody[: len(POSTS)]}
    for group in (1, 2):
        people = tuple(user_id(branch, n) for n in numbers if group_of(n) == group)
        called[units[group_name(name, group)].id, False] = people
    return Home(branch, chat_id, everybody[0], everybody, called)


# -- what repeats ---


def plan_series(session: Session, home: Home) -> None:
    """By the hand of the secretary, as /plan does it."""
    sender, groups = Sender(home.secretary, home.secretary, START), [unit for unit, _ in home.called][2:]
    for words, group in _lines(home.number, groups):
        plan = planning.begin(session, sender, words, now=START)
        if group is not None:
            plan = planning.set_unit(session, sender, plan.draft_id, group, now=START)
        assert plan.step is Step.SERIES, (words, plan.step)
        series.confirm(session, sender, plan.draft_id, now=START)


def _lines(branch: int, groups: list[int]) -> Iterator[tuple[str, int | None]]:
    own = {"b": branch_name(branch), "nth": NTH[branch % 4], "month": NTH[branch % 3]}
    for rule in RULES:
        yield rule.format(**own, day=5 + branch % 20), None
    for place, group in enumerate(groups):
        yield OF_GROUPS.format(**own, day=10 + branch % 15 + place), group
