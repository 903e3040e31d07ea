"""What a reader found as JSON text and back: the way out of the child process. Nothing in it is trusted."""

import json
from collections.abc import Mapping, Sequence

from bot.banks.formats.raw import RawFile, RawOption, RawQuestion, Text
from bot.banks.rules import At, Cell, Issue, Line, Paragraph, Place, Rule

Json = str | int | bool | None | Sequence["Json"] | Mapping[str, "Json"]
_KINDS: Mapping[str, type[Place] | type[Line] | type[Cell] | type[Paragraph]] = {
    "p": Place,
    "l": Line,
    "c": Cell,
    "w": Paragraph,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_PLAIN = ("stem", "kind", "section", "explain", "topics", "source", "article", "code")
MAX_TEXT = 40_000  # characters of one text; a cell holds 32,767


class Garbled(ValueError):  # what a broken child may print
    """Not what a reader gives."""


def dumps(found: RawFile) -> bytes:
    """The issues on a line, then each question on one: whole, it would hold up whoever waits beside the parser."""
    issues = _line([_issue(one) for one in found.issues])
    return b"\n".join([issues, *(_line(_question(one)) for one in found.questions)])


def _line(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def loads(data: bytes, file: str) -> RawFile:
    """Inverse of `dumps`; raises Garbled."""
    try:
        issues, *questions = data.split(b"\n")
        return RawFile(
            file,
            [_question_of(_list(json.loads(one)), file) for one in questions],
            [_issue_of(_list(one), file) for one in _list(json.loads(issues))],
        )
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise Garbled from error


def _at(at: At) -> Json:
    return [_NAMES[type(at)], *at]


def _at_of(value: Json) -> At:
    name, *parts = _list(value)
    kind = _KINDS[_str(name)]
    if kind is Cell:
        return Cell(_int(parts[0]), _int(parts[1]), _int(parts[2]), _str(parts[3]))
    if kind is Place:
        return Place(_int(parts[0]), _int(parts[1]))
    return Line(_int(parts[0])) if kind is Line else Paragraph(_int(parts[0]))


def _text(text: Text | None) -> Json:
    return None if text is None else [text.text, _at(text.at)]


def _text_of(value: Json) -> Text | None:
    return None if value is None else _given(value)


def _given(value: Json) -> Text:
    text, at = _list(value)
    return Text(_str(text), _at_of(at))


def _question(one: RawQuestion) -> Json:
    return [
        _at(one.at),
        [getattr(one, name) for name in _PLAIN],
        [[option.letter, option.text, _at(option.at), option.is_right] for option in one.options],
        [_text(answer) for answer in one.answers],
        None if one.answer_at is None else _at(one.answer_at),
        _text(one.score),
        None if one.rule is None else one.rule.value,
        _text(one.difficulty),
        [_issue(issue) for issue in one.issues],
    ]


def _question_of(value: Sequence[Json], file: str) -> RawQuestion:
    at, plain, options, answers, answer_at, score, rule, difficulty, issues = value
    found = RawQuestion(
        at=_at_of(at),
        options=[_option_of(_list(one)) for one in _list(options)],
        answers=[_given(one) for one in _list(answers)],
        answer_at=None if answer_at is None else _at_of(answer_at),
        score=_text_of(score),
        rule=None if rule is None else Rule(_str(rule)),
        difficulty=_text_of(difficulty),
        issues=[_issue_of(_list(one), file) for one in _list(issues)],
    )
    for name, text in zip(_PLAIN, _list(plain), strict=True):
        setattr(found, name, _str(text))
    return found


def _option_of(value: Sequence[Json]) -> RawOption:
    letter, text, at, is_right = value
    if not (is_right is None or isinstance(is_right, bool)):
        raise Garbled
    return RawOption(_str(letter), _str(text), _at_of(at), is_right)


def _issue(issue: Issue) -> Json:
    return [issue.code, _at(issue.place), dict(issue.params)]


def _issue_of(value: Sequence[Json], file: str) -> Issue:
    code, at, params = value
    if not isinstance(params, Mapping) or not all(isinstance(one, str | int) for one in params.values()):
        raise Garbled
    plain = {name: one for name, one in params.items() if isinstance(one, str | int)}
    return Issue(_str(code), file, _at_of(at), plain)


def _list(value: Json) -> Sequence[Json]:
    if not isinstance(value, list):
        raise Garbled
    return value


def _str(value: Json) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise Garbled
    return value


def _int(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Garbled
    return value
