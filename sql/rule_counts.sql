-- one row per rule: findings on submissions received for periods ending in a span
SELECT
    f.rule,
    f.severity,
    count(*) AS findings,
    count(DISTINCT s.reporter_id) AS units
FROM finding AS f
INNER JOIN submission AS s ON f.submission_id = s.id
WHERE
    s.period = ANY(:periods)
    AND s.processed_at <= :cutoff
    AND f.severity <> '提示'
GROUP BY f.rule, f.severity
ORDER BY findings DESC, f.rule ASC
