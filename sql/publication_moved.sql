-- one row per union, line and ancestor over it on a day
SELECT
    a.line,
    o.code AS org,
    coalesce(u.code, '0') AS ancestor
FROM ancestor AS a
INNER JOIN organisation AS o ON a.org_id = o.id
LEFT JOIN organisation AS u ON a.ancestor_id = u.id
WHERE a.valid @> CAST(:day AS date)
