"""What the portal keeps for its own pages, and the indexes that its lists walk along."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text, UniqueConstraint, text

from warehouse.tables.received import submission
from warehouse.tables.schema import id_column, metadata, when_column

saved_view = Table(
    "saved_view",
    metadata,
    id_column(),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("page", Text, nullable=False, comment="path of the list"),
    Column("name", Text, nullable=False),
    Column("filters", Text, nullable=False, comment="the query part of the address"),
    when_column("saved_at"),
    UniqueConstraint("account_id", "page", "name"),
    comment="filters of a list that a person keeps under a name",
)

Index(
    "ix_submission_in_review",
    submission.c.locks_on,
    postgresql_where=text("life IN ('validated', 'explained', 'checked')"),
)
Index(
    "ix_submission_waits_for_unit",
    submission.c.received_at,
    postgresql_where=text("life IN ('returned', 'explaining')"),
)
Index("ix_submission_period", submission.c.period)
# Who may have a file, and whose log entry one is, is asked by its hash.
Index("ix_submission_sha256", submission.c.sha256)
Index(
    "ix_submission_returned_file",
    submission.c.returned_file,
    postgresql_where=text("returned_file IS NOT NULL"),
)
