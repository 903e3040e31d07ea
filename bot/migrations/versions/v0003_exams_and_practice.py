"""Exams, imports of foreign files and the wrong-answer book"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_runs", sa.Column("mode", sa.String(length=24), server_default="WHOLE", nullable=False))
    op.add_column("import_runs", sa.Column("slug", sa.String(length=40), server_default="", nullable=False))
    op.add_column("import_runs", sa.Column("title", sa.String(length=120), server_default="", nullable=False))
    op.add_column("import_runs", sa.Column("source", sa.String(length=200), server_default="", nullable=False))
    op.add_column("import_runs", sa.Column("reading", sa.LargeBinary(), nullable=True))
    op.create_index("ix_import_runs_by", "import_runs", ["by", "file_name"])

    op.create_table(
        "practice_wishes",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("per_day", sa.Integer(), nullable=False),
        sa.Column("wants_reminder", sa.Boolean(), nullable=False),
        sa.Column("wants_daily", sa.Boolean(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_practice_wishes_member_id")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_practice_wishes")),
    )
    op.create_table(
        "practice_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.String(length=40), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("is_right", sa.Boolean(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_practice_events_member_id")),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name=op.f("fk_practice_events_question_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_events")),
        sa.UniqueConstraint("source_key", name=op.f("uq_practice_events_source_key")),
    )
    op.create_index("ix_practice_events_at", "practice_events", ["at"], unique=False)
    op.create_index("ix_practice_events_member_id", "practice_events", ["member_id"], unique=False)
    op.create_table(
        "practice_cards",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("fsrs", sa.JSON(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("streak", sa.Integer(), nullable=False),
        sa.Column("wrong_count", sa.Integer(), nullable=False),
        sa.Column("right_count", sa.Integer(), nullable=False),
        sa.Column("is_renewed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_practice_cards_member_id")),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name=op.f("fk_practice_cards_question_id")),
        sa.ForeignKeyConstraint(["version_id"], ["question_versions.id"], name=op.f("fk_practice_cards_version_id")),
        sa.PrimaryKeyConstraint("member_id", "question_id", name=op.f("pk_practice_cards")),
    )
    op.create_index("ix_practice_cards_due", "practice_cards", ["due_on", "member_id"], unique=False)
    op.create_index("ix_practice_cards_question_id", "practice_cards", ["question_id"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=24), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("option_order", sa.JSON(), nullable=False),
        sa.Column("picked", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_right", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_reviews_member_id")),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name=op.f("fk_reviews_question_id")),
        sa.ForeignKeyConstraint(["version_id"], ["question_versions.id"], name=op.f("fk_reviews_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index("ix_reviews_answered_at", "reviews", ["answered_at"], unique=False)
    op.create_index("ix_reviews_of_day", "reviews", ["member_id", "on_date"], unique=False)
    op.create_index(
        "uq_reviews_daily",
        "reviews",
        ["member_id", "on_date"],
        unique=True,
        sqlite_where=sa.text("mode = 'DAILY'"),
        postgresql_where=sa.text("mode = 'DAILY'"),
    )
    op.create_index(
        "uq_reviews_waiting",
        "reviews",
        ["member_id"],
        unique=True,
        sqlite_where=sa.text("answered_at IS NULL"),
        postgresql_where=sa.text("answered_at IS NULL"),
    )

    op.add_column("papers", sa.Column("planned_closes_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("paper_branches", sa.Column("nudged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("papers", sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
    op.add_column("results", sa.Column("max_centi", sa.Integer(), nullable=True))
    op.add_column("results", sa.Column("is_told", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_results_untold",
        "results",
        ["paper_id", "member_id", "revision"],
        unique=False,
        sqlite_where=sa.text("is_told = 0"),
        postgresql_where=sa.text("NOT is_told"),
    )
    op.add_column("paper_branches", sa.Column("due_revision", sa.Integer(), nullable=True))
    op.create_index(
        "ix_paper_branches_untold",
        "paper_branches",
        ["paper_id", "branch_id"],
        unique=False,
        sqlite_where=sa.text("due_revision IS NOT NULL"),
        postgresql_where=sa.text("due_revision IS NOT NULL"),
    )
    op.create_table(
        "regrades",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=24), nullable=False),
        sa.Column("to_version_id", sa.Integer(), nullable=True),
        sa.Column("score_centi", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["members.id"], name=op.f("fk_regrades_by")),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_regrades_paper_id")),
        sa.ForeignKeyConstraint(["to_version_id"], ["question_versions.id"], name=op.f("fk_regrades_to_version_id")),
        sa.ForeignKeyConstraint(["version_id"], ["question_versions.id"], name=op.f("fk_regrades_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regrades")),
        sa.UniqueConstraint("paper_id", "revision", name=op.f("uq_regrades_paper_id_revision")),
    )
    op.create_index("ix_regrades_version_id", "regrades", ["version_id"], unique=False)
    op.create_table(
        "seat_choices",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("selection", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_seat_choices_attempt_id")),
        sa.PrimaryKeyConstraint("attempt_id", "position", name=op.f("pk_seat_choices")),
    )
