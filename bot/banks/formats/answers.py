"""What an answer cell means: letters, places, texts of options, a judgement, the accepted texts of blanks."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from bot.banks.formats.kinds import SIMPLIFIED
from bot.banks.phrases import JUDGEMENTS
from bot.banks.rules import LETTERS, RIGHT, WRONG, squeeze

_CALLED = re.compile(r"^\s*(?:(?:正确|参考|标准)?答案|ANSWER)\s*[:：]\s*", re.IGNORECASE)
_MARKS = re.compile(r"[\s\"'“”‘’`,，、;；|┋/.。&+]+")
_AROUND = re.compile(r"选项?|[项和与及()\[\]【】{}]")
_LETTERS = re.compile("[A-Z]{1,12}")
_DIGITS = re.compile(r"[\d\s,，、;；|/]+")
_PARTS = (
    re.compile(r"\s*(?:[\n|｜┋；;]|&&|\s{2,})\s*"),
    re.compile(r"\s*[\n、，,/]\s*"),
    re.compile(r"\s+"),
)
_LITERAL = re.compile(r"\s*\[\s*['\"][^\[\]]{1,4000}['\"]\s*\]\s*", re.DOTALL)
_QUOTED = re.compile(r"'([^'\\\n]*)'|\"([^\"\\\n]*)\"")
_WITH_LETTER = re.compile(r"([A-L])\s*[、.:)]?\s*(.+)", re.DOTALL)
_WITH_LETTERS = re.compile(r"([A-L]{2,12})\s*:\s*(.+)", re.DOTALL)  # ABD:甲;乙;丁;
_SPOKEN = {**JUDGEMENTS, "✔": RIGHT, "☑": RIGHT, "✘": WRONG, "╳": WRONG, "y": RIGHT, "n": WRONG, "not": WRONG}
_SPOKEN |= {"不正确": WRONG, "不对": WRONG}
_SHORT = {"v": RIGHT, "x": WRONG, "1": RIGHT, "0": WRONG}  # only where a judgement is known to be asked
_ALTERNATIVES = re.compile(r"\s*(?:；|;|&&)\s*")
_ALTERNATIVES_OR_BARS = re.compile(r"\s*(?:；|;|&&|\|)\s*")
_BETWEEN = ("；", ";", "、", "&&", "\n", "，", ",", "\u3000", "  ", " ")
_DIFFICULTIES = {
    **dict.fromkeys(("很易", "容易", "很容易", "非常容易", "简单", "非常简单", "低", "easy"), 1),
    **dict.fromkeys(("易", "较易", "较容易", "比较容易", "较简单", "初级", "基础", "入门"), 2),
    **dict.fromkeys(("中", "中等", "一般", "适中", "普通", "中级", "medium", "normal"), 3),
    **dict.fromkeys(("难", "较难", "比较难", "困难", "高", "高级", "hard", "difficult"), 4),
    **dict.fromkeys(("很难", "极难", "非常难"), 5),
}
_LEVEL = re.compile(r"(?:l|lv\.?|level|难度)\s*([1-5])|([★☆*⭐]{1,5})")
_CITED = re.compile(r"《(?P<title>[^》]{1,200})》\s*(?P<article>第.{1,60}?[条款章节项编](?:.{0,60}))?\s*[。.]?")


def bare(text: str) -> str:
    """An answer without the word for it: 答案：B."""
    return _CALLED.sub("", text)


def letters_of(text: str) -> str:
    """The letters of an answer, sorted, each once; "" for anything else."""
    bare = _MARKS.sub("", unicodedata.normalize("NFKC", text).upper())
    return "".join(sorted(set(bare))) if _LETTERS.fullmatch(bare) else ""


def letters_among_words(text: str) -> str:
    """The letters of 选A, （A）, A和C."""
    return letters_of(_AROUND.sub("", unicodedata.normalize("NFKC", text)))


def digits_of(text: str) -> list[int]:
    """Places out of digits: `1,3` or `13`; parted numbers may have two digits."""
    half = unicodedata.normalize("NFKC", text).replace("选项", "").strip()
    if not _DIGITS.fullmatch(half) or not half.strip(" ,、;|/"):
        return []
    parts = [part for part in re.split(r"[\s,、;|/]+", half) if part]
    return [int(part[:4]) for part in parts] if len(parts) > 1 else [int(digit) for digit in parts[0]]


def judgement_of(text: str, *, is_asked: bool = False) -> str:
    """RIGHT, WRONG, or "" for what is no judgement."""
    word = (
        _MARKS.sub("", unicodedata.normalize("NFKC", text).translate(SIMPLIFIED))
        .casefold()
        .strip("()[]【】")
        .removesuffix("的")
    )
    return _SPOKEN.get(word) or (_SHORT.get(word, "") if is_asked else "")


def listed(text: str) -> list[str]:
    """The texts of a list literal such as `['甲', '乙']`."""
    if not _LITERAL.fullmatch(text):
        return []
    return [found[1] or found[2] for found in _QUOTED.finditer(text)]


def by_text(texts: Iterable[str], options: Sequence[str]) -> str:
    """The letters of the options that these texts are, each of exactly one; "" if one is none."""
    found = []
    for text in texts:
        wanted = squeeze(text)
        same = [letter for letter, option in zip(LETTERS, options, strict=False) if squeeze(option) == wanted]
        if len(same) != 1 or not wanted:
            return ""
        found.append(same[0])
    return "".join(sorted(set(found)))


def by_words(text: str, options: Sequence[str]) -> str:
    """Letters out of an answer in words: one option's text, a list of them, or letters each with its text."""
    texts = listed(text) or [text]
    if letters := by_text(texts, options):
        return letters
    if (named := _WITH_LETTERS.fullmatch(unicodedata.normalize("NFKC", text))) and (
        by_words(named[2], options) == (letters := letters_of(named[1]))
    ):
        return letters
    for between in _PARTS:
        parts = [part for part in between.split(text) if part]
        if len(parts) > 1 and (letters := by_text(parts, options)):
            return letters
        if letters := _with_letters(parts, options):
            return letters
    return ""


def _with_letters(parts: Sequence[str], options: Sequence[str]) -> str:
    found = []
    for part in parts:
        named = _WITH_LETTER.fullmatch(unicodedata.normalize("NFKC", part))
        if named is None or by_text([named[2]], options) != named[1]:
            return ""
        found.append(named[1])
    return "".join(sorted(set(found)))


def blanks_of(texts: Sequence[str], marks: int) -> tuple[list[tuple[str, ...]], int]:
    """The accepted texts of each blank, and into how many parts the answer fell."""
    if len(texts) > 1:
        if marks <= 1:
            return [_accepted(texts)], 1
        return [_accepted(_ALTERNATIVES.split(text)) for text in texts], len(texts)
    text = texts[0]
    if marks <= 1:
        return [_accepted(_ALTERNATIVES_OR_BARS.split(text))], 1
    parts = _parts(text, marks)
    return [_accepted(_ALTERNATIVES.split(part)) for part in parts], len(parts)


def _parts(text: str, marks: int) -> list[str]:
    text = text.replace("｜", "|")
    if "|" in text:
        return [part for part in text.replace("||", "|").split("|") if part.strip()]
    found = [[part for part in text.split(mark) if part.strip()] for mark in _BETWEEN if mark in text.strip()]
    return next((parts for parts in found if len(parts) == marks), found[0] if found else [text])


def _accepted(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))


def difficulty_of(text: str) -> int | None:
    word = unicodedata.normalize("NFKC", text).strip().casefold().removesuffix("级").removesuffix("度")
    if found := _LEVEL.fullmatch(word):
        return int(found[1]) if found[1] else len(found[2])
    if word.removesuffix(".0") in {"1", "2", "3", "4", "5"}:
        return int(word[0])
    return _DIFFICULTIES.get(word) or _DIFFICULTIES.get(f"{word}级")


def citation_of(text: str) -> tuple[str, str]:
    """Title and article out of 《中国共产党章程》第七条; a text without 《》 is a title."""
    found = _CITED.fullmatch(text.strip())
    if found is None:
        return text.strip().strip("《》"), ""
    return found["title"].strip(), (found["article"] or "").strip()
