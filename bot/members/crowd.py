"""Who of many accounts at once belongs to a unit: what a crowd does together is asked together."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Date, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from bot.members.models import Account, Membership, Unit
from bot.members.rules import UnitKind, UnitRef
from bot.periods import local_day
from bot.statements import Query, among

_ACCOUNTS, _HOMES, _UNITS = (table.__table__.c for table in (Account, Membership, Unit))
_TODAY = bindparam("today", type_=Date)
_HOLDS = and_(_HOMES.from_on <= _TODAY, or_(_HOMES.to_on.is_(None), _HOMES.to_on > _TODAY))


def _homes(dialect: str) -> Select[int, int, int, UnitKind, str, str]:
    is_home = and_(_HOMES.member_id == _ACCOUNTS.member_id, _HOMES.is_guest.is_(False), _HOLDS)
    return (
        select(_ACCOUNTS.telegram_user_id, _ACCOUNTS.member_id, _UNITS.id, _UNITS.kind, _UNITS.name, _UNITS.path)
        .select_from(Account.__table__)
        .join(Membership.__table__, is_home)
        .join(Unit.__table__, _UNITS.id == func.coalesce(_HOMES.group_id, _HOMES.branch_id))
        .where(among(dialect, _ACCOUNTS.telegram_user_id, "user_ids"))
    )


_AT_HOME = Query(_homes)
_BEHIND = Query(
    lambda dialect: select(_ACCOUNTS.telegram_user_id, _ACCOUNTS.member_id).where(
        among(dialect, _ACCOUNTS.telegram_user_id, "user_ids")
    )
)


def behind(session: Session, user_ids: Collection[int]) -> dict[int, int]:
    """The members of these accounts, as far as they are bound."""
    return dict(_BEHIND.all(session, {"user_ids": list(user_ids)}))


def belonging(session: Session, user_ids: Collection[int], unit: UnitRef, *, now: datetime) -> dict[int, int]:
    """Members of the unit by account, as of today; a role from above makes nobody belong."""
    rows = _AT_HOME.all(session, {"user_ids": list(user_ids), "today": local_day(now)})
    return {row[0]: row[1] for row in rows if unit.covers(UnitRef(*row[2:]))}
