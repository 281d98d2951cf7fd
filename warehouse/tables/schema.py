"""What all tables share: one schema, and the shapes of their columns."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Identity, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def id_column() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


def when_column(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def history_columns() -> tuple[Column[object], ...]:
    """Since when and until when a row was believed, and what brought it."""
    return (
        when_column("recorded_at"),
        when_column("retired_at", nullable=True),
        Column("change_id", BigInteger, comment="the organisation_change that brought it"),
        Column(
            "registered",
            Boolean,
            nullable=False,
            server_default="false",
            comment="as registered: what changes are replayed over",
        ),
    )
