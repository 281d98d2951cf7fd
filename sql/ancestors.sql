-- one row per line, organisation, ancestor and span of days, as known at the cut-off;
-- on the industry line an organisation without parent or child stands under 0, 未纳入产业
CREATE TEMPORARY TABLE ancestor ON COMMIT DROP AS
WITH RECURSIVE known AS (
    SELECT
        line,
        org_id,
        parent_id,
        valid
    FROM affiliation
    WHERE
        line IN (1, 2)
        AND recorded_at <= :cutoff
        AND (retired_at IS NULL OR retired_at > :cutoff)
),

up AS (
    SELECT
        l.line,
        o.id AS org_id,
        o.id AS ancestor_id,
        daterange(NULL, NULL) AS valid,
        0 AS depth
    FROM organisation AS o
    CROSS JOIN (VALUES (1), (2)) AS l (line)
    UNION ALL
    SELECT
        up.line,
        up.org_id,
        known.parent_id,
        up.valid * known.valid,
        up.depth + 1
    FROM up
    INNER JOIN known
        ON
            up.line = known.line
            AND up.ancestor_id = known.org_id
            AND up.valid && known.valid
    WHERE up.depth < 12
),

outside AS (
    SELECT
        2 AS line,
        o.id AS org_id,
        0::bigint AS ancestor_id,
        unnest(
            datemultirange(daterange(NULL, NULL))
            - coalesce(range_agg(k.valid), datemultirange())
        ) AS valid,
        1 AS depth
    FROM organisation AS o
    LEFT JOIN known AS k ON k.line = 2 AND (o.id = k.org_id OR o.id = k.parent_id)
    GROUP BY o.id
)

SELECT * FROM up
UNION ALL
SELECT * FROM outside
