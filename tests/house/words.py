"""Chinese only where it belongs, in characters the vendored font can show (rule 9; demo.md, acceptance 15)."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import cast

from tests.house.source import Rule, Source, Violation, name_of

HAN = re.compile("[\u3400-\u9fff]")
# Files of words: what the bot says, and words that it recognises.
WORD_FILES = frozenset({"phrases", "workbook"})
WORD_PATHS = frozenset(
    {
        "bot/__main__.py",
        "bot/config.py",
        "bot/reasons.py",
        "bot/usage.py",
        "bot/yamlfile.py",
        "bot/yamlscan.py",
        "bot/banks/rules.py",
        "bot/banks/yamlfile.py",
        "bot/meetings/grammar.py",
    }
)
WORD_FOLDERS = ("bot/demo/", "bot/banks/formats/")
# Single texts elsewhere, each with its reason.
WORDS: dict[str, frozenset[str]] = {
    "bot/calls.py": frozenset({"（补发）"}),  # put before a repeated message when it is sent, below every feature
    "bot/periods.py": frozenset({"年", "月", "年第", "季度", "半年", "一二三四", "上下"}),  # how all name a period
}
# In the font, but shown as a coloured picture by every device.
PICTURES = re.compile("[\u26bd\u26be\ufe0f\U0001f000-\U0001faff]")


def chinese(source: Source) -> Iterator[Violation]:
    if source.is_views or _is_word_file(source.path):
        return
    allowed = {id(node) for node in (*_own_texts(source), *_remarks(source))}
    words = WORDS.get(source.path, ())
    for text in _strings(source.of(ast.Constant)):
        if HAN.search(text.value) and id(text) not in allowed and text.value not in words:
            yield source.found("chinese", text, f"“{text.value[:20]}” belongs into views or a refusal")


def _is_word_file(path: str) -> bool:
    return path in WORD_PATHS or path.startswith(WORD_FOLDERS) or PurePosixPath(path).stem in WORD_FILES


def _own_texts(source: Source) -> Iterator[ast.AST]:
    """Everything inside `text = …` of a class that is a refusal."""
    for made in source.of(ast.ClassDef):
        if not any(name_of(parent) in source.refusals for parent in made.bases):
            continue
        for statement in made.body:
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
            if any(name_of(target) == "text" for target in targets):
                yield from ast.walk(statement)


class _Text(ast.Constant):
    value: str


def _strings(nodes: Iterable[ast.AST]) -> Iterator[_Text]:
    return (cast("_Text", node) for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _remarks(source: Source) -> Iterator[ast.AST]:
    return (node.value for node in source.of(ast.Expr))


def glyphs(path: str, text: str, coverage: frozenset[int], refusals: frozenset[str]) -> Iterator[Violation]:
    """Characters people would see as a box or as a coloured picture."""
    if path.endswith(".py"):
        source = Source(path, text, refusals)
        shown = source.of(ast.Constant) if source.is_views else _own_texts(source)
        parts = [(text.lineno, text.value) for text in _strings(shown)]
    else:
        parts = list(enumerate(text.split("\n"), start=1))
    for line, part in parts:
        for character in sorted(set(part) - {"\n", "\t"}):
            if ord(character) not in coverage or PICTURES.match(character):
                yield Violation(path, line, "glyph", f"U+{ord(character):04X} cannot be shown")


def covered(table: str) -> frozenset[int]:
    """The code points of `bot/fonts/coverage.txt`."""
    points: set[int] = set()
    for line in table.splitlines():
        if line and not line.startswith("#"):
            first, _, last = line.partition("-")
            points.update(range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(points)


RULES: tuple[Rule, ...] = (chinese,)
