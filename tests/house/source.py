"""One module as the rules see it, and what they find. Nothing here reads a file or runs code."""

import ast
import io
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath
from typing import TypeAlias, TypeVar, cast

N = TypeVar("N", bound=ast.AST)
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

HOUSE_FILES = frozenset({"__init__", "handlers", "jobs", "views", "service", "models", "rules"})
# What else a feature may have: nouns that say what they hold, pure unless they stand in the contract of SQL.
_LISTED = {
    "members": "calendar calendar_handlers calendar_views calendarfile cells changes chats choosing_handlers crowd "
    "commandline directory exempting exempting_views expiry facts "
    "joining leaving menu_views menus notices offices offices_handlers offices_views personal personal_handlers "
    "personal_views phrases prompts quiet reach register roster roster_handlers roster_views rows tree tries workbook",
    "meetings": "agenda audiences budget cards change_views changing dating dating_views downtime drafts facts firing "
    "grammar kindfile kinds ladder leader_views mending minutes minutes_handlers minutes_views outliving past personal "
    "personal_views phrases plan_views planning publishing realigning recurrence refilling repeating series "
    "series_handlers series_planning "
    "series_views "
    "shortfall versions",
    "attendance": "amending arriving ballot_handlers ballot_views ballots chain closing correcting correction_handlers "
    "correction_views export_handlers export_views exporting facts guest_views guests leave make_ups marking "
    "opening own personal personal_views phrases proposals quorum sheet sheet_views standing trail turnouts workbook",
    "banks": "child commandline content correcting drawing foreign formats import_views importing judging lint "
    "list_views phrases progress reading revisions scopes workbook yamlfile",
    "quiz": "analysis analysis_views announcing answering attempts authors blueprint cancelling candidates changing "
    "drafts exam_drafts exam_facts exam_rows exam_settings inviting running_facts running_handlers running_views "
    "exam_handlers exam_views exams exporting facts figures finished hosting item_statistics marking "
    "outage_credits outcomes overseeing overseeing_handlers overseeing_views papers personal personal_views "
    "phrases publishing_handlers publishing_views ranking rates regrading rekeying releasing reports resits "
    "result_facts results results_handlers results_views review rounds row_handlers row_views seat_cards seat_handlers "
    "seat_views seats sending sitting starting submitting sweeping votes wizard_views workbook",
    "practice": "collecting daily facts memory personal personal_views",
    "compliance": "norms picture",
    "reports": "document workbook",
}
NOUNS = {feature: frozenset(words.split()) for feature, words in _LISTED.items()}


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    path: str
    line: int
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.rule}: {self.what}"


@dataclass(frozen=True)
class Source:
    """A module: where it lies, what it says, and which class names are refusals anywhere in the house."""

    path: str
    text: str
    refusals: frozenset[str] = field(default=frozenset({"UserError"}))

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.text)

    def of(self, *kinds: type[N]) -> Iterator[N]:
        """All nodes of these kinds."""
        for kind in kinds:
            yield from cast("list[N]", _by_kind(self.text).get(kind, []))

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).stem

    @property
    def feature(self) -> str | None:
        parts = PurePosixPath(self.path).parts
        return parts[1] if len(parts) > 2 and parts[0] == "bot" and parts[1] in NOUNS else None

    @property
    def is_views(self) -> bool:
        """What the bot says: `views`, and parts of it that grew too long for one file."""
        return self.feature is not None and (self.name == "views" or self.name.endswith("_views"))

    @property
    def is_handlers(self) -> bool:
        """A door for people: `handlers`, and doors of a subject that has its own file (`series_handlers`)."""
        return self.feature is not None and (self.name == "handlers" or self.name.endswith("_handlers"))

    @property
    def house_file(self) -> str | None:
        """Which of the six files of a feature this is, if it is one."""
        is_one = self.feature is not None and self.path == f"bot/{self.feature}/{self.name}.py"
        return self.name if is_one and self.name in HOUSE_FILES else None

    def found(self, rule: str, node: ast.AST, what: str) -> Violation:
        return Violation(self.path, getattr(node, "lineno", 1), rule, what)

    def imports(self) -> Iterator[tuple[ast.stmt, str, str]]:
        """(statement, module, name); `import x` has the name ""."""
        for plain in self.of(ast.Import):
            yield from ((plain, alias.name, "") for alias in plain.names)
        for chosen in self.of(ast.ImportFrom):
            yield from ((chosen, chosen.module or "", alias.name) for alias in chosen.names)

    def functions(self) -> Iterator[Function]:
        return self.of(ast.FunctionDef, ast.AsyncFunctionDef)

    def names(self) -> Iterator[ast.Name | ast.Attribute]:
        return self.of(ast.Name, ast.Attribute)

    def comments(self, word: str) -> Iterator[tokenize.TokenInfo]:
        """Those with the word in it; to look through a file for comments takes twice as long as to parse it."""
        if word not in self.text:
            return
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.COMMENT and word in token.string:
                yield token


Rule = Callable[[Source], Iterator[Violation]]


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def _by_kind(text: str) -> dict[type[ast.AST], list[ast.AST]]:
    found: dict[type[ast.AST], list[ast.AST]] = {}
    for node in ast.walk(_parsed(text)):
        found.setdefault(type(node), []).append(node)
    return found


def name_of(node: ast.AST) -> str:
    """The last word of a dotted name: `x` of `a.b.x`, "" for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def owner_of(node: ast.AST) -> str:
    """`b` of `a.b.x`, "" where there is none."""
    return name_of(node.value) if isinstance(node, ast.Attribute) else ""


def words_of(node: ast.AST) -> set[str]:
    return {name_of(part) for part in ast.walk(node)}


def parameters(function: Function) -> list[ast.arg]:
    every = function.args
    return [*every.posonlyargs, *every.args, *every.kwonlyargs, *filter(None, (every.vararg, every.kwarg))]


def lines_of(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1
