-- one row per target period, line, organisation and form: filings reported of those expected;
-- forms that nobody owes count their reporters and leave expected empty
WITH owed AS (
    SELECT
        t.label,
        e.form,
        e.org_id,
        p.ends,
        e.period,
        EXISTS (
            SELECT 1
            FROM live_filing AS f
            INNER JOIN filing_row AS r ON f.id = r.filing_id
            WHERE f.form = e.form AND f.period = e.period AND r.org_id = e.org_id
        ) OR EXISTS (
            SELECT 1
            FROM live_filing AS f
            WHERE
                f.form = e.form AND f.period = e.period
                AND f.reporter_id = e.org_id AND f.row_count = 0
        ) AS reported
    FROM target AS t
    INNER JOIN period AS p ON p.ends BETWEEN t.starts AND t.ends AND p.starts >= t.starts
    INNER JOIN expected_filing AS e ON p.label = e.period
    WHERE t.basis = 'reported'
),

volunteered AS (
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
    o.label,
    a.line,
    a.ancestor_id AS org_id,
    o.form,
    count(*) FILTER (WHERE o.reported) AS reported,
    count(*) AS expected
FROM owed AS o
INNER JOIN ancestor AS a ON o.org_id = a.org_id AND a.valid @> o.ends
GROUP BY 1, 2, 3, 4
UNION ALL
SELECT
    v.label,
    a.line,
    a.ancestor_id,
    v.form,
    count(*),
    NULL
FROM volunteered AS v
INNER JOIN ancestor AS a ON v.org_id = a.org_id AND a.valid @> v.ends
GROUP BY 1, 2, 3, 4
