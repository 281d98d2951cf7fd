-- one row per unit and form: filings owed in a span by the unit and everyone below it, on the line
-- on which the unit is measured
WITH due AS MATERIALIZED (
    SELECT
        e.org_id,
        e.form,
        p.ends,
        count(*) AS filings
    FROM expected_filing AS e
    INNER JOIN period AS p ON e.period = p.label AND p.starts >= :starts AND p.ends <= :ends
    GROUP BY e.org_id, e.form, p.ends
),

above AS MATERIALIZED (
    SELECT
        org_id,
        ancestor_id,
        valid
    FROM ancestor
    WHERE line = CASE WHEN ancestor_id = ANY(:by_industry) THEN 2 ELSE 1 END
)

SELECT
    u.code AS unit,
    d.form,
    sum(d.filings) AS expected
FROM due AS d
INNER JOIN above AS a ON d.org_id = a.org_id AND a.valid @> d.ends
INNER JOIN organisation AS u ON a.ancestor_id = u.id
GROUP BY u.code, d.form
