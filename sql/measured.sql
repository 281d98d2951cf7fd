-- one row per figure of the units asked for, in one computation, each on the line on which the
-- unit is measured
SELECT
    o.code AS unit,
    v.line,
    v.period,
    v.indicator,
    v.value,
    v.numerator,
    v.denominator,
    v.reported,
    v.expected
FROM indicator_value AS v
INNER JOIN organisation AS o ON v.org_id = o.id
WHERE
    v.computation_id = :computation
    AND v.org_id = ANY(:units)
    AND v.basis = 'reported'
    AND v.line = CASE
        WHEN v.org_id = ANY(:by_industry) AND NOT v.indicator = ANY(:own_marks) THEN 2
        ELSE 1
    END
