-- one row per organisation with a parent on a line and day, as known now
SELECT
    o.code AS org,
    p.code AS parent
FROM affiliation AS a
INNER JOIN organisation AS o ON a.org_id = o.id
INNER JOIN organisation AS p ON a.parent_id = p.id
WHERE a.line = :line AND a.valid @> CAST(:day AS date) AND a.retired_at IS NULL
