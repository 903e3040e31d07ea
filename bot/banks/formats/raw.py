"""Questions as a foreign file spells them, before anybody judges them: the one shape that all its readers give."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.banks.rules import At, Issue, Rule


class TooMuch(Exception):  # not a mistake of the program
    """The file holds more than anybody writes (E218)."""


@dataclass(frozen=True, slots=True)
class Text:
    """What stands at one place of a file, as its author spelled it."""

    text: str
    at: At


@dataclass(slots=True)
class RawOption:
    """`letter` is the author's own, "" where the format has none; it is no longer part of `text`.

    `is_right` is given only by formats that mark the right options themselves (JSON, GIFT), then on each of them.
    """

    letter: str
    text: str
    at: At
    is_right: bool | None = None


@dataclass(slots=True)
class RawQuestion:
    """One question as far as its reader saw it. Every field is the author's words; nothing is looked up or judged.

    `section` is the type a heading or a sheet gave, `kind` the one the question names itself. `answers` holds
    more than one text only where the format itself lists them (JSON, GIFT), else the one answer cell or line:
    then each is a blank if the stem has so many marks, else all are accepted in the one blank. `issues` are what
    the reader found wrong in this question; it is left out if one of them is an error.
    """

    at: At
    stem: str = ""
    options: list[RawOption] = field(default_factory=list)
    answers: Sequence[Text] = ()
    answer_at: At | None = None  # where the answer stands or should stand, if that is elsewhere than the stem
    kind: str = ""
    section: str = ""
    score: Text | None = None
    rule: Rule | None = None
    explain: str = ""
    topics: str = ""
    difficulty: Text | None = None
    source: str = ""
    article: str = ""
    code: str = ""
    issues: list[Issue] = field(default_factory=list)


@dataclass(slots=True)
class RawFile:
    """A foreign file as far as it could be read.

    `issues` are what belongs to no question: an error there is one row of the file that gave none (E210, E216)
    or the end of the reading. So the rows of a file are its questions and the errors in `issues`, none lost.
    """

    file: str
    questions: list[RawQuestion] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
