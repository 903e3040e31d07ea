"""`ketang bank`: exit codes and exact lines, by the real command line on a database of its own."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app
from tests.banks.files import GOOD

COUNTS = "4 题（单选 1、多选 1、判断 1、填空 1）"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sqlite_url: str) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KETANG_DATABASE__URL", sqlite_url)
    Path("good.yaml").write_text(GOOD, "utf-8")
    return tmp_path


ROW = "zhibu-basics 支部工作应知应会 4（1/1/1/1） 1 全体支部 《中国共产党支部工作条例（试行）》等 2 件 0"


def ketang(*words: str) -> Result:
    return CliRunner().invoke(app, ["bank", *words])


def test_a_clean_file_ends_with_its_counts_and_zero() -> None:
    result = ketang("check", "good.yaml")
    assert (result.exit_code, result.stdout) == (0, f"good.yaml：{COUNTS}，0 处错误、0 处提醒。\n")


def test_a_file_with_errors_ends_with_one() -> None:
    Path("bad1.yaml").write_text("schema: 1\nbank: demo\ntitle：演示题库\nquestions:\n\t- id: a\n", "utf-8")
    result = ketang("check", "bad1.yaml")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "bad1.yaml:3:6 E002 冒号是中文全角“：”，请改成半角“:”加一个空格。",
        "bad1.yaml:5:1 E003 行首有制表符（Tab），YAML 只能用空格缩进。",
        "共 2 处错误、0 处提醒；没有写入题库。修好后再发一次即可。",
    ]
    assert (ketang("import", "bad1.yaml").exit_code, ketang("list").stdout) == (1, "还没有题库。\n")


def test_hints_count_only_when_asked_to() -> None:
    Path("hints.yaml").write_text(GOOD.replace("    explain: 一般每季度召开一次。\n", ""), "utf-8")
    assert ketang("check", "hints.yaml").exit_code == 0
    result = ketang("check", "good.yaml", "hints.yaml", "--strict")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"good.yaml：{COUNTS}，0 处错误、0 处提醒。",
        "hints.yaml:8:1 W307 1 道题没有解析：zb-001。",
        f"hints.yaml：{COUNTS}，0 处错误、1 处提醒。",
    ]


def test_all_faults_are_listed_when_asked_for() -> None:
    many = "schema: 1\nbank: demo\ntitle: 题\nquestions:\n" + "  - 甲\n" * 60
    Path("many.yaml").write_text(many, "utf-8")
    assert len(ketang("check", "many.yaml").stdout.splitlines()) == 52
    assert len(ketang("check", "many.yaml", "--all").stdout.splitlines()) == 61


def test_a_folder_stands_for_its_files(folder: Path) -> None:
    assert ketang("check", str(folder)).stdout == f"{folder}/good.yaml：{COUNTS}，0 处错误、0 处提醒。\n"


def test_a_folder_without_banks_is_no_success(folder: Path) -> None:
    (folder / "none").mkdir()
    empty = ketang("check", "none", "good.yaml")
    assert (empty.exit_code, empty.stdout, empty.stderr) == (2, "", "none 里没有题库文件。\n")


def test_wrong_use_ends_with_two() -> None:
    missing = ketang("check", "good.yaml", "none.yaml")
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert missing.stderr == "读写不了 none.yaml：没有这个文件或目录。\n"
    assert ketang("check").exit_code == 2
    assert ketang("import", "none.yaml").exit_code == 2
    assert ketang("import", "good.yaml", "--scope", "上级").exit_code == 2
    assert ketang("import", "good.yaml", "--bank", "题").exit_code == 2
    unknown = ketang("export", "nothing")
    assert (unknown.exit_code, unknown.stderr) == (2, "没有题库“nothing”，或您无权查看。\n")
    assert ketang("export", "nothing", "-o", "none/x.yaml").exit_code == 2


def test_an_import_says_what_it_did_and_a_second_one_that_nothing_changed() -> None:
    first, again = ketang("import", "good.yaml"), ketang("import", "good.yaml")
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.stdout.splitlines()[-1] == "已导入：新增 4，修改 0，未变 0，停用 0。题库版本 1。"
    assert again.stdout.splitlines()[-1] == "内容没有变化（版本 1）。"


def test_a_dry_run_shows_what_would_change() -> None:
    ketang("import", "good.yaml")
    shorter = "".join(line for line in GOOD.splitlines(keepends=True) if "zb-003" not in line)
    Path("shorter.yaml").write_text(shorter, "utf-8")
    result = ketang("import", "shorter.yaml", "--dry-run")
    assert result.stdout.splitlines()[1:] == [
        "试读：shorter.yaml → 题库“支部工作应知应会”（版本 1）",
        "读到 3 行：可导入 3 道（单选 1、多选 1、判断 0、填空 1），其中新增 0、修改 0、未变 3；略去重复 0；出错 0 行。",
        "文件里没有的 1 道将停用。",
    ]
    assert ketang("import", "good.yaml").stdout.splitlines()[-1] == "内容没有变化（版本 1）。"


def test_a_file_with_an_error_is_not_imported() -> None:
    Path("bad.yaml").write_text(GOOD.replace("answer: B\n", "answer: E\n"), "utf-8")
    result = ketang("import", "bad.yaml")
    assert result.exit_code == 1
    assert ketang("list").stdout == "还没有题库。\n"


def test_banks_are_listed_as_a_table_and_as_json() -> None:
    ketang("import", "good.yaml")
    assert [line.split() for line in ketang("list").stdout.splitlines()] == [
        ["编号", "题库", "题数（单/多/判/填）", "版本", "归属", "依据", "待核对"],
        ROW.split(),
    ]
    assert json.loads(ketang("list", "--json", "--scope", "district").stdout) == [
        {
            "slug": "zhibu-basics",
            "title": "支部工作应知应会",
            "revision": 1,
            "questions": {"single": 1, "multiple": 1, "true_false": 1, "blank": 1},
            "scope": {"kind": "district", "unit_id": None},
            "sources": ["中国共产党支部工作条例（试行）", "中国共产党章程"],
            "stale": 0,
        }
    ]
    assert ketang("list", "--scope", "branch:1").exit_code == 2


def test_an_export_goes_to_a_file_or_to_the_screen() -> None:
    ketang("import", "good.yaml")
    assert ketang("export", "zhibu-basics", "-o", "out.yaml").stdout == "题库 zhibu-basics 已导出到 out.yaml。\n"
    assert ketang("export", "zhibu-basics").stdout == Path("out.yaml").read_text("utf-8")
    assert ketang("import", "out.yaml").stdout.splitlines()[-1] == "内容没有变化（版本 1）。"
