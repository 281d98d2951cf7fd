-- one row per union at work that shares its own code, or type and employer, with another one
WITH latest AS (
    SELECT DISTINCT ON (f.at_org)
        f.*,
        u.name
    FROM filed_org_01 AS f
    INNER JOIN unit AS u ON f.at_org = u.id AND u.status = '正常'
    ORDER BY f.at_org ASC, f.at_end DESC, f.at_filing DESC, f.at_row DESC
),

active AS (
    SELECT * FROM latest
    WHERE status = '正常'
),

-- asked apart: two equalities joined by OR would compare every union with every other
doubled AS (
    SELECT
        a.at_org,
        b.at_org AS other
    FROM active AS a
    INNER JOIN active AS b ON a.union_uscc = b.union_uscc AND a.at_org <> b.at_org
    WHERE a.at_period = :label
    UNION
    SELECT
        a.at_org,
        b.at_org AS other
    FROM active AS a
    INNER JOIN active AS b
        ON
            a.employer_uscc = b.employer_uscc
            AND a.org_type = b.org_type
            AND a.at_org <> b.at_org
    WHERE a.at_period = :label
)

SELECT
    a.at_filing,
    a.at_row,
    a.union_uscc,
    a.employer_uscc,
    string_agg(DISTINCT b.name || '（' || b.org_code || '）', '、') AS also,
    ARRAY['union_uscc', 'employer_uscc'] AS marks
FROM active AS a
INNER JOIN doubled AS d ON a.at_org = d.at_org
INNER JOIN active AS b ON d.other = b.at_org
GROUP BY a.at_filing, a.at_row, a.union_uscc, a.employer_uscc
ORDER BY a.at_filing, a.at_row
