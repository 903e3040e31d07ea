"""How tests behave: real parts, given time and chance, and assertions that can fail (DESIGN.md §6)."""

import ast
import re
from collections.abc import Iterator

from tests.house.source import Rule, Source, Violation, name_of, owner_of, words_of

# The environment is an input of a program; code is not.
ENVIRONMENT = frozenset({"setenv", "delenv", "chdir"})
REPLACING_MODULES = frozenset({"unittest.mock", "mock", "freezegun", "time_machine", "pytest_mock"})
REPLACING = re.compile(r"(\w*Mock|patch|mocker|freeze\w*)")
LEAVING_OUT = frozenset({"skip", "xfail", "importorskip"})
EXPECTING = re.compile(r"(assert|expect|check|until|raises|warns)\w*")  # they raise by themselves


def replaced_parts(source: Source) -> Iterator[Violation]:
    for statement, module, _ in source.imports():
        if module in REPLACING_MODULES:
            yield source.found("mock", statement, f"{module}: tests use the real parts")
    for node in source.names():
        if REPLACING.fullmatch(name_of(node)) and owner_of(node) != "gc":
            yield source.found("mock", node, f"{name_of(node)}: tests use the real parts")
        if owner_of(node) == "monkeypatch" and name_of(node) not in ENVIRONMENT:
            yield source.found("mock", node, f"monkeypatch.{name_of(node)}: tests use the real parts")


def sleeping(source: Source) -> Iterator[Violation]:
    for call in source.of(ast.Call):
        if name_of(call.func) == "sleep":
            yield source.found("sleep", call, "a test waits for facts, not for time")


def real_time(source: Source) -> Iterator[Violation]:
    for node in source.of(ast.Attribute):
        if owner_of(node) in {"datetime", "date"} and name_of(node) in {"now", "today", "utcnow"}:
            yield source.found("time", node, "a test's moments are constants")


def chance(source: Source) -> Iterator[Violation]:
    for node in source.of(ast.Attribute):
        if owner_of(node) == "random" and node.attr != "Random":
            yield source.found("chance", node, f"random.{node.attr}: use a seeded Random")
    for call in source.of(ast.Call):
        if name_of(call.func) == "Random" and not call.args:
            yield source.found("chance", call, "a Random without its seed")


def left_out(source: Source) -> Iterator[Violation]:
    """skip and xfail say why."""
    given = {id(call.func) for call in source.of(ast.Call) if _has_reason(call)}
    for node in source.of(ast.Attribute):
        is_mark = owner_of(node) in {"pytest", "mark"} and name_of(node) in {*LEAVING_OUT, "skipif"}
        if is_mark and id(node) not in given:
            yield source.found("skip", node, f"{name_of(node)} without a reason")


def _has_reason(call: ast.Call) -> bool:
    reasons = [key.value for key in call.keywords if key.arg in {"reason", "msg"}]
    if name_of(call.func) in LEAVING_OUT - {"importorskip"} and owner_of(call.func) == "pytest":
        reasons += call.args[:1]
    return any(not isinstance(reason, ast.Constant) or bool(reason.value) for reason in reasons)


def assertions(source: Source) -> Iterator[Violation]:
    judging = {function.name for function in source.functions() if any(map(_can_fail, ast.walk(function)))}
    for function in source.functions():
        if function.name.startswith("test_") and not judging & {function.name, *words_of(function)}:
            yield source.found("assert", function, f"{function.name} asserts nothing")
    for node in source.of(ast.Assert):
        if _always_holds(node.test):
            yield source.found("assert", node, "this assertion cannot fail")


def _can_fail(node: ast.AST) -> bool:
    return isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and bool(EXPECTING.match(name_of(node.func))))


def _always_holds(test: ast.expr) -> bool:
    if isinstance(test, ast.Constant | ast.Tuple | ast.JoinedStr):
        return bool(not isinstance(test, ast.Constant) or test.value)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.Is | ast.GtE):
        return ast.dump(test.left) == ast.dump(test.comparators[0]) and not _has_call(test)
    return False


def _has_call(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Call) for node in ast.walk(test))


RULES: tuple[Rule, ...] = (replaced_parts, sleeping, real_time, chance, left_out, assertions)
