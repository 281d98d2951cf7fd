-- one row per cultural activity that several unions report as their own: one number, or the same
-- day, kind and name; of many unions the first six are named
WITH told AS (
    SELECT
        f.at_filing,
        f.at_row,
        f.at_org,
        f.activity_id,
        f.held_on,
        f.kind,
        replace(f.name, ' ', '') AS name,
        u.name AS unit
    FROM filed_cult_01 AS f
    INNER JOIN unit AS u ON f.at_org = u.id
),

-- seven of each: whoever is one of them has six others
numbered AS (
    SELECT
        activity_id,
        at_org,
        unit,
        row_number() OVER (PARTITION BY activity_id ORDER BY unit, at_org) AS place,
        count(*) OVER (PARTITION BY activity_id) AS unions
    FROM (
        SELECT DISTINCT
            activity_id,
            at_org,
            unit
        FROM told
    ) AS d
),

alike AS (
    SELECT
        held_on,
        kind,
        name,
        at_org,
        unit,
        row_number() OVER (PARTITION BY held_on, kind, name ORDER BY unit, at_org) AS place,
        count(*) OVER (PARTITION BY held_on, kind, name) AS unions
    FROM (
        SELECT DISTINCT
            held_on,
            kind,
            name,
            at_org,
            unit
        FROM told
    ) AS d
),

shared AS (
    SELECT
        a.at_filing,
        a.at_row,
        b.unit,
        b.unions,
        TRUE AS by_number
    FROM told AS a
    INNER JOIN numbered AS b
        ON a.activity_id = b.activity_id AND a.at_org <> b.at_org AND b.place <= 7
    UNION ALL
    SELECT
        a.at_filing,
        a.at_row,
        b.unit,
        b.unions,
        FALSE AS by_number
    FROM told AS a
    INNER JOIN alike AS b
        ON
            a.held_on = b.held_on
            AND a.kind = b.kind
            AND a.name = b.name
            AND a.at_org <> b.at_org
            AND b.place <= 7
),

named AS (
    SELECT
        at_filing,
        at_row,
        array_agg(DISTINCT unit) AS units,
        max(unions) - 1 AS others,
        bool_or(by_number) AS by_number
    FROM shared
    GROUP BY at_filing, at_row
)

SELECT
    at_filing,
    at_row,
    array_to_string(units[1:6], '、')
    || CASE
        WHEN greatest(others, cardinality(units)) > 6
            THEN '等' || greatest(others, cardinality(units)) || '家工会'
        ELSE ''
    END AS others,
    CASE WHEN by_number THEN ARRAY['activity_id'] ELSE ARRAY['name', 'held_on'] END AS marks
FROM named
ORDER BY at_filing, at_row
