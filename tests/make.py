"""Rows for tests: units, people, roles, accounts and chats, made in one call each and always alike."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db import Database
from bot.members import register
from bot.members.models import Account, Chat, Exemption, Member, Membership, RoleGrant, Unit
from bot.members.rules import ChatState, ExemptionScope, Reach, Role, UnitKind, UnitRef
from bot.message import Sender
from tests import snapshots
from tests.databases import Again

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday 09:00 in Beijing, a workday
SINCE = date(2020, 1, 1)  # when everybody joined the branch
JOINED = date(2010, 7, 1)
USERS = {"张三": 1001, "李四": 1002, "王五": 1003, "赵六": 1004, "孙七": 1005, "周八": 1006, "吴九": 1007}
GROUP_CHAT = -1001000000001
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Someone:
    """A member, with the Telegram user id the person has or would have."""

    id: int
    user_id: int
    name: str

    def sender(self, at: datetime = NOW, *, chat_id: int | None = None) -> Sender:
        """As if the person wrote in private, or in the chat given."""
        return Sender(self.user_id, self.user_id if chat_id is None else chat_id, at, is_private=chat_id is None)


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of all tests and their two worlds: 一支部 with a group, and 交通一支部, which must see nothing."""

    district: UnitRef
    company: UnitRef
    branch: UnitRef
    group: UnitRef
    second: UnitRef
    other: UnitRef
    zhang: Someone  # 张三, member, in the group
    li: Someone  # 李四, secretary
    wang: Someone  # 王五, ADMIN of the district, member of the second branch
    zhao: Someone  # 赵六, secretary of the other branch
    sun: Someone  # 孙七, organizer
    zhou: Someone  # 周八, probationary
    wu: Someone  # 吴九, never started the bot


_casts: dict[bool, tuple[Cast, snapshots.Snapshot]] = {}  # on SQLite and on PostgreSQL


class Make:
    """Each call is a transaction of its own on the database of the test; the cast comes in one."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._session: Session | None = None
        self.strangers = 2000

    def _run(self, fn: Callable[..., R], *args: object, **kwargs: object) -> R:
        if self._session is None:
            return self.database.run(fn, *args, **kwargs)
        made = fn(self._session, *args, **kwargs)
        self._session.flush()
        return made

    def unit(self, kind: UnitKind, name: str, parent: UnitRef | None = None, *, has_committee: bool = False) -> UnitRef:
        return self._run(register.add_unit, kind, name, parent, has_committee=has_committee)

    def district(self, name: str = "示范区国资系统党委") -> UnitRef:
        return self.unit(UnitKind.DISTRICT_COMMITTEE, name, has_committee=True)

    def company(self, name: str = "示范城建集团", district: UnitRef | None = None) -> UnitRef:
        return self.unit(UnitKind.COMPANY, name, district)

    def committee(self, name: str = "城建集团党委", parent: UnitRef | None = None) -> UnitRef:
        return self.unit(UnitKind.PARTY_COMMITTEE, name, parent, has_committee=True)

    def branch(self, name: str = "一支部", parent: UnitRef | None = None, *, has_committee: bool = True) -> UnitRef:
        return self.unit(UnitKind.BRANCH, name, parent, has_committee=has_committee)

    def group(self, name: str, branch: UnitRef) -> UnitRef:
        return self.unit(UnitKind.PARTY_GROUP, name, branch)

    def member(
        self,
        name: str,
        branch: UnitRef | None = None,
        *,
        group: UnitRef | None = None,
        roles: Collection[Role] = (),
        user_id: int | None = None,
        is_bound: bool = True,
        is_probationary: bool = False,
        is_leader: bool = False,
        is_guest: bool = False,
        staff_no: str | None = None,
        from_on: date = SINCE,
        to_on: date | None = None,
    ) -> Someone:
        """A person of `branch` with `roles` there, whose account is bound unless said otherwise."""
        if user_id is None:
            user_id = USERS.get(name) or self._next_stranger()

        def write(session: Session) -> int:
            person = Member(
                name=name,
                staff_no=staff_no,
                company_id=_company_id(session, branch) if branch else None,
                is_probationary=is_probationary,
                is_leader=is_leader,
                joined_on=JOINED,
            )
            session.add(person)
            session.flush()
            if branch is not None:
                home = Membership(member_id=person.id, branch_id=branch.id, from_on=from_on, to_on=to_on)
                home.group_id, home.is_guest = group.id if group else None, is_guest
                session.add(home)
            return person.id

        someone = Someone(self._run(write), user_id, name)
        for role in roles:
            assert branch is not None, "a role needs a branch"
            self.grant(someone, role, group if role is Role.GROUP_LEADER and group else branch)
        if is_bound:
            self.account(someone)
        return someone

    def grant(
        self, someone: Someone, role: Role, unit: UnitRef, *, from_on: date = SINCE, to_on: date | None = None
    ) -> None:
        row = RoleGrant(member_id=someone.id, unit_id=unit.id, role=role, from_on=from_on, to_on=to_on)
        self._run(lambda session: session.add(row))

    def account(self, someone: Someone, *, reach: Reach = Reach.OK) -> None:
        row = Account(telegram_user_id=someone.user_id, member_id=someone.id, reach=reach, bound_at=NOW)
        self._run(lambda session: session.add(row))

    def chat(self, unit: UnitRef, chat_id: int = GROUP_CHAT, title: str = "一支部群") -> int:
        row = Chat(chat_id=chat_id, unit_id=unit.id, title=title, state=ChatState.ACTIVE)
        self._run(lambda session: session.add(row))
        return chat_id

    def exemption(self, someone: Someone, scope: ExemptionScope = ExemptionScope.BOTH, from_on: date = SINCE) -> None:
        row = Exemption(
            member_id=someone.id,
            scope=scope,
            from_on=from_on,
            basis="长期病休",
            approver="上级党委",
            approved_on=from_on,
        )
        self._run(lambda session: session.add(row))

    def cast(self) -> Cast:
        """The whole cast; in an empty database, as most tests have it, as rows that were made once."""
        database = self.database
        if not isinstance(database, Again) or database.runs > 0:
            return database.run(self._write_cast)
        database.steps.append("cast")
        if (known := _casts.get(database.is_sqlite)) is None:
            cast = database.run(self._write_cast)
            _casts[database.is_sqlite] = cast, database.look(snapshots.since, {})
            return cast
        database.run(known[1].put_back)
        return known[0]

    def _write_cast(self, session: Session) -> Cast:
        self._session = session
        try:
            return self._cast()
        finally:
            self._session = None

    def _cast(self) -> Cast:
        district = self.district()
        company = self.company(district=district)
        branch, second = self.branch("一支部", company), self.branch("二支部", company)
        group = self.group("第一党小组", branch)
        other = self.branch("交通一支部", self.company("示范交通集团", district))
        wang = self.member("王五", second)
        self.grant(wang, Role.ADMIN, district)
        return Cast(
            district,
            company,
            branch,
            group,
            second,
            other,
            zhang=self.member("张三", branch, group=group),
            li=self.member("李四", branch, roles=[Role.SECRETARY]),
            wang=wang,
            zhao=self.member("赵六", other, roles=[Role.SECRETARY]),
            sun=self.member("孙七", branch, roles=[Role.ORGANIZER]),
            zhou=self.member("周八", branch, group=group, is_probationary=True),
            wu=self.member("吴九", branch, is_bound=False),
        )

    def _next_stranger(self) -> int:
        self.strangers += 1
        return self.strangers


def _company_id(session: Session, branch: UnitRef) -> int | None:
    above = [int(part) for part in branch.path.split("/") if part]
    return session.scalar(select(Unit.id).where(Unit.id.in_(above), Unit.kind == UnitKind.COMPANY))
