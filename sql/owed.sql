-- one row per unit and form: filings owed in a span by the unit and everyone below it
SELECT
    u.code AS unit,
    e.form,
    count(*) AS expected
FROM expected_filing AS e
INNER JOIN period AS p ON e.period = p.label AND p.starts >= :starts AND p.ends <= :ends
INNER JOIN ancestor AS a ON a.line = 1 AND e.org_id = a.org_id AND a.valid @> p.ends
INNER JOIN organisation AS u ON a.ancestor_id = u.id
WHERE u.id = ANY(:units)
GROUP BY u.code, e.form
