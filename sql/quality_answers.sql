-- one row per unit and month: corrections accepted after the lock, findings that asked for an
-- explanation and still stood or were explained, and how many of them were explained
SELECT
    o.code AS unit,
    extract(MONTH FROM p.ends)::int AS month,
    sum(c.corrections)::int AS corrections,
    sum(c.warnings)::int AS warnings,
    sum(c.explained)::int AS explained
FROM answered(:cutoff) AS c
INNER JOIN period AS p ON c.period = p.label AND p.starts >= :starts AND p.ends <= :ends
INNER JOIN organisation AS o ON c.org_id = o.id
WHERE o.code = ANY(:units)
GROUP BY 1, 2
