"""The first day: an empty database, one number in `root_user_ids`, and a roster file are enough to begin."""

import io
from collections.abc import AsyncIterator, Callable

import pytest
from openpyxl import load_workbook

from bot.app import prepare
from bot.db import Database
from bot.demo import seed
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage, demo_config
from bot.demo.world import World
from tests import stages

WANG = 1003
ROSTER = """roster:
  - company: 示范城建集团
    committee: 城建集团党委
    branch: 城建一支部
    group: 第一党小组
    members:
      - {name: 李四, posts: 书记}
      - {name: 孙七, posts: 组织委员}
      - {name: 张三}
      - {name: 王五}
"""
PERSON = "王五\n城建一支部 · 第一党小组\n正式党员"


@pytest.fixture
async def stage(telegram_server: tuple[dict[str, World], str], sqlite_url: str) -> AsyncIterator[Stage]:
    """Nobody is on a roster; 王五 is named in the configuration."""
    database = Database(sqlite_url)
    prepare(demo_config("http://nowhere/bot"), database, now=seed.START)
    database.close()
    async with stages.opened(*telegram_server, sqlite_url, root=[WANG]) as play:
        yield play


@pytest.fixture
def chat(stage: Stage) -> Callable[[str], Actor]:
    return stage.actor


def links(message: Message) -> dict[str, str]:
    assert message.file is not None
    sheet = load_workbook(io.BytesIO(message.file.data)).worksheets[0]
    return {str(row[0]): str(row[1]) for row in sheet.iter_rows(min_row=2, values_only=True)}


async def test_a_root_user_brings_everybody_in_and_makes_the_first_admin(chat: Callable[[str], Actor]) -> None:
    assert (await chat("王五").say("/start")).message.text.startswith("您好。\n您可以用这些命令：\n/roster")
    for command in ("/today", "/meetings", "/settings", "/me"):
        refused = (await chat("王五").say(command)).message.text
        assert refused.startswith("您是系统管理员，不在名册上，没有个人的会议、提醒和记录。发送 /help 查看可以做什么。")
    empty = (await chat("王五").say("/orgs")).message
    assert empty.text == "还没有任何组织。请先把名册文件（.xlsx 或 .yaml）发给我，导入后再来设置角色。"
    preview = (await chat("王五").upload("名册.yaml", ROSTER.encode())).message
    assert preview.text.startswith(
        "名册预览：新增4，变更0，转入0，职务变更0，无变化0，文件中无0，问题0。\n新建 示范城建集团\n新建 城建集团党委"
    )
    assert (await chat("王五").press("确认导入")).edits[0].text == ("已导入：新增4，变更0，转入0，职务变更0，无变化0。")
    sent = links((await chat("王五").say("/invite")).message)
    assert sorted(sent) == ["孙七", "张三", "李四", "王五"]
    await chat("王五").follow(sent["王五"])
    assert (await chat("王五").say("/me")).message.text == PERSON
    await chat("王五").say("/orgs")
    for button in ("城建集团党委", "城建一支部", "王五", "任命", "城建集团党委"):
        shown = await chat("王五").press(button)
    assert shown.edits[0].text == "任命王五担任城建集团党委的什么职务？"
    await chat("王五").press("管理员")
    done = await chat("王五").press("确认任命")
    assert done.edits[0].text == f"已任命王五为城建集团党委管理员。09:05前可撤销。\n{PERSON}\n职务：城建集团党委管理员"
    assert chat("王五").commands() == ["today", "quiz", "bank", "orgs", "help"]
    await chat("李四").follow(sent["李四"])
    assert chat("李四").commands() == ["today", "plan", "meetings", "quiz", "roster", "help"]
    assert (await chat("李四").say("/plan")).message.text
