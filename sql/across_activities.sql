-- one row per cultural activity that several unions report as their own: one number, or the same
-- day, kind and name
SELECT
    a.at_filing,
    a.at_row,
    string_agg(DISTINCT u.name, '、') AS others,
    CASE
        WHEN bool_or(a.activity_id = b.activity_id) THEN ARRAY['activity_id']
        ELSE ARRAY['name', 'held_on']
    END AS marks
FROM filed_cult_01 AS a
INNER JOIN filed_cult_01 AS b
    ON
        a.at_org <> b.at_org
        AND (
            a.activity_id = b.activity_id
            OR (
                a.held_on = b.held_on
                AND a.kind = b.kind
                AND replace(a.name, ' ', '') = replace(b.name, ' ', '')
            )
        )
INNER JOIN unit AS u ON b.at_org = u.id
GROUP BY a.at_filing, a.at_row
ORDER BY a.at_filing, a.at_row
