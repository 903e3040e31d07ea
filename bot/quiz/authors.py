"""Who may look at the results of an exam: which of its branches somebody leads, and of whom he may see names."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.members import service as members
from bot.members.rules import Actor, Right, UnitRef
from bot.message import Sender
from bot.quiz import outcomes, papers
from bot.quiz.outcomes import NoSuchExam
from bot.quiz.result_facts import Exam


@dataclass(frozen=True, slots=True)
class Desk:
    """A released exam as one of its authors finds it."""

    who: Actor
    exam: Exam
    branches: tuple[UnitRef, ...]  # of the exam
    led: tuple[UnitRef, ...]  # those in which he runs exams
    named: tuple[UnitRef, ...]  # those whose names and scores he may see

    @property
    def leads_all(self) -> bool:
        return len(self.led) == len(self.branches)

    @property
    def names_all(self) -> bool:
        """Whether he may see the names of every branch he leads."""
        return set(self.led) <= set(self.named)

    def require_all(self) -> None:
        """What concerns every candidate is for whoever leads them all."""
        for branch in self.branches:
            self.who.require(Right.RUN_QUIZ, branch)

    def own(self, branch_id: int) -> UnitRef:
        """One of the branches whose names he may see; 0 stands for the first."""
        for branch in self.named:
            if branch_id in (0, branch.id):
                return branch
        wanted = next((branch for branch in self.branches if branch.id == branch_id), self.branches[0])
        self.who.require(Right.SEE_SCORES, wanted)
        raise NoSuchExam


def desk(session: Session, sender: Sender, paper_id: int, *, now: datetime, is_held: bool = False) -> Desk:
    """Raises the refusal that fits, unless the sender leads one of the branches of the exam."""
    who = members.actor(session, sender, now=now)
    branches = papers.branches_of(session, paper_id)
    if not branches:
        raise NoSuchExam
    led = tuple(branch for branch in branches if who.may(Right.RUN_QUIZ, branch))
    if not led:
        who.require(Right.RUN_QUIZ, branches[0])
    exam = (outcomes.hold if is_held else outcomes.released)(session, paper_id)
    named = tuple(branch for branch in branches if who.may(Right.SEE_SCORES, branch))
    return Desk(who, exam, branches, led, named)


def widest(of: Desk) -> UnitRef:
    """The nearest unit from which the author leads all branches of the exam."""
    units = of.who.units_for(Right.RUN_QUIZ)
    covering = [unit for unit in units if all(unit.covers(branch) for branch in of.branches)]
    return max(covering, key=lambda unit: len(unit.path)) if covering else of.branches[0]
