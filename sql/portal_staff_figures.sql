-- one row per figure of some units and indicators in one computation, of the periods asked for
SELECT
    v.line,
    v.org_id,
    v.period,
    v.basis,
    v.indicator,
    v.value,
    v.reported,
    v.expected
FROM indicator_value AS v
WHERE
    v.computation_id = :computation
    AND v.org_id = ANY(:units)
    AND v.period = ANY(:periods)
    AND v.basis IN ('reported', 'comparable')
    AND v.indicator = ANY(:indicators)
