-- one row per mail that was not answered and of which every attachment has been decided on
SELECT
    l.id,
    l.nature,
    l.address,
    l.sender,
    l.message_id,
    l.thread,
    l.received_at
FROM letter AS l
WHERE
    l.told_at IS NULL
    AND NOT EXISTS (
        SELECT 1
        FROM receipt AS r
        INNER JOIN receipt AS f ON coalesce(r.duplicate_of, r.id) = f.id
        WHERE r.letter_id = l.id AND f.state = 'waiting'
    )
ORDER BY l.id
FOR UPDATE OF l SKIP LOCKED
