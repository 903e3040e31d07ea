"""Two processes on one database: what both do at once happens once, and both read what came of it."""

import threading
from collections.abc import Callable, Sequence

from sqlalchemy import select

from bot.db import Database
from bot.errors import UserError
from bot.members import joining, offices, roster
from bot.members.facts import Bound
from bot.members.models import RoleGrant
from bot.members.rules import Role
from bot.message import Sender
from tests.make import NOW, Make
from tests.members.test_joining import entropy, links
from tests.members.test_roster import kept, names


def at_once(url: str, *acts: Callable[[Database], object]) -> list[object]:
    """What each act, in a process's stead with a database of its own, came to: its result or its refusal."""
    together = threading.Barrier(len(acts))
    told: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[Database], object]) -> None:
        database = Database(url)
        together.wait()
        try:
            told[place] = act(database)
        except UserError as refusal:
            told[place] = str(refusal)
        finally:
            database.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    _all(threads, threading.Thread.start)
    _all(threads, threading.Thread.join)
    return told


def _all(threads: Sequence[threading.Thread], do: Callable[[threading.Thread], None]) -> None:
    for thread in threads:
        do(thread)


def test_one_preview_is_applied_once(make: Make, database_url: str) -> None:
    cast = make.cast()
    import_id = kept(make, cast)

    def confirm(database: Database) -> object:
        return database.run(roster.apply_roster, cast.li.sender(), import_id, now=NOW).counts["new"]

    told = at_once(database_url, confirm, confirm)
    assert sorted(told, key=str) == [1, "这份预览已处理或已过期，请重新上传文件。"]
    assert names(make, cast.branch.id).count("郑十") == 1


def test_of_two_new_secretaries_one_stays(make: Make, database_url: str) -> None:
    cast = make.cast()

    def appoint(member_id: int) -> Callable[[Database], object]:
        def act(database: Database) -> object:
            sender, unit_id = cast.wang.sender(), cast.branch.id
            return database.run(offices.grant, sender, member_id, unit_id, Role.SECRETARY, now=NOW)[0].name

        return act

    told = at_once(database_url, appoint(cast.zhang.id), appoint(cast.sun.id))
    assert told == ["张三", "孙七"]
    query = select(RoleGrant.member_id).where(RoleGrant.role == Role.SECRETARY, RoleGrant.to_on.is_(None))
    left = make.database.look(lambda session: session.scalars(query.where(RoleGrant.unit_id == cast.branch.id)).all())
    assert len(left) == 1
    assert left[0] in (cast.zhang.id, cast.sun.id)


def test_one_link_binds_one_account(make: Make, database_url: str) -> None:
    cast = make.cast()
    token = links(make, cast.li, cast.branch.id, entropy())["吴九"]

    def open_link(user_id: int) -> Callable[[Database], object]:
        return lambda database: database.run(joining.redeem, Sender(user_id, user_id, NOW), token, now=NOW)

    told = at_once(database_url, open_link(9001), open_link(9002))
    assert sum(isinstance(one, Bound) for one in told) == 1
    assert joining.Refusal.DEAD in told
