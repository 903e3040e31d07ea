"""Judges a bank as a whole: what several values or questions say together, and what is allowed but worth a word."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from bot.banks.formats import Format, format_of, schema1
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
REFUSED = {Format.OLD_EXCEL: "E201", Format.LOCKED: "E202"}
COMMENTED_KEYS = ("stem", "explain", "hint")


@dataclass(frozen=True, slots=True)
class Checked:
    """A file judged: `bank` is None as soon as there is one error."""

    file: str
    bank: Bank | None
    issues: tuple[Issue, ...]
    slug_at: Place = TOP

    @property
    def errors(self) -> int:
        return sum(issue.is_error for issue in self.issues)

    @property
    def hints(self) -> int:
        return len(self.issues) - self.errors


def check(data: bytes, file: str, *, on: date, editions: Iterable[Source] = ()) -> Checked:
    """Read and judge a bank file. `editions` are sources known from elsewhere, for W305 as of the day `on`."""
    kind = format_of(data, file)
    if kind is not Format.YAML:
        params = {} if kind in REFUSED else {"kind": kind.value}
        return Checked(file, None, (Issue(REFUSED.get(kind, "E217"), file, TOP, params),))
    reading = schema1.read(data, file)
    _check_questions(reading)
    is_clean = not any(issue.is_error for issue in reading.issues) and reading.bank is not None
    bank = None
    if is_clean and reading.bank is not None:
        bank = replace(reading.bank, questions=tuple(draft.question for draft in reading.drafts))
        _judge_bank(reading, bank, in_force([*bank.sources, *editions], on))
    issues = tuple(sorted(reading.issues, key=lambda issue: (issue.place, issue.code)))
    slug = reading.root and reading.root.nodes.get("bank")
    return Checked(file, bank, issues, Place(slug.line, slug.column) if slug else TOP)


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
            _hint_one(reading, draft)


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


def _hint_one(reading: Reading, draft: Draft) -> None:
    question = draft.question
    if question.type is not QuestionType.BLANK:
        _hint_form(reading, draft)
    if units(question.explain) > POLL_EXPLANATION:
        reading.add("W202", _place(draft, "explain"))
    if question.type in CHOICES and question.is_shuffled:
        _hint_order(reading, draft)
    if reading.comments:
        _hint_comments(reading, draft)


def _hint_form(reading: Reading, draft: Draft) -> None:
    question = draft.question
    form = form_of(question.stem, question.options)
    if form is Form.F0:
        return
    place = _place(draft, "stem")
    if POLL_PREFIX + units(question.stem) <= POLL_QUESTION:
        lines = [option_line(letter, option) for letter, option in zip(question.letters, question.options, strict=True)]
        longest = next((i for i, line in enumerate(lines) if units(line) > POLL_OPTION), 0)
        place = Place(draft.options[longest].line, draft.options[longest].column)
    reading.add("W201", place, form=form.name)


def _hint_order(reading: Reading, draft: Draft) -> None:
    question = draft.question
    if not is_shufflable(question):
        named = next(i for i, option in enumerate(question.options) if names_letters(option, question.letters))
        reading.add("W203", Place(draft.options[named].line, draft.options[named].column))
        return
    for letter, option, node in zip(question.letters, question.options, draft.options, strict=True):
        if sums_up(option) and letter not in question.lock:
            reading.add("W204", Place(node.line, node.column), text=option)


def _hint_comments(reading: Reading, draft: Draft) -> None:
    """A `#` behind a sentence; behind a number or a date it is an ordinary comment."""
    sentences = [node for key in COMMENTED_KEYS if isinstance(node := draft.node.nodes.get(key), Scalar)]
    for node in (*sentences, *draft.options):
        if (cut := reading.comments.get((node.line, node.column))) is not None:
            reading.add("W206", Place(*cut))


def _judge_bank(reading: Reading, bank: Bank, editions: dict[str, Source]) -> None:
    root = reading.root or Mapping(1, 1)
    key = root.keys["questions"]
    at = Place(key.line, key.column)
    _hint_ids(reading, "W301", at, [q for q in bank.questions if q.citation is None])
    _hint_ids(reading, "W307", at, [q for q in bank.questions if not q.explain])
    _hint_ids(reading, "W308", at, [q for q in bank.questions if q.citation and not q.citation.is_verified])
    _hint_lean(reading, at, [q.answer for q in bank.questions if q.type is QuestionType.SINGLE])
    judgements = {q.answer for q in bank.questions if q.type is QuestionType.TRUE_FALSE}
    if len(judgements) == 1 and _count(bank, QuestionType.TRUE_FALSE) >= FEW_JUDGEMENTS:
        reading.add("W303", at, v="right" if judgements == {RIGHT} else "wrong")
    _hint_superseded(reading, bank, root, editions)


def _hint_ids(reading: Reading, code: str, at: Place, questions: list[Question]) -> None:
    if questions:
        reading.add(code, at, n=len(questions), ids="、".join(question.code for question in questions[:5]))


def _hint_lean(reading: Reading, at: Place, answers: list[str]) -> None:
    if len(answers) < FEW_SINGLES:
        return
    letter, count = min(Counter(answers).items(), key=lambda item: (-item[1], item[0]))
    if count * 100 >= PREFERRED_SHARE * len(answers):
        reading.add("W302", at, L=letter, p=count * 100 // len(answers))


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
