"""The rules of DESIGN.md, checked by machine; every checker is first shown to bite."""

import subprocess
import sys
from copy import deepcopy
from functools import cache
from pathlib import Path
from statistics import median
from typing import cast

import grimp
import pytest
from importlinter import Contract
from importlinter.api import read_configuration
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

from tests import house
from tests.house.planted import HARMLESS, PLANTED, PLANTED_IMPORTS
from tests.house.shape import MEDIAN_LINES
from tests.house.source import lines_of
from tests.house.words import covered, glyphs

ROOT = Path(__file__).parent.parent
KINDS: dict[str, type[Contract]] = {
    "layers": LayersContract,
    "forbidden": ForbiddenContract,
    "protected": ProtectedContract,
    "acyclic_siblings": AcyclicSiblingsContract,
}


@cache
def texts() -> dict[str, str]:
    """Every module of the house and its tests."""
    files = (file for folder in ("bot", "tests") for file in (ROOT / folder).rglob("*.py"))
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in sorted(files)}


@cache
def refusals() -> frozenset[str]:
    return house.refusals_of(texts().items())


@cache
def coverage() -> frozenset[int]:
    return covered((ROOT / "bot/fonts/coverage.txt").read_text(encoding="ascii"))


@cache
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("bot", include_external_packages=True, cache_dir=None)


@cache
def contracts() -> dict[str, Contract]:
    told = read_configuration(str(ROOT / "pyproject.toml"))
    return {
        options["id"]: KINDS[options["type"]](options["name"], told["session_options"], options)
        for options in told["contracts_options"]
    }


def is_kept(contract: str, graph: grimp.ImportGraph) -> bool:
    return contracts()[contract].check(deepcopy(graph), verbose=False).kept


def run(*command: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


# -- each rule bites --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "text", "rule"), PLANTED)
def test_a_planted_violation_is_found(path: str, text: str, rule: str) -> None:
    found = house.check(house.Source(path, text, house.refusals_of([(path, text)])))
    assert {violation.rule for violation in found} == {rule}


@pytest.mark.parametrize("rule", [*dict.fromkeys((*house.BOT, *house.TESTS))])
def test_no_rule_goes_without_a_planted_violation(rule: house.Rule) -> None:
    assert any(list(rule(house.Source(path, text))) for path, text, _ in PLANTED)


def test_no_contract_goes_without_a_planted_import() -> None:
    assert {contract for contract, _, _ in PLANTED_IMPORTS} == set(contracts())


@pytest.mark.parametrize(("path", "text"), HARMLESS)
def test_what_only_looks_like_a_violation_passes(path: str, text: str) -> None:
    assert house.check(house.Source(path, text, house.refusals_of([(path, text)]))) == []


@pytest.mark.parametrize(("contract", "importer", "imported"), PLANTED_IMPORTS)
def test_a_planted_import_breaks_its_contract(contract: str, importer: str, imported: str) -> None:
    graph = deepcopy(imports())
    graph.add_import(importer=importer, imported=imported)
    assert is_kept(contract, imports())
    assert not is_kept(contract, graph)


def test_a_module_that_is_not_in_the_drawing_breaks_the_order() -> None:
    graph = deepcopy(imports())
    graph.add_module("bot.stray")
    assert not is_kept("order", graph)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("bot/quiz/views.py", "x = '✅ 已签到'"),
        ("bot/quiz/views.py", "x = f'⚽ {n}'"),
        ("bot/meetings/plan_views.py", "x = '⭐'"),
        ("bot/quiz/service.py", "class Late(UserError): text = '⏰ 已截止'"),
        ("bot/demo/page/index.html", "<b>🎉</b>"),
        ("content/norms.yaml", "title: \U00031fff"),
    ],
)
def test_a_character_nobody_could_see_is_found(path: str, text: str) -> None:
    assert [violation.rule for violation in glyphs(path, text, coverage(), refusals())] == ["glyph"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("bot/quiz/views.py", "x = '✓ 已签到 × ● ▲ ※ 䶮𠮷'  # 🎉"),
        ("bot/quiz/service.py", "x = '🎉'"),
        ("content/norms.yaml", "title: 三会一课\n"),
    ],
)
def test_a_character_of_the_font_passes(path: str, text: str) -> None:
    assert list(glyphs(path, text, coverage(), refusals())) == []


# -- the house is clean -----------------------------------------------------------------------------------------------


def test_the_house_keeps_its_rules() -> None:
    sources = [house.Source(path, text, refusals()) for path, text in texts().items()]
    found = [str(violation) for source in sources for violation in house.check(source)]
    assert len(sources) > 100
    assert not found, "\n" + "\n".join(found)


def test_functions_stay_short() -> None:
    modules = (house.Source(path, text) for path, text in texts().items() if path.startswith("bot/"))
    lengths = [lines_of(function) for module in modules for function in module.functions()]
    assert median(lengths) <= MEDIAN_LINES


def test_people_can_see_every_character() -> None:
    shown = [(path, text) for path, text in texts().items() if path.startswith("bot/")]
    pages = [file for file in (ROOT / "bot/demo/page").iterdir() if file.is_file()]
    content = [file for file in (ROOT / "content").rglob("*.yaml") if "banks" not in file.parts]
    files = [*pages, *content]
    shown += [(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in files]
    found = [str(violation) for path, text in shown for violation in glyphs(path, text, coverage(), refusals())]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("contract", sorted(contracts()))
def test_an_import_contract_is_kept(contract: str) -> None:
    check = contracts()[contract].check(deepcopy(imports()), verbose=False)
    assert check.kept, cast("object", check.metadata)


def test_ruff_has_no_complaint() -> None:
    assert run("ruff", "check", "--quiet", ".") == (0, "")
    assert run("ruff", "format", "--quiet", "--check", ".") == (0, "")


def test_mypy_has_no_complaint() -> None:
    code, told = run("mypy")
    assert code == 0, told
