-- one row per state in which hand-ins wait for somebody: how many, and since when the oldest
SELECT
    life AS state,
    count(*) AS submissions,
    min(received_at) AS oldest
FROM submission
WHERE life IN ('returned', 'explaining', 'validated', 'explained', 'checked')
GROUP BY life
ORDER BY life
