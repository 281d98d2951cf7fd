-- one row per union that counts dispatched members who are on another union's roll as well
WITH roll AS (
    SELECT DISTINCT ON (at_org, id_no)
        at_org,
        id_no,
        status,
        emp_form
    FROM filed_org_04
    ORDER BY at_org ASC, id_no ASC, at_end DESC, at_filing DESC, at_row DESC
),

dispatched AS (
    SELECT
        at_org,
        id_no
    FROM roll
    WHERE status = '在册' AND emp_form = '劳务派遣'
),

doubled AS (
    SELECT
        a.at_org,
        count(DISTINCT a.id_no) AS persons,
        string_agg(DISTINCT u.name, '、') AS others
    FROM dispatched AS a
    INNER JOIN dispatched AS b ON a.id_no = b.id_no AND a.at_org <> b.at_org
    INNER JOIN filed_org_02 AS c ON b.at_org = c.at_org AND c.members_dispatch > 0
    INNER JOIN unit AS u ON b.at_org = u.id
    GROUP BY a.at_org
)

SELECT
    f.at_filing,
    f.at_row,
    f.members_dispatch,
    d.persons,
    d.others,
    ARRAY['members_dispatch'] AS marks
FROM filed_org_02 AS f
INNER JOIN doubled AS d ON f.at_org = d.at_org
WHERE f.members_dispatch > 0
ORDER BY f.at_filing, f.at_row
