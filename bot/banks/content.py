"""The JSON in which a version keeps its question and a revision its sources and defaults."""

import json
from datetime import date
from typing import TypedDict

from bot.banks.rules import (
    Bank,
    Blank,
    BlankKind,
    Citation,
    Defaults,
    Match,
    Question,
    QuestionType,
    Rule,
    Source,
    Status,
    digest,
)


class BlankContent(TypedDict):
    answers: list[str]
    kind: str
    match: str


class SourceContent(TypedDict):
    key: str
    title: str
    edition: str
    effective: str | None
    expires: str | None
    verified: bool


class CitationContent(TypedDict):
    source: SourceContent
    article: str
    verified: bool


class DefaultsContent(TypedDict):
    score_centi: int
    rule: str
    blank_rule: str
    each_centi: int | None
    time_s: int | None
    shuffle: bool


class Content(TypedDict):
    """A question as a version keeps it: everything but its code and its status."""

    type: str
    stem: str
    options: list[str]
    answer: str
    blanks: list[BlankContent]
    any_order: bool
    is_indefinite: bool
    score_centi: int
    rule: str
    each_centi: int | None
    explain: str
    hint: str
    citation: CitationContent | None
    topics: list[str]
    difficulty: int
    time_s: int
    lock: str
    shuffle: bool
    valid_until: str | None


def source_content(source: Source) -> SourceContent:
    return {
        "key": source.key,
        "title": source.title,
        "edition": source.edition,
        "effective": source.effective.isoformat() if source.effective else None,
        "expires": source.expires.isoformat() if source.expires else None,
        "verified": source.is_verified,
    }


def source_of(content: SourceContent) -> Source:
    return Source(
        content["key"],
        content["title"],
        content["edition"],
        _day(content["effective"]),
        _day(content["expires"]),
        content["verified"],
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def content_of(question: Question) -> Content:
    citation = question.citation
    return {
        "type": question.type.value,
        "stem": question.stem,
        "options": list(question.options),
        "answer": question.answer,
        "blanks": [_blank_content(blank) for blank in question.blanks],
        "any_order": question.is_any_order,
        "is_indefinite": question.is_indefinite,
        "score_centi": question.score_centi,
        "rule": question.rule.value,
        "each_centi": question.each_centi,
        "explain": question.explain,
        "hint": question.hint,
        "citation": _citation_content(citation) if citation else None,
        "topics": list(question.topics),
        "difficulty": question.difficulty,
        "time_s": question.time_s,
        "lock": question.lock,
        "shuffle": question.is_shuffled,
        "valid_until": question.valid_until.isoformat() if question.valid_until else None,
    }


def _citation_content(citation: Citation) -> CitationContent:
    source = source_content(citation.source)
    return {"source": source, "article": citation.article, "verified": citation.is_verified}


def _blank_content(blank: Blank) -> BlankContent:
    return {"answers": list(blank.answers), "kind": blank.kind.value, "match": blank.match.value}


def question_of(code: str, content: Content, status: Status = Status.ACTIVE) -> Question:
    """Inverse of `content_of`."""
    citation = content["citation"]
    return Question(
        code=code,
        type=QuestionType(content["type"]),
        stem=content["stem"],
        options=tuple(content["options"]),
        answer=content["answer"],
        blanks=tuple(
            Blank(tuple(blank["answers"]), BlankKind(blank["kind"]), Match(blank["match"]))
            for blank in content["blanks"]
        ),
        is_any_order=content["any_order"],
        is_indefinite=content["is_indefinite"],
        score_centi=content["score_centi"],
        rule=Rule(content["rule"]),
        each_centi=content["each_centi"],
        explain=content["explain"],
        hint=content["hint"],
        citation=citation and Citation(source_of(citation["source"]), citation["article"], citation["verified"]),
        topics=tuple(content["topics"]),
        difficulty=content["difficulty"],
        time_s=content["time_s"],
        lock=content["lock"],
        is_shuffled=content["shuffle"],
        valid_until=_day(content["valid_until"]),
        status=status,
    )


def content_hash(content: Content) -> str:
    """Equal exactly when nothing a member or an author can see has changed."""
    return digest(json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def defaults_content(defaults: Defaults) -> DefaultsContent:
    return {
        "score_centi": defaults.score_centi,
        "rule": defaults.rule.value,
        "blank_rule": defaults.blank_rule.value,
        "each_centi": defaults.each_centi,
        "time_s": defaults.time_s,
        "shuffle": defaults.is_shuffled,
    }


def defaults_of(content: DefaultsContent) -> Defaults:
    return Defaults(
        content["score_centi"],
        Rule(content["rule"]),
        Rule(content["blank_rule"]),
        content["each_centi"],
        content["time_s"],
        content["shuffle"],
    )


def head_content(bank: Bank) -> dict[str, object]:
    """All of a bank but its questions."""
    return {
        "title": bank.title,
        "owner": bank.owner,
        "note": bank.note,
        "sources": [source_content(source) for source in bank.sources],
        "topics": list(bank.topics),
        "defaults": defaults_content(bank.defaults),
    }
