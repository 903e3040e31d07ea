"""Imports as people and the command line make them, and what is then in the database."""

from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.banks import drawing, importing, service
from bot.banks.importing import Applied, Preview
from bot.banks.models import BankRow
from bot.banks.revisions import Difference
from bot.banks.service import Outcome
from bot.db import Base, Database
from tests.banks.files import GOOD, load
from tests.make import NOW, Someone

LATER = NOW + timedelta(hours=1)
FIRST = Difference(0, added=4)


def imported(database: Database, text: str = GOOD, scope: str | None = None) -> Outcome:
    return database.run(service.import_loaded, load(text), scope=scope, now=NOW)


def previewed(database: Database, who: Someone, text: str = GOOD, name: str = "good.yaml") -> Preview:
    return database.run(importing.preview, who.sender(), text.encode(), load(text, name), now=NOW)


def confirmed(database: Database, who: Someone, text: str = GOOD) -> Applied:
    token = previewed(database, who, text).token
    assert token is not None
    ready = load(text).ready
    return database.run(importing.apply, who.sender(), token, ready, now=LATER)


def rows(database: Database, table: type[Base]) -> int:
    return database.look(lambda session: session.scalar(select(func.count()).select_from(table)) or 0)


def the_bank(session: Session) -> BankRow:
    return session.scalars(select(BankRow)).one()


def drawable(database: Database, on: date = date(2026, 3, 2)) -> dict[str, int]:
    """Codes that may be drawn, with their versions."""

    def look(session: Session) -> dict[str, int]:
        ids = list(session.scalars(select(BankRow.id)))
        return {one.code: one.version_id for one in drawing.pool(session, ids, on=on)}

    return database.look(look)


def explain_of(database: Database, version_id: int) -> str:
    return database.look(drawing.versions, [version_id])[version_id].question.explain
