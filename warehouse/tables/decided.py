"""What the federation decided, kept so that an old report can be produced again."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.schema import metadata, when_column

definitions_edition = Table(
    "definitions_edition",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("sources", JSONB, nullable=False),
    when_column("registered_at"),
)

form_column = Table(
    "form_column",
    metadata,
    Column("form", Text, primary_key=True),
    Column("edition", Text, primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("code", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("personal", Text, nullable=False),
    comment="order of the arrays in filing_row",
)

working_day = Table(
    "working_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("ordinal", Integer, nullable=False, comment="working days up to and including the day"),
)
