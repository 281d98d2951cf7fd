-- one row per zone federation that states fewer workers than its unions have members
SELECT
    f.at_filing,
    f.at_row,
    '会员' || trunc(sum(d.members_total)) || '人，多于所辖职工' || trunc(f.workers_total) || '人'
        AS excess,
    ARRAY['workers_total'] AS marks
FROM filed_org_02 AS f
INNER JOIN unit AS z ON f.at_org = z.id AND z.type LIKE '开发区%'
INNER JOIN ancestor AS a
    ON f.at_org = a.ancestor_id AND a.line = 1 AND a.depth > 0 AND a.valid @> :ends
INNER JOIN filed_org_02 AS d ON a.org_id = d.at_org
INNER JOIN unit AS u ON d.at_org = u.id AND u.level = '基层'
GROUP BY f.at_filing, f.at_row, f.workers_total
HAVING sum(d.members_total) > f.workers_total
ORDER BY f.at_filing, f.at_row
