"""Windows: each form of an opened period with its own days, and reopenings after the lock."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Every form that a period expects keeps the days of its roster; closed ones stay closed."""
    op.create_table(
        "form_window",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column(
            "opened_with",
            sa.Text(),
            nullable=False,
            comment="the month whose opening brought it",
        ),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("check_on", sa.Date(), nullable=False),
        sa.Column("lock_on", sa.Date(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("frozen_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["period"], ["period.label"], name=op.f("fk_form_window_period_period")
        ),
        sa.PrimaryKeyConstraint("period", "form", name=op.f("pk_form_window")),
        comment="one form of one opened period: its days, and when its figures were published",
    )
    op.create_index("ix_form_window_opened_with", "form_window", ["opened_with"])
    op.create_table(
        "reopening",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column(
            "forms",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="empty: every form of the period",
        ),
        sa.Column(
            "organisations",
            postgresql.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="with all below; empty: all",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False, comment="last day; locked again on the next"),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint("requested_by <> approved_by", name=op.f("ck_reopening_four_eyes")),
        sa.ForeignKeyConstraint(
            ["period"], ["period.label"], name=op.f("fk_reopening_period_period")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reopening")),
        comment="one correction order: who may file again for a locked period, why and until when",
    )
    op.create_index("ix_reopening_period", "reopening", ["period"])
    op.execute(
        """
        INSERT INTO form_window (period, form, edition, opened_with, due_on, check_on, lock_on,
            opened_at, frozen_at)
        SELECT e.period, e.form, coalesce(max(f.edition), ''), to_char(p.ends, 'YYYY-MM'),
            min(e.due_on), min(e.check_on), min(e.lock_on), p.opened_at, p.closed_at
        FROM expected_filing e
        JOIN period p ON p.label = e.period
        LEFT JOIN filing f ON f.form = e.form AND f.period = e.period
        GROUP BY e.period, e.form, p.ends, p.opened_at, p.closed_at
        """
    )


def downgrade() -> None:
    """Forget windows and reopenings."""
    op.drop_table("reopening")
    op.drop_table("form_window")
