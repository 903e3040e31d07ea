"""Judges what a foreign file holds: each of its rows becomes a correct question, or is named with its reason."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.banks import lint
from bot.banks.formats import answers
from bot.banks.formats.kinds import names_type
from bot.banks.formats.raw import RawFile, RawQuestion
from bot.banks.judging import Ground, Reader, Wrong
from bot.banks.lint import Rows
from bot.banks.rules import (
    CHOICES,
    LETTERS,
    MIN_OPTIONS,
    At,
    Bank,
    Cell,
    Issue,
    Question,
    fingerprint,
    squeeze,
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A question, where it stands and where each of its options does."""

    question: Question
    at: At
    options: tuple[At, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    drawn: tuple[Drawn, ...]
    issues: tuple[Issue, ...]
    rows: Rows


def judge(raw: RawFile, ground: Ground) -> Judged:
    """Every question of the file in the order it has there; what is wrong with the others is in `issues`."""
    one = _File(raw, ground)
    drawn = [found for question in raw.questions if (found := one.take(question)) is not None]
    kept, repeated = _without_twins(drawn, one)
    kept = one.with_distinct_codes(_counted(kept))
    rows = Rows(one.rows, len(kept), repeated, one.rows - len(kept) - repeated)
    if not drawn:
        one.hint_at_looks()
    issues = sorted([*one.issues, *one.summed_up()], key=lambda issue: (issue.place, issue.code))
    return Judged(tuple(kept), tuple(issues), rows)


def _counted(drawn: list[Drawn]) -> list[Drawn]:
    """Where a number names two questions, numbers of digits only count rows: then none of them is kept."""
    numbers = [found.question.code for found in drawn if found.question.code]
    if len(set(numbers)) == len(numbers) or not all(number.isdigit() for number in numbers):
        return drawn
    return [replace(found, question=replace(found.question, code="")) for found in drawn]


def _without_twins(drawn: Sequence[Drawn], one: "_File") -> tuple[list[Drawn], int]:
    """Of equal questions the first; those with another answer are all left out."""
    groups: dict[str, list[Drawn]] = {}
    for found in drawn:
        groups.setdefault(fingerprint(found.question), []).append(found)
    kept, repeated = [], 0
    for group in groups.values():
        first, *others = group
        other = next((twin for twin in others if _right(twin.question) != _right(first.question)), None)
        if other is None:
            kept.append(first)
            repeated += len(others)
            one.issues += [Issue("W211", one.file, twin.at, {}, first.at) for twin in others]
        else:
            one.issues += [_disputed(one.file, found, other if found is first else first) for found in group]
    return kept, repeated


def _disputed(file: str, found: Drawn, twin: Drawn) -> Issue:
    """By letters where the options stand alike, else by their texts."""
    params = {"a": twin.question.answer, "b": found.question.answer}
    if params["a"] == params["b"] or twin.question.options != found.question.options:
        params = {"a": _shown(twin.question), "b": _shown(found.question)}
    return Issue("E215", file, found.at, params, twin.at)


def _right(question: Question) -> object:
    """The answer in a form that another order of options does not change."""
    if question.type in CHOICES:
        return frozenset(squeeze(question.options[LETTERS.index(letter)]) for letter in question.answer)
    return question.answer, tuple(frozenset(map(squeeze, blank.answers)) for blank in question.blanks)


def _shown(question: Question) -> str:
    if question.options:
        return ";".join(question.options[LETTERS.index(letter)] for letter in question.answer)
    return question.answer or "|".join(";".join(blank.answers) for blank in question.blanks)


def bank_of(judged: Judged, head: Bank) -> Bank:
    """The bank that takes the questions, with what they bring along: documents and topics."""
    questions = tuple(found.question for found in judged.drawn)
    cited = [question.citation.source for question in questions if question.citation]
    topics = [topic for question in questions for topic in question.topics]
    return replace(
        head,
        questions=questions,
        sources=tuple(dict.fromkeys([*head.sources, *cited])),
        topics=tuple(dict.fromkeys([*head.topics, *topics])),
    )


def with_hints(judged: Judged, file: str, bank: Bank | None) -> tuple[Issue, ...]:
    """All issues of the file in order; as with YAML, the whole is judged only where nothing is wrong."""
    hints = [issue for found in judged.drawn for issue in lint.hints(found.question, file, found.at, found.options)]
    issues = [*judged.issues, *hints]
    if bank is not None and not any(issue.is_error for issue in issues):
        issues += lint.of_whole(bank, file)
    return tuple(sorted(issues, key=lambda issue: (issue.place, issue.code)))


class _File:
    """One file being judged: its issues so far, and what is said once for many questions."""

    def __init__(self, raw: RawFile, ground: Ground) -> None:
        self.file, self._ground = raw.file, ground
        self.issues = list(raw.issues)
        self.rows = len(raw.questions) + sum(issue.is_error for issue in raw.issues)
        self._typed: dict[tuple[str, str], At] = {}  # W212: by sheet and type the first place
        self._lettered: dict[str, tuple[At, int]] = {}  # W213: by sheet the first place and how many
        self._levels: dict[tuple[str, str], At] = {}  # W219: by sheet and word the first place
        self._places: dict[str, At] = {}  # W220: by sheet the first place
        self._index = _indexed(raw.questions)
        _without_foreign_kinds(raw.questions)

    def take(self, raw: RawQuestion) -> Drawn | None:
        if any(issue.is_error for issue in raw.issues):
            self.issues += raw.issues
            return None
        reader = Reader(raw, self.file, self._ground, self._index.get(_sheet(raw.at)))
        try:
            question = reader.read()
        except Wrong as wrong:
            self.issues.append(Issue(wrong.code, self.file, wrong.at, wrong.params))
            return None
        self.issues += [*raw.issues, *reader.hints]
        if reader.unknown_level is not None:
            self._levels.setdefault((_sheet(raw.at), reader.unknown_level.text), reader.unknown_level.at)
        if reader.is_by_place:
            self._places.setdefault(_sheet(raw.at), raw.answers[0].at)
        if reader.guessed is not None:
            self._typed.setdefault((_sheet(raw.at), reader.guessed.value), raw.at)
        if reader.stripped and question.options:
            first, before = self._lettered.get(_sheet(raw.at), (raw.options[0].at, 0))
            self._lettered[_sheet(raw.at)] = (first, before + reader.stripped)
        return Drawn(question, raw.at, tuple(option.at for option in raw.options[: len(question.options)]))

    def hint_at_looks(self) -> None:
        """Where none has an answer they may be marked by a colour or in bold, which nobody can read out of a file."""
        without = [issue for issue in self.issues if issue.code == "E206"]
        if len(without) > 1:
            self.issues.append(Issue("W221", self.file, min(issue.place for issue in without)))

    def summed_up(self) -> Iterator[Issue]:
        for (_, kind), at in self._typed.items():
            yield Issue("W212", self.file, at, {"type": kind})
        for sheet, at in self._places.items():
            yield Issue("W220", self.file, at, {"n": self._index[sheet]})
        for (_, text), at in self._levels.items():
            yield Issue("W219", self.file, at, {"v": text})
        for at, count in self._lettered.values():
            yield Issue("W213", self.file, at, {"n": count})

    def with_distinct_codes(self, drawn: Iterable[Drawn]) -> list[Drawn]:
        """Every question with its number: its own, else one that its text gives."""
        seen: dict[str, At] = {}
        kept = []
        for found in drawn:
            code = found.question.code or f"i-{fingerprint(found.question)[:10]}"
            first = seen.setdefault(code, found.at)
            if first is not found.at:
                self.issues.append(Issue("E101", self.file, found.at, {"id": code}, first))
                continue
            kept.append(replace(found, question=replace(found.question, code=code)))
        return kept


def _sheet(at: At) -> str:
    return at.sheet if isinstance(at, Cell) else ""


def _without_foreign_kinds(questions: Sequence[RawQuestion]) -> None:
    """A column of kinds none of whose words is a type of question says what the questions are about."""
    said: dict[str, set[str]] = {}
    for raw in questions:
        if raw.kind and not raw.kind.isdecimal():
            said.setdefault(_sheet(raw.at), set()).add(raw.kind)
    foreign = {sheet for sheet, kinds in said.items() if not any(map(names_type, kinds))}
    for raw in questions:
        if raw.kind and not raw.kind.isdecimal() and _sheet(raw.at) in foreign:
            raw.kind, raw.topics = "", raw.topics or raw.kind


def _indexed(questions: Sequence[RawQuestion]) -> dict[str, int]:
    """By sheet the base of answers that are places; only where all are digits and they are not the options' texts."""
    given: dict[str, list[tuple[list[int], bool]]] = {}
    for raw in questions:
        if len(raw.options) >= MIN_OPTIONS and len(raw.answers) >= 1:
            texts = [answer.text for answer in raw.answers]
            numbers = [number for text in texts for number in answers.digits_of(text)]
            is_plain = all(answers.digits_of(text) for text in texts)
            is_text = bool(answers.by_text(texts, [option.text for option in raw.options]))
            given.setdefault(_sheet(raw.at), []).append((numbers if is_plain else [], is_text))
    found = {}
    for sheet, rows in given.items():
        if all(numbers for numbers, _ in rows) and not all(is_text for _, is_text in rows):
            found[sheet] = 0 if any(0 in numbers for numbers, _ in rows) else 1
    return found
