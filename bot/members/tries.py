"""How often somebody tried: after a few wrong links, wrong codes or files in a span there is no further answer."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.errors import UserError
from bot.members.models import Try
from bot.members.rules import TryOf


class TooManyFiles(UserError):
    text = "文件发得太频繁，请十分钟后再试。"


KEEP = timedelta(hours=24)
_MOST = {
    TryOf.LINK: (5, timedelta(hours=1)),
    TryOf.CODE: (5, timedelta(minutes=10)),
    TryOf.FILE: (5, timedelta(minutes=10)),
}


def note(session: Session, what: TryOf, of_id: int, *, now: datetime) -> None:
    session.add(Try(what=what, of_id=of_id, at=now))
    session.flush()


def are_used_up(session: Session, what: TryOf, of_id: int, *, now: datetime) -> bool:
    most, span = _MOST[what]
    query = select(func.count()).where(Try.what == what, Try.of_id == of_id, Try.at > now - span)
    return (session.scalar(query) or 0) >= most
