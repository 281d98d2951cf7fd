"""Periods and who must report, frozen when a period opens."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Table,
    Text,
    text,
)

from warehouse.tables.schema import id_column, metadata, when_column

period = Table(
    "period",
    metadata,
    Column("label", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("starts", Date, nullable=False),
    Column("ends", Date, nullable=False),
    Column("definitions", ForeignKey("definitions_edition.digest"), nullable=False),
    when_column("opened_at"),
    when_column("closed_at", nullable=True),
    when_column("checked_at", nullable=True),
)

expected_filing = Table(
    "expected_filing",
    metadata,
    Column("period", ForeignKey("period.label"), primary_key=True),
    Column("form", Text, primary_key=True),
    Column("org_id", ForeignKey("organisation.id"), primary_key=True),
    Column("collector_id", ForeignKey("organisation.id")),
    Column("due_on", Date, nullable=False),
    Column("check_on", Date, nullable=False),
    Column("lock_on", Date, nullable=False),
)

form_window = Table(
    "form_window",
    metadata,
    Column("period", ForeignKey("period.label"), primary_key=True),
    Column("form", Text, primary_key=True),
    Column("edition", Text, nullable=False),
    Column("opened_with", Text, nullable=False, comment="the month whose opening brought it"),
    Column("due_on", Date, nullable=False),
    Column("check_on", Date, nullable=False),
    Column("lock_on", Date, nullable=False),
    when_column("opened_at"),
    when_column("frozen_at", nullable=True),
    Index("ix_form_window_opened_with", "opened_with"),
    comment="one form of one opened period: its days, and when its figures were published",
)

reopening = Table(
    "reopening",
    metadata,
    id_column(),
    Column("period", ForeignKey("period.label"), nullable=False),
    Column("forms", ARRAY(Text), nullable=False, comment="empty: every form of the period"),
    Column(
        "organisations", ARRAY(BigInteger), nullable=False, comment="with all below; empty: all"
    ),
    Column("reason", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("until", Date, nullable=False, comment="last day; locked again on the next"),
    when_column("opened_at"),
    when_column("ended_at", nullable=True),
    Column("ended_by", Text),
    CheckConstraint("requested_by <> approved_by", name="four_eyes"),
    Index("ix_reopening_period", "period"),
    comment="one correction order: who may file again for a locked period, why and until when",
)

reopening_request = Table(
    "reopening_request",
    metadata,
    id_column(),
    Column("period", ForeignKey("period.label"), nullable=False),
    Column("forms", ARRAY(Text), nullable=False, comment="empty: every form of the period"),
    Column(
        "organisations", ARRAY(BigInteger), nullable=False, comment="with all below; empty: all"
    ),
    Column("reason", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("until", Date, nullable=False, comment="last day that is asked for"),
    Column("requested_by", ForeignKey("account.id"), nullable=False),
    when_column("requested_at"),
    Column("decision", Text),
    Column("decided_by", ForeignKey("account.id")),
    when_column("decided_at", nullable=True),
    Column("decision_reason", Text, nullable=False, server_default=""),
    Column(
        "reopening_id", ForeignKey("reopening.id"), comment="the order that an approval entered"
    ),
    CheckConstraint("decision IN ('approved', 'declined', 'withdrawn')", name="decision"),
    CheckConstraint(
        "decision IS NULL OR (decision = 'withdrawn') = (decided_by = requested_by)",
        name="four_eyes",
    ),
    CheckConstraint(
        "(decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL) "
        "AND (decision IS NOT DISTINCT FROM 'approved') = (reopening_id IS NOT NULL)",
        name="decided",
    ),
    Index("ix_reopening_request_waiting", "id", postgresql_where=text("decision IS NULL")),
    comment="somebody asks that a locked period is opened again; another decides",
)
