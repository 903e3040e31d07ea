"""Who is not counted as due or has no vote, by whose approval; 留党察看; who is a leading official."""

from datetime import date, datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.errors import UserError
from bot.members import exempting_views, notices
from bot.members.facts import Exempted
from bot.members.models import Exemption, Member
from bot.members.phrases import Basis, Span
from bot.members.prompts import await_text, forget_text
from bot.members.rules import Actor, ExemptionScope, Right
from bot.members.service import NoSuchUnit, Person, actor, people, unit
from bot.message import Sender, base36
from bot.periods import local_day

MOST_BASIS, MOST_APPROVER = 200, 60


class BadSpan(UserError):
    text = "结束日期要晚于开始日期。"


class ApprovedLater(UserError):
    text = "批准日期不能在将来。"


class TooLong(UserError):
    text = "依据不超过200字，批准人不超过60字。"


class AlreadyExempt(UserError):
    text = "{name}在这段时间已有同样的登记，请先结束原来的。"


class OnlyFullMembers(UserError):
    text = "预备党员不适用留党察看。"


class ExemptionOver(UserError):
    text = "这条登记已经结束。"
    ends_buttons = True


def exemptions_of(session: Session, member_id: int, today: date) -> list[Exempted]:
    """Those that hold today or are to come."""
    mine = (Exemption.member_id == member_id, or_(Exemption.to_on.is_(None), Exemption.to_on > today))
    columns = (Exemption.id, Exemption.scope, Exemption.from_on, Exemption.to_on, Exemption.basis, Exemption.approver)
    rows = session.execute(select(*columns, Exemption.approved_on).where(*mine).order_by(Exemption.from_on))
    return [Exempted(*row) for row in rows]


def consider(session: Session, sender: Sender, member_id: int, *, now: datetime) -> Person:
    """Whom an exemption would be for."""
    return _require(session, sender, member_id, now)[1]


def ask(session: Session, sender: Sender, member_id: int, what: ExemptionScope | None, *, now: datetime) -> Person:
    """The sender's next text says basis, approver and dates, or without a scope the dates of 留党察看."""
    _, person = _require(session, sender, member_id, now)
    purpose = "members:suspend" if what is None else "members:exempt"
    await_text(session, sender, purpose, f"{base36(member_id)}:{what.name if what else ''}", now=now)
    return person


def exempt(
    session: Session, sender: Sender, member_id: int, scope: ExemptionScope, basis: Basis, *, now: datetime
) -> tuple[str, Exempted]:
    """Record an exemption, with basis, approver and date; the person is told."""
    who, person = _require(session, sender, member_id, now)
    span = basis.span
    _check(span)
    if basis.approved_on > local_day(now):
        raise ApprovedLater
    if len(basis.basis) > MOST_BASIS or len(basis.approver) > MOST_APPROVER:
        raise TooLong
    _refuse_overlap(session, person, scope, span)
    row = Exemption(
        member_id=member_id,
        scope=scope,
        from_on=span.from_on,
        to_on=span.to_on,
        basis=basis.basis,
        approver=basis.approver,
        approved_on=basis.approved_on,
        recorded_by=who.recorded_id,
    )
    session.add(row)
    session.flush()
    forget_text(session, sender, now=now)
    made = Exempted(row.id, scope, span.from_on, span.to_on, basis.basis, basis.approver, basis.approved_on)
    notices.tell_member(session, member_id, f"exempt:{row.id}", exempting_views.told(made), now=now)
    return person.name, made


def _refuse_overlap(session: Session, person: Person, scope: ExemptionScope, span: Span) -> None:
    query = select(Exemption.id).where(Exemption.member_id == person.member_id, Exemption.scope == scope)
    query = query.where(or_(Exemption.to_on.is_(None), Exemption.to_on > span.from_on))
    if span.to_on is not None:
        query = query.where(Exemption.from_on < span.to_on)
    if session.scalars(query).first() is not None:
        raise AlreadyExempt(name=person.name)


def end(session: Session, sender: Sender, exemption_id: int, *, now: datetime) -> int:
    """An exemption ends with yesterday, or never was; whose it is."""
    row, today = session.get(Exemption, exemption_id), local_day(now)
    if row is None or (row.to_on is not None and row.to_on <= today):
        raise ExemptionOver
    member_id = row.member_id
    _require(session, sender, member_id, now)
    if row.from_on >= today:
        session.delete(row)
    else:
        row.to_on = today
    session.flush()
    notices.tell_member(session, member_id, f"exempt:{exemption_id}:over", exempting_views.over_told(), now=now)
    return member_id


def suspend(session: Session, sender: Sender, member_id: int, span: Span | None, *, now: datetime) -> Person:
    """留党察看: due without a vote for a span; None ends it with yesterday."""
    _, person = _require(session, sender, member_id, now)
    values: dict[str, date | None]
    if span is None:
        row, today = session.get_one(Member, member_id), local_day(now)
        began = row.suspended_from is not None and row.suspended_from < today
        values = {"suspended_to": today} if began else {"suspended_from": None, "suspended_to": None}
    else:
        if person.is_probationary:
            raise OnlyFullMembers
        _check(span)
        values = {"suspended_from": span.from_on, "suspended_to": span.to_on}
    session.execute(update(Member).where(Member.id == member_id).values(**values))
    forget_text(session, sender, now=now)
    return person


def set_leader(session: Session, sender: Sender, member_id: int, *, is_leader: bool, now: datetime) -> None:
    """党员领导干部, or not."""
    _require(session, sender, member_id, now)
    session.execute(update(Member).where(Member.id == member_id).values(is_leader=is_leader))


def _check(span: Span) -> None:
    if span.to_on is not None and span.to_on <= span.from_on:
        raise BadSpan


def _require(session: Session, sender: Sender, member_id: int, now: datetime) -> tuple[Actor, Person]:
    who = actor(session, sender, now=now)
    person = people(session, [member_id], local_day(now)).get(member_id)
    if person is None or person.branch_id is None:
        who.require(Right.EXEMPT)
        raise NoSuchUnit
    who.require(Right.EXEMPT, unit(session, person.branch_id))
    return who, person
