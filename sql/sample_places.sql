-- one row: codes of a top union, of one that hands in, of a county with units, of an industry's
WITH stands AS (
    SELECT
        a.org_id,
        a.parent_id,
        a.line
    FROM affiliation AS a
    WHERE a.retired_at IS NULL AND a.valid @> CAST(:today AS date)
),

top AS (
    SELECT s.parent_id AS id
    FROM stands AS s
    WHERE
        s.line = 1 AND NOT EXISTS (
            SELECT 1 FROM stands AS u
            WHERE u.org_id = s.parent_id AND u.line = 1
        )
    GROUP BY s.parent_id
    ORDER BY count(*) DESC, s.parent_id
    LIMIT 1
),

county AS (
    SELECT s.parent_id AS id
    FROM stands AS s
    WHERE
        s.line = 1 AND s.parent_id NOT IN (SELECT t.id FROM top AS t)
        AND NOT EXISTS (
            SELECT 1 FROM stands AS u
            WHERE u.parent_id = s.org_id AND u.line = 1
        )
    GROUP BY s.parent_id
    ORDER BY count(*) DESC, s.parent_id
    LIMIT 1
),

unit AS (
    SELECT o.id
    FROM organisation AS o
    LEFT JOIN submission AS m ON o.id = m.reporter_id
    LEFT JOIN stands AS s ON o.id = s.org_id AND s.line = 1
    GROUP BY o.id
    ORDER BY
        count(m.id) DESC,
        coalesce(bool_or(s.parent_id IN (SELECT c.id FROM county AS c)), FALSE) DESC,
        o.id
    LIMIT 1
),

industry AS (
    SELECT s.parent_id AS id
    FROM stands AS s
    WHERE s.line = 2
    GROUP BY s.parent_id
    ORDER BY count(*) DESC, s.parent_id
    LIMIT 1
)

SELECT
    (SELECT o.code FROM organisation AS o INNER JOIN top AS t ON o.id = t.id) AS top,
    (SELECT o.code FROM organisation AS o INNER JOIN county AS t ON o.id = t.id) AS county,
    (SELECT o.code FROM organisation AS o INNER JOIN unit AS t ON o.id = t.id) AS unit,
    (SELECT o.code FROM organisation AS o INNER JOIN industry AS t ON o.id = t.id) AS industry
