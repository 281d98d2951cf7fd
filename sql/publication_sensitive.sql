-- one row per figure about few people of one computation: every unit, both lines, all its periods
SELECT
    v.line,
    coalesce(o.code, '0') AS unit,
    v.period,
    v.indicator,
    v.value,
    v.numerator,
    v.denominator
FROM indicator_value AS v
LEFT JOIN organisation AS o ON v.org_id = o.id
WHERE
    v.computation_id = :computation
    AND v.indicator = ANY(:indicators)
    AND v.basis = 'reported'
ORDER BY v.line, unit, v.period, v.indicator
