"""What a stranger's file may not do: see secrets, go on for ever, write, reach other files, speak as a formula."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

from bot.banks import child, import_views, views
from bot.banks.formats import Format
from bot.banks.reading import MAX_FOREIGN_BYTES
from bot.banks.rules import WHOLE, Issue
from bot.demo.stage import Actor, Stage
from tests.banks.sheets import HEAD, load, sheet, spelled

Q = ("单选", "多久一次？", "每月", "每季度", "每半年", "每年", "B")
CAME_OUT = "单选 多久一次？ | A.每月 | B.每季度 | C.每半年 | D.每年 = B"
UNDER_LIMITS = """
import os, sys
from bot.banks.formats.__main__ import limit
limit()
try:
    bytearray(900 * 1024 * 1024)
    print("room")
except MemoryError:
    print("no room")
try:
    with open(sys.argv[1], "wb", buffering=0) as file:
        file.write(b"x")
    print("written")
except OSError:
    print("not written")
import resource
print(*resource.getrlimit(resource.RLIMIT_CPU))
"""


def children() -> list[int]:
    """Processes that this one has started, of whichever of its threads."""
    lists = Path("/proc/self/task").glob("*/children")
    return [int(pid) for one in lists for pid in one.read_text().split()]


def test_a_child_inherits_no_secrets(tmp_path: Path) -> None:
    secret = tmp_path / "ketang.db"
    secret.write_text("names")
    seen: dict[str, bytes | list[str]] = {}

    def look(_: int) -> None:
        for pid in children():
            place = Path(f"/proc/{pid}")
            if b"bot.banks.formats" in (place / "cmdline").read_bytes():
                seen["environment"] = (place / "environ").read_bytes()
                seen["files"] = [str(one.readlink()) for one in (place / "fd").iterdir()]

    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)  # as careless as it can be
        rows = [("判断", f"第{n}条是这样的", "", "", "", "", "对") for n in range(3000)]
        raw = child.read(sheet(HEAD, *rows), "题.xlsx", Format.EXCEL, look)
    assert len(raw.questions) == 3000
    assert seen["environment"] == b""
    assert str(secret) not in seen["files"]
    assert 3 <= len(seen["files"]) <= 5  # standard ones, and what it opens itself


def test_a_child_that_takes_too_long_is_ended_and_its_file_refused() -> None:
    before = set(children())
    data = sheet(HEAD, *[Q] * 3000)
    raw = child.read(data, "题.xlsx", Format.EXCEL, within=timedelta(milliseconds=30))
    assert raw.issues == [Issue("E218", "题.xlsx", WHOLE)]
    assert set(children()) <= before


def test_a_child_has_limits_on_memory_time_and_writing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", UNDER_LIMITS, str(tmp_path / "out")]
    root = str(Path(__file__).parents[2])
    told = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=root, env={"PYTHONPATH": root}
    )  # our own words
    assert told.stdout.splitlines() == ["no room", "not written", "20 20"]


def test_names_of_paths_inside_a_package_reach_nothing() -> None:
    data = BytesIO()
    with zipfile.ZipFile(BytesIO(sheet(HEAD, Q))) as old, zipfile.ZipFile(data, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.writestr("../../../../etc/cron.d/ketang", "* * * * * root true")
        new.writestr("/etc/passwd", "root")
    assert spelled(data.getvalue()) == [CAME_OUT]


def test_a_sheet_that_points_outside_its_package_finds_nothing() -> None:
    data = BytesIO()
    with zipfile.ZipFile(BytesIO(sheet(HEAD, Q))) as old, zipfile.ZipFile(data, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/_rels/workbook.xml.rels":
                content = content.replace(b"/xl/worksheets/sheet1.xml", b"/../../etc/passwd")
            new.writestr(name, content)
    assert spelled(data.getvalue()) == [" E204 没有读到题目。"]


def test_the_list_of_faults_is_a_text_with_one_line_per_fault() -> None:
    """Nothing in it begins with a sign that a table program takes for a formula, unless the file's own name does."""
    formula = '=HYPERLINK("http://x","看")\n=1+1\n@SUM(1)'
    checked = load(
        sheet(HEAD, ("单选", formula, "甲", "乙", "", "", "+1\n-1"), (formula, Q[1], "", "", "", "", ""))
    ).checked
    listing = import_views.faults(checked)
    lines = listing.data.decode("utf-8-sig").split("\n")
    assert listing.name == "题.xlsx.出错清单.txt"
    assert len(lines) == len(checked.issues)
    assert all(line.startswith("题.xlsx[题]!") for line in lines)
    assert lines == [views.line(issue) for issue in checked.issues]


async def test_a_file_that_is_too_large_is_not_even_fetched(stage: Stage, chat: Callable[[str], Actor]) -> None:
    answer = await chat("李四").upload("题.csv", bytes(MAX_FOREIGN_BYTES + 1))
    assert answer.message.text == "超过上限：文件 10 MB、20000 行、解压后 64 MB。"
    assert stage.calls("getFile") == []
