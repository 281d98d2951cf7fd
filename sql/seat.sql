-- one row per organisation, day and kind of measure: the seat from which it counts on that day,
-- which is the set of units with others below them that it counts in; a measure of a unit's own
-- counts in that unit alone. Few seats are shared by many organisations, so figures are summed per
-- seat first and climb afterwards.
CREATE TEMPORARY TABLE seat ON COMMIT DROP AS
WITH counted AS (
    SELECT unnest(CAST(:days AS date[])) AS day
),

above AS (
    SELECT
        d.day,
        FALSE AS own,
        a.org_id,
        array_agg(p.number ORDER BY p.number) AS parents
    FROM counted AS d
    INNER JOIN ancestor AS a ON a.valid @> d.day
    INNER JOIN parent AS p ON a.line = p.line AND a.ancestor_id = p.org_id
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT
        d.day,
        TRUE,
        p.org_id,
        array_agg(p.number ORDER BY p.number)
    FROM counted AS d
    CROSS JOIN parent AS p
    GROUP BY 1, 2, 3
)

SELECT
    day,
    own,
    org_id,
    parents,
    dense_rank() OVER (ORDER BY parents)::int AS seat
FROM above
