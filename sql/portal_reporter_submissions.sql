-- one row per submission of some organisations, the newest first, from a place in the list on;
-- with the counts of what was found
WITH page AS (
    SELECT
        s.id,
        s.receipt_id,
        s.member,
        s.reporter_id,
        s.period,
        s.version,
        s.state,
        s.returned_file,
        s.forms,
        s.received_at,
        s.cover ->> 'filled_by' AS filled_by,
        r.file_name,
        r.channel,
        r.sender,
        life_on(s.life, s.locks_on, :today) AS life
    FROM submission AS s
    INNER JOIN receipt AS r ON s.receipt_id = r.id
    WHERE
        (
            s.reporter_id = ANY(:organisations)
            OR (s.reporter_id IS NULL AND r.sender = ANY(:codes))
        )
        AND (CAST(:before AS bigint) IS NULL OR s.id < :before)
        AND (CAST(:wanted AS bigint) IS NULL OR s.id = :wanted)
        AND (CAST(:receipts AS bigint[]) IS NULL OR s.receipt_id = ANY(:receipts))
        AND (CAST(:period AS text) IS NULL OR s.period = :period)
    ORDER BY s.id DESC
    LIMIT :most
)

SELECT
    p.id,
    p.receipt_id,
    p.member,
    p.period,
    p.version,
    p.state,
    p.forms,
    p.received_at,
    p.filled_by,
    p.file_name,
    p.channel,
    p.sender,
    p.life,
    p.returned_file IS NOT NULL AS has_marked,
    coalesce(o.code, p.sender) AS org,
    c.wrong,
    c.wordless,
    c.notices
FROM page AS p
LEFT JOIN organisation AS o ON p.reporter_id = o.id
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE f.severity = '退回') AS wrong,
        count(*) FILTER (WHERE f.severity = '须说明' AND f.explanation IS NULL) AS wordless,
        count(*) FILTER (WHERE f.severity = '提示') AS notices
    FROM finding AS f
    WHERE f.submission_id = p.id AND f.cleared_at IS NULL
) AS c ON TRUE
ORDER BY p.id DESC
