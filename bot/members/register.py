"""What is written about units, people, roles and accounts, one fact a function. Callers decide who may."""

from datetime import date, datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.members.models import CLASSES, Account, Invite, Member, Membership, RoleChange, RoleGrant, Unit
from bot.members.rules import COMMITTEE_ROLES, COMMITTEES, Cause, Reach, Role, UnitKind, UnitRef

LEAST_COMMITTEE = 3  # members of a branch committee, 《中国共产党支部工作条例（试行）》第八条（待核）


def add_unit(
    session: Session, kind: UnitKind, name: str, parent: UnitRef | None = None, *, has_committee: bool = False
) -> UnitRef:
    """A new unit below `parent`; party committees and general branches have a committee by their nature."""
    new = CLASSES[kind](
        kind=kind,
        name=name,
        parent_id=parent.id if parent else None,
        has_committee=has_committee or kind in COMMITTEES,
        settings={},
    )
    session.add(new)
    session.flush()
    new.path = f"{parent.path if parent else '/'}{new.id}/"
    session.flush()
    return new.ref


def join(session: Session, member_id: int, branch_id: int, group_id: int | None, on: date) -> None:
    """Somebody new belongs to the branch from `on`."""
    session.add(Membership(member_id=member_id, branch_id=branch_id, group_id=group_id, from_on=on))


def move(session: Session, member_id: int, branch_id: int, group_id: int | None, on: date) -> None:
    """The person belongs to the branch from `on`; what was open before ends that day."""
    former = session.scalars(
        select(Membership).where(
            Membership.member_id == member_id, Membership.to_on.is_(None), Membership.is_guest.is_(False)
        )
    ).one_or_none()
    if former is not None and former.from_on < on:
        former.to_on = on
    elif former is not None:  # it never held a day
        session.delete(former)
    session.flush()
    join(session, member_id, branch_id, group_id, on)


def leave(session: Session, member_id: int, on: date) -> None:
    """The person belongs to no branch from `on`; a membership that would begin only then never was."""
    mine = (Membership.member_id == member_id, Membership.to_on.is_(None), Membership.is_guest.is_(False))
    session.execute(delete(Membership).where(*mine, Membership.from_on >= on))
    session.execute(update(Membership).where(*mine).values(to_on=on))


def set_group(session: Session, member_id: int, group_id: int | None) -> None:
    session.execute(
        update(Membership)
        .where(Membership.member_id == member_id, Membership.to_on.is_(None), Membership.is_guest.is_(False))
        .values(group_id=group_id)
    )


def give_role(
    session: Session, member_id: int, role: Role, unit_id: int, *, on: date, cause: Cause, with_id: int | None = None
) -> int:
    """The person has the role from `on`; one that was taken the same day comes back as it was. The entry of it."""
    mine = (RoleGrant.member_id == member_id, RoleGrant.role == role, RoleGrant.unit_id == unit_id)
    same_day = or_(RoleGrant.from_on == on, RoleGrant.to_on == on)
    again = session.scalars(select(RoleGrant).where(*mine, same_day).order_by(RoleGrant.from_on)).first()
    if again is not None:
        again.to_on = None
    else:
        session.add(RoleGrant(member_id=member_id, role=role, unit_id=unit_id, from_on=on, granted_by=cause.by_id))
    return _note(session, member_id, role, unit_id, cause, is_given=True, with_id=with_id)


def take_role(session: Session, member_id: int, role: Role, unit_id: int, *, on: date, cause: Cause) -> int:
    """The role ends with the day before `on`. The entry of it."""
    mine = (RoleGrant.member_id == member_id, RoleGrant.role == role, RoleGrant.unit_id == unit_id)
    session.execute(delete(RoleGrant).where(*mine, RoleGrant.to_on.is_(None), RoleGrant.from_on >= on))
    session.execute(update(RoleGrant).where(*mine, RoleGrant.to_on.is_(None)).values(to_on=on))
    return _note(session, member_id, role, unit_id, cause, is_given=False)


def _note(
    session: Session,
    member_id: int,
    role: Role,
    unit_id: int,
    cause: Cause,
    *,
    is_given: bool,
    with_id: int | None = None,
) -> int:
    entry = RoleChange(
        at=cause.at,
        member_id=member_id,
        unit_id=unit_id,
        role=role,
        is_given=is_given,
        way=cause.way,
        by_id=cause.by_id,
        with_id=with_id,
        undoes_id=cause.undoes_id,
    )
    session.add(entry)
    session.flush()
    return entry.id


def note_committee(session: Session, branch_id: int) -> None:
    """A branch with enough committee members has a committee; it is never taken away here."""
    held = select(RoleGrant.member_id).where(
        RoleGrant.unit_id == branch_id, RoleGrant.role.in_(COMMITTEE_ROLES), RoleGrant.to_on.is_(None)
    )
    if len(set(session.scalars(held))) >= LEAST_COMMITTEE:
        session.execute(update(Unit).where(Unit.id == branch_id).values(has_committee=True))


def bind(session: Session, user_id: int, member_id: int, *, by: int | None, now: datetime) -> None:
    """The account is the person's from now on; both were free."""
    session.add(Account(telegram_user_id=user_id, member_id=member_id, reach=Reach.OK, bound_at=now, bound_by=by))
    session.execute(
        update(Invite)
        .where(Invite.member_id == member_id, Invite.used_at.is_(None), Invite.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    session.flush()


def unbind(session: Session, member_id: int) -> int | None:
    """Drop the person's account and what waits to be sent to it; the user id it had. What was recorded stays."""
    user_id = session.scalar(delete(Account).where(Account.member_id == member_id).returning(Account.telegram_user_id))
    if user_id is not None:
        outbox.drop_chat(session, user_id)
    return user_id


def add_member(
    session: Session,
    name: str,
    *,
    company_id: int | None = None,
    staff_no: str | None = None,
    is_probationary: bool = False,
    is_leader: bool = False,
    joined_on: date | None = None,
    full_on: date | None = None,
) -> Member:
    new = Member(
        name=name,
        company_id=company_id,
        staff_no=staff_no,
        is_probationary=is_probationary,
        is_leader=is_leader,
        joined_on=joined_on,
        full_on=full_on,
    )
    session.add(new)
    return new
