"""Tables that only grow: what was recorded is refused to be changed or deleted, on both databases."""

from sqlalchemy import DDL, FromClause, Table, event


def append_only(of: FromClause) -> None:
    """Guard the table from its creation on. Migrations that create it say the same in words of their own."""
    assert isinstance(of, Table)
    why, each = f"'{of.name} is append-only'", f"ON {of.name} FOR EACH ROW"
    refuse = f"BEGIN SELECT RAISE(ABORT, {why}); END"
    function = f"{of.name}_refuse() RETURNS trigger LANGUAGE plpgsql"
    for dialect, statement in (
        ("sqlite", f"CREATE TRIGGER {of.name}_no_update BEFORE UPDATE {each} {refuse}"),
        ("sqlite", f"CREATE TRIGGER {of.name}_no_delete BEFORE DELETE {each} {refuse}"),
        ("postgresql", f"CREATE OR REPLACE FUNCTION {function} AS $$ BEGIN RAISE EXCEPTION {why}; END $$"),
        (
            "postgresql",
            f"CREATE TRIGGER {of.name}_append_only BEFORE UPDATE OR DELETE {each} EXECUTE FUNCTION {of.name}_refuse()",
        ),
    ):
        trigger = DDL(statement)  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
        event.listen(of, "after_create", trigger.execute_if(dialect=dialect))
