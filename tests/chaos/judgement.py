"""What is true at the end, told by Telegram's side and held against the database: nothing lost, nothing twice."""

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.attendance import chain
from bot.attendance.models import Attendance, AttendanceEvent
from bot.attendance.rules import Action, Answer, Status
from bot.db import Database
from bot.demo import htmltext
from bot.demo.messages import Message
from bot.demo.polls import Poll
from bot.demo.updates import Update
from bot.demo.world import BOT_ID
from bot.inbox import DeadRow, InboxRow
from bot.members.models import Account
from bot.message import Message as Text
from bot.message import Poll as Question
from bot.message import from_json
from bot.outbox import OutboxRow, State
from bot.quiz.models import AnswerEvent, Attempt, AttemptItem, PaperItem, Round, RoundGuest, StrayVote
from bot.quiz.rules import Via, read_prefix
from tests.chaos import exam_marks, marking, seat_marks
from tests.chaos.town import Planned, Town

REPEAT = "（补发）"
FINE = (State.SENT, State.SUPPRESSED, State.CANCELLED)  # reminders: there, or pointless before they left
Place = tuple[int, str]  # a chat, and the plain text said in it


@dataclass
class Verdict:
    """The table that the long run prints; the first part counts, the second must be all zero."""

    presses: int = 0
    votes: int = 0
    updates: int = 0
    reminders: int = 0
    repeated: int = 0  # messages that are there twice; the second is labelled
    unsure: int = 0  # posts to the group nobody knows of; the secretary was told
    lost: list[int] = field(default_factory=list)  # updates that Telegram gave and the bot did not handle
    parked: list[int] = field(default_factory=list)
    wrong_records: list[str] = field(default_factory=list)
    wrong_scores: list[str] = field(default_factory=list)
    papers: int = 0  # handed in
    seats: int = 0  # answers of private seats
    missing: list[str] = field(default_factory=list)  # messages
    unlabelled: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[object]:
        kinds = (self.lost, self.parked, self.wrong_records, self.wrong_scores, self.missing, self.unlabelled)
        return [fault for faults in kinds for fault in faults]


def judge(town: Town, database: Database, emitted: list[Update], *, is_over: bool) -> Verdict:
    """`is_over`: messages of unknown fate had the time to be sent once more."""
    verdict = Verdict(updates=len(emitted))
    database.look(_updates, emitted, verdict)
    for meeting in town.meetings:
        database.look(_records, town, meeting, verdict)
    database.look(_scores, town, emitted, verdict)
    wrong, verdict.papers = database.look(exam_marks.faults, town.world, emitted)
    verdict.wrong_scores += wrong
    database.look(_messages, town, verdict, is_over=is_over)
    return verdict


def _updates(session: Session, emitted: list[Update], verdict: Verdict) -> None:
    handled = {row.update_id: row.handled_at is not None for row in session.scalars(select(InboxRow))}
    verdict.lost = [update.id for update in emitted if not handled.get(update.id)]
    verdict.parked = list(session.scalars(select(DeadRow.update_id)))
    verdict.presses = sum(update.kind == "callback_query" for update in emitted)
    verdict.votes = sum(update.kind == "poll_answer" for update in emitted)


# -- sign-ins ------------------------------------------------------------------------------------------------------


def _records(session: Session, town: Town, meeting: Planned, verdict: Verdict) -> None:
    signed, going = set[int](), set[int]()
    for one in town.world.presses.values():
        feature, verb, *rest = one.data.split(":")
        if feature == "attendance" and int(rest[0], 36) == meeting.id:
            if verb == "in":
                signed.add(one.person_id)
            elif one.person_id not in signed:  # who has signed in answers no more
                going.add(one.person_id)
    rows = {
        row.member_id: row for row in session.scalars(select(Attendance).where(Attendance.meeting_id == meeting.id))
    }
    members = dict(session.execute(select(Account.telegram_user_id, Account.member_id)).all())
    happened = select(AttendanceEvent.attendance_id, AttendanceEvent.action)
    events = Counter(tuple(row) for row in session.execute(happened.where(AttendanceEvent.meeting_id == meeting.id)))
    for user_id in meeting.people:
        row = rows.get(members[user_id])
        record = (row is not None and row.status is Status.PRESENT, row is not None and row.answer is Answer.GOING)
        counted = tuple(events[row.id if row else None, what] for what in (Action.CHECKED_IN, Action.ANSWERED))
        if (record, counted) != ((user_id in signed, user_id in going),) * 2:
            verdict.wrong_records.append(f"meeting {meeting.id}, {user_id}: {record} {counted}")
    if not chain.is_intact(session, meeting.id):
        verdict.wrong_records.append(f"meeting {meeting.id}: the chain of events is broken")


# -- scores --------------------------------------------------------------------------------------------------------


def _scores(session: Session, town: Town, emitted: list[Update], verdict: Verdict) -> None:
    right = _marked_by_hand(session, town, emitted)
    told = session.execute(
        select(Account.telegram_user_id, Attempt.round_id, AttemptItem.position, AttemptItem.awarded_centi)
        .join(Attempt, Attempt.member_id == Account.member_id)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .where(Attempt.round_id.is_not(None))
    ).all()
    found = {(user_id, round_id or 0, position): centi for user_id, round_id, position, centi in told}
    verdict.seats = sum(place[0] in town.seated for place in found)
    verdict.wrong_scores += seat_marks.faults(town, emitted, found)
    for key in right.keys() | found.keys():
        if key[0] not in town.seated and right.get(key) != found.get(key):
            verdict.wrong_scores.append(f"{key}: {found.get(key)}, by hand {right.get(key)}")
    live = select(func.count()).where(AnswerEvent.accepted, AnswerEvent.via != Via.EXAM)
    taken = session.scalar(live) or 0
    if taken != len(found):
        verdict.wrong_scores.append(f"{taken} events for {len(found)} answers")
    for model in (StrayVote, RoundGuest):
        if session.scalar(select(func.count()).select_from(model)):
            verdict.wrong_scores.append(f"{model.__tablename__} holds votes that were not counted")
    of_rounds = select(Attempt).where(Attempt.score_centi.is_not(None), Attempt.round_id.is_not(None))
    for attempt in session.scalars(of_rounds):
        items = select(func.sum(AttemptItem.awarded_centi)).where(AttemptItem.attempt_id == attempt.id)
        if (session.scalar(items) or 0) != attempt.score_centi:
            verdict.wrong_scores.append(f"attempt {attempt.id}: {attempt.score_centi}")


def _marked_by_hand(session: Session, town: Town, emitted: list[Update]) -> dict[tuple[int, int, int], int]:
    """Points by person, round and question: of each person's first vote, if the question was asked twice."""
    banks, asked = marking.read_banks(), _asked(town)
    points: dict[tuple[int, int, int], int] = {}
    for update in emitted:
        if update.kind != "poll_answer":
            continue
        user, chosen = update.body["user"], update.body["option_ids"]
        assert isinstance(user, dict)
        assert isinstance(chosen, list)
        poll, before = asked[str(update.body["poll_id"])]
        place = read_prefix(poll.question)
        assert place is not None
        known, texts = marking.known_of(poll, before, banks), marking.picked(poll, chosen, before)
        full = _full_points(session, place[0], place[1])
        points.setdefault((user["id"], place[0], place[1]), marking.half_if_missing(known, texts, full))
    return points


def _asked(town: Town) -> dict[str, tuple[Poll, Message | None]]:
    """Every poll of the group, with the last message of the bot before it."""
    asked: dict[str, tuple[Poll, Message | None]] = {}
    before: Message | None = None
    for message in town.group.messages.values():
        if message.poll is not None:
            asked[message.poll.id] = (message.poll, before)
        elif message.sender.user_id == BOT_ID:
            before = message
    return asked


def _full_points(session: Session, round_id: int, position: int) -> int:
    of_item = select(PaperItem.score_centi).join(Round, Round.paper_id == PaperItem.paper_id)
    return session.scalars(of_item.where(Round.id == round_id, PaperItem.position == position)).one()


# -- messages ------------------------------------------------------------------------------------------------------


def _messages(session: Session, town: Town, verdict: Verdict, *, is_over: bool) -> None:
    rows, sent, said = Counter[Place](), Counter[Place](), _said(town)
    for row in session.scalars(select(OutboxRow).where(OutboxRow.body.is_not(None))):
        content = from_json(row.body or {})
        if not isinstance(content, Text | Question) or row.chat_id is None:
            continue
        text = content.question if isinstance(content, Question) else htmltext.parse(content.text)[0]
        rows[row.chat_id, text] += 1
        sent[row.chat_id, text] += row.state == State.SENT
        verdict.unsure += row.state == State.UNKNOWN and row.chat_id < 0
        if row.key.startswith("meeting:"):
            verdict.reminders += 1
            if not _is_right(row, is_there=(row.chat_id, text) in said, is_over=is_over):
                verdict.missing.append(f"{row.key} is {row.state}")
    _compare(said, rows, sent, verdict)


def _is_right(row: OutboxRow, *, is_there: bool, is_over: bool) -> bool:
    """Sent, or pointless before it left, or in doubt as it may be: a post whose sender died is never sent again by
    itself, a private message is."""
    if row.state in FINE:
        return True
    if row.state == State.UNKNOWN:
        return is_there or (row.chat_id or 0) < 0
    return not is_over and (row.state == State.SENDING or row.is_repeat)


def _said(town: Town) -> dict[Place, list[bool]]:
    """Everything the bot said: by place, whether each message there is labelled as a repetition."""
    said: dict[Place, list[bool]] = {}
    for chat in town.world.chats.values():
        for message in chat.messages.values():
            if message.sender.user_id == BOT_ID and message.service is None:
                first = message.versions[0].text if message.poll is None else message.poll.question
                said.setdefault((chat.id, first.removeprefix(REPEAT)), []).append(first.startswith(REPEAT))
    return said


def _compare(said: dict[Place, list[bool]], rows: Counter[Place], sent: Counter[Place], verdict: Verdict) -> None:
    for place, count in rows.items():
        there = said.get(place, [])
        extra = max(0, len(there) - count)
        verdict.repeated += extra
        if len(there) < sent[place]:
            verdict.missing.append(f"{place}: {len(there)} of {sent[place]}")
        if extra > sum(there):
            verdict.unlabelled.append(f"{place}: {len(there)} for {count}")
