"""The rules of DESIGN.md §3 and §6 that a parser can check: source text and its path in, violations out.

Import order is import-linter's (contracts in pyproject.toml), complexity ruff's, types mypy's. A named exception stands
beside the rule it bends, with its reason.
"""

import ast
from collections.abc import Iterable, Mapping

from tests.house import demo, manners, shape, state, words
from tests.house.source import Rule, Source, Violation, name_of

BOT: tuple[Rule, ...] = (*shape.RULES, *state.RULES, *words.RULES, *demo.RULES)
TESTS: tuple[Rule, ...] = (shape.file_names, shape.sizes, shape.types, *manners.RULES)

__all__ = ["BOT", "TESTS", "Rule", "Source", "Violation", "check", "refusals_of"]


def check(source: Source) -> list[Violation]:
    """What is wrong with one module."""
    rules = TESTS if source.path.startswith("tests/") else BOT
    return sorted(violation for rule in rules for violation in rule(source))


def refusals_of(texts: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The names of all classes that descend from UserError, by whatever way."""
    parents: Mapping[str, set[str]] = {
        made.name: {name_of(parent) for parent in made.bases}
        for path, text in texts
        for made in Source(path, text).of(ast.ClassDef)
    }
    known = {"UserError"}
    while new := {name for name, above in parents.items() if above & known} - known:
        known |= new
    return frozenset(known)
