"""Judges a bank as a whole: what several values or questions say together, and what is allowed but worth a word."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot import yamlfile
from bot.banks.formats import schema1
from bot.banks.rules import (
    BLANK_MARK,
    CHOICES,
    MAX_CARD,
    POLL_EXPLANATION,
    POLL_OPTION,
    POLL_PREFIX,
    POLL_QUESTION,
    PREFERRED_SHARE,
    RIGHT,
    WHOLE,
    At,
    Bank,
    Form,
    Issue,
    Place,
    Question,
    QuestionType,
    Source,
    fingerprint,
    form_of,
    in_force,
    is_shufflable,
    names_letters,
    option_line,
    sums_up,
    superseded_by,
)
from bot.banks.yamlfile import Draft, Reading
from bot.message import units
from bot.yamlfile import Mapping, Scalar

FEW_SINGLES, FEW_JUDGEMENTS = 20, 5  # below this a lean to one answer says nothing
TOP = Place(1, 1)
COMMENTED_KEYS = ("stem", "explain", "hint")


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows of a file came out: `read` is the sum of the others."""

    read: int
    good: int
    repeated: int
    bad: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A file judged: `bank` is None where nothing of it can be taken.

    That is a YAML file with one error; of a foreign file, which has `rows`, the good ones are the bank.
    """

    file: str
    bank: Bank | None
    issues: tuple[Issue, ...]
    slug_at: Place = TOP
    rows: Rows | None = None

    @property
    def errors(self) -> int:
        return sum(issue.is_error for issue in self.issues)

    @property
    def hints(self) -> int:
        return len(self.issues) - self.errors


def check(data: bytes, file: str, *, on: date, editions: Iterable[Source] = ()) -> Checked:
    """Read and judge a YAML file. `editions` are sources known from elsewhere, for W305 as of the day `on`."""
    reading = schema1.read(data, file)
    _check_questions(reading)
    is_clean = not any(issue.is_error for issue in reading.issues) and reading.bank is not None
    bank = None
    if is_clean and reading.bank is not None:
        bank = replace(reading.bank, questions=tuple(draft.question for draft in reading.drafts))
        _judge_bank(reading, bank, in_force([*bank.sources, *editions], on))
    issues = tuple(sorted(reading.issues, key=lambda issue: (issue.place, issue.code)))
    slug = reading.root and reading.root.nodes.get("bank")
    slug_at = Place(slug.line, slug.column) if slug else TOP
    _let_go(reading)
    return Checked(file, bank, issues, slug_at)


def _let_go(reading: Reading) -> None:
    """Question by question: to free the nodes of 10,000 in one go holds up everybody else for 50 ms and more."""
    reading.drafts.clear()
    questions = reading.root and reading.root.nodes.get("questions")
    while isinstance(questions, yamlfile.Sequence) and questions.items:
        questions.items.pop()


def _check_questions(reading: Reading) -> None:
    codes: dict[str, Draft] = {}
    same: dict[str, Draft] = {}
    for draft in reading.drafts:
        code = draft.question.code
        first = codes.setdefault(code, draft)
        if first is not draft and code:
            reading.add("E101", _place(draft, "id"), id=code, n=_place(first, "id").line)
        twin = same.setdefault(fingerprint(draft.question), draft) if draft.is_whole else draft
        if twin is not draft and twin.question.code != code:
            reading.add("E126", _place(draft, "stem"), n=_place(twin, "id").line, id=twin.question.code)
        _check_one(reading, draft)
        if draft.is_whole:
            places = [Place(node.line, node.column) for node in draft.options]
            explain_at = _place(draft, "explain")
            reading.issues += hints(draft.question, reading.file, _place(draft, "stem"), places, explain_at)
            if reading.comments:
                _hint_comments(reading, draft)


def _place(draft: Draft, key: str) -> Place:
    node = draft.node.nodes.get(key) or draft.node
    return Place(node.line, node.column)


def _check_one(reading: Reading, draft: Draft) -> None:
    question = draft.question
    if question.type is QuestionType.BLANK:
        marks = len(BLANK_MARK.findall(question.stem))
        if question.blanks and marks != len(question.blanks):
            reading.add("E116", _place(draft, "blanks"), n=marks, m=len(question.blanks))
        return
    first: dict[str, str] = {}
    for letter, option, node in zip(question.letters, question.options, draft.options, strict=False):
        text = "".join(option.split())
        twin = first.setdefault(text, letter)
        if text and twin != letter:
            reading.add("E111", Place(node.line, node.column), L=twin, M=letter)
    if units(question.stem) + sum(map(units, question.options)) > MAX_CARD:
        reading.add("E117", _place(draft, "stem"))


def hints(
    question: Question, file: str, at: At, options: Sequence[At], explain_at: At | None = None
) -> Iterator[Issue]:
    """What is allowed in one question but worth a word; `options` are the places of its options."""
    if question.type is not QuestionType.BLANK:
        yield from _form_hints(question, file, at, options)
    if units(question.explain) > POLL_EXPLANATION:
        yield Issue("W202", file, explain_at or at)
    if question.type in CHOICES and question.is_shuffled:
        yield from _order_hints(question, file, options)


def _form_hints(question: Question, file: str, at: At, options: Sequence[At]) -> Iterator[Issue]:
    form = form_of(question.stem, question.options)
    if form is Form.F0:
        return
    if POLL_PREFIX + units(question.stem) <= POLL_QUESTION:
        lines = [option_line(letter, option) for letter, option in zip(question.letters, question.options, strict=True)]
        at = options[next((i for i, line in enumerate(lines) if units(line) > POLL_OPTION), 0)]
    yield Issue("W201", file, at, {"form": form.name})


def _order_hints(question: Question, file: str, options: Sequence[At]) -> Iterator[Issue]:
    if not is_shufflable(question):
        named = next(i for i, option in enumerate(question.options) if names_letters(option, question.letters))
        yield Issue("W203", file, options[named])
        return
    for letter, option, at in zip(question.letters, question.options, options, strict=True):
        if sums_up(option) and letter not in question.lock:
            yield Issue("W204", file, at, {"text": option})


def _hint_comments(reading: Reading, draft: Draft) -> None:
    """A `#` behind a sentence; behind a number or a date it is an ordinary comment."""
    sentences = [node for key in COMMENTED_KEYS if isinstance(node := draft.node.nodes.get(key), Scalar)]
    for node in (*sentences, *draft.options):
        if (cut := reading.comments.get((node.line, node.column))) is not None:
            reading.add("W206", Place(*cut))


def _judge_bank(reading: Reading, bank: Bank, editions: dict[str, Source]) -> None:
    root = reading.root or Mapping(1, 1)
    key = root.keys["questions"]
    reading.issues += of_whole(bank, reading.file, Place(key.line, key.column))
    _hint_superseded(reading, bank, root, editions)


def of_whole(bank: Bank, file: str, at: At = WHOLE) -> Iterator[Issue]:
    """What all questions together say."""
    yield from _hint_ids("W301", file, at, [q for q in bank.questions if q.citation is None])
    yield from _hint_ids("W307", file, at, [q for q in bank.questions if not q.explain])
    yield from _hint_ids("W308", file, at, [q for q in bank.questions if q.citation and not q.citation.is_verified])
    yield from _hint_lean(file, at, [q.answer for q in bank.questions if q.type is QuestionType.SINGLE])
    judgements = {q.answer for q in bank.questions if q.type is QuestionType.TRUE_FALSE}
    if len(judgements) == 1 and _count(bank, QuestionType.TRUE_FALSE) >= FEW_JUDGEMENTS:
        yield Issue("W303", file, at, {"v": "right" if judgements == {RIGHT} else "wrong"})


def _hint_ids(code: str, file: str, at: At, questions: list[Question]) -> Iterator[Issue]:
    if questions:
        named = "、".join(question.code for question in questions[:5])
        yield Issue(code, file, at, {"n": len(questions), "ids": named})


def _hint_lean(file: str, at: At, answers: list[str]) -> Iterator[Issue]:
    if len(answers) < FEW_SINGLES:
        return
    letter, count = min(Counter(answers).items(), key=lambda item: (-item[1], item[0]))
    if count * 100 >= PREFERRED_SHARE * len(answers):
        yield Issue("W302", file, at, {"L": letter, "p": count * 100 // len(answers)})


def _count(bank: Bank, kind: QuestionType) -> int:
    return sum(question.type is kind for question in bank.questions)


def _hint_superseded(reading: Reading, bank: Bank, root: Mapping, editions: dict[str, Source]) -> None:
    used = {question.citation.source.key for question in bank.questions if question.citation}
    node = root.nodes["sources"] if bank.sources else root
    for source in bank.sources:
        newer = superseded_by(source, editions)
        if source.key in used and newer is not None and isinstance(node, Mapping):
            key = node.keys[source.key]
            named = {"title": source.title, "edition": source.edition, "new": newer.edition or newer.title}
            reading.add("W305", Place(key.line, key.column), **named)
