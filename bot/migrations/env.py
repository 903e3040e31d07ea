"""How Alembic reaches our tables: on the connection of `upgrade`, inside its one transaction."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Enum
from sqlalchemy.types import TypeEngine

from bot.db import UtcDateTime
from bot.migrations.tables import METADATA


def render(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """A written migration knows nothing of our code: our moments are plain columns there."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return f"sa.String(length={item.length})" if kind == "type" and isinstance(item, Enum) else False


def differs(_: object, __: object, ___: object, ____: object, ours: TypeEngine[object]) -> bool | None:
    return False if isinstance(ours, UtcDateTime | Enum) else None


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
    compare_type=differs,
    render_item=render,
)
context.run_migrations()
