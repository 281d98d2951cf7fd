-- one row per unit and month: corrections accepted after the lock, findings that asked for an
-- explanation and still stood or were explained, and how many of them were explained
WITH corrected AS (
    SELECT
        f.reporter_id AS org_id,
        f.period,
        count(DISTINCT concat_ws(' ', f.form, f.submission_id)) AS corrections
    FROM filing AS f
    INNER JOIN form_window AS w ON f.form = w.form AND f.period = w.period
    WHERE
        f.accepted_at <= :cutoff
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

asked AS (
    SELECT
        s.reporter_id AS org_id,
        coalesce(n.period, s.period) AS period,
        bool_or(n.explanation IS NOT NULL) AS explained,
        bool_or(n.cleared_at IS NULL AND s.state <> 'returned') AS standing
    FROM finding AS n
    INNER JOIN submission AS s ON n.submission_id = s.id
    WHERE n.severity = '须说明' AND n.opened_at <= :cutoff AND s.reporter_id IS NOT NULL
    GROUP BY s.reporter_id, coalesce(n.period, s.period), n.form, n.rule, n.sheet, n.cell
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

SELECT
    o.code AS unit,
    extract(MONTH FROM p.ends)::int AS month,
    sum(c.corrections)::int AS corrections,
    sum(c.warnings)::int AS warnings,
    sum(c.explained)::int AS explained
FROM counted AS c
INNER JOIN period AS p ON c.period = p.label AND p.starts >= :starts AND p.ends <= :ends
INNER JOIN organisation AS o ON c.org_id = o.id
WHERE o.code = ANY(:units)
GROUP BY 1, 2
