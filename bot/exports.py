"""Where files go that name people: by the outbox into the private chat of whoever asked, or into a folder on this
machine, which only the account of the program can open, for some days. Nothing of them stays in the database.

Not so what somebody asks for about himself, who cannot open that folder; nor links to join by, of which only a hash may
lie anywhere: both are answers in private.
"""

import asyncio
import errno
import os
import re
import zipfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape
from io import BytesIO
from pathlib import Path

from sqlalchemy import null, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.config import Config
from bot.errors import UserError
from bot.message import Document, clean
from bot.outbox import Hooks, Lane, OutboxRow, Sent, State
from bot.periods import beijing, local_day
from bot.reasons import why

MAX_NAME = 180  # bytes of a file's name; file systems take 255
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNSAFE = re.compile(r"[^\w（）《》“”、，·. -]+")  # \w: letters and digits of every script
_PRIVATE, _OWNERS = 0o700, 0o600


class NotKept(UserError):
    text = "导出文件夹写不进去（{reason}），没有导出。请联系管理员。"


@dataclass(frozen=True, slots=True)
class Folder:
    path: Path
    keep_for: timedelta


@dataclass(frozen=True, slots=True)
class Kept:
    """Files that lie in the folder: where, from there, and how long."""

    names: tuple[str, ...]
    days: int


def folder(config: Config) -> Folder | None:
    """None: files are sent."""
    return _folder(config) if config.exports == "folder" else None


def _folder(config: Config) -> Folder:
    return Folder(Path(config.export_folder), timedelta(days=config.export_days))


async def hand_over(
    to: Folder | None,
    documents: Sequence[Document],
    deliver: Callable[[Sequence[Document]], Awaitable[object]],
    *,
    now: datetime,
) -> Kept | None:
    """`deliver` is the transaction: it decides, takes down who exports what, and gives what it is handed to `send`.

    A file comes to its name only when that is committed; None if it was sent.
    """
    if to is None:
        await deliver(documents)
        return None
    drafts = await asyncio.to_thread(_write, to, documents, now)
    try:
        await deliver(())
        return Kept(await asyncio.to_thread(_publish, to, drafts), to.keep_for.days)
    finally:
        await asyncio.to_thread(_discard, drafts)


def send(
    session: Session, key: str, user_id: int, documents: Sequence[Document], *, now: datetime, keep_for: timedelta
) -> None:
    """Files, each of another kind, into a private chat; `key` begins with a prefix that has `HOOKS`."""
    until = now + keep_for
    for document in documents:
        own = f"{key}:{document.name.rpartition('.')[2]}"
        outbox.enqueue(session, own, chat_id=user_id, content=document, lane=Lane.NOTICE, now=now, valid_until=until)


def _sent(session: Session, key: str, _: Sent) -> None:
    forget(session, key)


def _failed(session: Session, key: str, _: State, __: datetime) -> None:
    forget(session, key)


def forget(session: Session, key: str) -> None:
    """What went out, or never will, is not kept here."""
    statement = update(OutboxRow).where(OutboxRow.key == key).values(body=null())
    session.execute(statement.execution_options(synchronize_session=False))


HOOKS = Hooks(sent=_sent, failed=_failed)


# -- the folder --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Draft:
    """A file that is whole and has no name yet."""

    at: Path
    name: str


def safe_name(name: str) -> str:
    """A file's name out of words that people have typed: no path, nothing hidden, not too long."""
    stem, dot, ending = clean(name).rpartition(".")
    plain = _UNSAFE.sub("_", stem if dot else ending).replace("..", "_").strip(" .")
    ending = f".{_UNSAFE.sub('', ending)}" if dot else ""
    room = MAX_NAME - len(ending.encode())
    return (plain.encode()[:room].decode(errors="ignore").strip(" .") or "_") + ending


def _write(to: Folder, documents: Sequence[Document], now: datetime) -> list[_Draft]:
    """All of it on the disk, or an error; the hour before the name, for titles are alike."""
    drafts: list[_Draft] = []
    try:
        day = _opened(_opened(to.path) / f"{local_day(now):%Y-%m-%d}")
        for place, document in enumerate(documents):
            at = day / f".{os.getpid()}-{now.timestamp():.6f}-{place}.part"
            drafts.append(_Draft(at, safe_name(f"{beijing(now):%H%M%S}_{document.name}")))
            with os.fdopen(os.open(at, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _OWNERS), "wb") as file:
                file.write(document.data)
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        _discard(drafts)
        raise NotKept(reason=why(error)) from error
    return drafts


def _opened(path: Path) -> Path:
    """The folder, for us alone even if it was there before."""
    path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    path.chmod(_PRIVATE)
    return path


def _publish(to: Folder, drafts: Sequence[_Draft]) -> tuple[str, ...]:
    names = []
    try:
        for draft in drafts:
            named = _free(draft)
            draft.at.replace(named)
            names.append(named.relative_to(to.path).as_posix())
        for day in {draft.at.parent for draft in drafts}:  # the names, too, are on the disk before they are told
            _sync(day)
    except OSError as error:
        raise NotKept(reason=why(error)) from error
    return tuple(names)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _free(draft: _Draft) -> Path:
    """A name that is ours: what lies there already is never written over."""
    stem, dot, ending = draft.name.rpartition(".")
    for number in range(1, 10_000):
        name = draft.name if number == 1 else f"{stem}-{number}{dot}{ending}"
        try:
            os.close(os.open(draft.at.with_name(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNERS))
        except FileExistsError:
            continue
        return draft.at.with_name(name)
    raise FileExistsError(errno.EEXIST, draft.name)


def _discard(drafts: Sequence[_Draft]) -> None:
    for draft in drafts:
        draft.at.unlink(missing_ok=True)


# -- how long they lie there -------------------------------------------------------------------------------------------


def prune(_: Session, *, config: Config, now: datetime) -> None:
    """What has lain there long enough goes, also after files are sent again."""
    for day in _days(_folder(config).path):
        if date.fromisoformat(day.name) < local_day(now - timedelta(days=config.export_days)):
            for file in _files(day):
                file.unlink(missing_ok=True)
            if not any(day.iterdir()):
                day.rmdir()


def drop_naming(config: Config, name: str) -> int:
    """Files that name somebody who has been erased go at once; how many those were."""
    gone = [file for day in _days(_folder(config).path) for file in _files(day) if _names(file, name)]
    for file in gone:
        file.unlink(missing_ok=True)
    return len(gone)


def _names(file: Path, name: str) -> bool:
    data = file.read_bytes()
    wanted = {name.encode(), escape(name).encode(), escape(name, quote=False).encode()}
    if zipfile.is_zipfile(BytesIO(data)):
        with zipfile.ZipFile(BytesIO(data)) as book:
            return any(one in book.read(part) for part in book.namelist() for one in wanted)
    return any(one in data for one in wanted)


def _days(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return sorted(one for one in path.iterdir() if _DAY.fullmatch(one.name) and one.is_dir() and not one.is_symlink())


def _files(day: Path) -> Iterator[Path]:
    return (one for one in list(day.iterdir()) if one.is_file() or one.is_symlink())


def problems(config: Config) -> list[str]:
    """Why nothing could be put into the folder; changes nothing."""
    to = folder(config)
    if to is None:
        return []
    there = next(one for one in (to.path, *to.path.absolute().parents) if one.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return [str(NotWritable(path=to.path))]
    if there == to.path and to.path.stat().st_uid != os.getuid():
        return [str(OfOthers(path=to.path))]
    return []


class NotWritable(UserError):
    text = "导出文件夹 {path} 写不进去，请检查目录属主和权限。"


class OfOthers(UserError):
    text = "导出文件夹 {path} 属于别的用户，程序不能把它设为仅自己可读，请换一个目录。"
