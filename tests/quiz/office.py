"""An exam after its closing: attempts as rows with the scores a test needs, or answered for real, and their release."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.banks.rules import QuestionType, shown_letters
from bot.members.rules import UnitRef
from bot.message import Button, Content, Message, from_json, strip_tags
from bot.quiz import releasing
from bot.quiz.exam_facts import Card
from bot.quiz.models import Attempt, Candidate, Paper, PaperItem, Result
from bot.quiz.rules import AttemptState, CandidateStanding, PaperState
from tests.make import Make, Someone
from tests.quiz.hall import Hall


@dataclass
class Office(Hall):
    """`say` and `told` are of what waits in the outbox, oldest first."""

    top_names_allowed: bool = False

    def people(self, make: Make, count: int, branch: UnitRef | None = None) -> list[Someone]:
        return [make.member(f"甲{n:02}", branch or self.cast.branch) for n in range(count)]

    def sat(
        self,
        who: Someone,
        centi: int,
        seconds: int = 600,
        *,
        number: int = 1,
        state: AttemptState = AttemptState.SUBMITTED,
    ) -> None:
        """This person has handed in an attempt with so many points."""

        def write(session: Session) -> None:
            paper = session.get(Paper, self.paper_id)
            assert paper is not None
            row = Attempt(paper_id=paper.id, member_id=who.id, number=number, state=state, started_at=self.now)
            row.deadline_at = row.submitted_at = self.now + timedelta(seconds=seconds)
            row.score_centi, row.time_s = centi, seconds
            session.add(row)

        self.database.run(write)

    def answer(self, who: Someone, right: Sequence[int] | None = None) -> int:
        """This person answers for real: the questions at these numbers of the paper right, the others wrong; all right
        without numbers. The attempt."""
        card = self.start(who)
        place = {item.version_id: item.position for item in self.rows(PaperItem) if item.paper_id == self.paper_id}
        for item in self.items(card.attempt_id):
            one = self.open(who, card, item.position)
            self._answer_one(who, one, is_right=right is None or place.get(item.version_id, 0) in right)
        self.submit(who, card)
        return card.attempt_id

    def _answer_one(self, who: Someone, card: Card, *, is_right: bool) -> None:
        question = card.question
        if question.type is QuestionType.BLANK:
            self.write(who, card, "三\n五十" if is_right else "一\n二")
        elif question.type is QuestionType.TRUE_FALSE:
            self.pick(who, card, question.answer if is_right else "TF".replace(question.answer, ""))
        elif is_right:
            for letter in shown_letters(question.answer, card.order):
                self.pick(who, card, letter)
        else:
            wrong = next(letter for letter in question.letters if letter not in question.answer)
            self.pick(who, card, shown_letters(wrong, card.order))

    def stand(self, who: Someone, standing: CandidateStanding, reason: str = "") -> None:
        row = update(Candidate).where(Candidate.paper_id == self.paper_id, Candidate.member_id == who.id)
        self.database.run(lambda session: session.execute(row.values(standing=standing, reason=reason)))

    def set(self, **columns: object) -> None:
        row = update(Paper).where(Paper.id == self.paper_id).values(**columns)
        self.database.run(lambda session: session.execute(row))

    def release(self) -> None:
        """The closing time passes, everything is handled, results come out and are told."""
        closes_at = self.paper.closes_at
        assert closes_at is not None
        if self.now <= closes_at + timedelta(seconds=6):
            self.at(closes_at + timedelta(seconds=10))
        self.tell()
        assert self.paper_state() is PaperState.RELEASED

    def tell(self) -> None:
        while self.database.run(releasing.release_due, top_names_allowed=self.top_names_allowed, now=self.now):
            pass

    # -- looking --------------------------------------------------------------------------------------------------

    def results(self, revision: int | None = None) -> dict[int, Result]:
        """By member, of the newest revision or another."""
        of = self.paper.revision if revision is None else revision
        return {row.member_id: row for row in self.rows(Result) if (row.paper_id, row.revision) == (self.paper_id, of)}

    def sent(self, key_part: str, chat_id: int) -> list[Content]:
        """What waits for a chat under keys with this part."""
        rows = [row for row in self.outbox() if row.chat_id == chat_id and f":{key_part}:" in row.key and row.body]
        return [from_json(row.body) for row in rows if row.body is not None]

    def texts(self, key_part: str, chat_id: int) -> list[str]:
        return [strip_tags(one.text) for one in self.sent(key_part, chat_id) if isinstance(one, Message)]


def labels(message: Content) -> list[str]:
    assert isinstance(message, Message)
    return [button.label for button in _buttons(message)]


def _buttons(message: Message) -> list[Button]:
    return [button for row in message.buttons for button in row]
