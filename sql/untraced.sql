-- one row per key figure of an application (RES-02) that leads to no record; with :explained false
-- only those that nobody has explained
SELECT
    o.code AS unit,
    n.row_no,
    n.value
FROM finding AS n
INNER JOIN submission AS s ON n.submission_id = s.id
INNER JOIN organisation AS o ON s.reporter_id = o.id
WHERE
    n.rule = 'V-X-018'
    AND n.form = 'RES-02'
    AND coalesce(n.period, s.period) = :year
    AND (:explained OR n.explanation IS NULL)
    AND n.opened_at <= :cutoff
    AND (n.cleared_at IS NULL OR n.cleared_at > :cutoff)
    AND n.row_no IS NOT NULL
ORDER BY o.code, n.row_no
