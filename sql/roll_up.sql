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
    -- who had ended by then has no stock any more: its heirs report what is left of it
    WHERE
        NOT EXISTS (
            SELECT 1
            FROM gone AS g
            WHERE f.org_id = g.org_id AND g.valid @> t.ends
        )
    ORDER BY t.label ASC, t.basis ASC, f.measure ASC, f.org_id ASC, f.month DESC
),

kept AS (
    SELECT * FROM flow_as_of
    UNION ALL
    SELECT * FROM latest
),

heir AS MATERIALIZED (
    SELECT DISTINCT ON (d.as_of, g.org_id)
        d.as_of AS day,
        g.org_id,
        g.heir_id
    FROM (
        SELECT DISTINCT as_of FROM target
        WHERE as_of IS NOT NULL
    ) AS d
    INNER JOIN gone AS g ON g.valid @> d.as_of
    ORDER BY d.as_of ASC, g.org_id ASC, g.depth DESC
),

-- read as of a later day, a merged union's figures are its heir's; an abolished one is comparable
-- with nobody, but what it did in the period stays with its last parent
unit_value AS (
    SELECT
        k.label,
        k.basis,
        k.every_unit,
        k.measure,
        coalesce(h.heir_id, k.org_id) AS org_id,
        k.own,
        k.day,
        k.value
    FROM kept AS k
    LEFT JOIN heir AS h ON k.org_id = h.org_id AND k.day = h.day
    WHERE h.org_id IS NULL OR h.heir_id IS NOT NULL OR k.basis = 'reported'
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
