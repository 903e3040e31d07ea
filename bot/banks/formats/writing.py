"""A bank as schema-1 YAML text. Reading it back gives the same bank."""

import json
import re
from collections.abc import Iterator, Sequence

from bot.banks.phrases import INDEFINITE
from bot.banks.rules import (
    RIGHT,
    WRONG,
    Bank,
    Blank,
    BlankKind,
    Citation,
    Defaults,
    Match,
    Question,
    QuestionType,
    Source,
    Status,
)

# Text that means itself without quotes, in block and in flow style alike.
_PLAIN = re.compile(r"(?:[^\W_]|[“《（])(?:[^\s:#,\[\]{}\"']|[ ](?![ #]))*(?<! )")
_JUDGEMENTS = {RIGHT: "对", WRONG: "错"}


def write(bank: Bank) -> str:
    return "\n".join(_lines(bank)) + "\n"


def _lines(bank: Bank) -> Iterator[str]:
    yield "schema: 1"
    yield f"bank: {_text(bank.slug)}"
    yield f"title: {_text(bank.title)}"
    yield from _given(owner=bank.owner, note=bank.note)
    if bank.sources:
        yield "sources:"
        yield from (f"  {_text(source.key)}: {_flow(_source(source))}" for source in bank.sources)
    if bank.topics:
        yield f"topics: {_list(bank.topics)}"
    if defaults := _defaults(bank.defaults):
        yield f"defaults: {_flow(defaults)}"
    yield "questions:"
    for question in bank.questions:
        first, *rest = _question(question, bank.defaults)
        yield f"  - {first}"
        yield from (f"    {line}" for line in rest)


def _question(question: Question, defaults: Defaults) -> Iterator[str]:
    yield f"id: {_text(question.code)}"
    yield f"type: {INDEFINITE if question.is_indefinite else question.type.value}"
    yield f"stem: {_text(question.stem)}"
    yield from _answer(question)
    yield from _marking(question, defaults)
    yield from _given(explain=question.explain, hint=question.hint)
    if question.citation:
        yield f"source: {_flow(_citation(question.citation))}"
    if question.topics:
        yield f"topics: {_list(question.topics)}"
    if question.difficulty != 3:
        yield f"difficulty: {question.difficulty}"
    if question.time_s != defaults.time_for(question.type):
        yield f"time: {question.time_s}"
    yield from _given(lock=question.lock)
    if question.is_shuffled is not defaults.is_shuffled:
        yield f"shuffle: {str(question.is_shuffled).lower()}"
    yield from _given(valid_until=question.valid_until.isoformat() if question.valid_until else "")
    if question.status is not Status.ACTIVE:
        yield f"status: {question.status.value}"


def _answer(question: Question) -> Iterator[str]:
    if question.type is QuestionType.TRUE_FALSE:
        yield f"answer: {_JUDGEMENTS[question.answer]}"
    elif question.type is QuestionType.BLANK:
        yield "blanks:"
        yield from (f"  - {_flow(_blank(blank))}" for blank in question.blanks)
        if question.is_any_order:
            yield "any_order: true"
    else:
        yield "options:"
        pairs = zip(question.letters, question.options, strict=True)
        yield from (f"  {letter}: {_text(option)}" for letter, option in pairs)
        yield f"answer: {question.answer}"


def _marking(question: Question, defaults: Defaults) -> Iterator[str]:
    if question.score_centi != defaults.score_centi:
        yield f"score: {_centi(question.score_centi)}"
    if question.type not in {QuestionType.MULTIPLE, QuestionType.BLANK}:
        return
    if question.rule is not defaults.rule_for(question.type):
        yield f"rule: {question.rule.value}"
    if question.each_centi is not None and question.each_centi != defaults.each_centi:
        yield f"each_score: {_centi(question.each_centi)}"


def _source(source: Source) -> dict[str, str]:
    return {
        "title": _text(source.title),
        "edition": _text(source.edition) if source.edition else "",
        "effective": source.effective.isoformat() if source.effective else "",
        "expires": source.expires.isoformat() if source.expires else "",
        "verified": "" if source.is_verified else "false",
    }


def _citation(citation: Citation) -> dict[str, str]:
    is_usual = citation.is_verified is citation.source.is_verified
    return {
        "ref": _text(citation.source.key),
        "article": _text(citation.article) if citation.article else "",
        "verified": "" if is_usual else str(citation.is_verified).lower(),
    }


def _blank(blank: Blank) -> dict[str, str]:
    return {
        "answers": _list(blank.answers),
        "kind": "" if blank.kind is BlankKind.TEXT else blank.kind.value,
        "match": "" if blank.match is Match.EXACT else blank.match.value,
    }


def _defaults(defaults: Defaults) -> dict[str, str]:
    usual = Defaults()
    given = {
        "score": _centi(defaults.score_centi) if defaults.score_centi != usual.score_centi else "",
        "rule": defaults.rule.value if defaults.rule is not usual.rule else "",
        "blank_rule": defaults.blank_rule.value if defaults.blank_rule is not usual.blank_rule else "",
        "each_score": _centi(defaults.each_centi) if defaults.each_centi is not None else "",
        "time": str(defaults.time_s) if defaults.time_s is not None else "",
        "shuffle": "" if defaults.is_shuffled else "false",
    }
    return {key: value for key, value in given.items() if value}


def _given(**values: str) -> Iterator[str]:
    for key, value in values.items():
        if value:
            yield f"{key}: {_text(value)}"


def _flow(values: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in values.items() if value) + "}"


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(map(_text, values)) + "]"


def _centi(centi: int) -> str:
    return f"{centi // 100}.{centi % 100:02}".rstrip("0").rstrip(".")


def _text(text: str) -> str:
    """As people write it where that is safe, else in double quotes, whose escapes JSON and YAML share."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
