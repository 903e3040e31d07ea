"""`ketang roster`: exit codes and what is printed."""

from pathlib import Path

import pytest

from bot.db import Database
from bot.members import commandline
from tests.make import NOW
from tests.members.files import HEAD, ROW, book


def bring_in(database: Database, path: Path, *, applies: bool = False) -> tuple[int, list[str]]:
    return commandline.import_file(database, path, applies=applies, now=NOW)


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "名册.xlsx"
    path.write_bytes(book(HEAD, ROW, ["一支部", "李四", "正式党员"]))
    return path


def test_a_roster_is_previewed_applied_and_then_unchanged(database: Database, roster: Path) -> None:
    first = "名册预览：新增2，变更0，转入0，职务变更0，无变化0，文件中无0，问题0。"
    assert bring_in(database, roster) == (0, [first, "新建 一支部", "没有写入。加上 --apply 才会导入。"])
    done = "已导入：新增2，变更0，转入0，职务变更0，无变化0。"
    assert bring_in(database, roster, applies=True) == (0, [first, "新建 一支部", done])
    assert bring_in(database, roster, applies=True) == (0, ["与现有名册一致，无变化。"])


def test_problems_are_exit_code_one_and_write_nothing(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(book(HEAD, ROW, ["一支部", "群一", "群众"], ["一支部", "李四", None]))
    code, lines = bring_in(database, path, applies=True)
    assert (code, lines[1:3]) == (
        1,
        [
            "问题 第 3 行类别“群众”不能识别，只能是正式党员或预备党员。",
            "问题 第 4 行缺少类别，请填正式党员或预备党员。",
        ],
    )
    path.write_bytes(book(HEAD, ROW))
    assert bring_in(database, path)[1][0].startswith("名册预览：新增1，")


def test_a_file_that_is_not_there_is_exit_code_two(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    assert bring_in(database, path) == (2, [f"找不到 {path}。"])
    assert bring_in(database, tmp_path) == (2, [f"{tmp_path} 是目录，不是文件。"])


def test_a_file_that_is_no_roster_is_exit_code_one(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"x")
    assert bring_in(database, path)[0] == 1
    path = tmp_path / "a.yaml"
    path.write_text("roster:\n\t- x", encoding="utf-8")
    assert bring_in(database, path) == (1, ["a.yaml:2:1 E003 行首有制表符（Tab），YAML 只能用空格缩进。"])


def test_the_template_is_written(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    assert commandline.write_template(path) == (0, [f"已写入 {path}。"])
    assert path.read_bytes().startswith(b"PK")
    assert commandline.write_template(tmp_path / "no" / "t.xlsx") == (2, [f"没有目录 {tmp_path / 'no'}，请先建立。"])
