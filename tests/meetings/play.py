"""A branch and its meetings for tests: plans, clock and post office, all through the services."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import claims
from bot.attendance import closing, leave, opening, service
from bot.attendance.jobs import HOOKS as ATTENDANCE_HOOKS
from bot.attendance.models import Attendance
from bot.attendance.rules import Answer, ReasonKind
from bot.errors import UserError
from bot.inbox import Outage
from bot.meetings import changing, firing, planning, publishing
from bot.meetings import service as meetings
from bot.meetings.facts import Changed, MeetingFacts, Plan
from bot.meetings.jobs import hooks
from bot.meetings.models import Rung
from bot.meetings.rules import Roll
from bot.message import Content, Edit, Message, Pin, strip_tags
from bot.outbox import OutboxRow, Sent, State
from bot.periods import BEIJING, beijing
from tests.databases import Again
from tests.make import GROUP_CHAT, USERS, Cast, Make, Someone

R = TypeVar("R")


def at(text: str) -> datetime:
    """A moment of Beijing wall time, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING).astimezone(UTC)


@dataclass(frozen=True)
class Letter:
    """One message as it left."""

    to: int
    text: str
    buttons: tuple[str, ...]
    is_edit: bool
    is_silent: bool
    key: str
    sent_at: datetime

    @property
    def line(self) -> str:
        return self.text.replace("\n", "／")


@dataclass
class Play:
    """Everything happens at `now`, which only goes forward when told."""

    make: Make
    cast: Cast = field(init=False)
    now: datetime = field(default=at("2026-03-02 09:00"))
    letters: list[Letter] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cast = self.make.cast()
        self.make.chat(self.cast.branch)
        self._messages = 100
        self._updates = 0
        self._pins: dict[int, bool] = {}
        self.runs_before = self.database.runs

    @property
    def database(self) -> Again:
        assert isinstance(self.make.database, Again)
        return self.make.database

    def run(self, fn: Callable[..., R], *args: object, **kwargs: object) -> R:
        return self.database.run(fn, *args, now=self.now, **kwargs)

    def act(self, who: Someone, fn: Callable[..., R], *args: object, chat_id: int | None = None, **kwargs: object) -> R:
        """A use case as this person, at this moment."""
        self._updates += 1
        sender = replace(who.sender(self.now, chat_id=chat_id), update_id=self._updates)
        return self.database.run(fn, sender, *args, now=self.now, **kwargs)

    # -- plans and changes --------------------------------------------------------------------------------------------

    def plan(self, words: str, by: Someone | None = None) -> Plan:
        return self.act(by or self.cast.li, planning.begin, words)

    def confirm(self, plan: Plan, by: Someone | None = None) -> MeetingFacts:
        return self.act(by or self.cast.li, publishing.confirm, plan.draft_id).meeting

    def meeting(self, words: str, by: Someone | None = None) -> MeetingFacts:
        return self.confirm(self.plan(words, by), by)

    def move(self, meeting: MeetingFacts, to: str, reason: str = "党委会议冲突", by: Someone | None = None) -> Changed:
        found = self.facts(meeting)
        return self.act(
            by or self.cast.li,
            changing.move,
            found.id,
            found.version,
            at(to),
            reason,
            roll=service.roll,
            reset=opening.reset,
        )

    def cancel(self, meeting: MeetingFacts, reason: str = "讲师生病", by: Someone | None = None) -> Changed:
        found = self.facts(meeting)
        return self.act(by or self.cast.li, changing.cancel, found.id, found.version, reason, roll=service.roll)

    def undo(self, meeting: MeetingFacts) -> Changed:
        found = self.facts(meeting)
        return self.act(self.cast.li, changing.undo_cancel, found.id, found.version, roll=service.roll)

    def facts(self, meeting: MeetingFacts) -> MeetingFacts:
        found = self.database.look(meetings.facts, meeting.id)
        assert found is not None
        return found

    # -- time ---------------------------------------------------------------------------------------------------------

    def until(self, text: str, *, step: bool = True) -> None:
        """Let time pass: everything due on the way happens at its moment, or only at the end after an outage."""
        end = at(text)
        while step and (due := self._next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.work()
        self.now = end
        self.work()

    def work(self) -> None:
        self.run_only_jobs()
        self.deliver()

    def run_only_jobs(self) -> None:
        """What is due goes into the outbox and stays there."""
        while self.run(firing.fire_due, roll=service.roll) or self.run(closing.advance):
            pass

    def _next_due(self) -> datetime | None:
        def look(session: Session) -> datetime | None:
            moments = (
                firing.next_due(session, self.now),
                closing.next_due(session, self.now),
                claims.next_due(session, after=self.now),
            )
            return min((moment for moment in moments if moment is not None), default=None)

        return self.database.look(look)

    # -- the post office ----------------------------------------------------------------------------------------------

    def deliver(self) -> None:
        """Send what may go now, in the order of delivery."""
        while waiting := self.database.look(claims.look, now=self.now, most=50).waiting:
            for row in waiting:
                self.send(row.id)

    def send(self, row_id: int) -> None:
        every = {**hooks(service.roll), **ATTENDANCE_HOOKS}
        row = self.run(claims.claim, row_id, every)
        if row is None:
            return
        self._messages += 1
        shown = row.content.message_id if isinstance(row.content, Edit) else self._messages
        self.letters.append(_letter(row.chat_id, row.content, row.key, self.now))
        if isinstance(row.content, Pin):
            self._pins[int(row.key.split(":")[1])] = row.content.is_pinned
        self.database.run(claims.mark_sent, row, Sent(row.chat_id, shown, None, self.now), every)

    def send_key(self, key: str) -> None:
        """Send one message before all others."""
        self.send(self._row_of(key))

    def _row_of(self, key: str) -> int:
        query = select(OutboxRow.id).where(OutboxRow.key == key)
        return int(self.database.look(lambda session: session.execute(query).scalar_one()))

    def refuse(self, key: str) -> None:
        """Telegram knows no message to edit."""
        every = {**hooks(service.roll), **ATTENDANCE_HOOKS}
        row = self.run(claims.claim, self._row_of(key), every)
        assert row is not None
        self.run(claims.mark_failed, row, State.DEAD, "target gone", every)

    def take(self) -> list[Letter]:
        """What has left since the last look, edits and pins apart."""
        letters, self.letters = self.letters, []
        return [letter for letter in letters if not letter.is_edit]

    def sent(self) -> list[str]:
        """The same as lines `14:45 to：text`."""
        names = {user_id: name for name, user_id in USERS.items()}
        lines = []
        for letter in self.take():
            buttons = "".join(f"〔{label}〕" for label in letter.buttons)
            to = "群" if letter.to < 0 else names.get(letter.to, str(letter.to))
            lines.append(f"{beijing(letter.sent_at):%m-%d %H:%M} {to}：{letter.line}{buttons}")
        return lines

    # -- looking ------------------------------------------------------------------------------------------------------

    def rungs(self, meeting: MeetingFacts) -> dict[str, str]:
        """`R1` → `02-27 09:00 FIRED`, of the present version; rounds after the first as `R8/2`."""

        def read(session: Session) -> dict[str, str]:
            version = self.facts(meeting).version
            found = session.scalars(select(Rung).where(Rung.meeting_id == meeting.id, Rung.version == version))
            return {
                rung.rung.name + (f"/{rung.round}" if rung.round > 1 else ""): (
                    f"{beijing(rung.due_at):%m-%d %H:%M} {rung.state.name}"
                )
                for rung in found
            }

        return self.database.look(read)

    def standing(self, meeting: MeetingFacts, who: Someone) -> Attendance:
        def read(session: Session) -> Attendance:
            return session.scalars(
                select(Attendance).where(Attendance.meeting_id == meeting.id, Attendance.member_id == who.id)
            ).one()

        return self.database.look(read)

    def rows(self, prefix: str) -> dict[str, str]:
        """Keys of the outbox and their states."""

        def read(session: Session) -> dict[str, str]:
            found = session.execute(select(OutboxRow.key, OutboxRow.state).where(OutboxRow.key.startswith(prefix)))
            return dict(found.all())

        return self.database.look(read)

    def pending(self, prefix: str) -> list[str]:
        return sorted(key for key, state in self.rows(prefix).items() if state == State.PENDING)

    def edits(self, prefix: str) -> list[Letter]:
        """Every edit of the messages under a key, as they left."""
        return [letter for letter in self.letters if letter.is_edit and letter.key.startswith(prefix)]

    # -- attendance ---------------------------------------------------------------------------------------------------

    def go(self, meeting: MeetingFacts, *people: Someone) -> None:
        for one in people:
            self.act(one, service.answer, meeting.id, self.facts(meeting).version, Answer.GOING)

    def leave(self, meeting: MeetingFacts, one: Someone, *, by: Someone | None = None) -> int:
        """Ask for leave, and have it approved if somebody is named for that; the id of the record."""
        self.act(one, leave.ask_leave, meeting.id, self.facts(meeting).version, ReasonKind.PERSONAL)
        record = self.standing(meeting, one).id
        if by is not None:
            self.act(by, leave.decide_leave, record, is_approved=True)
        return record

    def decide(self, record: int, *, by: Someone, is_approved: bool = True) -> None:
        self.act(by, leave.decide_leave, record, is_approved=is_approved)

    def check_in(self, meeting: MeetingFacts, *people: Someone) -> None:
        for one in people:
            self.act(one, service.check_in, meeting.id)

    def late_check_in(self, meeting: MeetingFacts, one: Someone) -> None:
        """A tap that waited through an outage of ours."""
        sender = replace(one.sender(self.now), is_late=True)
        self.database.run(service.check_in, sender, meeting.id, now=self.now)

    def go_in_group(self, meeting: MeetingFacts, one: Someone, *, message_id: int) -> None:
        sender = replace(one.sender(self.now, chat_id=GROUP_CHAT), message_id=message_id)
        self.database.run(service.answer, sender, meeting.id, 1, Answer.GOING, now=self.now)

    def tries_to_sign(self, meeting: MeetingFacts, one: Someone) -> str:
        """The new status, or the refusal."""
        try:
            return self.act(one, service.check_in, meeting.id).status.name
        except UserError as refused:
            return str(refused)

    def member_of(self, record: int) -> int:
        query = select(Attendance.member_id).where(Attendance.id == record)
        return int(self.database.look(lambda session: session.execute(query).scalar_one()))

    def outage(self, begin: str, end: str) -> None:
        """The bot was away from `begin` to `end`."""
        row = Outage(from_at=at(begin), to_at=at(end))
        self.database.run(lambda session: session.add(row))

    def pinned(self) -> list[int]:
        """Meetings whose cards are pinned, as the pins that left say."""
        return sorted(meeting_id for meeting_id, is_pinned in self._pins.items() if is_pinned)

    def roll(self, meeting: MeetingFacts) -> Roll:
        return self.database.look(service.roll, meeting.id, now=self.now)


def _letter(to: int, content: Content, key: str, now: datetime) -> Letter:
    message = content.message if isinstance(content, Edit) else content
    if not isinstance(message, Message):
        return Letter(to, type(content).__name__, (), True, True, key, now)
    labels = tuple(button.label for row in message.buttons for button in row)
    text = strip_tags(message.text)
    return Letter(to, text, labels, isinstance(content, Edit), message.is_silent, key, now)


def texts(letters: list[Letter], to: int | None = None) -> list[str]:
    return [letter.line for letter in letters if to is None or letter.to == to]
