"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# The record of attendance is never changed or shortened.
APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER attendance_events_no_update BEFORE UPDATE ON attendance_events BEGIN SELECT RAISE(ABORT, 'attendance_events is append-only'); END",
        "CREATE TRIGGER attendance_events_no_delete BEFORE DELETE ON attendance_events BEGIN SELECT RAISE(ABORT, 'attendance_events is append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION attendance_events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'attendance_events is append-only'; END $$",
        "CREATE TRIGGER attendance_events_append_only BEFORE UPDATE OR DELETE ON attendance_events FOR EACH ROW EXECUTE FUNCTION attendance_events_refuse()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "calendar_years",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_years")),
    )
    op.create_table(
        "inbox",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_key", sa.String(length=24), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("update_id", name=op.f("pk_inbox")),
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index("ix_inbox_open", ["handled_at", "received_at"], unique=False)

    op.create_table(
        "inbox_dead",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("incident", sa.String(length=12), nullable=True),
        sa.PrimaryKeyConstraint("update_id", name=op.f("pk_inbox_dead")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drained_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "outages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drained_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("reply_to", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.JSON(), nullable=True),
        sa.Column("is_unasked", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_rendered_late", sa.Boolean(), nullable=False),
        sa.Column("is_repeat", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_chat", ["chat_id", "created_at"], unique=False)
        batch_op.create_index("ix_outbox_due", ["state", "due_at"], unique=False)

    op.create_table(
        "prompts",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "user_id", name=op.f("pk_prompts")),
    )
    op.create_table(
        "stray_votes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("poll_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stray_votes")),
        sa.UniqueConstraint("bot_id", "update_id", name=op.f("uq_stray_votes_bot_id_update_id")),
    )
    with op.batch_alter_table("stray_votes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stray_votes_poll_id"), ["poll_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stray_votes_received_at"), ["received_at"], unique=False)

    op.create_table(
        "tries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("of_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tries")),
    )
    with op.batch_alter_table("tries", schema=None) as batch_op:
        batch_op.create_index("ix_tries_of", ["what", "of_id", "at"], unique=False)

    op.create_table(
        "units",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(length=80), nullable=False),
        sa.Column("has_committee", sa.Boolean(), nullable=False),
        sa.Column("founded_on", sa.Date(), nullable=True),
        sa.Column("dissolved_on", sa.Date(), nullable=True),
        sa.Column("recording_since", sa.Date(), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.CheckConstraint("length(path) - length(replace(path, '/', '')) <= 7", name=op.f("ck_units_depth")),
        sa.ForeignKeyConstraint(["parent_id"], ["units.id"], name=op.f("fk_units_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("parent_id", "name", name=op.f("uq_units_parent_id_name")),
    )
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_units_path"), ["path"], unique=False)
        batch_op.create_index(
            "uq_units_top_name",
            ["name"],
            unique=True,
            sqlite_where=sa.text("parent_id IS NULL"),
            postgresql_where=sa.text("parent_id IS NULL"),
        )

    op.create_table(
        "banks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("scope_kind", sa.String(length=24), nullable=False),
        sa.Column("scope_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["scope_id"], ["units.id"], name=op.f("fk_banks_scope_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_banks")),
        sa.UniqueConstraint("slug", name=op.f("uq_banks_slug")),
    )
    op.create_table(
        "calendar_days",
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["year"], ["calendar_years.year"], name=op.f("fk_calendar_days_year")),
        sa.PrimaryKeyConstraint("on", name=op.f("pk_calendar_days")),
    )
    with op.batch_alter_table("calendar_days", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_days_year"), ["year"], unique=False)

    op.create_table(
        "chats",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("thread_notice", sa.BigInteger(), nullable=True),
        sa.Column("thread_study", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_chats_unit_id")),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_chats")),
    )
    with op.batch_alter_table("chats", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chats_unit_id"), ["unit_id"], unique=False)
        batch_op.create_index(
            "uq_chats_active",
            ["unit_id"],
            unique=True,
            sqlite_where=sa.text("state = 'ACTIVE'"),
            postgresql_where=sa.text("state = 'ACTIVE'"),
        )

    op.create_table(
        "members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("staff_no", sa.String(length=40), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("is_probationary", sa.Boolean(), nullable=False),
        sa.Column("is_leader", sa.Boolean(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("full_on", sa.Date(), nullable=True),
        sa.Column("suspended_from", sa.Date(), nullable=True),
        sa.Column("suspended_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["units.id"], name=op.f("fk_members_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("company_id", "staff_no", name=op.f("uq_members_company_id_staff_no")),
    )
    op.create_table(
        "roster_imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("base_hash", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_roster_imports_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_imports")),
    )
    op.create_table(
        "accounts",
        sa.Column("telegram_user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("reach", sa.String(length=24), nullable=False),
        sa.Column("quiet_from", sa.String(length=5), nullable=True),
        sa.Column("quiet_to", sa.String(length=5), nullable=True),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bound_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["bound_by"], ["members.id"], name=op.f("fk_accounts_bound_by")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_accounts_member_id")),
        sa.PrimaryKeyConstraint("telegram_user_id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("member_id", name=op.f("uq_accounts_member_id")),
    )
    op.create_table(
        "bank_revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bank_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("defaults", sa.JSON(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("retired", sa.Integer(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name=op.f("fk_bank_revisions_bank_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_revisions")),
        sa.UniqueConstraint("bank_id", "number", name=op.f("uq_bank_revisions_bank_id_number")),
    )
    op.create_table(
        "chat_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["members.id"], name=op.f("fk_chat_codes_created_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_chat_codes_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_chat_codes_code_hash")),
    )
    op.create_table(
        "claims",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("telegram_user_id", sa.BigInteger(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("typed_name", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["units.id"], name=op.f("fk_claims_branch_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["members.id"], name=op.f("fk_claims_decided_by")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_claims_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
    )
    with op.batch_alter_table("claims", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claims_telegram_user_id"), ["telegram_user_id"], unique=False)
        batch_op.create_index(
            "uq_claims_pending",
            ["telegram_user_id"],
            unique=True,
            sqlite_where=sa.text("state = 'PENDING'"),
            postgresql_where=sa.text("state = 'PENDING'"),
        )

    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("step", sa.String(length=24), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["members.id"], name=op.f("fk_drafts_actor_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_drafts_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_drafts_actor_id"), ["actor_id"], unique=False)

    op.create_table(
        "exemptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("scope", sa.String(length=24), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("approver", sa.String(length=60), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("basis <> '' AND approver <> ''", name=op.f("ck_exemptions_basis")),
        sa.CheckConstraint("to_on IS NULL OR to_on > from_on", name=op.f("ck_exemptions_span")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_exemptions_member_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["members.id"], name=op.f("fk_exemptions_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exemptions")),
        sa.UniqueConstraint("member_id", "scope", "from_on", name=op.f("uq_exemptions_member_id_scope_from_on")),
    )
    op.create_table(
        "invites",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_invites_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invites")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invites_token_hash")),
    )
    with op.batch_alter_table("invites", schema=None) as batch_op:
        batch_op.create_index(
            "uq_invites_open",
            ["member_id"],
            unique=True,
            sqlite_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
            postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
        )

    op.create_table(
        "memberships",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("is_guest", sa.Boolean(), nullable=False),
        sa.CheckConstraint("to_on IS NULL OR to_on > from_on", name=op.f("ck_memberships_span")),
        sa.ForeignKeyConstraint(["branch_id"], ["units.id"], name=op.f("fk_memberships_branch_id")),
        sa.ForeignKeyConstraint(["group_id"], ["units.id"], name=op.f("fk_memberships_group_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_memberships_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint(
            "member_id", "branch_id", "from_on", name=op.f("uq_memberships_member_id_branch_id_from_on")
        ),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(
            "ix_memberships_actor", ["member_id", "is_guest", "from_on", "to_on", "branch_id", "group_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_memberships_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_memberships_group_id"), ["group_id"], unique=False)
        batch_op.create_index(
            "uq_memberships_open",
            ["member_id"],
            unique=True,
            sqlite_where=sa.text("to_on IS NULL AND NOT is_guest"),
            postgresql_where=sa.text("to_on IS NULL AND NOT is_guest"),
        )

    op.create_table(
        "papers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=True),
        sa.Column("token", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("draft_step", sa.String(length=24), nullable=True),
        sa.Column("blueprint", sa.JSON(), nullable=False),
        sa.Column("draw", sa.String(length=24), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("max_centi", sa.Integer(), nullable=False),
        sa.Column("pass_pct", sa.Integer(), nullable=False),
        sa.Column("good_pct", sa.Integer(), nullable=False),
        sa.Column("limit_s", sa.Integer(), nullable=True),
        sa.Column("attempts_allowed", sa.Integer(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("show_score", sa.String(length=24), nullable=False),
        sa.Column("show_key", sa.String(length=24), nullable=False),
        sa.Column("ranking", sa.Boolean(), nullable=False),
        sa.Column("top_names", sa.Integer(), nullable=False),
        sa.Column("resit_of", sa.Integer(), nullable=True),
        sa.Column("resit_number", sa.Integer(), nullable=True),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by"], ["members.id"], name=op.f("fk_papers_by")),
        sa.ForeignKeyConstraint(["resit_of"], ["papers.id"], name=op.f("fk_papers_resit_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers")),
        sa.UniqueConstraint("code", name=op.f("uq_papers_code")),
        sa.UniqueConstraint("resit_of", "resit_number", name=op.f("uq_papers_resit_of_resit_number")),
        sa.UniqueConstraint("token", name=op.f("uq_papers_token")),
    )
    with op.batch_alter_table("papers", schema=None) as batch_op:
        batch_op.create_index("ix_papers_state", ["state", "closes_at"], unique=False)

    op.create_table(
        "questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bank_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name=op.f("fk_questions_bank_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sa.UniqueConstraint("bank_id", "code", name=op.f("uq_questions_bank_id_code")),
    )
    op.create_table(
        "role_grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("granted_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("to_on IS NULL OR to_on > from_on", name=op.f("ck_role_grants_span")),
        sa.ForeignKeyConstraint(["granted_by"], ["members.id"], name=op.f("fk_role_grants_granted_by")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_role_grants_member_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_role_grants_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
        sa.UniqueConstraint(
            "member_id", "unit_id", "role", "from_on", name=op.f("uq_role_grants_member_id_unit_id_role_from_on")
        ),
    )
    with op.batch_alter_table("role_grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_grants_unit_id"), ["unit_id"], unique=False)
        batch_op.create_index(
            "uq_role_grants_secretary",
            ["unit_id"],
            unique=True,
            sqlite_where=sa.text("role = 'SECRETARY' AND to_on IS NULL"),
            postgresql_where=sa.text("role = 'SECRETARY' AND to_on IS NULL"),
        )

    op.create_table(
        "candidates",
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("standing", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["units.id"], name=op.f("fk_candidates_branch_id")),
        sa.ForeignKeyConstraint(["by"], ["members.id"], name=op.f("fk_candidates_by")),
        sa.ForeignKeyConstraint(["group_id"], ["units.id"], name=op.f("fk_candidates_group_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_candidates_member_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_candidates_paper_id")),
        sa.PrimaryKeyConstraint("paper_id", "member_id", name=op.f("pk_candidates")),
    )
    with op.batch_alter_table("candidates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_candidates_member_id"), ["member_id"], unique=False)

    op.create_table(
        "import_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("bank_id", sa.Integer(), nullable=True),
        sa.Column("scope_kind", sa.String(length=24), nullable=False),
        sa.Column("scope_id", sa.Integer(), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("format", sa.String(length=12), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("base_revision_id", sa.Integer(), nullable=True),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name=op.f("fk_import_runs_bank_id")),
        sa.ForeignKeyConstraint(
            ["base_revision_id"], ["bank_revisions.id"], name=op.f("fk_import_runs_base_revision_id")
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["bank_revisions.id"], name=op.f("fk_import_runs_revision_id")),
        sa.ForeignKeyConstraint(["scope_id"], ["units.id"], name=op.f("fk_import_runs_scope_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
        sa.UniqueConstraint("token", name=op.f("uq_import_runs_token")),
    )
    with op.batch_alter_table("import_runs", schema=None) as batch_op:
        batch_op.create_index("ix_import_runs_waiting", ["state", "expires_at"], unique=False)

    op.create_table(
        "paper_branches",
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["units.id"], name=op.f("fk_paper_branches_branch_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_paper_branches_paper_id")),
        sa.PrimaryKeyConstraint("paper_id", "branch_id", name=op.f("pk_paper_branches")),
    )
    with op.batch_alter_table("paper_branches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_branches_branch_id"), ["branch_id"], unique=False)

    op.create_table(
        "paper_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["members.id"], name=op.f("fk_paper_log_actor")),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_paper_log_paper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_log")),
    )
    with op.batch_alter_table("paper_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_log_paper_id"), ["paper_id"], unique=False)

    op.create_table(
        "question_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=24), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("marking_hash", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("corrects", sa.Integer(), nullable=True),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("difficulty", sa.Integer(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("source", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["corrects"], ["question_versions.id"], name=op.f("fk_question_versions_corrects")),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name=op.f("fk_question_versions_question_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_versions")),
        sa.UniqueConstraint("question_id", "content_hash", name=op.f("uq_question_versions_question_id_content_hash")),
        sa.UniqueConstraint("question_id", "number", name=op.f("uq_question_versions_question_id_number")),
    )
    with op.batch_alter_table("question_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_question_versions_fingerprint"), ["fingerprint"], unique=False)

    op.create_table(
        "rounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("step_version", sa.Integer(), nullable=False),
        sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.chat_id"], name=op.f("fk_rounds_chat_id"), onupdate="CASCADE"),
        sa.ForeignKeyConstraint(["host_id"], ["members.id"], name=op.f("fk_rounds_host_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_rounds_paper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rounds")),
    )
    with op.batch_alter_table("rounds", schema=None) as batch_op:
        batch_op.create_index("ix_rounds_due", ["state", "next_step_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_rounds_paper_id"), ["paper_id"], unique=False)
        batch_op.create_index(
            "uq_rounds_active",
            ["chat_id", "thread_id"],
            unique=True,
            sqlite_where=sa.text("state NOT IN ('FINISHED', 'ABORTED')"),
            postgresql_where=sa.text("state NOT IN ('FINISHED', 'ABORTED')"),
        )

    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("clock", sa.Time(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("shift", sa.String(length=24), nullable=False),
        sa.Column("guard", sa.String(length=24), nullable=False),
        sa.Column("allow_makeup", sa.Boolean(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_series_minutes")),
        sa.CheckConstraint("until_on IS NULL OR until_on >= from_on", name=op.f("ck_series_until_on")),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_series_draft_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["series.id"], name=op.f("fk_series_replaces_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_series_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("draft_id", name=op.f("uq_series_draft_id")),
    )
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_series_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column("seat", sa.String(length=24), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("score_centi", sa.Integer(), nullable=True),
        sa.Column("time_s", sa.Integer(), nullable=True),
        sa.Column("credit_s", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_attempts_member_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_attempts_paper_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_attempts_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("paper_id", "member_id", "number", name=op.f("uq_attempts_paper_id_member_id_number")),
        sa.UniqueConstraint("round_id", "member_id", name=op.f("uq_attempts_round_id_member_id")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index("ix_attempts_deadline", ["state", "deadline_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempts_member_id"), ["member_id"], unique=False)
        batch_op.create_index(
            "uq_attempts_running",
            ["paper_id", "member_id"],
            unique=True,
            sqlite_where=sa.text("state = 'STARTED' AND round_id IS NULL"),
            postgresql_where=sa.text("state = 'STARTED' AND round_id IS NULL"),
        )

    op.create_table(
        "meetings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("original_on", sa.Date(), nullable=True),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=True),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chair_id", sa.Integer(), nullable=True),
        sa.Column("recorder_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("is_tentative", sa.Boolean(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_by", sa.Integer(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extra_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("audit_seq", sa.Integer(), nullable=False),
        sa.Column("audit_hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("(series_id IS NULL) = (original_on IS NULL)", name=op.f("ck_meetings_original_on")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_meetings_ends_at")),
        sa.ForeignKeyConstraint(["chair_id"], ["members.id"], name=op.f("fk_meetings_chair_id")),
        sa.ForeignKeyConstraint(["created_by"], ["members.id"], name=op.f("fk_meetings_created_by")),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_meetings_draft_id")),
        sa.ForeignKeyConstraint(["recorder_id"], ["members.id"], name=op.f("fk_meetings_recorder_id")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_meetings_series_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_meetings_unit_id")),
        sa.ForeignKeyConstraint(["verified_by"], ["members.id"], name=op.f("fk_meetings_verified_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meetings")),
        sa.UniqueConstraint("draft_id", name=op.f("uq_meetings_draft_id")),
        sa.UniqueConstraint("series_id", "original_on", name=op.f("uq_meetings_series_id_original_on")),
    )
    with op.batch_alter_table("meetings", schema=None) as batch_op:
        batch_op.create_index("ix_meetings_state_starts_at", ["state", "starts_at"], unique=False)
        batch_op.create_index("ix_meetings_unit_id_starts_at", ["unit_id", "starts_at"], unique=False)
        batch_op.create_index(
            "uq_meetings_unit_id_kind_starts_at",
            ["unit_id", "kind", "starts_at"],
            unique=True,
            sqlite_where=sa.text("state <> 'CANCELLED'"),
            postgresql_where=sa.text("state <> 'CANCELLED'"),
        )

    op.create_table(
        "paper_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("score_centi", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_paper_items_paper_id")),
        sa.ForeignKeyConstraint(["version_id"], ["question_versions.id"], name=op.f("fk_paper_items_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_items")),
        sa.UniqueConstraint("paper_id", "position", name=op.f("uq_paper_items_paper_id_position")),
        sa.UniqueConstraint("paper_id", "version_id", name=op.f("uq_paper_items_paper_id_version_id")),
    )
    with op.batch_alter_table("paper_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_items_version_id"), ["version_id"], unique=False)

    op.create_table(
        "paper_pool",
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_paper_pool_paper_id")),
        sa.ForeignKeyConstraint(["version_id"], ["question_versions.id"], name=op.f("fk_paper_pool_version_id")),
        sa.PrimaryKeyConstraint("paper_id", "version_id", name=op.f("pk_paper_pool")),
    )
    op.create_table(
        "revision_items",
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name=op.f("fk_revision_items_question_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["bank_revisions.id"], name=op.f("fk_revision_items_revision_id")),
        sa.ForeignKeyConstraint(["version_id"], ["question_versions.id"], name=op.f("fk_revision_items_version_id")),
        sa.PrimaryKeyConstraint("revision_id", "question_id", name=op.f("pk_revision_items")),
    )
    op.create_table(
        "round_guests",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_round_guests_round_id")),
        sa.PrimaryKeyConstraint("round_id", "user_id", name=op.f("pk_round_guests")),
    )
    op.create_table(
        "round_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("option_order", sa.JSON(), nullable=False),
        sa.Column("form", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_round_items_round_id")),
        sa.ForeignKeyConstraint(["version_id"], ["question_versions.id"], name=op.f("fk_round_items_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_items")),
        sa.UniqueConstraint("round_id", "position", name=op.f("uq_round_items_round_id_position")),
    )
    with op.batch_alter_table("round_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_round_items_version_id"), ["version_id"], unique=False)

    op.create_table(
        "agenda_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=True),
        sa.Column("vote_rule", sa.String(length=24), nullable=True),
        sa.Column("person_name", sa.String(length=40), nullable=True),
        sa.Column("due", sa.Integer(), nullable=True),
        sa.Column("present", sa.Integer(), nullable=True),
        sa.Column("yes", sa.Integer(), nullable=True),
        sa.Column("no", sa.Integer(), nullable=True),
        sa.Column("abstain", sa.Integer(), nullable=True),
        sa.Column("yes_written", sa.Integer(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("present <= due", name=op.f("ck_agenda_items_present")),
        sa.CheckConstraint("yes + no + abstain <= present", name=op.f("ck_agenda_items_votes")),
        sa.CheckConstraint("yes_written <= due - present", name=op.f("ck_agenda_items_yes_written")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_agenda_items_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_items")),
        sa.UniqueConstraint("meeting_id", "position", name=op.f("uq_agenda_items_meeting_id_position")),
    )
    op.create_table(
        "answer_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("via", sa.String(length=24), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_answer_events_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_events")),
        sa.UniqueConstraint("bot_id", "update_id", name=op.f("uq_answer_events_bot_id_update_id")),
    )
    with op.batch_alter_table("answer_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answer_events_attempt_id"), ["attempt_id"], unique=False)

    op.create_table(
        "attendances",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("is_due", sa.Boolean(), nullable=False),
        sa.Column("has_vote", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.String(length=24), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leave_state", sa.String(length=24), nullable=False),
        sa.Column("leave_kind", sa.String(length=24), nullable=True),
        sa.Column("leave_reason", sa.String(length=200), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("time_unsure", sa.Boolean(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_online", sa.Boolean(), nullable=False),
        sa.Column("proof", sa.String(length=24), nullable=True),
        sa.Column("is_for_other", sa.Boolean(), nullable=False),
        sa.Column("is_late_entry", sa.Boolean(), nullable=False),
        sa.Column("explained_as", sa.String(length=24), nullable=True),
        sa.Column("explained_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["members.id"], name=op.f("fk_attendances_decided_by")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_attendances_meeting_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_attendances_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendances")),
        sa.UniqueConstraint("meeting_id", "member_id", name=op.f("uq_attendances_meeting_id_member_id")),
    )
    with op.batch_alter_table("attendances", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attendances_member_id"), ["member_id"], unique=False)

    op.create_table(
        "cards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("is_pinned", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_cards_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
        sa.UniqueConstraint("meeting_id", "chat_id", "what", name=op.f("uq_cards_meeting_id_chat_id_what")),
    )
    op.create_table(
        "guests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_guests_number")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_guests_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guests")),
        sa.UniqueConstraint("meeting_id", "what", "name", name=op.f("uq_guests_meeting_id_what_name")),
    )
    op.create_table(
        "lecturers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_lecturers_meeting_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_lecturers_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lecturers")),
        sa.UniqueConstraint("meeting_id", "member_id", name=op.f("uq_lecturers_meeting_id_member_id")),
    )
    with op.batch_alter_table("lecturers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lecturers_member_id"), ["member_id"], unique=False)

    op.create_table(
        "meeting_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("from", sa.Text(), nullable=True),
        sa.Column("to", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["members.id"], name=op.f("fk_meeting_changes_actor_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_meeting_changes_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_changes")),
        sa.UniqueConstraint("meeting_id", "version", name=op.f("uq_meeting_changes_meeting_id_version")),
    )
    op.create_table(
        "minutes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("summary", sa.String(length=2000), nullable=False),
        sa.Column("decisions", sa.Text(), nullable=False),
        sa.Column("paper_ref", sa.String(length=60), nullable=True),
        sa.Column("filed_by", sa.Integer(), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["filed_by"], ["members.id"], name=op.f("fk_minutes_filed_by")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_minutes_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes")),
        sa.UniqueConstraint("meeting_id", name=op.f("uq_minutes_meeting_id")),
    )
    op.create_table(
        "nudges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rung", sa.String(length=24), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("outbox_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_nudges_meeting_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_nudges_member_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_nudges_outbox_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nudges")),
        sa.UniqueConstraint(
            "meeting_id",
            "version",
            "rung",
            "round",
            "member_id",
            name=op.f("uq_nudges_meeting_id_version_rung_round_member_id"),
        ),
    )
    op.create_table(
        "outage_credits",
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_outage_credits_attempt_id")),
        sa.ForeignKeyConstraint(["outage_id"], ["outages.id"], name=op.f("fk_outage_credits_outage_id")),
        sa.PrimaryKeyConstraint("outage_id", "attempt_id", name=op.f("pk_outage_credits")),
    )
    op.create_table(
        "results",
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=True),
        sa.Column("score_centi", sa.Integer(), nullable=True),
        sa.Column("credited_centi", sa.Integer(), nullable=True),
        sa.Column("time_s", sa.Integer(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("excellent", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_results_attempt_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_results_member_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_results_paper_id")),
        sa.PrimaryKeyConstraint("paper_id", "member_id", "revision", name=op.f("pk_results")),
    )
    with op.batch_alter_table("results", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_results_member_id"), ["member_id"], unique=False)

    op.create_table(
        "round_polls",
        sa.Column("poll_id", sa.String(length=32), nullable=False),
        sa.Column("round_item_id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["round_item_id"], ["round_items.id"], name=op.f("fk_round_polls_round_item_id")),
        sa.PrimaryKeyConstraint("poll_id", name=op.f("pk_round_polls")),
    )
    with op.batch_alter_table("round_polls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_round_polls_round_item_id"), ["round_item_id"], unique=False)

    op.create_table(
        "rungs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rung", sa.String(length=24), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("was_late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_rungs_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rungs")),
        sa.UniqueConstraint(
            "meeting_id", "version", "rung", "round", name=op.f("uq_rungs_meeting_id_version_rung_round")
        ),
    )
    with op.batch_alter_table("rungs", schema=None) as batch_op:
        batch_op.create_index("ix_rungs_state_due_at", ["state", "due_at"], unique=False)

    op.create_table(
        "attempt_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("option_order", sa.JSON(), nullable=False),
        sa.Column("max_centi", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("selection", sa.Text(), nullable=True),
        sa.Column("is_marked", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_event_id", sa.Integer(), nullable=True),
        sa.Column("awarded_centi", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_attempt_items_attempt_id")),
        sa.ForeignKeyConstraint(["last_event_id"], ["answer_events.id"], name=op.f("fk_attempt_items_last_event_id")),
        sa.ForeignKeyConstraint(["version_id"], ["question_versions.id"], name=op.f("fk_attempt_items_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_items")),
        sa.UniqueConstraint("attempt_id", "position", name=op.f("uq_attempt_items_attempt_id_position")),
        sa.UniqueConstraint("attempt_id", "version_id", name=op.f("uq_attempt_items_attempt_id_version_id")),
    )
    with op.batch_alter_table("attempt_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempt_items_version_id"), ["version_id"], unique=False)

    op.create_table(
        "attendance_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("attendance_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("from", sa.Text(), nullable=True),
        sa.Column("to", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("update_id", sa.BigInteger(), nullable=True),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["members.id"], name=op.f("fk_attendance_events_actor_id")),
        sa.ForeignKeyConstraint(["attendance_id"], ["attendances.id"], name=op.f("fk_attendance_events_attendance_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_attendance_events_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_events")),
        sa.UniqueConstraint("meeting_id", "seq", name=op.f("uq_attendance_events_meeting_id_seq")),
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attendance_id", sa.Integer(), nullable=False),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["attendance_id"], ["attendances.id"], name=op.f("fk_corrections_attendance_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["members.id"], name=op.f("fk_corrections_decided_by")),
        sa.ForeignKeyConstraint(["proposed_by"], ["members.id"], name=op.f("fk_corrections_proposed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    with op.batch_alter_table("corrections", schema=None) as batch_op:
        batch_op.create_index(
            "uq_corrections_attendance_id",
            ["attendance_id"],
            unique=True,
            sqlite_where=sa.text("state = 'PROPOSED'"),
            postgresql_where=sa.text("state = 'PROPOSED'"),
        )

    op.create_table(
        "make_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attendance_id", sa.Integer(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("how", sa.String(length=24), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["attendance_id"], ["attendances.id"], name=op.f("fk_make_ups_attendance_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["members.id"], name=op.f("fk_make_ups_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_make_ups")),
        sa.UniqueConstraint("attendance_id", name=op.f("uq_make_ups_attendance_id")),
    )
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)
