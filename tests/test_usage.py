"""What the command line says of itself, and of what was typed wrong: Chinese throughout, exit code 2 for wrong use."""

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner, Result

from bot.__main__ import app

ROOM = 80  # columns of a small terminal
ENGLISH = re.compile(r"[A-Z][a-z]+ [a-z]+|Usage|Options|Commands|Arguments|Error|required|default:|<\w+>")


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KETANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def ketang(*words: str) -> Result:
    return CliRunner().invoke(app, words, prog_name="ketang")


def test_the_whole_program_explains_itself() -> None:
    result = ketang("--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (
        result.stdout
        == """\
用法：ketang [选项] 命令

共富小课堂：国企党支部的 Telegram 机器人。

命令：
  demo      本机演示：真实的机器人加模拟的 Telegram，不联网，不要令牌。
  run       启动机器人。只需要环境变量 KETANG_BOT__TOKEN。
  check     检查配置、内容文件和数据库，不改动任何东西；除数据库外不连接别处。
  migrate   建立或升级数据库。
  bank      题库：检查、导入、列出、导出。
  roster    名册：模板、导入。
  calendar  工作日历：导入放假安排。

选项：
  --help  显示这份说明。
"""
    )


def test_a_command_explains_its_arguments_and_options() -> None:
    result = ketang("bank", "import", "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (
        result.stdout
        == """\
用法：ketang bank import [选项] 文件

导入题库；有一处错误就整份不写入，除非跳过出错的行。

参数：
  文件  题库文件。

选项：
  --bank 编号        改用这个题库编号。
  --title 标题       改用这个标题。
  --scope 归属       district、company:编号 或 branch:编号。
  --replace          文件里没有的题停用，不保留。
  --skip-bad         跳过出错的行，导入其余的题。
  --dry-run          只试读，不写入。
  -c, --config 文件  配置文件，默认 config.yaml（没有也可以）。
  --help             显示这份说明。
"""
    )


def test_an_option_that_must_be_given_is_marked() -> None:
    assert "\n  -o, --output 文件  必填。写到这个文件（.xlsx）。\n" in ketang("roster", "template", "--help").stdout


def _all_commands(group: TyperGroup, *above: str) -> Iterator[tuple[str, ...]]:
    yield above
    for name, command in group.commands.items():
        below = (*above, name)
        yield from _all_commands(command, *below) if isinstance(command, TyperGroup) else [below]


def test_every_explanation_is_chinese_and_fits_a_small_terminal() -> None:
    whole = get_command(app)
    assert isinstance(whole, TyperGroup)
    everything = list(_all_commands(whole))
    assert len(everything) == 15
    for words in everything:
        shown = ketang(*words, "--help").stdout
        assert shown.startswith(f"用法：{' '.join(('ketang', *words))} [选项]")
        assert not ENGLISH.search(shown.replace("Telegram", "")), shown
        assert max(_columns(line) for line in shown.splitlines()) <= ROOM, shown


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in line)


@pytest.mark.parametrize("words", [(), ("bank",), ("roster",), ("calendar",)], ids=" ".join)
def test_a_group_without_a_command_explains_itself_as_wrong_use(words: tuple[str, ...]) -> None:
    result = ketang(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == ketang(*words, "--help").stdout


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("nonsense", "没有命令“nonsense”，可用的有 demo、run、check、migrate、bank、roster、calendar。"),
        ("migrat", "没有命令“migrat”，是否想写“migrate”？"),
        ("bank chek", "没有命令“chek”，是否想写“check”？"),
        ("bank --", "缺少命令，可用的有 check、import、list、export。"),
        ("run --foo", "没有选项“--foo”。"),
        ("run -x", "没有选项“-x”。"),
        ("bank --hlp", "没有选项“--hlp”，是否想写“--help”？"),
        ("demo --no-brwser", "没有选项“--no-brwser”，是否想写“--no-browser”？"),
        ("run --config", "选项“--config”缺少值，写法：--config 文件。"),
        ("run -c", "选项“-c”缺少值，写法：-c 文件。"),
        ("demo --browser=3", "选项“--browser”后面不写值，请去掉等号和它后面的内容。"),
        ("bank check", "缺少参数“文件”：题库文件，或放题库的目录。"),
        ("bank export", "缺少参数“编号”：题库编号。"),
        ("roster template", "缺少选项“--output”：写到这个文件（.xlsx）。"),
        ("run 甲 乙", "多了“甲 乙”，请去掉；文件名里有空格时，用引号括起来。"),
        ("demo --port abc", "选项“--port”的值“abc”不对，应是 1～65535 的整数。"),
        ("demo --port 8787.5", "选项“--port”的值“8787.5”不对，应是 1～65535 的整数。"),
        ("demo --port 0", "选项“--port”的值“0”不对，应是 1～65535 的整数。"),
        ("demo --port 65536", "选项“--port”的值“65536”不对，应是 1～65535 的整数。"),
        ("demo --seed half", "选项“--seed”的值“half”不对，只能是 full 或 empty。"),
    ],
)
def test_what_was_typed_wrong_is_told_with_what_to_do(words: str, line: str) -> None:
    result = ketang(*words.split(" "))
    assert (result.exit_code, result.stdout) == (2, "")
    told, usage, where = result.stderr.splitlines()
    assert told == line
    assert usage.startswith("用法：ketang")
    assert where == f"说明：{usage.removeprefix('用法：').split(' [选项]')[0]} --help"


def test_a_wrong_word_is_told_under_the_command_it_belongs_to() -> None:
    assert ketang("bank", "check", "--stict", "a.yaml").stderr.splitlines() == [
        "没有选项“--stict”，是否想写“--strict”？",
        "用法：ketang bank check [选项] 文件 …",
        "说明：ketang bank check --help",
    ]


def test_a_wrong_word_cannot_steer_the_terminal() -> None:
    result = ketang("run\x1b[31m\n假的")
    assert result.exit_code == 2
    assert result.stderr.startswith("没有命令“run?[31m?假的”，")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ("check", "-c", "none.yaml"),
            "找不到配置文件 none.yaml。可复制 config.example.yaml 后再启动，或先运行 ketang demo。",
        ),
        (("check", "-c", "x" * 300), f"读不了配置文件 {'x' * 300}：名称太长。"),
        (("check", "-c", "."), "读不了配置文件 .：这是一个目录。"),
        (("bank", "check", "none.yaml"), "读写不了 none.yaml：没有这个文件或目录。"),
        (("bank", "check", "x" * 300), f"读写不了 {'x' * 300}：名称太长。"),
    ],
    ids=lambda value: " ".join(value)[:20],
)
def test_a_file_that_cannot_be_used_is_told(words: tuple[str, ...], line: str) -> None:
    result = ketang(*words)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{line}\n")
