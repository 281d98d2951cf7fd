-- one row per line and union that is grassroots or reported members: direct parents, by name, on
-- the eve of a period and on its last day, as known at the cut-off; none where it was not there
WITH days (side, day) AS (
    VALUES ('before', CAST(:eve AS date)), ('after', CAST(:ends AS date))
),

alive AS (
    SELECT
        d.side,
        d.day,
        o.id,
        o.code
    FROM organisation AS o
    CROSS JOIN days AS d
    INNER JOIN organisation_state AS s
        ON
            o.id = s.org_id
            AND s.valid @> d.day
            AND s.recorded_at <= :cutoff
            AND (s.retired_at IS NULL OR s.retired_at > :cutoff)
    WHERE
        o.found_date <= d.day
        AND s.status NOT IN ('已撤销', '已合并')
        AND (
            (s.status <> '筹建' AND s.level IN ('基层', '小组'))
            OR o.code = ANY(:reporters)
        )
),

placed AS (
    SELECT
        l.line,
        v.side,
        v.code,
        CASE
            WHEN p.id IS NOT NULL THEN coalesce(n.name, p.code)
            WHEN l.line = 2 THEN '未纳入产业'
            ELSE '（无上级）'
        END AS parent,
        EXISTS(
            SELECT 1
            FROM ancestor AS a
            WHERE
                a.line = 1
                AND a.org_id = v.id
                AND a.ancestor_id = :unit
                AND a.valid @> v.day
        ) AS inside
    FROM alive AS v
    CROSS JOIN (VALUES (1), (2)) AS l (line)
    LEFT JOIN affiliation AS f
        ON
            v.id = f.org_id
            AND l.line = f.line
            AND f.valid @> v.day
            AND f.recorded_at <= :cutoff
            AND (f.retired_at IS NULL OR f.retired_at > :cutoff)
    LEFT JOIN organisation AS p ON f.parent_id = p.id
    LEFT JOIN organisation_name AS n
        ON
            p.id = n.org_id
            AND n.kind = 'official'
            AND n.valid @> CAST(:ends AS date)
            AND n.recorded_at <= :cutoff
            AND (n.retired_at IS NULL OR n.retired_at > :cutoff)
)

SELECT
    line,
    code,
    max(parent) FILTER (WHERE side = 'before') AS before,
    max(parent) FILTER (WHERE side = 'after') AS after,
    coalesce(bool_or(inside) FILTER (WHERE side = 'before'), FALSE) AS inside_before,
    coalesce(bool_or(inside) FILTER (WHERE side = 'after'), FALSE) AS inside_after
FROM placed
GROUP BY line, code
ORDER BY line, code
