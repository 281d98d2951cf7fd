-- one row per reward paid to a person to whom another union paid one in the same year
SELECT
    a.at_filing,
    a.at_row,
    string_agg(DISTINCT u.name, '、') AS others,
    '奖励' AS benefit,
    ARRAY['id_no', 'award_paid'] AS marks
FROM filed_skill_03 AS a
INNER JOIN filed_skill_03 AS b
    ON a.id_no = b.id_no AND a.at_org <> b.at_org AND b.award_paid > 0
INNER JOIN unit AS u ON b.at_org = u.id
WHERE a.award_paid > 0
GROUP BY a.at_filing, a.at_row
ORDER BY a.at_filing, a.at_row
