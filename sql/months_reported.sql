-- one row per month that has been closed: the cut-off of its last close, and when its appeals
-- bulletin of that cut-off was made, if it was
WITH closed AS (
    SELECT
        period,
        max(cutoff) AS closed
    FROM publication
    WHERE kind = 'R-03 月度通报' AND cutoff <= :at AND period LIKE '____-__'
    GROUP BY period
)

SELECT
    c.period,
    c.closed,
    (
        SELECT min(p.created_at)
        FROM publication AS p
        WHERE p.kind = 'R-12 职工诉求通报' AND p.period = c.period AND p.cutoff = c.closed
    ) AS reported
FROM closed AS c
ORDER BY c.period
