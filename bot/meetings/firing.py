"""The reminder ladder at work: rungs whose time has come become messages in the outbox, once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.db import upsert
from bot.meetings import cards, ladder, service, views
from bot.meetings.audiences import AUDIENCES, Occasion, Post, notice
from bot.meetings.facts import MeetingFacts
from bot.meetings.ladder import Fate, PlannedRung
from bot.meetings.models import Meeting, Nudge, Rung
from bot.meetings.rules import MeetingState, Roll, RollReader, RungName, RungState
from bot.members import service as members
from bot.message import Message
from bot.outbox import Lane, OutboxRow, Sent

log = structlog.get_logger()


# -- firing ---


def next_due(session: Session, _: datetime) -> datetime | None:
    return session.scalar(select(func.min(Rung.due_at)).where(Rung.state == RungState.PLANNED))


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
    posts: dict[PlannedRung, list[Post]] = {}
    if meeting.announced_at is not None and meeting.is_live and now < meeting.ends_at:
        cards.repost_missing(session, meeting, roll, now=now)
    for rung, fate in judged.items():
        if fate in (Fate.EXPIRED, Fate.SUPERSEDED):
            _settle(session, meeting, [rung], RungState[fate.name])
        else:
            posts[rung] = AUDIENCES[rung.rung](on, rung, fate)
    if any(fate is Fate.RUNNING for fate in judged.values()) and meeting.announced_at is None:
        _announce_late(on, posts)
    kept = ladder.newest_only((rung, [post.chat_id for post in some if post.chat_id]) for rung, some in posts.items())
    for rung, some in posts.items():
        left = [post for post in some if post.chat_id is None or post.chat_id in kept[rung]]
        if some and not any(post.chat_id for post in left):
            _settle(session, meeting, [rung], RungState.SUPERSEDED)
            continue
        _send(on, rung, judged[rung], left)
        _settle(session, meeting, [rung], RungState.FIRED, was_late=judged[rung] is Fate.LATE)
        _follow(on, rung)


def _announce_late(on: Occasion, posts: dict[PlannedRung, list[Post]]) -> None:
    """The meeting runs and nobody has seen a card: it is posted in sign-in form, with the line that says until when."""
    rung = next(rung for rung in posts if rung.rung is RungName.R4)
    _send(on, replace(rung, rung=RungName.R1), Fate.RUNNING, notice(on, rung, Fate.RUNNING))
    _follow(on, replace(rung, rung=RungName.R1))


def _follow(on: Occasion, rung: PlannedRung) -> None:
    """What a rung does beside sending."""
    meeting = on.meeting
    if rung.rung is RungName.R1 and meeting.announced_at is None:
        statement = update(Meeting).where(Meeting.id == meeting.id).values(announced_at=on.now)
        on.session.execute(statement.execution_options(synchronize_session=False))
    if rung.rung is RungName.R4:
        cards.refresh(on.session, meeting.id, now=on.now)
        for post in on.to_leaders(Message(""), meeting.recorder_id):
            if post.chat_id is not None:
                cards.post_anew(on.session, meeting.id, post.chat_id, now=on.now)


def _send(on: Occasion, rung: PlannedRung, fate: Fate, posts: Sequence[Post]) -> None:
    is_quiet = ladder.QUIET.holds(on.now)
    for post in posts:
        due_at = _allowed_at(on, rung, post.chat_id) if post.chat_id is not None else None
        if post.chat_id is None or due_at is None:
            log.info("reminder_dropped", meeting=on.meeting.id, rung=rung.rung.name)
            continue
        message = views.late(post.message, rung.due_at) if fate is Fate.LATE else post.message
        if rung.rung is RungName.R1 and post.recipient[0] in "cm":
            cards.claim(on.session, on.meeting.id, post.chat_id)
        outbox.enqueue(
            on.session,
            _key(on.meeting, rung, post.recipient),
            chat_id=post.chat_id,
            content=replace(message, is_silent=True) if is_quiet else message,
            lane=_lane(rung, fate),
            now=on.now,
            due_at=due_at,
            valid_until=_valid_until(on.meeting, rung, fate),
            thread_id=post.thread_id,
            reply_to=post.reply_to,
            is_unasked=rung.rung not in ladder.SPARED,
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


def _allowed_at(on: Occasion, rung: PlannedRung, chat_id: int) -> datetime | None:
    """Now, or the next morning if the recipient has heard enough today; None if it is pointless then."""
    most = ladder.POSTS_A_DAY if chat_id < 0 else ladder.UNASKED_A_DAY
    if rung.rung in ladder.SPARED or outbox.unasked_today(on.session, chat_id, now=on.now) < most:
        return on.now
    return ladder.next_allowance(rung.valid_until, ladder.QUIET, now=on.now)


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
    """Asked right before sending: whether the message still concerns its reader. Notices of change always do."""
    _, meeting_id, version, rung, round_, recipient = key.split(":")
    if version.startswith("n"):
        return True
    meeting = service.facts(session, int(meeting_id))
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
