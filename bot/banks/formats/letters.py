"""Options by their letters: where in a line one begins, and where the next."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import islice
from typing import NamedTuple

from bot.banks.formats.wording import halved
from bot.banks.rules import LETTERS
from bot.banks.yamlfile import ALL_LETTERS

_BRACKETED, _MARKED, _PLAIN = "bracketed", "marked", "plain"
_FIRST = re.compile(r"[\[(【<]\s*(?P<bracketed>[A-Za-z])\s*[\])】>]\s*[、.:]?\s*|(?P<marked>[A-Za-z])\s*[、.:)]\s*")
_MIXED = "mixed"
_JOINED = re.compile(r"[\s和与及或、,;/]*")
_LAST = re.compile(r"(?<=[\s。?!:;)\]】”》,_])A\s*[、.:)]\s*(?=\S)")
_BEFORE_FIRST = re.compile(r"[\s。?!:;)\]】”》,_]")
_FEWEST_PLAIN_IN_STEM = 3  # A股B股 in a sentence are no options yet
_MOST_STARTS = 20  # an A with a mark may stand a few times in a stem


class Option(NamedTuple):
    letter: str
    text: str


@cache
def _start(letter: str, style: str) -> re.Pattern[str]:
    """Where an option of this letter begins inside a line."""
    if style == _BRACKETED:
        return re.compile(rf"[\[(【<]\s*{letter}\s*[\])】>]\s*[、.:]?\s*")
    if style == _MARKED:
        listed = rf"、\s*(?!{letter})[A-Z](?![A-Za-z0-9])"  # B、C都不对
        return re.compile(rf"(?<![A-Za-z0-9(\[【]){letter}(?!{listed})\s*[、.:)]\s*")
    if style == _MIXED:
        return re.compile(
            rf"(?<=[\s。;,]){letter}(?![A-Za-z])\s*[、.:)]?\s*(?=\S)|(?<![A-Za-z]){letter}\s*[、.:)]\s*(?=\S)"
        )
    return re.compile(rf"(?<![A-Za-z0-9]){letter}(?![A-Za-z0-9、.:)\]】>,;/|=+-])\s*(?=\S)")


def letter_of(half: str) -> str:
    """The letter a line begins with as an option does, "" if it begins otherwise."""
    found = _FIRST.match(half)
    return (found["bracketed"] or found["marked"]).upper() if found else ""


def options_in(text: str, half: str) -> list[Option]:
    """The options of a line that begins with one: the letters that follow each other."""
    found = _FIRST.match(half)
    if found is None:
        return []
    style, first = _BRACKETED if found["bracketed"] else _MARKED, found[found.lastgroup or 0]
    options = _sequence(text, half, first, style, found.end())
    mixed = _mixed(text, half, first, found.end()) if style == _MARKED and first == "A" else []
    return mixed if len(mixed) > len(options) else options


def _mixed(text: str, half: str, letter: str, start: int) -> list[Option]:
    """A.书记 B 委员 C党员, or A.1B.2C.3: one mark or the space is missing, so at least three must follow each other."""
    options = _sequence(text, half, letter, _MIXED, start)
    is_whole = len(options) >= _FEWEST_PLAIN_IN_STEM
    return options if is_whole and not any(_JOINED.fullmatch(option.text) for option in options) else []


def plain_options_in(text: str, half: str, letter: str) -> list[Option]:
    """Those of a line that begins with a letter without a mark: A每月B每季度."""
    found = _start(letter, _PLAIN).match(half)
    if found is None:
        return []
    options = _sequence(text, half, letter, _PLAIN, found.end())
    mixed = _mixed(text, half, letter, found.end()) if letter == "A" else []
    options = mixed if len(mixed) > len(options) else options
    return [] if any(_JOINED.fullmatch(option.text) for option in options) else options


def _sequence(text: str, half: str, letter: str, style: str, start: int) -> list[Option]:
    letters = ALL_LETTERS if letter.isupper() else ALL_LETTERS.lower()
    options: list[Option] = []
    for following in letters[letters.index(letter) + 1 :]:
        found = _start(following, style).search(half, start)
        if found is None:
            break
        options.append(Option(letter.upper(), _trimmed(text[start : found.start()])))
        letter, start = following, found.end()
    return [*options, Option(letter.upper(), text[start:].strip().rstrip("；;"))]


def _trimmed(text: str) -> str:
    """An option in front of another one, without the mark that parts them."""
    return text.strip().rstrip("；;，,、 ")


def first_in(text: str, half: str) -> tuple[int, str] | None:
    """Where a stem ends whose last words are its first option, and that option's text."""
    found = None
    for found in _LAST.finditer(half):  # noqa: B007  # the last one
        pass
    return (found.start(), text[found.end() :].strip()) if found else None


def options_after(half: str, start: int) -> int | None:
    """Where the options begin that stand in one line with their stem."""
    for style, fewest in ((_MARKED, 2), (_BRACKETED, 2), (_PLAIN, _FEWEST_PLAIN_IN_STEM)):
        found, most = None, fewest
        for one in islice(_start("A", style).finditer(half, start + 1), _MOST_STARTS):
            at, rest = one.start(), half[one.start() :]
            options = plain_options_in(rest, rest, "A") if style == _PLAIN else options_in(rest, rest)
            is_apart = _BEFORE_FIRST.match(half[at - 1]) or (style == _MARKED and len(options) >= _FEWEST_PLAIN_IN_STEM)
            if is_apart and len(options) >= most:
                found, most = at, len(options)  # the last A that the others follow
        if found is not None:
            return found
    return None


_OWN_LETTER = re.compile(r"(?:^|(?<=[\s;；|┋,，、。？?！!）)：:]))[（(【]?([A-LＡ-Ｌ])[）)】]?\s*[、.．:：）)]\s*")


def split_stem(text: str) -> tuple[str, list[str]]:
    """Stem and options of a cell that holds both, where there is no column of options."""
    starts = _starts(text)
    return (text[: starts[0]].strip(), _between(text, starts)) if len(starts) > 1 else (text, [])


def split_options(text: str) -> list[str]:
    """The options of one cell, in order, their own letters kept for the judge to compare with their places."""
    starts = _starts(text)
    if len(starts) > 1 and not text[: starts[0]].strip():
        return _between(text, starts)
    if "\n" not in text and (plain := _without_marks(text)):
        return plain
    for mark in _BETWEEN_OPTIONS:
        parts = [part.strip() for part in text.split(mark) if part.strip()]
        if len(parts) > 1:
            return parts
    return [text]


_BETWEEN_OPTIONS = ("\n", "||", "|", "｜", "┋", "；", ";", "&&", "\t", "/", "\u3000", "  ", "，", ",", " ", "、")


def _without_marks(text: str) -> list[str]:
    """A每月 B每季度, or (A)每月(B)每季度."""
    half = halved(text)
    options = options_in(text, half) or plain_options_in(text, half, "A")
    return [option.text for option in options] if len(options) > 1 and options[0].letter == "A" else []


def _starts(text: str) -> list[int]:
    """Where the letters A, B, C … of options stand, as far as they follow each other."""
    starts: list[int] = []
    for found in _OWN_LETTER.finditer(text):
        if unicodedata.normalize("NFKC", found[1]) == LETTERS[len(starts) : len(starts) + 1]:
            starts.append(found.start())
    return starts


def _between(text: str, starts: Sequence[int]) -> list[str]:
    ends = [*starts[1:], len(text)]
    return [text[start:end].strip(" \t\r\n\u3000;；|｜┋,，、") for start, end in zip(starts, ends, strict=True)]
