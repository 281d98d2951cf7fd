-- one row per zone federation with more grassroots unions below it than it has enterprises
SELECT
    f.at_filing,
    f.at_row,
    '基层工会' || count(*) || '个，多于所辖单位' || trunc(f.covered_units) || '个' AS excess,
    ARRAY['covered_units'] AS marks
FROM filed_org_01 AS f
INNER JOIN unit AS z ON f.at_org = z.id AND z.type LIKE '开发区%' AND z.status = '正常'
INNER JOIN ancestor AS a
    ON f.at_org = a.ancestor_id AND a.line = 1 AND a.depth > 0 AND a.valid @> :ends
INNER JOIN unit AS u ON a.org_id = u.id AND u.level = '基层' AND u.status = '正常'
GROUP BY f.at_filing, f.at_row, f.covered_units
HAVING count(*) > f.covered_units
ORDER BY f.at_filing, f.at_row
