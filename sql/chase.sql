-- one row per union, period and due day with something owed: the forms not heard of, the days,
-- who collects them, and how far the union has come
WITH owed AS MATERIALIZED (
    SELECT
        e.period,
        e.form,
        e.org_id,
        e.collector_id,
        e.due_on,
        e.lock_on,
        p.ends
    FROM expected_filing AS e
    INNER JOIN period AS p ON e.period = p.label
    WHERE e.due_on <= :due_by AND e.lock_on >= :locked_from AND p.opened_at <= :at
),

periods AS MATERIALIZED (
    SELECT DISTINCT
        period,
        ends
    FROM owed
),

heard AS (
    SELECT
        f.form,
        f.period,
        r.org_id
    FROM filing AS f
    INNER JOIN filing_row AS r ON f.id = r.filing_id
    INNER JOIN periods AS p ON f.period = p.period AND r.period_end = p.ends
    WHERE f.accepted_at <= :at
    UNION
    SELECT
        form,
        period,
        reporter_id AS org_id
    FROM filing
    WHERE
        row_count = 0
        AND accepted_at <= :at
        AND period IN (SELECT period FROM periods)
)

SELECT
    o.code AS org,
    w.period,
    w.due_on,
    w.lock_on,
    c.code AS collector,
    count(*) AS expected,
    coalesce(
        array_agg(w.form ORDER BY w.form) FILTER (WHERE h.org_id IS NULL), ARRAY[]::text[]
    ) AS missing,
    coalesce(bool_or(t.org_id IS NOT NULL), FALSE) AS fetched,
    max(s.state) AS last_state
FROM owed AS w
INNER JOIN organisation AS o ON w.org_id = o.id
LEFT JOIN organisation AS c ON w.collector_id = c.id
LEFT JOIN heard AS h ON w.form = h.form AND w.period = h.period AND w.org_id = h.org_id
LEFT JOIN workbook_fetched AS t ON w.period = t.period AND w.org_id = t.org_id
LEFT JOIN LATERAL (
    SELECT state
    FROM submission
    WHERE reporter_id = w.org_id AND period = w.period AND received_at <= :at
    ORDER BY received_at DESC, id DESC
    LIMIT 1
) AS s ON TRUE
GROUP BY o.code, w.period, w.due_on, w.lock_on, c.code
ORDER BY w.period, w.due_on, o.code
