-- one row per unit of those asked about: members as the computation behind a kept result counted
-- them for its year, on whichever line the unit is measured
SELECT
    o.code AS unit,
    max(v.value) AS members
FROM assessment AS a
INNER JOIN indicator_value AS v ON a.computation_id = v.computation_id
INNER JOIN organisation AS o ON v.org_id = o.id
WHERE
    a.id = :assessment AND v.indicator = :indicator AND v.basis = 'reported'
    AND v.period = :period AND o.code = ANY(:units) AND v.value IS NOT NULL
GROUP BY o.code
