-- one row per target period, basis, line, organisation and measure: facts of the units below it
INSERT INTO rolled (label, basis, line, org_id, measure, value)
WITH flow AS (
    SELECT
        t.label,
        t.basis,
        t.every_unit AS main,
        f.measure,
        f.org_id,
        coalesce(t.as_of, (f.month + interval '1 month' - interval '1 day')::date) AS day,
        sum(f.value) AS value
    FROM target AS t
    INNER JOIN fact AS f ON f.month BETWEEN t.starts AND t.ends
    INNER JOIN measure AS m ON f.measure = m.id AND m.take = 'flow'
    GROUP BY 1, 2, 3, 4, 5, 6
),

latest AS (
    SELECT DISTINCT ON (t.label, t.basis, f.measure, f.org_id)
        t.label,
        t.basis,
        t.every_unit AS main,
        f.measure,
        f.org_id,
        coalesce(t.as_of, t.ends) AS day,
        f.value
    FROM target AS t
    INNER JOIN fact AS f ON f.month BETWEEN t.starts AND t.ends
    INNER JOIN measure AS m ON f.measure = m.id AND m.take = 'latest'
    ORDER BY t.label ASC, t.basis ASC, f.measure ASC, f.org_id ASC, f.month DESC
),

unit_value AS (
    SELECT * FROM flow
    UNION ALL
    SELECT * FROM latest
)

SELECT
    u.label,
    u.basis,
    a.line,
    a.ancestor_id,
    u.measure,
    sum(u.value)
FROM unit_value AS u
INNER JOIN ancestor AS a ON u.org_id = a.org_id AND a.valid @> u.day
WHERE
    (u.main AND a.line = 1)
    OR (a.line, a.ancestor_id) IN (SELECT
        line,
        org_id
    FROM parent)
GROUP BY 1, 2, 3, 4, 5
