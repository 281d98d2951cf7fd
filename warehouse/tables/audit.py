"""Who did and saw what, each entry carrying the hash of the one before."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.schema import id_column, metadata, when_column

audit_log = Table(
    "audit_log",
    metadata,
    id_column(),
    when_column("at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    comment="each entry carries the hash of the one before",
)
