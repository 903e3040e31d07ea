"""A bank file somebody sends: looked through, confirmed or given up, undone. Nothing is written before the tap."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, Update, select, update
from sqlalchemy.orm import Session

from bot.banks import drawing, revisions, scopes
from bot.banks.lint import Checked
from bot.banks.models import BankRevision, BankRow, ImportRun
from bot.banks.revisions import Difference, Ready
from bot.banks.rules import Origin, RunState, Source
from bot.banks.scopes import Scope
from bot.banks.service import Loaded, taken
from bot.errors import UserError
from bot.members import service as members
from bot.members.rules import Right
from bot.message import Sender, StaleButton

KEEP_PREVIEW = timedelta(hours=24)
UNDO_FOR = timedelta(days=30)


class UndoTooLate(UserError):
    text = "已超过 30 天，或之后又有新版本，不能撤销。"
    ends_buttons = True


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do. Without a token nothing waits to be confirmed: it was refused, or nothing changes."""

    checked: Checked
    difference: Difference | None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    token: str
    number: int
    difference: Difference


@dataclass(frozen=True, slots=True)
class Waiting:
    """The bytes of a file that waits for its confirmation."""

    name: str
    data: bytes


def known_editions(session: Session, sender: Sender, *, now: datetime) -> list[Source]:
    """What a sent file is compared with; refuses whoever may not import."""
    members.actor(session, sender, now=now).require(Right.BANKS)
    return drawing.editions(session)


def preview(session: Session, sender: Sender, data: bytes, loaded: Loaded, *, now: datetime) -> Preview:
    """Keep the file for its confirmation, unless it is refused or changes nothing."""
    who = members.actor(session, sender, now=now)
    who.require(Right.BANKS)
    bank = revisions.find(session, loaded.ready.bank.slug) if loaded.ready else None
    scope = scopes.of_bank(session, bank) if bank else scopes.of_person(who)
    if not scopes.may_edit(who, scope):
        loaded = taken(loaded, scope)
    difference = revisions.compare(session, loaded.ready) if loaded.ready else None
    if difference is not None and difference.is_same:
        return Preview(loaded.checked, difference)
    is_good = loaded.ready is not None
    run = _run(loaded, scope, by=sender.user_id, now=now)
    run.data, run.state = (data, RunState.PREVIEW) if is_good else (None, RunState.REFUSED)
    run.bank_id, run.base_revision_id = (bank.id, bank.revision_id) if bank else (None, None)
    session.add(run)
    session.flush()
    return Preview(loaded.checked, difference, run.token if is_good else None)


def _run(loaded: Loaded, scope: Scope, *, by: int, now: datetime) -> ImportRun:
    return ImportRun(
        token=secrets.token_hex(6),
        scope_kind=scope.kind,
        scope_id=scope.unit_id,
        file_name=loaded.name[:255],
        file_sha256=loaded.sha256,
        format="yaml",
        report={"errors": loaded.checked.errors, "hints": loaded.checked.hints},
        by=by,
        at=now,
        expires_at=now + KEEP_PREVIEW,
    )


def waiting(session: Session, sender: Sender, token: str, *, now: datetime) -> Waiting:
    members.actor(session, sender, now=now).require(Right.BANKS)
    run = _own(session, sender, token)
    if run.state is not RunState.PREVIEW or run.data is None or run.expires_at <= now:
        raise StaleButton
    return Waiting(run.file_name, run.data)


def apply(session: Session, sender: Sender, token: str, ready: Ready, *, now: datetime) -> Applied:
    """Write what the preview showed, once."""
    who = members.actor(session, sender, now=now)
    run = _own(session, sender, token)
    scope = _scope(session, run)
    scopes.require_edit(who, scope)
    if run.file_sha256 != ready.sha256 or run.expires_at <= now:
        raise StaleButton
    _step(session, run, RunState.PREVIEW, RunState.APPLIED)
    base_id = run.base_revision_id
    revision, difference = revisions.write(
        session, ready, scope, Origin.CHAT, base_id=base_id, by=sender.user_id, now=now
    )
    run.bank_id, run.revision_id, run.data = revision.bank_id, revision.id, None
    return Applied(token, revision.number, difference)


def discard(session: Session, sender: Sender, token: str, *, now: datetime) -> None:
    members.actor(session, sender, now=now).require(Right.BANKS)
    run = _own(session, sender, token)
    _step(session, run, RunState.PREVIEW, RunState.DISCARDED)
    run.data = None


def undo(session: Session, sender: Sender, token: str, *, now: datetime) -> int:
    """Bring the bank back to what it was before an import; the number of that revision, 0 if there was none."""
    who = members.actor(session, sender, now=now)
    run = _own(session, sender, token)
    scopes.require_edit(who, _scope(session, run))
    bank = session.get(BankRow, run.bank_id) if run.bank_id else None
    if bank is None or bank.revision_id != run.revision_id or now > run.at + UNDO_FOR:
        raise UndoTooLate
    _step(session, run, RunState.APPLIED, RunState.UNDONE)
    to = session.get(BankRevision, run.base_revision_id) if run.base_revision_id else None
    revisions.restore(session, bank, to, by=sender.user_id, now=now)
    return to.number if to else 0


def discard_expired(session: Session, *, now: datetime) -> int:
    """Files nobody confirmed within a day are dropped; how many."""
    is_over = (ImportRun.state == RunState.PREVIEW, ImportRun.expires_at <= now)
    return _count(session, update(ImportRun).where(*is_over).values(state=RunState.DISCARDED, data=None))


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
