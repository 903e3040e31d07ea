"""`ketang bank check` and `import` on foreign files: their switches and exit codes."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app
from tests.banks.sheets import HEAD, sheet

ONE = ("单选", "多久一次？", "每月", "每季度", "", "", "B")
TWO = ("判断", "预备党员有表决权。", "", "", "", "", "错")
BAD = ("多选", "三会包括哪些？", "甲", "乙", "", "", "")
FAULT = "试题.xlsx[题]!G3 E206 没有答案。"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sqlite_url: str) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KETANG_DATABASE__URL", sqlite_url)
    Path("试题.xlsx").write_bytes(sheet(HEAD, ONE, BAD))
    Path("good.xlsx").write_bytes(sheet(HEAD, ONE, TWO))
    return tmp_path


def ketang(*words: str) -> Result:
    return CliRunner().invoke(app, ["bank", *words])


def said(*words: str) -> tuple[int, list[str]]:
    """Exit code and lines, hints left out."""
    result = ketang(*words)
    return result.exit_code, [line for line in (result.stdout + result.stderr).splitlines() if " W3" not in line]


def test_a_sheet_is_checked_like_any_bank() -> None:
    assert said("check", "试题.xlsx") == (1, [FAULT, "共 1 处错误、0 处提醒；没有写入题库。修好后再发一次即可。"])
    clean = "good.xlsx：2 题（单选 1、多选 0、判断 1、填空 0），0 处错误、2 处提醒。"
    assert said("check", "good.xlsx") == (0, [clean])
    assert ketang("check", "good.xlsx", "--strict").exit_code == 1


def test_one_bad_row_writes_nothing_unless_it_may_be_left_out() -> None:
    refused = said("import", "试题.xlsx")
    assert refused == (1, [FAULT, "共 1 处错误、0 处提醒；没有写入题库。修好后再发一次即可。"])
    assert ketang("list").stdout == "还没有题库。\n"
    code, lines = said("import", "试题.xlsx", "--skip-bad", "--bank", "own-bank", "--title", "自己的题库")
    assert (code, lines) == (0, [FAULT, "已导入：新增 1，修改 0，未变 0，停用 0。题库版本 1。"])
    assert ketang("list").stdout.splitlines()[1].split()[:3] == ["own-bank", "自己的题库", "1（1/0/0/0）"]


def test_what_a_file_does_not_hold_is_retired_only_if_it_is_to_replace() -> None:
    Path("less.csv").write_text("题型,题干,答案\n判断,预备党员有表决权。,错\n", "utf-8")
    ketang("import", "good.xlsx", "--bank", "own")
    assert said("import", "less.csv", "--bank", "own")[1][-1] == "内容没有变化（版本 1）。"
    code, lines = said("import", "less.csv", "--bank", "own", "--replace", "--dry-run")
    assert code == 0
    assert lines[-3:] == [
        "试读：less.csv → 题库“good”（版本 1）",
        "读到 1 行：可导入 1 道（单选 0、多选 0、判断 1、填空 0），其中新增 0、修改 0、未变 1；略去重复 0；出错 0 行。",
        "文件里没有的 1 道将停用。",
    ]
    last = said("import", "less.csv", "--bank", "own", "--replace")[1][-1]
    assert last == "已导入：新增 0，修改 0，未变 1，停用 1。题库版本 2。"


def test_a_dry_run_of_a_file_with_errors_shows_all_and_ends_with_one() -> None:
    code, lines = said("import", "试题.xlsx", "--dry-run")
    assert code == 1
    assert lines[-1].endswith("略去重复 0；出错 1 行。")
    assert ketang("list").stdout == "还没有题库。\n"


def test_a_file_that_cannot_be_read_ends_with_one_and_a_wrong_name_with_two() -> None:
    Path("half.xlsx").write_bytes(sheet(HEAD, ONE)[:3000])
    assert said("import", "half.xlsx", "--skip-bad")[0] == 1
    assert (
        said("check", "half.xlsx")[1][0] == "half.xlsx E219 文件不完整或打不开，请用 Excel 或 WPS 另存为 .xlsx 再发。"
    )
    assert said("import", "good.xlsx", "--bank", "题")[0] == 2
    assert said("import", "none.xlsx")[0] == 2
