-- one row per request to reopen that the reader sees: those that wait first, the oldest of them
-- first, then the newest decisions
SELECT
    q.id,
    q.period,
    q.forms,
    ARRAY(
        SELECT o.code
        FROM organisation AS o
        WHERE o.id = ANY(q.organisations)
        ORDER BY o.code
    ) AS organisations,
    q.reason,
    q.document,
    q.until,
    q.requested_by,
    q.requested_at,
    q.decision,
    q.decided_by,
    q.decided_at,
    q.decision_reason,
    q.reopening_id
FROM reopening_request AS q
WHERE
    (CAST(:period AS text) = '' OR q.period = :period)
    AND (CAST(:number AS bigint) = 0 OR q.id = :number)
    AND (NOT CAST(:waiting AS boolean) OR q.decision IS NULL)
ORDER BY
    q.decision IS NOT NULL,
    CASE WHEN q.decision IS NULL THEN q.id END,
    q.id DESC
LIMIT 200
