"""Whom each rung of the ladder reaches at the moment it fires, and with which words."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.meetings import cards, leader_views, service, views
from bot.meetings.facts import MeetingFacts, Named
from bot.meetings.ladder import Fate, PlannedRung
from bot.meetings.rules import MeetingState, Roll, RungName
from bot.members import service as members
from bot.members.rules import Right, Role, UnitKind
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

    def outside(self, member_ids: Iterable[int]) -> list[int]:
        """Whom of these no chat reaches in which the meeting is spoken of."""
        alone = cards.outside(self.meeting, self.chats, self.people)
        return [member_id for member_id in member_ids if member_id in alone]

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
        return self.besides(self.to_secretary(message), message, *others)

    def besides(self, posts: Sequence[Post], message: Message, *others: int | None) -> list[Post]:
        """The posts, and the message to whom of the others they do not reach."""
        told = {post.chat_id for post in posts}
        people = members.people(self.session, [one for one in others if one is not None], self.meeting.on)
        more = (one for one in people.values() if one.is_reachable and one.user_id not in told)
        return [*posts, *(Post(f"m{one.member_id}", one.user_id, message) for one in more)]


# -- audiences ---


def notice(on: Occasion, _: PlannedRung, fate: Fate) -> list[Post]:
    meeting, roll, now = on.meeting, on.roll, on.now

    def word(card: Message) -> Message:
        return views.running_card(card, meeting) if fate is Fate.RUNNING else card

    moved = cards.origin(on.session, meeting)
    posts = on.in_chats(word(views.card(meeting, roll, moved, now=now)), is_reply=False)
    alone = on.outside((*roll.due, *roll.joined))
    posts += on.to(alone, lambda person: word(views.private_card(meeting, roll.of(person.member_id), moved, now=now)))
    if fate is not Fate.RUNNING and (missed := on.unreachable(roll.due)):
        posts += on.to_secretary(leader_views.unreached(meeting, missed, now=now), "u")
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
    alone = on.outside((*on.roll.to_chase, *on.roll.joined))
    return on.in_chats(word(on.meeting, is_private=False)) + on.to(alone, lambda _: word(on.meeting, is_private=True))


def _chase(on: Occasion, _: PlannedRung, __: Fate) -> list[Post]:
    return on.to(on.roll.to_chase, lambda _: views.chase(on.meeting))


def _report(on: Occasion, rung: PlannedRung, _: Fate) -> list[Post]:
    """The first to all who lead; later ones answer the secretary, who chose to wait for voters."""
    unsigned = on.named(on.roll.unsigned)
    report = leader_views.report(on.meeting, on.roll, unsigned, now=on.now)
    posts = on.to_secretary(leader_views.with_choice(report, on.meeting, on.roll, rung.round))
    if rung.round > 1:
        return posts
    posts = on.besides(posts, report, on.meeting.chair_id)
    return posts + _group_reports(on, unsigned, told={post.chat_id for post in posts})


def _group_reports(on: Occasion, unsigned: list[Named], told: Container[int | None]) -> list[Post]:
    by_group: dict[int, list[Named]] = {}
    for person in unsigned:
        if person.group_id is not None:
            by_group.setdefault(person.group_id, []).append(person)
    posts = []
    for group_id, people in by_group.items():
        for leader in members.holders(on.session, Right.ROLL_CALL, group_id, now=on.now):
            others = [person for person in people if person.member_id != leader.member_id]
            is_asked = leader.role is Role.GROUP_LEADER and leader.is_reachable and leader.user_id not in told
            if is_asked and others:
                message = leader_views.group_report(on.meeting, others[0].group_name or "", others)
                posts.append(Post(f"g{leader.member_id}", leader.user_id, message))
    return posts


def _minutes(on: Occasion, _: PlannedRung, __: Fate) -> list[Post]:
    if on.meeting.state is MeetingState.RECORDED:
        return []
    message = leader_views.to_complete(on.meeting, on.roll)
    return on.to_leaders(message, on.meeting.recorder_id, on.meeting.chair_id, *_group_leaders(on))


def _group_leaders(on: Occasion) -> list[int]:
    """Whose own group meets: its minutes are theirs to write."""
    unit = on.meeting.unit
    if unit.kind is not UnitKind.PARTY_GROUP:
        return []
    found = members.holders(on.session, Right.MINUTES, unit.id, now=on.now)
    return [one.member_id for one in found if one.role is Role.GROUP_LEADER]


def _explain(on: Occasion, rung: PlannedRung, _: Fate) -> list[Post]:
    if rung.round == 1:
        return on.to(on.roll.unexplained, lambda _: views.explain(on.meeting, now=on.now))
    if not on.roll.unexplained:
        return []
    people = on.named(on.roll.unexplained)
    return on.to_secretary(leader_views.still_unexplained(on.meeting, people, rung.round, now=on.now))


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
