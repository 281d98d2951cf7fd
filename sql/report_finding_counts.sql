-- one row per rule, per unit next below and for the whole of a unit: places found, unions
-- concerned, places explained, places that wait; along one line, over `report_finding`
WITH below AS (
    SELECT
        f.org_id,
        f.rule,
        f.severity,
        f.explained,
        f.waiting,
        coalesce(v.code, :code) AS via
    FROM report_finding AS f
    INNER JOIN ancestor AS a
        ON
            a.line = :line AND f.org_id = a.org_id AND a.ancestor_id = :unit
            AND a.valid @> f.ends
    LEFT JOIN ancestor AS b
        ON
            b.line = :line AND a.org_id = b.org_id AND b.depth = a.depth - 1
            AND a.depth > 0 AND b.valid @> f.ends
    LEFT JOIN organisation AS v ON b.ancestor_id = v.id
)

SELECT
    rule,
    severity,
    via,
    count(*) AS places,
    count(DISTINCT org_id) AS units,
    count(*) FILTER (WHERE explained) AS explained,
    count(*) FILTER (WHERE waiting) AS waiting
FROM below
GROUP BY GROUPING SETS ((rule, severity), (via), ())
ORDER BY rule NULLS FIRST, via NULLS FIRST
