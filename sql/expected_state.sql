-- one row per filing expected between two days: whether it came, in time, and at the first try
CREATE TEMPORARY TABLE expected_state ON COMMIT DROP AS
WITH live AS (
    SELECT
        f.id,
        f.form,
        f.period,
        f.reporter_id,
        f.row_count,
        f.received_at,
        s.version
    FROM live_filing AS f
    INNER JOIN submission AS s ON f.submission_id = s.id
    INNER JOIN period AS p ON f.period = p.label
    WHERE p.ends BETWEEN :starts AND :ends
),

earliest AS (
    SELECT
        f.form,
        f.period,
        f.reporter_id,
        min(f.received_at) AS received_at
    FROM filing AS f
    WHERE f.accepted_at <= :cutoff
    GROUP BY f.form, f.period, f.reporter_id
),

arrived AS (
    SELECT
        l.form,
        l.period,
        r.org_id,
        min(e.received_at) AS received_at,
        min(l.version) AS version
    FROM live AS l
    INNER JOIN filing_row AS r ON l.id = r.filing_id
    INNER JOIN earliest AS e
        ON l.form = e.form AND l.period = e.period AND l.reporter_id = e.reporter_id
    GROUP BY l.form, l.period, r.org_id
    UNION ALL
    SELECT
        l.form,
        l.period,
        l.reporter_id,
        l.received_at,
        l.version
    FROM live AS l
    WHERE l.row_count = 0
),

heard AS (
    SELECT
        form,
        period,
        org_id,
        min(received_at) AS received_at,
        min(version) AS version
    FROM arrived
    GROUP BY form, period, org_id
)

SELECT
    e.period,
    e.form,
    e.org_id,
    p.starts,
    p.ends,
    h.org_id IS NOT NULL AS reported,
    coalesce((h.received_at AT TIME ZONE 'Asia/Shanghai')::date <= e.due_on, false) AS on_time,
    coalesce(h.version = 1, false) AS first_pass
FROM expected_filing AS e
INNER JOIN period AS p ON e.period = p.label AND p.ends BETWEEN :starts AND :ends
LEFT JOIN heard AS h ON e.form = h.form AND e.period = h.period AND e.org_id = h.org_id
