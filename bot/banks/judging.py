"""Judges one question of a foreign file: the author's words become a question, or the reason why they do not."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.banks.formats import answers, stems
from bot.banks.formats.answers import letters_of
from bot.banks.formats.kinds import OPEN, Kind, kind_of
from bot.banks.formats.raw import RawQuestion, Text
from bot.banks.formats.schema1 import CODE
from bot.banks.formats.stems import Stem
from bot.banks.formats.web import PICTURE, SHOWN_PICTURE
from bot.banks.rules import (
    BLANK_MARK,
    LETTERS,
    MAX_ANSWERS,
    MAX_CARD,
    MAX_EXPLAIN,
    MAX_HINT,
    MAX_OPTION,
    MAX_OPTIONS,
    MAX_STEM,
    MAX_TOPICS,
    MIN_OPTIONS,
    At,
    Blank,
    Citation,
    Defaults,
    Issue,
    Question,
    QuestionType,
    Source,
    digest,
    squeeze,
)
from bot.message import units

MAX_CENTI = 10_000
LOST = "\N{REPLACEMENT CHARACTER}"  # what could not be decoded
BLANK_LINE = "____"  # put behind a stem that has no mark of its own
_SCORE = re.compile(r"(\d{1,4})(?:\.(\d{1,2}))?0*")
_NO_DIGITS = re.compile(r"[^\d.]+$")
_TOPICS = re.compile(r"[、，,;；|/\n]+")


@dataclass(frozen=True, slots=True)
class Ground:
    """What the bank that takes the questions brings along: its defaults, and which documents it knows."""

    defaults: Defaults = field(default_factory=Defaults)
    sources: Mapping[str, Source] = field(default_factory=dict)  # by squeezed title
    source: str = ""  # the document all questions without one of their own are based on


class Wrong(Exception):  # a fault of the file, not of the program
    """What makes a row no question."""

    def __init__(self, code: str, at: At, **params: str | int) -> None:
        super().__init__(code)
        self.code, self.at, self.params = code, at, params


class Reader:
    """One question; raises Wrong at what makes it none. `base`: from what its answer's places count, if they do."""

    def __init__(self, raw: RawQuestion, file: str, ground: Ground, base: int | None) -> None:
        self._raw, self._file, self._ground, self._base = raw, file, ground, base
        self._stem: Stem = stems.stem_of(raw.stem)
        self._options: list[str] = []
        self._answers: list[str] = []
        self.hints: list[Issue] = []
        self.guessed: QuestionType | None = None  # the type, where only the answer told it
        self.unknown_level: Text | None = None  # a difficulty in words of the author's own
        self.is_by_place = False  # the answer counts options
        self.stripped = 0  # options that brought their own letter

    def read(self) -> Question:
        raw = self._raw
        kind = self._kind()
        self._options, self.stripped = stems.options_of([option.text for option in raw.options])
        while self._options and not self._options[-1]:
            self._options.pop()
        if not self._stem.text:
            raise Wrong("E205", raw.at)
        if any(LOST in text for text in (self._stem.text, *self._options)):
            raise Wrong("E001", raw.at)
        if shown := next((text for text in (self._stem.text, *self._options) if PICTURE in text), ""):
            raise Wrong("E221", raw.at, text=shown.replace(PICTURE, SHOWN_PICTURE))
        self._stem = replace(self._stem, text=self._take_key(kind))
        if not self._stem.text:
            raise Wrong("E205", raw.at)
        if not self._answers:
            raise Wrong("E206", self._answer_at)
        type_ = self._type(kind)
        question = self._of_type(type_, is_indefinite=kind.is_indefinite)
        self._check_lengths(question)
        return self._with_rest(question)

    @property
    def _letters(self) -> str:
        return LETTERS[: len(self._options)]

    @property
    def _answer_at(self) -> At:
        given = self._raw.answers
        return given[0].at if given else self._raw.answer_at or self._raw.at

    def _hint(self, code: str, at: At, **params: str | int) -> None:
        self.hints.append(Issue(code, self._file, at, params))

    # -- type ----------------------------------------------------------------------------------------------------------

    def _kind(self) -> Kind:
        """What is said about the type: by the question, by a tag before it, by the heading above it."""
        for word in (self._raw.kind, self._stem.tag, self._raw.section):
            if word and not word.isdecimal():  # what a program's numbers of types mean, it keeps for itself
                kind = kind_of(word)
                if kind is None or not kind.is_asked:
                    raise Wrong("E210", self._raw.at, t=word)
                if kind != OPEN:
                    return kind
        return OPEN

    def _type(self, kind: Kind) -> QuestionType:
        if kind.type is not None:
            is_judged = kind.type is QuestionType.SINGLE and self._judged_options() is not None
            return QuestionType.TRUE_FALSE if is_judged else kind.type
        type_ = self._type_by_answer()
        if type_ is QuestionType.BLANK:
            self._hint("W217", self._raw.at)
        else:
            self.guessed = type_
        return type_

    def _type_by_answer(self) -> QuestionType:
        if not self._options:
            if len(self._answers) == 1 and answers.judgement_of(self._answers[0]):
                return QuestionType.TRUE_FALSE
            letters = letters_of(self._answers[0])
            if letters and set(letters) <= set(LETTERS) and self._answers[0].isascii():
                raise Wrong("E211", self._answer_at, x=letters)
            return QuestionType.BLANK
        if self._judged_options() is not None:
            return QuestionType.TRUE_FALSE
        return QuestionType.SINGLE if len(self._choice()) == 1 else QuestionType.MULTIPLE

    def _judged_options(self) -> dict[str, str] | None:
        """By letter what the two options say, if they are the two words of a judgement."""
        said = [answers.judgement_of(option) for option in self._options]
        return dict(zip(LETTERS, said, strict=False)) if len(said) == 2 and sorted(said) == ["F", "T"] else None

    # -- answer --------------------------------------------------------------------------------------------------------

    def _take_key(self, kind: Kind) -> str:
        """The stem without a key in its last bracket, which is the answer where there is no other."""
        raw, stem = self._raw, self._stem.text
        self._answers = [text for answer in raw.answers if (text := stems.clean(answers.bare(answer.text)))]
        if not self._answers and any(option.is_right for option in raw.options):
            marked = zip(LETTERS, raw.options, strict=False)
            self._answers = ["".join(letter for letter, option in marked if option.is_right)]
        if kind.type is QuestionType.BLANK:
            return self._blank_key(stem)
        key = stems.key_in(stem, self._letters, is_judged=kind.type is QuestionType.TRUE_FALSE)
        if key is None:
            return stem
        if not self._answers:
            self._answers = [key.answer]
        elif not self._is_same(key.answer):
            raise Wrong("E213", self._answer_at, a=key.answer, b="、".join(self._answers))
        return key.stem

    def _blank_key(self, stem: str) -> str:
        if not self._answers and BLANK_MARK.search(stem) is None and (key := stems.words_in_bracket(stem)):
            self._answers = [key.answer]
            return key.stem
        return stem

    def _is_same(self, key: str) -> bool:
        said = answers.judgement_of(key, is_asked=True)
        if said and not self._options:
            return said == answers.judgement_of(self._answers[0], is_asked=True)
        judged = self._judged_options()
        if said and judged is not None:
            return said == (answers.judgement_of(self._answers[0]) or judged.get(letters_of(self._answers[0])))
        try:
            return letters_of(key) == self._choice()
        except Wrong:
            return True  # told later, as what is wrong with the answer itself

    def _choice(self) -> str:
        """The right letters, among those of the options."""
        base = self._base
        if base is not None and (places := [n - base for text in self._answers for n in answers.digits_of(text)]):
            return self._by_places(places)
        joined = " ".join(self._answers)
        letters = letters_of(joined)
        by_text = answers.by_text(self._answers, self._options)
        if len(letters) > 1 and len(by_text) == len(self._answers) == 1:
            return by_text  # abc is one of the options, not three
        if letters and set(letters) <= set(self._letters):
            return letters
        if by_text:
            return by_text
        if found := answers.by_words("\n".join(self._answers), self._options):
            return found
        letters = letters or answers.letters_among_words(joined)
        if letters and set(letters) <= set(self._letters):
            return letters
        if letters and set(letters) <= set(LETTERS):
            raise self._out_of_range("".join(x for x in letters if x not in self._letters))
        raise Wrong("E209", self._answer_at, text="、".join(self._answers))

    def _by_places(self, places: Sequence[int]) -> str:
        if not all(0 <= place < len(self._options) for place in places):
            raise self._out_of_range("、".join(self._answers))
        self.is_by_place = True
        return "".join(sorted({LETTERS[place] for place in places}))

    def _out_of_range(self, x: str) -> Wrong:
        last = self._letters[-1:]
        return Wrong("E208", self._answer_at, x=x, letters=f"A\N{EN DASH}{last}" if last != "A" else "A")

    # -- the question --------------------------------------------------------------------------------------------------

    def _of_type(self, type_: QuestionType, *, is_indefinite: bool) -> Question:
        base = Question(code="", type=type_, stem=self._stem.text)
        if type_ is QuestionType.TRUE_FALSE:
            return replace(base, answer=self._judgement())
        if type_ is QuestionType.BLANK:
            return self._blank(base)
        self._check_options()
        answer = self._choice()
        if (type_ is QuestionType.SINGLE and len(answer) != 1) or (
            type_ is QuestionType.MULTIPLE and len(answer) < 2 and not is_indefinite
        ):
            raise Wrong("E212", self._answer_at, t=type_.value, n=len(answer), x=answer)
        return replace(base, options=tuple(self._options), answer=answer, is_indefinite=is_indefinite)

    def _check_options(self) -> None:
        raw = self._raw
        if not self._options:
            letters = letters_of(" ".join(self._answers))
            raise Wrong("E211", self._answer_at, x=letters) if letters else Wrong("E107", raw.at, n=0)
        if not MIN_OPTIONS <= len(self._options) <= MAX_OPTIONS:
            raise Wrong("E107", raw.options[0].at, n=len(self._options))
        first: dict[str, str] = {}
        for letter, option, raw_option in zip(LETTERS, self._options, raw.options, strict=False):
            if not option:
                raise Wrong("E106", raw_option.at, L=letter)
            twin = first.setdefault("".join(option.split()), letter)
            if twin != letter:
                raise Wrong("E111", raw_option.at, L=twin, M=letter)

    def _judgement(self) -> str:
        said, judged = answers.judgement_of(self._answers[0], is_asked=True), self._judged_options()
        letters = letters_of(self._answers[0])
        if judged is not None and (by_letter := judged.get(letters)):
            return by_letter
        if judged is not None and self._base is not None:
            return judged[self._choice()[:1]]
        if not self._options and letters and not said:
            raise Wrong("E211", self._answer_at, x=letters)
        if not said or len(self._answers) > 1 or (self._options and judged is None):
            raise Wrong("E115", self._answer_at, v="、".join(self._answers))
        return said

    def _blank(self, base: Question) -> Question:
        if self._options:
            raise Wrong("E125", self._raw.options[0].at, type=base.type.value, key="options")
        marks = len(BLANK_MARK.findall(base.stem))
        found, parts = answers.blanks_of(self._answers, marks)
        if marks and parts != marks:
            raise Wrong("E214", self._answer_at, n=marks, m=parts)
        if not all(found):
            raise Wrong("E206", self._answer_at)
        for accepted in found:
            if len(accepted) > MAX_ANSWERS:
                raise self._beyond("answers", 1, MAX_ANSWERS, str(len(accepted)), self._answer_at)
            for text in accepted:
                self._bounded(text, "answers", MAX_OPTION, self._answer_at)
        stem = base.stem if marks else f"{base.stem}{BLANK_LINE}"
        return replace(base, stem=stem, blanks=tuple(map(Blank, found)))

    def _check_lengths(self, question: Question) -> None:
        raw = self._raw
        self._bounded(question.stem, "stem", MAX_STEM, raw.at)
        for letter, option, raw_option in zip(LETTERS, question.options, raw.options, strict=False):
            self._bounded(option, letter, MAX_OPTION, raw_option.at)
        if units(question.stem) + sum(map(units, question.options)) > MAX_CARD:
            raise Wrong("E117", raw.at)

    def _bounded(self, text: str, key: str, most: int, at: At) -> str:
        if (size := units(text)) > most:
            raise Wrong("E118", at, key=key, lo="1", hi=str(most), chars=size)
        return text

    def _beyond(self, key: str, lo: float, hi: float, v: str, at: At) -> Wrong:
        return Wrong("E118", at, key=key, lo=f"{lo:g}", hi=f"{hi:g}", v=v)

    # -- the rest ------------------------------------------------------------------------------------------------------

    def _with_rest(self, question: Question) -> Question:
        raw, defaults = self._raw, self._ground.defaults
        topics = tuple(dict.fromkeys(topic for part in _TOPICS.split(raw.topics) if (topic := stems.clean(part))))
        if len(topics) > MAX_TOPICS:
            raise self._beyond("topics", 0, MAX_TOPICS, str(len(topics)), raw.at)
        for topic in topics:
            self._bounded(topic, "topics", MAX_HINT, raw.at)
        rule = raw.rule if raw.rule and question.type is QuestionType.MULTIPLE else defaults.rule_for(question.type)
        return replace(
            question,
            code=self._code(),
            score_centi=self._centi(raw.score) or defaults.score_centi,
            rule=rule,
            each_centi=defaults.each_centi if question.type is not QuestionType.BLANK else None,
            explain=self._bounded(stems.clean(raw.explain), "explain", MAX_EXPLAIN, raw.at),
            citation=self._citation(),
            topics=topics,
            difficulty=self._difficulty(),
            time_s=defaults.time_for(question.type),
            is_shuffled=defaults.is_shuffled,
        )

    def _code(self) -> str:
        """The question's number in the file, where it can be one of ours."""
        code = unicodedata.normalize("NFKC", self._raw.code).strip().casefold()
        return code if CODE.fullmatch(code) else ""

    def _centi(self, score: Text | None) -> int | None:
        if score is None:
            return None
        found = _SCORE.fullmatch(_NO_DIGITS.sub("", unicodedata.normalize("NFKC", score.text).strip()))
        centi = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0
        if not 0 < centi <= MAX_CENTI:
            raise self._beyond("score", 0.01, 100, score.text, score.at)
        return centi

    def _difficulty(self) -> int:
        level = self._raw.difficulty
        if level is None:
            return 3
        found = answers.difficulty_of(level.text)
        if found is None:
            self.unknown_level = level
        return found or 3

    def _citation(self) -> Citation | None:
        own = stems.clean(self._raw.source) or self._stem.source
        title, article = answers.citation_of(own or self._ground.source)
        article = stems.clean(self._raw.article) or article
        if not title:
            return None
        self._bounded(title, "source", MAX_HINT, self._raw.at)
        self._bounded(article, "article", MAX_HINT, self._raw.at)
        return Citation(source_named(title, self._ground.sources), article)


def source_named(title: str, known: Mapping[str, Source]) -> Source:
    """The edition that is known under this title, else a document of which only the title is known."""
    squeezed = squeeze(title)
    return known.get(squeezed) or Source(key_of(title), title)


def key_of(title: str) -> str:
    """A document's key in a bank that it was not written into by hand."""
    return f"w-{digest(squeeze(title))[:8]}"
