"""Commands that cannot do their work: a sentence and an exit code, never a traceback."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from bot.__main__ import app, greeting
from bot.app import prepare
from bot.config import Config
from bot.db import Database
from bot.meetings import kinds

ROOT = Path(__file__).parent.parent
TOKEN = "7123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawQ"
COMMANDS = [
    *(("run",), ("migrate",), ("bank", "list"), ("bank", "export", "x")),
    *(("roster", "import", "roster.yaml"), ("calendar", "import", "2027.yaml")),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and a token in the environment."""
    for name in [name for name in os.environ if name.startswith("KETANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KETANG_BOT__TOKEN", TOKEN)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "roster.yaml").write_text("members: []\n", encoding="utf-8")
    return tmp_path


def ketang(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def told(result: Result) -> str:
    """What was said on the way out; the command ended by itself, not by an error."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert TOKEN not in result.output
    return result.stderr


@pytest.mark.parametrize("words", [*COMMANDS, ("check",)], ids=" ".join)
def test_a_wrong_setting_is_told_by_every_command(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "config.yaml").write_text("web:\n  prot: 1\n", encoding="utf-8")
    result = ketang(*words)
    assert told(result) == "第 2 行不认识“prot”，是否想写“port”？\n"
    assert result.exit_code == 2


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_newer_database_is_told_by_every_command(folder: Path, words: tuple[str, ...]) -> None:
    assert ketang("migrate").exit_code == 0
    database = Database("sqlite:///data/ketang.db")
    database.run(lambda session: session.execute(text("UPDATE alembic_version SET version_num = 'v9999'")))
    database.close()
    result = ketang(*words)
    assert told(result) == "数据库是更新的程序建立的（版本 v9999），这个程序不认识。请升级程序，数据没有改动。\n"
    assert result.exit_code == 2


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_damaged_database_is_told_by_every_command(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "ketang.db").write_bytes(b"no database" * 1000)
    result = ketang(*words)
    assert told(result).startswith("数据库文件 data/ketang.db 已损坏，")
    assert result.exit_code == 2


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_file_in_the_place_of_the_databases_folder_is_told(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "data").write_text("")
    result = ketang(*words)
    assert told(result) == "数据库要放在目录 data 里，但那里有一个同名文件，请改名或换一个目录。\n"
    assert result.exit_code == 2


def test_checking_sees_a_file_in_the_place_of_the_folder(folder: Path) -> None:
    (folder / "data").write_text("")
    result = ketang("check")
    assert (result.exit_code, "同名文件" in result.stdout) == (1, True)


def test_checking_sees_an_export_folder_that_cannot_be_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "out").write_text("")
    monkeypatch.setenv("KETANG_EXPORTS", "folder")
    monkeypatch.setenv("KETANG_EXPORT_FOLDER", "out")
    result = ketang("check")
    assert (result.exit_code, result.stdout) == (1, "导出文件夹 out 写不进去，请检查目录属主和权限。\n")


def test_a_server_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KETANG_DATABASE__URL", "postgresql://ketang:secret@127.0.0.1:1/ketang")
    result = ketang("migrate")
    assert told(result).startswith("连不上数据库：")
    assert "secret" not in result.output
    checked = ketang("check")
    assert (checked.exit_code, checked.stdout) == (1, result.stderr)


@pytest.mark.parametrize(
    ("token", "line"),
    [
        ("", "还没有填写机器人令牌。请设置环境变量 KETANG_BOT__TOKEN，或运行 ketang demo 先体验。\n"),
        ("7000000001:DEMO-x", "这是演示用的令牌，只能用于 ketang demo；请向 @BotFather 申请自己的令牌。\n"),
    ],
)
def test_a_start_without_a_real_token_is_refused(monkeypatch: pytest.MonkeyPatch, token: str, line: str) -> None:
    monkeypatch.setenv("KETANG_BOT__TOKEN", token)
    result = ketang("run")
    assert told(result) == line
    assert result.exit_code == 2
    assert not Path("data").exists()


def test_a_start_names_the_bot_and_says_how_to_become_its_administrator() -> None:
    now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    first, *_, second = greeting(Config(), "ketang_bot", now=now)
    assert first == "已启动：@ketang_bot，北京时间 2026-03-02 09:00。Ctrl+C 停止。"
    assert "/id" in second
    assert "KETANG_ROOT_USER_IDS" in second
    assert second not in greeting(Config(root_user_ids=(1003,)), "ketang_bot", now=now)


GREETING = """
from datetime import UTC, datetime
from bot.__main__ import greeting
from bot.config import Config
print(*greeting(Config(root_user_ids=(1003,)), "ketang_bot", now=datetime(2026, 3, 2, 1, 0, tzinfo=UTC)), sep="\\n")
"""


def test_a_machine_in_another_zone_and_without_tables_of_zones_keeps_beijing_time() -> None:
    machine = {**os.environ, "TZ": "EST5", "PYTHONTZPATH": "/nowhere", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", GREETING], capture_output=True, text=True, check=True, env=machine, cwd=ROOT
    )
    assert done.stdout.splitlines() == [
        "已启动：@ketang_bot，北京时间 2026-03-02 09:00。Ctrl+C 停止。",
        "本机时区是 EST，现在 20:00；会议和提醒一律按北京时间。",
    ]


def test_a_start_reads_the_kinds_of_meetings_first() -> None:
    kinds.shipped.cache_clear()
    database = Database("sqlite:///a.db")
    prepare(Config(), database, now=datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
    database.close()
    assert kinds.shipped.cache_info().currsize == 1


def test_migrating_says_what_it_did() -> None:
    first, again = ketang("migrate"), ketang("migrate")
    assert first.stdout.startswith("数据库已建立或升级到版本 ")
    assert (again.exit_code, again.stdout) == (0, "数据库已是最新版本。\n")


def test_checking_touches_nothing() -> None:
    assert ketang("check").exit_code == 0
    assert not Path("data").exists()


def test_days_off_are_imported_once(folder: Path) -> None:
    file = folder / "2027.yaml"
    assert (ketang("calendar", "import", "2027.yaml").exit_code, file.exists()) == (2, False)
    file.write_text("year: 2027\nsource: 通知\ndays:\n  - {name: 元旦, date: 2027-01-01}\n", encoding="utf-8")
    result = ketang("calendar", "import", "2027.yaml")
    assert (result.exit_code, result.stdout) == (1, "第 4 行：缺少“isOffDay”。\n")
    file.write_text(file.read_text("utf-8").replace("}", ", isOffDay: true}"), encoding="utf-8")
    assert "已导入2027年放假安排：放假1天。\n" in ketang("calendar", "import", "2027.yaml").stdout
    result = ketang("calendar", "import", "2027.yaml")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "已导入，无变化。")
