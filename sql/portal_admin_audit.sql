-- one row per entry of the log, the newest first, with the names that the reader may know
SELECT
    l.id,
    l.at,
    l.actor,
    l.action,
    l.subject,
    l.detail,
    l.hash,
    a.name AS actor_name,
    s.name AS subject_name
FROM audit_log AS l
LEFT JOIN account AS a ON l.actor = 'account:' || a.id
LEFT JOIN account AS s ON l.subject = 'account:' || s.id
WHERE
    l.id < :before
    AND (:action = '' OR l.action LIKE :action || '%')
    AND (:actor = '' OR l.actor = :actor OR a.login = :actor OR a.name = :actor)
    AND (:subject = '' OR l.subject = :subject OR s.login = :subject OR s.name = :subject)
    -- days of China, whatever the zone of the session
    AND (
        CAST(:since AS date) IS NULL
        OR l.at >= CAST(CAST(:since AS date) AS timestamp) AT TIME ZONE 'Asia/Shanghai'
    )
    AND (
        CAST(:until AS date) IS NULL
        OR l.at < CAST(CAST(:until AS date) + 1 AS timestamp) AT TIME ZONE 'Asia/Shanghai'
    )
ORDER BY l.id DESC
LIMIT :most
