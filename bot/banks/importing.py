"""A bank file somebody sends: looked through, confirmed or given up, undone. Nothing is written before the tap."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, Update, select, update
from sqlalchemy.orm import Session

from bot.banks import drawing, revisions, scopes
from bot.banks.lint import Checked
from bot.banks.models import BankRevision, BankRow, ImportRun
from bot.banks.reading import Loaded, Way, slug_of, title_of
from bot.banks.revisions import Difference, Ready
from bot.banks.rules import Bank, Mode, Origin, RunState, Source
from bot.banks.scopes import Scope
from bot.banks.service import taken
from bot.errors import UserError
from bot.members import prompts
from bot.members import service as members
from bot.members.rules import Actor, Right
from bot.message import Sender, StaleButton

KEEP_PREVIEW = timedelta(hours=24)
UNDO_FOR = timedelta(days=30)
MAX_NAME = 255
SOURCE = "banks:source"  # purpose of the text that names a document


class UndoTooLate(UserError):
    text = "已超过 30 天，或之后又有新版本，不能撤销。"
    ends_buttons = True


class AlreadyImported(UserError):
    text = "这份文件已经导入。"
    ends_buttons = is_done = True


class AlreadyUndone(UserError):
    text = "这次导入已经撤销。"
    ends_buttons = is_done = True


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do. Without a token nothing waits to be confirmed: it was refused, or nothing changes."""

    checked: Checked
    difference: Difference | None
    token: str | None = None
    way: Way | None = None  # of a foreign file


@dataclass(frozen=True, slots=True)
class Start:
    """What reading a sent file needs to know beforehand; `way` is taken unless its sender chooses another."""

    editions: list[Source]
    way: Way


@dataclass(frozen=True, slots=True)
class Applied:
    token: str
    number: int
    difference: Difference


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that waits for its confirmation: its bytes, or what was read of a foreign one and where it goes."""

    name: str
    sha256: str
    data: bytes
    packed: bytes | None
    way: Way
    editions: list[Source]


@dataclass(frozen=True, slots=True)
class Choice:
    """A bank that a file may go into."""

    id: int
    slug: str
    title: str


def begin(session: Session, sender: Sender, name: str, *, now: datetime) -> Start:
    """What a sent file is compared with; refuses whoever may not import."""
    who = members.actor(session, sender, now=now)
    who.require(Right.BANKS)
    return Start(drawing.editions(session), _usual_way(session, who, sender.user_id, name[:MAX_NAME]))


def may_import(session: Session, sender: Sender, *, now: datetime) -> bool:
    """Whether a workbook of this person may hold questions at all."""
    return bool(members.actor(session, sender, now=now).units_for(Right.BANKS))


def _usual_way(session: Session, who: Actor, user_id: int, name: str) -> Way:
    """As this person's file of this name went before; else the bank called as it is; else a new one."""
    applied = (ImportRun.by == user_id, ImportRun.file_name == name, ImportRun.state == RunState.APPLIED)
    last = session.scalars(select(ImportRun).where(*applied).order_by(ImportRun.id.desc()).limit(1)).first()
    title = title_of(name)
    slug = slug_of(title)
    bank = session.get(BankRow, last.bank_id) if last and last.bank_id else revisions.find(session, slug)
    if bank is not None and bank.revision_id and scopes.may_edit(who, scopes.of_bank(session, bank)):
        return Way(revisions.head_at(session, bank), source=last.source if last else "")
    return Way(Bank(_free(session, slug), title, ()))


def _free(session: Session, slug: str) -> str:
    """`slug`, or with the first number behind it that no bank has."""
    known = select(BankRow.slug).where(BankRow.slug.like(f"{slug[:36]}%"))
    taken = frozenset(session.scalars(known))
    others = (f"{slug[:36]}-{n}" for n in range(2, len(taken) + 3))
    return next(one for one in (slug, *others) if one not in taken)


def preview(
    session: Session, sender: Sender, data: bytes, loaded: Loaded, way: Way | None = None, *, now: datetime
) -> Preview:
    """Keep the file for its confirmation, unless it is refused or changes nothing."""
    who = members.actor(session, sender, now=now)
    who.require(Right.BANKS)
    bank = revisions.find(session, loaded.ready.bank.slug) if loaded.ready else None
    scope = scopes.of_bank(session, bank) if bank else scopes.of_person(who)
    if not scopes.may_edit(who, scope):
        loaded = taken(loaded, scope)
    difference = revisions.compare(session, loaded.ready) if loaded.ready else None
    is_foreign = loaded.packed is not None
    if difference is not None and difference.is_same and not (is_foreign and _has_choice(loaded, difference)):
        return Preview(loaded.checked, difference)
    is_good = loaded.ready is not None
    run = _run(loaded, scope, by=sender.user_id, now=now)
    run.data, run.state = (data, RunState.PREVIEW) if is_good else (None, RunState.REFUSED)
    run.bank_id, run.base_revision_id = (bank.id, bank.revision_id) if bank else (None, None)
    if is_good and way is not None and is_foreign:
        run.reading = loaded.packed
        _set_way(run, way)
    session.add(run)
    session.flush()
    return Preview(loaded.checked, difference, run.token if is_good else None, way if is_foreign else None)


def _has_choice(loaded: Loaded, same: Difference) -> bool:
    """Whether a sheet that changes nothing may go another way: without its faults, or in place of what it lacks."""
    return bool(loaded.checked.errors or (loaded.ready and left_out(loaded.ready.bank, same)))


def left_out(bank: Bank, difference: Difference) -> int:
    """How many questions the bank has afterwards that are not in the file."""
    return max(0, difference.total - len(bank.questions))


def _set_way(run: ImportRun, way: Way) -> None:
    run.mode, run.slug, run.title, run.source = way.mode, way.head.slug, way.head.title, way.source


def change(session: Session, sender: Sender, token: str, loaded: Loaded, way: Way, *, now: datetime) -> Preview:
    """The same file on another way; the buttons of the former preview are dead."""
    who = members.actor(session, sender, now=now)
    run = _waiting(session, sender, token, now)
    if run.reading is None:  # a YAML file is the whole truth of its own bank
        raise StaleButton
    bank = revisions.find(session, way.head.slug)
    scope = scopes.of_bank(session, bank) if bank else scopes.of_person(who)
    scopes.require_edit(who, scope)
    assert loaded.ready is not None  # what waits has good questions, whatever bank it goes into
    difference = revisions.compare(session, loaded.ready)
    _set_way(run, way)
    run.token, run.scope_kind, run.scope_id = secrets.token_hex(6), scope.kind, scope.unit_id
    run.bank_id, run.base_revision_id = (bank.id, bank.revision_id) if bank else (None, None)
    prompts.forget_purpose(session, sender.user_id, SOURCE)
    return Preview(loaded.checked, difference, run.token, way)


def choices(session: Session, sender: Sender, token: str, *, now: datetime) -> list[Choice]:
    """The banks that the file may go into instead."""
    who = members.actor(session, sender, now=now)
    who.require(Right.BANKS)
    _waiting(session, sender, token, now)
    rows = session.scalars(select(BankRow).where(BankRow.revision_id.is_not(None)).order_by(BankRow.slug))
    own = [bank for bank in rows if scopes.may_edit(who, scopes.of_bank(session, bank))]
    return [Choice(bank.id, bank.slug, bank.title) for bank in own]


def into_bank(session: Session, sender: Sender, token: str, bank_id: int, *, now: datetime) -> Waiting:
    """The file on its way into another bank; 0 is a new one, called as the file is."""
    waits = waiting(session, sender, token, now=now)
    if not bank_id:
        title = title_of(waits.name)
        head = Bank(_free(session, slug_of(title)), title, ())
    else:
        bank = session.get(BankRow, bank_id)
        if bank is None or not bank.revision_id:
            raise StaleButton
        scopes.require_edit(members.actor(session, sender, now=now), scopes.of_bank(session, bank))
        head = revisions.head_at(session, bank)
    return replace(waits, way=replace(waits.way, head=head, mode=Mode.MERGE))


def ask_source(session: Session, sender: Sender, token: str, *, now: datetime) -> None:
    """The next text names the document that the questions are based on."""
    members.actor(session, sender, now=now).require(Right.BANKS)
    _waiting(session, sender, token, now)
    prompts.await_text(session, sender, SOURCE, token, now=now)


def _run(loaded: Loaded, scope: Scope, *, by: int, now: datetime) -> ImportRun:
    return ImportRun(
        token=secrets.token_hex(6),
        scope_kind=scope.kind,
        scope_id=scope.unit_id,
        file_name=loaded.name[:MAX_NAME],
        file_sha256=loaded.sha256,
        format=loaded.kind.value,
        report={"errors": loaded.checked.errors, "hints": loaded.checked.hints},
        by=by,
        at=now,
        expires_at=now + KEEP_PREVIEW,
    )


def waiting(session: Session, sender: Sender, token: str, *, now: datetime) -> Waiting:
    members.actor(session, sender, now=now).require(Right.BANKS)
    run = _waiting(session, sender, token, now)
    bank = revisions.find(session, run.slug) if run.slug else None
    head = revisions.head_at(session, bank) if bank and bank.revision_id else Bank(run.slug, run.title, ())
    way = Way(head, run.mode, run.source)
    return Waiting(run.file_name, run.file_sha256, run.data or b"", run.reading, way, drawing.editions(session))


def _waiting(session: Session, sender: Sender, token: str, now: datetime) -> ImportRun:
    run = _own(session, sender, token)
    if run.state is RunState.APPLIED:
        raise AlreadyImported
    if run.state is not RunState.PREVIEW or run.data is None or run.expires_at <= now:
        raise StaleButton
    return run


def apply(session: Session, sender: Sender, token: str, ready: Ready, *, now: datetime) -> Applied:
    """Write what the preview showed, once."""
    who = members.actor(session, sender, now=now)
    run = _own(session, sender, token)
    scope = _scope(session, run)
    scopes.require_edit(who, scope)
    if run.state is RunState.APPLIED:
        raise AlreadyImported
    if run.file_sha256 != ready.sha256 or run.expires_at <= now:
        raise StaleButton
    _step(session, run, RunState.PREVIEW, RunState.APPLIED)
    base_id = run.base_revision_id
    revision, difference = revisions.write(
        session, ready, scope, Origin.CHAT, base_id=base_id, by=sender.user_id, now=now
    )
    run.bank_id, run.revision_id = revision.bank_id, revision.id
    run.data = run.reading = None
    prompts.forget_purpose(session, sender.user_id, SOURCE)
    return Applied(token, revision.number, difference)


def discard(session: Session, sender: Sender, token: str, *, now: datetime) -> None:
    members.actor(session, sender, now=now).require(Right.BANKS)
    run = _own(session, sender, token)
    _step(session, run, RunState.PREVIEW, RunState.DISCARDED)
    run.data = run.reading = None
    prompts.forget_purpose(session, sender.user_id, SOURCE)


def undo(session: Session, sender: Sender, token: str, *, now: datetime) -> int:
    """Bring the bank back to what it was before an import; the number of that revision, 0 if there was none."""
    who = members.actor(session, sender, now=now)
    run = _own(session, sender, token)
    scopes.require_edit(who, _scope(session, run))
    if run.state is RunState.UNDONE:
        raise AlreadyUndone
    bank = session.get(BankRow, run.bank_id) if run.bank_id else None
    if bank is None or bank.revision_id != run.revision_id or now > run.at + UNDO_FOR:
        raise UndoTooLate
    _step(session, run, RunState.APPLIED, RunState.UNDONE)
    to = session.get(BankRevision, run.base_revision_id) if run.base_revision_id else None
    revisions.restore(session, bank, to, by=sender.user_id, now=now)
    return to.number if to else 0


def discard_expired(session: Session, *, now: datetime) -> int:
    """Files nobody confirmed within a day are dropped, and readings that a crash cut off; how many."""
    is_over = (ImportRun.state.in_([RunState.PREVIEW, RunState.READING]), ImportRun.expires_at <= now)
    return _count(session, update(ImportRun).where(*is_over).values(state=RunState.DISCARDED, data=None, reading=None))


def _scope(session: Session, run: ImportRun) -> Scope:
    return Scope(run.scope_kind, members.unit(session, run.scope_id) if run.scope_id else None)


def _own(session: Session, sender: Sender, token: str) -> ImportRun:
    run = session.scalars(select(ImportRun).where(ImportRun.token == token)).one_or_none()
    if run is None or run.by != sender.user_id:
        raise StaleButton
    return run


def _step(session: Session, run: ImportRun, before: RunState, after: RunState) -> None:
    """The one way from state to state; whoever comes second is refused."""
    statement = update(ImportRun).where(ImportRun.id == run.id, ImportRun.state == before)
    if _count(session, statement.values(state=after)) != 1:
        raise StaleButton


def _count(session: Session, statement: Update) -> int:
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount
