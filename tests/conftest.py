"""What all tests share: databases, each test with one of its own, and the stage on which persons talk to the bot."""

import asyncio
import gc
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from bot import web
from bot.app import prepare
from bot.clock import VirtualClock
from bot.db import Database
from bot.demo import seed, server
from bot.demo.stage import Actor, Stage, demo_config
from bot.demo.world import World
from tests import databases, stages

if databases.PLACE is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(databases.PLACE))
os.environ["PTB_TIMEDELTA"] = "true"  # as the bot sets it; without it the library warns at each span

# No test may fail because the machine is busy.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

gc.set_threshold(20_000)  # what the tests are made of stays: to look through it as often as usual is a twentieth of all


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Log lines go to the captured output of the test that caused them, whatever it sets up itself; and a command that
    stops the collector stops it for its own test."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[structlog.processors.add_log_level, plain], logger_factory=structlog.PrintLoggerFactory()
    )
    yield
    root.handlers = handlers
    root.setLevel(level)
    gc.enable()


# -- databases --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return databases.sqlite_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.Server | None]:
    with databases.server() as server:
        yield server


@pytest.fixture
def sqlite_url(sqlite_template: Path) -> Iterator[str]:
    """A migrated SQLite file."""
    with databases.sqlite(sqlite_template, sqlite_template.parent) as url:
        yield url


@pytest.fixture
def postgres_url(postgres: databases.Server | None) -> str:
    """A migrated database of a PostgreSQL server."""
    if postgres is None:
        pytest.skip(databases.NO_SERVER)
    postgres.empty()
    return postgres.url


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty migrated database, once on each kind; where that took too long, on PostgreSQL for some tests only."""
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = databases.Again(database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def children() -> Iterator[ProcessPoolExecutor]:
    """Two more processes; to start takes them longer than what they then do."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


# -- the stage: the whole bot in a Telegram of its own ----------------------------------------------------------------


@pytest.fixture(scope="session")
async def telegram_server() -> AsyncIterator[tuple[dict[str, World], str]]:
    """The worlds it serves, by token, and its address for the bot."""
    worlds: dict[str, World] = {}
    listening = server.listen(0)
    served = web.server(server.create_app(worlds), host="127.0.0.1", port=0)
    serving = asyncio.get_running_loop().create_task(served.serve(sockets=[listening]))
    yield worlds, f"http://127.0.0.1:{listening.getsockname()[1]}/bot"
    served.should_exit = True
    await serving


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as the demo begins with it."""
    file = tmp_path_factory.mktemp("seeded") / "seeded.db"
    _seed(f"sqlite:///{file}")
    return file


def _seed(url: str) -> None:
    database = Database(url)
    try:
        prepare(demo_config("http://nowhere/bot"), database, now=seed.START)
        seed.populate(database, World(VirtualClock(seed.START), "7000000001:DEMO-seed", has_checks=False))
    finally:
        database.close()


@pytest.fixture
def seeded_postgres(postgres_url: str) -> str:
    """The same on a PostgreSQL server."""
    _seed(postgres_url)
    return postgres_url


@pytest.fixture
def stage_url(request: pytest.FixtureRequest, seeded_file: Path) -> Iterator[str]:
    """The seeded database: SQLite, or PostgreSQL where TEST_DATABASE_URL names one."""
    if "TEST_DATABASE_URL" not in os.environ:
        with databases.sqlite(seeded_file, seeded_file.parent) as url:
            yield url
        return
    yield request.getfixturevalue("seeded_postgres")


@pytest.fixture(scope="session")
async def settled(
    telegram_server: tuple[dict[str, World], str], seeded_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> stages.Settled:
    folder = tmp_path_factory.mktemp("settled")
    with databases.sqlite(seeded_file, folder) as url:
        async with stages.opened(*telegram_server, url) as play:
            menus = play.world.commands
    return stages.Settled((folder / "ketang.db").rename(folder / "settled.db"), menus)


@pytest.fixture
async def stage(
    request: pytest.FixtureRequest, telegram_server: tuple[dict[str, World], str], settled: stages.Settled
) -> AsyncIterator[Stage]:
    """The demo's people and groups with the real bot; what must never be seen is looked for at the end."""
    if "TEST_DATABASE_URL" in os.environ:
        async with stages.opened(*telegram_server, request.getfixturevalue("seeded_postgres")) as play:
            yield play
        return
    with databases.sqlite(settled.file, settled.file.parent) as url:
        async with stages.opened(*telegram_server, url, menus=settled.menus) as play:
            yield play


@pytest.fixture
def chat(stage: Stage) -> Callable[[str], Actor]:
    return stage.actor


# -- pictures of the page ---------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-screens", action="store_true", help="renew the README's pictures in tests/demo/screens")
