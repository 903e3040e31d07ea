"""Messages of members that must arrive: written to the outbox in the transaction of the fact they tell."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox
from bot.members import views
from bot.members.facts import Bound, ClaimCard
from bot.members.models import Account
from bot.members.rules import OFFICERS, Reach, Right, Role
from bot.members.service import addressee, holders
from bot.message import Edit, Message
from bot.outbox import Lane, OutboxRow, State


def tell(session: Session, user_id: int, key: str, message: Message, *, now: datetime, is_unasked: bool = True) -> None:
    """One message to one account; the key says what it is about and keeps it from being said twice. Only what answers
    the reader's own request is not unasked."""
    key = f"members:{key}:{user_id}"
    outbox.enqueue(session, key, chat_id=user_id, content=message, lane=Lane.NOTICE, now=now, is_unasked=is_unasked)


def tell_member(session: Session, member_id: int, key: str, message: Message, *, now: datetime) -> None:
    """To a person of the roster who can be reached."""
    query = select(Account.telegram_user_id).where(Account.member_id == member_id, Account.reach != Reach.BLOCKED)
    user_id = session.scalar(query)
    if user_id is not None:
        tell(session, user_id, key, message, now=now)


def tell_secretary(
    session: Session, unit_id: int, key: str, message: Message, *, now: datetime, besides: int | None = None
) -> None:
    """To the secretary of the unit or, with a word on it, a stand-in; never to the member `besides`."""
    reader = addressee(session, unit_id, now=now, besides=besides)
    if reader is None or reader.holder.user_id is None:
        return
    is_standin = reader.is_standin
    if is_standin and besides is not None:  # it may be the secretary whom it is about, and who could read it
        usual = addressee(session, unit_id, now=now)
        is_standin = usual is None or usual.is_standin
    tell(session, reader.holder.user_id, key, views.standin(message) if is_standin else message, now=now)


def claim(session: Session, branch_id: int, card: ClaimCard, *, now: datetime) -> None:
    """To secretary, deputy and organizer of the branch; without any of them to the stand-in above."""
    asked = [
        holder
        for holder in holders(session, Right.ROSTER, branch_id, now=now)
        if holder.role in OFFICERS and holder.unit_id == branch_id and holder.is_reachable
    ]
    for holder in asked:
        assert holder.user_id is not None
        tell(session, holder.user_id, f"claim:{card.claim_id}", views.claim_card(card), now=now)
    if not asked:
        tell_secretary(session, branch_id, f"claim:{card.claim_id}", views.claim_card(card), now=now)


def claim_over(session: Session, claim_id: int, message: Message, *, besides: int, now: datetime) -> None:
    """What became of a claim, on the cards of all who were asked; the account `besides` has pressed and sees it."""
    rows = select(OutboxRow.chat_id, OutboxRow.key, OutboxRow.state, OutboxRow.message_id)
    asked = session.execute(rows.where(outbox.under(f"members:claim:{claim_id}:"), OutboxRow.chat_id != besides)).all()
    for chat_id, key, state, message_id in asked:
        if state == State.PENDING:
            outbox.withdraw_one(session, key)
        elif chat_id is not None and message_id is not None:
            edit = Edit(message, message_id)
            outbox.enqueue(session, f"{key}:over", chat_id=chat_id, content=edit, lane=Lane.CARD, now=now)


def bound(session: Session, branch_id: int, done: Bound, username: str, *, now: datetime) -> None:
    message = views.bound_notice(done, username)
    key = f"bound:{done.member_id}:{now.timestamp():.0f}"
    tell_secretary(session, branch_id, key, message, now=now, besides=done.member_id)


def roles_changed(
    session: Session, key: str, branch_ids: Iterable[int], message: Message, *, by_id: int | None, now: datetime
) -> None:
    """To every ADMIN above, but not to who did it."""
    readers = {
        holder.user_id
        for branch_id in branch_ids
        for holder in holders(session, Right.EXEMPT, branch_id, now=now)
        if holder.role is Role.ADMIN and holder.member_id != by_id and holder.user_id is not None
    }
    for user_id in sorted(readers):
        tell(session, user_id, f"roles:{key}", message, now=now)
