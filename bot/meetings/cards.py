"""The one message per meeting and chat that lives as long as the meeting: posted, edited, pinned, posted again."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.db import upsert
from bot.meetings import service, views
from bot.meetings.facts import LIVE, MeetingFacts, Moved, Shifted
from bot.meetings.models import Card, Meeting, MeetingChange
from bot.meetings.rules import CardKind, Change, MeetingState, Roll, RollReader, RungName
from bot.members import service as members
from bot.members.models import Account
from bot.message import Edit, Message, Pin
from bot.outbox import Lane, OutboxRow, Rendered, Sent, State


def chats(session: Session, meeting: MeetingFacts) -> tuple[members.ChatRef, ...]:
    """Where the card stands; none means a private card to each person due."""
    return members.chat_for(session, meeting.unit.id, meeting.rules.chat)


def claim(session: Session, meeting_id: int, chat_id: int, what: CardKind = CardKind.PUBLIC) -> None:
    """Note that a card of the meeting is on its way into the chat."""
    row = upsert(session, Card).values(meeting_id=meeting_id, chat_id=chat_id, what=what)
    session.execute(row.on_conflict_do_nothing(index_elements=["meeting_id", "chat_id", "what"]))


def post_anew(session: Session, meeting_id: int, chat_id: int, *, now: datetime) -> None:
    """Put the list with names at the bottom of a private chat; from then on it is kept up to date there."""
    claim(session, meeting_id, chat_id, CardKind.SHEET)
    forget = update(Card).where(Card.meeting_id == meeting_id, Card.chat_id == chat_id, Card.what == CardKind.SHEET)
    session.execute(forget.values(message_id=None).execution_options(synchronize_session=False))
    outbox.refresh(session, key(meeting_id, chat_id, CardKind.SHEET), now=now, lane=Lane.URGENT)


def message_id(session: Session, meeting_id: int, chat_id: int, what: CardKind = CardKind.PUBLIC) -> int | None:
    query = select(Card.message_id).where(Card.meeting_id == meeting_id, Card.chat_id == chat_id, Card.what == what)
    return session.scalar(query)


def refresh(
    session: Session, meeting_id: int, *, of: Collection[int] | None = None, in_groups: bool = True, now: datetime
) -> None:
    """Have the cards and sheets of the meeting show what is now: all, or those that a change of these people alters,
    with the counts in groups or without them."""
    query = select(Card.chat_id, Card.what).where(Card.meeting_id == meeting_id)
    if of is not None:
        theirs = select(Account.telegram_user_id).where(Account.member_id.in_(of))
        query = query.where(or_(Card.chat_id < 0, Card.what == CardKind.SHEET, Card.chat_id.in_(theirs)))
    for chat_id, what in session.execute(query).all():
        if in_groups or chat_id > 0:
            outbox.refresh(session, key(meeting_id, chat_id, what), now=now)


def refresh_hours(session: Session, meeting_id: int, *, now: datetime) -> None:
    """What a sign-in counts as has changed by the clock: cards say so, lists with names do not."""
    query = select(Card.chat_id).where(Card.meeting_id == meeting_id, Card.what == CardKind.PUBLIC)
    for chat_id in session.scalars(query).all():
        outbox.refresh(session, key(meeting_id, chat_id), now=now)


def key(meeting_id: int, chat_id: int, what: CardKind = CardKind.PUBLIC) -> str:
    return f"{'card' if what is CardKind.PUBLIC else 'sheet'}:{meeting_id}:{chat_id}"


def parse(text: str) -> tuple[int, int]:
    """Meeting and chat of a key of `card`, `sheet` or `pin`."""
    _, meeting_id, chat_id = text.split(":")
    return int(meeting_id), int(chat_id)


# -- what delivery asks ---


def render(session: Session, text: str, now: datetime, roll: RollReader[Session]) -> Rendered | None:
    """The edit that brings a card up to date; none while Telegram has not told the id of its message."""
    meeting_id, chat_id = parse(text)
    meeting, shown = service.facts(session, meeting_id), message_id(session, meeting_id, chat_id)
    if meeting is None or shown is None:
        return None
    return Rendered(chat_id, Edit(content(session, meeting, chat_id, roll, now=now), shown))


def content(
    session: Session, meeting: MeetingFacts, chat_id: int, roll: RollReader[Session], *, now: datetime
) -> Message:
    moved = origin(session, meeting)
    if chat_id < 0:
        return views.card(meeting, roll(session, meeting.id, now=now), moved, now=now)
    member_id = session.scalar(select(Account.member_id).where(Account.telegram_user_id == chat_id))
    own = roll(session, meeting.id, now=now, member_id=member_id) if member_id else Roll(meeting.id)
    return views.private_card(meeting, own, moved, now=now)


def origin(session: Session, meeting: MeetingFacts) -> Moved | Shifted | None:
    """Why the meeting is not when it was, or not when its series would have it."""
    return last_move(session, meeting) or _shifted(session, meeting)


def _shifted(session: Session, meeting: MeetingFacts) -> Shifted | None:
    base_on = meeting.original_on
    if base_on is None or base_on == meeting.on:
        return None
    why = members.work_calendar(session).why(base_on)
    return None if why.is_workday else Shifted(base_on, why)


def last_move(session: Session, meeting: MeetingFacts) -> Moved | None:
    """Why the meeting is not when it was, if that was the last thing that happened to it."""
    if meeting.version == 1 or meeting.announced_at is None:
        return None
    query = select(MeetingChange.was, MeetingChange.reason).where(
        MeetingChange.meeting_id == meeting.id,
        MeetingChange.version == meeting.version,
        MeetingChange.what == Change.MOVED,
    )
    row = session.execute(query).one_or_none()
    return Moved(datetime.fromisoformat(row[0]), row[1] or "") if row and row[0] else None


def posted(session: Session, meeting_id: int, version: int, sent: Sent) -> None:
    """A card arrived: from now on it is edited; the next meeting of a group is pinned."""
    statement = update(Card).where(
        Card.meeting_id == meeting_id, Card.chat_id == sent.chat_id, Card.what == CardKind.PUBLIC
    )
    posted = statement.values(message_id=sent.message_id, is_pinned=False)
    session.execute(posted.execution_options(synchronize_session=False))
    now_is = session.execute(select(Meeting.version, Meeting.state, Meeting.audit_seq).where(Meeting.id == meeting_id))
    if now_is.one() != (version, MeetingState.SCHEDULED, 0):  # something happened while it was on its way
        outbox.refresh(session, key(meeting_id, sent.chat_id), now=sent.at)
    if sent.chat_id < 0:
        pin_next(session, sent.chat_id, now=sent.at)


def adopt(session: Session, meeting_id: int, chat_id: int, shown: int) -> None:
    """A press on a card whose sending had an unknown result: it is there, and this is its id."""
    statement = update(Card).where(
        Card.meeting_id == meeting_id,
        Card.chat_id == chat_id,
        Card.what == CardKind.PUBLIC,
        Card.message_id.is_(None),
    )
    session.execute(statement.values(message_id=shown).execution_options(synchronize_session=False))


def gone(session: Session, text: str, state: State, now: datetime, roll: RollReader[Session]) -> None:
    """An edit failed for good: somebody deleted the card. It is posted anew, once a version, while needed."""
    meeting_id, chat_id = parse(text)
    meeting = service.facts(session, meeting_id)
    if state is not State.DEAD or meeting is None or not meeting.is_live:
        return
    forget = update(Card).where(Card.meeting_id == meeting_id, Card.chat_id == chat_id, Card.what == CardKind.PUBLIC)
    session.execute(forget.values(message_id=None, is_pinned=False).execution_options(synchronize_session=False))
    thread = next((chat.thread_notice for chat in chats(session, meeting) if chat.chat_id == chat_id), None)
    message = content(session, meeting, chat_id, roll, now=now)
    repost(session, meeting, chat_id, message, thread_id=thread, now=now)


def outside(
    meeting: MeetingFacts, chats_: Collection[members.ChatRef], people: Mapping[int, members.Person]
) -> set[int]:
    """Who of these people reads none of the chats: what stands there must reach them in private."""
    above = {int(part) for part in meeting.unit.path.split("/") if part}
    read = {chat.unit_id for chat in chats_}
    return set() if read & above else {id_ for id_, one in people.items() if not read & {one.branch_id, one.group_id}}


def missing(session: Session, meeting_id: int, chat_ids: Collection[int]) -> set[int]:
    """In which of these chats no card of the meeting stands, nor is on its way."""
    ours = Card.meeting_id == meeting_id, Card.what == CardKind.PUBLIC, Card.chat_id.in_(chat_ids)
    shown = session.scalars(select(Card.chat_id).where(*ours, Card.message_id.is_not(None))).all()
    on_its_way = select(OutboxRow.chat_id).where(
        OutboxRow.chat_id.in_(chat_ids),
        OutboxRow.state.in_([State.PENDING, State.SENDING]),
        outbox.under(f"meeting:{meeting_id}:v"),
        OutboxRow.key.contains(f":{RungName.R1.name}:"),
    )
    return set(chat_ids) - set(shown) - set(session.scalars(on_its_way))


def repost_missing(
    session: Session,
    meeting: MeetingFacts,
    roll: Roll,
    people: Mapping[int, members.Person],
    *,
    now: datetime,
    at: Callable[[int], datetime] | None = None,
) -> set[int]:
    """One more card wherever there is none to answer or sign in on: the group has moved or is new, a person joined
    late, a card was withdrawn before it left, or nobody knows whether it arrived. The chats that get one; `at` says
    when each."""
    groups = {chat.chat_id: chat for chat in chats(session, meeting)}
    alone = outside(meeting, groups.values(), people)
    mine = {one.user_id: one for id_, one in people.items() if id_ in alone and one.is_reachable and one.user_id}
    lacking = missing(session, meeting.id, {*groups, *mine})
    moved = origin(session, meeting) if lacking else None
    for chat_id in sorted(lacking):
        claim(session, meeting.id, chat_id)
        if chat_id in groups:
            message, thread = views.card(meeting, roll, moved, now=now), groups[chat_id].thread_notice
        else:
            message, thread = views.private_card(meeting, roll.of(mine[chat_id].member_id), moved, now=now), None
        repost(session, meeting, chat_id, message, thread_id=thread, now=now, due_at=at(chat_id) if at else now)
    return lacking


def repost(
    session: Session,
    meeting: MeetingFacts,
    chat_id: int,
    message: Message,
    *,
    thread_id: int | None,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    outbox.enqueue(
        session,
        f"meeting:{meeting.id}:v{meeting.version}:{RungName.R1.name}:2:c{chat_id}",  # also in private
        chat_id=chat_id,
        content=message,
        lane=Lane.URGENT,  # before the line that speaks of it
        now=now,
        due_at=due_at,
        valid_until=meeting.ends_at,
        thread_id=thread_id,
    )


# -- pins ---


def pin_next(session: Session, chat_id: int, *, now: datetime) -> None:
    """Only the next meeting is pinned; the row says what is pinned now, so that nothing is pinned or unpinned twice."""
    query = (
        select(Card.id, Card.meeting_id, Card.is_pinned, Meeting.state)
        .join(Meeting, Meeting.id == Card.meeting_id)
        .where(Card.chat_id == chat_id, Card.what == CardKind.PUBLIC, Card.message_id.is_not(None))
        .order_by(Meeting.starts_at, Meeting.id)
    )
    cards = session.execute(query.where(Meeting.state.in_(LIVE) | Card.is_pinned)).all()
    first = next((card.id for card in cards if card.state in LIVE), None)
    for card in cards:
        if card.is_pinned != (card.id == first):
            statement = update(Card).where(Card.id == card.id).values(is_pinned=card.id == first)
            session.execute(statement.execution_options(synchronize_session=False))
            outbox.refresh(session, f"pin:{card.meeting_id}:{chat_id}", now=now, lane=Lane.CALM)


def render_pin(session: Session, text: str, _: datetime) -> Rendered | None:
    """The pin or its end; a card overtaken before its pin was ever sent has none to take off."""
    meeting_id, chat_id = parse(text)
    query = select(Card.message_id, Card.is_pinned).where(
        Card.meeting_id == meeting_id, Card.chat_id == chat_id, Card.what == CardKind.PUBLIC
    )
    row = session.execute(query).one_or_none()
    if row is None or row[0] is None:
        return None
    times_taken = session.scalar(select(OutboxRow.fence).where(OutboxRow.key == text)) or 0
    return Rendered(chat_id, Pin(row[0], is_pinned=row[1])) if row[1] or times_taken > 1 else None
