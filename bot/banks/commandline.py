"""What `ketang bank` does. Answers an exit code and what to print: 0 clean, 1 faults in a file, 2 wrong use."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from bot.banks import drawing, import_views, list_views, reading, service, views
from bot.banks.rules import Mode
from bot.db import Database
from bot.errors import UserError
from bot.periods import local_day

Result = tuple[int, list[str]]
ENDINGS = frozenset((".yaml", ".yml", ".xlsx", ".csv", ".tsv", ".txt", ".docx", ".json", ".gift"))


def check(paths: Sequence[Path], *, on: date, is_strict: bool, shows_all: bool) -> Result:
    """Judge files, or the bank files of folders; `is_strict` counts hints as faults."""
    try:
        if empty := [path for path in paths if not _files(path)]:
            return 2, [list_views.no_files(path) for path in empty]
        files = [(file, file.read_bytes()) for path in paths for file in _files(path)]
    except OSError as error:
        return 2, [list_views.unusable(error)]
    checked = [reading.check(data, str(file), on=on) for file, data in files]
    most = None if shows_all else views.PRINTED
    is_bad = any(one.errors or (is_strict and one.hints) for one in checked)
    return int(is_bad), [line for one in checked for line in views.report(one, most)]


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS) if path.is_dir() else [path]


def import_file(
    database: Database,
    path: Path,
    *,
    slug: str | None = None,
    title: str | None = None,
    scope: str | None = None,
    is_dry: bool = False,
    replaces: bool = False,
    skips_bad: bool = False,
    now: datetime,
) -> Result:
    """One transaction; a file with one error writes nothing, unless it is foreign and bad rows may be left out."""
    mode = Mode.REPLACE if replaces else Mode.MERGE
    try:
        data, editions = path.read_bytes(), database.look(drawing.editions)
        reading.check_names(slug=slug, title=title)
        way = database.look(service.way_for, path.name, slug=slug, title=title, mode=mode)
        loaded = reading.load(data, str(path), on=local_day(now), editions=editions, way=way, slug=slug, title=title)
        outcome = database.run(service.import_loaded, loaded, scope=scope, is_dry=is_dry, skips_bad=skips_bad, now=now)
    except OSError as error:
        return 2, [list_views.unusable(error)]
    except UserError as refusal:
        return 2, [str(refusal)]
    is_refused = outcome.difference is None or (outcome.is_partial and not skips_bad)
    return int(is_refused), import_views.outcome_lines(outcome, is_dry=is_dry)


def list_banks(database: Database, *, on: date, scope: str | None = None, is_json: bool = False) -> Result:
    try:
        banks = database.look(service.banks, on=on, scope=scope)
    except UserError as refusal:
        return 2, [str(refusal)]
    return 0, [list_views.bank_json(banks)] if is_json else list_views.bank_table(banks)


def export(database: Database, slug: str, output: Path | None = None) -> Result:
    """The bank's YAML to a file, else to be printed."""
    try:
        text = database.look(service.export, slug)
        if output is None:
            return 0, [text.removesuffix("\n")]
        output.write_text(text, "utf-8", newline="\n")
    except UserError as refusal:
        return 2, [str(refusal)]
    except FileNotFoundError as error:
        return 2, [list_views.no_folder(Path(error.filename).parent)]
    except OSError as error:
        return 2, [list_views.unusable(error)]
    return 0, [list_views.exported(slug, output)]
