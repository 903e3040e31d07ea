"""议题: what a meeting deals with, in order. Votes on items are counted in the room and recorded by `attendance`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from bot.errors import UserError
from bot.meetings import cards, kinds, service
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import AgendaItem
from bot.meetings.rules import AgendaState, MeetingState, Outcome, VoteRule
from bot.members import prompts
from bot.members import service as members
from bot.members.rules import Right
from bot.message import Sender

MOST_ITEMS: Final = 20
LONGEST_TITLE: Final = 100
LONGEST_NAME: Final = 12
PERSONAL = frozenset({VoteRule.ADMISSION, VoteRule.ELECTION})  # voted on one by one


class TooManyItems(UserError):
    text = "一次会议最多登记{most}个议题。"


class TitleTooLong(UserError):
    text = "每个议题不超过{most}个字，请缩短“{start}…”。"


class NothingWritten(UserError):
    text = "没有收到议题，请每行写一个。"


class BadName(UserError):
    text = "请写表决对象的姓名，多人用顿号隔开，每个姓名不超过{most}个字。"


class NoSuchItem(UserError):
    text = "这个议题已不在议程里。"
    ends_buttons = True


class AlreadyVoted(UserError):
    text = "这个议题已经登记表决结果，不能再改。"


class VoteNotHeld(UserError):
    text = "{kind}没有这种表决。"


class NoVoteInStudy(UserError):
    text = "本次为学习会，不能表决"


class AgendaClosed(UserError):
    text = "会议已取消或已归档，不能再改议题。"


@dataclass(frozen=True, slots=True)
class Item:
    """One item with what was decided on it."""

    id: int
    meeting_id: int
    position: int
    title: str
    tag: str | None = None
    state: AgendaState | None = None
    vote_rule: VoteRule | None = None
    person_name: str | None = None
    due: int | None = None
    present: int | None = None
    yes: int | None = None
    no: int | None = None
    abstain: int | None = None
    yes_written: int | None = None
    passed: bool | None = None
    decided_at: datetime | None = None

    @property
    def is_undecided(self) -> bool:
        """Whether its vote is still ahead: neither counted nor given up."""
        return self.vote_rule is not None and self.decided_at is None and self.state is None


@dataclass(frozen=True, slots=True)
class Agenda:
    meeting: MeetingFacts
    items: tuple[Item, ...]
    may_minute: bool  # and so record votes


@dataclass(frozen=True, slots=True)
class OneItem:
    """An item with the choices there are for it."""

    meeting: MeetingFacts
    item: Item
    tags: tuple[str, ...]
    votes: tuple[VoteRule, ...]


_COLUMNS = (
    *(AgendaItem.id, AgendaItem.meeting_id, AgendaItem.position, AgendaItem.title, AgendaItem.tag, AgendaItem.state),
    *(AgendaItem.vote_rule, AgendaItem.person_name, AgendaItem.due, AgendaItem.present, AgendaItem.yes),
    *(AgendaItem.no, AgendaItem.abstain, AgendaItem.yes_written, AgendaItem.passed, AgendaItem.decided_at),
)


def items(session: Session, *meeting_ids: int) -> tuple[Item, ...]:
    """The items of these meetings, each in its order."""
    query = select(*_COLUMNS).where(AgendaItem.meeting_id.in_(meeting_ids))
    return tuple(Item(*row) for row in session.execute(query.order_by(AgendaItem.meeting_id, AgendaItem.position)))


def show(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> Agenda:
    who = members.actor(session, sender, now=now)
    meeting = service.seen_by(session, who, meeting_id, Right.PLAN)
    may_minute = who.may(Right.MINUTES, meeting.unit, meeting.case)
    return Agenda(meeting, items(session, meeting_id), may_minute)


def ask_items(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> MeetingFacts:
    meeting = _open(session, sender, meeting_id, now=now)
    prompts.await_text(session, sender, "meetings:items", str(meeting_id), now=now)
    return meeting


def add_items(session: Session, sender: Sender, meeting_id: int, text: str, *, now: datetime) -> Agenda:
    """One item a line, behind those that are there."""
    _open(session, sender, meeting_id, now=now)
    titles = [
        title for line in text.splitlines() if (title := re.sub(r"^\s*\d{1,2}\s*[.、．)）]\s*", "", line).strip())
    ]
    if not titles:
        raise NothingWritten
    too_long = next((title for title in titles if len(title) > LONGEST_TITLE), None)
    if too_long is not None:
        raise TitleTooLong(most=LONGEST_TITLE, start=too_long[:10])
    _append(session, meeting_id, [{"title": title} for title in titles])
    prompts.forget_text(session, sender, now=now)
    return show(session, sender, meeting_id, now=now)


def _append(session: Session, meeting_id: int, fresh: Sequence[dict[str, object]]) -> None:
    of_meeting = AgendaItem.meeting_id == meeting_id
    count, last = session.execute(select(func.count(), func.max(AgendaItem.position)).where(of_meeting)).one()
    if count + len(fresh) > MOST_ITEMS:
        raise TooManyItems(most=MOST_ITEMS)
    start = (last or 0) + 1
    rows = [{"meeting_id": meeting_id, "position": start + n, **values} for n, values in enumerate(fresh)]
    if rows:
        session.execute(insert(AgendaItem), rows)


# -- one item ---


def show_item(session: Session, sender: Sender, item_id: int, *, now: datetime) -> OneItem:
    who = members.actor(session, sender, now=now)
    found = session.execute(select(*_COLUMNS).where(AgendaItem.id == item_id)).one_or_none()
    if found is None:
        raise NoSuchItem
    item = Item(*found)
    meeting = service.seen_by(session, who, item.meeting_id, Right.PLAN)
    return OneItem(meeting, item, kinds.shipped().agenda_tags, meeting.rules.votes)


def set_tag(session: Session, sender: Sender, item_id: int, number: int, *, now: datetime) -> OneItem:
    """Give the item one of the office's tags, or with a number beyond them none."""
    _item(session, sender, item_id, now=now)
    tags = kinds.shipped().agenda_tags
    return _set(session, sender, item_id, now=now, tag=tags[number] if 0 <= number < len(tags) else None)


def set_vote(session: Session, sender: Sender, item_id: int, word: str, *, now: datetime) -> OneItem:
    """How the item is voted on; with an unknown word not at all. Who is voted on by name is asked for as text."""
    one = _item(session, sender, item_id, now=now)
    rule = VoteRule.__members__.get(word)
    _check_vote(one.meeting, rule)
    if rule in PERSONAL:
        prompts.await_text(session, sender, "meetings:person", f"{item_id}:{word}", now=now)
        return one
    return _set(session, sender, item_id, now=now, vote_rule=rule, person_name=None, state=None)


def name_persons(session: Session, sender: Sender, item_id: int, word: str, text: str, *, now: datetime) -> Agenda:
    """Who is voted on: the first on this item, everybody else on an item of his own."""
    one = _item(session, sender, item_id, now=now)
    rule = VoteRule.__members__.get(word)
    _check_vote(one.meeting, rule)
    names = [name for name in re.split(r"[、，,;；\s]+", text) if name]
    if not names or any(len(name) > LONGEST_NAME for name in names):
        raise BadName(most=LONGEST_NAME)
    _set(session, sender, item_id, now=now, vote_rule=rule, person_name=names[0], state=None)
    alike = {"title": one.item.title, "tag": one.item.tag, "vote_rule": rule}
    _append(session, one.meeting.id, [{**alike, "person_name": name} for name in names[1:]])
    prompts.forget_text(session, sender, now=now)
    return show(session, sender, one.meeting.id, now=now)


def _check_vote(meeting: MeetingFacts, rule: VoteRule | None) -> None:
    if rule is not None and meeting.outcome is Outcome.STUDY_ONLY:
        raise NoVoteInStudy
    if rule is not None and rule not in meeting.rules.votes:
        raise VoteNotHeld(kind=meeting.rules.name)


def settle(session: Session, sender: Sender, item_id: int, word: str, *, now: datetime) -> OneItem:
    """已讨论, 撤回, 暂缓; an unknown word takes it back. A voting item that is settled so was not voted on."""
    _item(session, sender, item_id, now=now)
    return _set(session, sender, item_id, now=now, state=AgendaState.__members__.get(word))


def remove(session: Session, sender: Sender, item_id: int, *, now: datetime) -> Agenda:
    one = _item(session, sender, item_id, now=now)
    session.execute(delete(AgendaItem).where(AgendaItem.id == item_id, AgendaItem.decided_at.is_(None)))
    _show_votes(session, one.meeting, now=now)
    return show(session, sender, one.meeting.id, now=now)


def _set(session: Session, sender: Sender, item_id: int, *, now: datetime, **values: object) -> OneItem:
    changed = update(AgendaItem).where(AgendaItem.id == item_id, AgendaItem.decided_at.is_(None)).values(**values)
    session.execute(changed.execution_options(synchronize_session=False))
    one = show_item(session, sender, item_id, now=now)
    _show_votes(session, one.meeting, now=now)
    return one


def _show_votes(session: Session, meeting: MeetingFacts, *, now: datetime) -> None:
    """Lists have the line about votes at any time, cards while people sign in."""
    cards.refresh(session, meeting.id, of=(), in_groups=meeting.is_open(now), now=now)


def _item(session: Session, sender: Sender, item_id: int, *, now: datetime) -> OneItem:
    """An item that may be changed, with its meeting held."""
    one = show_item(session, sender, item_id, now=now)
    _open(session, sender, one.meeting.id, now=now)
    if one.item.decided_at is not None:
        raise AlreadyVoted
    return one


def _open(session: Session, sender: Sender, meeting_id: int, *, now: datetime) -> MeetingFacts:
    who = members.actor(session, sender, now=now)
    meeting = service.seen_by(session, who, meeting_id, Right.PLAN, is_locked=True)
    if meeting.state in (MeetingState.CANCELLED, MeetingState.RECORDED):
        raise AgendaClosed
    return meeting
