"""The banks that come with the program."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from bot.banks.lint import Checked
from bot.banks.rules import RIGHT, Bank, Question, QuestionType, fingerprint, in_force, is_cited_in_force
from bot.message import units
from bot.quiz.blueprint import BlueprintRow, Pooled, draw
from tests.banks.files import check
from tests.house.words import covered

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "content" / "banks").glob("*.yaml"))
STANDARD = (  # the paper of one tap: 10, 5 and 5 questions
    BlueprintRow(10, QuestionType.SINGLE),
    BlueprintRow(5, QuestionType.MULTIPLE),
    BlueprintRow(5, QuestionType.TRUE_FALSE),
)
LARGE = ("zhibu-gongzuo", "dangzhang", "dangyuan-jiaoyu", "fazhan-dangyuan", "guoqi-dangjian")

each_bank = pytest.mark.parametrize("slug", [path.stem for path in FILES])


@cache
def checked(slug: str) -> Checked:
    path = next(path for path in FILES if path.stem == slug)
    return check(path.read_bytes(), path.name)


def bank_of(slug: str) -> Bank:
    bank = checked(slug).bank
    assert bank is not None
    return bank


def of_type(slug: str, kind: QuestionType) -> list[Question]:
    return [question for question in bank_of(slug).questions if question.type is kind]


def shipped() -> list[Question]:
    return [question for path in FILES for question in bank_of(path.stem).questions]


def drawable(slug: str, on: date) -> list[Pooled]:
    """Numbered by their place; citing an edition that is in force on the day."""
    editions = in_force([source for path in FILES for source in bank_of(path.stem).sources], on)
    return [
        Pooled(number, question.type, question.topics, question.difficulty, fingerprint(question))
        for number, question in enumerate(bank_of(slug).questions)
        if question.citation and is_cited_in_force(question.citation.source, editions, on)
    ]


def texts(question: Question) -> Iterator[str]:
    yield from (question.stem, question.explain, *question.options, *question.topics)


@each_bank
def test_a_shipped_bank_is_clean_but_for_sources_not_yet_compared(slug: str) -> None:
    result = checked(slug)
    assert {issue.code for issue in result.issues} <= {"W308"}
    assert result.bank is not None
    assert result.bank.slug == slug


def test_eight_banks_hold_more_than_two_hundred_and_twenty_questions_each_of_them_once() -> None:
    codes = [question.code for question in shipped()]
    assert len(FILES) == 8
    assert len(codes) == len(set(codes)) >= 220


def test_no_two_shipped_questions_are_the_same() -> None:
    prints = Counter(fingerprint(question) for question in shipped())
    stems = Counter(question.stem for question in shipped())
    assert set(prints.values()) == {1}
    assert [stem for stem, count in stems.items() if count > 1] == []


@each_bank
def test_a_shipped_bank_registers_only_what_it_uses(slug: str) -> None:
    bank = bank_of(slug)
    assert {question.citation.source for question in bank.questions if question.citation} == set(bank.sources)
    assert {topic for question in bank.questions for topic in question.topics} == set(bank.topics)


def test_every_shipped_question_names_its_document_and_edition() -> None:
    unnamed = [
        question.code
        for question in shipped()
        if question.citation is None or not question.citation.source.title or not question.citation.source.edition
    ]
    assert unnamed == []


def test_a_source_that_was_compared_names_its_article() -> None:
    cited = [(question.code, question.citation) for question in shipped() if question.citation]
    assert [code for code, citation in cited if citation.is_verified and not citation.article] == []


def test_one_document_stands_with_one_edition_in_all_banks() -> None:
    editions = {source for path in FILES for source in bank_of(path.stem).sources}
    assert len({source.title for source in editions}) == len(editions)


def test_every_shipped_question_teaches_in_an_explanation_that_fits_a_poll() -> None:
    assert [question.code for question in shipped() if not 0 < units(question.explain) <= 200] == []


def test_no_explanation_speaks_of_options_by_their_place_since_they_are_shuffled() -> None:
    by_place = re.compile(r"[前后][一二两三四]项|以上[各都均]|上述|第[一二三四]项|选项|[A-D]项|全选")
    assert [question.code for question in shipped() if question.options and by_place.search(question.explain)] == []


def test_all_types_are_shipped_in_every_bank() -> None:
    kinds = {path.stem: {question.type for question in bank_of(path.stem).questions} for path in FILES}
    assert set(kinds) == {slug for slug, held in kinds.items() if held == set(QuestionType)}


def test_every_choice_has_a_wrong_option_and_no_multiple_choice_is_all_right() -> None:
    choices = [question for question in shipped() if question.options]
    assert [question.code for question in choices if len(question.options) != 4] == []
    rights = {question.code: len(question.answer) for question in choices if question.type is QuestionType.MULTIPLE}
    assert [code for code, count in rights.items() if count not in (2, 3)] == []


@each_bank
def test_the_keys_of_single_choice_are_spread_over_the_letters(slug: str) -> None:
    singles = of_type(slug, QuestionType.SINGLE)
    keys = Counter(question.answer for question in singles)
    assert {letter for letter in "ABCD" if 15 * len(singles) <= 100 * keys[letter] <= 35 * len(singles)} == set("ABCD")


@each_bank
def test_right_and_wrong_judgements_are_balanced(slug: str) -> None:
    judged = of_type(slug, QuestionType.TRUE_FALSE)
    right = sum(question.answer == RIGHT for question in judged)
    assert 40 * len(judged) <= 100 * right <= 60 * len(judged)


@each_bank
def test_the_longest_option_does_not_give_the_answer_away(slug: str) -> None:
    singles = of_type(slug, QuestionType.SINGLE)
    telling = 0
    for question in singles:
        lengths = dict(zip(question.letters, map(len, question.options), strict=True))
        right = lengths.pop(question.answer)
        telling += right > max(lengths.values())
    assert 100 * telling <= 40 * len(singles)


@each_bank
def test_options_of_one_question_are_of_like_length(slug: str) -> None:
    """At most five characters apart, or the shortest at least half as long as the longest."""
    uneven = []
    for question in bank_of(slug).questions:
        lengths = sorted(map(len, question.options)) or [0]
        if lengths[-1] - lengths[0] > 5 and lengths[-1] > 2 * lengths[0]:
            uneven.append(question.code)
    assert uneven == []


@pytest.mark.parametrize("slug", LARGE)
@pytest.mark.parametrize("on", [date(2026, 3, 2), date(2026, 11, 22)], ids=str)
def test_a_standard_paper_can_be_drawn_from_each_large_bank_alone(slug: str, on: date) -> None:
    pool = drawable(slug, on)
    picked = draw(STANDARD, pool, seed=7)
    assert [one.type for one in picked] == [row.type for row in STANDARD for _ in range(row.count)]
    assert len({one.version_id for one in picked}) == 20


def test_what_the_revised_rules_of_admission_added_is_cited_from_the_revision_alone() -> None:
    """The other questions hold in the edition of 2014 as well, whatever the day of a paper."""
    cited = {question.code: question.citation.source for question in shipped() if question.citation}
    taken_effect = {code for code, source in cited.items() if source.effective == date(2026, 5, 18)}
    assert taken_effect == {"fz-018", "fz-019", "fz-020"}


def test_every_character_of_the_shipped_banks_can_be_shown() -> None:
    font = covered((ROOT / "bot" / "fonts" / "coverage.txt").read_text(encoding="ascii"))
    shown = {character for question in shipped() for text in texts(question) for character in text}
    assert {character for character in shown if ord(character) not in font} == set()
