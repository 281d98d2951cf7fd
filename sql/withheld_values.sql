-- one row per withheld figure of the units and periods asked for, in one computation
SELECT
    w.unit,
    v.value,
    v.numerator,
    v.denominator
FROM withheld_figure AS w
INNER JOIN organisation AS o ON w.unit = o.code
INNER JOIN indicator_value AS v
    ON
        w.computation_id = v.computation_id
        AND o.id = v.org_id
        AND w.line = v.line
        AND w.period = v.period
        AND w.indicator = v.indicator
        AND v.basis = 'reported'
WHERE
    w.computation_id = :id
    AND w.unit = ANY(:units)
    AND w.period = ANY(:periods)
