-- one row per grassroots union whose share of members lies far from that of unions of its type and
-- size: median and scaled median absolute deviation of the group, both of which a few odd values
-- cannot move
WITH measured AS (
    SELECT
        f.at_filing,
        f.at_row,
        u.type,
        width_bucket(f.workers_total, CAST(:peer_size_bands AS numeric[])) AS band,
        100 * f.members_total / f.workers_total AS own
    FROM filed_org_02 AS f
    INNER JOIN unit AS u ON f.at_org = u.id AND u.level = '基层'
    WHERE f.workers_total > 0
),

centred AS (
    SELECT
        type,
        band,
        count(*) AS n,
        CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY own) AS numeric) AS median
    FROM measured
    GROUP BY type, band
    HAVING count(*) >= :peer_group_minimum
),

spread AS (
    SELECT
        c.type,
        c.band,
        c.n,
        c.median,
        greatest(
            1.4826 * CAST(
                percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(m.own - c.median)) AS numeric
            ),
            abs(c.median) * :peer_floor_pct / 100 / :peer_deviations
        ) AS scale
    FROM centred AS c
    INNER JOIN measured AS m ON c.type = m.type AND c.band = m.band
    GROUP BY c.type, c.band, c.n, c.median
)

SELECT
    m.at_filing,
    m.at_row,
    '会员占职工比例（%）' AS measure,
    m.own,
    s.median,
    s.n,
    abs(m.own - s.median) / s.scale AS deviations,
    m.type AS kind,
    CASE
        WHEN m.band = 0 THEN '不足' || z.bounds[1] || '人'
        WHEN m.band = cardinality(z.bounds) THEN z.bounds[m.band] || '人以上'
        ELSE z.bounds[m.band] || '—' || z.bounds[m.band + 1] - 1 || '人'
    END AS band,
    ARRAY['members_total', 'workers_total'] AS marks
FROM measured AS m
INNER JOIN spread AS s ON m.type = s.type AND m.band = s.band
CROSS JOIN (VALUES (CAST(:peer_size_bands AS numeric[]))) AS z (bounds)
WHERE abs(m.own - s.median) > :peer_deviations * s.scale AND s.scale > 0
ORDER BY m.at_filing, m.at_row
