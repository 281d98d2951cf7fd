"""New values of dated parameters: proposed by one person, decided by another."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.schema import id_column, metadata, when_column

parameter_proposal = Table(
    "parameter_proposal",
    metadata,
    id_column(),
    Column("code", Text, nullable=False),
    Column("since", Date, nullable=False, comment="first day of the new value"),
    Column("value", JSONB, nullable=False),
    Column("authority", Text, nullable=False, comment="the document that decides it"),
    Column("reason", Text, nullable=False),
    Column("proposed_by", ForeignKey("account.id"), nullable=False),
    when_column("proposed_at"),
    Column("decision", Text),
    Column("decided_by", ForeignKey("account.id")),
    when_column("decided_at", nullable=True),
    Column("decision_reason", Text, nullable=False, server_default=""),
    CheckConstraint("decision IN ('approved', 'declined', 'withdrawn')", name="decision"),
    CheckConstraint(
        "decision IS DISTINCT FROM 'approved' OR decided_by <> proposed_by", name="four_eyes"
    ),
    CheckConstraint(
        "(decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL)",
        name="decided",
    ),
    Index("one_waiting_proposal", "code", unique=True, postgresql_where=text("decision IS NULL")),
    comment="a new value of a dated parameter, proposed by one person and decided by another",
)
