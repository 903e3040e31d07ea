"""Who may enter where: every door of the house against every kind of sender, judged by the matrix of rights alone."""

import io
import re
import sqlite3
import zipfile
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.orm import Session

from bot import gate
from bot.attendance import handlers as attendance_handlers
from bot.attendance import leave, proposals, trail
from bot.attendance import service as attendance
from bot.banks.service import NoSuchBank
from bot.context import merge
from bot.demo import shapes
from bot.demo.journal import EventKind
from bot.demo.messages import Answer, File, Message, Press
from bot.demo.people import Voice
from bot.demo.stage import Stage
from bot.demo.world import BOT_ID, World
from bot.doors import ROUTES
from bot.errors import UserError
from bot.meetings import drafts as plans
from bot.meetings import series
from bot.meetings import service as meetings
from bot.members import joining, prompts, roster
from bot.members import rules as rights
from bot.members import service as members
from bot.message import Sender, StaleButton, base36
from bot.practice.handlers import OnlyInPrivate
from bot.quiz import drafts as papers
from bot.quiz import exam_handlers, outcomes, starting
from bot.quiz import handlers as quiz_handlers
from bot.quiz import service as quiz
from tests import databases, stages
from tests.story import scene as scenes
from tests.story.doors import doors
from tests.story.entrance import Door
from tests.story.scene import Knocker, Scene

# What somebody reads who is not let in. Who is must never read one of them.
REFUSALS: tuple[type[UserError], ...] = (
    *(rights.NotBound, rights.NotAllowed, rights.NotAllowedHere, rights.OnlyAdmins, members.NoSuchUnit),
    *(joining.AccountTaken, joining.LinkDead, rights.NotOnRoster, roster.PreviewGone, StaleButton),
    *(meetings.NoSuchMeeting, attendance.NotDue, plans.DraftGone, series.NoSuchSeries, gate.NotUnderstood),
    *(leave.NothingToDecide, leave.LeaveWithdrawn, proposals.ProposalGone, trail.NoTrail),
    *(quiz.OnlyOfficers, quiz.NotOnRoster, papers.NoDraft, NoSuchBank),
    *(attendance_handlers.OnlyInPrivate, quiz_handlers.OnlyInPrivate, exam_handlers.OnlyInPrivate),
    starting.NotCandidate,
    outcomes.NoSuchExam,
    OnlyInPrivate,
)
REFUSED = re.compile("|".join(re.sub(r"\\{\w+\\}", ".{0,40}", re.escape(refusal.text)) for refusal in REFUSALS))
OF_RECEIVING = {"inbox", "inbox_dead", "leases", "outages", "tries"}
OF_BANKS = ("questions", "question_versions", "revision_items")  # many rows, which follow those of bank_revisions
TABLES = ("commands", "presses", "words", "urgent", "links", "replies", "answers", "documents")
PRESSED = ("presses", "confirmed")  # the second: commands said as the group
ECHO = "不存在，您无权新建。"  # of what somebody has written himself
# What somebody may begin for his own branch, or do for himself.
BEGINNINGS = {
    "meetings:repeat",
    "quiz:new",
    "quiz:examnew",
    "quiz:standard",
    "members:mystart",
    "members:myend",
    "members:askerase",
}
BEGINNINGS |= {"practice:daily", "practice:set"}
FORGERS = (1004, 1004, scenes.STRANGER)  # 赵六 with two tries
A_WORD = 0.3
TOGETHER = 25  # doors

Row = tuple[object, ...]
Heard = defaultdict[tuple[Door, str], list[str]]


class Record:
    """The database of a scene: what stands in it, and the way back to how it was."""

    def __init__(self, url: str) -> None:
        self._file = sqlite3.connect(url.removeprefix("sqlite:///"))
        self._image = sqlite3.connect(":memory:")
        self._file.backup(self._image)
        names = self._file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        self._queries = {name: f'SELECT * FROM "{name}"' for (name,) in names if name not in OF_RECEIVING}
        self._queries |= {name: f"SELECT count(*) FROM {name}" for name in OF_BANKS}
        self._queries["accounts"] = "SELECT telegram_user_id, member_id, quiet_from, quiet_to FROM accounts"
        self._before = self._rows()

    def close(self) -> None:
        self._file.close()
        self._image.close()

    def back(self) -> None:
        self._image.backup(self._file)

    def changes(self, besides: Collection[int]) -> list[str]:
        """What is not as it was, but messages to `besides` and whether people can be reached."""
        now = self._rows()
        differing = [name for name, rows in now.items() if rows != self._before[name]]
        changed = {row for name in differing for row in _marked(name, now[name]) ^ _marked(name, self._before[name])}
        of_them = {"outbox": 4, "prompts": 2}
        return [repr(row) for row in changed if row[0] not in of_them or row[of_them[str(row[0])]] not in besides]

    def _rows(self) -> dict[str, list[Row]]:
        return {name: self._file.execute(query).fetchall() for name, query in self._queries.items()}


def _marked(name: str, rows: list[Row]) -> set[Row]:
    return {(name, *row) for row in rows}


class Visit:
    """People at the doors of one scene."""

    def __init__(self, scene: Scene, record: Record) -> None:
        self.scene, self.stage, self.record = scene, scene.stage, record
        self.faults: list[str] = []

    async def at(self, every: Sequence[Door]) -> None:
        """First those come whom the matrix keeps out, to many doors together; then who may enter, to one at a time."""
        pressed = [door for door in every if door.table == "presses" and not door.is_in_group]
        for first in range(0, len(pressed), TOGETHER):
            await self._keep_out(pressed[first : first + TOGETHER])
        for door in every:
            if door not in pressed:
                await self._keep_out([door])
        for door in every:
            await self._let_in(door)

    async def _keep_out(self, some: Sequence[Door]) -> None:
        people = {door: [one for one in self.scene.knockers if not door.who(one)] for door in some}
        heard, elsewhere = await self._knock(people)
        self.faults += [
            f"{door}: {one.name} should be refused and reads {heard[door, one.name]}"
            for door in some
            for one in people[door]
            if not all(map(_is_refusal, told := heard[door, one.name])) or not (told or door.is_in_group)
        ]
        where = f"{some[0]} to {some[-1]}"
        self.faults += [f"{where}: refused, yet somebody reads {text}" for text in elsewhere]
        if changes := self.record.changes({one.user_id for group in people.values() for one in group}):
            self.faults.append(f"{where}: refused, yet this is changed: {changes}")
        if changes or some[0].prompt:
            self.record.back()

    async def _let_in(self, door: Door) -> None:
        allowed = [one for one in self.scene.knockers if door.who(one)]
        for people in [[one] for one in allowed] if door.is_alone else [allowed]:
            heard, _ = await self._knock({door: people})
            self.faults += [
                f"{door}: {one.name} should be let in and reads {heard[door, one.name]}"
                for one in people
                if any(map(_is_refusal, told := heard[door, one.name])) or not (told or door.table in PRESSED)
            ]
            self.record.back()

    async def _knock(self, people: Mapping[Door, Sequence[Knocker]]) -> tuple[Heard, list[str]]:
        """What each of them was answered, and what was said to others. In a group they come one by one."""
        pairs = [(door, one) for door, group in people.items() for one in group]
        heard, elsewhere = defaultdict[tuple[Door, str], list[str]](list), list[str]()
        is_group_talk = any(door.is_in_group and door.table not in PRESSED for door, _ in pairs)
        for turn in [[pair] for pair in pairs] if is_group_talk else [pairs]:
            await self._turn(turn, heard, elsewhere)
        return heard, elsewhere

    async def _turn(self, pairs: Sequence[tuple[Door, Knocker]], heard: Heard, elsewhere: list[str]) -> None:
        world, seq = self.stage.world, self.stage.world.journal.seq
        begun = [(door, one, self._begin(door, one)) for door, one in pairs]
        await self.stage.settle()
        for door, one, press in begun:
            if isinstance(press, Press) and press.answer is not None and _words(press.answer):
                heard[door, one.name].append(_words(press.answer))
        is_text = len({door for door, _ in pairs}) == 1
        there = {one.user_id if not door.is_in_group else self.scene.group_id: one.name for door, one in pairs}
        for chat_id, text in _said(world, seq):
            if is_text and chat_id in there and (chat_id > 0 or len(pairs) == 1):
                heard[pairs[0][0], there[chat_id]].append(text)
            else:
                elsewhere.append(f"{chat_id} {text}")

    def _begin(self, door: Door, one: Knocker) -> Message | Press:
        chat_id = self.scene.group_id if door.is_in_group else one.user_id
        people = self.stage.people
        if door.prompt and (not door.is_personal or door.who(one)):
            self.stage.database.run(_ask, one, door, now=self.stage.clock.now())
        if door.table in PRESSED:
            return people.press(one.user_id, self.scene.cards[chat_id], data=door.knock)
        if door.data:
            return people.upload(one.user_id, door.knock, door.data)
        return people.say(one.user_id, door.knock, chat_id=chat_id)


def _words(answer: Answer) -> str:
    return answer.text or answer.url


def _said(world: World, since: int) -> Iterator[tuple[int, str]]:
    """What the bot has said and edited since then, by chat."""
    for event in world.journal.after(since):
        if event.kind in (EventKind.MESSAGE, EventKind.EDITED) and event.chat_id is not None:
            message = world.chats[event.chat_id].messages[event.message_id or 0]
            if message.sender.user_id == BOT_ID:
                yield event.chat_id, message.text or (message.file.name if message.file else "")


def _ask(session: Session, one: Knocker, door: Door, *, now: datetime) -> None:
    prompts.await_text(session, Sender(one.user_id, one.user_id, now), door.name, door.prompt, now=now)


def _is_refusal(text: str) -> bool:
    is_seat = "?start=qr_" in text  # a seat in private is given by leading there
    return REFUSED.fullmatch(text) is not None or (text.startswith("http") and not is_seat)


@pytest.fixture
async def visit(telegram_server: tuple[dict[str, World], str], seeded_file: Path) -> AsyncIterator[Visit]:
    with databases.sqlite(seeded_file, seeded_file.parent) as url:
        async with stages.opened(*telegram_server, url, root=(scenes.ROOT,)) as stage:
            scene = await scenes.built(stage)
            stage.world.has_checks = False  # one press looks like another
            with closing(Record(url)) as record:
                yield Visit(scene, record)


@pytest.mark.parametrize("half", [0, 1])  # so that two processes can share the way
async def test_every_door_opens_to_whom_the_matrix_names_and_to_nobody_else(visit: Visit, half: int) -> None:
    every = doors(visit.scene)
    assert _unlisted(every) == set()
    await visit.at(every[half::2])
    assert visit.faults == []
    assert [*_leaks(visit.scene)] == []


async def test_no_forged_press_of_another_branch_has_an_effect(visit: Visit) -> None:
    """Every verb with numbers and words that are there, but not those of the presser's own branch."""
    scene, rng = visit.scene, Random(6)
    numbers = [number for number in range(60) if number not in scene.of_others]
    words = (
        "p",
        "CHAIR",
        "DUE",
        "ADMIN",
        "GROUP_LEADER",
        "SICK",
        "TALK",
        "summary",
        *scene.words.values(),
        "é",
        "",
        "-1",
    )
    presses = []
    for name in sorted(merge(ROUTES).presses.keys() - BEGINNINGS):
        for user_id in FORGERS:
            args = [rng.choice(words) if rng.random() < A_WORD else base36(rng.choice(numbers)) for _ in range(3)]
            on = scene.cards[rng.choice((user_id, scene.group_id))]
            presses.append(scene.stage.people.press(user_id, on, data=":".join([name, *args])))
    await scene.stage.settle()
    assert [press.data for press in presses if press.answer is None] == []
    assert visit.record.changes(set(FORGERS)) == []


async def test_who_is_no_person_is_heard_at_no_door(stage: Stage) -> None:
    """Channels, what is forwarded or changed afterwards, other bots: no command of theirs is one."""
    li, group = stage.actor("李四"), stage.group(stages.BRANCH_GROUP)
    other = stage.world.add_bot(7000000002, "别的机器人", "other_bot")
    before = stage.session(stages.contents)
    seq = stage.world.journal.seq
    for number, name in enumerate(merge(ROUTES).commands):
        command = stage.people.say(li.id, f"/{name}", chat_id=group.id, voice=Voice.CHANNEL)
        stage.people.say(li.id, f"/{name}", chat_id=group.id, voice=Voice.LINKED)
        for chat_id in (group.id, None):
            stage.people.forward(li.id, command, chat_id=chat_id)
        stage.people.edit(li.id, stage.people.say(li.id, "好", chat_id=group.id), f"/{name}")
        of_bot = {**stage.world.shape(command), "message_id": 100_000 + number, "from": shapes.user(other)}
        stage.world.emit("message", {key: value for key, value in of_bot.items() if key != "sender_chat"})
    await stage.settle()
    assert list(_said(stage.world, seq)) == []
    assert stage.session(stages.contents) == before


async def test_every_command_said_as_the_group_asks_who_it_was(stage: Stage) -> None:
    li, group = stage.actor("李四"), stage.group(stages.BRANCH_GROUP)
    await stage.promote(group, li.id)
    before = stage.session(stages.contents)
    for name in merge(ROUTES).commands:
        asked = (await li.say(f"/{name}", group, as_group=True)).message
        assert asked.text == "您正以群身份发言，系统认不出是谁。"
    assert stage.session(stages.contents) == before


def _leaks(scene: Scene) -> Iterator[str]:
    """Names of another branch in anything that somebody has read in private: texts, buttons, answers, files."""
    world = scene.stage.world
    for name, foreign in scene.foreign.items():
        user_id = scene.stage.actor(name).id
        read = [_words(press.answer) for press in world.presses.values() if press.person_id == user_id and press.answer]
        for message in world.chats[user_id].messages.values():
            if message.sender.user_id == BOT_ID:
                read += [version.text for version in message.versions]
                read += [button.text for at in range(len(message.versions)) for button in message.buttons(at)]
                read += [_inside(message.file)] if message.file else []
        for text in read:
            yield from (f"{name} reads {word}: {text[:200]}" for word in foreign if word in text and ECHO not in text)


def _inside(file: File) -> str:
    """A workbook as its XML, any other file as its text."""
    if not file.name.endswith(".xlsx"):
        return file.name + file.data.decode()
    with zipfile.ZipFile(io.BytesIO(file.data)) as book:
        return file.name + "".join(book.read(part).decode() for part in book.namelist())


def _unlisted(every: Sequence[Door]) -> set[tuple[str, str]]:
    """Doors of the house that the table forgot, and doors of the table that the house does not have."""
    house = merge(ROUTES)
    there = {(table, name) for table in TABLES for name in getattr(house, table)}
    return there ^ {(door.table, door.name) for door in every if door.table in TABLES}
