-- one row per filing expected in a period: its days, and when it was first heard of by the cut-off
WITH heard AS (
    SELECT
        f.form,
        r.org_id,
        min(f.received_at) AS received_at
    FROM filing AS f
    INNER JOIN filing_row AS r ON f.id = r.filing_id
    WHERE f.period = :period AND r.period_end = :ends AND f.accepted_at <= :cutoff
    GROUP BY f.form, r.org_id
    UNION ALL
    SELECT
        form,
        reporter_id,
        min(received_at) AS received_at
    FROM filing
    WHERE period = :period AND accepted_at <= :cutoff AND row_count = 0
    GROUP BY form, reporter_id
)

SELECT
    e.form,
    o.code AS org,
    e.due_on,
    e.check_on,
    e.lock_on,
    min(h.received_at) AS received_at
FROM expected_filing AS e
INNER JOIN organisation AS o ON e.org_id = o.id
LEFT JOIN heard AS h ON e.form = h.form AND e.org_id = h.org_id
WHERE e.period = :period
GROUP BY e.form, o.code, e.due_on, e.check_on, e.lock_on
ORDER BY e.form, o.code
