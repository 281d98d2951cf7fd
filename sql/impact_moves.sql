-- one row per figure that differs between two computations of one period, on either line
WITH earlier AS (
    SELECT
        line,
        org_id,
        period,
        basis,
        indicator,
        value
    FROM indicator_value
    WHERE computation_id = :before
),

later AS (
    SELECT
        line,
        org_id,
        period,
        basis,
        indicator,
        value
    FROM indicator_value
    WHERE computation_id = :after
)

SELECT
    coalesce(b.line, a.line) AS line,
    coalesce(o.code, '0') AS unit,
    coalesce(b.period, a.period) AS period,
    coalesce(b.basis, a.basis) AS basis,
    coalesce(b.indicator, a.indicator) AS indicator,
    b.value AS before,
    a.value AS after
FROM earlier AS b
FULL JOIN later AS a
    ON
        b.line = a.line
        AND b.org_id = a.org_id
        AND b.period = a.period
        AND b.basis = a.basis
        AND b.indicator = a.indicator
LEFT JOIN organisation AS o ON o.id = coalesce(b.org_id, a.org_id)
WHERE b.value IS DISTINCT FROM a.value
ORDER BY line, unit, period, basis, indicator
