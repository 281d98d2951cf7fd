"""What people do with a submission: steps, who is on it, drafts, corrections, mends of reading."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.schema import id_column, metadata, when_column

submission_step = Table(
    "submission_step",
    metadata,
    id_column(),
    Column("submission_id", ForeignKey("submission.id"), nullable=False),
    Column("seq", Integer, nullable=False, comment="1, 2, 3 … within the submission"),
    Column("verb", Text, nullable=False),
    Column("from_state", Text, nullable=False),
    Column("to_state", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("account_id", BigInteger, comment="whose account, when signed in"),
    Column("org_id", ForeignKey("organisation.id"), comment="for which union"),
    Column("finding_id", ForeignKey("finding.id"), comment="whose words were judged"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("assignee", Text, comment="who is to do what the step asks for"),
    Column("due_on", Date),
    when_column("at"),
    UniqueConstraint("submission_id", "seq"),
    Index("ix_submission_step_finding_id", "finding_id"),
    Index("ix_submission_step_assignee", "assignee", postgresql_where=text("assignee IS NOT NULL")),
    comment="one thing a person did with a submission; append-only",
)

submission_claim = Table(
    "submission_claim",
    metadata,
    Column("submission_id", ForeignKey("submission.id"), primary_key=True),
    Column("actor", Text, nullable=False),
    Column("account_id", BigInteger),
    when_column("since"),
    when_column("until"),
    comment="who is on a submission now; lapses by itself",
)

form_draft = Table(
    "form_draft",
    metadata,
    id_column(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("period", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("content", LargeBinary, nullable=False, comment="encrypted: rows as they were typed"),
    Column("version", Integer, nullable=False),
    Column("updated_by", Text, nullable=False),
    when_column("updated_at"),
    Column("receipt_id", ForeignKey("receipt.id"), comment="what it became when it was sent"),
    when_column("dropped_at", nullable=True),
    Index(
        "one_open_draft",
        "org_id",
        "period",
        "form",
        unique=True,
        postgresql_where=text("receipt_id IS NULL AND dropped_at IS NULL"),
    ),
    comment="one form being filled in in the browser",
)

receipt_progress = Table(
    "receipt_progress",
    metadata,
    Column("receipt_id", ForeignKey("receipt.id"), primary_key=True),
    Column("stage", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    when_column("at"),
    CheckConstraint("stage IN ('received', 'reading', 'checking', 'done', 'failed')", name="stage"),
    comment="how far the processing of one receipt has come",
)

correction = Table(
    "correction",
    metadata,
    id_column(),
    Column("submission_id", ForeignKey("submission.id"), nullable=False),
    Column("sha256", Text, nullable=False, comment="the derived workbook, kept as an original"),
    Column("cells", JSONB, nullable=False, comment="sheet, cell and reason of each; no values"),
    Column("reason", Text, nullable=False),
    Column("policy", Text, nullable=False, comment="confirm or direct, as the parameter said"),
    Column("proposed_by", Text, nullable=False),
    Column("account_id", BigInteger),
    when_column("proposed_at"),
    Column("decision", Text),
    Column("decided_by", Text),
    Column("decision_reason", Text, nullable=False, server_default=""),
    when_column("decided_at", nullable=True),
    Column("receipt_id", ForeignKey("receipt.id"), comment="the new version, once in force"),
    CheckConstraint("policy IN ('confirm', 'direct')", name="policy"),
    CheckConstraint(
        "decision IN ('confirmed', 'declined', 'withdrawn', 'direct')", name="decision"
    ),
    CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided"),
    Index(
        "one_waiting_correction",
        "submission_id",
        unique=True,
        postgresql_where=text("decision IS NULL"),
    ),
    comment="corrected figures a steward proposes for a submission, and what the unit says to them",
)

reading_mend = Table(
    "reading_mend",
    metadata,
    id_column(),
    Column("kind", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("column", Text, comment="heading and unit: the form's column; unit, empty: all amounts"),
    Column("written", Text, nullable=False, comment="the heading, unit or sheet as senders write"),
    Column("organisations", ARRAY(BigInteger), nullable=False, comment="reporters; empty: all"),
    Column("since", Text, nullable=False, comment="first period"),
    Column("until", Text, comment="last period"),
    Column("reason", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("account_id", BigInteger),
    when_column("made_at"),
    when_column("ended_at", nullable=True),
    Column("ended_by", Text),
    CheckConstraint("kind IN ('heading', 'unit', 'sheet')", name="kind"),
    CheckConstraint("kind <> 'heading' OR \"column\" IS NOT NULL", name="heading_of_a_column"),
    comment="how a way of writing is to be understood when originals are read; changes no figure",
)

impact_statement = Table(
    "impact_statement",
    metadata,
    id_column(),
    Column("receipt_id", ForeignKey("receipt.id")),
    Column("correction_id", ForeignKey("correction.id")),
    Column("material", Boolean, nullable=False),
    Column("statement", JSONB, nullable=False, comment="what would move; published figures only"),
    Column("made_by", Text, nullable=False),
    when_column("made_at"),
    comment="what a late correction would move, told before it is made",
)
