"""Every door of members × every kind of sender: who is not meant reads a refusal, and nothing has changed."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage
from bot.demo.world import World
from bot.members import handlers, joining, offices_handlers, personal_handlers, register, roster_handlers
from bot.members import models as tables
from bot.members.rules import ExemptionScope, ImportState, Role
from bot.message import Message as Text
from bot.message import press
from tests import stages

ROOT, STRANGER = 1098, 1099
SENDERS = {
    "member": "张三",
    "leader": "褚三",
    "commissioner": "钱一",
    "organizer": "孙七",
    "secretary": "李四",
    "admin": "王五",
    "foreign secretary": "赵六",
    "root": "根",
    "stranger": "路人",
}
BOUND = frozenset(SENDERS) - {"root", "stranger"}
KEEPERS = frozenset({"organizer", "secretary", "admin", "root"})
GRANTING = frozenset({"secretary", "admin", "root"})
ABOVE = frozenset({"admin"})
REFUSALS = (
    "还没有与名册对应。",
    "这个操作只有支部书记或管理员可以用。",
    "这个操作只有管理员可以用。",
    "没有这个组织，或您无权查看。",
    "这份预览已处理或已过期，请重新上传文件。",
)
# Doors that show or take nothing of anybody: choices by pages, and those open to whoever is not bound yet.
OPEN = {
    *("claim", "amongs", "among", "joins", "join", "invites", "rosters", "codes", "hours", "hourss"),
    *("template", "keep", "topic", "swap"),
}


@dataclass(frozen=True)
class Play:
    """What the doors are tried on, all of it in 城建一支部."""

    branch: int
    group: int
    zhang: int
    qian: int
    wu: int
    gone: int
    claim: int
    preview: int
    exemption: int
    unsure: int


def doors(on: Play) -> Mapping[str, tuple[frozenset[str], tuple[int | str, ...]]]:
    """For whom each door is, and what it is tried with."""
    post = (on.zhang, on.group, "GROUP_LEADER")
    return {
        "yes": (KEEPERS, (on.claim, on.wu)),
        "no": (KEEPERS, (on.claim,)),
        "undo": (KEEPERS, (on.zhang,)),
        "loose": (KEEPERS, (on.zhang,)),
        "invite": (KEEPERS, (on.branch,)),
        "roster": (KEEPERS, (on.branch,)),
        "page": (KEEPERS, (on.branch, 1)),
        "person": (KEEPERS, (on.zhang,)),
        "link": (KEEPERS, (on.wu,)),
        "leaves": (KEEPERS, (on.zhang,)),
        "left": (KEEPERS, (on.zhang,)),
        "back": (KEEPERS, (on.gone,)),
        "apply": (frozenset({"secretary"}), (on.preview,)),
        "drop": (frozenset({"secretary"}), (on.preview,)),
        "faults": (frozenset({"secretary"}), (on.preview,)),
        "code": (KEEPERS, (on.branch,)),
        "unchat": (KEEPERS, (on.branch,)),
        "again": (KEEPERS - {"root"}, (on.unsure,)),
        "hour": (KEEPERS, (on.branch,)),
        "hoursfrom": (KEEPERS, (on.branch, 20 * 60)),
        "hoursto": (KEEPERS, (on.branch, 8 * 60)),
        "mystart": (BOUND | {"root"}, (20 * 60,)),
        "myend": (BOUND | {"root"}, (8 * 60,)),
        "mydata": (BOUND | {"root"}, ()),
        "eraseme": (BOUND | {"root"}, ()),
        "askerase": (BOUND | {"root"}, ()),
        "eraseof": (ABOVE | {"root", "member"}, (on.zhang,)),
        "erase": (ABOVE | {"root"}, (on.zhang,)),
        "org": (GRANTING, (on.branch,)),
        "office": (GRANTING, (on.zhang,)),
        "posts": (GRANTING, (on.zhang, on.group)),
        "post": (GRANTING - {"root"}, post),
        "give": (GRANTING - {"root"}, post),
        "unpost": (GRANTING - {"root"}, (on.qian, on.group, "GROUP_LEADER")),
        "take": (GRANTING - {"root"}, (on.qian, on.group, "GROUP_LEADER")),
        "exempt": (ABOVE, (on.zhang,)),
        "exempts": (ABOVE, (on.zhang, "DUE")),
        "unexempt": (ABOVE, (on.exemption,)),
        "suspend": (ABOVE, (on.zhang,)),
        "unsuspend": (ABOVE, (on.zhang,)),
        "leads": (ABOVE, (on.zhang, 1)),
    }


@pytest.fixture
async def stage(telegram_server: tuple[dict[str, World], str], stage_url: str) -> AsyncIterator[Stage]:
    async with stages.opened(*telegram_server, stage_url, root=[ROOT]) as play:
        play.world.add_person(ROOT, "根", has_started=True)
        play.world.add_person(STRANGER, "路人", has_started=True)
        play.involves_strangers = True
        yield play


def prepared(session: Session, *, stage: Stage) -> Play:
    now = stage.clock.now()
    ids = {row[0]: row[1] for row in session.execute(select(tables.Member.name, tables.Member.id))}
    units = {row[0]: row[1] for row in session.execute(select(tables.Unit.name, tables.Unit.id))}
    branch = units["城建一支部"]
    group = select(tables.Unit.id).where(tables.Unit.parent_id == branch, tables.Unit.name == "第一党小组")
    claim = tables.Claim(telegram_user_id=5, branch_id=branch, typed_name="吴九", created_at=now)
    preview = tables.RosterImport(
        sha256="0", state=ImportState.PREVIEW, rows={}, base_hash="0", counts={}, by=1002, at=now
    )
    on = date(2026, 3, 1)
    exemption = tables.Exemption(
        member_id=ids["张三"], from_on=on, scope=ExemptionScope.VOTE, basis="病", approver="党委", approved_on=on
    )
    session.add_all([claim, preview, exemption])
    register.leave(session, ids["卫五"], date(2026, 3, 2))
    session.flush()
    return Play(
        branch,
        session.scalars(group).one(),
        ids["张三"],
        ids["钱一"],
        ids["吴九"],
        ids["卫五"],
        claim.id,
        preview.id,
        exemption.id,
        unsure=_unsure(session, stage),
    )


def _unsure(session: Session, stage: Stage) -> int:
    chat_id, now = stage.group("一支部群").id, stage.clock.now()
    outbox.enqueue(session, "x:1", chat_id=chat_id, content=Text("x"), lane=outbox.Lane.NOTICE, now=now)
    row = session.scalars(select(outbox.OutboxRow).where(outbox.OutboxRow.key == "x:1")).one()
    row.state = outbox.State.UNKNOWN
    return row.id


WATCHED = (
    *(tables.Unit, tables.Member, tables.Membership, tables.RoleGrant, tables.Account, tables.Invite, tables.Claim),
    *(tables.Chat, tables.ChatCode, tables.Exemption, tables.RosterImport, tables.Prompt),
)


def kept(session: Session) -> list[object]:
    return [[tuple(row) for row in session.execute(select(model.__table__))] for model in WATCHED]


def verbs() -> set[str]:
    doors = (handlers.ROUTES, roster_handlers.ROUTES, offices_handlers.ROUTES, personal_handlers.routes(()))
    return {name.partition(":")[2] for routes in doors for name in routes.presses}


async def test_every_door_refuses_whom_it_is_not_for_and_changes_nothing(
    stage: Stage, chat: Callable[[str], Actor]
) -> None:
    on = stage.database.run(prepared, stage=stage)
    table = doors(on)
    assert set(table) | OPEN == verbs()
    before = stage.database.look(kept)
    cards: dict[str, Message] = {}
    for kind, name in SENDERS.items():
        cards[kind] = (await chat(name).say("/help")).message
    tried = 0
    for verb, (allowed, args) in table.items():
        for kind in SENDERS.keys() - allowed:
            result = await chat(SENDERS[kind]).press(data=press("members", verb, *args), on=cards[kind])
            assert (result.alert or "").startswith(REFUSALS), f"{kind} at {verb}: {result}"
            assert not result.messages
            tried += 1
        assert stage.database.look(kept) == before, verb
    assert tried > 150


async def test_every_door_opens_for_whom_it_is(stage: Stage, chat: Callable[[str], Actor]) -> None:
    """The reading ones for each; the writing ones are tried where their work is tested."""
    on = stage.database.run(prepared, stage=stage)
    for verb in ("loose", "roster", "page", "person", "eraseof", "org", "office", "post", "unpost", "exempt", "hour"):
        allowed, args = doors(on)[verb]
        for kind in sorted(allowed):
            card = (await chat(SENDERS[kind]).say("/help")).message
            result = await chat(SENDERS[kind]).press(data=press("members", verb, *args), on=card)
            assert result.alert is None, f"{kind} at {verb}: {result.alert}"
            assert result.edits or result.messages, f"{kind} at {verb}"


@pytest.mark.parametrize("command", ["/roster", "/invite", "/bind", "/orgs", "/me", "/settings"])
async def test_what_no_person_said_just_now_is_not_heard(
    stage: Stage, chat: Callable[[str], Actor], command: str
) -> None:
    group = stage.group("一支部群")
    said = (await chat("李四").say(command)).message
    typed = next(message for message in reversed(chat("李四").sees()) if message.text == command)
    assert said.text
    assert (await chat("李四").forward(typed)).messages == []
    assert (await chat("李四").edit(typed, command)).messages == []
    assert (await chat("李四").say(command, group, as_channel=True)).messages == []
    asked = await chat("李四").say(f"{command}@ketang_demo_bot", group, as_group=True)
    assert [message.text for message in asked.messages] == ["您正以群身份发言，系统认不出是谁。"]


async def test_a_door_knows_the_roles_of_today_only(stage: Stage, chat: Callable[[str], Actor]) -> None:
    on = stage.database.run(prepared, stage=stage)
    card = (await chat("孙七").say("/help")).message
    assert (await chat("孙七").press(data=press("members", "roster", on.branch), on=card)).alert is None
    stage.database.run(_demote, on)
    refused = await chat("孙七").press(data=press("members", "roster", on.branch), on=card)
    assert refused.alert == "这个操作只有支部书记或管理员可以用。需要开通请联系：李四书记。"


def _demote(session: Session, on: Play) -> None:
    mine = select(tables.RoleGrant).where(
        tables.RoleGrant.unit_id == on.branch, tables.RoleGrant.role == Role.ORGANIZER
    )
    session.scalars(mine).one().to_on = date(2026, 3, 2)


async def test_a_guessed_link_tells_nothing(stage: Stage, chat: Callable[[str], Actor]) -> None:
    told = await chat("路人").follow("https://t.me/ketang_demo_bot?start=j_" + "A" * 22)
    assert told.message.text == joining.LinkDead.text
