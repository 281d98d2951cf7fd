-- one row per seat and unit that counts what is summed there
CREATE TEMPORARY TABLE seat_above ON COMMIT DROP AS
SELECT
    s.seat,
    p.line,
    p.org_id
FROM (
    SELECT DISTINCT
        seat,
        parents
    FROM seat
) AS s
CROSS JOIN unnest(s.parents) AS u (number)
INNER JOIN parent AS p ON u.number = p.number
