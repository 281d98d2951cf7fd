"""Indexes that the queue and the coverage board walk along, kept filters, and who is on what.

`in_hand` and `fetched` are views within the reader's sight, as `heard` is: what was last asked of
a submission, who is on it, what is proposed for it; and who has taken a workbook.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OWN = "account_id = nullif(current_setting('portal.account', true), '')::bigint"

IN_HAND = """
CREATE VIEW in_hand WITH (security_barrier) AS
SELECT s.id AS submission_id, asked.verb, asked.reason, asked.assignee, asked.due_on,
    asked.actor AS asked_by, asked.at AS asked_at, c.actor AS held_by, c.since AS held_since,
    c.until AS held_until, k.id AS correction, k.proposed_by, k.proposed_at
FROM submission AS s
JOIN receipt AS r ON r.id = s.receipt_id
LEFT JOIN LATERAL (
    SELECT t.verb, t.reason, t.assignee, t.due_on, t.actor, t.at
    FROM submission_step AS t
    WHERE t.submission_id = s.id AND t.verb IN ('send_back', 'refuse_words', 'assign')
    ORDER BY t.seq DESC LIMIT 1
) AS asked ON true
LEFT JOIN submission_claim AS c ON c.submission_id = s.id
LEFT JOIN correction AS k ON k.submission_id = s.id AND k.decision IS NULL
WHERE s.reporter_id IN (SELECT sight_ids('portal.organisations'))
    OR (s.reporter_id IS NULL AND r.sender IN (
        SELECT o.code FROM organisation AS o
        WHERE o.id IN (SELECT sight_ids('portal.organisations'))))
"""
FETCHED = """
CREATE VIEW fetched WITH (security_barrier) AS
SELECT period, org_id, fetched_at FROM workbook_fetched
WHERE org_id IN (SELECT sight_ids('portal.organisations'))
"""

# As `heard`, with the day by which rows are partitioned: a constant day reads one partition.
HEARD_BY_DAY = """
CREATE VIEW heard_by_day WITH (security_barrier) AS
SELECT r.period_end, f.form, f.period, r.org_id, f.received_at
FROM filing AS f
JOIN filing_row AS r ON r.filing_id = f.id
WHERE f.superseded_at IS NULL AND r.org_id IN (SELECT sight_ids('portal.organisations'))
UNION ALL
SELECT p.ends, f.form, f.period, f.reporter_id, f.received_at
FROM filing AS f
JOIN period AS p ON p.label = f.period
WHERE f.superseded_at IS NULL AND f.row_count = 0
    AND f.reporter_id IN (SELECT sight_ids('portal.organisations'))
"""


def upgrade() -> None:
    """Table, indexes, views."""
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False, comment="path of the list"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "filters", sa.Text(), nullable=False, comment="the query part of the address"
        ),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_saved_view_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint(
            "account_id", "page", "name", name=op.f("uq_saved_view_account_id_page_name")
        ),
        comment="filters of a list that a person keeps under a name",
    )  # fmt: skip
    op.create_index(
        "ix_submission_in_review", "submission", ["locks_on"],
        postgresql_where=sa.text("life IN ('validated', 'explained', 'checked')"),
    )  # fmt: skip
    op.create_index("ix_submission_period", "submission", ["period"])
    op.execute("GRANT SELECT ON saved_view TO portal_reader")
    op.execute("ALTER TABLE saved_view ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY sight ON saved_view FOR SELECT TO portal_reader USING ({OWN})")
    op.execute(IN_HAND)
    op.execute(FETCHED)
    op.execute(HEARD_BY_DAY)
    op.execute("GRANT SELECT ON in_hand, fetched, heard_by_day TO portal_reader")


def downgrade() -> None:
    """The views and the table go; nothing reported is in them."""
    op.execute("DROP VIEW heard_by_day")
    op.execute("DROP VIEW fetched")
    op.execute("DROP VIEW in_hand")
    op.drop_index("ix_submission_period", "submission")
    op.drop_index("ix_submission_in_review", "submission")
    op.drop_table("saved_view")
