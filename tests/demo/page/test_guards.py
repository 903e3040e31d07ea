"""Who may open the page, and which files it is made of."""

import base64
from urllib.parse import unquote

import httpx
import pytest

from bot.demo.world import World
from tests.demo.conftest import ZHANG
from tests.demo.page.conftest import act

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


# -- who may come in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/sim/state", "/page/chat.js", "/font/KetangSans.woff2", "/nothing"])
@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:8787", "127.0.0.1", "127.0.0.1:80", "localhost.evil.test:8787"]
)
async def test_a_foreign_host_is_refused(page: httpx.AsyncClient, path: str, host: str) -> None:
    answer = await page.get(path, headers={"Host": host})
    assert (answer.status_code, answer.text) == (403, "只允许本机访问")


async def test_this_machine_has_two_names(page: httpx.AsyncClient) -> None:
    assert (await page.get("/sim/state", headers={"Host": "localhost:8787"})).status_code == 200


@pytest.mark.parametrize("path", ["/sim/act", "/sim/clock"])
@pytest.mark.parametrize("origin", ["http://evil.test", "null", "", "http://localhost:8787", "https://127.0.0.1:8787"])
async def test_a_post_from_another_page_is_refused(
    page: httpx.AsyncClient, world: World, path: str, origin: str
) -> None:
    body = {"actor": ZHANG, "verb": "say", "chat": ZHANG, "text": "你好"}
    answer = await page.post(path, json=body, headers={"Origin": origin})
    assert (answer.status_code, answer.text) == (403, "只允许本机访问")
    assert not world.chats[ZHANG].messages


async def test_a_post_from_no_page_is_refused(page: httpx.AsyncClient) -> None:
    del page.headers["Origin"]
    assert (await act(page, "restart")).status_code == 403


async def test_a_body_above_the_limit_is_not_read(page: httpx.AsyncClient) -> None:
    answer = await page.post("/sim/act", content=b"{}", headers={"Content-Length": str(31 * 1024 * 1024)})
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/", "/sim/state", "/page/chat.css", "/sim/transcript"])
async def test_the_page_may_load_nothing_from_elsewhere(page: httpx.AsyncClient, path: str) -> None:
    answer = await page.get(path)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml"),
        ("/favicon.ico", "image/svg+xml"),
        ("/page/chat.js", "text/javascript; charset=utf-8"),
        ("/page/chat.css", "text/css; charset=utf-8"),
        ("/page/icons.svg", "image/svg+xml"),
        ("/font/KetangSans.woff2", "font/woff2"),
    ],
)
async def test_a_file_of_the_page_is_served(page: httpx.AsyncClient, path: str, kind: str) -> None:
    answer = await page.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
    assert answer.content


async def test_the_font_is_kept_for_long(page: httpx.AsyncClient) -> None:
    answer = await page.get("/font/KetangSans.woff2")
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert answer.content.startswith(b"wOF2")


@pytest.mark.parametrize("name", ["sim.py", "..%2Fsim.py", "%2Fetc%2Fpasswd", "chat.js.map"])
async def test_nothing_but_the_page_is_served(page: httpx.AsyncClient, name: str) -> None:
    assert (await page.get(f"/page/{name}")).status_code == 404


async def test_a_document_of_a_chat_is_handed_out_under_its_name(page: httpx.AsyncClient, world: World) -> None:
    file = world.add_file("名册 <1>.xlsx", b"xlsx", "text/html")
    answer = await page.get(f"/sim/file/{file.id}")
    assert answer.content == b"xlsx"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    disposition = answer.headers["Content-Disposition"]
    assert unquote(disposition).endswith("名册 <1>.xlsx")
    assert disposition.startswith("attachment")


async def test_a_picture_of_a_chat_is_shown(page: httpx.AsyncClient, world: World) -> None:
    file = world.add_file("b.png", PNG, "image/png", width=1, height=1)
    answer = await page.get(f"/sim/file/{file.id}")
    assert answer.headers["Content-Type"] == "image/png"
    assert "Content-Disposition" not in answer.headers


async def test_an_unknown_file_is_not_found(page: httpx.AsyncClient) -> None:
    assert (await page.get("/sim/file/BQADfile00000099")).status_code == 404
