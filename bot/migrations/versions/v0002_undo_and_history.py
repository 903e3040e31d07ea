"""Acts that can be taken back, the history of offices, and what lets old messages go"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


# The history of offices is never changed or shortened.
APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER role_changes_no_update BEFORE UPDATE ON role_changes BEGIN SELECT RAISE(ABORT, 'role_changes is append-only'); END",
        "CREATE TRIGGER role_changes_no_delete BEFORE DELETE ON role_changes BEGIN SELECT RAISE(ABORT, 'role_changes is append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION role_changes_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'role_changes is append-only'; END $$",
        "CREATE TRIGGER role_changes_append_only BEFORE UPDATE OR DELETE ON role_changes FOR EACH ROW EXECUTE FUNCTION role_changes_refuse()",
    ),
}


def upgrade() -> None:
    op.create_index("ix_cards_chat_id", "cards", ["chat_id"])

    op.add_column("rungs", sa.Column("old_posts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("rungs", sa.Column("old_arrived", sa.Integer(), server_default="0", nullable=False))
    op.add_column("nudges", sa.Column("old_state", sa.String(length=12), nullable=True))
    op.create_index("ix_nudges_outbox_id", "nudges", ["outbox_id"])

    op.create_table(
        "undos",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("ref_id", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undos")),
    )
    op.create_table(
        "role_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("way", sa.String(length=24), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("with_id", sa.Integer(), nullable=True),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["members.id"], name=op.f("fk_role_changes_by_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_role_changes_member_id")),
        sa.ForeignKeyConstraint(["undoes_id"], ["role_changes.id"], name=op.f("fk_role_changes_undoes_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_role_changes_unit_id")),
        sa.ForeignKeyConstraint(["with_id"], ["role_changes.id"], name=op.f("fk_role_changes_with_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_changes")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_role_changes_undoes_id")),
    )
    op.create_index("ix_role_changes_member_id", "role_changes", ["member_id"])
    op.create_index("ix_role_changes_unit_id", "role_changes", ["unit_id"])
    dialect = op.get_bind().dialect.name
    for statement in APPEND_ONLY[dialect]:
        op.execute(statement)
    if dialect == "postgresql":  # SQLite's own order is that of the code points
        op.execute('ALTER TABLE outbox ALTER COLUMN key TYPE VARCHAR(120) COLLATE "C"')
