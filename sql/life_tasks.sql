-- one row per submission that waits for its unit: returned or to be explained, and last asked what
SELECT
    s.id AS submission_id,
    o.code AS reporter,
    s.period,
    s.life AS state,
    coalesce(asked.reason, '') AS reason,
    coalesce(asked.assignee, '') AS assignee,
    asked.due_on,
    coalesce(asked.actor, '') AS asked_by,
    coalesce(asked.at, s.processed_at) AS asked_at
FROM submission AS s
LEFT JOIN organisation AS o ON s.reporter_id = o.id
LEFT JOIN LATERAL (
    SELECT
        t.reason,
        t.assignee,
        t.due_on,
        t.actor,
        t.at
    FROM submission_step AS t
    WHERE
        t.submission_id = s.id
        AND t.verb IN ('send_back', 'refuse_words', 'assign')
    ORDER BY t.seq DESC
    LIMIT 1
) AS asked ON TRUE
WHERE
    s.life IN ('returned', 'explaining')
    AND (CAST(:reporters AS text[]) IS NULL OR o.code = ANY(CAST(:reporters AS text[])))
    AND (CAST(:assignee AS text) IS NULL OR asked.assignee = :assignee)
ORDER BY asked.due_on, asked_at, s.id
