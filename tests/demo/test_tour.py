"""The guided tour through the page, in a real browser, against `ketang demo` as a process of its own."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.banks.content import question_of
from bot.quiz.rules import shown_key
from tests.demo import pictures
from tests.demo.commands import Running, demo

pytest.importorskip("playwright.async_api", reason="the extra e2e is not installed")
from playwright.async_api import Locator, Page, async_playwright, expect

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SCREENS = Path(__file__).parent / "screens"
MOST_BYTES = 150_000
DESKTOP, PHONE, NARROWEST = (1280, 820), (390, 844), (320, 844)
PATIENCE = 30.0
SIDEWAYS = "[document.documentElement, document.querySelector('#log')].some((e) => e.scrollWidth > e.clientWidth)"
MOST_REMINDERS = 12  # more than a meeting or a round has from one stop of the tour to the next

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium on this machine")]
expect.set_options(timeout=1000 * PATIENCE)


@dataclass
class Newcomer:
    """One window of the page; what no page may cause is collected in `faults`."""

    page: Page
    address: str
    folder: Path  # of the demo's data
    screens: Path
    faults: list[str] = field(default_factory=list)

    def watch(self) -> None:
        page = self.page
        page.on("console", lambda told: self._note(told.type in ("error", "warning"), told.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on("request", lambda asked: self._note(not asked.url.startswith(f"{self.address}/"), asked.url))
        page.on("requestfailed", lambda asked: self._note("/sim/events" not in asked.url, f"failed: {asked.url}"))
        page.on("response", lambda answer: self._note(answer.status >= 400, f"{answer.status}: {answer.url}"))

    def _note(self, is_fault: bool, text: str) -> None:
        if is_fault:
            self.faults.append(text)

    async def lead(self, step: int, way: int, who: str, *, in_group: bool = True) -> None:
        """Follow one of the ways the tour's card names; it goes there and does nothing."""
        await self.page.locator(".step").nth(step - 1).locator(".way").nth(way - 1).click()
        place = "一支部群" if in_group else "共富小课堂"
        await expect(self.page.locator("#chat-title")).to_contain_text(f"{place} · 你是 {who}（")

    async def say(self, text: str) -> None:
        composer = self.page.locator("#composer textarea")
        await composer.fill(text)
        await composer.press("Enter")
        await expect(composer).to_have_value("")

    async def press(self, label: str) -> None:
        await self.key(label).click()

    def key(self, label: str) -> Locator:
        return self.page.locator("#messages .key").get_by_text(label, exact=True).last

    @property
    def last(self) -> Locator:
        return self.page.locator("#messages .message").last

    async def next_reminder(self) -> None:
        """Press it once, and wait until the clock stands again."""
        async with self.page.expect_response(lambda answer: answer.url.endswith("/sim/clock")):
            await self.page.locator("#next").click()
        await expect(self.page.locator("body.moving")).to_have_count(0)

    async def until(self, place: Locator) -> None:
        """Press “下一个提醒” until it is there."""
        for _ in range(MOST_REMINDERS):
            if await place.count():
                return
            await self.next_reminder()
        await expect(place).not_to_have_count(0)

    async def ticked(self, step: int) -> None:
        await expect(self.page.locator(".step.done h3").filter(has_text=TITLES[step - 1])).to_have_count(1)

    async def picture(self, name: str) -> None:
        await self.page.screenshot(path=self.screens / f"{name}.png", animations="disabled")

    async def resize(self, size: tuple[int, int]) -> None:
        await self.page.set_viewport_size({"width": size[0], "height": size[1]})


TITLES = ("发布一次主题党日", "回复与请假", "到点提醒", "签到与到会率", "以考促学")


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with demo(tmp_path) as running:
        yield running
        ended = await running.stop()
        assert (ended.code, ended.err) == (0, "")


@pytest.fixture
async def newcomer(
    running: Running, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomer]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = await browser.new_page(viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, reduced_motion="reduce")
        newcomer = Newcomer(page, running.address, tmp_path, tmp_path_factory.mktemp("screens"))
        newcomer.watch()
        yield newcomer
        await browser.close()


async def test_the_tour_is_walked_through_the_page(newcomer: Newcomer, request: pytest.FixtureRequest) -> None:
    page = newcomer.page
    await page.goto(f"{newcomer.address}/")
    await expect(page.locator("#chat-title")).to_have_text("一支部群 · 你是 李四（书记）")
    await expect(page.locator(".step.current h3")).to_contain_text(TITLES[0])

    await announce(newcomer)
    await answer(newcomer)
    await remind(newcomer)
    await check_in(newcomer)
    await quiz(newcomer)

    await expect(page.locator(".progress")).to_have_text("导览已走完，接下来随意试。")
    await expect(page.locator(".step.done")).to_have_count(5)
    for size in (DESKTOP, PHONE, NARROWEST):
        await newcomer.resize(size)
        assert not await page.evaluate(SIDEWAYS), size
    await page.evaluate("document.fonts.ready")
    assert await page.evaluate("""document.fonts.check('15px "Ketang Sans"', '签到䶮')""")
    assert newcomer.faults == []
    state = await page.request.get(f"{newcomer.address}/sim/state")
    assert (await state.json())["troubles"] == []  # all that was sent and answered is what Telegram sends and answers
    assert len(list(newcomer.screens.iterdir())) == 7
    keep(newcomer.screens, has_order=request.config.getoption("--update-screens"))


async def announce(newcomer: Newcomer) -> None:
    await newcomer.page.locator(".step").first.locator(".lead").click()
    await expect(newcomer.page.locator("#chat-title")).to_have_text("共富小课堂 · 你是 李四（书记）")
    await newcomer.say("/plan")
    for label in ("主题党日", "3月6日（周五）15:00", "党员活动室"):
        await newcomer.press(label)
    await expect(newcomer.last).to_contain_text("会前提醒 3月6日 13:00")
    await newcomer.picture("1-announce")
    await newcomer.press("确认发布")
    await newcomer.ticked(1)


async def answer(newcomer: Newcomer) -> None:
    page = newcomer.page
    await newcomer.lead(2, 1, "张三")
    await newcomer.press("参加")
    await expect(page.locator("#toast")).to_have_text("已登记：参加")
    await expect(page.locator("#messages")).to_contain_text("已回复 1/12")
    await newcomer.picture("reply")
    await newcomer.resize(PHONE)
    await newcomer.picture("2-answer-phone")
    assert not await page.evaluate(SIDEWAYS)
    await newcomer.resize(DESKTOP)
    await newcomer.lead(2, 2, "周八")
    await newcomer.press("请假")
    await newcomer.press("公假")
    await expect(newcomer.last).to_contain_text("已提交请假（公假）")
    await newcomer.lead(2, 3, "李四", in_group=False)
    await newcomer.press("同意")
    await newcomer.ticked(2)


async def remind(newcomer: Newcomer) -> None:
    page = newcomer.page
    await newcomer.lead(3, 1, "李四")
    chase = page.locator("#messages .message").filter(has_text="还有10人未回复")
    await newcomer.until(chase)
    await expect(page.locator("#clock")).to_contain_text("3月5日 周四 16:00")
    await expect(page.locator("#strip")).to_contain_text("私聊 9 人：请回复")
    await newcomer.picture("3-remind")
    await newcomer.ticked(3)


async def check_in(newcomer: Newcomer) -> None:
    page = newcomer.page
    await newcomer.lead(4, 1, "张三")
    await newcomer.until(newcomer.key("签到"))
    await expect(page.locator("#strip")).to_be_visible()
    await newcomer.press("签到")
    await expect(page.locator("#strip")).to_be_hidden()  # whoever goes on has read it
    await expect(page.locator("#toast")).to_contain_text("已签到14:45（准时）")
    await newcomer.press("签到")
    await expect(page.locator("dialog")).to_contain_text("已于14:45签到")
    await page.keyboard.press("Escape")
    async with page.expect_response(lambda got: got.url.endswith("/sim/act")):
        await page.locator("#crowd").click()
    await expect(page.locator("#messages")).to_contain_text("实到7")
    await newcomer.lead(4, 4, "李四", in_group=False)
    summary = page.locator("#messages .message").filter(has_text="主题党日已结束：应到12，实到7，请假1，缺席4")
    await newcomer.until(summary)
    await newcomer.picture("4-check-in")
    await newcomer.ticked(4)


async def quiz(newcomer: Newcomer) -> None:
    page = newcomer.page
    await newcomer.lead(5, 1, "李四")
    await newcomer.say("/round")
    await newcomer.press("从题库随机 3 题")
    await expect(newcomer.key("我参加")).to_be_visible()
    asked = page.locator("#messages form.poll")
    await newcomer.until(asked)
    right, wrong = answers(newcomer.folder)
    await newcomer.lead(5, 2, "张三")
    hint = page.locator(".step.current .hint:not(:empty)")
    await expect(hint.first).to_have_text(f"（选第 {'、'.join(str(option + 1) for option in right)} 项）")
    await expect(hint.last).to_contain_text(f"选第 {wrong[0] + 1} 项）")
    await vote(asked.last, right)
    await newcomer.lead(5, 3, "周八")
    await vote(asked.last, wrong)
    async with page.expect_response(lambda got: got.url.endswith("/sim/act")):
        await page.locator("#crowd").click()
    await expect(asked.last.locator(".total")).to_contain_text("9 人已答")
    await newcomer.picture("round")
    await newcomer.lead(5, 5, "周八")
    await page.locator("#menu summary").click()
    await page.get_by_role("button", name="+10分钟", exact=True).click()
    await expect(page.locator("#messages .message").filter(has_text="现场答题结束")).to_have_count(1)
    await expect(asked.first.locator(".verdict")).to_have_text("× 不对")
    await expect(page.locator("#messages")).not_to_contain_text("你答了")
    await newcomer.lead(5, 6, "周八", in_group=False)
    await expect(page.locator("#messages")).to_contain_text("你答了 1 题，对 0 题")
    await newcomer.say("/mistakes")
    await expect(page.locator("#messages")).to_contain_text("错题本：1 道在练")
    await newcomer.picture("5-quiz")
    await newcomer.ticked(5)


def answers(folder: Path) -> tuple[list[int], list[int]]:
    """A right and a wrong answer to the question now open: the database knows, while no window tells."""
    (file,) = folder.glob("ketang-demo-*/demo.db")
    query = """SELECT option_order, content FROM round_items JOIN question_versions ON question_versions.id = version_id
        WHERE round_items.state = 'OPEN'"""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        ((order, content),) = database.execute(query)
    question = question_of("", json.loads(content))
    right = list(shown_key(question, tuple(json.loads(order))))
    others = [option for option in range(len(question.options) or 2) if option not in right]
    return right, others[:1] or right[:1]  # where all are right, one of them is not enough


async def vote(poll: Locator, options: list[int]) -> None:
    for option in options:
        await poll.locator("input").nth(option).click()
    submit = poll.get_by_role("button", name="提交")
    if await submit.is_visible():
        await submit.click()
    await expect(poll.locator(".note").get_by_text("你的选择", exact=True)).to_have_count(len(options))
    await expect(poll.locator(".total")).to_contain_text("结果将在截止后公布")
    await expect(poll.locator(".share")).to_have_text([""] * await poll.locator(".share").count())


def keep(screens: Path, *, has_order: bool) -> None:
    """The two pictures of the README: small enough, and renewed only on request."""
    for name in ("reply.png", "round.png"):
        if has_order:
            (SCREENS / name).write_bytes(pictures.shrunk((screens / name).read_bytes()))
        assert 0 < (SCREENS / name).stat().st_size < MOST_BYTES, name
