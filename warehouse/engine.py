"""One engine per process, and a warehouse that is migrated before anyone uses it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, text

from warehouse.server import database_url, ensure_database

SQL = Path(__file__).resolve().parent.parent / "sql"


@lru_cache(maxsize=4)
def engine_for(url: str) -> Engine:
    """A small pool on one database; psycopg 3 is named by the URL."""
    return create_engine(url, pool_size=4, max_overflow=4, pool_pre_ping=True)


def warehouse() -> Engine:
    """The engine of the warehouse that the environment names; it must have been prepared."""
    return engine_for(database_url())


def prepare() -> Engine:
    """Create the database if need be, bring it to the newest schema, and return its engine."""
    from alembic import command
    from alembic.config import Config

    url = ensure_database()
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, "head")
    return engine_for(url)


@lru_cache(maxsize=64)
def sql(name: str) -> str:
    """The text of one file below sql/, without its extension."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def ensure_partitions(connection: Connection, year: int) -> None:
    """Monthly partitions of filing_row for a year; harmless when they exist."""
    for month in range(1, 13):
        start = f"{year}-{month:02d}-01"
        end = f"{year + month // 12}-{month % 12 + 1:02d}-01"
        connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS filing_row_{year}_{month:02d} "
                f"PARTITION OF filing_row FOR VALUES FROM ('{start}') TO ('{end}')"
            )
        )
