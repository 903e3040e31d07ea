"""What the demo and the tests begin with: fictitious units and people, their accounts, groups and first messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from bot import outbox
from bot.db import Database
from bot.demo import history
from bot.demo.chats import ADMIN_RIGHTS, ChatKind, Membership, Rank
from bot.demo.htmltext import parse
from bot.demo.messages import Message, Sender
from bot.demo.people import People
from bot.demo.world import BOT_ID, World
from bot.members import menus, register, roster, service, workbook
from bot.members import views as members_views
from bot.members.models import Chat
from bot.members.rules import Cause, ChatState, NotBound, Role, UnitKind, UnitRef, Way
from bot.message import Sender as Actor
from bot.periods import local_day

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday 09:00 in Beijing, a workday of the published calendar
SINCE = date(2025, 1, 1)
IMPORTED = datetime(2025, 11, 3, 1, 0, tzinfo=UTC)
ROSTER = Path(__file__).parent / "roster.yaml"
BRANCH, BRANCH_GROUP, NEW_GROUP = "城建一支部", "一支部群", "新建群"
WELCOME = (
    "大家好，我是共富小课堂，<b>城建一支部</b>的会议通知、签到和现场答题以后发到这里，点一下按钮就能回复。\n"
    "群里只显示人数；请假和个人成绩在私聊里说。"
)

PLAYED = {"张三": 1001, "李四": 1002, "王五": 1003, "赵六": 1004, "孙七": 1005, "周八": 1006, "吴九": 1007}
SIMULATED = {"龚䶮": 1011, "钱一": 1012, "冯二": 1013, "陈九": 1014, "褚三": 1015, "卫五": 1016, "蒋六": 1017}
NOT_STARTED = "吴九"
# How likely each simulated member answers a question right.
KNOWLEDGE = dict(zip(SIMULATED.values(), (0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5), strict=True))


def populate(database: Database, world: World, kind: str = "full") -> None:
    """Fill both; the same each time. `empty`: only 王五, who may then import everybody else."""
    if kind == "empty":
        people_and_groups(world)
        database.run(_only_admin)
        return
    chat_id = people_and_messages(world)
    database.run(_units_and_members, chat_id)


def people_and_groups(world: World) -> tuple[int, int]:
    """The persons and chats of the world; the ids of both groups."""
    everybody = PLAYED | SIMULATED
    for name, user_id in everybody.items():
        world.add_person(user_id, name, has_started=name != NOT_STARTED)
    members = [everybody[name] for name in everybody if name not in ("王五", "赵六")]
    bot = Membership(Rank.ADMINISTRATOR, ADMIN_RIGHTS)
    branch = world.add_group(BRANCH_GROUP, owner=PLAYED["李四"], members=members, bot=bot)
    fresh = world.add_group(
        NEW_GROUP, owner=PLAYED["李四"], members=[PLAYED["张三"], PLAYED["孙七"]], kind=ChatKind.GROUP
    )
    return branch.id, fresh.id


def people_and_messages(world: World) -> int:
    """The world as the full seed has it, with two messages in the branch's group, the second the bot's, pinned."""
    chat_id, _ = people_and_groups(world)
    People(world).say(PLAYED["李四"], "大家好，以后会议通知看机器人。", chat_id=chat_id)
    text, entities = parse(WELCOME)
    card = world.post(Message(0, chat_id, world.now(), Sender(BOT_ID), text=text, entities=tuple(entities)))
    world.pin(card, by=BOT_ID)
    world.updates.clear()
    return chat_id


def roles(session: Session, *, now: datetime) -> Mapping[int, str]:
    """What each person one can play is at this moment."""
    return {PLAYED[name]: _role(session, PLAYED[name], now) for name in PLAYED}


def _role(session: Session, user_id: int, now: datetime) -> str:
    try:
        who = service.actor(session, Actor(user_id, user_id, now), now=now)
    except NotBound:
        is_expected = user_id == PLAYED[NOT_STARTED] and _is_bound(session, PLAYED["李四"], now)
        return "党员" if is_expected else "未绑定"  # that he is on the roster but not activated, the page says itself
    if who.grants:
        return members_views.role_names(who.grants, who.branch).replace("示范区国资系统党委", "")
    person = service.people(session, [who.member_id], local_day(now)).get(who.member_id)
    return "预备党员" if person is not None and person.is_probationary else "党员"


def _is_bound(session: Session, user_id: int, now: datetime) -> bool:
    try:
        service.actor(session, Actor(user_id, user_id, now), now=now)
    except NotBound:
        return False
    return True


def _only_admin(session: Session) -> None:
    top = register.add_unit(session, UnitKind.DISTRICT_COMMITTEE, "示范区国资系统党委")
    admin = register.add_member(session, "王五")
    session.flush()
    register.give_role(session, admin.id, Role.ADMIN, top.id, on=SINCE, cause=Cause(Way.SETUP, None, START))
    register.bind(session, PLAYED["王五"], admin.id, by=None, now=START)
    menus.push(session, [admin.id], now=START)


def _units_and_members(session: Session, chat_id: int) -> None:
    top = register.add_unit(session, UnitKind.DISTRICT_COMMITTEE, "示范区国资系统党委")
    today = local_day(IMPORTED)
    reading = workbook.read_yaml(ROSTER.name, ROSTER.read_bytes(), today=today)
    roster.carry_out(session, roster.look(session, None, reading, today=today).plan, by=None, now=IMPORTED)
    ids = {p.name: p.member_id for p in service.roster_on(session, top.id, today)}
    register.give_role(session, ids["王五"], Role.ADMIN, top.id, on=SINCE, cause=Cause(Way.SETUP, None, IMPORTED))
    for name, user_id in (PLAYED | SIMULATED).items():
        if name != NOT_STARTED:
            register.bind(session, user_id, ids[name], by=None, now=IMPORTED)
    branch = _branch(session)
    session.add(Chat(chat_id=chat_id, unit_id=branch.id, title=BRANCH_GROUP, state=ChatState.ACTIVE))
    session.flush()
    history.winter(session)
    history.march(session, PLAYED["李四"])
    outbox.expire_before(session, START)
    menus.push(session, list(ids.values()), now=START)
    menus.push_chat(session, chat_id, branch, now=START)


def _branch(session: Session) -> UnitRef:
    who = service.actor(session, Actor(PLAYED["李四"], PLAYED["李四"], START), now=START)
    assert who.branch is not None
    return who.branch
