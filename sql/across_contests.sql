-- one row per contest that several unions report as their own: one number, or the same day, trade,
-- level and figures; a contest inside one enterprise is nobody else's, however alike it looks; of
-- many unions the first six are named
WITH told AS (
    SELECT
        f.at_filing,
        f.at_row,
        f.at_org,
        f.event_id,
        CASE
            WHEN f.enterprises > 1
                THEN ROW(f.held_on, f.event_kind, f.event_level, f.trade, f.enterprises, f.persons)
        END AS figures,
        num_nulls(f.held_on, f.event_kind, f.event_level, f.trade, f.persons) = 0 AS whole,
        u.name AS unit
    FROM filed_skill_02 AS f
    INNER JOIN unit AS u ON f.at_org = u.id
),

-- seven of each: whoever is one of them has six others
numbered AS (
    SELECT
        event_id,
        at_org,
        unit,
        row_number() OVER (PARTITION BY event_id ORDER BY unit, at_org) AS place,
        count(*) OVER (PARTITION BY event_id) AS unions
    FROM (
        SELECT DISTINCT
            event_id,
            at_org,
            unit
        FROM told
    ) AS d
),

alike AS (
    SELECT
        figures,
        at_org,
        unit,
        row_number() OVER (PARTITION BY figures ORDER BY unit, at_org) AS place,
        count(*) OVER (PARTITION BY figures) AS unions
    FROM (
        SELECT DISTINCT
            figures,
            at_org,
            unit
        FROM told
        WHERE figures IS NOT NULL AND whole
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
        ON a.event_id = b.event_id AND a.at_org <> b.at_org AND b.place <= 7
    UNION ALL
    SELECT
        a.at_filing,
        a.at_row,
        b.unit,
        b.unions,
        FALSE AS by_number
    FROM told AS a
    INNER JOIN alike AS b
        ON a.figures = b.figures AND a.whole AND a.at_org <> b.at_org AND b.place <= 7
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
    CASE WHEN by_number THEN ARRAY['event_id'] ELSE ARRAY['held_on', 'trade', 'persons'] END
        AS marks
FROM named
ORDER BY at_filing, at_row
