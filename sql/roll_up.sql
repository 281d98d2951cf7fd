-- one row per target period, basis, line, organisation and measure: facts of the units below it
INSERT INTO rolled (label, basis, line, org_id, measure, value)
WITH head AS (
    SELECT org_id FROM parent
    WHERE line = 1
),

flow_then AS (
    SELECT
        t.target,
        u.seat,
        u.measure,
        sum(u.value) AS value
    FROM target_month AS t
    INNER JOIN flow_by_seat AS u ON t.month = u.month
    WHERE t.as_of IS NULL
    GROUP BY 1, 2, 3
),

-- flows read along the relations of a later day
flow_as_of AS (
    SELECT
        t.target,
        f.measure,
        f.org_id,
        m.own,
        t.as_of AS day,
        sum(f.value) AS value
    FROM target_month AS t
    INNER JOIN fact AS f ON t.month = f.month
    INNER JOIN measure AS m ON f.measure = m.id AND m.take = 'flow'
    WHERE t.as_of IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
),

-- every stock with the month in which its unit told of it again
stock AS (
    SELECT
        f.measure,
        f.org_id,
        m.own,
        f.month,
        f.value,
        lead(f.month) OVER (PARTITION BY f.measure, f.org_id ORDER BY f.month) AS again
    FROM fact AS f
    INNER JOIN measure AS m ON f.measure = m.id AND m.take = 'latest'
),

latest AS (
    SELECT
        t.target,
        s.measure,
        s.org_id,
        s.own,
        coalesce(t.as_of, t.last_day) AS day,
        s.value
    FROM target_month AS t
    INNER JOIN stock AS s ON t.month = s.month AND (s.again IS NULL OR t.last_day < s.again)
    -- who had ended by then has no stock any more: its heirs report what is left of it
    WHERE
        NOT EXISTS (
            SELECT 1
            FROM gone AS g
            WHERE s.org_id = g.org_id AND g.valid @> t.last_day
        )
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
unit_value AS MATERIALIZED (
    SELECT
        k.target,
        k.measure,
        coalesce(h.heir_id, k.org_id) AS org_id,
        k.own,
        k.day,
        k.value
    FROM kept AS k
    INNER JOIN target AS t ON k.target = t.id
    LEFT JOIN heir AS h ON k.org_id = h.org_id AND k.day = h.day
    WHERE h.org_id IS NULL OR h.heir_id IS NOT NULL OR t.basis = 'reported'
),

by_seat AS (
    SELECT * FROM flow_then
    UNION ALL
    SELECT
        u.target,
        s.seat,
        u.measure,
        sum(u.value) AS value
    FROM unit_value AS u
    INNER JOIN seat AS s ON u.org_id = s.org_id AND u.day = s.day AND u.own = s.own
    GROUP BY 1, 2, 3
),

-- a unit with nobody below it has its own figures, where those of every unit are wanted
alone AS (
    SELECT
        t.target,
        f.measure,
        f.org_id,
        f.value
    FROM target_month AS t
    INNER JOIN fact AS f ON t.month = f.month
    INNER JOIN measure AS m ON f.measure = m.id AND m.take = 'flow'
    WHERE t.as_of IS NULL AND t.every_unit
    UNION ALL
    SELECT
        u.target,
        u.measure,
        u.org_id,
        u.value
    FROM unit_value AS u
    INNER JOIN target AS t ON u.target = t.id AND t.every_unit
),

summed AS (
    SELECT
        b.target,
        a.line,
        a.org_id,
        b.measure,
        sum(b.value) AS value
    FROM by_seat AS b
    INNER JOIN seat_above AS a ON b.seat = a.seat
    GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT
        target,
        1 AS line,
        org_id,
        measure,
        sum(value) AS value
    FROM alone
    WHERE org_id NOT IN (SELECT h.org_id FROM head AS h)
    GROUP BY 1, 2, 3, 4
)

SELECT
    t.label,
    t.basis,
    s.line,
    s.org_id,
    s.measure,
    s.value
FROM summed AS s
INNER JOIN target AS t ON s.target = t.id
