"""The stage of conversation tests: one Telegram server for all of them, and what each play is judged by."""

import io
import json
import secrets
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import logs
from bot.clock import VirtualClock
from bot.context import Routes
from bot.db import Base
from bot.demo import seed
from bot.demo.chats import Membership, Rank
from bot.demo.commands import CommandLists
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage, demo_config
from bot.demo.verdict import faults
from bot.demo.world import World
from bot.doors import ROUTES
from bot.meetings.models import Card, Meeting
from bot.members import register
from bot.members.models import Branch
from tests.databases import Again

EXPECTED_ERRORS = {"update_failed", "row_refused"}


class Log(io.StringIO):
    """What the bot logged during one play, as JSON lines."""

    def records(self) -> Iterator[dict[str, object]]:
        for line in self.getvalue().splitlines():
            yield json.loads(line)


@asynccontextmanager
async def opened(
    worlds: MutableMapping[str, World],
    address: str,
    url: str,
    *,
    has_limits: bool = False,
    edit_gap: timedelta = timedelta(),
    root: Sequence[int] = (),
    routes: Sequence[Routes] = (),
    settings: Mapping[str, object] | None = None,
    menus: CommandLists | None = None,
) -> AsyncIterator[Stage]:
    """A play on the database at `url`, judged at its end. `root`: who hears of incidents; `routes`: doors beside the
    house's own; `settings`: those of the configuration that differ; `menus`: what people were given before."""
    log = Log()
    logs.set_up("json", to=log)
    clock = VirtualClock(seed.START)
    world = World(clock, f"7000000001:DEMO-{secrets.token_hex(8)}")
    worlds[world.token] = world
    seed.people_and_messages(world)
    world.commands = deepcopy(menus) if menus else world.commands
    database = Again(url)
    config = demo_config(address).model_copy(update={"root_user_ids": tuple(root), **(settings or {})})
    stage = Stage(world, clock, database, config, has_limits=has_limits, edit_gap=edit_gap, routes=(*ROUTES, *routes))
    await stage.open()
    await stage.settle()
    yield stage
    await stage.close()
    database.close()
    del worlds[world.token]
    found = judge(stage, log)
    assert not found, "\n".join(found)


@dataclass(frozen=True)
class Settled:
    """The seeded database after the bot's first minute, in which eighty calls give everybody his menus."""

    file: Path
    menus: CommandLists


def judge(stage: Stage, log: Log) -> list[str]:
    """Everything that is wrong with a play that has ended."""
    strangers = [] if stage.involves_strangers else [stage.actor("赵六").id]
    found = faults(stage.world, expected=stage.refusals_expected, strangers=strangers)
    errors = [record for record in log.records() if record["level"] in ("error", "critical")]
    incidents = [record for record in errors if record["event"] in EXPECTED_ERRORS]
    if len(incidents) != stage.incidents_expected:
        found.append(f"{len(incidents)} incidents, expected {stage.incidents_expected}: {incidents}")
    found += [f"logged as an error: {record}" for record in errors if record not in incidents]
    return found + list(_secrets(stage, log.getvalue()))


def _secrets(stage: Stage, text: str) -> Iterator[str]:
    if stage.world.token in text or stage.world.token.partition(":")[2] in text:
        yield "the token is in the log"
    for person in stage.world.persons.values():
        if not person.is_bot and len(person.name) > 1 and person.name in text and person.name != "Telegram":
            yield f"a name is in the log: {person.name}"


# -- scenes -----------------------------------------------------------------------------------------------------------

THEME_DAY = "3月6日15点 主题党日 学习二十大精神 @三楼会议室"
BRANCH, BRANCH_GROUP = "城建一支部", "一支部群"
OF_THE_PLAY = Meeting.created_at >= seed.START  # what began in it: the branch has a winter behind it, and plans


async def announced(stage: Stage, words: str = THEME_DAY, *, group: str = BRANCH_GROUP) -> Message:
    """李四 has planned a meeting in one line; its card, which stands in the group."""
    li = stage.actor("李四")
    await li.say(f"/plan {words}")
    await li.press("确认发布")
    return next(m for m in reversed(li.sees(stage.group(group))) if m.text.startswith("【"))


def shown_on(stage: Stage, card: Message) -> int:
    """The id of the meeting whose card it is."""
    where = (Card.chat_id == card.chat_id, Card.message_id == card.id)
    found: int = stage.session(lambda session: session.scalars(select(Card.meeting_id).where(*where)).one())
    return found


def crowd(stage: Stage, count: int, called: str = "党员{}") -> list[Actor]:
    """So many more members of 城建一支部, all in its group and on good terms with the bot."""
    people = {3001 + number: called.format(number + 1) for number in range(count)}
    stage.database.run(_enrol, people)
    chat = stage.group(BRANCH_GROUP)
    for user_id, name in people.items():
        stage.world.add_person(user_id, name, has_started=True)
        chat.members[user_id] = Membership(Rank.MEMBER)
    return [Actor(stage, user_id, name) for user_id, name in people.items()]


def _enrol(session: Session, people: Mapping[int, str]) -> None:
    branch = session.scalars(select(Branch).where(Branch.name == BRANCH)).one()
    for user_id, name in people.items():
        member = register.add_member(session, name)
        session.flush()
        register.join(session, member.id, branch.id, None, seed.SINCE)
        register.bind(session, user_id, member.id, by=None, now=seed.START)


def contents(session: Session, *, but: Collection[str] = ()) -> dict[str, list[str]]:
    """Every row of every table, besides those that only say what came in."""
    left_out = {"inbox", "inbox_dead", "leases", *but}
    tables = [table for table in Base.metadata.sorted_tables if table.name not in left_out]
    return {table.name: sorted(map(repr, session.execute(select(table)))) for table in tables}
