-- one row per hardship file of the period about a person of whom another union keeps a file in the
-- same year
WITH newest AS (
    SELECT DISTINCT ON (at_org, file_no) *
    FROM filed_aid_01
    ORDER BY at_org ASC, file_no ASC, at_end DESC, at_filing DESC, at_row DESC
)

SELECT
    a.at_filing,
    a.at_row,
    string_agg(DISTINCT u.name, '、') AS others,
    '建档帮扶' AS benefit,
    ARRAY['id_no', 'file_no'] AS marks
FROM newest AS a
INNER JOIN newest AS b ON a.id_no = b.id_no AND a.at_org <> b.at_org
INNER JOIN unit AS u ON b.at_org = u.id
WHERE a.at_period = :label AND (b.exit_date IS NULL OR b.exit_date >= a.file_date)
GROUP BY a.at_filing, a.at_row
ORDER BY a.at_filing, a.at_row
