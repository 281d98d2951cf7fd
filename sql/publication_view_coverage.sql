-- one row per filing that was owed: whether it has come, when, and by when it was due
SELECT
    e.form,
    e.period,
    o.code AS unit_code,
    e.due_on,
    min(f.received_at) AS received_at,
    min(f.received_at) IS NOT NULL AS reported,
    coalesce((min(f.received_at) AT TIME ZONE 'Asia/Shanghai')::date <= e.due_on, FALSE) AS on_time
FROM expected_filing AS e
INNER JOIN organisation AS o ON e.org_id = o.id
LEFT JOIN filing AS f
    ON
        e.form = f.form AND e.period = f.period
        AND (e.org_id = f.reporter_id OR EXISTS (
            SELECT 1 FROM filing_row AS r
            WHERE r.filing_id = f.id AND r.org_id = e.org_id
        ))
GROUP BY e.form, e.period, o.code, e.due_on
