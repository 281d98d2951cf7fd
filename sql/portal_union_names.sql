-- one row per union asked for that has an official name on a day
SELECT
    o.code,
    n.name
FROM organisation AS o
INNER JOIN organisation_name AS n
    ON
        o.id = n.org_id AND n.kind = 'official' AND n.retired_at IS NULL
        AND n.valid @> CAST(:day AS date)
WHERE o.code = ANY(:codes)
