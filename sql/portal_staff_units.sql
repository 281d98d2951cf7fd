-- one row per line and unit next below a unit on a day, as far as the reader sees it, or saw it
-- while it was the reader's; the unit itself comes first, on line 0
WITH near AS (
    SELECT
        0 AS line,
        CAST(:unit AS bigint) AS org_id
    UNION
    SELECT
        a.line,
        a.org_id
    FROM affiliation AS a
    WHERE
        a.parent_id = :unit AND a.line IN (1, 2)
        AND a.retired_at IS NULL AND a.valid @> CAST(:day AS date)
    UNION
    -- below the federation, on the industry line, stand the unions that head an industry
    SELECT
        2 AS line,
        a.parent_id
    FROM affiliation AS a
    WHERE
        a.line = 2 AND a.parent_id <> :unit
        AND a.retired_at IS NULL AND a.valid @> CAST(:day AS date)
        AND NOT EXISTS (
            SELECT 1 FROM affiliation AS b
            WHERE
                b.retired_at IS NULL AND b.valid @> CAST(:day AS date)
                AND (b.org_id = :unit OR (b.org_id = a.parent_id AND b.line = 2))
        )
)

SELECT
    w.line,
    o.id,
    o.code,
    coalesce(n.name, o.code) AS name,
    coalesce(b.units, 0) > 0 AS has_units
FROM near AS w
INNER JOIN organisation AS o ON w.org_id = o.id
LEFT JOIN organisation_name AS n
    ON
        o.id = n.org_id AND n.kind = 'official' AND n.retired_at IS NULL
        AND n.valid @> CAST(:day AS date)
LEFT JOIN LATERAL (
    SELECT count(*) AS units
    FROM affiliation AS c
    WHERE
        c.parent_id = o.id AND c.line IN (1, 2)
        AND c.retired_at IS NULL AND c.valid @> CAST(:day AS date)
) AS b ON TRUE
WHERE
    o.id IN (SELECT sight_ids('portal.organisations'))
    OR (
        o.id IN (SELECT sight_ids('portal.former'))
        AND sight_saw('portal.former_any', CAST(o.id AS text), CAST(:day AS date))
    )
ORDER BY w.line, o.code
