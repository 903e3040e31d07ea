"""What `ketang roster` and `ketang calendar` do with files. Answers an exit code and lines to print."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from bot.db import Database
from bot.errors import UserError
from bot.members import calendar, calendar_views, calendarfile, roster, roster_views, workbook
from bot.members.rows import Reading
from bot.periods import local_day


def write_template(path: Path) -> tuple[int, list[str]]:
    try:
        path.write_bytes(workbook.template())
    except FileNotFoundError:
        return 2, [roster_views.no_folder(path.parent)]
    except OSError as error:
        return 2, [roster_views.unusable(error)]
    return 0, [roster_views.template_written(path)]


def import_file(database: Database, path: Path, *, applies: bool, now: datetime) -> tuple[int, list[str]]:
    """0: done, or nothing to do; 1: there is something wrong with the file; 2: there is no such file."""
    try:
        reading = workbook.read(path.name, path.read_bytes(), today=local_day(now))
    except OSError as error:
        return 2, [roster_views.unusable(error)]
    except UserError as refusal:
        return 1, [str(refusal)]
    preview = database.look(roster.look, None, reading, today=local_day(now))
    if preview.plan.is_empty:
        return 0, roster_views.unchanged(preview)
    lines = roster_views.preview_lines(preview)
    if preview.plan.problems:
        return 1, lines
    if not applies:
        return 0, [*lines, roster_views.not_applied()]
    return 0, [*lines, roster_views.applied(database.run(_apply, reading, now=now))]


def import_calendar(database: Database, path: Path, *, follow: calendar.Follow, now: datetime) -> tuple[int, list[str]]:
    """A year of days off. 0: done, or nothing new; 1: the file has faults; 2: it cannot be read."""
    try:
        reading = calendarfile.read(path.name, path.read_bytes())
    except OSError as error:
        return 2, [roster_views.unusable(error)]
    except UserError as refusal:
        return 2, [str(refusal)]
    if reading.file is None:
        return 1, calendar_views.fault_lines(reading.faults)
    return 0, calendar_views.imported_lines(database.run(calendar.store, reading.file, follow=follow, now=now))


def _apply(session: Session, reading: Reading, *, now: datetime) -> Mapping[str, int]:
    """Compared once more in the transaction that writes."""
    preview = roster.look(session, None, reading, today=local_day(now))
    return roster.carry_out(session, preview.plan, by=None, now=now)
