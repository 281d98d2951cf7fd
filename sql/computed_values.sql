-- one row per indicator and organisation: the newest computation of a period, on the line on which
-- the organisation is measured
WITH newest AS (
    SELECT id
    FROM computation
    WHERE period = :period
    ORDER BY cutoff DESC, id DESC
    LIMIT 1
)

SELECT
    v.indicator,
    o.code AS org_code,
    v.value
FROM indicator_value AS v
INNER JOIN newest AS n ON v.computation_id = n.id
INNER JOIN organisation AS o ON v.org_id = o.id
WHERE
    v.period = :period
    AND v.basis = 'reported'
    AND v.line = CASE
        WHEN v.org_id = ANY(:by_industry) AND NOT v.indicator = ANY(:own_marks) THEN 2
        ELSE 1
    END
