-- one row per target period, line, organisation and form: filings reported of those expected;
-- forms that nobody owes count their reporters and leave expected empty
WITH volunteered AS (
    SELECT DISTINCT
        t.label,
        f.form,
        r.org_id,
        r.period_end AS ends
    FROM target AS t
    INNER JOIN live_filing AS f ON f.form <> ALL(:owed_forms)
    INNER JOIN filing_row AS r
        ON f.id = r.filing_id AND r.period_end BETWEEN t.starts AND t.ends
    WHERE t.basis = 'reported'
)

SELECT
    t.label,
    a.line,
    a.ancestor_id AS org_id,
    e.form,
    count(*) FILTER (WHERE e.reported) AS reported,
    count(*) FILTER (WHERE e.on_time) AS on_time,
    count(*) FILTER (WHERE e.first_pass) AS first_pass,
    count(*) AS expected
FROM target AS t
INNER JOIN expected_state AS e ON t.starts <= e.starts AND t.ends >= e.ends
INNER JOIN ancestor AS a ON e.org_id = a.org_id AND a.valid @> e.ends
WHERE
    t.basis = 'reported'
    AND (
        (t.every_unit AND a.line = 1)
        OR (a.line, a.ancestor_id) IN (SELECT
            line,
            org_id
        FROM parent)
    )
GROUP BY 1, 2, 3, 4
UNION ALL
SELECT
    v.label,
    a.line,
    a.ancestor_id,
    v.form,
    count(*),
    0,
    0,
    NULL
FROM volunteered AS v
INNER JOIN ancestor AS a ON v.org_id = a.org_id AND a.valid @> v.ends
GROUP BY 1, 2, 3, 4
