"""What somebody reads while a large file is being read: one message, edited at most each few seconds."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.banks import import_views, scopes
from bot.banks.importing import KEEP_PREVIEW, MAX_NAME
from bot.banks.models import ImportRun
from bot.banks.rules import RunState
from bot.members import service as members
from bot.members.rules import Right
from bot.message import Edit, Sender
from bot.outbox import Hooks, Lane, Rendered

SMALL = 64 * 1024  # bytes up to which there is nothing to tell
PATIENCE = timedelta(seconds=1)  # people wait so long without a word
EVERY = timedelta(seconds=3)
PREFIX = "reading"


def start(session: Session, sender: Sender, name: str, *, now: datetime) -> str:
    """Say that a file is being read; the token under which its progress is told."""
    who = members.actor(session, sender, now=now)
    who.require(Right.BANKS)
    scope = scopes.of_person(who)
    run = ImportRun(
        token=secrets.token_hex(6),
        scope_kind=scope.kind,
        scope_id=scope.unit_id,
        file_name=name[:MAX_NAME],
        file_sha256="",
        format="",
        report={"rows": 0},
        state=RunState.READING,
        by=sender.user_id,
        at=now,
        expires_at=now + KEEP_PREVIEW,
    )
    session.add(run)
    outbox.refresh(session, f"{PREFIX}:{run.token}", now=now, lane=Lane.NOTICE)
    return run.token


def advance(session: Session, token: str, rows: int, *, now: datetime) -> None:
    statement = update(ImportRun).where(ImportRun.token == token, ImportRun.state == RunState.READING)
    session.execute(statement.values(report={"rows": rows}))
    outbox.refresh(session, f"{PREFIX}:{token}", now=now)


def finish(session: Session, token: str, *, now: datetime) -> None:
    statement = update(ImportRun).where(ImportRun.token == token, ImportRun.state == RunState.READING)
    session.execute(statement.values(state=RunState.DISCARDED))
    outbox.refresh(session, f"{PREFIX}:{token}", now=now)


def render(session: Session, key: str, now: datetime) -> Rendered | None:  # noqa: ARG001  # as all renderers
    run = session.scalars(select(ImportRun).where(ImportRun.token == key.partition(":")[2])).one_or_none()
    if run is None:
        return None
    rows = run.report.get("rows", 0)
    is_done = run.state is not RunState.READING
    words = import_views.was_read(run.file_name) if is_done else import_views.reading(run.file_name, int(str(rows)))
    message_id = outbox.message_of(session, key)
    return Rendered(run.by, Edit(words, message_id) if message_id else words)


HOOKS = {PREFIX: Hooks(render=render)}
