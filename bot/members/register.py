"""What is written about units, people, roles and accounts, one fact a function. Callers decide who may."""

from sqlalchemy.orm import Session

from bot.members.models import CLASSES
from bot.members.rules import UnitKind, UnitRef


def add_unit(
    session: Session, kind: UnitKind, name: str, parent: UnitRef | None = None, *, has_committee: bool = False
) -> UnitRef:
    new = CLASSES[kind](
        kind=kind, name=name, parent_id=parent.id if parent else None, has_committee=has_committee, settings={}
    )
    session.add(new)
    session.flush()
    new.path = f"{parent.path if parent else '/'}{new.id}/"
    session.flush()
    return new.ref
