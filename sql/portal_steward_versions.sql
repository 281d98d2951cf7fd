-- one row per version of what a unit sent for the same forms of a period, newest first
SELECT
    v.id,
    v.version,
    v.life AS state,
    v.received_at,
    r.file_name,
    r.channel
FROM submission AS s
INNER JOIN submission AS v
    ON s.reporter_id = v.reporter_id AND s.period = v.period AND s.forms && v.forms
INNER JOIN receipt AS r ON v.receipt_id = r.id
WHERE s.id = :id
ORDER BY v.received_at DESC, v.id DESC
LIMIT 20
