"""What is said once we are back: to the administrators what came late, to groups that taps in between are gone."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.inbox import Outage
from bot.meetings import cards, change_views, leader_views, service
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import Meeting, Rung
from bot.meetings.rules import MeetingState, RungName, RungState
from bot.members import quiet
from bot.members import service as members
from bot.members.models import Unit
from bot.members.rules import Right
from bot.outbox import Lane
from bot.periods import QuietHours

WORTH_TELLING = timedelta(minutes=15)
PRESS_KEPT = timedelta(seconds=150)  # Telegram keeps a tap that long: a shorter gap loses none
FRESH = timedelta(days=1)  # an older outage is history, not news


def tell(session: Session, root_user_ids: Collection[int] = (), *, now: datetime) -> None:
    """Speak of each outage of the last day, once what it held up has been caught up with."""
    planned = select(func.count(Rung.id)).where(Rung.state == RungState.PLANNED, Rung.due_at <= now)
    if session.scalar(planned):
        return
    for outage in session.scalars(select(Outage).where(Outage.to_at > now - FRESH).order_by(Outage.id)):
        if outage.to_at - outage.from_at >= WORTH_TELLING:
            _tell_admins(session, outage, root_user_ids, now=now)
        if outage.to_at - outage.from_at > PRESS_KEPT:
            _tell_groups(session, outage, now=now)


def _tell_admins(session: Session, outage: Outage, root_user_ids: Collection[int], *, now: datetime) -> None:
    query = select(Rung.state, Rung.was_late).where(Rung.due_at >= outage.from_at, Rung.due_at <= outage.to_at)
    fates = Counter(state for state, was_late in session.execute(query) if was_late or state is not RungState.FIRED)
    message = leader_views.after_downtime(
        outage.from_at,
        outage.to_at,
        late=fates[RungState.FIRED],
        merged=fates[RungState.SUPERSEDED],
        expired=fates[RungState.EXPIRED],
        now=now,
    )
    for user_id, hours in _readers(session, root_user_ids, now=now).items():
        outbox.enqueue(
            session,
            f"outage:{outage.id}:{user_id}",
            chat_id=user_id,
            content=message,
            lane=Lane.CALM,
            now=now,
            due_at=hours.end_after(now) if hours.holds(now) else now,
            valid_until=now + FRESH,
            is_unasked=True,
        )


def _readers(session: Session, root_user_ids: Collection[int], *, now: datetime) -> dict[int, QuietHours]:
    """Root users and the administrators at the top of each tree, each with the hours that keep him from being woken."""
    found = dict.fromkeys(root_user_ids, quiet.USUAL)
    for top_id in session.scalars(select(Unit.id).where(Unit.parent_id.is_(None))).all():
        admins = members.holders(session, Right.CALENDAR, top_id, now=now)
        ids = [admin.user_id for admin in admins if admin.is_reachable and admin.user_id is not None]
        hours = quiet.quiet_hours(session, members.unit(session, top_id), ids)
        found |= {user_id: hours.of(user_id) for user_id in ids}
    return found


def _tell_groups(session: Session, outage: Outage, *, now: datetime) -> None:
    """Meetings whose sign-in form stood in the chat when we fell silent, and at which people still can sign in."""
    running = (
        select(Meeting.id)
        .join(Rung, (Rung.meeting_id == Meeting.id) & (Rung.version == Meeting.version))
        .where(Meeting.state == MeetingState.OPEN, Meeting.ends_at > outage.from_at)
        .where(Rung.rung == RungName.R4, Rung.fired_at <= outage.from_at)
    )
    for meeting_id in session.scalars(running).all():
        meeting = service.facts(session, meeting_id)
        assert meeting is not None
        last = meeting.starts_at + meeting.rules.window.late
        if now > last:
            continue
        for chat in cards.chats(session, meeting):
            outbox.enqueue(
                session,
                f"meeting:{meeting.id}:v{meeting.version}:restart:{outage.id}:c{chat.chat_id}",
                chat_id=chat.chat_id,
                content=change_views.tap_again(),
                lane=Lane.URGENT,
                now=now,
                valid_until=last,
                thread_id=chat.thread_notice,
                reply_to=cards.message_id(session, meeting.id, chat.chat_id),
            )


def tell_reopened(
    session: Session, meeting: MeetingFacts, unsigned: Sequence[int], until: datetime, *, now: datetime
) -> None:
    """补开签到 was pressed: the chats hear of it, and whoever has not signed in and reads none of them."""
    chats = cards.chats(session, meeting)
    people = members.people(session, unsigned, meeting.on)
    outside = [people[one] for one in sorted(cards.outside(meeting, chats, people))]
    alone = {one.user_id: one for one in outside if one.is_reachable and one.user_id is not None}
    hours = quiet.quiet_hours(session, meeting.unit, {*alone, *(chat.chat_id for chat in chats)})
    posts = [(f"c{chat.chat_id}", chat.chat_id, chat.thread_notice) for chat in chats]
    for recipient, chat_id, thread_id in (*posts, *((f"m{one.member_id}", id_, None) for id_, one in alone.items())):
        message = change_views.reopened(meeting, until, is_private=chat_id in alone)
        outbox.enqueue(
            session,
            f"meeting:{meeting.id}:v{meeting.version}:reopened:{int(until.timestamp())}:{recipient}",
            chat_id=chat_id,
            content=replace(message, is_silent=hours.of(chat_id).holds(now)),
            lane=Lane.URGENT,
            now=now,
            valid_until=until,
            thread_id=thread_id,
            reply_to=cards.message_id(session, meeting.id, chat_id),
        )
