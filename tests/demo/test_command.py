"""`ketang demo` and the commands of a first day, in an empty folder; each promise once as a real process."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from bot.demo.run import DATABASE, WORLD
from tests.demo.commands import Running, demo, environment, ketang, ketang_here

DEMO_TOKEN = "7000000001:DEMO-x"
LI, GROUP = 1002, -1001000000001
PATIENCE = 30.0

R = TypeVar("R")


async def act(page: httpx.AsyncClient, running: Running, verb: str, actor: int = LI, **fields: object) -> None:
    body = {"actor": actor, "verb": verb, **fields}
    answer = await page.post("/sim/act", json=body, headers={"Origin": running.address})
    assert answer.status_code == 200, answer.text


def page_of(running: Running) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=running.address, trust_env=False)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def listening(port: int) -> set[str]:
    """The addresses at which somebody listens on the port, as the kernel tells."""
    rows = [line.split() for file in ("tcp", "tcp6") for line in Path("/proc/net", file).read_text().splitlines()[1:]]
    local = [row[1].partition(":") for row in rows if row[3] == "0A"]
    hexes = [bytes.fromhex(address) for address, _, number in local if int(number, 16) == port]
    return {socket.inet_ntoa(one[::-1]) if len(one) == 4 else one.hex() for one in hexes}


# -- the demo ---------------------------------------------------------------------------------------------------------


async def test_the_demo_says_what_it_is_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async with demo(tmp_path) as running:
        title, promise, address, where = running.lines
        assert title.startswith("共富小课堂 ")
        assert promise == "真实的机器人 + 本机模拟的 Telegram：不联网，不需要令牌，人物和支部均为虚构。"
        assert address == f"{running.address}/"
        assert where == "数据在临时目录，退出后删除（--keep 目录 可保留）。Ctrl+C 退出。"
        assert [name[:12] for name in names(tmp_path)] == ["ketang-demo-"]
        async with page_of(running) as page:
            assert (await page.get("/")).status_code == 200
        ended = await running.stop()
    assert (ended.code, ended.err) == (0, "")
    assert names(tmp_path) == []


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A demo amid the settings of somebody's real bot, reached over SSH."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "config.yaml").write_text("bot: {token: 坏的}\n", encoding="utf-8")
    foreign = {
        "KETANG_BOT__TOKEN": "坏的",
        "KETANG_BOT__BASE_URL": "http://192.0.2.1/bot",
        "KETANG_BOT__PROXY": "http://192.0.2.1:1",
        "KETANG_DATABASE__URL": "sqlite:////nowhere/at/all.db",
        "SSH_CONNECTION": "10.0.0.1 50000 10.0.0.2 22",
    }
    async with demo(folder, "--keep", str(folder / "kept"), **foreign) as running:
        yield running
        ended = await running.stop(signal.SIGTERM)
    assert (ended.code, ended.err) == (0, "")


async def test_the_demo_reads_no_settings(running: Running) -> None:
    async with page_of(running) as page:
        people = (await page.get("/sim/state")).json()["people"]
    assert [one["name"] for one in people] == ["张三", "李四", "王五", "赵六", "孙七", "周八", "吴九"]


async def test_over_ssh_the_demo_tells_how_to_reach_it(running: Running) -> None:
    assert f"ssh -L {running.port}:127.0.0.1:{running.port} " in running.lines[3]


async def test_only_this_machine_and_this_page_are_answered(running: Running) -> None:
    async with page_of(running) as page:
        strange = await page.get("/", headers={"Host": "evil.test"})
        assert (strange.status_code, strange.text) == (403, "只允许本机访问")
        body = {"actor": LI, "verb": "restart"}
        for origin in ("http://evil.test", f"http://127.0.0.1:{running.port + 1}", "null"):
            assert (await page.post("/sim/act", json=body, headers={"Origin": origin})).status_code == 403
        assert (await page.post("/sim/act", json=body)).status_code == 403
        assert (await page.post(f"/bot{DEMO_TOKEN}/getMe")).status_code == 401


async def test_the_demo_listens_on_loopback_alone(running: Running) -> None:
    assert listening(running.port) == {"127.0.0.1"}


async def test_two_demos_do_not_share_a_folder(running: Running, tmp_path: Path) -> None:
    kept = running.lines[-1].removeprefix("数据在 ").removesuffix("。Ctrl+C 退出。")
    ended = await ketang(tmp_path, "demo", "--no-browser", "--keep", kept)
    assert (ended.code, ended.err) == (1, f"{kept} 正由另一个演示使用，请换一个目录，或先停掉那一个。\n")


@pytest.mark.parametrize(("keep", "reason"), [("file", "已有同名文件"), ("file/in", "上级目录的位置是一个文件")])
def test_a_folder_that_cannot_be_kept_is_told(tmp_path: Path, keep: str, reason: str) -> None:
    (tmp_path / "file").write_text("")
    ended = ketang_here(tmp_path, "demo", "--no-browser", "--keep", keep)
    assert (ended.code, ended.out, ended.err) == (1, "", f"{keep} 不能写入：{reason}。\n")


def test_a_port_asked_for_by_name_must_be_free(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = ketang_here(tmp_path, "demo", "--no-browser", "--port", str(port))
    assert (ended.code, ended.err) == (1, f"端口 {port} 已被占用，去掉 --port 可自动选择。\n")


# -- a kept demo ------------------------------------------------------------------------------------------------------


State = dict[str, list[dict[str, object]]]


async def seen(page: httpx.AsyncClient, look: Callable[[State], R | None]) -> R:
    """What `look` finds in the page's state, as soon as it is there."""
    state = (await page.get("/sim/state")).json()
    if (found := look(state)) is not None:
        return found
    path = f"/sim/events?after={state['seq']}&run={state['run']}"
    async with asyncio.timeout(PATIENCE), page.stream("GET", path, timeout=None) as stream:
        async for _ in stream.aiter_lines():
            if (found := look((await page.get("/sim/state")).json())) is not None:
                return found
    raise AssertionError("the stream has ended")


def messages(state: State, chat: int) -> list[dict[str, object]]:
    found = next(one["messages"] for one in state["chats"] if one["id"] == chat)
    assert isinstance(found, list)
    return found[::-1]


def with_button(chat: int, label: str) -> Callable[[State], dict[str, object] | None]:
    """The newest message with such a button."""
    return lambda state: next(
        (m for m in messages(state, chat) if label in [key["text"] for row in m["keyboard"] for key in row]), None
    )


def with_text(chat: int, text: str) -> Callable[[State], dict[str, object] | None]:
    return lambda state: next((m for m in messages(state, chat) if text in str(m["text"])), None)


async def press(page: httpx.AsyncClient, running: Running, actor: int, chat: int, label: str) -> None:
    message = await seen(page, with_button(chat, label))
    keyboard = message["keyboard"]
    assert isinstance(keyboard, list)
    row, column = next((r, c) for r, keys in enumerate(keyboard) for c, key in enumerate(keys) if key["text"] == label)
    fields = {"chat": chat, "message": message["id"], "version": message["version"], "row": row, "column": column}
    await act(page, running, "press", actor, **fields)


async def test_a_kept_demo_goes_on_where_it_stopped(tmp_path: Path) -> None:
    kept = tmp_path / "deep" / "kept"
    async with demo(tmp_path, "--keep", str(kept)) as running, page_of(running) as page:
        assert running.lines[-1] == f"数据在 {kept}。Ctrl+C 退出。"
        await act(page, running, "say", chat=LI, text="/plan 3月6日15点 主题党日 @三楼会议室")
        await press(page, running, LI, LI, "确认发布")
        await press(page, running, 1001, GROUP, "参加")
        await seen(page, with_text(GROUP, "已回复 1/12"))
        stopped_at = (await page.get("/sim/state")).json()["desk"]["now"]
        assert (await running.stop()).code == 0
    assert {DATABASE, WORLD} <= set(names(kept))

    async with demo(tmp_path, "--keep", str(kept)) as running, page_of(running) as page:
        state = (await page.get("/sim/state")).json()
        assert state["desk"]["now"] > stopped_at
        assert state["desk"]["tour"][0]["done"]
        await press(page, running, 1006, GROUP, "参加")
        await seen(page, with_text(GROUP, "已回复 2/12"))
        transcript = (await page.get("/sim/transcript")).text
        assert transcript.count("点〔参加〕 → 提示“已登记：参加”") == 2
        running.process.kill()
        await running.process.communicate()

    # What a killed demo gave out after its last saving is not given out again: the bot would take it for a repetition.
    async with demo(tmp_path, "--keep", str(kept)) as running, page_of(running) as page:
        await press(page, running, 1005, GROUP, "参加")
        await seen(page, with_text(GROUP, "已回复 3/12"))
        assert (await running.stop()).code == 0


async def test_a_damaged_kept_world_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / WORLD).write_text("{", encoding="utf-8")
    (kept / DATABASE).write_bytes(b"")
    ended = await ketang(tmp_path, "demo", "--no-browser", "--keep", "kept")
    assert (ended.code, ended.err) == (1, "kept/world.json 读不出来，请换一个目录，或删去这个目录重新开始。\n")
    assert (kept / WORLD).read_text(encoding="utf-8") == "{"


# -- the real bot's commands ------------------------------------------------------------------------------------------


def test_the_real_bot_refuses_the_token_of_a_demo(tmp_path: Path) -> None:
    with socket.socket() as telegram:
        telegram.bind(("127.0.0.1", 0))
        telegram.listen()
        telegram.setblocking(False)
        base = f"http://127.0.0.1:{telegram.getsockname()[1]}/bot"
        ended = ketang_here(tmp_path, "run", KETANG_BOT__TOKEN=DEMO_TOKEN, KETANG_BOT__BASE_URL=base)
        assert (ended.code, ended.out) == (2, "")
        assert "演示用的令牌" in ended.err
        assert "DEMO-x" not in ended.err
        with pytest.raises(BlockingIOError):
            telegram.accept()  # nobody has called
    assert names(tmp_path) == []


async def test_without_a_token_the_way_to_one_is_told(tmp_path: Path) -> None:
    ended = await ketang(tmp_path, "run")
    text = "还没有填写机器人令牌。请设置环境变量 KETANG_BOT__TOKEN，或运行 ketang demo 先体验。\n"
    assert (ended.code, ended.out, ended.err) == (2, "", text)


async def test_a_database_is_made_once(tmp_path: Path) -> None:
    first, second = await ketang(tmp_path, "migrate"), ketang_here(tmp_path, "migrate")
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("数据库已建立或升级到版本 ")
    assert (second.code, second.out, second.err) == (0, "数据库已是最新版本。\n", "")
    assert (tmp_path / "data" / "ketang.db").exists()


def test_a_check_finds_nothing_and_changes_nothing(tmp_path: Path) -> None:
    ended = ketang_here(tmp_path, "check")
    assert (ended.code, ended.out, ended.err) == (0, "配置、内容和数据库都没有发现问题。\n", "")
    assert names(tmp_path) == []


def test_the_commands_start_without_settings_of_ours() -> None:
    assert not [name for name in environment() if name.startswith("KETANG_")]
