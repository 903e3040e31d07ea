"""The reminder ladder at work: rungs whose time has come become messages in the outbox, once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.db import upsert
from bot.meetings import budget, cards, ladder, service, views
from bot.meetings.audiences import AUDIENCES, Occasion, Post, notice
from bot.meetings.facts import MeetingFacts
from bot.meetings.ladder import Fate, PlannedRung
from bot.meetings.models import Meeting, Nudge, Rung
from bot.meetings.rules import Change, MeetingState, Roll, RollReader, RungName, RungState
from bot.members import service as members
from bot.message import Message
from bot.outbox import Lane, OutboxRow, Sent, State
from bot.statements import Query

log = structlog.get_logger()

_NEXT = Query(select(func.min(Rung.due_at)).where(Rung.state == RungState.PLANNED))


# -- firing ---


def next_due(session: Session, _: datetime) -> datetime | None:
    [(due,)] = _NEXT.all(session, {})
    return due


def fire_due(session: Session, roll: RollReader[Session], *, now: datetime) -> bool:
    """Fire all that is due of the one meeting that begins first; True while there may be more."""
    due = select(Rung.meeting_id).where(Rung.state == RungState.PLANNED, Rung.due_at <= now)
    nearest = due.join(Meeting, Meeting.id == Rung.meeting_id).order_by(Meeting.starts_at, Meeting.id).limit(1)
    meeting_id = session.scalar(nearest)
    if meeting_id is None:
        return False
    meeting = service.facts(session, meeting_id, is_locked=True)
    assert meeting is not None
    rungs = _take(session, meeting, now=now)
    if not meeting.is_live and not meeting.is_over:
        _settle(session, meeting, rungs, RungState.CANCELLED)
    elif rungs:
        _fire(session, meeting, rungs, roll(session, meeting_id, now=now), now=now)
    return True


def _take(session: Session, meeting: MeetingFacts, *, now: datetime) -> list[PlannedRung]:
    """Claim the due rungs by one conditional update: nobody else can fire them."""
    taken = update(Rung).where(Rung.meeting_id == meeting.id, Rung.state == RungState.PLANNED, Rung.due_at <= now)
    taken = taken.values(state=RungState.FIRED, fired_at=now)
    columns = (Rung.rung, Rung.due_at, Rung.valid_until, Rung.state, Rung.round)
    rows = session.execute(taken.returning(*columns).execution_options(synchronize_session=False))
    return sorted((PlannedRung(*row) for row in rows), key=lambda rung: (rung.due_at, rung.rung.name))


def _settle(
    session: Session, meeting: MeetingFacts, rungs: Iterable[PlannedRung], state: RungState, *, was_late: bool = False
) -> None:
    for rung in rungs:
        statement = update(Rung).where(
            Rung.meeting_id == meeting.id,
            Rung.version == meeting.version,
            Rung.rung == rung.rung,
            Rung.round == rung.round,
        )
        statement = statement.values(state=state, was_late=was_late)
        session.execute(statement.execution_options(synchronize_session=False))
        log.info("rung_settled", meeting=meeting.id, rung=rung.rung.name, state=state.name)


def _fire(session: Session, meeting: MeetingFacts, rungs: Sequence[PlannedRung], roll: Roll, *, now: datetime) -> None:
    judged = dict(
        zip(
            rungs,
            ladder.fates(
                rungs,
                starts_at=meeting.starts_at,
                window=meeting.rules.window,
                has_card=meeting.announced_at is not None,
                now=now,
            ),
            strict=True,
        )
    )
    people = members.people(session, (*roll.due, *roll.joined), meeting.on)
    on = Occasion(session, meeting, roll, now, cards.chats(session, meeting), people)
    if meeting.announced_at is not None and meeting.is_live and now < meeting.ends_at:
        cards.repost_missing(session, meeting, roll, people, now=now)
    posts: dict[PlannedRung, list[Post]] = {}
    for rung, fate in judged.items():
        if fate in (Fate.EXPIRED, Fate.SUPERSEDED):
            _settle(session, meeting, [rung], RungState[fate.name])
        elif fate is Fate.RUNNING and meeting.announced_at is None:
            _announce_late(on, rung)
        else:
            posts[rung] = AUDIENCES[rung.rung](on, rung, fate)
    kept = ladder.newest_only((rung, [post.chat_id for post in some if post.chat_id]) for rung, some in posts.items())
    for rung, some in posts.items():
        left = [post for post in some if post.chat_id is None or post.chat_id in kept[rung]]
        if any(post.chat_id for post in some) and not any(post.chat_id for post in left):
            _settle(session, meeting, [rung], RungState.SUPERSEDED)
            continue
        send(on, rung, judged[rung], left)
        _settle(session, meeting, [rung], RungState.FIRED, was_late=judged[rung] in (Fate.LATE, Fate.RUNNING))
        _follow(on, rung)


def _announce_late(on: Occasion, rung: PlannedRung) -> None:
    """The meeting runs and nobody has seen a card: one in sign-in form, which says until when, is all that is sent."""
    card = replace(rung, rung=RungName.R1)
    send(on, card, Fate.RUNNING, notice(on, rung, Fate.RUNNING))
    _settle(on.session, on.meeting, [rung], RungState.FIRED, was_late=True)
    _follow(on, card)
    _follow(on, rung)


def _follow(on: Occasion, rung: PlannedRung) -> None:
    """What a rung does beside sending."""
    meeting = on.meeting
    if rung.rung is RungName.R1 and meeting.announced_at is None:
        statement = update(Meeting).where(Meeting.id == meeting.id).values(announced_at=on.now)
        on.session.execute(statement.execution_options(synchronize_session=False))
    if rung.rung in (RungName.R5, RungName.R6):
        cards.refresh_hours(on.session, meeting.id, now=on.now)
    if rung.rung is RungName.R4:
        for post in on.to_leaders(Message(""), meeting.recorder_id):
            if post.chat_id is not None:
                cards.post_anew(on.session, meeting.id, post.chat_id, now=on.now)


def send(on: Occasion, rung: PlannedRung, fate: Fate, posts: Sequence[Post]) -> None:
    """Write the posts to the outbox, each for the time its reader may be disturbed."""
    valid_until = _valid_until(on.meeting, rung, fate)
    reached = [(post, post.chat_id) for post in posts if post.chat_id is not None]
    chat_ids = [chat_id for _, chat_id in reached]
    slots = budget.slots(on.session, on.meeting, rung.rung, chat_ids, valid_until, now=on.now)
    for (post, chat_id), slot in zip(reached, slots, strict=True):
        if slot is None:
            log.info("reminder_dropped", meeting=on.meeting.id, rung=rung.rung.name)
            continue
        message = views.late(post.message, rung.due_at) if fate is Fate.LATE else post.message
        if rung.rung is RungName.R1 and post.recipient[0] in "cm":
            cards.claim(on.session, on.meeting.id, chat_id)
        outbox.enqueue(
            on.session,
            _key(on.meeting, rung, post.recipient),
            chat_id=chat_id,
            content=replace(message, is_silent=True) if slot.is_silent else message,
            lane=_lane(rung, fate),
            now=on.now,
            due_at=slot.at,
            valid_until=max(valid_until, slot.at),
            thread_id=post.thread_id,
            reply_to=post.reply_to,
            is_unasked=rung.rung not in budget.SPARED,
        )
    _note(on, rung, posts)


def _key(meeting: MeetingFacts, rung: PlannedRung, recipient: str) -> str:
    return f"meeting:{meeting.id}:v{meeting.version}:{rung.rung.name}:{rung.round}:{recipient}"


def _lane(rung: PlannedRung, fate: Fate) -> Lane:
    if rung.rung in ladder.DURING or fate is Fate.RUNNING:
        return Lane.URGENT
    return Lane.CALM if fate is Fate.LATE else Lane.NOTICE


def _valid_until(meeting: MeetingFacts, rung: PlannedRung, fate: Fate) -> datetime:
    if fate is Fate.RUNNING:
        return meeting.starts_at + meeting.rules.window.late
    return max(rung.valid_until, meeting.starts_at) if rung.rung is RungName.R1 else rung.valid_until


def _note(on: Occasion, rung: PlannedRung, posts: Sequence[Post]) -> None:
    """Who was reminded by what; people nobody could write to are noted without a message."""
    sent = {_key(on.meeting, rung, post.recipient): post.member_id for post in posts if post.member_id is not None}
    if not sent:
        return
    ids = dict(on.session.execute(select(OutboxRow.key, OutboxRow.id).where(OutboxRow.key.in_(sent))).all())
    rows = [
        {
            "meeting_id": on.meeting.id,
            "version": on.meeting.version,
            "rung": rung.rung,
            "round": rung.round,
            "member_id": member_id,
            "outbox_id": ids.get(key),
        }
        for key, member_id in sent.items()
    ]
    on.session.execute(upsert(on.session, Nudge).on_conflict_do_nothing(), rows)


# -- what delivery asks and tells ---


def is_wanted(session: Session, key: str, now: datetime, roll: RollReader[Session]) -> bool:
    """Asked right before sending: whether the message still concerns its reader. Notices of change do in any case,
    unless one that did not get through is to be repeated and a later one already has."""
    _, meeting_id, version, rung, round_, recipient = key.split(":")
    meeting = service.facts(session, int(meeting_id))
    if version.startswith("n"):
        return meeting is not None and not _is_overtaken(session, meeting, int(version[1:]), recipient)
    if meeting is None or meeting.version != int(version[1:]) or meeting.state is MeetingState.CANCELLED:
        return False
    if (
        rung not in RungName.__members__
        or recipient[0] != "m"
        or rung in (RungName.R6.name, RungName.R7.name)
        or round_ != "1"
    ):
        return True
    member_id = int(recipient[1:])
    mine = roll(session, meeting.id, now=now, member_id=member_id)
    return member_id in _audience(RungName[rung], mine)


def _is_overtaken(session: Session, meeting: MeetingFacts, version: int, recipient: str) -> bool:
    later = range(version + 1, meeting.version + 1)
    keys = [f"meeting:{meeting.id}:n{number}:{what.name}:1:{recipient}" for number in later for what in Change]
    sent_ = select(OutboxRow.id).where(OutboxRow.key.in_(keys), OutboxRow.state.in_([State.SENT, State.UNKNOWN]))
    return bool(keys) and session.scalar(sent_.limit(1)) is not None


def _audience(rung: RungName, roll: Roll) -> tuple[int, ...]:
    match rung:
        case RungName.R2:
            return roll.unanswered
        case RungName.R3:
            return roll.to_remind
        case RungName.R4:
            return (*roll.to_chase, *roll.joined)
        case RungName.R5:
            return roll.to_chase
        case RungName.R8:
            return roll.unexplained
        case _:
            return (*roll.due, *roll.joined)


def sent(session: Session, key: str, what: Sent) -> None:
    """A card has arrived."""
    _, meeting_id, version, rung, _, recipient = key.split(":")
    if rung == RungName.R1.name and version[0] == "v" and recipient[0] in "cm":
        cards.posted(session, int(meeting_id), int(version[1:]), what)
