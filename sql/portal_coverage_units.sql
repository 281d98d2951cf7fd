-- one row per organisation below a union on a line that owes something in one of some states:
-- its filings by state, by code from a key on
SELECT
    t.org_id,
    o.code,
    n.name,
    t.expected,
    t.counted,
    t.state,
    t.forms,
    t.late,
    t.due_on,
    t.lock_on,
    t.submission
FROM (
    SELECT
        org_id,
        count(*) AS expected,
        count(*) FILTER (WHERE state = 'counted') AS counted,
        CASE
            WHEN bool_or(state = 'returned') THEN 'returned'
            WHEN bool_or(state = 'explaining') THEN 'explaining'
            WHEN bool_or(state = 'never') AND NOT bool_or(state = 'counted') THEN 'never'
            WHEN bool_or(state IN ('started', 'never')) THEN 'started'
            ELSE 'counted'
        END AS state,
        coalesce(
            array_agg(form ORDER BY form) FILTER (WHERE state <> 'counted'), '{}'
        ) AS forms,
        count(*) FILTER (WHERE late) AS late,
        min(due_on) FILTER (WHERE state <> 'counted') AS due_on,
        min(lock_on) FILTER (WHERE state <> 'counted') AS lock_on,
        max(submission) FILTER (WHERE state IN ('returned', 'explaining')) AS submission
    FROM
        coverage_stands(:root, :line, :period, :ends, :today, :form)
    GROUP BY org_id
) AS t
INNER JOIN organisation AS o ON t.org_id = o.id
LEFT JOIN LATERAL (
    SELECT name
    FROM organisation_name
    WHERE
        org_id = t.org_id AND kind = 'official' AND valid @> CAST(:today AS date)
        AND retired_at IS NULL
    ORDER BY lower(valid) DESC
    LIMIT 1
) AS n ON TRUE
WHERE
    (CAST(:state AS text) IS NULL OR t.state = :state OR (:state = 'late' AND t.late > 0))
    AND (CAST(:after AS text) IS NULL OR o.code > :after)
ORDER BY o.code
LIMIT :most
