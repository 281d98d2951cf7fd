-- one row per federation whose receipts of a quarter differ from what those below it sent up;
-- the row is its latest of the quarter
WITH own AS (
    SELECT
        f.at_org,
        sum(f.paid) AS received,
        count(DISTINCT f.at_period) AS months
    FROM filed_fin_01 AS f
    INNER JOIN unit AS u ON f.at_org = u.id AND u.level NOT IN ('基层', '小组')
    GROUP BY f.at_org
),

sent AS (
    SELECT
        u.funds AS at_org,
        sum(f.remitted) AS remitted,
        count(DISTINCT f.at_org) AS reported
    FROM filed_fin_01 AS f
    INNER JOIN unit AS u ON f.at_org = u.id
    GROUP BY u.funds
),

latest AS (
    SELECT DISTINCT ON (at_org)
        at_org,
        at_filing,
        at_row
    FROM filed_fin_01
    ORDER BY at_org ASC, at_end DESC, at_filing DESC, at_row DESC
)

SELECT
    l.at_filing,
    l.at_row,
    o.received,
    s.remitted,
    s.reported,
    ARRAY['paid'] AS marks
FROM own AS o
INNER JOIN sent AS s ON o.at_org = s.at_org
INNER JOIN latest AS l ON o.at_org = l.at_org
WHERE
    o.months = 3
    AND abs(o.received - s.remitted) > abs(s.remitted) * :remittance_tolerance_pct / 100
ORDER BY l.at_filing, l.at_row
