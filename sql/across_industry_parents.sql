-- one row per grassroots union whose parent on the industry line is no industry union, or one for
-- other trades
WITH trades AS (
    SELECT
        t.key AS word,
        array_agg(p.value) AS prefixes
    FROM jsonb_each(CAST(:industry_union_trades AS jsonb)) AS t
    CROSS JOIN LATERAL jsonb_array_elements_text(t.value) AS p
    GROUP BY t.key
),

child AS (
    SELECT
        f.at_filing,
        f.at_row,
        f.industry,
        p.name AS parent,
        p.type LIKE '%产业工会' OR p.type LIKE '行业%' OR p.type LIKE '系统%' AS is_industry,
        (
            SELECT
                bool_or(EXISTS (
                    SELECT 1 FROM unnest(t.prefixes) AS x (prefix)
                    WHERE starts_with(f.industry, x.prefix)
                ))
            FROM trades AS t
            WHERE position(t.word IN p.name) > 0
        ) AS covers
    FROM filed_org_01 AS f
    INNER JOIN unit AS p ON f.ind_parent = p.code
    WHERE f.org_level IN ('基层', '小组') AND f.status = '正常'
)

SELECT
    at_filing,
    at_row,
    parent,
    industry,
    CASE WHEN is_industry THEN '行业不在其范围之内' ELSE '不是产业（行业、系统）工会' END AS fault,
    CASE WHEN is_industry THEN ARRAY['ind_parent', 'industry'] ELSE ARRAY['ind_parent'] END AS marks
FROM child
WHERE NOT is_industry OR NOT covers
ORDER BY at_filing, at_row
