"""The rows of an exam being made: how many questions of which type, topic and difficulty, for how many points.

A row keeps its place as long as the draft lives, so that an old button changes the row it was shown for; what is taken
off the paper has a count of 0. No row may ask for more questions than the others leave it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.banks.rules import QuestionType, Rule
from bot.errors import UserError
from bot.members import prompts
from bot.members.rules import UnitRef
from bot.message import Sender, StaleButton
from bot.quiz import drafts, exam_drafts, exams, papers, phrases
from bot.quiz.blueprint import Blueprint, BlueprintRow, Pooled, TooFewError, matches, most_for
from bot.quiz.exam_facts import ExamDraft, RowDesk, RowKinds
from bot.quiz.facts import TopicChoice
from bot.quiz.models import Paper
from bot.quiz.rules import EACH_SCORES, MAX_EXAM, MOST_ROWS, ROW_RULES, DraftStep
from bot.quiz.views import score
from bot.quiz.wizard_views import row_name

LEVELS = range(1, 6)
SCORE_RANGE = range(1, 100_00 + 1)  # 0.01–100 points a question
NEW_COUNT = 5  # questions of a row that is added
_USUAL_SCORES = {row.type: row.score_centi or 0 for row in exams.STANDARD_ROWS} | {QuestionType.BLANK: 500}


class NoSuchRow(UserError):
    text = "没有看懂。请写题量和每题分值，例如：8 题 5 分。题量最多 {most}，每题 0.01–100 分。"


class TakenByOthers(UserError):
    text = "{row}可用 {have} 道，其他行要用去一些，这一行最多 {most} 道。请减少题量。"


class NoneLeft(UserError):
    text = "{row}没有可以再选的题了。请减少其他行的题量或换题库。"


class TooManyRows(UserError):
    text = "一份试卷最多分 {most} 行。"


class NoSuchPoints(UserError):
    text = "每选对一项的分值应在 0.01–{most} 之间，不能超过每题的分值。"


@dataclass(frozen=True, slots=True)
class _Bench:
    """A draft whose rows are worked on, and the questions there are for them."""

    session: Session
    unit: UnitRef
    paper: Paper
    blueprint: Blueprint
    pool: list[Pooled]

    def row(self, place: int) -> BlueprintRow:
        if not 0 <= place < len(self.blueprint.rows):
            raise StaleButton
        return self.blueprint.rows[place]

    def put(self, place: int, row: BlueprintRow) -> "_Bench":
        """With this row at this place, behind the last if that is its place."""
        rows = [*self.blueprint.rows[:place], row, *self.blueprint.rows[place + 1 :]]
        return self.put_all(rows)

    def put_all(self, rows: Sequence[BlueprintRow]) -> "_Bench":
        blueprint = replace(self.blueprint, rows=_agreed(rows), is_quick=False)
        self.paper.blueprint, self.paper.draft_step = blueprint.to_json(), DraftStep.COUNT
        return replace(self, blueprint=blueprint)

    def facts(self, now: datetime) -> ExamDraft:
        return exam_drafts.facts(self.session, self.unit, self.paper, now, self.pool)


def _agreed(rows: Sequence[BlueprintRow]) -> tuple[BlueprintRow, ...]:
    """One letter earns the same on every row, and no more than the cheapest of these questions."""
    by_letter = [row for row in rows if row.rule is Rule.EACH and row.each_centi]
    if not by_letter:
        return tuple(rows)
    each = min(by_letter[0].each_centi or 0, *(row.score_centi or 0 for row in by_letter if row.count), SCORE_RANGE[-1])
    return tuple(replace(row, each_centi=each) if row.rule is Rule.EACH else row for row in rows)


def _bench(session: Session, sender: Sender, paper_id: int, now: datetime) -> _Bench:
    _, unit, paper = exam_drafts.mine(session, sender, paper_id, now)
    prompts.forget_purpose(session, sender.user_id, exam_drafts.PURPOSE)
    pool = exam_drafts.pool_of(session, unit, paper, now)
    return _Bench(session, unit, paper, Blueprint.from_json(paper.blueprint), pool)


# -- what is shown -----------------------------------------------------------------------------------------------------


def look(session: Session, sender: Sender, paper_id: int, place: int, *, now: datetime) -> RowDesk:
    bench = _bench(session, sender, paper_id, now)
    bench.row(place)
    return _desk(bench.put_all(bench.blueprint.rows), place, now)


def _desk(bench: _Bench, place: int, now: datetime) -> RowDesk:
    row, rows = bench.row(place), bench.blueprint.rows
    same_level = matches(replace(row, topic=None), bench.pool)
    same_topic = matches(replace(row, difficulty=None), bench.pool)
    topics = Counter(topic for one in same_level for topic in one.topics)
    return RowDesk(
        bench.facts(now),
        exam_drafts.row_choices(rows, bench.pool)[place],
        most=min(most_for(rows, bench.pool, place), MAX_EXAM),
        topics=tuple(TopicChoice(drafts.topic_number(topic), topic, n) for topic, n in topics.most_common()),
        of_any_topic=len(same_level),
        levels=Counter(one.difficulty for one in same_topic),
        of_any_level=len(same_topic),
    )


def kinds(session: Session, sender: Sender, paper_id: int, *, now: datetime) -> RowKinds:
    """What a row can be added of."""
    bench = _bench(session, sender, paper_id, now)
    bench = bench.put_all(bench.blueprint.rows)
    found = []
    for kind in QuestionType:
        row = _new_row(bench, kind)
        found.append((kind, len(matches(row, bench.pool)), _free_place(bench, kind)))
    return RowKinds(bench.facts(now), tuple(found))


# -- rows come and go --------------------------------------------------------------------------------------------------


def add(session: Session, sender: Sender, paper_id: int, kind: QuestionType, place: int, *, now: datetime) -> RowDesk:
    """A row of this type at this place; pressed twice it is one row."""
    bench = _bench(session, sender, paper_id, now)
    rows = bench.blueprint.rows
    if place >= MOST_ROWS:
        raise TooManyRows(most=MOST_ROWS)
    if not 0 <= place <= len(rows) or (place < len(rows) and rows[place].type is not kind):
        raise StaleButton
    if place < len(rows) and rows[place].count:
        return _desk(bench, place, now)
    row = _new_row(bench, kind)
    bench = bench.put(place, row)
    most = most_for(bench.blueprint.rows, bench.pool, place)
    if not most:
        raise NoneLeft(row=row_name(kind, row.topic, row.difficulty))
    return _desk(bench.put(place, replace(row, count=min(NEW_COUNT, most))), place, now)


def _new_row(bench: _Bench, kind: QuestionType) -> BlueprintRow:
    """About what the whole paper is about, marked as its type is marked."""
    alike = next((row for row in bench.blueprint.rows if row.type is kind), None)
    topic, score_centi = exam_drafts.common_topic(bench.blueprint.rows), _USUAL_SCORES[kind]
    if alike is None:
        return BlueprintRow(0, kind, topic, score_centi=score_centi)
    return replace(alike, count=0, topic=topic, difficulty=None, score_centi=alike.score_centi or score_centi)


def _free_place(bench: _Bench, kind: QuestionType) -> int:
    rows = bench.blueprint.rows
    off = [place for place, row in enumerate(rows) if not row.count and row.type is kind]
    return off[0] if off else len(rows)


def remove(session: Session, sender: Sender, paper_id: int, place: int, *, now: datetime) -> ExamDraft:
    bench = _bench(session, sender, paper_id, now)
    bench = bench.put(place, replace(bench.row(place), count=0))
    return bench.facts(now)


# -- what a row is -----------------------------------------------------------------------------------------------------


def set_count(session: Session, sender: Sender, paper_id: int, place: int, count: int, *, now: datetime) -> RowDesk:
    bench = _bench(session, sender, paper_id, now)
    return _desk(_counted(bench, place, count, None), place, now)


def set_score(
    session: Session, sender: Sender, paper_id: int, place: int, score_centi: int, *, now: datetime
) -> RowDesk:
    bench = _bench(session, sender, paper_id, now)
    return _desk(_counted(bench, place, None, score_centi), place, now)


def _counted(bench: _Bench, place: int, count: int | None, score_centi: int | None) -> _Bench:
    row = bench.row(place)
    if count not in (None, *range(1, MAX_EXAM + 1)) or (score_centi is not None and score_centi not in SCORE_RANGE):
        raise NoSuchRow(most=MAX_EXAM)
    if count is not None and count > row.count:
        _check_count(bench, place, count)
    count, score_centi = count or row.count, score_centi or row.score_centi
    return bench.put(place, replace(row, count=count, score_centi=score_centi))


def _check_count(bench: _Bench, place: int, count: int) -> None:
    row = bench.row(place)
    have = len(matches(row, bench.pool))
    if count > have:
        raise papers.too_few(TooFewError(replace(row, count=count), have))
    most = most_for(bench.blueprint.rows, bench.pool, place)
    if count > most:
        raise TakenByOthers(row=row_name(row.type, row.topic, row.difficulty), have=have, most=most)


def set_topic(session: Session, sender: Sender, paper_id: int, place: int, number: int, *, now: datetime) -> RowDesk:
    """A topic by its `drafts.topic_number`, or 0 for any."""
    bench = _bench(session, sender, paper_id, now)
    row = bench.row(place)
    offered = {drafts.topic_number(topic): topic for one in bench.pool if one.type is row.type for topic in one.topics}
    if number and number not in offered:
        raise StaleButton
    return _desk(bench.put(place, replace(row, topic=offered.get(number))), place, now)


def set_level(session: Session, sender: Sender, paper_id: int, place: int, level: int, *, now: datetime) -> RowDesk:
    """A difficulty, or 0 for any."""
    bench = _bench(session, sender, paper_id, now)
    if level not in (0, *LEVELS):
        raise StaleButton
    return _desk(bench.put(place, replace(bench.row(place), difficulty=level or None)), place, now)


# -- how a type is marked ----------------------------------------------------------------------------------------------


def set_rule(session: Session, sender: Sender, paper_id: int, place: int, number: int, *, now: datetime) -> RowDesk:
    """One of `ROW_RULES` for all rows of the type: the cover can name one rule, not one for each question."""
    bench = _bench(session, sender, paper_id, now)
    row = bench.row(place)
    offered = dict(enumerate(ROW_RULES.get(row.type, ()) if row.type else ()))
    if number not in offered:
        raise StaleButton
    rule, each = offered[number], row.each_centi
    if rule is Rule.EACH and each is None:
        each = min(EACH_SCORES[0], _most_each(bench, row))
    return _desk(_ruled(bench, row, rule, each if rule is Rule.EACH else None), place, now)


def set_each(session: Session, sender: Sender, paper_id: int, place: int, centi: int, *, now: datetime) -> RowDesk:
    """What one right letter earns."""
    bench = _bench(session, sender, paper_id, now)
    return _desk(_worth(bench, place, centi), place, now)


def _worth(bench: _Bench, place: int, centi: int | None) -> _Bench:
    row = bench.row(place)
    if Rule.EACH not in (ROW_RULES.get(row.type, ()) if row.type else ()):
        raise StaleButton
    most = _most_each(bench, row)
    if centi is None or not 0 < centi <= most:
        raise NoSuchPoints(most=score(most))
    return _ruled(bench, row, Rule.EACH, centi)


def _most_each(bench: _Bench, of: BlueprintRow) -> int:
    """The points of the cheapest question of this type."""
    alike = [row.score_centi or 0 for row in bench.blueprint.rows if row.type is of.type and row.count]
    return min(alike, default=of.score_centi or 0)


def _ruled(bench: _Bench, of: BlueprintRow, rule: Rule | None, each: int | None) -> _Bench:
    rows = bench.blueprint.rows
    return bench.put_all([replace(row, rule=rule, each_centi=each) if row.type is of.type else row for row in rows])


# -- typed values ------------------------------------------------------------------------------------------------------


def write_row(session: Session, sender: Sender, paper_id: int, place: int, text: str, *, now: datetime) -> None:
    """8 题 5 分."""
    read = phrases.read_row(text)
    if read is None:
        raise NoSuchRow(most=MAX_EXAM)
    _counted(_bench(session, sender, paper_id, now), place, *read)


def write_each(session: Session, sender: Sender, paper_id: int, place: int, text: str, *, now: datetime) -> None:
    """0.5 分."""
    _worth(_bench(session, sender, paper_id, now), place, phrases.read_points(text))
