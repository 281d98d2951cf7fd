"""What was published."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from warehouse.tables.schema import id_column, metadata, when_column

publication = Table(
    "publication",
    metadata,
    id_column(),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("period", Text, nullable=False),
    Column("edition", Integer, nullable=False),
    when_column("cutoff"),
    Column("definitions", ForeignKey("definitions_edition.digest"), nullable=False),
    Column("computation_id", ForeignKey("computation.id")),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("signer", Text),
    when_column("created_at"),
    when_column("decided_at", nullable=True),
    CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name="state"),
    UniqueConstraint("kind", "title", "org_id", "period", "edition"),
)

publication_file = Table(
    "publication_file",
    metadata,
    Column("publication_id", ForeignKey("publication.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
)

publication_number = Table(
    "publication_number",
    metadata,
    Column("publication_id", ForeignKey("publication.id"), primary_key=True),
    Column("anchor", Text, primary_key=True),
    Column("line", SmallInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("indicator", Text, nullable=False),
    Column("basis", Text, nullable=False, comment="本期, 上年同期, 可比口径 ..."),
    Column("value", Numeric),
)
