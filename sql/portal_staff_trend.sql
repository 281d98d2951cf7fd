-- one row per unit and month of one indicator on one line: its newest published value, and the
-- edition by which it is quoted
SELECT DISTINCT ON (v.org_id, v.period)
    v.org_id,
    v.period,
    v.value,
    v.reported,
    v.expected,
    h.publication
FROM
    unnest(
        CAST(:computations AS bigint[]),
        CAST(:publications AS bigint[]),
        CAST(:cutoffs AS timestamptz[])
    ) AS h (computation, publication, cutoff)
INNER JOIN indicator_value AS v ON h.computation = v.computation_id
WHERE
    v.line = :line
    AND v.org_id = ANY(:units)
    AND v.period = ANY(:months)
    AND v.basis = 'reported'
    AND v.indicator = :indicator
ORDER BY v.org_id ASC, v.period ASC, h.cutoff DESC, h.publication ASC
