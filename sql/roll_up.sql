-- one row per target period, basis, line, organisation and measure: facts of the units below it
INSERT INTO rolled (label, basis, line, org_id, measure, value)
WITH as_then AS (
    SELECT
        t.label,
        t.basis,
        u.line,
        u.ancestor_id,
        u.measure,
        sum(u.value) AS value
    FROM target AS t
    INNER JOIN flow_up AS u ON u.month BETWEEN t.starts AND t.ends
    WHERE
        t.as_of IS NULL
        AND (
            (t.every_unit AND u.line = 1)
            OR (u.line, u.ancestor_id) IN (SELECT
                line,
                org_id
            FROM parent)
        )
    GROUP BY 1, 2, 3, 4, 5
),

flow_as_of AS MATERIALIZED (
    SELECT
        t.label,
        t.basis,
        t.every_unit,
        f.measure,
        f.org_id,
        m.own,
        t.as_of AS day,
        sum(f.value) AS value
    FROM target AS t
    INNER JOIN fact AS f ON f.month BETWEEN t.starts AND t.ends
    INNER JOIN measure AS m ON f.measure = m.id AND m.take = 'flow'
    WHERE t.as_of IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),

latest AS MATERIALIZED (
    SELECT DISTINCT ON (t.label, t.basis, f.measure, f.org_id)
        t.label,
        t.basis,
        t.every_unit,
        f.measure,
        f.org_id,
        m.own,
        coalesce(t.as_of, t.ends) AS day,
        f.value
    FROM target AS t
    INNER JOIN fact AS f ON f.month BETWEEN t.starts AND t.ends
    INNER JOIN measure AS m ON f.measure = m.id AND m.take = 'latest'
    ORDER BY t.label ASC, t.basis ASC, f.measure ASC, f.org_id ASC, f.month DESC
),

unit_value AS (
    SELECT * FROM flow_as_of
    UNION ALL
    SELECT * FROM latest
),

moments AS MATERIALIZED (
    SELECT
        d.day,
        a.line,
        a.org_id,
        a.ancestor_id
    FROM (SELECT DISTINCT day FROM unit_value) AS d
    INNER JOIN ancestor AS a ON a.valid @> d.day
    WHERE
        (a.line = 1 AND a.org_id = a.ancestor_id)
        OR (a.line, a.ancestor_id) IN (SELECT
            line,
            org_id
        FROM parent)
)

SELECT
    label,
    basis,
    line,
    ancestor_id,
    measure,
    value
FROM as_then
UNION ALL
SELECT
    u.label,
    u.basis,
    o.line,
    o.ancestor_id,
    u.measure,
    sum(u.value) AS value
FROM unit_value AS u
INNER JOIN moments AS o ON u.org_id = o.org_id AND u.day = o.day
WHERE
    (NOT u.own OR o.org_id = o.ancestor_id)
    AND (
        (u.every_unit AND o.line = 1)
        OR (o.line, o.ancestor_id) IN (SELECT
            line,
            org_id
        FROM parent)
    )
GROUP BY 1, 2, 3, 4, 5
