-- one row per receipt that was asked for, or that came lately from some organisations and is not
-- done, as far as the reader sees it
SELECT r.id
FROM receipt AS r
WHERE
    r.sender = ANY(:codes)
    AND (
        r.id = ANY(CAST(:ids AS bigint[]))
        OR (r.state = 'waiting' AND r.received_at > CAST(:since AS timestamptz))
    )
ORDER BY r.id
