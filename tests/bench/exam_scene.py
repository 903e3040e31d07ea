"""An exam that a crowd sits: published, and begun by everybody as by a press on 开始计时."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.banks import revisions
from bot.banks.rules import RIGHT, WRONG, Bank, Origin, Question, QuestionType, Rule
from bot.banks.scopes import Scope
from bot.db import Database
from bot.message import Sender, base36
from bot.outbox import OutboxRow, State
from bot.quiz import exams, starting
from bot.quiz.blueprint import BlueprintRow
from bot.quiz.exam_facts import Terms
from bot.quiz.rules import Draw
from tests.bench.crowd import FIRST, WARM, Facts, move_in
from tests.make import Make
from tests.quiz.hall import publish_exam

ROWS = (  # 一键标准卷
    BlueprintRow(10, QuestionType.SINGLE, score_centi=500),
    BlueprintRow(5, QuestionType.MULTIPLE, score_centi=600, rule=Rule.HALF),
    BlueprintRow(5, QuestionType.TRUE_FALSE, score_centi=400),
)
LIMIT = timedelta(hours=3)  # of time: nobody is handed in by the clock while we measure
TOGETHER = 100  # starts in one transaction


def bank(copies: int) -> Bank:
    """For every row of the blueprint as many questions as it asks for, times `copies`; keys spread evenly."""
    made: list[Question] = []
    for n in range(10 * copies):
        options = tuple(f"第{n}题的第{place}个说法" for place in "甲乙丙丁")
        made.append(Question(f"s-{n}", QuestionType.SINGLE, f"第{n}题，哪一个说法正确？", options, "ABCD"[n % 4]))
    for n in range(5 * copies):
        options = tuple(f"第{n}题的第{place}项内容" for place in "甲乙丙丁")
        key = ("ABC", "ABD", "ACD", "BCD")[n % 4]
        made.append(Question(f"m-{n}", QuestionType.MULTIPLE, f"第{n}题，包括哪几项？", options, key))
        made.append(Question(f"t-{n}", QuestionType.TRUE_FALSE, f"第{n}个判断。", answer=(RIGHT, WRONG)[n % 2]))
    return Bank("bench", "考试题", tuple(made))


def published(database: Database, people: int, draw: Draw, copies: int, now: datetime) -> int:
    """A branch of `people` and an exam that is open for them; nothing waits to be sent."""
    make = Make(database)
    cast = make.cast()
    database.run(move_in, range(FIRST, FIRST + people), cast.branch)
    questions = bank(copies)
    ready = revisions.ready(questions, questions.slug.encode())
    database.run(revisions.write, ready, Scope(), Origin.CLI, base_id=None, by=None, now=now)
    terms = Terms(now, now + timedelta(days=3), LIMIT, 1)
    paper_id = database.run(publish_exam, cast.li.sender(now), ROWS, draw, terms, {}, now=now)
    database.run(exams.step_due, now=now)
    database.run(_say_nothing)
    return paper_id


def exam(database: Database, people: int, _: int, now: datetime) -> Facts:
    """`people` sit an exam of twenty questions, and some more with whom the bot is warmed up."""
    paper_id = published(database, people + WARM, Draw.SAME, 3, now)
    attempts: list[str] = []
    for start in range(FIRST, FIRST + people + WARM, TOGETHER):
        some = range(start, min(start + TOGETHER, FIRST + people + WARM))
        attempts += [base36(id_) for id_ in database.run(_begin, some, paper_id, now=now)]
    return {"first": FIRST, "attempts": attempts, "places": [base36(n) for n in range(1, 21)]}


def _begin(session: Session, crowd: Sequence[int], paper_id: int, *, now: datetime) -> list[int]:
    senders = [Sender(user_id, user_id, now) for user_id in crowd]
    return [starting.start(session, sender, paper_id, now=now).card.attempt_id for sender in senders]


def _say_nothing(session: Session) -> None:
    pending = update(OutboxRow).where(OutboxRow.state == State.PENDING)
    session.execute(pending.values(state=State.EXPIRED))
