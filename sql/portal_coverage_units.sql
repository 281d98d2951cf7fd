-- one row per organisation below a union on a line that owes something in one of some states:
-- its filings by state, by code from a key on
WITH RECURSIVE below AS (
    SELECT
        org_id AS unit,
        org_id
    FROM affiliation
    WHERE
        parent_id = :root AND line = :line AND retired_at IS NULL
        AND valid @> CAST(:today AS date)
    UNION ALL
    SELECT
        b.unit,
        a.org_id
    FROM below AS b
    INNER JOIN affiliation AS a ON b.org_id = a.parent_id
    WHERE a.line = :line AND a.retired_at IS NULL AND a.valid @> CAST(:today AS date)
),

place AS (
    SELECT
        unit,
        org_id
    FROM below
    UNION ALL
    SELECT
        CAST(:root AS bigint) AS unit,
        CAST(:root AS bigint) AS org_id
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
    WHERE e.period = :period AND (CAST(:form AS text) IS NULL OR e.form = :form)
),

came AS MATERIALIZED (
    SELECT
        form,
        org_id,
        min(received_at) AS received_at
    FROM heard_by_day
    WHERE
        period_end = CAST(:ends AS date) AND period = :period
        AND (CAST(:form AS text) IS NULL OR form = :form)
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
    WHERE s.period = :period
    ORDER BY s.reporter_id ASC, t.form ASC, s.received_at DESC, s.id DESC
),

stands AS MATERIALIZED (
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
        c.org_id IS NULL AND o.due_on < :today AS late,
        s.life IN ('accepted', 'corrected') AS accepted
    FROM owed AS o
    LEFT JOIN came AS c ON o.form = c.form AND o.org_id = c.org_id
    LEFT JOIN sent AS s ON o.form = s.form AND o.org_id = s.reporter_id
    LEFT JOIN fetched AS f ON o.org_id = f.org_id AND f.period = :period
)

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
    FROM stands
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
