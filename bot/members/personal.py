"""What is known of one person: gathered from every feature for the person himself, and taken away on request.

Facts that stand for a branch (who was due, who came) stay, without anything that leads back to the person.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session, aliased

from bot import inbox, outbox, retention, undo
from bot.db import Base
from bot.errors import UserError
from bot.members import notices, register
from bot.members import personal_views as words
from bot.members.facts import ErasureCard, Table
from bot.members.joining import RELEASE
from bot.members.leaving import LEAVE
from bot.members.models import (
    Account,
    Claim,
    Exemption,
    Invite,
    Member,
    Membership,
    Prompt,
    RoleChange,
    RoleGrant,
    RosterImport,
    Try,
    Unit,
)
from bot.members.rules import Actor, ImportState, Right, UnitRef
from bot.members.service import NoSuchUnit, actor, holders, holds, unit
from bot.message import Button, Sender, escape
from bot.periods import local_day

log = structlog.get_logger()
HIDDEN = "—"  # in place of a reason that nobody is to read any more


class HasPosts(UserError):
    text = "{name}还有职务：{posts}。请先免去，再删除个人信息。"


class NobodyToAsk(UserError):
    text = "上级没有可以联系的管理员，请当面告诉支部书记。"


class ErasureGone(UserError):
    text = "这名党员的个人信息已经删除。"
    ends_buttons = True


@dataclass(frozen=True, slots=True)
class Traces:
    """Whose data go, and how texts that people wrote name him."""

    member_id: int
    user_id: int | None
    name: str
    stand_in: str
    longer: tuple[str, ...]  # names of others that contain his
    unit_ids: frozenset[int]  # units in whose texts the name means nobody else

    def hide(self, text: str) -> str:
        """`text` without the name; a longer name that only contains it stays."""
        own = {self.name, escape(self.name)}
        names = "|".join(re.escape(name) for name in (*self.longer, *own))
        return re.sub(names, lambda found: self.stand_in if found[0] in own else found[0], text)


def hide_in(
    session: Session, traces: Traces, model: type[Base], columns: Sequence[str], *where: ColumnElement[bool]
) -> None:
    """Take the name out of these texts of the rows for which `where` holds."""
    names = [getattr(model, column).contains(traces.name, autoescape=True) for column in columns]
    for row in session.scalars(select(model).where(or_(*names), *where)).all():
        for column in columns:
            if text := getattr(row, column):
                setattr(row, column, traces.hide(text))
    session.flush()


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What one feature knows of people; `app` hands in all of them. `buttons` lead from /me to the feature's own."""

    export: Callable[[Session, int], Sequence[Table]]
    erase: Callable[[Session, Traces, datetime], None]
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Erased:
    """Whose account it was, so that a last word can be said to it; and by what name files know him."""

    user_id: int | None
    branch: UnitRef | None
    name: str


# -- a copy -----------------------------------------------------------------------------------------------------------


def export(session: Session, sender: Sender, features: Sequence[PersonalData], *, now: datetime) -> tuple[Table, ...]:
    """Everything about the sender, and about nobody else."""
    who = actor(session, sender, now=now)
    who.require(Right.SELF)
    tables = [*_own(session, who), *(table for feature in features for table in feature.export(session, who.member_id))]
    return tuple(table for table in tables if table.rows)


def _own(session: Session, who: Actor) -> list[Table]:
    return [
        *_person_tables(session, who.member_id),
        words.messages(outbox.sent_to(session, who.user_id)),
    ]


def _person_tables(session: Session, member_id: int) -> list[Table]:
    columns = (Member.name, Member.staff_no, Member.is_probationary, Member.is_leader, Member.joined_on, Member.full_on)
    of_person = select(*columns, Member.suspended_from, Member.suspended_to).where(Member.id == member_id)
    of_account = select(Account.telegram_user_id, Account.bound_at, Account.quiet_from, Account.quiet_to)
    group = aliased(Unit)
    homes = (
        select(Unit.name, group.name, Membership.from_on, Membership.to_on)
        .join(Unit, Unit.id == Membership.branch_id)
        .outerjoin(group, group.id == Membership.group_id)
    )
    grants = select(RoleGrant.role, Unit.name, RoleGrant.from_on, RoleGrant.to_on)
    changes = select(RoleChange.at, RoleChange.role, Unit.name, RoleChange.is_given, RoleChange.way)
    spans = select(Exemption.scope, Exemption.from_on, Exemption.to_on, Exemption.basis, Exemption.approver)
    return [
        words.person([tuple(row) for row in session.execute(of_person)]),
        words.account([tuple(row) for row in session.execute(of_account.where(Account.member_id == member_id))]),
        words.homes([tuple(row) for row in session.execute(homes.where(Membership.member_id == member_id))]),
        words.posts_held(
            [
                tuple(row)
                for row in session.execute(
                    grants.join(Unit, Unit.id == RoleGrant.unit_id).where(RoleGrant.member_id == member_id)
                )
            ]
        ),
        words.post_changes(
            [
                tuple(row)
                for row in session.execute(
                    changes.join(Unit, Unit.id == RoleChange.unit_id)
                    .where(RoleChange.member_id == member_id)
                    .order_by(RoleChange.id)
                )
            ]
        ),
        words.exemptions([tuple(row) for row in session.execute(spans.where(Exemption.member_id == member_id))]),
    ]


# -- taking it away ---------------------------------------------------------------------------------------------------


def consider(session: Session, sender: Sender, member_id: int | None, *, now: datetime) -> ErasureCard:
    """Who would be erased; without a number the sender himself, who in a branch has to ask for it."""
    who = actor(session, sender, now=now)
    person, branch = _person(session, member_id or who.member_id, now)
    is_own = person.id == who.member_id
    if not is_own:
        _require(who, branch)
    must_ask = is_own and branch is not None and not who.may(Right.ERASE, branch)
    return ErasureCard(person.id, person.name, branch.name if branch else None, is_own, must_ask)


def ask(session: Session, sender: Sender, *, now: datetime) -> None:
    """Hand the sender's wish to the ADMINs above: a roster must not lose people unseen."""
    who = actor(session, sender, now=now)
    if who.branch is None:
        raise NoSuchUnit
    above = holders(session, Right.ERASE, who.branch.id, now=now)
    readers = [holder.user_id for holder in above if holder.is_reachable and holder.user_id is not None]
    if not readers:
        raise NobodyToAsk
    card = ErasureCard(who.member_id, who.name, who.branch.name, is_own=False, must_ask=False)
    for user_id in readers:
        key = f"erasure:{who.member_id}:{local_day(now):%Y%m%d}"
        notices.tell(session, user_id, key, words.erasure_asked(card), now=now)


def erase(
    session: Session, sender: Sender, member_id: int, features: Sequence[PersonalData], *, now: datetime
) -> Erased:
    """Take the person's name, account and private words out of every table; what a branch counts stays.

    It cannot be undone: of somebody in a branch it takes two, the person who asks for it and an ADMIN above who
    confirms, or an ADMIN to whom he said so; never his own secretary.
    """
    who = actor(session, sender, now=now)
    person, branch = _person(session, member_id, now)
    if person.id != who.member_id or branch is not None:
        _require(who, branch)
    _refuse_posts(session, person, now)
    traces = _traces(session, person)
    for feature in features:
        feature.erase(session, traces, now)
    _erase(session, traces, now)
    if branch is not None:
        message = words.erased_notice(branch)
        notices.tell_secretary(session, branch.id, f"erased:{person.id}", message, now=now, besides=who.member_id)
    log.info("data_erased", member=member_id)
    return Erased(traces.user_id, branch, traces.name)


def _person(session: Session, member_id: int, now: datetime) -> tuple[Member, UnitRef | None]:
    person = session.get(Member, member_id)
    if person is None:
        raise NoSuchUnit
    if person.name == words.stand_in(person.id):
        raise ErasureGone
    home = select(Membership.branch_id).where(Membership.member_id == person.id, Membership.is_guest.is_(False))
    branch_id = session.scalar(home.where(holds(Membership, local_day(now))))
    return person, unit(session, branch_id) if branch_id is not None else None


def _require(who: Actor, branch: UnitRef | None) -> None:
    """Somebody in no branch any more is left to root users and the top unit's ADMIN."""
    who.require(Right.ERASE if branch is not None else Right.CALENDAR, branch)


def _refuse_posts(session: Session, person: Member, now: datetime) -> None:
    query = select(RoleGrant.role, Unit.name).join(Unit, Unit.id == RoleGrant.unit_id)
    held = session.execute(query.where(RoleGrant.member_id == person.id, holds(RoleGrant, local_day(now)))).all()
    if held:
        raise HasPosts(name=person.name, posts=words.posts([(role, name) for role, name in held]))


def _traces(session: Session, person: Member) -> Traces:
    user_id = session.scalar(select(Account.telegram_user_id).where(Account.member_id == person.id))
    return Traces(
        person.id,
        user_id,
        person.name,
        words.stand_in(person.id),
        longer=_longer_names(session, person.name),
        unit_ids=frozenset(_unmistakable(session, person)),
    )


def _longer_names(session: Session, name: str) -> tuple[str, ...]:
    query = select(Member.name).where(Member.name.contains(name, autoescape=True), Member.name != name).distinct()
    return tuple(sorted(session.scalars(query), key=len, reverse=True))


def _unmistakable(session: Session, person: Member) -> set[int]:
    """Units in whose texts the name means nobody else: where there is no namesake, his branches, their groups, and
    what is above them."""
    query = select(Member.id, Unit.path).join(Membership, Membership.member_id == Member.id)
    query = query.join(Unit, Unit.id == Membership.branch_id).where(Member.name == person.name)
    rows = session.execute(query).all()
    own, others = ({path for member_id, path in rows if (member_id == person.id) is is_his} for is_his in (True, False))
    shared = {number for path in others for number in _numbers(path)}
    found = {number for path in own for number in _numbers(path)} - shared
    for path in own - others:
        found |= set(session.scalars(select(Unit.id).where(Unit.path.startswith(path))))
    return found


def _numbers(path: str) -> list[int]:
    return [int(part) for part in path.split("/") if part]


def _erase(session: Session, traces: Traces, now: datetime) -> None:
    """Everything of members, and the post: what was written to the person, and what names him."""
    of_person, today = traces.member_id, local_day(now)
    session.execute(delete(Invite).where(Invite.member_id == of_person))
    session.execute(delete(Claim).where(Claim.member_id == of_person))
    named = (Claim.typed_name == traces.name, Claim.branch_id.in_(traces.unit_ids))
    session.execute(delete(Claim).where(*named))
    hidden = {"basis": HIDDEN, "approver": HIDDEN}
    session.execute(update(Exemption).where(Exemption.member_id == of_person).values(**hidden))
    near = select(Membership.member_id).where(Membership.branch_id.in_(traces.unit_ids))
    hide_in(session, traces, Exemption, ("basis", "approver"), Exemption.member_id.in_(near))
    register.leave(session, of_person, today)
    _forget_files(session, traces)
    for what in (RELEASE, LEAVE):
        undo.forget(session, what, of_person)
    if traces.user_id is not None:
        _forget_account(session, traces.user_id, of_person)
    is_probationary = session.scalar(select(Member.full_on).where(Member.id == of_person))
    values: dict[str, object] = {"name": traces.stand_in, "staff_no": None, "joined_on": None, "full_on": None}
    if is_probationary is not None:
        values["is_probationary"] = today < is_probationary
    values |= {"suspended_from": None, "suspended_to": None}
    session.execute(update(Member).where(Member.id == of_person).values(**values))
    retention.forget(session, traces.user_id, {traces.name, escape(traces.name)}, traces.hide)
    inbox.forget(session, traces.user_id, traces.name)


def _forget_files(session: Session, traces: Traces) -> None:
    """A preview that names the person is of no use any more."""
    query = select(RosterImport).where(RosterImport.state == ImportState.PREVIEW)
    for row in session.scalars(query):
        if traces.name in json.dumps(row.rows, ensure_ascii=False):
            row.state, row.rows = ImportState.EXPIRED, {}
    session.flush()


def _forget_account(session: Session, user_id: int, member_id: int) -> None:
    """Whoever has no office any more has no command list of his own that would be left behind."""
    register.unbind(session, member_id)
    session.execute(delete(Prompt).where(or_(Prompt.user_id == user_id, Prompt.chat_id == user_id)))
    session.execute(delete(Claim).where(Claim.telegram_user_id == user_id))
    session.execute(delete(Invite).where(Invite.used_by == user_id))
    session.execute(delete(Try).where(Try.of_id == user_id))
    session.execute(update(RosterImport).where(RosterImport.by == user_id).values(by=None))
