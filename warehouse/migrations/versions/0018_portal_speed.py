"""What several pages and sums ask alike, said once; and plans that stay good for ten thousand.

`coverage_stands` and `answered` are plain SQL functions, so the planner sees through them; they
look with the asker's eyes, so a reader of the portal counts only what they see.

The planner takes a reader's sight for a thousand organisations. Joined to it, ten thousand cost a
probe of every partition for each; asked with IS TRUE, sight is hashed once and rows pass through
it. A plan that is kept for any reader is bad for most of them: `enter_sight` makes its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# one row per filing owed in a period, for each unit below a union on a line under which it stands
# (the union itself too, for its own): its days, how far it has come, what was sent last
COVERAGE = """
CREATE FUNCTION coverage_stands(
    root bigint, on_line integer, of_period text, ends date, today date, of_form text
) RETURNS TABLE (
    unit bigint, form text, org_id bigint, due_on date, lock_on date, submission bigint,
    state text, late boolean, accepted boolean
)
LANGUAGE sql STABLE ROWS 10000
AS $$
WITH RECURSIVE below AS (
    SELECT
        org_id AS unit,
        org_id
    FROM affiliation
    WHERE
        parent_id = root AND line = on_line AND retired_at IS NULL
        AND valid @> today
    UNION ALL
    SELECT
        b.unit,
        a.org_id
    FROM below AS b
    INNER JOIN affiliation AS a ON b.org_id = a.parent_id
    WHERE a.line = on_line AND a.retired_at IS NULL AND a.valid @> today
),

place AS (
    SELECT
        unit,
        org_id
    FROM below
    UNION ALL
    SELECT
        root AS unit,
        root AS org_id
),

owed AS MATERIALIZED (
    SELECT
        p.unit,
        e.form,
        e.org_id,
        e.due_on,
        e.lock_on
    FROM expected_filing AS e
    INNER JOIN place AS p ON e.org_id = p.org_id
    WHERE e.period = of_period AND (of_form IS NULL OR e.form = of_form)
),

came AS MATERIALIZED (
    SELECT
        form,
        org_id,
        min(received_at) AS received_at
    FROM heard_by_day
    WHERE
        period_end = ends AND period = of_period
        AND (of_form IS NULL OR form = of_form)
    GROUP BY form, org_id
),

sent AS MATERIALIZED (
    SELECT DISTINCT ON (s.reporter_id, t.form)
        s.reporter_id,
        t.form,
        s.id,
        s.life
    FROM submission AS s
    CROSS JOIN LATERAL unnest(s.forms) AS t (form)
    WHERE s.period = of_period
    ORDER BY s.reporter_id ASC, t.form ASC, s.received_at DESC, s.id DESC
)

SELECT
    o.unit,
    o.form,
    o.org_id,
    o.due_on,
    o.lock_on,
    s.id AS submission,
    CASE
        WHEN s.life = 'returned' THEN 'returned'
        WHEN s.life = 'explaining' THEN 'explaining'
        WHEN c.org_id IS NOT NULL THEN 'counted'
        WHEN f.org_id IS NOT NULL THEN 'started'
        ELSE 'never'
    END AS state,
    c.org_id IS NULL AND o.due_on < today AS late,
    s.life IN ('accepted', 'corrected') AS accepted
FROM owed AS o
LEFT JOIN came AS c ON o.form = c.form AND o.org_id = c.org_id
LEFT JOIN sent AS s ON o.form = s.form AND o.org_id = s.reporter_id
LEFT JOIN fetched AS f ON o.org_id = f.org_id AND f.period = of_period
$$
"""

# one row per organisation and period: corrections accepted after the lock; findings that asked
# for an explanation and still stood or were explained at the cut-off, and how many were explained
ANSWERED = """
CREATE FUNCTION answered(cutoff timestamptz) RETURNS TABLE (
    org_id bigint, period text, corrections bigint, warnings bigint, explained bigint
)
LANGUAGE sql STABLE ROWS 10000
AS $$
WITH corrected AS (
    SELECT
        f.reporter_id AS org_id,
        f.period,
        count(DISTINCT concat_ws(' ', f.form, f.submission_id)) AS corrections
    FROM filing AS f
    INNER JOIN form_window AS w ON f.form = w.form AND f.period = w.period
    WHERE
        f.accepted_at <= cutoff
        AND (f.received_at AT TIME ZONE 'Asia/Shanghai')::date > w.lock_on
        AND EXISTS (
            SELECT 1
            FROM filing AS e
            WHERE
                e.reporter_id = f.reporter_id
                AND e.form = f.form
                AND e.period = f.period
                AND e.part = f.part
                AND e.accepted_at < f.accepted_at
        )
    GROUP BY 1, 2
),

-- what was corrected asks for no explanation any more, nor what was never taken
asked AS (
    SELECT
        s.reporter_id AS org_id,
        coalesce(n.period, s.period) AS period,
        n.form,
        n.rule,
        n.sheet,
        n.cell,
        bool_or(n.explanation IS NOT NULL) AS explained,
        bool_or(n.cleared_at IS NULL AND s.state <> 'returned' AND NOT EXISTS (
            SELECT 1
            FROM filing AS l
            INNER JOIN submission AS t ON l.submission_id = t.id
            WHERE
                l.reporter_id = s.reporter_id
                AND l.form = n.form
                AND t.period = s.period
                AND l.submission_id <> s.id
                AND l.accepted_at <= cutoff
                AND l.accepted_at >= s.processed_at
        )) AS standing
    FROM finding AS n
    INNER JOIN submission AS s ON n.submission_id = s.id
    WHERE n.severity = '须说明' AND n.opened_at <= cutoff AND s.reporter_id IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6
),

counted AS (
    SELECT
        org_id,
        period,
        corrections,
        0 AS warnings,
        0 AS explained
    FROM corrected
    UNION ALL
    SELECT
        org_id,
        period,
        0,
        count(*) FILTER (WHERE explained OR standing),
        count(*) FILTER (WHERE explained)
    FROM asked
    GROUP BY 1, 2
)
SELECT org_id, period, sum(corrections)::bigint, sum(warnings)::bigint, sum(explained)::bigint
FROM counted GROUP BY org_id, period
$$
"""

SEEN = "{} IN (SELECT sight_ids('portal.organisations'))"
VIEWS = """
CREATE OR REPLACE VIEW heard WITH (security_barrier) AS
SELECT f.id AS filing_id, f.form, f.period, f.reporter_id, f.received_at, r.org_id
FROM filing AS f
JOIN period AS p ON p.label = f.period
JOIN filing_row AS r ON r.filing_id = f.id AND r.period_end = p.ends
WHERE f.superseded_at IS NULL AND {row}
UNION ALL
SELECT f.id, f.form, f.period, f.reporter_id, f.received_at, f.reporter_id
FROM filing AS f
WHERE f.superseded_at IS NULL AND f.row_count = 0 AND {filing};
CREATE OR REPLACE VIEW heard_by_day WITH (security_barrier) AS
SELECT r.period_end, f.form, f.period, r.org_id, f.received_at
FROM filing AS f
JOIN filing_row AS r ON r.filing_id = f.id
WHERE f.superseded_at IS NULL AND {row}
UNION ALL
SELECT p.ends, f.form, f.period, f.reporter_id, f.received_at
FROM filing AS f
JOIN period AS p ON p.label = f.period
WHERE f.superseded_at IS NULL AND f.row_count = 0 AND {filing};
CREATE OR REPLACE VIEW fetched WITH (security_barrier) AS
SELECT period, org_id, fetched_at FROM workbook_fetched WHERE {fetched};
"""
# As before, with the name of the file and who sent it: the queue asks no receipt beside it.
IN_HAND = """
CREATE OR REPLACE VIEW in_hand WITH (security_barrier) AS
SELECT s.id AS submission_id, asked.verb, asked.reason, asked.assignee, asked.due_on,
    asked.actor AS asked_by, asked.at AS asked_at, c.actor AS held_by, c.since AS held_since,
    c.until AS held_until, k.id AS correction, k.proposed_by, k.proposed_at,
    r.file_name, r.sender
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


def _views(seen: str) -> str:
    return VIEWS.format(
        row=seen.format("r.org_id"), filing=seen.format("f.reporter_id"),
        fetched=seen.format("org_id"),
    )  # fmt: skip


def upgrade() -> None:
    """The two functions, the views, the plan of whoever enters."""
    op.execute(COVERAGE)
    op.execute(ANSWERED)
    op.execute(_views(f"({SEEN}) IS TRUE"))
    op.execute(IN_HAND)
    op.execute("ALTER FUNCTION enter_sight(bigint, date) SET plan_cache_mode = force_custom_plan")
    # What waits for a unit, whenever it came; what waits for review has an index of its own.
    op.create_index(
        "ix_submission_waits_for_unit", "submission", ["received_at"],
        postgresql_where=sa.text("life IN ('returned', 'explaining')"),
    )  # fmt: skip


def downgrade() -> None:
    """Without them; the two columns that `in_hand` learned stay, since nothing asks for them."""
    op.drop_index("ix_submission_waits_for_unit", "submission")
    op.execute("ALTER FUNCTION enter_sight(bigint, date) RESET plan_cache_mode")
    op.execute(_views(SEEN))
    op.execute("DROP FUNCTION answered(timestamptz)")
    op.execute("DROP FUNCTION coverage_stands(bigint, integer, text, date, date, text)")
