"""Files that name people, in the folder of the machine: who can open them, what they are called, how long they lie."""

import asyncio
import os
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from bot import exports
from bot.config import Config
from bot.db import Database
from bot.errors import UserError
from bot.exports import Folder, Kept, NotKept
from bot.message import Document

NOW = datetime(2026, 3, 2, 7, 30, 12, tzinfo=UTC)  # half past three in Beijing


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(exports="folder", export_folder=str(tmp_path / "data" / "exports"), export_days=7)


@pytest.fixture
def folder(config: Config) -> Folder:
    found = exports.folder(config)
    assert found is not None
    return found


def hand_over(to: Folder | None, *documents: Document, refusal: UserError | None = None) -> tuple[Kept | None, int]:
    """What is told, and how many files the transaction was to send."""
    sent: list[Document] = []

    async def deliver(files: Sequence[Document]) -> None:
        if refusal is not None:
            raise refusal
        sent.extend(files)

    return asyncio.run(exports.hand_over(to, documents, deliver, now=NOW)), len(sent)


def lying(folder: Folder) -> dict[str, bytes]:
    files = (file for file in folder.path.rglob("*") if file.is_file())
    return {file.relative_to(folder.path).as_posix(): file.read_bytes() for file in files}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_without_a_folder_files_are_sent() -> None:
    assert exports.folder(Config()) is None
    assert hand_over(None, Document("甲.xlsx", b"1"), Document("甲.csv", b"2")) == (None, 2)


def test_in_the_folder_nobody_else_can_open_them_and_nothing_is_sent(folder: Folder) -> None:
    umask = os.umask(0)
    try:
        kept, sent = hand_over(folder, Document("2026-001_三月测试_成绩.xlsx", b"1"), Document("表.csv", b"2"))
    finally:
        os.umask(umask)
    names = ("2026-03-02/153012_2026-001_三月测试_成绩.xlsx", "2026-03-02/153012_表.csv")
    assert (kept, sent) == (Kept(names, 7), 0)
    assert lying(folder) == dict(zip(names, (b"1", b"2"), strict=True))
    assert {mode(folder.path), mode(folder.path / "2026-03-02")} == {0o700}
    assert {mode(folder.path / name) for name in names} == {0o600}


def test_a_folder_that_others_could_read_is_closed(folder: Folder) -> None:
    folder.path.mkdir(parents=True, mode=0o755)
    folder.path.chmod(0o755)
    hand_over(folder, Document("甲.xlsx", b"1"))
    assert mode(folder.path) == 0o700


def test_nothing_is_written_over(folder: Folder) -> None:
    for data in (b"1", b"2", b"3"):
        hand_over(folder, Document("成绩.xlsx", data))
    assert lying(folder) == {
        "2026-03-02/153012_成绩.xlsx": b"1",
        "2026-03-02/153012_成绩-2.xlsx": b"2",
        "2026-03-02/153012_成绩-3.xlsx": b"3",
    }


def test_what_is_refused_leaves_nothing_behind(folder: Folder) -> None:
    with pytest.raises(NotKept):
        hand_over(folder, Document("甲.xlsx", b"1"), refusal=NotKept(reason="试"))
    assert lying(folder) == {}


def test_a_folder_that_cannot_be_written_is_named_by_its_reason(folder: Folder) -> None:
    folder.path.parent.mkdir(parents=True)
    folder.path.write_text("a file")
    with pytest.raises(NotKept, match="导出文件夹写不进去（已有同名文件），没有导出。"):
        hand_over(folder, Document("甲.xlsx", b"1"))


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("2026-001_三月测试_成绩.xlsx", "2026-001_三月测试_成绩.xlsx"),
        ("../../etc/passwd.xlsx", "____etc_passwd.xlsx"),
        ("..\\..\\a:b*c?.csv", "____a_b_c_.csv"),
        (".隐藏.txt", "隐藏.txt"),
        ("换\n行\x00空\u202e倒.csv", "换_行空倒.csv"),
        ("$(rm -rf ~);'\"|<>&.xlsx", "_rm -rf _.xlsx"),
        ("....xlsx", "_.xlsx"),
        ("", "_"),
    ],
)
def test_a_name_is_no_path_and_no_command(given: str, safe: str) -> None:
    assert exports.safe_name(given) == safe


def test_a_long_name_keeps_its_ending(folder: Folder) -> None:
    kept, _ = hand_over(folder, Document("长" * 200 + ".xlsx", b"1"))
    assert kept is not None
    (name,) = kept.names
    assert name.endswith("长.xlsx")
    assert len(Path(name).name.encode()) <= exports.MAX_NAME


def test_files_lie_as_long_as_the_office_says_and_nothing_else_is_touched(
    folder: Folder, config: Config, database: Database
) -> None:
    hand_over(folder, Document("甲.xlsx", b"1"))
    foreign = folder.path / "2026-03-02.txt"
    foreign.write_text("not ours")
    outside = folder.path.parent / "2026-01-01"
    outside.mkdir()
    (outside / "safe").write_text("not ours")
    (folder.path / "2026-01-02").symlink_to(outside)
    database.run(exports.prune, config=config, now=NOW + timedelta(days=7))
    assert len(lying(folder)) == 2
    database.run(exports.prune, config=config.model_copy(update={"exports": "chat"}), now=NOW + timedelta(days=8))
    assert set(lying(folder)) == {"2026-03-02.txt"}
    assert (outside / "safe").exists()


def test_without_a_folder_there_is_nothing_to_clear(database: Database, config: Config) -> None:
    database.run(exports.prune, config=config, now=NOW)
    assert not Path(config.export_folder).exists()


def test_of_somebody_who_is_erased_no_file_remains(folder: Folder, config: Config) -> None:
    book = BytesIO()
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/sharedStrings.xml", "<t>张三</t>" * 100)
    hand_over(folder, Document("成绩.xlsx", book.getvalue()), Document("名单.csv", "\ufeff张三,到".encode()))
    hand_over(folder, Document("别人.csv", "李四".encode()))
    assert exports.drop_naming(config, "张三") == 2
    assert set(lying(folder)) == {"2026-03-02/153012_别人.csv"}


def test_a_check_says_what_stands_in_the_way_and_makes_nothing(config: Config) -> None:
    path = Path(config.export_folder)
    assert exports.problems(config) == exports.problems(Config()) == []
    assert not path.parent.exists()
    path.parent.mkdir()
    path.write_text("a file")
    assert exports.problems(config) == [f"导出文件夹 {path} 写不进去，请检查目录属主和权限。"]
