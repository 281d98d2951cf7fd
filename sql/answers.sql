-- one row per document of a receipt that was decided on, or held, and whose sender was not told
SELECT
    r.id AS receipt,
    r.letter_id AS letter,
    r.channel,
    r.address,
    r.sender,
    r.file_name,
    r.received_at,
    r.state AS receipt_state,
    f.id AS first,
    f.received_at AS first_received_at,
    s.id AS submission,
    s.member,
    s.state,
    s.period,
    s.forms,
    s.returned_file,
    o.code AS reporter,
    coalesce(n.grave, 0) AS grave,
    coalesce(n.words, 0) AS words
FROM receipt AS r
INNER JOIN receipt AS f ON coalesce(r.duplicate_of, r.id) = f.id
LEFT JOIN submission AS s ON f.id = s.receipt_id AND r.state <> 'held'
LEFT JOIN organisation AS o ON s.reporter_id = o.id
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE severity = '退回') AS grave,
        count(*) FILTER (WHERE severity = '须说明' AND explanation IS NULL) AS words
    FROM finding
    WHERE submission_id = s.id AND stage = 'receipt'
) AS n ON TRUE
WHERE r.told_at IS NULL AND (r.state = 'held' OR f.state = 'processed')
ORDER BY r.received_at, r.id, s.id
FOR UPDATE OF r SKIP LOCKED
