"""The XML parts of a Word file as streams: paragraphs and tables of the text, lists, styles. No tree is built."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from defusedxml.ElementTree import XMLParser  # type: ignore[import-untyped]  # the library is untyped

from bot.banks.formats.numbering import Abstract, Level, Numbering, Style
from bot.banks.formats.web import PICTURE

_CHUNK = 1 << 16
_SKIPPED = frozenset(
    {"del", "moveFrom", "Fallback", "pPrChange", "rPrChange", "sectPr", "sdtPr", "rt", "tblPr", "tcPrChange"}
)
_PICTURES = frozenset({"blip", "imagedata", "OLEObject", "chart"})
_FORMULAS = frozenset({"f", "sSup", "sSub", "sSubSup", "rad", "nary", "m", "d", "limLow", "limUpp"})
_SYMBOLS = {  # ticks and crosses that Word's authors take from fonts of signs
    **{("wingdings", code): "√" for code in ("FC", "FE")},
    **{("wingdings", code): "×" for code in ("FB", "FD")},
    **{("wingdings 2", code): "√" for code in ("50", "52")},
    **{("wingdings 2", code): "×" for code in ("4F", "51")},
    **{("wingdings", code): "□" for code in ("6F", "70", "71", "72", "A8")},
    ("symbol", "D6"): "√",
    ("symbol", "B4"): "×",
}
_RAISED = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_LOWERED = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_WHOLE = re.compile(r"\d{1,9}")
_MOST_COLUMNS = 63  # Word's own limit
_OFF = frozenset({"0", "false", "off"})


@dataclass(slots=True)
class Words:
    """A paragraph: its text, its place among them, and the list it is of."""

    number: int
    text: str = ""
    list_id: str = ""
    level: int | None = None
    style: str = ""
    is_joined: bool = False  # its end was deleted: the next paragraph goes on with it
    boxed: list["Words"] = field(default_factory=list)  # in text boxes that hang on it


@dataclass(slots=True)
class Grid:
    """A table: rows of cells of paragraphs; a cell that spans several columns is followed by empty ones."""

    rows: list[list[list[Words]]] = field(default_factory=list)


class Part:
    """What all parts have: names without their namespaces, and values. What a part does not say, it passes over."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.begin(_bare(tag), {_bare(name): value for name, value in attributes.items()})

    def end(self, tag: str) -> None:
        self.finish(_bare(tag))

    def data(self, text: str) -> None:
        """Text between tags."""

    def close(self) -> None:
        """The end of the part."""

    def begin(self, name: str, values: Mapping[str, str]) -> None:
        """The beginning of an element."""

    def finish(self, name: str) -> None:
        """The end of an element."""


def _bare(name: str) -> str:
    return name.rpartition("}")[2]


def feed(part: Part, data: bytes) -> None:
    """Read a whole part; raises ValueError at entities and doctypes, ParseError at what is no XML."""
    parser = XMLParser(target=part, forbid_dtd=True)
    for start in range(0, len(data), _CHUNK):
        parser.feed(data[start : start + _CHUNK])
    parser.close()


@dataclass(slots=True)
class _Run:
    text: list[str] = field(default_factory=list)
    is_hidden: bool = False
    is_underlined: bool = False
    align: str = ""

    @property
    def shown(self) -> str:
        text = "" if self.is_hidden else "".join(self.text)
        if self.is_underlined and len(text) > 1 and not text.strip(" \t\u3000\xa0"):
            return "____"  # a line to write on
        if self.align == "superscript":
            return text.translate(_RAISED)
        return text.translate(_LOWERED) if self.align == "subscript" else text


class Document(Part):
    """`document.xml`: what stands in it in order, deletions and hidden words left out."""

    def __init__(self) -> None:
        self.blocks: list[Words | Grid] = []
        self.has_foreign_part = False
        self._skipping = 0
        self._paragraphs: list[Words] = []  # the open one, below it those whose text boxes are open
        self._texts: list[list[str]] = []
        self._runs: list[_Run] = []
        self._grids: list[Grid] = []
        self._span = 1
        self._count = 0
        self._formulas = 0
        self._is_text = False
        self._properties = ""  # of what we are inside: a paragraph's or a run's
        self._depth = 0  # in them

    def begin(self, name: str, values: Mapping[str, str]) -> None:
        if self._skipping or (name in _SKIPPED and not (self._properties and name == "del")):
            self._skipping += 1
        elif self._properties:
            self._depth += 1
            self._read_property(name, values)
        elif (handle := _BEGINS.get(name)) is not None:
            handle(self)
        elif name in _SIGNS:
            self._add(_SIGNS[name])
        elif name in _PICTURES or (self._formulas and name in _FORMULAS):
            self._add(PICTURE)
        elif name == "sym":
            font = values.get("font", "").casefold()
            self._add(_SYMBOLS.get((font, values.get("char", "").upper()[-2:]), PICTURE))
        elif name == "gridSpan":
            self._span = min(_number(values) or 1, _MOST_COLUMNS)

    def finish(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
        elif self._properties:
            self._depth -= 1
            self._properties = self._properties if self._depth else ""
        elif (handle := _ENDS.get(name)) is not None:
            handle(self)

    def data(self, text: str) -> None:
        if self._is_text and not self._skipping:
            self._add(text)

    def _add(self, text: str) -> None:
        if self._runs:
            self._runs[-1].text.append(text)
        elif self._texts:  # a fraction stands around runs, not in one
            self._texts[-1].append(text)

    def _read_property(self, name: str, values: Mapping[str, str]) -> None:
        if self._properties == "pPr":
            self._read_of_paragraph(self._paragraphs[-1], name, values)
        elif name == "vanish":
            self._runs[-1].is_hidden = values.get("val", "1") not in _OFF
        elif name == "u":
            self._runs[-1].is_underlined = values.get("val", "single") != "none"
        elif name == "vertAlign":
            self._runs[-1].align = values.get("val", "")

    def _read_of_paragraph(self, words: Words, name: str, values: Mapping[str, str]) -> None:
        if name == "pStyle":
            words.style = values.get("val", "")
        elif name == "numId":
            words.list_id = values.get("val", "")
        elif name == "ilvl":
            words.level = _number(values)
        elif name == "del":
            words.is_joined = True

    # -- one for each element that matters

    def _begin_paragraph(self) -> None:
        if self._paragraphs:  # in a text box: it is where that hangs
            number = self._paragraphs[0].number
        else:
            self._count += 1
            number = self._count
        self._paragraphs.append(Words(number))
        self._texts.append([])

    def _end_paragraph(self) -> None:
        words = self._paragraphs.pop()
        words.text = "".join(self._texts.pop())
        if self._paragraphs:
            self._paragraphs[0].boxed.append(words)
        elif self._grids and self._grids[-1].rows and self._grids[-1].rows[-1]:
            self._grids[-1].rows[-1][-1].append(words)
        else:
            self.blocks.append(words)

    def _begin_run(self) -> None:
        self._runs.append(_Run())

    def _end_run(self) -> None:
        run = self._runs.pop()
        if self._texts:
            self._texts[-1].append(run.shown)

    def _begin_properties_of_paragraph(self) -> None:
        if self._paragraphs:
            self._properties, self._depth = "pPr", 1

    def _begin_properties_of_run(self) -> None:
        if self._runs:
            self._properties, self._depth = "rPr", 1

    def _begin_text(self) -> None:
        self._is_text = True

    def _end_text(self) -> None:
        self._is_text = False

    def _begin_formula(self) -> None:
        self._formulas += 1

    def _end_formula(self) -> None:
        self._formulas -= 1

    def _begin_table(self) -> None:
        self._grids.append(Grid())

    def _end_table(self) -> None:
        """A table inside a cell is a part of that cell."""
        grid = self._grids.pop()
        if self._paragraphs:
            return
        if self._grids and self._grids[-1].rows and self._grids[-1].rows[-1]:
            self._grids[-1].rows[-1][-1].extend(words for row in grid.rows for cell in row for words in cell)
        else:
            self.blocks.append(grid)

    def _begin_row(self) -> None:
        if self._grids:
            self._grids[-1].rows.append([])

    def _begin_cell(self) -> None:
        self._span = 1
        if self._grids and self._grids[-1].rows:
            self._grids[-1].rows[-1].append([])

    def _end_cell(self) -> None:
        if self._grids and self._grids[-1].rows:
            self._grids[-1].rows[-1].extend([] for _ in range(self._span - 1))
        self._span = 1

    def _meet_foreign_part(self) -> None:
        self.has_foreign_part = True


_BEGINS: Mapping[str, Callable[[Document], None]] = {
    "p": Document._begin_paragraph,
    "r": Document._begin_run,
    "t": Document._begin_text,
    "pPr": Document._begin_properties_of_paragraph,
    "rPr": Document._begin_properties_of_run,
    "oMath": Document._begin_formula,
    "tbl": Document._begin_table,
    "tr": Document._begin_row,
    "tc": Document._begin_cell,
    "altChunk": Document._meet_foreign_part,
}
_ENDS: Mapping[str, Callable[[Document], None]] = {
    "p": Document._end_paragraph,
    "r": Document._end_run,
    "t": Document._end_text,
    "oMath": Document._end_formula,
    "tbl": Document._end_table,
    "tc": Document._end_cell,
}


def _number(values: Mapping[str, str]) -> int | None:
    value = values.get("val", "")
    return int(value) if _WHOLE.fullmatch(value) else None


class Lists(Part):
    """`numbering.xml`."""

    def __init__(self) -> None:
        self.found = Numbering()
        self._abstract = Abstract()
        self._level = Level()
        self._list = ""
        self._at = 0

    def begin(self, name: str, values: Mapping[str, str]) -> None:
        value, number = values.get("val", ""), _number(values)
        if name == "abstractNum":
            self._abstract, self._list = Abstract(), ""
            self.found.abstracts[values.get("abstractNumId", "")] = self._abstract
        elif name == "num":
            self._list = values.get("numId", "")
        elif name == "abstractNumId":
            self.found.lists[self._list] = value
        elif name == "lvlOverride":
            self._at = _level(values)
        elif name == "startOverride" and number is not None:
            self.found.starts.setdefault(self._list, {})[self._at] = number
        elif name == "lvl":
            self._level = Level()
            levels = self.found.changed.setdefault(self._list, {}) if self._list else self._abstract.levels
            levels[_level(values)] = self._level
        elif name == "numStyleLink":
            self._abstract.link = value
        else:
            self._read_level(name, values)

    def _read_level(self, name: str, values: Mapping[str, str]) -> None:
        level, value, number = self._level, values.get("val", ""), _number(values)
        if name == "start" and number is not None:
            level.start = number
        elif name == "numFmt":
            level.format = value
        elif name == "lvlText":
            level.text = value
        elif name == "suff":
            level.suffix = value
        elif name == "isLgl":
            level.is_legal = value not in _OFF
        elif name == "lvlRestart":
            level.restart = number
        elif name == "pStyle":
            level.style = value


def _level(values: Mapping[str, str]) -> int:
    value = values.get("ilvl", "")
    return int(value) if _WHOLE.fullmatch(value) else 0


class Styles(Part):
    """`styles.xml`: which styles of paragraphs bring a number along."""

    def __init__(self) -> None:
        self.found: dict[str, Style] = {}
        self._name = ""

    def begin(self, name: str, values: Mapping[str, str]) -> None:
        value = values.get("val", "")
        if name == "style":
            self._name = values.get("styleId", "")
            self.found[self._name] = Style()
        elif self._name in self.found:
            style = self.found[self._name]
            if name == "basedOn":
                self.found[self._name] = replace(style, parent=value)
            elif name == "numId":
                self.found[self._name] = replace(style, list_id=value)
            elif name == "ilvl":
                self.found[self._name] = replace(style, level=_number(values))
