"""Shipped banks at the start of the program."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import outbox
from bot.banks import service, views
from bot.banks.revisions import Difference
from bot.db import Database
from tests.banks.acts import confirmed, drawable, the_bank
from tests.banks.files import GOOD
from tests.make import NOW, Cast

LATER = NOW + timedelta(hours=1)
FIRST = Difference(0, added=4)


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    """On SQLite only: no statement here is not also in test_service."""
    database = Database(sqlite_url)
    yield database
    database.close()


def sync(database: Database, folder: Path) -> list[str]:
    files = service.load_folder(folder, database.look(service.synced), on=date(2026, 3, 2))
    left = database.run(service.sync, files, views.left_alone, [9001], now=NOW)
    return [loaded.name for loaded in left]


def notices(database: Database) -> list[str]:
    query = select(outbox.OutboxRow.body).order_by(outbox.OutboxRow.id)
    return [str(body["text"]) for body in database.look(lambda session: session.scalars(query).all()) if body]


def test_shipped_banks_are_taken_over_at_the_start_once(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "banks"
    folder.mkdir()
    (folder / "a.yaml").write_text(GOOD, "utf-8")
    assert sync(database, folder) == []
    assert service.load_folder(folder, database.look(service.synced), on=date(2026, 3, 2)) == []
    (folder / "a.yaml").write_text(GOOD.replace("应知应会", "要点"), "utf-8")
    assert sync(database, folder) == []
    assert database.look(the_bank).title == "支部工作要点"
    (folder / "a.yaml").write_text(GOOD, "utf-8")
    assert sync(database, folder) == []
    assert database.look(the_bank).title == "支部工作应知应会"


def test_a_broken_shipped_file_keeps_the_last_good_revision_and_is_told_once(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "banks"
    folder.mkdir()
    (folder / "a.yaml").write_text(GOOD, "utf-8")
    sync(database, folder)
    (folder / "a.yaml").write_text(GOOD.replace("answer: B\n", "answer: E\n"), "utf-8")
    assert sync(database, folder) == sync(database, folder) == ["a.yaml"]
    assert len(drawable(database)) == 4
    assert notices(database) == [
        "题库文件 a.yaml 有错，仍用上一个版本：\n"
        "a.yaml:13:13 E112 答案“E”不在选项 A、B、C、D 里。\n"
        "共 1 处错误、0 处提醒；没有写入题库。修好后再发一次即可。"
    ]


def test_a_shipped_file_never_writes_over_what_was_edited_here(database: Database, cast: Cast, tmp_path: Path) -> None:
    folder = tmp_path / "banks"
    folder.mkdir()
    (folder / "a.yaml").write_text(GOOD, "utf-8")
    sync(database, folder)
    confirmed(database, cast.wang, GOOD.replace("应知应会", "要点"))
    (folder / "a.yaml").write_text(GOOD.replace("应知应会", "新题"), "utf-8")
    assert sync(database, folder) == ["a.yaml"]
    assert database.look(the_bank).title == "支部工作要点"
    assert notices(database) == ["随程序的题库文件 a.yaml 有新内容，但这个题库在本机改过，没有覆盖。"]


def test_a_shipped_file_does_not_take_the_number_of_a_branch(database: Database, cast: Cast, tmp_path: Path) -> None:
    confirmed(database, cast.li)
    folder = tmp_path / "banks"
    folder.mkdir()
    (folder / "a.yaml").write_text(GOOD.replace("应知应会", "要点"), "utf-8")
    assert sync(database, folder) == ["a.yaml"]
    assert "E127" in notices(database)[0]


def test_the_content_of_the_program_is_taken_over(database: Database) -> None:
    assert sync(database, Path(__file__).parents[2] / "content" / "banks") == []
    assert len(drawable(database)) >= 59
    shown = database.look(lambda session: service.banks(session, on=date(2026, 6, 1)))
    assert {bank.stale for bank in shown} == {0}
