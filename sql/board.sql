-- figures of the units asked for, of a month and of the year up to it, from one computation
SELECT
    o.code AS unit,
    v.indicator,
    max(v.line) AS line,
    max(v.value) FILTER (WHERE v.basis = 'to_date') AS value,
    max(v.reported) FILTER (WHERE v.basis = 'reported') AS reported,
    max(v.expected) FILTER (WHERE v.basis = 'reported') AS expected
FROM indicator_value AS v
INNER JOIN organisation AS o ON v.org_id = o.id
WHERE
    v.computation_id = :computation
    AND v.period = :period
    AND v.basis IN ('reported', 'to_date')
    AND o.code = ANY(:units)
    -- an industry union is measured by its industry, not by what it reports of itself
    AND v.line = CASE
        WHEN v.org_id = ANY(:by_industry) AND NOT v.indicator = ANY(:own_marks) THEN 2
        ELSE 1
    END
GROUP BY 1, 2
