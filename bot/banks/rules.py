"""What a question and a bank are: types, identity of content, option order, length for native polls. Pure."""

import hashlib
import json
import random
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from bot.message import units

LETTERS = "ABCDEFGHIJKL"
RIGHT, WRONG = "T", "F"  # the answer of a true_false question

MAX_BYTES = 8 * 1024 * 1024
MAX_QUESTIONS = 10_000
MAX_DEPTH = 8
MAX_STEM, MAX_OPTION, MAX_EXPLAIN, MAX_HINT, MAX_TITLE = 2000, 500, 1000, 200, 60
MAX_CARD = 3500  # stem and options together: one private message with its own words around them
MAX_TOPICS = 5
MAX_ANSWERS = 20  # accepted texts of one blank
MIN_OPTIONS, MAX_OPTIONS = 2, 12

POLL_QUESTION, POLL_OPTION, POLL_DESCRIPTION, POLL_EXPLANATION = 300, 100, 1024, 200
POLL_PREFIX = 14  # 【9999-100/100】 and its like; the real one is shorter
PREFERRED_SHARE = 40  # per cent of single answers on one letter that are worth a word


class QuestionType(StrEnum):
    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    BLANK = "blank"


CHOICES = frozenset({QuestionType.SINGLE, QuestionType.MULTIPLE})


class Rule(StrEnum):
    ALL = "all"
    HALF = "half"
    EACH = "each"
    PROP = "prop"
    MINUS = "minus"


class BlankKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


class Match(StrEnum):
    EXACT = "exact"
    CONTAINS = "contains"


class Status(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class BankStatus(Enum):
    ACTIVE = auto()
    ARCHIVED = auto()


class ScopeKind(Enum):
    """Whose bank it is: everybody's, of the branches below one unit, or of one branch."""

    DISTRICT = auto()
    COMPANY = auto()
    BRANCH = auto()


class Origin(Enum):
    """What made a revision."""

    CONTENT = auto()  # a file shipped with the program
    CHAT = auto()
    CLI = auto()
    UNDO = auto()


class Mode(Enum):
    """How a file goes into its bank."""

    WHOLE = auto()  # YAML: it is the whole truth of its bank
    MERGE = auto()  # foreign: what it does not hold stays
    REPLACE = auto()  # foreign, by a button: what it does not hold is retired


class RunState(Enum):
    READING = auto()
    PREVIEW = auto()
    REFUSED = auto()
    APPLIED = auto()
    DISCARDED = auto()
    UNDONE = auto()


class Form(Enum):
    """How a question is put into a native poll: each needs less room in it than the one before."""

    F0 = 0  # all in the poll
    F1 = 1  # the stem as description
    F2 = 2  # bare letters, the options as description
    F3 = 3  # a message before, the poll holds only letters


@dataclass(frozen=True, slots=True)
class Blank:
    answers: tuple[str, ...]
    kind: BlankKind = BlankKind.TEXT
    match: Match = Match.EXACT


@dataclass(frozen=True, slots=True)
class Source:
    """One edition of a document."""

    key: str
    title: str
    edition: str = ""
    effective: date | None = None
    expires: date | None = None
    is_verified: bool = True


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a question comes from; `is_verified` False is shown as 待核."""

    source: Source
    article: str = ""
    is_verified: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its bank's defaults filled in. Options carry the letters A, B, C … by their place.

    `answer` is the right letters in order, RIGHT or WRONG for true_false, "" for blanks. `*_centi` is 0.01 分.
    """

    code: str
    type: QuestionType
    stem: str
    options: tuple[str, ...] = ()
    answer: str = ""
    blanks: tuple[Blank, ...] = ()
    is_any_order: bool = False
    is_indefinite: bool = False  # 不定项: multiple where one right option is allowed
    score_centi: int = 100
    rule: Rule = Rule.HALF
    each_centi: int | None = None
    explain: str = ""
    hint: str = ""
    citation: Citation | None = None
    topics: tuple[str, ...] = ()
    difficulty: int = 3
    time_s: int = 30
    lock: str = ""
    is_shuffled: bool = True
    valid_until: date | None = None
    status: Status = Status.ACTIVE

    @property
    def letters(self) -> str:
        return LETTERS[: len(self.options)]


@dataclass(frozen=True, slots=True)
class Defaults:
    score_centi: int = 100
    rule: Rule = Rule.HALF
    blank_rule: Rule = Rule.PROP
    each_centi: int | None = None
    time_s: int | None = None
    is_shuffled: bool = True

    def time_for(self, kind: QuestionType) -> int:
        """Seconds a live round gives: several right options need longer reading."""
        if self.time_s is not None:
            return self.time_s
        return 45 if kind is QuestionType.MULTIPLE else 30

    def rule_for(self, kind: QuestionType) -> Rule:
        return self.blank_rule if kind is QuestionType.BLANK else self.rule


@dataclass(frozen=True, slots=True)
class Bank:
    """One whole bank as a file gives it."""

    slug: str
    title: str
    questions: tuple[Question, ...]
    owner: str = ""
    note: str = ""
    sources: tuple[Source, ...] = ()
    topics: tuple[str, ...] = ()
    defaults: Defaults = field(default_factory=Defaults)


BLANK_MARK = re.compile(r"_{2,}|（[ \u3000]*）")
# Everything but letters and digits goes, save signs that make another number or unit of the same digits.
_UNIMPORTANT = re.compile(r"[^\w%‰+<>=≤≥°±×÷√]|_")


def marking_hash(question: Question) -> str:
    """Equal exactly when the same answer earns the same share of the points."""
    is_all_or_nothing = question.type in {QuestionType.SINGLE, QuestionType.TRUE_FALSE}
    parts = {
        "type": question.type,
        "options": question.options,
        "answer": question.answer,
        "blanks": [(blank.answers, blank.kind, blank.match) for blank in question.blanks],
        "is_any_order": question.is_any_order,
        "rule": None if is_all_or_nothing else question.rule,
        "each_centi": question.each_centi if question.rule is Rule.EACH else None,
    }
    return digest(json.dumps(parts, ensure_ascii=False, sort_keys=True))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def squeeze(text: str) -> str:
    """A text without what nobody would call a difference; for comparing, never for showing."""
    return _UNIMPORTANT.sub("", unicodedata.normalize("NFKC", text).casefold())


def fingerprint(question: Question) -> str:
    """Equal for the same question in another order, spacing or punctuation; another set of options is another one."""
    family = "choice" if question.type in CHOICES else question.type.value
    options = sorted(squeeze(option) for option in question.options)
    parts = [family, squeeze(BLANK_MARK.sub("", question.stem)), *options]
    return digest("\n".join(parts))


_SUMS_UP = re.compile(
    r"(?:以上(?!级)|上述|前述).{0,8}(?:都|均|全|皆|是|对|正确|错误).{0,6}"
    r"|(?:全部?|全都|都|均|皆)不?(?:是|对|正确|错误?|包括)"
)
_MENTIONS_LETTER = re.compile(r"选项\s*[A-L](?![A-Za-z])|(?<![A-Za-z])[A-L]\s*[和与及或、]\s*[A-L](?![A-Za-z])")
_VERDICT = r"[都均全皆]?不?(?:是|对|正确|错误?|选|包括)"
_ONLY_LETTERS = re.compile(rf"[A-L](?:[\s,/+]*[A-L])+\s*(?:{_VERDICT})?|[A-L]\s*{_VERDICT}")


def sums_up(option: str) -> bool:
    """以上都对 and its like: it only makes sense below the options it speaks of."""
    return _SUMS_UP.fullmatch(option.strip().rstrip("。")) is not None


def names_letters(option: str, letters: str) -> bool:
    """A和B, ABC都对, 选项A错误: it speaks of its neighbours by letter, so the letters must not move."""
    text = unicodedata.normalize("NFKC", option).strip().rstrip("。")
    found = _ONLY_LETTERS.fullmatch(text) or _MENTIONS_LETTER.search(text)
    return found is not None and set(re.findall("[A-L]", found[0])) <= set(letters)


def locked(question: Question) -> frozenset[int]:
    """Places of the options that stay last when the others are shuffled."""
    named = {question.letters.index(letter) for letter in question.lock}
    return frozenset(named | {place for place, option in enumerate(question.options) if sums_up(option)})


def is_shufflable(question: Question) -> bool:
    if question.type not in CHOICES or not question.is_shuffled:
        return False
    return not any(names_letters(option, question.letters) for option in question.options)


def option_order(question: Question, rng: random.Random) -> tuple[int, ...]:
    """Places of the options in the order they are shown; locked ones last, in their own order."""
    places = list(range(len(question.options)))
    if not is_shufflable(question):
        return tuple(places)
    last = locked(question)
    free = [place for place in places if place not in last]
    rng.shuffle(free)
    return (*free, *sorted(last))


def shown_letters(letters: str, order: Sequence[int]) -> str:
    """The bank's letters as a member sees them under this order."""
    places = {LETTERS.index(letter) for letter in letters}
    return "".join(LETTERS[shown] for shown, place in enumerate(order) if place in places)


def bank_letters(shown: str, order: Sequence[int]) -> str:
    """The letters a member saw and picked, as the bank has them; letters beyond the options are left out."""
    places = sorted(order[LETTERS.index(letter)] for letter in set(shown) if letter in LETTERS[: len(order)])
    return "".join(LETTERS[place] for place in places)


def option_line(letter: str, option: str) -> str:
    return f"{letter}. {option}"


def form_of(stem: str, options: Sequence[str], prefix: int = POLL_PREFIX) -> Form:
    """The first form that fits a poll whose question begins with `prefix` characters; no options: true_false."""
    stem_units = units(stem)
    lines = [option_line(letter, option) for letter, option in zip(LETTERS, options, strict=False)]
    is_short = prefix + stem_units <= POLL_QUESTION
    if all(units(line) <= POLL_OPTION for line in lines):
        if is_short:
            return Form.F0
        if stem_units <= POLL_DESCRIPTION:
            return Form.F1
    described = lines if is_short else [stem, *lines]
    return Form.F2 if units("\n".join(described)) <= POLL_DESCRIPTION else Form.F3


class Place(NamedTuple):
    """Where in a YAML file; both count from 1, columns in characters."""

    line: int
    column: int


class Line(NamedTuple):
    """A line of a text, CSV or JSON file, from 1."""

    line: int


class Cell(NamedTuple):
    """A cell of a workbook; all count from 1, `number` is the sheet's place among the sheets."""

    number: int
    row: int
    column: int
    sheet: str


class Paragraph(NamedTuple):
    """A paragraph of a Word file, from 1, those in table cells counted where they stand."""

    number: int


At = Place | Line | Cell | Paragraph  # tuples, so that those of one file sort as they stand in it
WHOLE = Place(0, 0)  # the file itself, not a place in it


@dataclass(frozen=True, slots=True)
class Issue:
    """A fault or a hint as plain data; its words are in views."""

    code: str
    file: str
    place: At
    params: Mapping[str, str | int] = field(default_factory=dict)
    twin: At | None = None  # the place of another question that the fault speaks of

    @property
    def is_error(self) -> bool:
        return self.code.startswith("E")


def in_force(sources: Iterable[Source], on: date) -> dict[str, Source]:
    """By squeezed title the edition that is in force on a day: the latest that has taken effect."""
    newest: dict[str, Source] = {}
    for source in sources:
        title = squeeze(source.title)
        if _effective(source) > on:
            continue
        if title not in newest or _effective(source) > _effective(newest[title]):
            newest[title] = source
    return newest


def _effective(source: Source) -> date:
    return source.effective or date.min


def superseded_by(source: Source, editions: Mapping[str, Source]) -> Source | None:
    """The later edition that has taken the place of this one, out of `in_force`."""
    newest = editions.get(squeeze(source.title))
    return newest if newest is not None and _effective(newest) > _effective(source) else None


def is_cited_in_force(source: Source, editions: Mapping[str, Source], on: date) -> bool:
    """Whether a question that cites `source` may be drawn on a day: begun, not expired, and the edition in force."""
    if _effective(source) > on or (source.expires is not None and source.expires < on):
        return False
    newest = editions.get(squeeze(source.title))
    return newest is None or _effective(newest) == _effective(source)
