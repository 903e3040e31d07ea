"""The JSON Schema of bank files, by which editors complete keys and show mistakes while one types."""

import json

from bot.banks import phrases
from bot.banks.rules import (
    LETTERS,
    MAX_ANSWERS,
    MAX_EXPLAIN,
    MAX_HINT,
    MAX_OPTION,
    MAX_OPTIONS,
    MAX_QUESTIONS,
    MAX_STEM,
    MAX_TITLE,
    MAX_TOPICS,
    MIN_OPTIONS,
    BlankKind,
    Match,
    Rule,
    Status,
)

Json = dict[str, object]

CODE = "^[a-z0-9_-]{1,40}$"
SLUG = "^[a-z0-9-]{2,40}$"
DAY = r"^\d{4}-\d{2}-\d{2}$"
SCORE: Json = {"type": "number", "minimum": 0.01, "maximum": 100, "multipleOf": 0.01}
SECONDS: Json = {"type": "integer", "minimum": 10, "maximum": 600}
SWITCH: Json = {"type": "boolean"}
ONE_OF_RULES: Json = {"enum": [rule.value for rule in Rule]}
# Editors type what the program keeps as text: 0755 and no are a number and a boolean to them.
TYPED = ["string", "number", "boolean"]


def schema() -> Json:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "共富小课堂题库，格式 1",
        **_object(
            {
                "schema": {"const": 1},
                "bank": {"type": "string", "pattern": SLUG},
                "title": _text(MAX_TITLE),
                "owner": _text(MAX_EXPLAIN),
                "note": _text(MAX_EXPLAIN),
                "sources": {"type": "object", "additionalProperties": _source()},
                "topics": {"type": "array", "items": {"type": TYPED}},
                "defaults": _defaults(),
                "questions": {"type": "array", "minItems": 1, "maxItems": MAX_QUESTIONS, "items": _question()},
            },
            "schema",
            "bank",
            "title",
            "questions",
        ),
    }


def text() -> str:
    """As it stands in `content/schema/bank.schema.json`."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def _object(properties: dict[str, Json], *required: str) -> Json:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


def _text(most: int) -> Json:
    return {"type": TYPED, "minLength": 1, "maxLength": most}


def _day() -> Json:
    return {"type": "string", "pattern": DAY}


def _source() -> Json:
    return _object(
        {
            "title": _text(MAX_HINT),
            "edition": {"type": TYPED},
            "effective": _day(),
            "expires": _day(),
            "verified": SWITCH,
        },
        "title",
    )


def _defaults() -> Json:
    return _object(
        {
            "score": SCORE,
            "rule": ONE_OF_RULES,
            "blank_rule": {"enum": [Rule.PROP.value, Rule.ALL.value]},
            "each_score": SCORE,
            "time": SECONDS,
            "shuffle": SWITCH,
        }
    )


def _question() -> Json:
    return _object(
        {
            "id": {"type": ["string", "integer"], "pattern": CODE},
            "type": {"enum": list(phrases.TYPE_WORDS)},
            "stem": _text(MAX_STEM),
            "options": _options(),
            "answer": {"type": [*TYPED, "array"], "items": {"type": "string"}},
            "blanks": {"type": "array", "minItems": 1, "items": _blank()},
            "any_order": SWITCH,
            "score": SCORE,
            "rule": ONE_OF_RULES,
            "each_score": SCORE,
            "explain": _text(MAX_EXPLAIN),
            "hint": _text(MAX_HINT),
            "source": _object({"ref": {"type": TYPED}, "article": {"type": TYPED}, "verified": SWITCH}, "ref"),
            "topics": {"type": "array", "maxItems": MAX_TOPICS, "items": {"type": TYPED}},
            "difficulty": {"type": "integer", "minimum": 1, "maximum": 5},
            "time": SECONDS,
            "lock": {"type": ["string", "array"], "items": {"type": "string"}},
            "shuffle": SWITCH,
            "valid_until": _day(),
            "status": {"enum": [status.value for status in Status]},
        },
        "id",
        "type",
        "stem",
    )


def _options() -> Json:
    option = _text(MAX_OPTION)
    letters = {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(LETTERS, option)}
    return {
        "anyOf": [
            {**letters, "minProperties": MIN_OPTIONS},
            {"type": "array", "minItems": MIN_OPTIONS, "maxItems": MAX_OPTIONS, "items": option},
        ]
    }


def _blank() -> Json:
    return _object(
        {
            "answers": {"type": "array", "minItems": 1, "maxItems": MAX_ANSWERS, "items": _text(MAX_OPTION)},
            "kind": {"enum": [kind.value for kind in BlankKind]},
            "match": {"enum": [match.value for match in Match]},
        },
        "answers",
    )
