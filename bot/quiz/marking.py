"""What an answer earns: letters by the question's rule, blanks by what is accepted in them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.banks.rules import Blank, BlankKind, Match, Question, QuestionType, Rule
from bot.quiz.phrases import date_of, date_runs, number_of, number_runs, plain_text

Letters = frozenset[str]

Selection = str | tuple[str, ...]  # letters of the bank, or RIGHT or WRONG; for blanks one text each


@dataclass(frozen=True, slots=True)
class Mark:
    """Points in 0.01 分; `right_blanks` says for each blank of the question whether it was right."""

    centi: int
    is_right: bool
    right_blanks: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkingRule:
    """How the questions of one type on a paper are marked; `each_centi` with Rule.EACH."""

    type: QuestionType
    rule: Rule
    each_centi: int | None = None


def marking_rules(asked: Iterable[tuple[Rule, Question]], each_centi: int | None) -> tuple[MarkingRule, ...]:
    """The rules that somebody who answers these questions should know, each once: of multiple choices, and of blanks
    where a question has several. `each_centi` is the paper's own."""
    found = []
    for rule, question in asked:
        each = question.each_centi if each_centi is None else each_centi
        if question.type is QuestionType.MULTIPLE:
            found.append(MarkingRule(question.type, rule, each if rule is Rule.EACH else None))
        elif len(question.blanks) > 1:
            found.append(MarkingRule(question.type, Rule.ALL if rule is Rule.ALL else Rule.PROP))
    return tuple(sorted(dict.fromkeys(found), key=lambda one: list(QuestionType).index(one.type)))


def half_up(n: int, d: int) -> int:
    """n/d to the nearest whole, halves up; n is not negative."""
    return (2 * n + d) // (2 * d)


def mark(
    question: Question,
    selection: Selection,
    *,
    score_centi: int | None = None,
    rule: Rule | None = None,
    each_centi: int | None = None,
) -> Mark:
    """Mark one answer; a paper may override the question's score, rule and what one right letter is worth. Nothing
    picked earns nothing."""
    score = question.score_centi if score_centi is None else score_centi
    rule = rule or question.rule
    if question.type is QuestionType.BLANK:
        given = (selection,) if isinstance(selection, str) else selection
        return mark_blanks(question.blanks, given, score=score, rule=rule, is_any_order=question.is_any_order)
    picked = "".join(selection)
    if question.type is not QuestionType.MULTIPLE:
        return Mark(score if picked == question.answer else 0, picked == question.answer)
    each = question.each_centi if each_centi is None else each_centi
    centi = mark_letters(frozenset(question.answer), frozenset(picked), score=score, rule=rule, each=each)
    return Mark(centi, frozenset(picked) == frozenset(question.answer))


def mark_letters(
    key: frozenset[str], picked: frozenset[str], *, score: int, rule: Rule, each: int | None = None
) -> int:
    """Points of a multiple choice; `each` is what one right letter is worth under Rule.EACH."""
    right, wrong = len(picked & key), len(picked - key)
    if rule is Rule.MINUS:
        return half_up(score * max(0, right - wrong), len(key))
    if picked == key:
        return score
    if wrong or not right:
        return 0
    return _share(rule, score, right, len(key), each)


def _share(rule: Rule, score: int, right: int, of: int, each: int | None) -> int:
    if rule is Rule.HALF:
        return half_up(score, 2)
    if rule is Rule.PROP:
        return half_up(score * right, of)
    if rule is Rule.EACH:
        return min(score, (each or 0) * right)
    return 0


def mark_blanks(
    blanks: Sequence[Blank], given: Sequence[str], *, score: int, rule: Rule, is_any_order: bool = False
) -> Mark:
    """Points of a blank question: its share of right blanks, or under Rule.ALL all or nothing."""
    matches = _in_any_order if is_any_order else _in_order
    right = matches(blanks, given)
    count = sum(right)
    is_right = count == len(blanks)
    if rule is Rule.ALL:
        return Mark(score if is_right else 0, is_right, right)
    return Mark(half_up(score * count, len(blanks)), is_right, right)


def _in_order(blanks: Sequence[Blank], given: Sequence[str]) -> tuple[bool, ...]:
    return tuple(place < len(given) and is_accepted(blank, given[place]) for place, blank in enumerate(blanks))


def _in_any_order(blanks: Sequence[Blank], given: Sequence[str]) -> tuple[bool, ...]:
    """The greatest number of blanks that can be paired with a text of their own (augmenting paths)."""
    owner: dict[int, int] = {}

    def find(blank: int, tried: set[int]) -> bool:
        for text in range(len(given)):
            if text in tried or not is_accepted(blanks[blank], given[text]):
                continue
            tried.add(text)
            if text not in owner or find(owner[text], tried):
                owner[text] = blank
                return True
        return False

    for blank in range(len(blanks)):
        find(blank, set())
    paired = set(owner.values())
    return tuple(blank in paired for blank in range(len(blanks)))


def is_accepted(blank: Blank, given: str) -> bool:
    text = plain_text(given)
    if not text:
        return False
    return any(_is_same(blank, plain_text(answer), text) for answer in blank.answers)


def _is_same(blank: Blank, answer: str, text: str) -> bool:
    if answer == text:
        return True
    if blank.kind is BlankKind.TEXT:
        return blank.match is Match.CONTAINS and answer in text
    is_number = blank.kind is BlankKind.NUMBER
    read, runs = (number_of, number_runs) if is_number else (date_of, date_runs)
    wanted = read(answer)
    if wanted is None:
        return blank.match is Match.CONTAINS and answer in text
    return any(read(part) == wanted for part in (runs(text) if blank.match is Match.CONTAINS else [text]))
