"""Banks for the command line, the start of the program and whoever looks at them. Files sent in chat: `importing`."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.banks import drawing, revisions, scopes
from bot.banks.formats import writing
from bot.banks.lint import Checked
from bot.banks.models import BankRevision, BankRow, QuestionRow, QuestionVersion
from bot.banks.reading import Loaded, Way, load, slug_of, title_of
from bot.banks.revisions import Difference
from bot.banks.rules import Bank, BankStatus, Issue, Mode, Origin, QuestionType, Status
from bot.banks.scopes import Scope
from bot.errors import UserError
from bot.members import service as members
from bot.members.rules import Actor, Right
from bot.message import Message, Sender
from bot.outbox import Lane
from bot.periods import local_day


class NoSuchBank(UserError):
    text = "没有题库“{slug}”，或您无权查看。"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the command line's import came to; `difference` is None if the file was refused."""

    checked: Checked
    difference: Difference | None = None
    number: int = 0
    is_partial: bool = False  # rows with errors were left out, as was asked for


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of the list; `stale` counts questions no longer drawn because a date or an edition has passed."""

    id: int
    slug: str
    title: str
    number: int
    counts: Mapping[QuestionType, int]
    scope: Scope
    sources: tuple[str, ...]
    stale: int


@dataclass(frozen=True, slots=True)
class Exported:
    name: str
    data: bytes


def taken(loaded: Loaded, owner: Scope) -> Loaded:
    """The file refused, because its number belongs to a bank the importer has no hand in (E127)."""
    assert loaded.ready is not None
    params = {"slug": loaded.ready.bank.slug, "owner": owner.unit.name if owner.unit else ""}
    fault = Issue("E127", loaded.name, loaded.checked.slug_at, params)
    checked = replace(loaded.checked, bank=None, issues=(*loaded.checked.issues, fault))
    return replace(loaded, checked=checked, ready=None)


def way_for(session: Session, name: str, *, slug: str | None, title: str | None, mode: Mode) -> Way:
    """The bank that takes a foreign file on the command line: the one named, else one called as the file is."""
    title_is_given, title = title is not None, title or title_of(name)
    bank = revisions.find(session, slug or slug_of(title))
    if bank is None or bank.revision_id is None:
        return Way(Bank(slug or slug_of(title), title, ()), mode)
    head = revisions.head_at(session, bank)
    return Way(replace(head, title=title) if title_is_given else head, mode)


def import_loaded(
    session: Session,
    loaded: Loaded,
    *,
    scope: str | None,
    is_dry: bool = False,
    skips_bad: bool = False,
    now: datetime,
) -> Outcome:
    """The command line's import: one transaction, no confirmation. `scope` as written there; none keeps the bank's."""
    wanted = scopes.of_words(session, scope) if scope else None
    is_partial = loaded.checked.errors > 0
    if loaded.ready is None or (is_partial and not skips_bad and not is_dry):
        return Outcome(loaded.checked)
    bank = revisions.find(session, loaded.ready.bank.slug)
    owner = scopes.of_bank(session, bank) if bank else wanted or Scope()
    if wanted is not None and wanted != owner:
        return Outcome(taken(loaded, owner).checked)
    difference = revisions.compare(session, loaded.ready)
    if is_dry or difference.is_same:
        return Outcome(loaded.checked, difference, difference.number, is_partial)
    base_id = bank.revision_id if bank else None
    revision, difference = revisions.write(session, loaded.ready, owner, Origin.CLI, base_id=base_id, by=None, now=now)
    return Outcome(loaded.checked, difference, revision.number, is_partial)


def synced(session: Session) -> frozenset[str]:
    """SHA-256 of the shipped files that are in the database as they are."""
    newest = select(BankRevision.sha256).join(BankRow, BankRow.revision_id == BankRevision.id)
    return frozenset(session.scalars(newest.where(BankRevision.origin == Origin.CONTENT)))


def load_folder(folder: Path, known: frozenset[str], *, on: date) -> list[Loaded]:
    """The shipped files that are not `synced` yet; for the start, before anything else runs."""
    files = [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.yaml"))]
    return [load(data, name, on=on) for name, data in files if hashlib.sha256(data).hexdigest() not in known]


def sync(
    session: Session,
    files: Iterable[Loaded],
    worded: Callable[[Loaded], Message],
    admins: Sequence[int],
    *,
    now: datetime,
) -> list[Loaded]:
    """Bring the banks up to the shipped files. Those it left alone come back, told to the admins once per content.

    A file with an error, one whose number is another's, and one whose bank has been edited here since.
    """
    left = [refused for loaded in files if (refused := _sync_one(session, loaded, now)) is not None]
    for refused in left:
        for user_id in admins:
            key = f"bank:file:{refused.sha256[:16]}:{user_id}"
            outbox.enqueue(session, key, chat_id=user_id, content=worded(refused), lane=Lane.CALM, now=now)
    return left


def _sync_one(session: Session, loaded: Loaded, now: datetime) -> Loaded | None:
    if loaded.ready is None:
        return loaded
    bank = revisions.find(session, loaded.ready.bank.slug)
    owner = scopes.of_bank(session, bank) if bank else Scope()
    if owner != Scope():
        return taken(loaded, owner)
    newest = revisions.head(session, bank)
    if newest is not None and newest.origin is not Origin.CONTENT:
        return loaded
    base_id = newest.id if newest else None
    revisions.write(session, loaded.ready, owner, Origin.CONTENT, base_id=base_id, by=None, now=now)
    return None


def seen_banks(session: Session, sender: Sender, *, now: datetime) -> list[Summary]:
    """The banks somebody with a role has to do with."""
    who = members.actor(session, sender, now=now)
    who.require(Right.BANKS)
    return [summary for summary in banks(session, on=local_day(now)) if _is_seen(who, summary.scope)]


def _is_seen(who: Actor, scope: Scope) -> bool:
    return any(scope.is_seen_from(unit) for unit in who.units_for(Right.BANKS))


def banks(session: Session, *, on: date, scope: str | None = None) -> list[Summary]:
    """All banks, or those of one scope as the command line writes it, sorted by number."""
    wanted = scopes.of_words(session, scope) if scope else None
    rows = session.execute(
        select(BankRow, BankRevision)
        .join(BankRevision, BankRevision.id == BankRow.revision_id)
        .where(BankRow.status == BankStatus.ACTIVE)
        .order_by(BankRow.slug)
    ).all()
    owners = {bank.id: scopes.of_bank(session, bank) for bank, _ in rows}
    shown = [(bank, revision) for bank, revision in rows if wanted is None or owners[bank.id] == wanted]
    counts = _active(session)
    drawable = Counter(one.bank_id for one in drawing.pool(session, [bank.id for bank, _ in shown], on=on))
    return [
        Summary(
            id=bank.id,
            slug=bank.slug,
            title=bank.title,
            number=revision.number,
            counts=counts.get(bank.id, {}),
            scope=owners[bank.id],
            sources=tuple(source["title"] for source in revision.sources),
            stale=sum(counts.get(bank.id, {}).values()) - drawable[bank.id],
        )
        for bank, revision in shown
    ]


def _active(session: Session) -> dict[int, dict[QuestionType, int]]:
    query = (
        select(QuestionRow.bank_id, QuestionVersion.type, func.count())
        .join(QuestionVersion, QuestionVersion.id == QuestionRow.version_id)
        .where(QuestionRow.status == Status.ACTIVE)
        .group_by(QuestionRow.bank_id, QuestionVersion.type)
    )
    counts: dict[int, dict[QuestionType, int]] = {}
    for bank_id, kind, count in session.execute(query):
        counts.setdefault(bank_id, {})[kind] = count
    return counts


def export(session: Session, slug: str) -> str:
    """A bank as schema-1 YAML, for the command line."""
    bank = revisions.find(session, slug)
    if bank is None or bank.revision_id is None:
        raise NoSuchBank(slug=slug)
    return writing.write(revisions.bank_at(session, bank))


def export_seen(session: Session, sender: Sender, bank_id: int, *, now: datetime) -> Exported:
    """A bank as a file, for whoever sees it in the list."""
    who = members.actor(session, sender, now=now)
    who.require(Right.BANKS)
    bank = session.get(BankRow, bank_id)
    if bank is None or bank.revision_id is None or not _is_seen(who, scopes.of_bank(session, bank)):
        raise NoSuchBank(slug=str(bank_id))
    return Exported(f"{bank.slug}.yaml", export(session, bank.slug).encode())
