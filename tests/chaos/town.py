"""Two branches whose meetings are about to open, and the Telegram they live in: the same people in both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bot import migrations
from bot.banks.rules import QuestionType
from bot.clock import SystemClock
from bot.db import Database
from bot.demo.chats import ADMIN_RIGHTS, Chat, Membership, Rank
from bot.demo.messages import Message
from bot.demo.people import People
from bot.demo.world import BOT_ID, World
from bot.meetings import publishing
from bot.meetings.facts import Step
from bot.meetings.models import Draft
from bot.meetings.rules import DraftOf, MeetingKind
from bot.members.models import Account, Member
from bot.members.models import Membership as Home
from bot.members.rules import Reach, Role, UnitRef
from bot.quiz.blueprint import BlueprintRow
from bot.quiz.exam_facts import Terms
from bot.quiz.rules import Draw
from tests.make import NOW, SINCE, USERS, Make, Someone
from tests.quiz.hall import publish_exam

TOKEN = "7000000001:CHAOS-not-a-real-token"
OPENS_BEFORE = timedelta(minutes=15)  # of the sign-in window, content/meetings.yaml
HOST, FAR_SECRETARY = USERS["李四"], USERS["赵六"]
EXAM = (
    BlueprintRow(4, QuestionType.SINGLE, score_centi=500),
    BlueprintRow(3, QuestionType.MULTIPLE, score_centi=400),
    BlueprintRow(3, QuestionType.TRUE_FALSE, score_centi=200),
)
NEAR_FROM, FAR_FROM = 100_001, 200_001  # Telegram ids of the two crowds


@dataclass(frozen=True, slots=True)
class Planned:
    """A meeting, with those who will sign in to it; `chat` none: each of them has a card in private."""

    id: int
    title: str
    people: range
    opens_at: datetime
    chat: Chat | None


class Town:
    """The near branch has a group and plays the live round; the far one hears everything in private."""

    def __init__(self, database_url: str, *, near: int, far: int) -> None:
        self.url = database_url
        self.clock = SystemClock()
        self.world = World(self.clock, TOKEN, has_checks=False)
        self.people = People(self.world)
        self.near, self.far = range(NEAR_FROM, NEAR_FROM + near), range(FAR_FROM, FAR_FROM + far)
        self.seated: list[int] = []  # those of the near branch who play the rounds in private
        self.meetings: list[Planned] = []
        for user_id in (HOST, FAR_SECRETARY, *self.near, *self.far):
            self.world.add_person(user_id, f"党员{user_id}", has_started=True)
        self.group = self.world.add_group(
            "一支部群", owner=HOST, members=self.near, bot=Membership(Rank.ADMINISTRATOR, ADMIN_RIGHTS)
        )

    def settle(self, database: Database) -> None:
        """Fill an empty database with the town's units and people."""
        migrations.upgrade(database)
        make = Make(database)
        company = make.company(district=make.district())
        self.branch, self.remote = make.branch("一支部", company), make.branch("二支部", company)
        self._host = make.member("李四", self.branch, roles=[Role.SECRETARY])
        self._far_secretary = make.member("赵六", self.remote, roles=[Role.SECRETARY])
        make.chat(self.branch, self.group.id)
        database.run(_move_in, self.near, self.branch)
        if self.far:
            database.run(_move_in, self.far, self.remote)

    def plan(self, database: Database, title: str, kind: MeetingKind, *, opens_in: float, is_far: bool = False) -> None:
        """A meeting to which people can sign in so many seconds from now; its notice goes out at once."""
        now = self.clock.now()
        opens_at = now + timedelta(seconds=opens_in)
        unit, by = (self.remote, self._far_secretary) if is_far else (self.branch, self._host)
        meeting_id = database.run(_publish, by, unit, kind, title, opens_at + OPENS_BEFORE, now=now)
        people = self.far if is_far else self.near
        self.meetings.append(Planned(meeting_id, title, people, opens_at, None if is_far else self.group))

    def publish_exam(self, database: Database, rows: Sequence[BlueprintRow] = EXAM) -> None:
        """The far branch is asked questions of the shipped banks, from now on and for an hour each."""
        now = self.clock.now()
        terms = Terms(now, now + timedelta(hours=6), timedelta(hours=1), 1)
        by = self._far_secretary.sender(now)
        database.run(publish_exam, by, rows, Draw.SAME, terms, {}, now=now)

    def card(self, chat_id: int, data: str) -> Message | None:
        """The newest message of the bot in that chat that has a button whose data begins so."""
        for message in reversed(self.world.chats[chat_id].messages.values()):
            if message.sender.user_id == BOT_ID and self.button(message, data) is not None:
                return message
        return None

    def button(self, message: Message, data: str) -> str | None:
        return next((b.data for b in message.buttons() if b.data is not None and b.data.startswith(data)), None)

    def polls(self) -> list[Message]:
        """Every question asked in the group, oldest first."""
        return [message for message in self.group.messages.values() if message.poll is not None]


def _move_in(session: Session, crowd: range, branch: UnitRef) -> None:
    """Member ids are not the user ids, lest one be taken for the other."""
    first = 10 * crowd.start
    ids = [(user_id, first + number) for number, user_id in enumerate(crowd)]
    session.execute(insert(Member), [{"id": id_, "name": f"党员{user_id}"} for user_id, id_ in ids])
    session.execute(insert(Home), [{"member_id": id_, "branch_id": branch.id, "from_on": SINCE} for _, id_ in ids])
    session.execute(
        insert(Account),
        [{"telegram_user_id": user_id, "member_id": id_, "reach": Reach.OK, "bound_at": NOW} for user_id, id_ in ids],
    )


def _publish(
    session: Session, by: Someone, unit: UnitRef, kind: MeetingKind, title: str, starts_at: datetime, *, now: datetime
) -> int:
    body = {"kind": kind.name, "title": title, "place": "三楼会议室", "starts_at": starts_at.isoformat(), "minutes": 60}
    draft = Draft(
        actor_id=by.id,
        unit_id=unit.id,
        what=DraftOf.MEETING,
        body=body,
        step=Step.PREVIEW.name,
        expires_at=now + timedelta(hours=1),
    )
    session.add(draft)
    session.flush()
    return publishing.confirm(session, by.sender(now), draft.id, now=now).meeting.id
