-- one row per target period, line and organisation: corrections accepted after the lock; findings
-- that asked for an explanation and still stood or were explained, and how many were explained
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

-- a figure that was corrected asks for no explanation any more
asked AS (
    SELECT
        s.reporter_id AS org_id,
        coalesce(n.period, s.period) AS period,
        n.form,
        n.rule,
        n.sheet,
        n.cell,
        bool_or(n.explanation IS NOT NULL) AS explained,
        bool_or(n.cleared_at IS NULL AND NOT EXISTS (
            SELECT 1
            FROM filing AS l
            INNER JOIN submission AS t ON l.submission_id = t.id
            WHERE
                l.reporter_id = s.reporter_id
                AND l.form = n.form
                AND t.period = s.period
                AND l.submission_id <> s.id
                AND l.accepted_at <= :cutoff
                AND l.accepted_at >= s.processed_at
        )) AS standing
    FROM finding AS n
    INNER JOIN submission AS s ON n.submission_id = s.id
    WHERE n.severity = '须说明' AND n.opened_at <= :cutoff AND s.reporter_id IS NOT NULL
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

SELECT
    t.label,
    a.line,
    a.ancestor_id AS org_id,
    sum(c.corrections) AS corrections,
    sum(c.warnings) AS warnings,
    sum(c.explained) AS explained
FROM target AS t
INNER JOIN period AS p ON t.starts <= p.starts AND t.ends >= p.ends
INNER JOIN counted AS c ON p.label = c.period
INNER JOIN ancestor AS a ON c.org_id = a.org_id AND a.valid @> p.ends
WHERE
    t.basis = 'reported'
    AND (
        (t.every_unit AND a.line = 1)
        OR (a.line, a.ancestor_id) IN (SELECT
            line,
            org_id
        FROM parent)
    )
GROUP BY 1, 2, 3
