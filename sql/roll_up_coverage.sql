-- one row per target period, line, organisation and form: filings reported of those expected;
-- forms that nobody owes count their reporters and leave expected empty
WITH head AS (
    SELECT org_id FROM parent
    WHERE line = 1
),

by_seat AS MATERIALIZED (
    SELECT
        s.seat,
        e.form,
        e.starts,
        e.ends,
        count(*) FILTER (WHERE e.reported) AS reported,
        count(*) FILTER (WHERE e.on_time) AS on_time,
        count(*) FILTER (WHERE e.first_pass) AS first_pass,
        count(*) AS expected
    FROM expected_state AS e
    INNER JOIN seat AS s ON e.org_id = s.org_id AND e.ends = s.day AND NOT s.own
    GROUP BY 1, 2, 3, 4
),

volunteers AS (
    SELECT DISTINCT
        t.id AS target,
        t.every_unit,
        v.form,
        v.org_id,
        v.ends
    FROM target AS t
    INNER JOIN volunteered AS v ON v.ends BETWEEN t.starts AND t.ends
    WHERE t.basis = 'reported'
),

counted AS (
    SELECT
        t.id AS target,
        a.line,
        a.org_id,
        b.form,
        b.reported,
        b.on_time,
        b.first_pass,
        b.expected
    FROM target AS t
    INNER JOIN by_seat AS b ON t.starts <= b.starts AND t.ends >= b.ends
    INNER JOIN seat_above AS a ON b.seat = a.seat
    WHERE t.basis = 'reported'
    UNION ALL
    SELECT
        v.target,
        a.line,
        a.org_id,
        v.form,
        1,
        0,
        0,
        NULL
    FROM volunteers AS v
    INNER JOIN seat AS s ON v.org_id = s.org_id AND v.ends = s.day AND NOT s.own
    INNER JOIN seat_above AS a ON s.seat = a.seat
    UNION ALL
    SELECT
        t.id,
        1,
        e.org_id,
        e.form,
        e.reported::int,
        e.on_time::int,
        e.first_pass::int,
        1
    FROM target AS t
    INNER JOIN expected_state AS e ON t.starts <= e.starts AND t.ends >= e.ends
    WHERE t.basis = 'reported' AND t.every_unit AND e.org_id NOT IN (SELECT h.org_id FROM head AS h)
    UNION ALL
    SELECT
        target,
        1,
        org_id,
        form,
        1,
        0,
        0,
        NULL
    FROM volunteers
    WHERE every_unit AND org_id NOT IN (SELECT h.org_id FROM head AS h)
)

SELECT
    t.label,
    c.line,
    c.org_id,
    c.form,
    sum(c.reported)::int AS reported,
    sum(c.on_time)::int AS on_time,
    sum(c.first_pass)::int AS first_pass,
    sum(c.expected)::int AS expected
FROM counted AS c
INNER JOIN target AS t ON c.target = t.id
GROUP BY t.label, c.line, c.org_id, c.form
