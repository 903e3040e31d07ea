"""How Alembic reaches our tables: on the connection of `upgrade`, inside its one transaction."""

from alembic import context

from bot.migrations.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
    compare_type=True,
)
context.run_migrations()
