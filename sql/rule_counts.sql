-- one row per rule: places found wrong on submissions for some periods, each counted once
-- however often the workbook came back with it
SELECT
    f.rule,
    f.severity,
    count(DISTINCT concat_ws('|', s.reporter_id, s.period, f.form, f.sheet, f.cell)) AS findings,
    count(DISTINCT s.reporter_id) AS units
FROM finding AS f
INNER JOIN submission AS s ON f.submission_id = s.id
WHERE
    s.period = ANY(:periods)
    AND s.processed_at <= :cutoff
    AND f.severity <> '提示'
GROUP BY f.rule, f.severity
ORDER BY findings DESC, f.rule ASC
