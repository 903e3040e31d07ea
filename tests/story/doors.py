"""Every door of the house, how it is knocked at in the scene, and to whom the matrix of rights opens it."""

from collections.abc import Iterator

from bot.members.rules import Case, Right, Role
from bot.message import base36, press
from tests.banks.files import GOOD
from tests.members import files
from tests.stages import BRANCH
from tests.story import doors_of_exams, doors_of_meetings, doors_of_practice, doors_of_results
from tests.story.entrance import (
    Door,
    Who,
    anybody,
    at,
    due,
    known,
    nobody,
    of_branch,
    own,
    pressing,
    somewhere,
    unbound,
)
from tests.story.scene import NEWCOMER, ROSTER, Scene

CALENDAR = "year: 2027\nsource: 通知\ndays:\n  - {name: 元旦, date: 2027-01-01, isOffDay: true}\n".encode()
BOOK = files.book(files.HEAD, ["城建一支部", "新来的", "正式党员"])


# -- the table --------------------------------------------------------------------------------------------------------


def doors(scene: Scene) -> tuple[Door, ...]:
    parts = (
        _commands,
        _words,
        _links,
        _members,
        _offices,
        _personal,
        _documents,
        *doors_of_meetings.PARTS,
        *doors_of_exams.PARTS,
        *doors_of_practice.PARTS,
        *doors_of_results.PARTS,
    )
    return tuple(door for part in parts for door in part(scene))


def _commands(scene: Scene) -> Iterator[Door]:
    self_ = somewhere(Right.SELF)
    in_private: dict[str, tuple[Who, Who]] = {  # in private, in the group
        "id": (anybody, anybody),
        "start": (known, anybody),
        "help": (known, anybody),
        "bind": (somewhere(Right.BIND_CHAT), anybody),
        "invite": (somewhere(Right.ROSTER), nobody),
        "roster": (somewhere(Right.ROSTER), nobody),
        "orgs": (somewhere(Right.GRANT), nobody),
        "me": (self_, nobody),
        "settings": (self_, anybody),
        "calendar": (somewhere(Right.CALENDAR), nobody),
        "plan": (somewhere(Right.PLAN), anybody),
        "series": (somewhere(Right.PLAN), nobody),
        "minutes": (somewhere(Right.MINUTES), anybody),
        "meetings": (self_, anybody),
        "today": (self_, nobody),
        "roll": (somewhere(Right.SEE_NAMES), anybody),
        "export": (somewhere(Right.EXPORT), anybody),
        "bank": (somewhere(Right.BANKS), somewhere(Right.BANKS)),
        "quiz": (somewhere(Right.RUN_QUIZ), nobody),
        "exam": (known, nobody),
        "round": (anybody, at(Right.RUN_QUIZ, scene.units[BRANCH])),
    }
    for name, (private, group) in in_private.items():
        yield Door("commands", name, f"/{name}", private)
        yield Door("commands", name, f"/{name}", group, is_in_group=True)
        if name in ("bank", "roster", "round"):  # what only some may is not had by saying it as the group
            yield Door("confirmed", name, press("members", "as", name), group, is_in_group=True)


def _words(_: Scene) -> Iterator[Door]:
    for name, who in {
        "帮助": known,
        "取消": anybody,
        "我的": somewhere(Right.SELF),
        "签到": somewhere(Right.SELF),
        "请假": somewhere(Right.SELF),
        "题库": somewhere(Right.BANKS),
        "出题": somewhere(Right.RUN_QUIZ),
        "考试": known,
    }.items():
        yield Door("urgent" if name in ("帮助", "取消", "签到", "请假") else "words", name, name, who)


def _links(scene: Scene) -> Iterator[Door]:
    branch, planned, running = scene.units[BRANCH], scene.meetings["planned"], scene.meetings["running"]
    for name, token, who in (
        ("j", scene.words["link"], unbound),
        ("c", base36(branch.id), unbound),
        ("gb", scene.words["code"], nobody),  # it binds groups, not private chats
        ("help", "", known),
        ("bind", "", somewhere(Right.BIND_CHAT)),
        ("st", "", somewhere(Right.SELF)),
        ("pl", "", somewhere(Right.PLAN)),
        ("mn", "", somewhere(Right.MINUTES)),
        ("rl", "", somewhere(Right.SEE_NAMES)),
        ("ex", "", somewhere(Right.EXPORT)),
        ("lv", base36(planned.id), due(planned)),
        ("ci", base36(running.id), due(running)),
        ("qz", scene.words["exam"], of_branch(branch)),
    ):
        yield Door("links", name, f"/start {name}_{token}".rstrip("_"), who, is_alone=name == "j")
    yield Door(
        "links",
        "gb",
        f"/start@{scene.stage.world.bot.username} gb_{scene.words['code']}",
        at(Right.BIND_CHAT, branch),
        is_in_group=True,
        is_alone=True,
    )


# -- members ----------------------------------------------------------------------------------------------------------


def _members(scene: Scene) -> Iterator[Door]:
    branch, company = scene.units[BRANCH], scene.units["示范城建集团"]
    roster, binding = at(Right.ROSTER, branch), at(Right.BIND_CHAT, branch)
    member, claim = scene.ids["龚䶮"], scene.of["claim"]
    yield pressing("members:claim", unbound)
    yield pressing("members:amongs", unbound, 0)
    yield pressing("members:among", unbound, company.id)
    yield pressing("members:joins", unbound, company.id, 0)
    yield pressing("members:join", unbound, branch.id)
    yield pressing("members:yes", roster, claim, scene.ids[NEWCOMER])
    yield pressing("members:no", roster, claim)
    yield pressing("members:undo", roster, member)
    yield pressing("members:topic", binding, "BOTH", in_group=True, alone=True)
    yield pressing("members:code", binding, branch.id)
    yield pressing("members:codes", somewhere(Right.BIND_CHAT), 0)
    yield pressing("members:swap", binding, scene.words["code"], in_group=True, alone=True)
    yield pressing("members:unswap", binding, scene.of["swapped"], in_group=True, alone=True)
    yield pressing("members:unchat", binding, branch.id)
    yield pressing("members:part", binding, branch.id)
    yield pressing("members:rejoin", at(Right.BIND_CHAT, scene.units["城建二支部"]), scene.of["loosened"], alone=True)
    yield pressing("members:rebind", roster, scene.of["released"], alone=True)
    yield pressing("members:again", at(Right.PLAN, branch), scene.of["lost"], alone=True)
    yield pressing("members:invite", roster, branch.id)
    yield pressing("members:invites", somewhere(Right.ROSTER), 0)
    yield pressing("members:roster", roster, branch.id)
    yield pressing("members:page", roster, branch.id, 0)
    yield pressing("members:rosters", somewhere(Right.ROSTER), 0)
    yield pressing("members:person", roster, member)
    yield pressing("members:loose", roster, member)
    yield pressing("members:link", roster, scene.ids[NEWCOMER])
    yield pressing("members:template", somewhere(Right.ROSTER))
    yield pressing("members:leaves", roster, member)
    yield pressing("members:left", roster, member, alone=True)
    yield pressing("members:back", roster, scene.ids["周八"], alone=True)
    for verb in ("apply", "drop", "faults"):
        yield pressing(f"members:{verb}", own("李四"), scene.of["roster"])
    yield pressing("members:calendar", somewhere(Right.CALENDAR))
    yield pressing("members:years", somewhere(Right.CALENDAR))
    yield pressing("members:sample", somewhere(Right.CALENDAR))


def _offices(scene: Scene) -> Iterator[Door]:
    branch, group, second = (scene.units[name] for name in (BRANCH, "第一党小组", "第二党小组"))
    member, leader = scene.ids["龚䶮"], scene.ids["褚三"]
    yield pressing("members:org", at(Right.GRANT, branch), branch.id)
    yield pressing("members:org", at(Right.GRANT, scene.units["top"]), scene.units["top"].id)
    yield pressing("members:office", at(Right.GRANT, branch), member)
    yield pressing("members:posts", at(Right.GRANT, branch), member)
    for unit, role in ((group, Role.GROUP_LEADER), (branch, Role.COMMISSIONER), (branch, Role.ADMIN)):
        may = at(Right.GRANT, unit, Case(role=role))
        yield pressing("members:post", may, member, unit.id, role.name)
        yield pressing("members:give", may, member, unit.id, role.name)
    may = at(Right.GRANT, second, Case(role=Role.GROUP_LEADER))
    yield pressing("members:unpost", may, leader, second.id, "GROUP_LEADER")
    yield pressing("members:take", may, leader, second.id, "GROUP_LEADER")
    leading = at(Right.GRANT, group, Case(role=Role.GROUP_LEADER))
    yield pressing("members:unrole", leading, scene.of["entry"], alone=True)
    exempt = at(Right.EXEMPT, branch)
    yield pressing("members:exempt", exempt, member)
    yield pressing("members:exempts", exempt, member, "DUE")
    yield pressing("members:unexempt", exempt, scene.of["exemption"])
    yield pressing("members:suspend", exempt, member)
    yield pressing("members:unsuspend", exempt, scene.ids["卫五"])
    yield pressing("members:leads", exempt, member, 1)


def _personal(scene: Scene) -> Iterator[Door]:
    branch, member = scene.units[BRANCH], scene.ids["龚䶮"]
    bind = at(Right.BIND_CHAT, branch)
    yield pressing("members:mystart", somewhere(Right.SELF), 20 * 60)
    yield pressing("members:myend", somewhere(Right.SELF), 9 * 60)
    yield pressing("members:hours", somewhere(Right.BIND_CHAT))
    yield pressing("members:hour", bind, branch.id)
    yield pressing("members:hourss", somewhere(Right.BIND_CHAT), 0)
    yield pressing("members:hoursfrom", bind, branch.id, 20 * 60)
    yield pressing("members:hoursto", bind, branch.id, 9 * 60)
    yield pressing("members:mydata", somewhere(Right.SELF))
    yield pressing("members:eraseme", somewhere(Right.SELF))
    yield pressing("members:askerase", somewhere(Right.SELF))
    yield pressing("members:keep", anybody)
    yield pressing("members:eraseof", at(Right.ERASE, branch), member)
    yield pressing("members:erase", at(Right.ERASE, branch), member, alone=True)


LIST = "题型,题干,答案\n判断,预备党员有表决权。,错\n".encode()


def _documents(_: Scene) -> Iterator[Door]:
    roster = somewhere(Right.ROSTER)
    for ending in ("yaml", "yml"):
        yield Door("documents", ending, f"bank.{ending}", somewhere(Right.BANKS), data=GOOD.encode())
        yield Door("documents", f"{ending}:roster", f"roster.{ending}", roster, data=ROSTER)
        yield Door("documents", f"{ending}:days", f"year.{ending}", somewhere(Right.CALENDAR), data=CALENDAR)
    yield Door("documents", "xlsx", "roster.xlsx", roster, data=BOOK)
    for ending in ("csv", "tsv", "txt", "json", "docx", "gift", "xls", "doc", "xlsm"):  # bytes decide what it is
        yield Door("documents", ending, f"bank.{ending}", somewhere(Right.BANKS), data=LIST)
