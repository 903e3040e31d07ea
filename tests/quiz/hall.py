"""An exam on a real database: who sits it, what the clock does, what is told. Outages and other processes are rows."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import claims, inbox
from bot.banks.rules import Bank, Blank, BlankKind, Question, QuestionType
from bot.db import Base, Database
from bot.inbox import InboxRow, Outage
from bot.message import Message, Sender, strip_tags
from bot.outbox import OutboxRow, Sent
from bot.quiz import drafts, exams, outage_credits, papers, sitting, starting, submitting, sweeping
from bot.quiz.blueprint import Blueprint, BlueprintRow
from bot.quiz.exam_facts import Card, HandedIn, Late, Saved, Terms
from bot.quiz.models import Attempt, AttemptItem, Paper
from bot.quiz.rules import AttemptState, Draw, PaperKind, PaperState
from bot.schedule import hooks as schedule_hooks
from tests.make import NOW, Cast, Someone
from tests.quiz.play import BOT

R = TypeVar("R")
T = TypeVar("T", bound=Base)
LIMIT = timedelta(minutes=20)
SINGLE, MULTIPLE, JUDGED, BLANKS = (
    BlueprintRow(2, QuestionType.SINGLE, score_centi=500),
    BlueprintRow(1, QuestionType.MULTIPLE, score_centi=400),
    BlueprintRow(1, QuestionType.TRUE_FALSE, score_centi=200),
    BlueprintRow(1, QuestionType.BLANK, score_centi=100),
)
ROWS = (SINGLE, MULTIPLE, JUDGED, BLANKS)


def bank(copies: int = 3) -> Bank:
    """So many questions of each type; the right answer of a choice begins with 对."""
    questions = []
    for n in range(1, copies + 1):
        single = Question(f"s-{n}", QuestionType.SINGLE, f"单选{n}？", ("对", "错一", "错二", "以上都对"), "A")
        multiple = Question(f"m-{n}", QuestionType.MULTIPLE, f"多选{n}？", ("对甲", "对乙", "对丙", "错丁"), "ABC")
        judged = Question(f"t-{n}", QuestionType.TRUE_FALSE, f"判断{n}。", answer="T")
        blanks = (Blank(("三",), BlankKind.NUMBER), Blank(("五十",), BlankKind.NUMBER))
        blank = Question(f"b-{n}", QuestionType.BLANK, f"填空{n}：____，____。", blanks=blanks)
        questions += [single, multiple, judged, blank]
    return Bank("exam", "考试题", tuple(questions))


@dataclass
class Hall:
    database: Database
    cast: Cast
    now: datetime = NOW
    paper_id: int = 0
    _update_id: int = field(default=100)

    # -- the exam -------------------------------------------------------------------------------------------------

    def publish(
        self,
        *rows: BlueprintRow,
        draw: Draw = Draw.SAME,
        terms: Terms | None = None,
        **settings: object,
    ) -> int:
        """李四 publishes an exam out of all banks; `settings` are columns of the paper."""
        chosen = terms or Terms(self.now, self.now + timedelta(days=3), LIMIT, 1)
        sender = self.sender(self.cast.li)
        self.paper_id = self.database.run(publish_exam, sender, rows or ROWS, draw, chosen, settings, now=self.now)
        self.ring()
        return self.paper_id

    @property
    def paper(self) -> Paper:
        return next(paper for paper in self.rows(Paper) if paper.id == self.paper_id)

    def paper_state(self) -> PaperState:
        return self.paper.state

    # -- people ---------------------------------------------------------------------------------------------------

    def sender(self, who: Someone, *, at: datetime | None = None, message_id: int | None = 55) -> Sender:
        self._update_id += 1
        own = who.sender(at or self.now)
        return replace(own, update_id=self._update_id, bot_id=BOT, message_id=message_id)

    def act(self, fn: Callable[..., R], who: Someone, *args: object, at: datetime | None = None, **kw: object) -> R:
        """Somebody does something that reaches us at `at`; it is handled now."""
        return self.database.run(fn, self.sender(who, at=at), *args, now=self.now, **kw)

    def start(self, who: Someone) -> Card:
        return self.act(starting.start, who, self.paper_id).card

    def pick(
        self,
        who: Someone,
        card: Card,
        letter: str,
        *,
        at: datetime | None = None,
        is_on: bool = True,
    ) -> Saved | Late:
        return self.act(sitting.pick, who, card.attempt_id, card.position, letter, is_on=is_on, at=at)

    def write(self, who: Someone, card: Card, text: str) -> Saved | Late:
        return self.act(sitting.write, who, card.attempt_id, card.position, text)

    def open(self, who: Someone, card: Card, position: int) -> Card:
        return self.act(sitting.show, who, card.attempt_id, position)

    def card_of(self, who: Someone, card: Card, kind: QuestionType) -> Card:
        """The first question of this type."""
        return next(
            one
            for one in (self.open(who, card, place) for place in range(1, card.total + 1))
            if one.question.type is kind
        )

    def submit(self, who: Someone, card: Card, *, at: datetime | None = None) -> HandedIn | Late:
        return self.act(submitting.submit, who, card.attempt_id, at=at)

    # -- time -----------------------------------------------------------------------------------------------------

    def ring(self) -> None:
        """The clock's jobs, as far as they are due."""
        if _is_due(self.database.look(exams.next_due, self.now), self.now):
            self.database.run(exams.step_due, now=self.now)
        if _is_due(self.database.look(outage_credits.next_due, self.now), self.now):
            self.database.run(outage_credits.credit_all, now=self.now)
        if _is_due(self.database.look(sweeping.next_due, self.now), self.now):
            while self.database.run(sweeping.sweep, now=self.now):
                pass

    def at(self, moment: datetime) -> None:
        self.now = moment
        self.ring()

    def wait(self, **span: float) -> None:
        self.at(self.now + timedelta(**span))

    def outage(self, from_at: datetime, to_at: datetime) -> None:
        """We were away, are back, and have fetched what waited."""
        self.database.run(lambda session: session.add(Outage(from_at=from_at, to_at=to_at, drained_at=to_at)))
        self.now = to_at

    def waits(self, who: Someone, at: datetime) -> int:
        """Something of this person has been stored and has not acted."""
        self._update_id += 1
        row = InboxRow(update_id=self._update_id, order_key=f"u{who.user_id}", body="{}", received_at=at)
        self.database.run(lambda session: session.add(row))
        return self._update_id

    def handle(self, update_id: int) -> None:
        self.database.run(inbox.finish, update_id, now=self.now)

    # -- looking --------------------------------------------------------------------------------------------------

    def rows(self, table: type[T]) -> list[T]:
        def read(session: Session) -> list[T]:
            return list(session.scalars(select(table).order_by(*table.__mapper__.primary_key)))

        return self.database.look(read)

    @property
    def attempt(self) -> Attempt:
        """The newest."""
        return self.rows(Attempt)[-1]

    def state(self) -> AttemptState:
        return self.attempt.state

    def items(self, attempt_id: int) -> list[AttemptItem]:
        return [item for item in self.rows(AttemptItem) if item.attempt_id == attempt_id]

    def outbox(self) -> list[OutboxRow]:
        return self.rows(OutboxRow)

    def told(self, who: Someone) -> list[str]:
        """What waits to be sent to this person, as plain text."""
        bodies = [row.body for row in self.outbox() if row.chat_id == who.user_id and row.body]
        return [strip_tags(str(body["text"])) for body in bodies if "text" in body]

    def deliver(self) -> list[tuple[int, str]]:
        """What leaves the outbox now: to whom, as plain text."""
        hooks = schedule_hooks()
        sent: list[tuple[int, str]] = []
        while True:
            rows = self.database.run(claims.look, now=self.now, most=100).waiting
            if not rows:
                return sent
            for row in rows:
                claimed = self.database.run(claims.claim, row.id, hooks, now=self.now)
                if claimed is not None:
                    told = Sent(claimed.chat_id, row.id, None, self.now)
                    self.database.run(claims.mark_sent, claimed, told, hooks)
                    if isinstance(claimed.content, Message):  # else the edit of a card
                        sent.append((claimed.chat_id, strip_tags(claimed.content.text)))

    def heard(self, who: Someone | int) -> list[str]:
        """What leaves for this person or chat now; what leaves for others is gone, too."""
        chat_id = who if isinstance(who, int) else who.user_id
        return [text for to, text in self.deliver() if to == chat_id]


def _is_due(due: datetime | None, now: datetime) -> bool:
    return due is not None and due <= now


def publish_exam(
    session: Session,
    sender: Sender,
    rows: tuple[BlueprintRow, ...],
    draw: Draw,
    terms: Terms,
    settings: dict[str, object],
    *,
    now: datetime,
) -> int:
    who, unit = drafts.maker(session, sender, now)
    blueprint = Blueprint(rows=rows)
    paper = papers.new(session, who, unit, blueprint, "四月测试", 1, now, PaperKind.EXAM)
    paper.draw = draw
    for name, value in settings.items():
        setattr(paper, name, value)
    drawn = papers.draw_for(session, unit, blueprint, 1, now, tuple(QuestionType))
    exams.publish(session, who, unit, paper, drawn, terms, now)
    return paper.id
