-- one row per thing that happened to a submission, oldest first: facts, and what people did
WITH said AS (
    SELECT count(*) > 0 AS words
    FROM finding AS f
    WHERE f.submission_id = :id AND f.stage = 'receipt' AND f.explanation IS NOT NULL
)

SELECT
    r.received_at AS at,
    'send' AS verb,
    'draft' AS from_state,
    'received' AS to_state,
    coalesce(nullif(r.sender, ''), r.channel) AS actor,
    '' AS reason,
    CAST(NULL AS text) AS assignee,
    CAST(NULL AS date) AS due_on,
    CAST(NULL AS text) AS org,
    CAST(NULL AS bigint) AS finding_id,
    -2 AS seq
FROM submission AS s
INNER JOIN receipt AS r ON s.receipt_id = r.id
WHERE s.id = :id
UNION ALL
SELECT
    s.processed_at,
    'read',
    'received',
    'parsed',
    '',
    '',
    NULL,
    NULL,
    NULL,
    NULL,
    -1
FROM submission AS s
WHERE s.id = :id
UNION ALL
SELECT
    s.processed_at,
    CASE
        WHEN s.state = 'returned' THEN 'return'
        WHEN s.state = 'explain' THEN 'ask'
        WHEN said.words THEN 'pass_with_words'
        ELSE 'pass'
    END,
    'parsed',
    CASE
        WHEN s.state = 'returned' THEN 'returned'
        WHEN s.state = 'explain' THEN 'explaining'
        WHEN said.words THEN 'explained'
        ELSE 'validated'
    END,
    '',
    '',
    NULL,
    NULL,
    NULL,
    NULL,
    0
FROM submission AS s
CROSS JOIN said
WHERE s.id = :id
UNION ALL
SELECT
    t.at,
    t.verb,
    t.from_state,
    t.to_state,
    t.actor,
    t.reason,
    t.assignee,
    t.due_on,
    o.code,
    t.finding_id,
    t.seq
FROM submission_step AS t
LEFT JOIN organisation AS o ON t.org_id = o.id
WHERE t.submission_id = :id
UNION ALL
SELECT
    min(l.received_at),
    'resend',
    '',
    'resent',
    '',
    '',
    NULL,
    NULL,
    NULL,
    NULL,
    1000000
FROM submission AS s
INNER JOIN submission AS l
    ON
        s.reporter_id = l.reporter_id
        AND s.period = l.period
        AND l.forms @> s.forms
        AND (l.received_at, l.receipt_id, l.id) > (s.received_at, s.receipt_id, s.id)
WHERE s.id = :id AND s.life = 'resent'
HAVING count(*) > 0
UNION ALL
SELECT
    max(f.superseded_at),
    CASE WHEN s.life = 'superseded' THEN 'replace' ELSE 'correct' END,
    '',
    s.life,
    '',
    '',
    NULL,
    NULL,
    NULL,
    NULL,
    1000001
FROM submission AS s
INNER JOIN filing AS f ON s.id = f.submission_id
WHERE s.id = :id AND s.life IN ('superseded', 'corrected')
GROUP BY s.life
ORDER BY at, seq
