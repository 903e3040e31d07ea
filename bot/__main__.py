"""The command line. Commands print Chinese for people and end with an exit code for scripts: 0, 1, 2 (3: token)."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import config as configuration
from bot.config import Config, ConfigError

app = typer.Typer(
    help="共富小课堂：国企党支部的 Telegram 机器人。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
bank_app = typer.Typer(help="题库：检查、导入、列出、导出。", no_args_is_help=True)
roster_app = typer.Typer(help="名册：模板、导入。", no_args_is_help=True)
app.add_typer(bank_app, name="bank")
app.add_typer(roster_app, name="roster")

ConfigFile = Annotated[Path | None, typer.Option("--config", "-c", help="配置文件，默认 config.yaml（没有也可以）。")]


def fail(code: int, text: str) -> typer.Exit:
    """`text` for the person, the code for the script."""
    typer.echo(text, err=True)
    return typer.Exit(code)


def load(path: Path | None) -> Config:
    try:
        return configuration.load(path)
    except ConfigError as error:
        raise fail(2, str(error)) from None


@app.command()
def demo(
    port: Annotated[int | None, typer.Option(help="网页端口，默认 8787。")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="是否打开浏览器。")] = True,
    keep: Annotated[Path | None, typer.Option(help="把数据留在这个目录，下次接着用。")] = None,
    seed: Annotated[str, typer.Option(help="full：带支部和人物；empty：只有管理员。")] = "full",
) -> None:
    """本机演示：真实的机器人加模拟的 Telegram，不联网，不要令牌。"""
    from bot.demo.run import run

    raise typer.Exit(run(port=port, opens_browser=browser, keep=keep, seed=seed))


@app.command()
def run(config: ConfigFile = None) -> None:
    """启动机器人。只需要环境变量 KETANG_BOT__TOKEN。"""
    from bot import logs
    from bot.polling import Fatal

    settings = load(config)
    logs.set_up(settings.log.format)
    try:
        asyncio.run(_run(settings, configuration.require_token(settings)))
    except ConfigError as error:
        raise fail(2, str(error)) from None
    except Fatal as error:
        raise fail(error.code, str(error)) from None


async def _run(settings: Config, token: str) -> None:
    from bot import web
    from bot.app import build, open_database
    from bot.clock import SystemClock

    database = await asyncio.to_thread(open_database, settings)
    house = build(settings, token, database=database, clock=SystemClock())
    pages = web.create_app(
        house, house.intake, bot_id=int(token.partition(":")[0]), secret=settings.bot.webhook_secret.get_secret_value()
    )
    server = web.server(pages, host=settings.web.host, port=settings.web.port)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop_or_exit, stopped)
    try:
        await house.start()
        house.run()
        serving = asyncio.create_task(server.serve())
        ending = asyncio.create_task(house.wait())
        waiting = asyncio.create_task(stopped.wait())
        done, _ = await asyncio.wait({ending, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        server.should_exit = True
        await serving
        for task in done:
            task.result()
        ending.cancel()
    finally:
        await house.stop()
        await asyncio.to_thread(database.close)


def _stop_or_exit(stopped: asyncio.Event) -> None:
    """The first signal stops in order, the second at once."""
    if stopped.is_set():
        sys.exit(1)
    stopped.set()


@app.command()
def check(config: ConfigFile = None) -> None:
    """检查配置、内容文件和数据库，不联网，不改动任何东西。"""
    from bot.app import problems

    settings = load(config)
    found = problems(settings)
    for line in found:
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    typer.echo("配置、内容和数据库都没有发现问题。")


@app.command()
def migrate(config: ConfigFile = None) -> None:
    """建立或升级数据库。"""
    from bot.migrations import upgrade

    settings = load(config)
    typer.echo(upgrade(settings.database.url))


def main() -> None:
    with contextlib.suppress(BrokenPipeError):
        app()


if __name__ == "__main__":
    main()
