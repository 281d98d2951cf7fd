-- one row per figure of the units asked for, in one computation, both lines, all its periods
SELECT
    v.line,
    coalesce(o.code, '0') AS unit,
    v.period,
    v.basis,
    v.indicator,
    v.value,
    v.numerator,
    v.denominator,
    v.reported,
    v.expected
FROM indicator_value AS v
LEFT JOIN organisation AS o ON v.org_id = o.id
WHERE v.computation_id = :computation AND v.org_id = ANY(:units)
