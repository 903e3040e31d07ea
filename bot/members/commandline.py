"""What `ketang roster` does: a template to a file, a file to the roster. Answers an exit code and lines to print."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from bot.db import Database
from bot.errors import UserError
from bot.members import roster, roster_views, workbook
from bot.members.rows import Reading
from bot.periods import local_day


def write_template(path: Path) -> tuple[int, list[str]]:
    try:
        path.write_bytes(workbook.template())
    except OSError as error:
        return 2, [roster_views.unusable(path, error.strerror)]
    return 0, [roster_views.template_written(path)]


def import_file(database: Database, path: Path, *, applies: bool, now: datetime) -> tuple[int, list[str]]:
    """0: done, or nothing to do; 1: the file has problems; 2: it cannot be read."""
    try:
        reading = workbook.read(path.name, path.read_bytes(), today=local_day(now))
    except OSError as error:
        return 2, [roster_views.unusable(path, error.strerror)]
    except UserError as refusal:
        return 2, [str(refusal)]
    return database.run(_import, reading, applies, now=now)


def _import(session: Session, reading: Reading, applies: bool, *, now: datetime) -> tuple[int, list[str]]:
    preview = roster.look(session, None, reading, today=local_day(now))
    if preview.plan.is_empty:
        return 0, roster_views.unchanged(preview)
    lines = roster_views.preview_lines(preview)
    if preview.plan.problems:
        return 1, lines
    if not applies:
        return 0, [*lines, roster_views.not_applied()]
    counts = roster.carry_out(session, preview.plan, by=None, now=now)
    return 0, [*lines, roster_views.applied(counts)]
