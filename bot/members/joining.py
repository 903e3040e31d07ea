"""How an account comes to a person: personal links, claims without one, and the way back."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import cast

from sqlalchemy import CursorResult, func, or_, select, update
from sqlalchemy.orm import Session

from bot import outbox, undo
from bot.errors import UserError
from bot.members import menus, notices, register, tries, views
from bot.members.facts import Bound, ClaimCard, Invitation, Undoable
from bot.members.models import Account, Claim, Invite, Member, Membership, RoleGrant, Unit
from bot.members.phrases import plain
from bot.members.prompts import await_text, forget_text
from bot.members.rules import ClaimState, Right, TryOf, UnitKind, UnitRef
from bot.members.service import NoSuchUnit, Person, actor, people, roster_on, unit
from bot.members.tree import ids
from bot.message import Sender, base36
from bot.periods import local_day

Entropy = Callable[[int], bytes]  # so many random bytes: links and codes are secrets
TOKEN_BYTES = 16  # 128 bits: not to be guessed
CLAIM_FOR = timedelta(days=7)
RELEASE = "release"  # of the acts that can be undone
MOST_CLAIMS, CLAIMS_SPAN = 3, timedelta(hours=24)
MOST_CANDIDATES = 20
MOST_NAME = 60


class LinkDead(UserError):
    text = "这个链接已失效，请向支部书记索取新的加入链接。"


class AccountTaken(UserError):
    text = "本账号已绑定“{name}（{branch}）”。"


class MemberTaken(UserError):
    text = "该党员已绑定其他账号，请先由书记解除。"


class TooManyClaims(UserError):
    text = "24小时内最多申请3次，请稍后再试，或直接联系支部书记。"


class NoName(UserError):
    text = "请发送您的姓名，不超过60字。"


class ClaimOver(UserError):
    text = "这条申请已过期或已撤回。"
    ends_buttons = True


class ClaimDecided(UserError):
    text = "已由{name}处理。"
    ends_buttons = True


class NotUnbound(UserError):
    text = "该党员没有绑定账号。"
    ends_buttons = True


class BoundAgain(UserError):
    text = "{name}或这个账号已经重新绑定，不能撤销。"


class Refusal(Enum):
    """Of a link: told, or after too many tries passed over in silence."""

    DEAD = auto()
    SILENT = auto()


# -- links --------------------------------------------------------------------------------------------------------


def invite(
    session: Session, sender: Sender, branch_id: int, *, lasts: timedelta, entropy: Entropy, now: datetime
) -> tuple[UnitRef, Sequence[Invitation]]:
    """New links for everybody of the branch without an account; earlier ones of theirs end."""
    branch = unit(session, branch_id)
    actor(session, sender, now=now).require(Right.ROSTER, branch)
    waiting = _without_account(session, branch.id, now)
    known = views.names(waiting)
    made = [_invite(session, p.member_id, branch.name, known[p.member_id], now + lasts, entropy, now) for p in waiting]
    return branch, made


def renew(
    session: Session, sender: Sender, member_id: int, *, lasts: timedelta, entropy: Entropy, now: datetime
) -> Invitation:
    """One new link, for somebody whose first is lost or has ended; that one ends."""
    who = actor(session, sender, now=now)
    person = people(session, [member_id], local_day(now)).get(member_id)
    if person is None or person.branch_id is None:
        raise NoSuchUnit
    branch = unit(session, person.branch_id)
    who.require(Right.ROSTER, branch)
    if person.user_id is not None:
        raise MemberTaken
    return _invite(session, member_id, branch.name, person.name, now + lasts, entropy, now)


def _without_account(session: Session, branch_id: int, now: datetime) -> list[Person]:
    """Guests are invited by their own branch."""
    found = roster_on(session, branch_id, local_day(now))
    return [person for person in found if person.user_id is None and not person.is_guest]


def _invite(
    session: Session, member_id: int, branch: str, name: str, until: datetime, entropy: Entropy, now: datetime
) -> Invitation:
    token = base64.urlsafe_b64encode(entropy(TOKEN_BYTES)).decode().rstrip("=")
    open_ones = (Invite.member_id == member_id, Invite.used_at.is_(None), Invite.revoked_at.is_(None))
    session.execute(update(Invite).where(*open_ones).values(revoked_at=now))
    session.add(Invite(token_hash=secret_hash(token), member_id=member_id, expires_at=until))
    session.flush()
    return Invitation(branch, name, token, until)


def redeem(session: Session, sender: Sender, token: str, *, now: datetime) -> Bound | Refusal:
    """Bind the account by a personal link. A wrong one is counted, so it is returned, not raised."""
    if tries.are_used_up(session, TryOf.LINK, sender.user_id, now=now):
        return Refusal.SILENT
    refuse_bound(session, sender.user_id)
    used = update(Invite).where(
        Invite.token_hash == secret_hash(token),
        Invite.used_at.is_(None),
        Invite.revoked_at.is_(None),
        Invite.expires_at > now,
    )
    member_id = session.scalar(used.values(used_at=now, used_by=sender.user_id).returning(Invite.member_id))
    if member_id is None:
        tries.note(session, TryOf.LINK, sender.user_id, now=now)
        return Refusal.DEAD
    done, branch_id = _bind(session, sender.user_id, member_id, None, now)
    if branch_id is not None:
        notices.bound(session, branch_id, done, sender.username, now=now)
    return done


def _bind(session: Session, user_id: int, member_id: int, by: int | None, now: datetime) -> tuple[Bound, int | None]:
    if session.scalar(select(Account.telegram_user_id).where(Account.member_id == member_id)) is not None:
        raise MemberTaken
    former = session.scalar(select(Account.member_id).where(Account.telegram_user_id == user_id))
    if former is not None:
        register.unbind(session, former)
    register.bind(session, user_id, member_id, by=by, now=now)
    menus.push(session, [member_id], now=now)
    return _who(session, member_id)


def _who(session: Session, member_id: int) -> tuple[Bound, int | None]:
    query = (
        select(Member.name, Unit.id, Unit.name)
        .outerjoin(
            Membership,
            (Membership.member_id == Member.id) & Membership.to_on.is_(None) & Membership.is_guest.is_(False),
        )
        .outerjoin(Unit, Unit.id == Membership.branch_id)
    )
    name, branch_id, branch = session.execute(query.where(Member.id == member_id)).one()
    return Bound(member_id, name, branch or ""), branch_id


def refuse_bound(session: Session, user_id: int) -> None:
    """One account, one person; who has left the roster and holds no office is free to be recognised anew."""
    member_id = session.scalar(select(Account.member_id).where(Account.telegram_user_id == user_id))
    if member_id is None:
        return
    bound, branch_id = _who(session, member_id)
    office = select(RoleGrant.id).where(RoleGrant.member_id == member_id, RoleGrant.to_on.is_(None))
    if branch_id is not None or session.scalars(office).first() is not None:
        raise AccountTaken(name=bound.name, branch=bound.branch)


def secret_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def way_in(session: Session, place: UnitRef) -> str:
    """The deep link by which somebody without an account asks the branch of `place` to recognise him."""
    home = ids(place)[-2] if place.kind is UnitKind.PARTY_GROUP else place.id
    return f"c_{base36(home)}" if unit(session, home).kind is UnitKind.BRANCH else ""


# -- claims -------------------------------------------------------------------------------------------------------


def choose_branch(session: Session, sender: Sender, branch_id: int, *, now: datetime) -> UnitRef:
    """The branch an unbound account wants to join; the next text of the sender is taken for a name."""
    refuse_bound(session, sender.user_id)
    branch = unit(session, branch_id)
    if branch.kind is not UnitKind.BRANCH:
        raise NoSuchUnit
    await_text(session, sender, "members:name", base36(branch.id), now=now)
    return branch


def claim(session: Session, sender: Sender, branch_id: int, typed_name: str, *, now: datetime) -> None:
    """Ask the branch to be recognised under a name; asking again while it waits changes nothing."""
    refuse_bound(session, sender.user_id)
    branch, name = unit(session, branch_id), plain(typed_name)
    if not name or len(name) > MOST_NAME:
        raise NoName
    forget_text(session, sender, now=now)
    mine = select(func.count()).where(Claim.telegram_user_id == sender.user_id)
    if session.scalar(mine.where(Claim.state == ClaimState.PENDING)):
        return
    if (session.scalar(mine.where(Claim.created_at > now - CLAIMS_SPAN)) or 0) >= MOST_CLAIMS:
        raise TooManyClaims
    row = Claim(telegram_user_id=sender.user_id, branch_id=branch.id, typed_name=name, created_at=now)
    session.add(row)
    session.flush()
    card = ClaimCard(row.id, name, branch.name, _candidates(session, branch.id, name, now))
    notices.claim(session, branch.id, card, now=now)


def _candidates(session: Session, branch_id: int, name: str, now: datetime) -> Sequence[Person]:
    """People of that name without an account; without one, all who have none."""
    waiting = _without_account(session, branch_id, now)
    return ([person for person in waiting if person.name == name] or waiting)[:MOST_CANDIDATES]


def decide(
    session: Session, sender: Sender, claim_id: int, member_id: int | None, *, now: datetime
) -> tuple[str, Bound | None]:
    """Recognise the claimant as `member_id`, or as nobody of the branch; the typed name and who was bound."""
    who = actor(session, sender, now=now)
    row = session.get(Claim, claim_id)
    if row is None:
        raise ClaimOver
    who.require(Right.ROSTER, unit(session, row.branch_id))
    state = ClaimState.REJECTED if member_id is None else ClaimState.ACCEPTED
    taken = update(Claim).where(Claim.id == row.id, Claim.state == ClaimState.PENDING)
    taken = taken.where(Claim.created_at > now - CLAIM_FOR)
    values = {"state": state, "member_id": member_id, "decided_by": who.recorded_id, "decided_at": now}
    if cast("CursorResult[object]", session.execute(taken.values(**values))).rowcount != 1:
        raise _over(session, row)
    done = None if member_id is None else _accept(session, row, member_id, who.recorded_id, now)
    told = views.claim_decided(row.typed_name, done, by=who.name or views.ROOT)
    notices.claim_over(session, row.id, told, besides=sender.user_id, now=now)
    answer = views.bound(done) if done else views.claim_refused()
    notices.tell(session, row.telegram_user_id, f"claim:{row.id}:answer", answer, now=now, is_unasked=False)
    return row.typed_name, done


def _accept(session: Session, row: Claim, member_id: int, by: int | None, now: datetime) -> Bound:
    person = people(session, [member_id], local_day(now)).get(member_id)
    if person is None or person.branch_id != row.branch_id:
        raise ClaimOver
    refuse_bound(session, row.telegram_user_id)
    return _bind(session, row.telegram_user_id, member_id, by, now)[0]


def _over(session: Session, row: Claim) -> UserError:
    name = session.scalar(select(Member.name).where(Member.id == row.decided_by)) if row.decided_by else None
    return ClaimDecided(name=name) if name else ClaimOver()


# -- the way back -------------------------------------------------------------------------------------------------


def release(session: Session, sender: Sender, member_id: int, *, now: datetime) -> Undoable:
    """Undo a binding; attendance and results stay."""
    who = actor(session, sender, now=now)
    bound, branch_id = find(session, member_id)
    if branch_id is None:
        raise NoSuchUnit
    who.require(Right.ROSTER, unit(session, branch_id))
    query = select(Account.telegram_user_id, Account.bound_by, Account.quiet_from, Account.quiet_to)
    account = session.execute(query.where(Account.member_id == member_id)).one_or_none()
    if account is None:
        raise NotUnbound
    user_id, bound_by, quiet_from, quiet_to = account
    register.unbind(session, member_id)
    facts = {"user_id": user_id, "bound_by": bound_by, "quiet_from": quiet_from, "quiet_to": quiet_to}
    undo_id = undo.keep(session, RELEASE, member_id, facts, now=now)
    menus.clear(session, user_id, now=now)
    notices.tell(session, user_id, f"released:{undo_id}", views.undone_notice(), now=now)
    return Undoable(bound.name, undo_id, now + undo.WINDOW)


def restore(session: Session, sender: Sender, undo_id: int, *, now: datetime) -> str:
    """撤销 of a release: the account is the person's again, with what waited for it. The person's name."""
    who = actor(session, sender, now=now)
    member_id, facts = undo.take(session, RELEASE, undo_id, now=now)
    bound, branch_id = find(session, member_id)
    if branch_id is None:
        raise NoSuchUnit
    who.require(Right.ROSTER, unit(session, branch_id))
    user_id = int(facts["user_id"] or 0)
    taken = or_(Account.member_id == member_id, Account.telegram_user_id == user_id)
    if session.scalar(select(Account.member_id).where(taken)) is not None:
        raise BoundAgain(name=bound.name)
    register.bind(session, user_id, member_id, by=who.recorded_id, now=now)
    kept = {name: facts[name] for name in ("bound_by", "quiet_from", "quiet_to")}
    session.execute(update(Account).where(Account.member_id == member_id).values(**kept))
    outbox.revive(session, user_id, since=now - undo.WINDOW)
    menus.push(session, [member_id], now=now)
    notices.tell(session, user_id, f"restored:{undo_id}", views.restored_notice(), now=now)
    return bound.name


def find(session: Session, member_id: int) -> tuple[Bound, int | None]:
    """Name and branch of a member; raises for an id that is nobody's."""
    if session.get(Member, member_id) is None:
        raise NoSuchUnit
    return _who(session, member_id)
