"""The database cannot be written for a while: nothing is acknowledged falsely, and it goes on without a restart."""

import asyncio
import os
import resource
import sqlite3
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from bot.meetings.rules import MeetingKind
from tests.chaos.harness import Run, living, running
from tests.chaos.judgement import judge
from tests.chaos.life import Life
from tests.chaos.town import Town

PEOPLE = 60
IN_VAIN = 3.0  # seconds in which nothing can be stored
NOT_SAVED = "暂未保存，请稍后再点一次。"


async def _begin(town: Town, run: Run) -> Life:
    town.settle(run.database)
    town.plan(run.database, "学习二十大精神", MeetingKind.THEME_PARTY_DAY, opens_in=3600)
    await run.start()
    group = town.group.id
    await run.wire.until(lambda: town.card(group, "attendance:go") is not None, within=20, what="the card")
    return Life(town, run.wire, seed=9, a_tick=4)


async def _press_in_vain(run: Run, life: Life) -> None:
    """People press while nothing can be stored; none of them is told that it was."""
    answered = {press.id for press in run.town.world.presses.values() if press.answer is not None}
    async with living(life):
        assert await run.process.lives(IN_VAIN), run.process.tail()
    told = [p for p in run.town.world.presses.values() if p.answer is not None and p.id not in answered]
    assert [press.toast for press in told if press.alert != NOT_SAVED] == []
    assert run.town.world.updates.pending > 0  # not confirmed, so that Telegram gives them again


async def _go_on(run: Run, life: Life) -> None:
    process = run.process
    async with living(life):
        await run.wire.until(lambda: life.has_everybody_answered, within=60, what="the last answer")
    await run.settle(within=60)
    assert run.process is process
    assert not process.has_ended, process.tail()
    verdict = judge(run.town, run.database, life.emitted, is_over=False)
    assert verdict.faults == []
    assert verdict.repeated == 0


@pytest.mark.long
async def test_a_lock_of_another_program_is_waited_for(tmp_path: Path) -> None:
    town = Town(f"sqlite:///{tmp_path}/ketang.db", near=PEOPLE, far=0)
    async with running(town, tmp_path, seed=9) as run:
        life = await _begin(town, run)
        other = sqlite3.connect(tmp_path / "ketang.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await _press_in_vain(run, life)
        other.execute("ROLLBACK")
        other.close()
        await _go_on(run, life)


@pytest.mark.long
async def test_a_full_disk_is_no_acknowledgement(tmp_path: Path) -> None:
    """No file may grow any more, as far as the process is concerned; then the disk clears."""
    town = Town(f"sqlite:///{tmp_path}/ketang.db", near=PEOPLE, far=0)
    async with running(town, tmp_path, seed=10) as run:
        life = await _begin(town, run)
        before = resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (1, before[1]))
        await _press_in_vain(run, life)
        resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, before)
        await _go_on(run, life)


def _restart(data: Path, mode: str) -> None:
    """The server that keeps its files there, as the person whose they are."""
    program = max(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda file: int(file.parts[-3]))
    owner = data.stat()
    is_root = os.geteuid() == 0
    subprocess.run(
        [program, "-D", data, "-m", mode, "-w", "-l", data.parent / "log", "restart"],
        cwd=data.parent,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=owner.st_uid if is_root else None,
        group=owner.st_gid if is_root else None,
        extra_groups=[] if is_root else None,
    )


def _commit_for_good(session: Session, database: str) -> None:
    session.execute(text(f'ALTER DATABASE "{database}" SET synchronous_commit = on'))


@pytest.mark.long
async def test_restarts_of_postgresql_restart_nobody(tmp_path: Path, postgres_url: str) -> None:
    host = make_url(postgres_url).query.get("host", "")
    if not isinstance(host, str) or not (data := Path(host) / "data").is_dir():
        pytest.skip("the server was not started by these tests")
    town = Town(postgres_url, near=10 * PEOPLE, far=0)
    async with running(town, tmp_path, seed=12) as run:
        # The server of the tests says that it has committed before it has written; after a crash that were our loss.
        run.database.run(_commit_for_good, str(make_url(postgres_url).database))
        life = await _begin(town, run)
        async with living(life):
            for mode in ("fast", "immediate", "fast"):
                assert await run.process.lives(1.0), run.process.tail()
                await asyncio.to_thread(_restart, data, mode)
        await _go_on(run, life)
