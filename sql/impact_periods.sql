-- one row per period whose figures were computed and may read a changed one: it ends no earlier
-- than the first change begins, and no later than a year after the last one (上年同期)
SELECT DISTINCT
    c.period,
    p.ends
FROM computation AS c
INNER JOIN period AS p ON c.period = p.label
WHERE
    p.ends >= :first
    AND p.ends <= CAST(:last AS date) + 366
ORDER BY p.ends, c.period
