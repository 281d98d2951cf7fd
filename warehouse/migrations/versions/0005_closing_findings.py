"""Findings that open when a period closes, explanations that carry forward, answers to repeats."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
EXPLAINED = sa.text("explanation IS NOT NULL")
STANDING = sa.text("stage = 'closing' AND cleared_at IS NULL")


def upgrade() -> None:
    """What was found so far was found on receipt, when its submission was processed."""
    for column in (
        sa.Column("stage", sa.Text(), server_default="receipt", nullable=False),
        sa.Column("period", sa.Text(), comment="closing: the period that was checked"),
        sa.Column("org_id", sa.BigInteger(), comment="closing: whom the row is about"),
        sa.Column(
            "fingerprint", sa.Text(), comment="row, value and rule that an explanation is about"
        ),
        sa.Column("explained_by", sa.BigInteger(), comment="where the words were first given"),
        sa.Column("opened_at", MOMENT),
        sa.Column("cleared_at", MOMENT),
    ):
        op.add_column("finding", column)
    op.execute(
        "UPDATE finding f SET opened_at = s.processed_at FROM submission s "
        "WHERE s.id = f.submission_id"
    )
    op.alter_column("finding", "opened_at", nullable=False)
    op.create_foreign_key("fk_finding_org_id", "finding", "organisation", ["org_id"], ["id"])
    op.create_foreign_key("fk_finding_explained_by", "finding", "finding", ["explained_by"], ["id"])
    op.create_check_constraint(
        op.f("ck_finding_stage"), "finding", "stage IN ('receipt', 'closing')"
    )
    op.create_check_constraint(
        op.f("ck_finding_checked_period"), "finding", "stage = 'receipt' OR period IS NOT NULL"
    )
    op.create_index("ix_finding_explained", "finding", ["fingerprint"], postgresql_where=EXPLAINED)
    op.create_index("ix_finding_standing", "finding", ["period"], postgresql_where=STANDING)
    op.create_table_comment(
        "finding", "append-only but for words given to it and for its being cleared"
    )
    op.add_column("period", sa.Column("checked_at", MOMENT))
    op.add_column("receipt", sa.Column("answered_at", MOMENT))
    # Whoever sent a file twice before today is not told now.
    op.execute("UPDATE receipt SET answered_at = received_at WHERE state = 'duplicate'")


def downgrade() -> None:
    """Only what was found on receipt stays."""
    op.drop_column("receipt", "answered_at")
    op.drop_column("period", "checked_at")
    op.drop_table_comment("finding")
    op.drop_index("ix_finding_standing", "finding")
    op.drop_index("ix_finding_explained", "finding")
    op.execute("UPDATE finding SET explained_by = NULL")
    op.execute("DELETE FROM finding WHERE stage = 'closing'")
    op.drop_constraint("ck_finding_checked_period", "finding")
    op.drop_constraint("ck_finding_stage", "finding")
    for name in (
        "cleared_at", "opened_at", "explained_by", "fingerprint", "org_id", "period", "stage",
    ):  # fmt: skip
        op.drop_column("finding", name)
