"""A branch of as many people as a figure needs, written row by row."""

from collections.abc import Mapping

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bot.members.models import Account, Member, Membership
from bot.members.rules import Reach, UnitRef
from tests.make import NOW, SINCE

Facts = Mapping[str, object]

FIRST = 100_001  # Telegram id of the first of the crowd, above those of the cast
WARM = 100  # people beside the crowd, for what is done before the clock runs


def move_in(session: Session, crowd: range, branch: UnitRef) -> None:
    """Members, not in the order of their Telegram ids, lest one be taken for the other."""
    rows = [(user_id, member_id(user_id)) for user_id in crowd]
    session.execute(insert(Member), [{"id": id_, "name": f"党员{user_id}"} for user_id, id_ in rows])
    homes = [{"member_id": id_, "branch_id": branch.id, "from_on": SINCE, "is_guest": False} for _, id_ in rows]
    session.execute(insert(Membership), homes)
    accounts = [
        {"telegram_user_id": user_id, "member_id": id_, "reach": Reach.OK, "bound_at": NOW} for user_id, id_ in rows
    ]
    session.execute(insert(Account), accounts)


def member_id(user_id: int) -> int:
    return 10 * FIRST - user_id
