"""The banks that come with the program."""

from pathlib import Path

import pytest

from bot.banks.lint import Checked
from bot.banks.rules import QuestionType
from tests.banks.files import check

FOLDER = Path(__file__).parents[2] / "content" / "banks"
FILES = sorted(FOLDER.glob("*.yaml"))


def checked(path: Path) -> Checked:
    return check(path.read_bytes(), path.name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_bank_is_clean_but_for_sources_not_yet_compared(path: Path) -> None:
    result = checked(path)
    assert {issue.code for issue in result.issues} <= {"W308"}
    assert result.bank is not None
    assert result.bank.slug == path.stem


def test_shipped_banks_hold_every_question_once() -> None:
    banks = [result.bank for path in FILES if (result := checked(path)).bank]
    codes = [question.code for bank in banks for question in bank.questions]
    assert len(banks) >= 6
    assert len(codes) == len(set(codes)) >= 59


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_bank_registers_only_what_it_uses(path: Path) -> None:
    bank = checked(path).bank
    assert bank is not None
    assert {question.citation.source for question in bank.questions if question.citation} == set(bank.sources)
    assert {topic for question in bank.questions for topic in question.topics} == set(bank.topics)


def test_all_types_are_shipped() -> None:
    banks = [result.bank for path in FILES if (result := checked(path)).bank]
    assert {question.type for bank in banks for question in bank.questions} == set(QuestionType)
