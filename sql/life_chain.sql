-- one row per union above another on a line and day, the nearest first
WITH RECURSIVE up AS (
    SELECT
        a.parent_id,
        1 AS depth
    FROM affiliation AS a
    WHERE
        a.org_id = :org
        AND a.line = :line
        AND a.valid @> CAST(:day AS date)
        AND a.retired_at IS NULL
    UNION ALL
    SELECT
        a.parent_id,
        up.depth + 1
    FROM up
    INNER JOIN affiliation AS a ON up.parent_id = a.org_id
    WHERE
        a.line = :line
        AND a.valid @> CAST(:day AS date)
        AND a.retired_at IS NULL
        AND up.depth < 12
)

SELECT o.code
FROM up
INNER JOIN organisation AS o ON up.parent_id = o.id
ORDER BY up.depth
