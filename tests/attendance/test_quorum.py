from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.attendance.quorum import Seat, TooManyVotes, Votes, decide, needed, quorum, voters, voters_in_room
from bot.attendance.rules import Status
from bot.meetings.rules import VoteRule

AT = datetime(2026, 12, 4, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "due", "least"),
    [
        (VoteRule.ORDINARY, 21, 11),
        (VoteRule.ADMISSION, 21, 11),
        (VoteRule.ELECTION, 21, 17),
        (VoteRule.ORDINARY, 20, 10),
        (VoteRule.ADMISSION, 20, 11),
        (VoteRule.ELECTION, 20, 16),
        (VoteRule.COMMITTEE, 5, 3),
        (VoteRule.COMMITTEE, 4, 2),
        (VoteRule.DEMOCRATIC_LIFE, 9, 6),
        (VoteRule.DEMOCRATIC_LIFE, 10, 7),
    ],
)
def test_the_least_number_that_may_decide(rule: VoteRule, due: int, least: int) -> None:
    assert needed(rule, due) == least
    assert quorum(rule, due, least).is_valid
    assert not quorum(rule, due, least - 1).is_valid
    assert quorum(rule, due, least - 1).missing == 1


@pytest.mark.parametrize("rule", VoteRule)
def test_where_nobody_may_vote_nothing_is_ever_valid(rule: VoteRule) -> None:
    assert not quorum(rule, 0, 0).is_valid
    assert not decide(rule, 0, 0, Votes(0)).has_passed


@given(st.sampled_from(VoteRule), st.integers(0, 60), st.integers(0, 60))
def test_quorum_follows_the_article_word_for_word(rule: VoteRule, due: int, present: int) -> None:
    article = {
        VoteRule.ORDINARY: 2 * present >= due,
        VoteRule.COMMITTEE: 2 * present >= due,
        VoteRule.ADMISSION: 2 * present > due,
        VoteRule.ELECTION: 5 * present >= 4 * due,
        VoteRule.DEMOCRATIC_LIFE: 3 * present >= 2 * due,
    }
    if present <= due:
        assert quorum(rule, due, present).is_valid == (due > 0 and article[rule])


@pytest.mark.parametrize(("yes", "has_passed"), [(11, True), (10, False)])
def test_more_than_half_of_all_who_may_vote_have_to_agree(yes: int, has_passed: bool) -> None:
    assert decide(VoteRule.ORDINARY, 21, 16, Votes(yes, no=5)).has_passed is has_passed


def test_written_opinions_count_for_admission_only() -> None:
    assert decide(VoteRule.ADMISSION, 21, 11, Votes(10, no=1, yes_written=1)).has_passed
    assert not decide(VoteRule.ADMISSION, 21, 11, Votes(10, no=1)).has_passed
    assert not decide(VoteRule.ORDINARY, 21, 11, Votes(10, no=1, yes_written=1)).has_passed


def test_without_quorum_an_item_never_passes() -> None:
    verdict = decide(VoteRule.ADMISSION, 21, 10, Votes(10, yes_written=11))
    assert not verdict.is_valid
    assert verdict.has_passed is False
    assert verdict.quorum.missing == 1


def test_an_election_needs_half_of_those_in_the_room() -> None:
    assert decide(VoteRule.ELECTION, 20, 16, Votes(9)).has_passed
    assert not decide(VoteRule.ELECTION, 20, 16, Votes(8)).has_passed


def test_democratic_life_has_a_quorum_and_no_vote() -> None:
    verdict = decide(VoteRule.DEMOCRATIC_LIFE, 9, 6, Votes(0))
    assert verdict.is_valid
    assert verdict.has_passed is None


@pytest.mark.parametrize("votes", [Votes(9, no=5, abstain=3), Votes(8, yes_written=6), Votes(-1), Votes(3, no=-2)])
def test_more_votes_than_people_are_refused(votes: Votes) -> None:
    with pytest.raises(TooManyVotes) as raised:
        decide(VoteRule.ADMISSION, 21, 16, votes)
    assert str(raised.value) == "票数之和超过到会人数"


def test_only_voters_in_the_room_are_counted() -> None:
    before, after = AT - timedelta(minutes=1), AT + timedelta(minutes=1)
    seats = [
        Seat(True, Status.PRESENT, arrived_at=before),
        Seat(True, Status.LATE, arrived_at=AT),
        Seat(True, Status.PRESENT, arrived_at=before, left_at=after),
        Seat(True, Status.PRESENT, arrived_at=before, left_at=AT),
        Seat(True, Status.PRESENT, arrived_at=after),
        Seat(True, Status.PRESENT, arrived_at=before, is_online=True),
        Seat(True, Status.ON_LEAVE),
        Seat(True, Status.EXPECTED),
        Seat(False, Status.PRESENT, arrived_at=before),
    ]
    assert voters(seats) == 8
    assert voters_in_room(seats, AT) == 3
