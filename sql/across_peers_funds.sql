-- one row per grassroots union and figure of funds per worker that lies far from that of unions of
-- its type and size: median and scaled median absolute deviation, as for members
WITH measured AS (
    SELECT
        f.at_filing,
        f.at_row,
        u.type,
        width_bucket(w.workers_total, CAST(:peer_size_bands AS numeric[])) AS band,
        v.code,
        v.measure,
        v.amount / w.workers_total AS own
    FROM filed_fin_01 AS f
    INNER JOIN filed_org_02 AS w ON f.at_org = w.at_org AND w.workers_total > 0
    INNER JOIN unit AS u ON f.at_org = u.id AND u.level = '基层'
    CROSS JOIN
        LATERAL (
            VALUES
            ('payroll', '人均工资总额（元）', f.payroll),
            ('paid', '人均拨缴经费（元）', f.paid)
        ) AS v (code, measure, amount)
    WHERE v.amount IS NOT NULL
),

centred AS (
    SELECT
        type,
        band,
        code,
        count(*) AS n,
        CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY own) AS numeric) AS median
    FROM measured
    GROUP BY type, band, code
    HAVING count(*) >= :peer_group_minimum
),

spread AS (
    SELECT
        c.type,
        c.band,
        c.code,
        c.n,
        c.median,
        greatest(
            1.4826 * CAST(
                percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(m.own - c.median)) AS numeric
            ),
            abs(c.median) * :peer_floor_pct / 100 / :peer_deviations
        ) AS scale
    FROM centred AS c
    INNER JOIN measured AS m ON c.type = m.type AND c.band = m.band AND c.code = m.code
    GROUP BY c.type, c.band, c.code, c.n, c.median
)

SELECT
    m.at_filing,
    m.at_row,
    m.measure,
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
    ARRAY[m.code] AS marks
FROM measured AS m
INNER JOIN spread AS s ON m.type = s.type AND m.band = s.band AND m.code = s.code
CROSS JOIN (VALUES (CAST(:peer_size_bands AS numeric[]))) AS z (bounds)
WHERE abs(m.own - s.median) > :peer_deviations * s.scale AND s.scale > 0
ORDER BY m.at_filing, m.at_row, m.code
