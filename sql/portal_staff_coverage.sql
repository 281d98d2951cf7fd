-- one row per form of a period over the units asked for: filings expected, heard of, heard of in
-- time
WITH due AS MATERIALIZED (
    SELECT
        e.form,
        e.org_id,
        e.due_on
    FROM expected_filing AS e
    WHERE e.period = :period
),

came AS MATERIALIZED (
    SELECT
        h.form,
        h.org_id,
        CAST(min(h.received_at) AT TIME ZONE 'Asia/Shanghai' AS date) AS came_on
    FROM heard_by_day AS h
    WHERE h.period_end = CAST(:ends AS date) AND h.period = :period AND h.received_at <= :cutoff
    GROUP BY h.form, h.org_id
)

SELECT
    d.form,
    count(*) AS expected,
    count(c.org_id) AS reported,
    count(*) FILTER (WHERE c.came_on <= d.due_on) AS on_time
FROM due AS d
LEFT JOIN came AS c ON d.form = c.form AND d.org_id = c.org_id
GROUP BY d.form
ORDER BY d.form
