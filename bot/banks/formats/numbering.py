"""Word's automatic numbers and letters, counted again as Word counts them: levels, restarts, formats."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_DEEPEST = 9
_SIGN = re.compile("%([1-9])")
_DIGITS = "零一二三四五六七八九"
_ROMAN = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC")),
    *((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)
_MOST = 32_767  # Word's own limit


@dataclass(slots=True)
class Level:
    start: int = 1
    format: str = "decimal"
    text: str = ""
    suffix: str = "tab"
    is_legal: bool = False  # digits also for the levels above
    restart: int | None = None  # after which level it begins anew; 0 never
    style: str = ""  # paragraphs of this style are of this level


@dataclass(slots=True)
class Abstract:
    levels: dict[int, Level] = field(default_factory=dict)
    link: str = ""  # the style whose list it really is


@dataclass(slots=True)
class Numbering:
    """`numbering.xml`: a list of a document has a number of its own and the levels of an abstract one."""

    abstracts: dict[str, Abstract] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    starts: dict[str, dict[int, int]] = field(default_factory=dict)
    changed: dict[str, dict[int, Level]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Style:
    parent: str = ""
    list_id: str = ""
    level: int | None = None


class Unknown(Exception):  # a list of the document, not a fault of the program
    """A format that we cannot write."""


class Counter:
    """Gives each numbered paragraph, in order, what stands in front of it."""

    def __init__(self, numbering: Numbering, styles: Mapping[str, Style]) -> None:
        self._numbering, self._styles = numbering, styles
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()

    def label(self, list_id: str, level: int | None, style: str) -> str:
        """The number with what parts it from the text, "" without one; raises Unknown."""
        if not list_id:
            list_id, level = self._of_style(style, level)
        abstract_id = self._abstract(list_id)
        if list_id == "0" or abstract_id is None:
            return ""
        if level is None:
            level = self._level_of(abstract_id, style)
        levels = {**self._numbering.abstracts[abstract_id].levels, **self._numbering.changed.get(list_id, {})}
        if level not in levels:
            return ""
        counts = self._count(list_id, abstract_id, level, levels)
        return _written(levels, level, counts)

    def _of_style(self, name: str, level: int | None) -> tuple[str, int | None]:
        for _ in range(_DEEPEST):
            style = self._styles.get(name)
            if style is None:
                break
            if style.list_id:
                return style.list_id, style.level if level is None else level
            name = style.parent
        return "", level

    def _abstract(self, list_id: str) -> str | None:
        found = self._numbering.lists.get(list_id)
        if found not in self._numbering.abstracts:
            return None
        linked = self._styles.get(self._numbering.abstracts[found].link)
        if linked is not None and linked.list_id in self._numbering.lists:
            found = self._numbering.lists[linked.list_id]
        return found if found in self._numbering.abstracts else None

    def _level_of(self, abstract_id: str, style: str) -> int:
        levels = self._numbering.abstracts[abstract_id].levels
        return next((number for number, level in levels.items() if style and level.style == style), 0)

    def _count(self, list_id: str, abstract_id: str, at: int, levels: Mapping[int, Level]) -> dict[int, int]:
        counts = self._counts.setdefault(abstract_id, {})
        start = self._numbering.starts.get(list_id, {}).get(at)
        if start is not None and (list_id, at) not in self._begun:
            counts[at] = start
        else:
            counts[at] = counts[at] + 1 if at in counts else levels[at].start
        self._begun.add((list_id, at))
        for deeper in [one for one in counts if one > at]:
            restart = levels[deeper].restart if deeper in levels else None
            if restart is None or at < restart:
                del counts[deeper]
        return counts


def _written(levels: Mapping[int, Level], at: int, counts: Mapping[int, int]) -> str:
    level = levels[at]
    if level.format in {"none", "bullet"}:
        return ""

    def number(found: re.Match[str]) -> str:
        shown = int(found[1]) - 1
        if shown not in levels:
            return ""
        count = counts.get(shown, levels[shown].start)
        return written(count, "decimal" if level.is_legal else levels[shown].format)

    text = _SIGN.sub(number, level.text)
    return text + {"nothing": "", "space": " "}.get(level.suffix, "\t") if text else ""


def written(count: int, format_: str) -> str:
    """A count in one of Word's formats; raises Unknown."""
    write = _FORMATS.get(format_)
    if write is None or not 0 <= count <= _MOST:
        raise Unknown(format_)
    return write(count)


def _letters(count: int) -> str:
    """A … Z, AA, BB …"""
    return chr(ord("A") + (count - 1) % 26) * ((count - 1) // 26 + 1) if count else ""


def _roman(count: int) -> str:
    parts = []
    for value, sign in _ROMAN:
        times, count = divmod(count, value)
        parts.append(sign * times)
    return "".join(parts)


def _chinese(count: int) -> str:
    """十一, 一百零二; beyond thousands digit by digit."""
    if count > 9999:
        return "".join(_DIGITS[int(digit)] for digit in str(count))
    if count < 10:
        return _DIGITS[count]
    text, has_gap = "", False
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = count // value % 10
        if digit:
            text += ("零" if has_gap and text else "") + _DIGITS[digit] + unit
        has_gap = not digit
    return text.removeprefix("一") if text.startswith("一十") else text


def _from(first: str) -> Callable[[int], str]:
    """Circled and bracketed numbers, where there is a character for them."""
    return lambda count: chr(ord(first) + count - 1) if 1 <= count <= 20 else str(count)


def _of(row: str) -> Callable[[int], str]:
    return lambda count: row[(count - 1) % len(row)] if count else ""


_FORMATS: Mapping[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda count: f"{count:02}",
    "decimalFullWidth": lambda count: str(count).translate({ord("0") + n: ord("０") + n for n in range(10)}),
    "decimalHalfWidth": str,
    "upperLetter": _letters,
    "lowerLetter": lambda count: _letters(count).lower(),
    "upperRoman": _roman,
    "lowerRoman": lambda count: _roman(count).lower(),
    "none": lambda _: "",
    "bullet": lambda _: "",
    **dict.fromkeys(("chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting"), _chinese),
    "taiwaneseCountingThousand": _chinese,
    "ideographDigital": lambda count: "".join("〇一二三四五六七八九"[int(digit)] for digit in str(count)),
    "ideographTraditional": _of("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _of("子丑寅卯辰巳午未申酉戌亥"),
    **dict.fromkeys(("decimalEnclosedCircle", "decimalEnclosedCircleChinese"), _from("①")),
    "decimalEnclosedParen": _from("⑴"),
    "decimalEnclosedFullstop": _from("⒈"),
}
