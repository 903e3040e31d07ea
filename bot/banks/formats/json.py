"""Questions in JSON: items under the headings of a sheet, or one pair of `题干|选项|选项` and answer each."""

import json
from collections.abc import Iterator
from decimal import Decimal

from bot.banks.formats import decode
from bot.banks.formats.columns import HEADINGS, heading
from bot.banks.formats.kinds import kind_of
from bot.banks.formats.letters import split_options
from bot.banks.formats.raw import RawFile, RawOption, RawQuestion, Text, TooMuch
from bot.banks.formats.table import MAX_ROWS
from bot.banks.rules import LETTERS, WHOLE, Issue, Line

_ENGLISH = {
    "stem": "TITLE CONTENT BODY NAME TIMU TIGAN Q TEXT QUESTIONNAME QUESTIONBODY SUBJECTNAME",
    "answer": "ANSWERS RIGHT STANDARDANSWER KEY DAAN RIGHTANSWERS TRUEANSWER ANSWERCONTENT",
    "index": "CORRECTINDEX ANSWERINDEX CORRECTANSWERINDEX",  # of an option, from 0
    "kind": "KIND CATEGORY TIXING TYPENAME TYPELABEL QTYPE",
    "options": "OPTION OPTIONLIST CHOICELIST XUANXIANG OPTIONSLIST ANSWERLIST",
    "explain": "EXPLAIN JIEXI PARSE EXPLAINATION",
    "topics": "TAGS",
    "difficulty": "LEVEL",
    "source": "SOURCE",
    "article": "ARTICLE",
    "code": "ID CODE",
}
_WORDS: dict[str, tuple[str, ...]] = {
    name: (*HEADINGS.get(name, ()), *words.split()) for name, words in (dict.fromkeys(HEADINGS, "") | _ENGLISH).items()
}
_FIELDS = {word: name for name, words in _WORDS.items() for word in words}
_GIVEN = frozenset({"答案", "ANSWER", "ANSWERS"})  # beside 正确答案 what somebody answered
_OPTION_TEXT = frozenset(
    {
        "TEXT",
        "CONTENT",
        "VALUE",
        "OPTION",
        "内容",
        "选项",
        "选项内容",
        "NAME",
        "OPTIONVALUE",
        "OPTIONTEXT",
        "OPTIONCONTENT",
    }
)
_OPTION_RIGHT = frozenset({"ISRIGHT", "ISCORRECT", "CORRECT", "RIGHT", "ISANSWER", "正确", "是否正确"})
_LATER = 20
_DEEPEST = 6
_MOST_SHOWN = 80

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


def read(data: bytes, file: str) -> RawFile:
    found, decoded = RawFile(file), decode(data)
    if decoded is None:
        found.issues.append(Issue("E001", file, WHOLE))
        return found
    if decoded.is_guessed:
        found.issues.append(Issue("W214", file, Line(1), {"enc": decoded.encoding}))
    try:
        _Reader(decoded.text, found).read()
    except json.JSONDecodeError as error:
        found.issues.append(Issue("E009", file, Line(error.lineno)))
    except RecursionError:
        found.issues.append(Issue("E129", file, Line(1)))
    if not found.questions and not any(issue.is_error for issue in found.issues):
        found.issues.append(Issue("E204", file, WHOLE))
    return found


class _Reader:
    """Walks down to the items by hand, since the standard decoder does not tell where they stand."""

    def __init__(self, text: str, into: RawFile) -> None:
        self._text, self._into = text, into
        self._decoder = json.JSONDecoder()
        self._line, self._counted = 1, 0

    def read(self) -> None:
        """One value, or several below each other as programs log them."""
        at = self._skip(0)
        while at < len(self._text) or not at:
            at = self._skip(self._walk(at, "", 0))

    def _walk(self, at: int, section: str, depth: int) -> int:
        """One value at `at`; returns where it ends."""
        value, end = self._decode(at)
        if isinstance(value, dict) and not _is_item(value) and depth < _DEEPEST:
            self._object(at, section, depth)
        elif isinstance(value, list) and depth < _DEEPEST:
            self._list(at, section, depth)
        else:
            self._take(value, at, end, section)
        return end

    def _list(self, at: int, section: str, depth: int) -> None:
        at = self._skip(at + 1)
        while self._text[at] != "]":
            at = self._skip(self._walk(at, section, depth + 1))
            if self._text[at] == ",":
                at = self._skip(at + 1)

    def _object(self, at: int, section: str, depth: int) -> None:
        """A frame around items: a key that names a type is a section; texts beside them are no questions."""
        at, begin, seen = self._skip(at + 1), at, False
        while self._text[at] != "}":
            key, end = self._decode(at)
            at, pair = self._skip(self._skip(end) + 1), at
            value, end = self._decode(at)
            name = str(key)
            if "|" in name:
                self._take({name: value}, pair, end, section)
                seen = True
            elif isinstance(value, list | dict):
                self._walk(at, name if kind_of(name) else section, depth + 1)
                seen = True
            at = self._skip(end)
            if self._text[at] == ",":
                at = self._skip(at + 1)
        if not seen and depth:
            self._refuse(begin, at + 1)

    def _decode(self, at: int) -> tuple[Json, int]:
        return self._decoder.raw_decode(self._text, at)

    def _skip(self, at: int) -> int:
        while at < len(self._text) and self._text[at] in " \t\r\n\ufeff":
            at += 1
        return at

    def _place(self, at: int) -> Line:
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        return Line(self._line)

    def _take(self, value: Json, at: int, end: int, section: str) -> None:
        if len(self._into.questions) >= MAX_ROWS:
            raise TooMuch
        if isinstance(value, dict) and (question := _question(value, self._place(at), section)):
            self._into.questions.append(question)
        else:
            self._refuse(at, end)

    def _refuse(self, at: int, end: int) -> None:
        text = " ".join(self._text[at : min(end, at + _MOST_SHOWN)].split())
        self._into.issues.append(Issue("E216", self._into.file, self._place(at), {"text": text}))


def _is_item(value: dict[str, Json]) -> bool:
    names = {_FIELDS.get(heading(key)) for key in value}
    has_stem = any(
        _FIELDS.get(heading(key)) == "stem" and not isinstance(one, list | dict) for key, one in value.items()
    )
    has_rest = bool(names & {"answer", "options"}) or any(heading(key) in LETTERS for key in value)
    return (has_stem and has_rest) or _pair(value) is not None or ({"answer", "options"} <= names)


def _pair(value: dict[str, Json]) -> tuple[str, Json] | None:
    """`{"题干|选项|选项": answer}`"""
    only = next(iter(value.items())) if len(value) == 1 else None
    return only if only and "|" in only[0] else None


def _question(value: dict[str, Json], at: Line, section: str) -> RawQuestion | None:
    if not _is_item(value):
        return None
    if pair := _pair(value):
        stem, *options = [part.strip() for part in pair[0].split("|")]
        listed: list[RawOption] = [RawOption("", option, at) for option in options if option]
        return RawQuestion(at, stem, listed, _answers(pair[1], at), at, section=section)
    fields = _fields(value)
    options_in = fields.get("options")
    score, level = _text(fields.get("score")), _text(fields.get("difficulty"))
    return RawQuestion(
        at=at,
        stem=_text(fields.get("stem")),
        options=list(_options(options_in if options_in is not None else _choices(value), at)),
        answers=_answers(fields.get("answer"), at) or _places(fields.get("index"), at),
        answer_at=at,
        kind=_text(fields.get("kind")),
        section=section,
        score=Text(score, at) if score else None,
        explain=_text(fields.get("explain")),
        topics=_joined(fields.get("topics")),
        difficulty=Text(level, at) if level else None,
        source=_text(fields.get("source")),
        article=_text(fields.get("article")),
        code=_text(fields.get("code")),
    )


def _fields(value: dict[str, Json]) -> dict[str, Json]:
    """By field what is said of it; of several keys for one field that which names it best and is not empty."""
    claims: dict[str, list[tuple[int, Json]]] = {}
    for key, one in value.items():
        if (name := _FIELDS.get(word := heading(key))) is not None:
            rank = _WORDS[name].index(word) + (len(_FIELDS) if one in ("", None, []) else 0)
            if name == "kind" and kind_of(_text(one)) is None:
                rank += len(_FIELDS)
            claims.setdefault(name, []).append((rank + (_LATER if word in _GIVEN else 0), one))
    fields = {name: min(claimed, key=lambda claim: claim[0])[1] for name, claimed in claims.items()}
    letters = _lettered(value)
    if "answer" not in fields and "B" not in letters and "A" in letters:  # {"q": 题干, "a": 答案}
        fields["answer"] = letters["A"]
    return fields


def _choices(value: dict[str, Json]) -> dict[str, Json]:
    letters = _lettered(value)
    return letters if "B" in letters else {}


def _lettered(value: dict[str, Json]) -> dict[str, Json]:
    return {letter: one for key, one in value.items() if len(letter := heading(key)) == 1 and letter in LETTERS}


def _options(value: Json, at: Line) -> Iterator[RawOption]:
    """A map by letter or of text and truth, a list of texts, of [text, truth] or of objects, or one text."""
    if isinstance(value, dict):
        yield from _mapped(value, at)
    elif isinstance(value, list):
        options = [_option(one, at) for one in value]
        while options and not options[-1].text:
            options.pop()
        yield from options
    elif text := _text(value):
        yield from (RawOption("", part, at) for part in split_options(text))


def _mapped(value: dict[str, Json], at: Line) -> Iterator[RawOption]:
    if value and all(isinstance(one, bool) for one in value.values()):
        yield from (RawOption("", key.strip(), at, is_right=one is True) for key, one in value.items())
        return
    by_letter = sorted((heading(key), _text(one)) for key, one in value.items())
    while by_letter and not by_letter[-1][1]:
        by_letter.pop()
    yield from (RawOption(letter, text, at) for letter, text in by_letter)


def _option(one: Json, at: Line) -> RawOption:
    if isinstance(one, list) and len(one) == 2 and isinstance(one[1], bool):
        return RawOption("", _text(one[0]), at, is_right=one[1])
    if isinstance(one, dict):
        named = {heading(key): inner for key, inner in one.items()}
        text = next((_text(inner) for key, inner in named.items() if key in _OPTION_TEXT), "")
        right = next((inner for key, inner in named.items() if key in _OPTION_RIGHT), None)
        if not text and len(one) == 1:
            text = _text(next(iter(one.values())))
        return RawOption("", text, at, is_right=right if isinstance(right, bool) else None)
    return RawOption("", _text(one), at)


def _answers(value: Json, at: Line) -> tuple[Text, ...]:
    parts = value if isinstance(value, list) else [value]
    texts = ("；".join(map(_text, part)) if isinstance(part, list) else _text(part) for part in parts)
    return tuple(Text(text, at) for text in texts if text)


def _places(value: Json, at: Line) -> tuple[Text, ...]:
    places = value if isinstance(value, list) else [value]
    told = [LETTERS[n : n + 1] for n in places if isinstance(n, int) and not isinstance(n, bool) and n >= 0]
    return (Text("".join(told), at),) if any(told) and len(told) == len(places) else ()


def _joined(value: Json) -> str:
    return "、".join(map(_text, value)) if isinstance(value, list) else _text(value)


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = f"{Decimal(f'{value:.15g}'):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return ""
