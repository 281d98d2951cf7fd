-- one row per proposal that waits for the word of some organisations, oldest first
SELECT
    h.correction AS id,
    h.submission_id AS submission,
    h.proposed_by,
    h.proposed_at,
    s.period,
    s.version,
    o.code AS org
FROM in_hand AS h
INNER JOIN submission AS s ON h.submission_id = s.id
INNER JOIN organisation AS o ON s.reporter_id = o.id
WHERE h.correction IS NOT NULL AND s.reporter_id = ANY(:organisations)
ORDER BY h.proposed_at, h.correction
