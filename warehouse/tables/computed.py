"""What was computed from what arrived."""

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
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.schema import id_column, metadata, when_column

computation = Table(
    "computation",
    metadata,
    id_column(),
    Column("period", Text, nullable=False),
    when_column("cutoff"),
    Column("definitions", ForeignKey("definitions_edition.digest"), nullable=False),
    when_column("computed_at"),
    UniqueConstraint("period", "cutoff", "definitions"),
)

indicator_value = Table(
    "indicator_value",
    metadata,
    Column("computation_id", ForeignKey("computation.id"), primary_key=True),
    Column("line", SmallInteger, primary_key=True),
    Column("org_id", BigInteger, primary_key=True, comment="0 is 未纳入产业"),
    Column("period", Text, primary_key=True),
    Column("basis", Text, primary_key=True, comment="reported, comparable or to_date"),
    Column("indicator", Text, primary_key=True),
    Column("value", Numeric),
    Column("numerator", Numeric),
    Column("denominator", Numeric),
    Column("reported", Integer, nullable=False),
    Column("expected", Integer),
    CheckConstraint("basis IN ('reported', 'comparable', 'to_date')", name="basis"),
)

withholding = Table(
    "withholding",
    metadata,
    Column("computation_id", ForeignKey("computation.id"), primary_key=True),
    Column("figures", Integer, nullable=False),
    comment="it is decided what of a computation is withheld; so many figures are",
)

withheld_figure = Table(
    "withheld_figure",
    metadata,
    Column("computation_id", ForeignKey("withholding.computation_id"), primary_key=True),
    Column("line", SmallInteger, primary_key=True),
    Column("unit", Text, primary_key=True, comment="its code; with 本级 its own part"),
    Column("period", Text, primary_key=True),
    Column("indicator", Text, primary_key=True),
    comment="one figure about few people that no publication may print; append-only",
)

assessment = Table(
    "assessment",
    metadata,
    id_column(),
    Column("scheme", Text, nullable=False),
    Column("year", Integer, nullable=False),
    when_column("cutoff"),
    Column("definitions", ForeignKey("definitions_edition.digest"), nullable=False),
    Column("computation_id", ForeignKey("computation.id"), nullable=False),
    UniqueConstraint("scheme", "year", "cutoff", "definitions"),
)

assessment_unit = Table(
    "assessment_unit",
    metadata,
    Column("assessment_id", ForeignKey("assessment.id"), primary_key=True),
    Column("org_id", ForeignKey("organisation.id"), primary_key=True),
    Column("ranking_group", Text, nullable=False),
    Column("total", Numeric),
    Column("grade", Text, nullable=False),
    Column("rank", Integer),
    Column("detail", JSONB, nullable=False, comment="blocks, items, explanations"),
)

veto = Table(
    "veto",
    metadata,
    id_column(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("entered_by", Text, nullable=False),
    when_column("entered_at"),
    when_column("revoked_at", nullable=True),
    UniqueConstraint("org_id", "year", "code", "document"),
    comment="one-vote vetoes entered by the federation with their document",
)
