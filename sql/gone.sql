-- one row per union that has ended, span of days and depth of succession, as known at the cut-off:
-- the union into which it was merged, and that one's in turn; none where it was abolished
CREATE TEMPORARY TABLE gone ON COMMIT DROP AS
WITH RECURSIVE ended AS (
    SELECT
        s.org_id,
        c.successor_id AS heir_id,
        s.valid
    FROM organisation_state AS s
    LEFT JOIN organisation_change AS c ON s.change_id = c.id AND c.change = '合并'
    WHERE
        s.status IN ('已撤销', '已合并')
        AND s.recorded_at <= :cutoff
        AND (s.retired_at IS NULL OR s.retired_at > :cutoff)
),

followed AS (
    SELECT
        org_id,
        heir_id,
        valid,
        1 AS depth
    FROM ended
    UNION ALL
    SELECT
        f.org_id,
        e.heir_id,
        f.valid * e.valid,
        f.depth + 1
    FROM followed AS f
    INNER JOIN ended AS e ON f.heir_id = e.org_id AND f.valid && e.valid
    WHERE f.depth < 12
)

SELECT * FROM followed
