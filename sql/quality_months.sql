-- one row per unit, month and form that the unit itself owed: when it came, whether at the first
-- try, and how many working days late; over `expected_state` and `heard_filing`
WITH received AS (
    SELECT
        s.org_id,
        s.period,
        s.form,
        s.ends,
        s.reported,
        s.first_pass,
        e.due_on,
        e.lock_on,
        (h.received_at AT TIME ZONE 'Asia/Shanghai')::date AS came_on
    FROM expected_state AS s
    INNER JOIN expected_filing AS e
        ON s.period = e.period AND s.form = e.form AND s.org_id = e.org_id
    LEFT JOIN heard_filing AS h
        ON s.form = h.form AND s.period = h.period AND s.org_id = h.org_id
)

SELECT
    o.code AS unit,
    r.period,
    r.form,
    extract(MONTH FROM r.ends)::int AS month,
    r.reported AND r.came_on <= r.lock_on AS received,
    r.first_pass AND r.came_on <= r.lock_on AS first_pass,
    greatest(came.ordinal - due.ordinal, 0) AS workdays_late
FROM received AS r
INNER JOIN organisation AS o ON r.org_id = o.id
LEFT JOIN working_day AS due ON r.due_on = due.day
LEFT JOIN working_day AS came ON r.came_on = came.day
WHERE o.code = ANY(:units)
ORDER BY o.code, month, r.form
