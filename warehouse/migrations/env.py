"""Alembic's entry: migrate the database whose URL `warehouse.engine.prepare` hands over."""

from alembic import context
from sqlalchemy import create_engine, text

from warehouse.tables import metadata

MIGRATION_LOCK = 7_240_001  # one migration at a time, whoever starts it


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and (name or "").startswith("filing_row_"))


def run() -> None:
    """Run the migrations in one transaction, under a lock."""
    engine = create_engine(context.config.attributes["url"])
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": MIGRATION_LOCK})
        context.configure(connection=connection, target_metadata=metadata, include_name=_ours)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
