-- one row per union that heads an industry and no territory, as known at the cut-off
WITH heads AS (
    SELECT
        parent_id AS org_id,
        bool_or(line = 1) AS of_territory,
        bool_or(line = 2) AS of_industry
    FROM affiliation
    WHERE
        line IN (1, 2)
        AND recorded_at <= :cutoff
        AND (retired_at IS NULL OR retired_at > :cutoff)
    GROUP BY parent_id
)

SELECT org_id
FROM heads
WHERE of_industry AND NOT of_territory
ORDER BY org_id
