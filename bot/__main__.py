"""The command line. Commands print Chinese for people and end with an exit code for scripts: 0, 1, 2 (3: token)."""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot import config as configuration
from bot import usage
from bot.config import Config
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.app import House
    from bot.db import Database

PAGES_AFTER = 0.3  # seconds: whoever waits for an answer is not kept by the making of the web pages, 40 ms
FOR_SHOW = (
    "rich",
    "pygments",
    "click",
)  # structlog and httpx take them for what we do not use: 7 MB, 70 ms of a start

app = typer.Typer(
    cls=usage.Group,
    rich_markup_mode=None,
    help="共富小课堂：国企党支部的 Telegram 机器人。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
bank_app = typer.Typer(cls=usage.Group, help="题库：检查、导入、列出、导出。", no_args_is_help=True)
roster_app = typer.Typer(cls=usage.Group, help="名册：模板、导入。", no_args_is_help=True)
calendar_app = typer.Typer(cls=usage.Group, help="工作日历：导入放假安排。", no_args_is_help=True)
app.add_typer(bank_app, name="bank")
app.add_typer(roster_app, name="roster")
app.add_typer(calendar_app, name="calendar")

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", metavar="文件", help="配置文件，默认 config.yaml（没有也可以）。")
]


def fail(code: int, text: str) -> typer.Exit:
    """`text` for the person, the code for the script."""
    typer.echo(text, err=True)
    return typer.Exit(code)


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """What is refused as expected ends the command with its text, never with a traceback."""
    try:
        yield
    except UserError as refusal:
        raise fail(getattr(refusal, "code", 2), str(refusal)) from None


def load(path: Path | None) -> Config:
    with refusing():
        return configuration.load(path)


@app.command(cls=usage.Command)
def demo(
    port: Annotated[int | None, typer.Option(min=1, max=65535, metavar="端口", help="网页端口，默认 8787。")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="是否打开浏览器，默认打开。")] = True,
    keep: Annotated[Path | None, typer.Option(metavar="目录", help="把数据留在这个目录，下次接着用。")] = None,
    seed: Annotated[
        Literal["full", "empty"],
        typer.Option(metavar="full|empty", help="full：带支部和人物（默认）；empty：只有管理员。"),
    ] = "full",
) -> None:
    """本机演示：真实的机器人加模拟的 Telegram，不联网，不要令牌。"""
    from bot.demo.run import run

    raise typer.Exit(run(port=port, opens_browser=browser, keep=keep, seed_kind=seed))


@app.command(cls=usage.Command)
def run(config: ConfigFile = None) -> None:
    """启动机器人。只需要环境变量 KETANG_BOT__TOKEN。"""
    gc.disable()  # what a start makes stays: to look through it again and again was a quarter of the start
    with _left_out(*FOR_SHOW):
        from bot import logs

    settings = load(config)
    logs.set_up(settings.log.format)
    with refusing():
        token = configuration.require_token(settings)
        logs.hide(token)
        asyncio.run(_run(settings, token))


@contextlib.contextmanager
def _left_out(*modules: str) -> Iterator[None]:
    """Inside the block these are imported by nobody who can do without."""
    hidden = [module for module in modules if module not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is the language's own way to say so
    try:
        yield
    finally:
        for module in hidden:
            del sys.modules[module]


async def _run(settings: Config, token: str) -> None:
    with _left_out(*FOR_SHOW):
        from bot.app import build, prepare
    from bot.clock import SystemClock
    from bot.db import Database

    clock, database = SystemClock(), Database(settings.database.url)
    await asyncio.to_thread(prepare, settings, database, now=clock.now())
    house = build(settings, token, database=database, clock=clock)
    gc.freeze()  # or all of it is looked through at once, 100 ms before the first word to Telegram
    gc.enable()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _stop_or_exit, stopped)
    try:
        await _until(house.start(), stopped)
        if not stopped.is_set():
            for line in greeting(settings, house.telegram.bot.username, now=clock.now()):
                typer.echo(line)
            house.run()
            await _until(asyncio.sleep(PAGES_AFTER), stopped)
            async with _pages(settings, token, house):
                await _until(house.wait(), stopped)
    finally:
        await house.stop()
        await asyncio.to_thread(database.close)


def _pages(settings: Config, token: str, house: "House") -> contextlib.AbstractAsyncContextManager[None]:
    from bot import web

    secret = settings.bot.webhook_secret.get_secret_value()
    pages = web.create_app(house, house.intake, bot_id=int(token.partition(":")[0]), secret=secret)
    return web.serving(pages, settings.web.host, settings.web.port)


def greeting(settings: Config, username: str, *, now: datetime) -> list[str]:
    """What the terminal shows once Telegram has answered."""
    from bot.periods import beijing

    lines = [f"已启动：@{username}，北京时间 {beijing(now):%Y-%m-%d %H:%M}。Ctrl+C 停止。"]
    if (local := now.astimezone()).utcoffset() != beijing(now).utcoffset():
        lines.append(f"本机时区是 {local:%Z}，现在 {local:%H:%M}；会议和提醒一律按北京时间。")
    if not settings.root_user_ids:
        lines.append("没有设置最高管理员：私聊机器人发送 /id，把得到的编号写进 KETANG_ROOT_USER_IDS，再重新启动。")
    return lines


async def _until(end: Coroutine[object, object, None], stopped: asyncio.Event) -> None:
    """Until we are told to stop, or a part of the house cannot go on: that is raised."""
    ending, waiting = asyncio.create_task(end), asyncio.create_task(stopped.wait())
    await asyncio.wait({ending, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if ending.done():
        ending.result()
    ending.cancel()


def _stop_or_exit(stopped: asyncio.Event) -> None:
    """The first signal stops in order, the second at once: whatever was acknowledged is in the database."""
    if stopped.is_set():
        os._exit(1)
    stopped.set()


@app.command(cls=usage.Command)
def check(config: ConfigFile = None) -> None:
    """检查配置、内容文件和数据库，不改动任何东西；除数据库外不连接别处。"""
    from bot.app import problems

    settings = load(config)
    found = problems(settings)
    for line in found:
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    typer.echo("配置、内容和数据库都没有发现问题。")


@app.command(cls=usage.Command)
def migrate(config: ConfigFile = None) -> None:
    """建立或升级数据库。"""
    from bot.db import Database
    from bot.migrations import newest, upgrade

    settings = load(config)
    with refusing(), contextlib.closing(Database(settings.database.url)) as database:
        before = upgrade(database)
    typer.echo("数据库已是最新版本。" if before is None else f"数据库已建立或升级到版本 {newest()}。")


@contextlib.contextmanager
def opened(config: Path | None) -> Iterator["Database"]:
    """The database of the settings, of our version."""
    from bot.db import Database
    from bot.migrations import upgrade

    settings = load(config)
    with refusing(), contextlib.closing(Database(settings.database.url)) as database:
        upgrade(database)
        yield database


def finish(result: tuple[int, list[str]]) -> typer.Exit:
    """Print what a command has to say; wrong use goes where errors go."""
    code, lines = result
    for line in lines:
        typer.echo(line, err=code == 2)
    return typer.Exit(code)


@bank_app.command("check", cls=usage.Command)
def check_banks(
    paths: Annotated[list[Path], typer.Argument(metavar="文件", help="题库文件，或放题库的目录。")],
    strict: Annotated[bool, typer.Option("--strict", help="有提醒也算没有通过。")] = False,
    every: Annotated[bool, typer.Option("--all", help="列出全部，不只每份前 50 处。")] = False,
) -> None:
    """检查题库文件，不写入任何东西。"""
    from bot.banks import commandline
    from bot.clock import SystemClock
    from bot.periods import local_day

    on = local_day(SystemClock().now())
    raise finish(commandline.check(paths, on=on, is_strict=strict, shows_all=every))


@bank_app.command("import", cls=usage.Command)
def import_bank(
    path: Annotated[Path, typer.Argument(metavar="文件", help="题库文件。")],
    bank: Annotated[str | None, typer.Option(metavar="编号", help="改用这个题库编号。")] = None,
    title: Annotated[str | None, typer.Option(metavar="标题", help="改用这个标题。")] = None,
    scope: Annotated[str | None, typer.Option(metavar="归属", help="district、company:编号 或 branch:编号。")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="文件里没有的题停用，不保留。")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="跳过出错的行，导入其余的题。")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只试读，不写入。")] = False,
    config: ConfigFile = None,
) -> None:
    """导入题库；有一处错误就整份不写入，除非跳过出错的行。"""
    from bot.banks import commandline
    from bot.clock import SystemClock

    now = SystemClock().now()
    with opened(config) as database:
        result = commandline.import_file(
            database,
            path,
            slug=bank,
            title=title,
            scope=scope,
            is_dry=dry_run,
            replaces=replace,
            skips_bad=skip_bad,
            now=now,
        )
    raise finish(result)


@bank_app.command("list", cls=usage.Command)
def list_banks(
    scope: Annotated[
        str | None, typer.Option(metavar="归属", help="只列一个归属：district、company:编号 或 branch:编号。")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON 格式。")] = False,
    config: ConfigFile = None,
) -> None:
    """列出题库。"""
    from bot.banks import commandline
    from bot.clock import SystemClock
    from bot.periods import local_day

    with opened(config) as database:
        result = commandline.list_banks(database, on=local_day(SystemClock().now()), scope=scope, is_json=as_json)
    raise finish(result)


@bank_app.command("export", cls=usage.Command)
def export_bank(
    slug: Annotated[str, typer.Argument(metavar="编号", help="题库编号。")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="文件", help="写到这个文件；不写就打印出来。")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """导出题库（YAML），改过可以再导入。"""
    from bot.banks import commandline

    with opened(config) as database:
        result = commandline.export(database, slug, output)
    raise finish(result)


@roster_app.command("template", cls=usage.Command)
def write_roster_template(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="文件", help="写到这个文件（.xlsx）。")],
) -> None:
    """写出一份空白名册，带下拉选项和填写说明。"""
    from bot.members import commandline

    raise finish(commandline.write_template(output))


@roster_app.command("import", cls=usage.Command)
def import_roster(
    path: Annotated[Path, typer.Argument(metavar="文件", help="名册文件（.xlsx 或 .yaml）。")],
    applies: Annotated[bool, typer.Option("--apply", help="导入；不写就只预览。")] = False,
    config: ConfigFile = None,
) -> None:
    """预览或导入名册；有一个问题就整份不写入。"""
    from bot.clock import SystemClock
    from bot.members import commandline

    with opened(config) as database:
        result = commandline.import_file(database, path, applies=applies, now=SystemClock().now())
    raise finish(result)


@calendar_app.command("import", cls=usage.Command)
def import_calendar(
    path: Annotated[Path, typer.Argument(metavar="文件", help="一年的放假安排（.yaml）。")],
    config: ConfigFile = None,
) -> None:
    """导入放假安排；有一处错误就整份不写入。会议的日子不会自动变动。"""
    from bot.clock import SystemClock
    from bot.meetings import realigning
    from bot.members import commandline

    now = SystemClock().now()
    with opened(config) as database:
        code, lines = commandline.import_calendar(database, path, follow=realigning.follow, now=now)
        count = database.look(realigning.count, now=now) if code == 0 else 0
    waiting = [f"有{count}场周期会议按此应换日子，请书记在 /series 里确认；没有确认的不变。"] if count else []
    raise finish((code, [*lines, *waiting]))


def main() -> None:
    with contextlib.suppress(BrokenPipeError):
        app()


if __name__ == "__main__":
    main()
