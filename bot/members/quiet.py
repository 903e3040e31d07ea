"""Quiet hours, in which nobody is disturbed: those of a unit, and what a person makes of them, which is only wider."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from bot.errors import UserError
from bot.members.models import Account, Unit
from bot.members.rules import Right, UnitRef
from bot.members.service import actor, unit
from bot.members.tree import ids
from bot.message import Sender, StaleButton
from bot.periods import QuietHours

USUAL = QuietHours(time(21, 30), time(7, 30))
# What may be chosen. All of it begins in the evening and ends in the morning, so that a day to remind people remains.
UNIT_STARTS = (time(20, 0), time(20, 30), time(21, 0), time(21, 30), time(22, 0), time(22, 30))
UNIT_ENDS = (time(6, 30), time(7, 0), time(7, 30), time(8, 0), time(8, 30), time(9, 0))
OWN_STARTS = (time(18, 0), time(19, 0), time(20, 0), time(20, 30), time(21, 0), time(21, 30), time(22, 0))
OWN_ENDS = (time(7, 0), time(7, 30), time(8, 0), time(8, 30), time(9, 0), time(10, 0))


class OnlyWider(UserError):
    text = "免打扰时段只能比支部的{start}—{end}更宽。"


@dataclass(frozen=True, slots=True)
class Quiet:
    """The quiet hours of a unit, and those of its people who widened them, by Telegram user id."""

    unit: QuietHours
    people: Mapping[int, QuietHours]

    def of(self, chat_id: int) -> QuietHours:
        """Of a person; of a group, and of everybody who widened nothing, the unit's."""
        return self.people.get(chat_id, self.unit)


@dataclass(frozen=True, slots=True)
class Settings:
    """What one person sees of his own reminders; `unit` is None for somebody in no branch."""

    unit: UnitRef | None
    of_unit: QuietHours
    own: QuietHours
    may_set_unit: bool


def quiet_hours(session: Session, place: UnitRef, user_ids: Collection[int]) -> Quiet:
    """Who may be disturbed when by what concerns `place`; `user_ids` may hold the ids of groups, too."""
    common = of_unit(session, place)
    query = select(Account.telegram_user_id, Account.quiet_from, Account.quiet_to)
    wider = or_(Account.quiet_from.is_not(None), Account.quiet_to.is_not(None))
    rows = session.execute(query.where(Account.telegram_user_id.in_(user_ids), wider))
    return Quiet(common, {user_id: _wider(common, start, end) for user_id, start, end in rows})


def of_unit(session: Session, place: UnitRef) -> QuietHours:
    """Its own, else those of the nearest unit above that has some, else the usual ones."""
    query = select(Unit.settings).where(Unit.id.in_(ids(place))).order_by(func.length(Unit.path).desc())
    for settings in session.scalars(query):
        start, end = settings.get("quiet_from"), settings.get("quiet_to")
        if start and end:
            return QuietHours(time.fromisoformat(str(start)), time.fromisoformat(str(end)))
    return USUAL


def _wider(common: QuietHours, start: str | None, end: str | None) -> QuietHours:
    """Both begin in the evening and end in the morning: the earlier start and the later end."""
    return QuietHours(
        min(common.from_at, time.fromisoformat(start)) if start else common.from_at,
        max(common.to_at, time.fromisoformat(end)) if end else common.to_at,
    )


def settings_of(session: Session, sender: Sender, *, now: datetime) -> Settings:
    """提醒设置 of the sender."""
    who = actor(session, sender, now=now)
    who.require(Right.SELF)
    common = of_unit(session, who.branch) if who.branch else USUAL
    row = session.get(Account, sender.user_id)
    own = _wider(common, row.quiet_from, row.quiet_to) if row else common
    return Settings(who.branch, common, own, who.may(Right.BIND_CHAT))


def widen(
    session: Session, sender: Sender, *, start: time | None = None, end: time | None = None, now: datetime
) -> Settings:
    """The sender's own quiet hours begin at `start` or end at `end`; the unit's own hour takes the choice back."""
    before = settings_of(session, sender, now=now)
    common, values = before.of_unit, dict[str, str | None]()
    if start is not None:
        _require(start in (*OWN_STARTS, common.from_at), start <= common.from_at, common)
        values["quiet_from"] = None if start == common.from_at else f"{start:%H:%M}"
    if end is not None:
        _require(end in (*OWN_ENDS, common.to_at), end >= common.to_at, common)
        values["quiet_to"] = None if end == common.to_at else f"{end:%H:%M}"
    session.execute(update(Account).where(Account.telegram_user_id == sender.user_id).values(**values))
    session.expire_all()
    return settings_of(session, sender, now=now)


def _require(is_offered: bool, is_wider: bool, common: QuietHours) -> None:
    if not is_offered:
        raise StaleButton
    if not is_wider:
        raise OnlyWider(start=f"{common.from_at:%H:%M}", end=f"{common.to_at:%H:%M}")


def unit_hours(session: Session, sender: Sender, unit_id: int, *, now: datetime) -> tuple[UnitRef, QuietHours]:
    """The quiet hours of a unit for those who may set them: who binds its group."""
    place = unit(session, unit_id)
    actor(session, sender, now=now).require(Right.BIND_CHAT, place)
    return place, of_unit(session, place)


def set_unit_hours(
    session: Session,
    sender: Sender,
    unit_id: int,
    *,
    start: time | None = None,
    end: time | None = None,
    now: datetime,
) -> tuple[UnitRef, QuietHours]:
    """Give a unit quiet hours of its own, for itself and what is below it."""
    place, before = unit_hours(session, sender, unit_id, now=now)
    if (start is not None and start not in UNIT_STARTS) or (end is not None and end not in UNIT_ENDS):
        raise StaleButton
    after = QuietHours(start or before.from_at, end or before.to_at)
    row = session.get_one(Unit, place.id)
    row.settings = {**row.settings, "quiet_from": f"{after.from_at:%H:%M}", "quiet_to": f"{after.to_at:%H:%M}"}
    session.flush()
    return place, after
