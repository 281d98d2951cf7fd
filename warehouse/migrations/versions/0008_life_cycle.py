"""The life of a submission: who did what, when and why."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

# One row per submission: the state that facts and steps give it, whatever the day; and its lock.
LIFE = """
CREATE FUNCTION submission_life()
RETURNS TABLE (submission_id bigint, life text, locks_on date)
LANGUAGE sql STABLE AS $$
    SELECT
        s.id,
        CASE
            WHEN step.to_state = 'discarded' THEN 'discarded'
            WHEN s.state = 'accepted' AND held.filings > 0 AND held.standing = 0 THEN 'superseded'
            WHEN (s.state <> 'accepted' OR step.to_state = 'returned') AND EXISTS (
                SELECT 1 FROM submission AS l
                WHERE l.reporter_id = s.reporter_id AND l.period = s.period AND l.forms @> s.forms
                AND (l.received_at, l.receipt_id, l.id) > (s.received_at, s.receipt_id, s.id)
            ) THEN 'resent'
            WHEN s.state = 'returned' THEN 'returned'
            WHEN s.state = 'explain' THEN 'explaining'
            WHEN held.corrected THEN 'corrected'
            WHEN step.to_state IS NOT NULL THEN step.to_state
            WHEN EXISTS (
                SELECT 1 FROM finding AS f
                WHERE f.submission_id = s.id AND f.explanation IS NOT NULL AND f.stage = 'receipt'
            ) THEN 'explained'
            ELSE 'validated'
        END,
        held.locks_on
    FROM submission AS s
    LEFT JOIN LATERAL (
        SELECT t.to_state FROM submission_step AS t
        WHERE t.submission_id = s.id
        AND t.to_state IN ('validated', 'checked', 'accepted', 'returned', 'discarded')
        ORDER BY t.seq DESC LIMIT 1
    ) AS step ON TRUE
    LEFT JOIN LATERAL (
        SELECT
            count(*) AS filings,
            count(*) FILTER (WHERE f.superseded_at IS NULL) AS standing,
            coalesce(bool_or(
                (f.superseded_at AT TIME ZONE 'Asia/Shanghai')::date > w.lock_on
            ), FALSE) AS corrected,
            max(w.lock_on) FILTER (WHERE f.superseded_at IS NULL) AS locks_on
        FROM filing AS f
        LEFT JOIN form_window AS w ON w.form = f.form AND w.period = f.period
        WHERE f.submission_id = s.id
    ) AS held ON TRUE
$$
"""

# The state on a day: locking needs nobody to run anything.
LIFE_ON = """
CREATE FUNCTION life_on(life text, locks_on date, day date) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN life IN ('validated', 'explained', 'checked', 'accepted') AND locks_on < day
        THEN 'locked' ELSE life
    END
$$
"""


# Who sees a submission sees what was done with it; a draft's content is for its unit, through the
# flow; a statement names marks of others, so only those read it who decide about corrections.
OF_SUBMISSION = "EXISTS (SELECT 1 FROM submission AS s WHERE s.id = submission_id)"
POLICIES = {
    "submission_step": OF_SUBMISSION,
    "submission_claim": OF_SUBMISSION,
    "correction": OF_SUBMISSION,
    "receipt_progress": "EXISTS (SELECT 1 FROM receipt AS r WHERE r.id = receipt_id)",
    "form_draft": "org_id IN (SELECT sight_ids('portal.organisations'))",
    "reading_mend": "'mend_format' IN (SELECT sight_texts('portal.verbs'))",
    "impact_statement": """EXISTS (SELECT 1 FROM correction AS c WHERE c.id = correction_id)
        AND EXISTS (SELECT 1 FROM sight_texts('portal.verbs') AS v
            WHERE v IN ('propose_figures', 'request_reopening', 'approve_reopening'))""",
}
DRAFT_COLUMNS = (
    "(id, org_id, period, form, version, updated_by, updated_at, receipt_id, dropped_at)"
)


def upgrade() -> None:
    """Steps and what they stand on; submissions kept so far get the state their facts give."""
    op.add_column(
        "submission",
        sa.Column(
            "forms", sa.ARRAY(sa.Text()), nullable=False, server_default="{}",
            comment="forms found in the workbook, accepted or not",
        ),
    )  # fmt: skip
    op.add_column(
        "submission",
        sa.Column("life", sa.Text(), comment="as submission_life() derives it; kept for queues"),
    )
    op.add_column(
        "submission",
        sa.Column("locks_on", sa.Date(), comment="when the last form that stands locks"),
    )
    op.add_column(
        "submission",
        sa.Column(
            "steps", sa.Integer(), nullable=False, server_default="0",
            comment="steps taken; who acts names the number seen",
        ),
    )  # fmt: skip
    _steps()
    _work_in_hand()
    _mends()
    op.execute(LIFE)
    op.execute(LIFE_ON)
    op.execute(
        "UPDATE submission s SET forms = held.forms FROM (SELECT submission_id, "
        "array_agg(DISTINCT form ORDER BY form) AS forms FROM filing GROUP BY 1) held "
        "WHERE held.submission_id = s.id"
    )
    op.execute(
        "UPDATE submission s SET life = l.life, locks_on = l.locks_on FROM submission_life() l "
        "WHERE l.submission_id = s.id"
    )
    op.create_index("ix_submission_life", "submission", ["life", "period", "id"])
    for table, rows in POLICIES.items():
        columns = DRAFT_COLUMNS if table == "form_draft" else ""
        op.execute(f"GRANT SELECT {columns} ON {table} TO portal_reader")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sight ON {table} FOR SELECT TO portal_reader USING ({rows})")


def _steps() -> None:
    op.create_table(
        "submission_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="1, 2, 3 … within the submission"),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), comment="whose account, when signed in"),
        sa.Column("org_id", sa.BigInteger(), comment="for which union"),
        sa.Column("finding_id", sa.BigInteger(), comment="whose words were judged"),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("assignee", sa.Text(), comment="who is to do what the step asks for"),
        sa.Column("due_on", sa.Date()),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"]),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("submission_id", "seq"),
        comment="one thing a person did with a submission; append-only",
    )
    op.create_index("ix_submission_step_finding_id", "submission_step", ["finding_id"])
    op.create_index(
        "ix_submission_step_assignee", "submission_step", ["assignee"],
        postgresql_where=sa.text("assignee IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "submission_claim",
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger()),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"]),
        sa.PrimaryKeyConstraint("submission_id"),
        comment="who is on a submission now; lapses by itself",
    )


def _work_in_hand() -> None:
    op.create_table(
        "form_draft",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column(
            "content", sa.LargeBinary(), nullable=False,
            comment="encrypted: rows as they were typed",
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("receipt_id", sa.BigInteger(), comment="what it became when it was sent"),
        sa.Column("dropped_at", MOMENT),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"]),
        sa.PrimaryKeyConstraint("id"),
        comment="one form being filled in in the browser",
    )  # fmt: skip
    op.create_index(
        "one_open_draft", "form_draft", ["org_id", "period", "form"], unique=True,
        postgresql_where=sa.text("receipt_id IS NULL AND dropped_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "receipt_progress",
        sa.Column("receipt_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "stage IN ('received', 'reading', 'checking', 'done', 'failed')",
            name=op.f("ck_receipt_progress_stage"),
        ),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"]),
        sa.PrimaryKeyConstraint("receipt_id"),
        comment="how far the processing of one receipt has come",
    )


def _mends() -> None:
    op.create_table(
        "correction",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "sha256", sa.Text(), nullable=False, comment="the derived workbook, kept as an original"
        ),
        sa.Column(
            "cells", postgresql.JSONB(), nullable=False,
            comment="sheet, cell and reason of each; no values",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "policy", sa.Text(), nullable=False, comment="confirm or direct, as the parameter said"
        ),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger()),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("decision", sa.Text()),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decision_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_at", MOMENT),
        sa.Column("receipt_id", sa.BigInteger(), comment="the new version, once in force"),
        sa.CheckConstraint(
            "policy IN ('confirm', 'direct')", name=op.f("ck_correction_policy")
        ),
        sa.CheckConstraint(
            "decision IN ('confirmed', 'declined', 'withdrawn', 'direct')",
            name=op.f("ck_correction_decision"),
        ),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_correction_decided")
        ),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"]),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"]),
        sa.PrimaryKeyConstraint("id"),
        comment="corrected figures a steward proposes for a submission, and what the unit says "
        "to them",
    )  # fmt: skip
    op.create_index(
        "one_waiting_correction", "correction", ["submission_id"], unique=True,
        postgresql_where=sa.text("decision IS NULL"),
    )  # fmt: skip
    op.create_table(
        "reading_mend",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column(
            "column", sa.Text(),
            comment="heading and unit: the form's column; unit, empty: all amounts",
        ),
        sa.Column(
            "written", sa.Text(), nullable=False,
            comment="the heading, unit or sheet as senders write",
        ),
        sa.Column(
            "organisations", sa.ARRAY(sa.BigInteger()), nullable=False,
            comment="reporters; empty: all",
        ),
        sa.Column("since", sa.Text(), nullable=False, comment="first period"),
        sa.Column("until", sa.Text(), comment="last period"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger()),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_by", sa.Text()),
        sa.CheckConstraint(
            "kind IN ('heading', 'unit', 'sheet')", name=op.f("ck_reading_mend_kind")
        ),
        sa.CheckConstraint(
            "kind <> 'heading' OR \"column\" IS NOT NULL",
            name=op.f("ck_reading_mend_heading_of_a_column"),
        ),
        sa.PrimaryKeyConstraint("id"),
        comment="how a way of writing is to be understood when originals are read; changes no "
        "figure",
    )  # fmt: skip
    op.create_table(
        "impact_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("receipt_id", sa.BigInteger()),
        sa.Column("correction_id", sa.BigInteger()),
        sa.Column("material", sa.Boolean(), nullable=False),
        sa.Column(
            "statement", postgresql.JSONB(), nullable=False,
            comment="what would move; published figures only",
        ),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"]),
        sa.ForeignKeyConstraint(["correction_id"], ["correction.id"]),
        sa.PrimaryKeyConstraint("id"),
        comment="what a late correction would move, told before it is made",
    )  # fmt: skip


def downgrade() -> None:
    """Without steps."""
    op.drop_index("ix_submission_life", "submission")
    op.execute("DROP FUNCTION life_on(text, date, date)")
    op.execute("DROP FUNCTION submission_life()")
    for name in (
        "impact_statement", "reading_mend", "correction", "receipt_progress", "form_draft",
        "submission_claim", "submission_step",
    ):  # fmt: skip
        op.drop_table(name)
    for name in ("steps", "locks_on", "life", "forms"):
        op.drop_column("submission", name)
