-- one row per unit directly below a union on a line (form empty), and one per form (unit empty):
-- filings expected, come, accepted, returned or to be explained, late, never opened
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
    FROM
        coverage_stands(:root, :line, :period, :ends, :today, :form)
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
