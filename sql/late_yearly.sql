-- one row per unit and yearly form that came after its last day; over `expected_state`
SELECT
    o.code AS unit,
    e.form,
    e.due_on
FROM expected_state AS s
INNER JOIN expected_filing AS e
    ON s.period = e.period AND s.form = e.form AND s.org_id = e.org_id
INNER JOIN organisation AS o ON s.org_id = o.id
WHERE
    s.period = :year
    AND s.reported
    AND NOT s.on_time
    AND o.code = ANY(:units)
ORDER BY o.code, e.form
