-- one row per receipt asked for: how far it has come, how many wait before it, what it repeats
SELECT
    r.id AS receipt,
    r.file_name,
    r.sender,
    r.received_at,
    CASE
        WHEN r.state = 'duplicate' THEN 'duplicate'
        WHEN r.state = 'processed' THEN 'done'
        ELSE coalesce(p.stage, 'received')
    END AS stage,
    (
        SELECT count(*)
        FROM receipt AS w
        WHERE
            r.state = 'waiting'
            AND w.state = 'waiting'
            AND w.channel = r.channel
            AND (w.received_at, w.id) < (r.received_at, r.id)
    ) AS ahead,
    f.id AS first,
    f.received_at AS first_at,
    f.file_name AS first_name
FROM receipt AS r
LEFT JOIN receipt_progress AS p ON r.id = p.receipt_id
LEFT JOIN receipt AS f ON r.duplicate_of = f.id
WHERE r.id = ANY(:ids)
ORDER BY r.received_at, r.id
