-- one row per joint committee and group directly below it on the industry line: its grassroots
-- unions, and the members that these reported
SELECT
    c.at_filing,
    c.at_row,
    c.committee,
    g.name,
    count(DISTINCT u.id) AS unions,
    coalesce(sum(m.members_total), 0) AS members
FROM filed_cadre_05 AS c
INNER JOIN unit AS g
    ON
        c.at_org = g.industry_parent
        AND g.status = '正常'
        AND (g.level NOT IN ('基层', '小组') OR g.type LIKE '系统%')
INNER JOIN ancestor AS a ON g.id = a.ancestor_id AND a.line = 2 AND a.valid @> :ends
INNER JOIN unit AS u ON a.org_id = u.id AND u.level = '基层' AND u.status = '正常'
LEFT JOIN filed_org_02 AS m ON u.id = m.at_org
WHERE c.committee IS NOT NULL
GROUP BY c.at_filing, c.at_row, c.committee, g.id, g.name
ORDER BY c.at_filing, c.at_row, g.name
