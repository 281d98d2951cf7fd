-- one row per target period, line and organisation: corrections accepted after the lock; findings
-- that asked for an explanation and still stood or were explained, and how many were explained
SELECT
    t.label,
    a.line,
    a.ancestor_id AS org_id,
    sum(c.corrections) AS corrections,
    sum(c.warnings) AS warnings,
    sum(c.explained) AS explained
FROM target AS t
INNER JOIN period AS p ON t.starts <= p.starts AND t.ends >= p.ends
INNER JOIN answered(:cutoff) AS c ON p.label = c.period
INNER JOIN ancestor AS a ON c.org_id = a.org_id AND a.valid @> p.ends
WHERE
    t.basis = 'reported'
    AND (
        (t.every_unit AND a.line = 1)
        OR (a.line, a.ancestor_id) IN (SELECT
            line,
            org_id
        FROM parent)
    )
GROUP BY 1, 2, 3
