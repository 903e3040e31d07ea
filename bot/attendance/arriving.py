"""A crowd that signs in: what many press in one moment is asked and kept together, and each fares as he would alone."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.attendance import chain, own, rules, service
from bot.attendance.chain import Entry, Signed, Tip
from bot.attendance.facts import CheckedIn, Own
from bot.attendance.models import Attendance
from bot.attendance.rules import LeaveState
from bot.attendance.service import Seat
from bot.errors import UserError
from bot.meetings import cards
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import Card, Meeting
from bot.meetings.rules import CardKind, MeetingState, RungName
from bot.members import crowd
from bot.message import Sender
from bot.statements import Query, Write, among

SignedIn = tuple[CheckedIn, Own | None]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One press on 签到."""

    sender: Sender
    meeting_id: int


class _Plain(NamedTuple):
    """A sign-in that nothing stands against."""

    sender: Sender
    at: Seat
    judged: rules.SignIn

    @property
    def told(self) -> CheckedIn:
        return CheckedIn(self.at.meeting, self.judged.arrived_at, self.judged.status, self.judged.is_time_unsure)


def check_in_all(session: Session, arrivals: Sequence[Arrival], *, now: datetime) -> list[SignedIn | UserError]:
    """`service.check_in` for all who press in one moment, with what is shown where they pressed. Who is refused, or is
    a case of his own, is judged after those whose sign-in is as that of most.
    """
    plain = _plain_ones(session, arrivals) if len(arrivals) > 1 else {}
    _write(session, list(plain.values()), now)
    return [
        (plain[number].told, None) if number in plain else _alone(session, one, now)
        for number, one in enumerate(arrivals)
    ]


def _alone(session: Session, one: Arrival, now: datetime) -> SignedIn | UserError:
    try:
        done = service.check_in(session, one.sender, one.meeting_id, now=now)
    except UserError as refusal:  # before anything was written
        return refusal
    return done, own.anew(session, one.sender, one.meeting_id, now=now)


# -- what is asked together -------------------------------------------------------------------------------------------


_MEETING = meetings.listed().add_columns(Meeting.audit_seq, Meeting.audit_hash).order_by(Meeting.id)
_HELD = Query(lambda d: _MEETING.where(among(d, Meeting.id, "meeting_ids")).with_for_update(of=Meeting))
_RECORD_OF = select(Attendance.meeting_id, Attendance.member_id, Attendance.id, *service.STANDING)
_RECORDS = Query(
    lambda d: _RECORD_OF.where(
        among(d, Attendance.meeting_id, "meeting_ids"), among(d, Attendance.member_id, "member_ids")
    )
)
_CARD_OF = select(Card.meeting_id, Card.chat_id, Card.what, Card.message_id)
_CONCERNED = or_(Card.chat_id < 0, Card.what == CardKind.SHEET)
_CARDS = Query(
    lambda d: _CARD_OF.where(among(d, Card.meeting_id, "meeting_ids"), _CONCERNED | among(d, Card.chat_id, "user_ids"))
)


def _plain_ones(session: Session, arrivals: Sequence[Arrival]) -> dict[int, _Plain]:
    """By their place among `arrivals`; two presses of one person are one after the other."""
    presses = Counter(one.sender.user_id for one in arrivals)
    people = crowd.behind(session, presses)
    seats = _seats(session, {one.meeting_id for one in arrivals}, people)
    found = {}
    for number, one in enumerate(arrivals):
        at = seats.get((one.meeting_id, one.sender.user_id))
        if at is not None and presses[one.sender.user_id] == 1 and _is_plain(at, one.sender):
            judged = _judged(at.meeting, one.sender.at)
            if judged is not None:
                found[number] = _Plain(one.sender, at, judged)
    return found


def _seats(session: Session, meeting_ids: Collection[int], people: Mapping[int, int]) -> dict[tuple[int, int], Seat]:
    """The places of these people, members by account, that have a record already; by meeting and account."""
    asked = {"meeting_ids": list(meeting_ids)}
    held = {row[0]: (meetings.from_row(row), Tip(row[0], *row[-2:])) for row in _HELD.all(session, asked)}
    shown = _CARDS.all(session, {**asked, "user_ids": list(people)})
    accounts = {member_id: user_id for user_id, member_id in people.items()}
    found = {}
    for meeting_id, member_id, *record in _RECORDS.all(session, {**asked, "member_ids": list(accounts)}):
        user_id = accounts[member_id]
        theirs = tuple(card[1:] for card in shown if card[0] == meeting_id and _concerns(card[1], card[2], user_id))
        found[meeting_id, user_id] = Seat(*held[meeting_id], theirs, member_id, *record)
    return found


def _concerns(chat_id: int, what: CardKind, user_id: int) -> bool:
    return chat_id < 0 or what is CardKind.SHEET or chat_id == user_id


def _is_plain(at: Seat, sender: Sender) -> bool:
    """Whether he is due, comes from no leave, waited through no outage, and pressed on a card that stands there."""
    try:
        service.check_signable(at)
    except UserError:
        return False
    is_usual = at.meeting.state is MeetingState.OPEN and at.is_due and not sender.is_late
    return is_usual and at.leave_state not in (LeaveState.ASKED, LeaveState.APPROVED) and _is_on_card(at, sender)


def _is_on_card(at: Seat, sender: Sender) -> bool:
    here = next((card for card in at.cards if card[0] == sender.chat_id and card[1] is CardKind.PUBLIC), None)
    if sender.is_private:
        return here is not None and here[2] == sender.message_id
    return here is None or here[2] is not None


def _judged(meeting: MeetingFacts, at: datetime) -> rules.SignIn | None:
    held_so = meeting.rules
    try:
        return rules.sign_in(at, meeting.starts_at, held_so.window, held_so.margin)
    except UserError:
        return None


# -- what is kept together --------------------------------------------------------------------------------------------


_RECORD = Write(update(Attendance).where(Attendance.id == bindparam("of")))


def _write(session: Session, plain: Sequence[_Plain], now: datetime) -> None:
    """Set the records, lengthen the chains, and have cards and reminders follow."""
    written = [(one, *service.signed(one.at, one.judged)) for one in plain]
    _RECORD.run_all(session, [{"of": one.at.attendance_id, **values} for one, values, _ in written])
    entries: dict[Tip, list[Signed]] = {}
    for one, _, changes in written:
        for change in changes:
            entry = Entry(change.action, one.at.attendance_id, change.was, change.became)
            entries.setdefault(one.at.tip, []).append(Signed(entry, one.at.member_id, one.sender.update_id))
    for tip, theirs in entries.items():
        chain.append_all(session, tip, theirs, now=now)
    for key in dict.fromkeys(_keys(one.at for one in plain)):
        outbox.refresh(session, key, now=now)
    begun = [one.at for one in plain if one.sender.at >= one.at.meeting.starts_at]  # before that nobody is chased
    outbox.withdraw_all(session, [service.reminder(at, RungName.R5) for at in begun])


def _keys(seats: Iterable[Seat]) -> Iterable[str]:
    return (cards.key(at.meeting.id, chat_id, what) for at in seats for chat_id, what, _ in at.cards)
