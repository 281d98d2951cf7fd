-- one row per line, organisation, month and flow measure: facts of the units then below it
CREATE TEMPORARY TABLE flow_up ON COMMIT DROP AS
WITH ended AS MATERIALIZED (
    SELECT
        f.measure,
        f.org_id,
        f.month,
        m.own,
        (f.month + interval '1 month' - interval '1 day')::date AS day,
        sum(f.value) AS value
    FROM fact AS f
    INNER JOIN measure AS m ON f.measure = m.id AND m.take = 'flow'
    GROUP BY 1, 2, 3, 4, 5
),

moments AS MATERIALIZED (
    SELECT
        d.day,
        a.line,
        a.org_id,
        a.ancestor_id
    FROM (SELECT DISTINCT day FROM ended) AS d
    INNER JOIN ancestor AS a ON a.valid @> d.day
    WHERE
        (a.line = 1 AND a.org_id = a.ancestor_id)
        OR (a.line, a.ancestor_id) IN (SELECT
            line,
            org_id
        FROM parent)
)

SELECT
    o.line,
    o.ancestor_id,
    e.month,
    e.measure,
    sum(e.value) AS value
FROM ended AS e
INNER JOIN moments AS o ON e.org_id = o.org_id AND e.day = o.day
WHERE NOT e.own OR o.org_id = o.ancestor_id
GROUP BY 1, 2, 3, 4
