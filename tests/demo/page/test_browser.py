"""The page in a real browser: two windows, the keyboard, narrow screens, nothing from elsewhere."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette

from bot.demo.chats import Chat
from bot.demo.commands import Command, Scope
from bot.demo.guards import Guard
from bot.demo.journal import EventKind
from bot.demo.messages import Answer, Button
from bot.demo.people import People
from bot.demo.sim import Sim
from bot.demo.wire import Payload
from bot.demo.world import World
from tests.demo.conftest import LI, WU, ZHANG
from tests.demo.page.conftest import PATIENCE, Desk, bot_says, quiz

pytest.importorskip("playwright.async_api", reason="the extra e2e is not installed")
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium on this machine")]

expect.set_options(timeout=1000 * PATIENCE)

SIDEWAYS = "[document.documentElement, document.querySelector('#log')].some((e) => e.scrollWidth > e.clientWidth)"


class Windows:
    """Opens the page as a person in a chat; what no page may cause is collected in `faults`."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.address = context, address
        self.faults: list[str] = []

    async def open(self, person: int, chat: int, *, width: int = 1280, height: int = 820) -> Page:
        page = await self.context.new_page()
        await page.set_viewport_size({"width": width, "height": height})
        page.on("console", lambda message: self._note(message.type == "error", message.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on("request", lambda request: self._note(not request.url.startswith(self.address), request.url))
        await page.goto(f"{self.address}/#p={person}&c={chat}")
        await expect(page.locator("#chat-title")).to_contain_text("你是")
        return page

    def _note(self, is_fault: bool, text: str) -> None:
        if is_fault:
            self.faults.append(text)


@pytest.fixture
async def address(sim: Sim) -> AsyncIterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        config = uvicorn.Config(Guard(Starlette(routes=sim.routes), port), log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{port}"
        await sim.close()
        server.should_exit = True
        await serving


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def windows(browser: Browser, address: str) -> AsyncIterator[Windows]:
    context = await browser.new_context()
    windows = Windows(context, address)
    yield windows
    await context.close()
    assert windows.faults == []


async def until(world: World, holds: Callable[[], object]) -> None:
    moved = asyncio.Event()
    world.journal.listeners.append(lambda _event: moved.set())
    async with asyncio.timeout(PATIENCE):
        while not holds():
            moved.clear()
            await moved.wait()


async def answered(world: World, text: str, *, is_alert: bool = False) -> None:
    """The bot answers the first press, as soon as it is there."""
    await until(world, lambda: world.presses)
    press = next(iter(world.presses.values()))
    press.answer = Answer(text, is_alert, "", world.now())
    detail: Payload = {"press": press.id, "label": press.label, "text": text, "alert": is_alert, "url": ""}
    world.journal.write(
        EventKind.ANSWERED, world.now(), chat_id=press.chat_id, person_id=press.person_id, detail=detail
    )


async def test_a_toast_is_seen_only_where_it_was_caused(windows: Windows, world: World, group: Chat) -> None:
    bot_says(world, group.id, "主题党日", Button("参加", "a"))
    zhang, li = await windows.open(ZHANG, group.id), await windows.open(LI, group.id)
    await zhang.get_by_role("button", name="参加").click()
    await answered(world, "已登记：参加")
    await expect(zhang.locator("#toast")).to_have_text("已登记：参加")
    await expect(li.locator("#toast")).to_have_text("")


async def test_a_poll_shows_the_words_that_go_with_its_question(windows: Windows, world: World, group: Chat) -> None:
    message = quiz(world, group.id)
    assert message.poll is not None
    message.poll.description = "A. 一次<b>\nB. 两次"
    zhang = await windows.open(ZHANG, group.id)
    await expect(zhang.locator(".poll .description")).to_have_text("A. 一次<b>\nB. 两次")


async def test_boxes_stay_ticked_while_another_votes(
    windows: Windows, world: World, group: Chat, people: People
) -> None:
    message = quiz(world, group.id)
    assert message.poll is not None
    message.poll.allows_multiple_answers = True
    zhang = await windows.open(ZHANG, group.id)
    await zhang.get_by_role("checkbox", name="两次").check()
    people.vote(LI, message, 0)
    await expect(zhang.locator(".total")).to_have_text("1 人已答")
    await expect(zhang.get_by_role("checkbox", name="两次")).to_be_checked()
    await zhang.get_by_role("button", name="提交").click()
    await expect(zhang.locator(".verdict")).to_have_text("× 不对")
    await expect(zhang.locator(".share").first).to_have_text("50%")


async def test_a_hidden_result_shows_only_the_own_choice(
    windows: Windows, world: World, group: Chat, people: People
) -> None:
    message = quiz(world, group.id)
    assert message.poll is not None
    message.poll.hides_results = True
    people.vote(LI, message, 0)
    zhang = await windows.open(ZHANG, group.id)
    await zhang.get_by_role("radio", name="两次").click()
    await expect(zhang.locator(".total")).to_have_text("2 人已答 · 结果将在截止后公布")
    await expect(zhang.locator(".note")).to_have_text(["", "你的选择"])
    await expect(zhang.locator(".share")).to_have_text(["", ""])
    await expect(zhang.locator(".verdict")).to_be_hidden()
    world.polls.close(message.poll)
    world.poll_changed(message.poll)
    await expect(zhang.locator(".share")).to_have_text(["50%", "50%"])
    await expect(zhang.locator(".note")).to_have_text(["✓ 正确答案", "× 你的选择"])
    await expect(zhang.locator(".verdict")).to_have_text("× 不对")


async def test_keys_alone_choose_a_person_a_chat_and_a_command(windows: Windows, world: World, group: Chat) -> None:
    world.commands.set(Scope("all_private_chats"), "", [Command("today", "今日事项")])
    page = await windows.open(ZHANG, group.id)
    for key in ("2", "[", "/", "ArrowDown", "Enter"):
        await page.keyboard.press(key)
    await until(world, lambda: world.chats[LI].messages)
    assert world.chats[LI].messages[1].text == "/today"


async def test_tab_reaches_a_button_and_escape_closes_the_alert(windows: Windows, world: World) -> None:
    bot_says(world, ZHANG, "主题党日", Button("签到", "a"))
    page = await windows.open(ZHANG, ZHANG)
    await page.locator("#log").focus()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="签到")).to_be_focused()
    await page.keyboard.press("Enter")
    await answered(world, "您已签到，09:00", is_alert=True)
    await expect(page.get_by_role("button", name="知道了")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)


async def test_markup_in_a_name_stays_text(windows: Windows, world: World, group: Chat, people: People) -> None:
    world.persons[WU].first_name = '<b>&"张'
    people.say(WU, "<img src=x onerror=alert(1)>", chat_id=group.id)
    page = await windows.open(ZHANG, group.id)
    await expect(page.locator(".message .who")).to_have_text('<b>&"张')
    await expect(page.locator(".message .words")).to_have_text("<img src=x onerror=alert(1)>")
    assert await page.locator(".message img").count() == 0


@pytest.mark.parametrize("width", [1280, 900, 390, 320])
async def test_nothing_scrolls_sideways(windows: Windows, world: World, group: Chat, width: int) -> None:
    keys = [Button(str(day), f"d{day}") for day in range(1, 8)]
    bot_says(world, group.id, f"https://example.org/{'long' * 60}", *keys)
    quiz(world, group.id)
    page = await windows.open(ZHANG, group.id, width=width, height=844)
    for pane in ("people", "panel", "chat"):
        if width < 700:
            await page.locator(f".bottom [data-pane={pane}]").click()
        assert not await page.evaluate(SIDEWAYS)


async def test_the_vendored_font_is_in_use(windows: Windows, group: Chat) -> None:
    page = await windows.open(ZHANG, group.id)
    await page.evaluate("document.fonts.ready")
    assert await page.evaluate("""document.fonts.check('15px "Ketang Sans"', '签到䶮')""")


async def test_a_restart_brings_every_window_to_the_new_world(windows: Windows, world: World, desk: Desk) -> None:
    bot_says(world, ZHANG, "旧的消息")
    page = await windows.open(ZHANG, ZHANG)
    await page.get_by_label("更多").click()
    await page.get_by_role("button", name="重新开始").click()
    await page.locator("dialog").get_by_role("button", name="重新开始").click()
    await expect(page.locator(".empty")).to_have_text("还没有和机器人说过话。")
    assert desk.world is not world
