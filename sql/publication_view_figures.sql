-- one row per figure of the newest computation of each period, its own and its neighbours'
WITH newest AS (
    SELECT DISTINCT ON (period)
        id,
        period,
        cutoff,
        definitions
    FROM computation
    ORDER BY period ASC, cutoff DESC, id DESC
)

SELECT
    c.period AS computed_for,
    c.cutoff,
    c.definitions,
    CASE v.line WHEN 1 THEN '块' ELSE '条' END AS line,
    coalesce(o.code, '0') AS unit_code,
    v.period,
    v.basis,
    v.indicator,
    v.value,
    v.numerator,
    v.denominator,
    v.reported,
    v.expected
FROM newest AS c
INNER JOIN indicator_value AS v ON c.id = v.computation_id
LEFT JOIN organisation AS o ON v.org_id = o.id
