"""Quorum and majority of votes, in whole numbers. Ballots are cast in the room, only results are typed.

The sources of the rules and their dates stand in content/meetings.yaml.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.attendance.rules import CAME, Status
from bot.errors import UserError
from bot.meetings.rules import VoteRule


class TooManyVotes(UserError):
    text = "票数之和超过到会人数"


@dataclass(frozen=True)
class _Rule:
    """Valid if A reaches `parts` of `of` of D, or with `is_strict` exceeds it; passed by more than half of the base."""

    parts: int
    of: int
    is_strict: bool = False
    has_vote: bool = True
    counts_written: bool = False
    of_present: bool = False  # majority of A, else of D


RULES = {
    VoteRule.ORDINARY: _Rule(1, 2),
    VoteRule.COMMITTEE: _Rule(1, 2),
    VoteRule.ADMISSION: _Rule(1, 2, is_strict=True, counts_written=True),
    VoteRule.ELECTION: _Rule(4, 5, of_present=True),
    VoteRule.DEMOCRATIC_LIFE: _Rule(2, 3, has_vote=False),
}


@dataclass(frozen=True)
class Quorum:
    """`voters` is D, `present` is A, `missing` how many more people in the room would make it valid."""

    voters: int
    present: int
    needed: int

    @property
    def missing(self) -> int:
        return max(0, self.needed - self.present)

    @property
    def is_valid(self) -> bool:
        return self.voters > 0 and self.missing == 0


def quorum(rule: VoteRule, voters: int, present: int) -> Quorum:
    return Quorum(voters, present, needed(rule, voters))


def is_quorate(rule: VoteRule, voters: int, present: int) -> bool:
    return quorum(rule, voters, present).is_valid


def needed(rule: VoteRule, voters: int) -> int:
    """The least A that is enough for D voters; 1 where there are none, so that nothing is ever valid."""
    terms = RULES[rule]
    whole, rest = divmod(terms.parts * voters, terms.of)
    return max(1, whole + 1 if rest or terms.is_strict else whole)


@dataclass(frozen=True)
class Votes:
    """As counted in the room; `yes_written` are opinions in writing of voters who could not come (ADMISSION)."""

    yes: int
    no: int = 0
    abstain: int = 0
    yes_written: int = 0


@dataclass(frozen=True)
class Verdict:
    """`has_passed` is None where the rule knows no vote. What is not valid has never passed."""

    quorum: Quorum
    has_passed: bool | None

    @property
    def is_valid(self) -> bool:
        return self.quorum.is_valid


def decide(rule: VoteRule, voters: int, present: int, votes: Votes) -> Verdict:
    """Judge one item (for ADMISSION and ELECTION one person). Impossible counts raise TooManyVotes."""
    cast = votes.yes + votes.no + votes.abstain
    if min(votes.yes, votes.no, votes.abstain, votes.yes_written) < 0:
        raise TooManyVotes
    if cast > present or votes.yes_written > voters - present:
        raise TooManyVotes
    found = quorum(rule, voters, present)
    terms = RULES[rule]
    if not terms.has_vote:
        return Verdict(found, None)
    yes = votes.yes + (votes.yes_written if terms.counts_written else 0)
    return Verdict(found, found.is_valid and 2 * yes > (present if terms.of_present else voters))


@dataclass(frozen=True)
class Seat:
    """One due person as the count of a vote sees them."""

    has_vote: bool
    status: Status
    arrived_at: datetime | None = None
    left_at: datetime | None = None
    is_online: bool = False

    def is_in_room(self, at: datetime) -> bool:
        if self.is_online or self.status not in CAME or self.arrived_at is None or self.arrived_at > at:
            return False
        return self.left_at is None or self.left_at > at


def voters(seats: list[Seat]) -> int:
    """D: due and entitled to vote."""
    return sum(seat.has_vote for seat in seats)


def voters_in_room(seats: list[Seat], at: datetime) -> int:
    """A: of them in the room at the moment of the decision."""
    return sum(seat.has_vote and seat.is_in_room(at) for seat in seats)
