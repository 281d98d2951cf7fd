-- one row per seat, month and flow measure: facts of the units that then counted from there
CREATE TEMPORARY TABLE flow_by_seat ON COMMIT DROP AS
WITH months AS (
    SELECT DISTINCT
        month,
        ends
    FROM target_month
    WHERE as_of IS NULL
)

SELECT
    s.seat,
    d.month,
    f.measure,
    sum(f.value) AS value
FROM fact AS f
INNER JOIN measure AS m ON f.measure = m.id AND m.take = 'flow'
INNER JOIN months AS d ON f.month = d.month
INNER JOIN seat AS s ON f.org_id = s.org_id AND d.ends = s.day AND m.own = s.own
GROUP BY 1, 2, 3
