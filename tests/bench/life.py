"""A year of a district's people: they answer, ask leave, decide, move, cancel, sign in, explain; by chance, seeded.

Everybody acts at the moments of a day together, and the bot comes to rest after all of them. What it has acknowledged
is kept here, too, for the reckoning at the end.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.attendance.models import Attendance, Correction
from bot.attendance.rules import Status
from bot.db import Database
from bot.demo.messages import Message, Press
from bot.demo.people import People
from bot.demo.stepping import Stepper
from bot.demo.world import BOT_ID
from bot.meetings.models import Meeting
from bot.meetings.rules import MeetingKind, MeetingState
from bot.members.models import Account
from bot.message import press
from bot.periods import at_beijing, beijing, local_day
from tests.bench.district import District, Home
from tests.bench.screen import Screen

GOES, ASKS_LEAVE = 0.55, 0.1  # of those who are asked; the others do nothing
AGREES, CALLS_OFF, MOVES = 0.85, 0.03, 0.05
COMES, COMES_UNASKED, COMES_ON_LEAVE, IS_LATE = 0.96, 0.85, 0.04, 0.08
VOUCHES, EXPLAINS, FORGOT = 0.9, 0.7, 0.15
EARLY, LATE = timedelta(minutes=10), timedelta(minutes=15)  # before and after the begin
NOTICE = timedelta(days=2)  # nobody moves or cancels later

Act = Callable[[], None]
Moment = tuple[datetime, int]  # acts of one instant follow each other in steps, the bot at rest between them


@dataclass
class Gathering:
    """One meeting as its people know it, and what the bot has acknowledged to them."""

    id: int
    home: Home
    kind: MeetingKind
    starts_at: datetime
    due: tuple[int, ...]
    going: set[int] = field(default_factory=set)
    leave: dict[int, bool | None] = field(default_factory=dict)  # asked; then granted or not
    signed: dict[int, Status] = field(default_factory=dict)
    late: list[int] = field(default_factory=list)
    is_off: bool = False
    is_sure: bool = False  # somebody has thought about moving it

    def expected(self) -> Counter[Status]:
        """How many must stand how at the end."""
        return Counter(
            self.signed.get(one) or (Status.ON_LEAVE if self.leave.get(one) else Status.ABSENT) for one in self.due
        )


@dataclass
class Change:
    gathering: Gathering
    version: int
    to: datetime | None  # none: it is cancelled


@dataclass
class Life:
    database: Database
    stepper: Stepper
    people: People
    screen: Screen
    district: District
    rng: Random
    users: Mapping[int, int]  # Telegram id of each member
    gatherings: dict[int, Gathering] = field(default_factory=dict)
    troubles: Counter[str] = field(default_factory=Counter)
    presses: int = 0
    texts: int = 0
    _waiting: list[tuple[Press, Callable[[Press], None]]] = field(default_factory=list)
    _changes: list[Change] = field(default_factory=list)

    async def day(self, on: date) -> None:
        plan: dict[Moment, list[Act]] = {}
        for at, steps in self._habits(on):
            for number, act in enumerate(steps):
                plan.setdefault((at, number), []).append(act)
        for moment in sorted(plan):
            await self._live(moment, plan[moment])
        self.screen.sweep(now=self.stepper.clock.now())

    async def _live(self, moment: Moment, acts: Iterable[Act]) -> None:
        if moment[0] > self.stepper.clock.now():
            await self.stepper.advance(moment[0])
        self._learn()
        before = self._done
        for act in acts:
            act()
        if self._done == before:
            return
        await self.stepper.settle()
        for pressed, then in self._waiting:
            if pressed.answer is not None and not pressed.answer.is_alert:
                then(pressed)
        self._waiting.clear()

    def _habits(self, on: date) -> Iterable[tuple[datetime, list[Act]]]:
        morning, evening = at_beijing(on, time(9, 50)), at_beijing(on, time(16, 20))
        yield morning, [self._vouch]
        yield morning, [self._explain, self._believe]
        yield morning, [self._change, self._tell, self._give_reason, self._note_changes]
        for at in (morning, evening):
            yield at, [self._answer, self._choose_leave, self._decide]
        for one in self.gatherings.values():
            if local_day(one.starts_at) == on and not one.is_off:
                yield one.starts_at - EARLY, [partial(self._come, one)]
                yield one.starts_at + LATE, [partial(self._come_late, one)]

    def _learn(self) -> None:
        """Look up the meetings whose cards have appeared."""
        new = {about for verb, about, _ in self.screen.fresh if verb == "go"} - self.gatherings.keys()
        if not new:
            return
        for id_, unit_id, kind, starts_at in self.database.look(_meetings, new):
            home = self.district.of_unit(unit_id)
            self.gatherings[id_] = Gathering(id_, home, kind, starts_at, home.due(unit_id, kind))

    # -- answers and leave --------------------------------------------------------------------------------------------

    def _answer(self) -> None:
        for _, about, message in self.screen.take("go"):
            one = self.gatherings[about]
            if one.is_off or one.starts_at <= self.stepper.clock.now():
                continue
            for person in one.due if message.chat_id < 0 else (message.chat_id,):
                if person not in one.going and person not in one.leave:
                    self._reply(one, person, message)

    def _reply(self, one: Gathering, person: int, message: Message) -> None:
        chance = self.rng.random()
        if chance < GOES:
            self._press(person, message, "参加", lambda _: one.going.add(person))
        elif chance < GOES + ASKS_LEAVE:
            link = message.button("请假").url
            if link is not None:
                self.texts += 1
                self.people.follow(person, link)
            else:
                self._press(person, message, "请假")

    def _choose_leave(self) -> None:
        for _, about, message in self.screen.take("kind"):
            one, person = self.gatherings[about], message.chat_id
            if person in {change.gathering.home.secretary for change in self._changes}:
                continue  # his next words are about the change, and would be taken for the reason of his leave
            label = self.rng.choice([button.text for button in message.buttons()])
            self._press(person, message, label, partial(_ask, one, person))

    def _decide(self) -> None:
        """Each request by one of those who read it."""
        readers: dict[int, list[Message]] = {}
        for _, about, message in self.screen.take("yes"):
            readers.setdefault(about, []).append(message)
        of = self.database.look(_whose, readers.keys())
        for about, messages in readers.items():
            meeting_id, member_id = of[about]
            message, is_granted = self.rng.choice(messages), self.rng.random() < AGREES
            grant = partial(_grant, self.gatherings[meeting_id], self.users[member_id], is_granted)
            self._press(message.chat_id, message, "同意" if is_granted else "不同意", grant)

    # -- moves and cancellations --------------------------------------------------------------------------------------

    def _change(self) -> None:
        """Most stay as they are. A secretary changes one at a time."""
        found: dict[int, tuple[Gathering, datetime | None]] = {}
        for one in self.gatherings.values():
            if one.is_sure or one.is_off or one.starts_at < self.stepper.clock.now() + NOTICE:
                continue
            if one.home.secretary in found or self._last(one.home.secretary) is None:
                continue
            one.is_sure, chance = True, self.rng.random()
            if chance < CALLS_OFF + MOVES:
                found[one.home.secretary] = one, None if chance < CALLS_OFF else self._later(one)
        versions = self.database.look(_versions, [one.id for one, _ in found.values()])
        self._changes = [Change(one, versions[one.id], to) for one, to in found.values()]
        for change in self._changes:
            secretary, verb = change.gathering.home.secretary, "cancel" if change.to is None else "move"
            data = press("meetings", verb, change.gathering.id, change.version)
            self.presses += 1
            newest = self._last(secretary)
            assert newest is not None
            self.people.press(secretary, newest, data=data)

    def _last(self, person: int) -> Message | None:
        """What the bot said to somebody last."""
        messages = self.people.world.chats[person].messages.values()
        return next((message for message in reversed(messages) if message.sender.user_id == BOT_ID), None)

    def _later(self, one: Gathering) -> datetime:
        to = one.starts_at + timedelta(days=self.rng.randint(1, 3))
        while local_day(to).weekday() > 4:
            to += timedelta(days=1)
        return to

    def _tell(self) -> None:
        for change in self._changes:
            at = beijing(change.to) if change.to is not None else None
            self._say(change.gathering.home.secretary, f"{at:%Y-%m-%d %H:%M}" if at else "与上级会议冲突")

    def _give_reason(self) -> None:
        for change in self._changes:
            if change.to is not None:
                self._say(change.gathering.home.secretary, "与上级会议冲突")

    def _note_changes(self) -> None:
        rows = self.database.look(_standing, [change.gathering.id for change in self._changes])
        for change in self._changes:
            state, starts_at = rows[change.gathering.id]
            one, one.is_off = change.gathering, state is MeetingState.CANCELLED
            if starts_at != one.starts_at:
                one.going.clear()
            one.starts_at = starts_at
            if one.is_off != (change.to is None) or (change.to is not None and starts_at != change.to):
                said = self._last(one.home.secretary)
                self.troubles[f"a change had no effect, the bot said: {said.text if said else None}"] += 1
        self._changes = []

    # -- the meeting and afterwards -----------------------------------------------------------------------------------

    def _come(self, one: Gathering) -> None:
        if one.is_off:
            return
        for person in one.due:
            chance = COMES if person in one.going else COMES_ON_LEAVE if one.leave.get(person) else COMES_UNASKED
            if self.rng.random() < chance:
                if self.rng.random() < IS_LATE:
                    one.late.append(person)
                else:
                    self._sign_in(one, person)

    def _come_late(self, one: Gathering) -> None:
        for person in one.late:
            self._sign_in(one, person)

    def _sign_in(self, one: Gathering, person: int) -> None:
        message = self.screen.find("in", one.id, one.home.chat_id, person)
        if message is None:
            self.troubles[f"no button to sign in: {one.kind.name}"] += 1
            return
        self._press(person, message, "签到", partial(_sign, one, person))

    def _vouch(self) -> None:
        found = {about: message for _, about, message in self.screen.take("true")}
        for message in found.values():
            if self.rng.random() < VOUCHES:
                self._press(message.chat_id, message, "名单属实")

    def _explain(self) -> None:
        self.screen.take("forgot")
        for _, about, message in self.screen.take("because"):
            if message.chat_id not in self.gatherings[about].due:
                continue
            chance, labels = self.rng.random(), [button.text for button in message.buttons()]
            if chance < FORGOT and "忘记签到" in labels:
                self._press(message.chat_id, message, "忘记签到")
            elif chance < FORGOT + EXPLAINS:
                self._press(message.chat_id, message, self.rng.choice(labels[:3]))

    def _believe(self) -> None:
        """Whoever forgot to sign in was seen by the secretary."""
        found = {about: message for _, about, message in self.screen.take("agree")}
        of = self.database.look(_corrected, found.keys())
        for about, message in found.items():
            meeting_id, member_id = of[about]
            believe = partial(_believed, self.gatherings[meeting_id], self.users[member_id])
            self._press(message.chat_id, message, "同意", believe)

    def _say(self, person: int, text: str) -> None:
        self.texts += 1
        self.people.say(person, text)

    @property
    def _done(self) -> int:
        return self.presses + self.texts

    def _press(self, person: int, message: Message, label: str, then: Callable[[Press], object] | None = None) -> None:
        self.presses += 1
        pressed = self.people.press(person, message, label=label)
        if then is not None:
            self._waiting.append((pressed, lambda given: (then(given), None)[1]))


# -- what was acknowledged ---


def _ask(one: Gathering, person: int, _: Press) -> None:
    one.leave[person] = None


def _grant(one: Gathering, person: int, is_granted: bool, _: Press) -> None:  # bound beforehand
    one.leave[person] = is_granted


def _sign(one: Gathering, person: int, given: Press) -> None:
    one.signed[person] = Status.LATE if "迟到" in (given.toast or "") else Status.PRESENT


def _believed(one: Gathering, person: int, _: Press) -> None:
    one.signed[person] = Status.PRESENT


# -- looking up ---


def _meetings(session: Session, ids: Collection[int]) -> list[tuple[int, int, MeetingKind, datetime]]:
    query = select(Meeting.id, Meeting.unit_id, Meeting.kind, Meeting.starts_at).where(Meeting.id.in_(ids))
    return [(row.id, row.unit_id, row.kind, row.starts_at) for row in session.execute(query)]


def _versions(session: Session, ids: Collection[int]) -> dict[int, int]:
    return {
        row.id: row.version for row in session.execute(select(Meeting.id, Meeting.version).where(Meeting.id.in_(ids)))
    }


def _standing(session: Session, ids: Collection[int]) -> dict[int, tuple[MeetingState, datetime]]:
    query = select(Meeting.id, Meeting.state, Meeting.starts_at).where(Meeting.id.in_(ids))
    return {row.id: (row.state, row.starts_at) for row in session.execute(query)}


def _whose(session: Session, ids: Collection[int]) -> dict[int, tuple[int, int]]:
    query = select(Attendance.id, Attendance.meeting_id, Attendance.member_id).where(Attendance.id.in_(ids))
    return {row.id: (row.meeting_id, row.member_id) for row in session.execute(query)}


def _corrected(session: Session, ids: Collection[int]) -> dict[int, tuple[int, int]]:
    query = select(Correction.id, Attendance.meeting_id, Attendance.member_id)
    query = query.join(Attendance, Attendance.id == Correction.attendance_id).where(Correction.id.in_(ids))
    return {row.id: (row.meeting_id, row.member_id) for row in session.execute(query)}


def accounts(session: Session) -> dict[int, int]:
    return {
        row.member_id: row.telegram_user_id
        for row in session.execute(select(Account.member_id, Account.telegram_user_id))
    }
