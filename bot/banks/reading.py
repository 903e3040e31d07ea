"""A bank file's way from its bytes to a bank that can be written. Needs no database; slow, so for a thread."""

import hashlib
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePath

from bot.banks import child, foreign, lint, revisions
from bot.banks.child import Progress, uncollected
from bot.banks.formats import Format, format_of, wire
from bot.banks.formats.raw import RawFile
from bot.banks.formats.schema1 import SLUG
from bot.banks.judging import Ground, key_of
from bot.banks.lint import Checked
from bot.banks.revisions import Ready
from bot.banks.rules import MAX_QUESTIONS, MAX_TITLE, WHOLE, Bank, Issue, Mode, Source, digest, in_force
from bot.errors import UserError
from bot.message import clean, cut, units

MAX_FOREIGN_BYTES = 10 * 1024 * 1024
REFUSED = {Format.OLD_EXCEL: "E201", Format.LOCKED: "E202", Format.BROKEN: "E219", Format.SWOLLEN: "E218"}
READABLE = frozenset({Format.EXCEL, Format.TABLE, Format.JSON, Format.LIST, Format.WORD, Format.GIFT})
_ASCII = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class BadName(UserError):
    text = "题库编号应是 2–40 位小写字母、数字或“-”，标题 1–60 字。"


@dataclass(frozen=True, slots=True)
class Way:
    """Where a foreign file goes: into the bank of this head (questions left out), as its sender chose."""

    head: Bank
    mode: Mode = Mode.MERGE
    source: str = ""  # the document its questions are based on


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file read and judged; `ready` is None when nothing of it can be written.

    YAML with one error cannot; of a foreign file what is good can, if its sender says so.
    """

    name: str
    sha256: str
    checked: Checked
    ready: Ready | None
    kind: Format = Format.YAML
    packed: bytes | None = None  # what was read of a foreign file, to be judged again without reading it again


def load(
    data: bytes,
    name: str,
    *,
    on: date,
    editions: Iterable[Source] = (),
    slug: str | None = None,
    title: str | None = None,
    way: Way | None = None,
    progress: Progress | None = None,
) -> Loaded:
    """Read, judge and prepare a file, if wanted under another number or title."""
    check_names(slug=slug, title=title)
    kind, sha256 = format_of(data, name), hashlib.sha256(data).hexdigest()
    if kind is Format.YAML:
        with uncollected():
            return _yaml(data, name, sha256, on, editions, slug, title)
    if fault := _refusal(kind, name, len(data)):
        return Loaded(name, sha256, Checked(name, None, (fault,)), None, kind)
    raw = child.read(data, name, kind, progress)
    title = title or title_of(name)
    way = way or Way(Bank(slug or slug_of(title), title, ()))
    with uncollected():
        packed = zlib.compress(wire.dumps(raw), 1)
    return replace(judged(raw, sha256, way, on=on, editions=editions), kind=kind, packed=packed)


def check_names(*, slug: str | None, title: str | None) -> None:
    if (slug and SLUG.fullmatch(slug) is None) or units(title or "") > MAX_TITLE:
        raise BadName


def again(packed: bytes, name: str, sha256: str, way: Way, *, on: date, editions: Iterable[Source] = ()) -> Loaded:
    """A file that was read before, on another way into another bank."""
    with uncollected():
        raw = wire.loads(zlib.decompress(packed), name)
    return judged(raw, sha256, way, on=on, editions=editions)


def judged(raw: RawFile, sha256: str, way: Way, *, on: date, editions: Iterable[Source] = ()) -> Loaded:
    """What a foreign file would make of its bank."""
    with uncollected():
        result = foreign.judge(raw, Ground(way.head.defaults, _known(way.head, editions, on), way.source))
        is_right_size = 0 < len(result.drawn) <= MAX_QUESTIONS
        bank = foreign.bank_of(result, way.head) if is_right_size else None
        issues = foreign.with_hints(result, raw.file, bank)
        if len(result.drawn) > MAX_QUESTIONS:
            issues = (Issue("E011", raw.file, WHOLE), *issues)
        ready = revisions.prepared(bank, sha256, way.mode) if bank else None
    return Loaded(raw.file, sha256, Checked(raw.file, bank, issues, rows=result.rows), ready)


def check(data: bytes, name: str, *, on: date) -> Checked:
    return load(data, name, on=on).checked


def _refusal(kind: Format, name: str, size: int) -> Issue | None:
    if kind in REFUSED:
        return Issue(REFUSED[kind], name, WHOLE)
    if kind not in READABLE:
        return Issue("E217", name, WHOLE, {"kind": kind.value})
    return Issue("E218", name, WHOLE) if size > MAX_FOREIGN_BYTES else None


def _yaml(
    data: bytes, name: str, sha256: str, on: date, editions: Iterable[Source], slug: str | None, title: str | None
) -> Loaded:
    checked = lint.check(data, name, on=on, editions=editions)
    if checked.bank is not None:
        bank = replace(checked.bank, slug=slug or checked.bank.slug, title=title or checked.bank.title)
        checked = replace(checked, bank=bank)
    ready = revisions.ready(checked.bank, data) if checked.bank else None
    return Loaded(name, sha256, checked, ready)


def _known(head: Bank, editions: Iterable[Source], on: date) -> dict[str, Source]:
    """The edition in force of every document known, one of another bank under a key that cannot clash."""
    current = in_force([*head.sources, *editions], on)
    own = set(head.sources)
    return {
        title: source if source in own else replace(source, key=key_of(source.title))
        for title, source in current.items()
    }


def title_of(name: str) -> str:
    """A new bank is called as its file is."""
    return cut(" ".join(clean(PurePath(name.replace("\\", "/")).stem).split()), MAX_TITLE) or "bank"


def slug_of(title: str) -> str:
    """A number for a new bank, always the same for one title."""
    plain = title.casefold().replace("_", "-").replace(" ", "-")
    return plain if _ASCII.fullmatch(plain) and SLUG.fullmatch(plain) else f"b-{digest(title)[:8]}"
