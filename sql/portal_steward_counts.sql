-- one row per state in which submissions wait for somebody on a day: how many, the oldest
SELECT
    life AS state,
    count(*) AS submissions,
    min(received_at) AS oldest
FROM submission
WHERE
    life IN ('returned', 'explaining')
    OR (
        life IN ('validated', 'explained', 'checked')
        AND (locks_on >= :today OR locks_on IS NULL)
    )
GROUP BY life
