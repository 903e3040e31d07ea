"""Where modules lie and how they are built: names, sizes, errors, types, logs (rules 1, 2, 8, 11, 12)."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.house.source import NOUNS, Rule, Source, Violation, lines_of, name_of, owner_of, words_of

EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "core", "base", "manager", "misc", "shared"})
FILE_LINES, FUNCTION_LINES, MEDIAN_LINES = 400, 60, 10
GENERATED = "bot/migrations/versions/"  # by Alembic, one long list

BROAD_FILES = frozenset({"bot/intake.py", "bot/delivery.py", "bot/db.py"})
BROAD = frozenset({"Exception", "BaseException"})
IGNORE = re.compile(r"#\s*type:\s*ignore(?P<code>\[[\w\-, ]+\])?(?P<reason>.*)")

LEVEL_FILES = frozenset({"bot/logs.py", "bot/demo/run.py"})  # they name levels, and write nothing
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
EVENT = re.compile(r"[a-z]+(_[a-z]+)+")
PAST = re.compile(r"[a-z]+ed|sent|lost|taken|begun|found|made|left|gone|read|kept|rebuilt|held|stuck|shown|written")
PRIVATE = frozenset(
    {"name", "title", "phone", "token", "answer", "answers", "text", "body", "username", "url", "secret"}
)


def file_names(source: Source) -> Iterator[Violation]:
    parts = PurePosixPath(source.path).with_suffix("").parts
    for part in parts:
        if EMPTY_NAMES & set(part.split("_")) and not part.startswith("test_"):  # named after what it tests
            yield Violation(source.path, 1, "name", f"{part} says nothing of what it holds")
    if source.feature is not None and source.house_file is None and parts[2] not in NOUNS[source.feature]:
        yield Violation(source.path, 1, "name", f"{parts[2]} is not listed for {source.feature}")


def sizes(source: Source) -> Iterator[Violation]:
    if source.path.startswith(GENERATED):
        return
    if (count := source.text.count("\n")) > FILE_LINES:
        yield Violation(source.path, FILE_LINES, "size", f"{count} lines, {FILE_LINES} are enough")
    for function in source.functions():
        if (count := lines_of(function)) > FUNCTION_LINES:
            yield source.found("size", function, f"{function.name} has {count} lines, {FUNCTION_LINES} are enough")


def enums(source: Source) -> Iterator[Violation]:
    """Pure nouns beside `rules` may have their own."""
    if source.house_file in {None, "rules"}:
        return
    for made in source.of(ast.ClassDef):
        if any(name_of(parent).endswith(("Enum", "Flag")) for parent in made.bases):
            yield source.found("enum", made, f"{made.name} belongs into rules")


def broad_excepts(source: Source) -> Iterator[Violation]:
    if source.path in BROAD_FILES:
        return
    for handler in source.of(ast.ExceptHandler):
        if handler.type is None or BROAD & words_of(handler.type):
            yield source.found("except", handler, "catches what it cannot know")
    for call in source.of(ast.Call):
        if name_of(call.func) == "suppress" and BROAD & words_of(call):
            yield source.found("except", call, "hides what it cannot know")


def types(source: Source) -> Iterator[Violation]:
    for statement, module, name in source.imports():
        if module == "typing" and name == "Any":
            yield source.found("any", statement, "Any says nothing")
    for node in source.of(ast.Attribute):
        if node.attr == "Any" and owner_of(node) == "typing":
            yield source.found("any", node, "Any says nothing")
    for token in source.comments("ignore"):
        match = IGNORE.match(token.string)
        if match is not None and (not match["code"] or not re.search(r"#\s*\w", match["reason"])):
            yield Violation(source.path, token.start[0], "ignore", "type: ignore needs its code and a reason")


def logs(source: Source) -> Iterator[Violation]:
    for statement, module, _ in source.imports():
        if module == "logging" and source.path not in LEVEL_FILES:
            yield source.found("log", statement, "logs are structlog's")
    for call in source.of(ast.Call):
        if owner_of(call.func) != "log" or name_of(call.func) not in LEVELS:
            continue
        if not _is_past_event(call.args[0] if call.args else None):
            yield source.found("log", call, "the event is no constant word in the past tense")
        if private := PRIVATE & {key.arg for key in call.keywords if key.arg}:
            yield source.found("log", call, f"{sorted(private)} may name a person or a secret")


def _is_past_event(event: ast.expr | None) -> bool:
    if not isinstance(event, ast.Constant) or not isinstance(event.value, str):
        return False
    is_event = EVENT.fullmatch(event.value) is not None
    return is_event and any(PAST.fullmatch(word) for word in event.value.split("_"))


RULES: tuple[Rule, ...] = (file_names, sizes, enums, broad_excepts, types, logs)
