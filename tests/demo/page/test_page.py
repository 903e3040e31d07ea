"""The page's own files: what they may not contain, and that everything they name is there."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.words import covered

DEMO = Path(__file__).parents[3] / "bot" / "demo"
PAGE = DEMO / "page"
FILES = sorted(path.name for path in PAGE.iterdir())
SCRIPTS = [name for name in FILES if name.endswith(".js")]
SERVER = ("sim", "acts", "guards", "shown", "tour")

# Ways by which a text could become markup or code.
UNSAFE = re.compile(r"(inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(|new Function|createContextual")
# What the policy `default-src 'self'` would block.
INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:")
NAMESPACE = "http://www.w3.org/2000/svg"


def read(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCRIPTS)
def test_text_enters_the_page_only_as_text(name: str) -> None:
    assert not UNSAFE.search(read(name))


def test_nothing_stands_in_the_page_that_its_policy_blocks() -> None:
    assert not INLINE.search(read("index.html"))


@pytest.mark.parametrize("name", FILES)
def test_no_file_asks_for_another_origin(name: str) -> None:
    assert re.findall(r"https?://[\w.]+\.\w+", read(name).replace(NAMESPACE, "").replace("`https://${", "")) == []


@pytest.mark.parametrize("name", FILES)
def test_files_stay_short(name: str) -> None:
    assert read(name).count("\n") <= 400


@pytest.mark.parametrize("name", FILES)
def test_every_file_that_is_named_exists(name: str) -> None:
    text = read(name)
    named = {*re.findall(r'/page/([\w.]+)"', text), *re.findall(r'from "\./([\w.]+)"', text)}
    assert named <= set(FILES)


def test_every_file_is_used() -> None:
    texts = "".join(read(name) for name in FILES)
    assert [name for name in FILES if name != "index.html" and f"/{name}" not in texts] == []


def test_every_icon_that_is_named_exists() -> None:
    drawn = set(re.findall(r'<symbol id="(\w+)"', read("icons.svg")))
    texts = "".join(read(name) for name in FILES)
    named = {*re.findall(r"icons\.svg#(\w+)", texts), *re.findall(r'(?:icon|mark|makeBar)\("(\w+)"', texts)}
    assert drawn == named


@pytest.mark.parametrize("name", SERVER)
def test_people_can_see_every_character_the_server_shows(name: str) -> None:
    font = covered((DEMO.parent / "fonts" / "coverage.txt").read_text(encoding="ascii"))
    tree = ast.parse((DEMO / f"{name}.py").read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert {character for text in texts for character in text if ord(character) not in font} <= {"\n"}


def test_the_font_shows_rare_names_and_signs() -> None:
    font = covered((DEMO.parent / "fonts" / "coverage.txt").read_text(encoding="ascii"))
    assert all(ord(character) in font for character in "签到䶮𠮷✓×●▲※·…—“”《》〔〕①")
    assert all(ord(character) not in font for character in "한\ue000")
