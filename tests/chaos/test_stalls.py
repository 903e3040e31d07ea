"""Handlers that hang or keep the event loop for themselves: the others go on, and the log says so."""

import asyncio
import io
import json
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest
from sqlalchemy import select
from telegram import Update

from bot import logs
from bot.context import Context, Routes
from bot.demo.stage import Stage
from bot.demo.world import BOT_ID, World
from bot.inbox import DeadRow
from tests import stages

pytestmark = pytest.mark.long
Opened = Callable[..., AbstractAsyncContextManager[Stage]]
ASKED = "请回复：3月6日（周五）15:00 主题党日，三楼会议室。能参加吗"


@pytest.fixture
def opened(telegram_server: tuple[dict[str, World], str], stage_url: str) -> Opened:
    return partial(stages.opened, *telegram_server, stage_url)


async def block(_: Update, __: Context) -> None:
    threading.Event().wait(5)


def asked(stage: Stage, name: str) -> int:
    return len([m for m in stage.actor(name).sees() if m.sender.user_id == BOT_ID and m.text == ASKED])


async def hang(_: Update, __: Context) -> None:
    await asyncio.Event().wait()


async def test_a_handler_that_never_ends_is_put_aside_after_half_a_minute(opened: Opened) -> None:
    async with opened(routes=[Routes(commands={"hang": hang})]) as stage:
        stage.expect_incident()
        zhang = stage.actor("张三")
        stage.people.say(zhang.id, "/hang")
        told, me = (await zhang.say("/me")).messages
        (reason,) = stage.session(lambda session: session.scalars(select(DeadRow.reason)).all())
        assert reason.startswith("TimeoutError")
        assert told.text.startswith("出了点问题，已记录（编号 ")
        assert me.text.startswith("张三\n")


async def test_a_reminder_due_while_the_loop_stands_still_is_sent_and_the_stall_logged(opened: Opened) -> None:
    async with opened(routes=[Routes(commands={"block": block})]) as stage:
        await stages.announced(stage)
        await stage.at("2026-03-05 15:59:58")
        log = io.StringIO()
        logs.set_up("json", to=log)
        stage.house.run()
        stage.clock.resume()
        stage.people.say(stage.actor("周八").id, "/block")
        async with asyncio.timeout(30):
            while not (asked(stage, "张三") and "loop_stalled" in log.getvalue()):
                await stage.database.read(lambda _: None)
        stage.clock.pause()
        (stall,) = [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == "loop_stalled"]
        assert stall["seconds"] >= 4
        assert asked(stage, "张三") == 1
