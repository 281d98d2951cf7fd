-- one row per unit directly below a union on a line (form empty), and one per form (unit empty):
-- filings expected, come, accepted, returned or to be explained, late, never opened
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
    t.unit,
    t.form,
    o.code,
    n.name,
    t.organisations,
    t.expected,
    t.received,
    t.counted,
    t.accepted,
    t.returned,
    t.explaining,
    t.late,
    t.started,
    t.never,
    t.due_on,
    t.lock_on,
    EXISTS(
        SELECT 1
        FROM affiliation AS a
        WHERE
            a.parent_id = t.unit AND a.line = :line AND a.retired_at IS NULL
            AND a.valid @> CAST(:today AS date) AND t.unit <> :root
    ) AS has_below
FROM (
    SELECT
        unit,
        form,
        count(DISTINCT org_id) AS organisations,
        count(*) AS expected,
        count(*) FILTER (WHERE state IN ('counted', 'returned', 'explaining')) AS received,
        count(*) FILTER (WHERE state = 'counted') AS counted,
        count(*) FILTER (WHERE accepted) AS accepted,
        count(*) FILTER (WHERE state = 'returned') AS returned,
        count(*) FILTER (WHERE state = 'explaining') AS explaining,
        count(*) FILTER (WHERE late) AS late,
        count(*) FILTER (WHERE state = 'started') AS started,
        count(*) FILTER (WHERE state = 'never') AS never,
        min(due_on) AS due_on,
        min(lock_on) AS lock_on
    FROM stands
    GROUP BY GROUPING SETS ((unit), (form))
) AS t
LEFT JOIN organisation AS o ON t.unit = o.id
LEFT JOIN LATERAL (
    SELECT name
    FROM organisation_name
    WHERE
        org_id = t.unit AND kind = 'official' AND valid @> CAST(:today AS date)
        AND retired_at IS NULL
    ORDER BY lower(valid) DESC
    LIMIT 1
) AS n ON TRUE
ORDER BY
    t.form ASC NULLS FIRST,
    CAST(t.expected - t.counted AS numeric) / t.expected DESC,
    o.code ASC
