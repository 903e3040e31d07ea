"""Whom each rung of the ladder reaches at the moment it fires, and with which words."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.meetings import cards, ladder, service, views
from bot.meetings.facts import MeetingFacts, Named
from bot.meetings.ladder import Fate, PlannedRung
from bot.meetings.rules import Roll, RungName
from bot.members import service as members
from bot.members.rules import Right, Role
from bot.message import Message


@dataclass(frozen=True, slots=True)
class Post:
    """One message of a rung: `recipient` is its part of the key, `member_id` whom it reminds.

    Without `chat_id` nobody can write to that person: it is noted, not sent.
    """

    recipient: str
    chat_id: int | None
    message: Message
    member_id: int | None = None
    thread_id: int | None = None
    reply_to: int | None = None


@dataclass(slots=True)
class Occasion:
    """One meeting at the moment some of its rungs fire, with what their audiences are drawn from."""

    session: Session
    meeting: MeetingFacts
    roll: Roll
    now: datetime
    chats: tuple[members.ChatRef, ...]
    people: dict[int, members.Person]

    def unreachable(self, member_ids: Iterable[int]) -> list[Named]:
        found = (self.people[member_id] for member_id in member_ids if member_id in self.people)
        return [service.name_of(person) for person in found if not person.is_reachable]

    def named(self, member_ids: Iterable[int]) -> list[Named]:
        return [service.name_of(self.people[member_id]) for member_id in member_ids if member_id in self.people]

    def to(self, member_ids: Iterable[int], word: Callable[[members.Person], Message]) -> list[Post]:
        """A private message to each of these people."""
        found = (self.people[member_id] for member_id in member_ids if member_id in self.people)
        return [
            Post(f"m{one.member_id}", one.user_id if one.is_reachable else None, word(one), one.member_id)
            for one in found
        ]

    def in_chats(self, message: Message, *, is_reply: bool = True) -> list[Post]:
        return [
            Post(
                f"c{chat.chat_id}",
                chat.chat_id,
                message,
                thread_id=chat.thread_notice,
                reply_to=cards.message_id(self.session, self.meeting.id, chat.chat_id) if is_reply else None,
            )
            for chat in self.chats
        ]

    def to_secretary(self, message: Message, mark: str = "m") -> list[Post]:
        """To the secretary, or who stands in."""
        found = members.addressee(self.session, self.meeting.unit.id, now=self.now)
        if found is None or found.holder.user_id is None:
            return []
        worded = views.standin(message) if found.is_standin else message
        return [Post(f"{mark}{found.holder.member_id}", found.holder.user_id, worded)]

    def to_leaders(self, message: Message, *others: int | None) -> list[Post]:
        """To the secretary and to these people, one message each."""
        posts = self.to_secretary(message)
        told = {post.chat_id for post in posts}
        extra = members.people(self.session, [one for one in others if one is not None], self.meeting.on)
        for person in extra.values():
            if person.is_reachable and person.user_id is not None and person.user_id not in told:
                told.add(person.user_id)
                posts.append(Post(f"m{person.member_id}", person.user_id, message))
        return posts


def own(roll: Roll, member_id: int) -> Roll:
    """The part of a roll that concerns one person."""

    def mine(people: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(one for one in people if one == member_id)

    return Roll(
        roll.meeting_id,
        due=mine(roll.due),
        going=mine(roll.going),
        online=mine(roll.online),
        leave_asked=mine(roll.leave_asked),
        leave_approved=mine(roll.leave_approved),
        unanswered=mine(roll.unanswered),
        present=mine(roll.present),
        late=mine(roll.late),
        on_leave=mine(roll.on_leave),
        unsigned=mine(roll.unsigned),
        absent=mine(roll.absent),
        joined=mine(roll.joined),
        joined_present=mine(roll.joined_present),
    )


# -- audiences ---


def notice(on: Occasion, _: PlannedRung, __: Fate) -> list[Post]:
    meeting, roll, now = on.meeting, on.roll, on.now
    if on.chats:
        posts = on.in_chats(views.card(meeting, roll, now=now), is_reply=False)
    else:
        posts = on.to(
            (*roll.due, *roll.joined),
            lambda person: views.private_card(meeting, own(roll, person.member_id), now=now),
        )
    if missed := on.unreachable(roll.due):
        posts += on.to_secretary(views.unreached(missed, meeting.unit), "u")
    return posts


def _ask_again(on: Occasion, _: PlannedRung, __: Fate) -> list[Post]:
    unanswered = on.roll.unanswered
    posts = on.to(unanswered, lambda _: views.ask_again(on.meeting, now=on.now))
    if on.unreachable(unanswered):
        posts += on.in_chats(views.ask_again_in_chat(on.roll))
    return posts


def _soon(on: Occasion, _: PlannedRung, __: Fate) -> list[Post]:
    silent = set(on.roll.unanswered)
    line = views.soon(on.meeting, on.roll, now=on.now, is_private=False)
    return on.in_chats(line) + on.to(
        on.roll.to_remind,
        lambda person: views.soon(
            on.meeting, on.roll, now=on.now, is_private=True, is_answered=person.member_id not in silent
        ),
    )


def _sign_in(on: Occasion, _: PlannedRung, fate: Fate) -> list[Post]:
    word = views.running if fate is Fate.RUNNING else views.sign_in_opens
    if on.chats:
        return on.in_chats(word(on.meeting, is_private=False))
    return on.to((*on.roll.to_chase, *on.roll.joined), lambda _: word(on.meeting, is_private=True))


def _chase(on: Occasion, _: PlannedRung, __: Fate) -> list[Post]:
    return on.to(on.roll.to_chase, lambda _: views.chase(on.meeting))


def _report(on: Occasion, _: PlannedRung, __: Fate) -> list[Post]:
    unsigned = on.named(on.roll.unsigned)
    posts = on.to_leaders(views.report(on.meeting, on.roll, unsigned, now=on.now), on.meeting.chair_id)
    told = {post.chat_id for post in posts}
    by_group: dict[int, list[Named]] = {}
    for person in unsigned:
        if person.group_id is not None:
            by_group.setdefault(person.group_id, []).append(person)
    for group_id, people in by_group.items():
        message = views.group_report(people[0].group_name or "", people)
        for leader in members.holders(on.session, Right.ROLL_CALL, group_id, now=on.now):
            if leader.role is Role.GROUP_LEADER and leader.is_reachable and leader.user_id not in told:
                posts.append(Post(f"g{leader.member_id}", leader.user_id, message))
    return posts


def _minutes(on: Occasion, _: PlannedRung, __: Fate) -> list[Post]:
    message = views.to_complete(on.meeting, on.roll)
    return on.to_leaders(message, on.meeting.recorder_id, on.meeting.chair_id)


def _explain(on: Occasion, rung: PlannedRung, _: Fate) -> list[Post]:
    if rung.round == 1:
        return on.to(on.roll.unexplained, lambda _: views.explain(on.meeting, now=on.now))
    if not on.roll.unexplained:
        return []
    people = on.named(on.roll.unexplained)
    return on.to_secretary(views.still_unexplained(people, rung.round, ladder.EXPLAIN_ROUNDS))


AUDIENCES: Mapping[RungName, Callable[[Occasion, PlannedRung, Fate], list[Post]]] = {
    RungName.R1: notice,
    RungName.R2: _ask_again,
    RungName.R3: _soon,
    RungName.R4: _sign_in,
    RungName.R5: _chase,
    RungName.R6: _report,
    RungName.R7: _minutes,
    RungName.R8: _explain,
}
