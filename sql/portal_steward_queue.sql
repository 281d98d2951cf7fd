-- one row per submission that waits for somebody on a day, gravest and oldest first, from a key on
WITH waiting AS MATERIALIZED (
    SELECT
        s.id,
        s.reporter_id,
        s.period,
        s.version,
        s.life,
        s.forms,
        s.received_at,
        s.locks_on,
        CASE s.life
            WHEN 'returned' THEN 1 WHEN 'explaining' THEN 2 WHEN 'explained' THEN 3
            WHEN 'validated' THEN 4 ELSE 5
        END AS rank
    FROM submission AS s
    WHERE
        (
            s.life IN ('returned', 'explaining')
            OR (
                s.life IN ('validated', 'explained', 'checked')
                AND (s.locks_on >= :today OR s.locks_on IS NULL)
            )
        )
        AND (CAST(:state AS text) IS NULL OR s.life = :state)
        AND (CAST(:form AS text) IS NULL OR s.forms @> ARRAY[CAST(:form AS text)])
        AND (CAST(:period AS text) IS NULL OR s.period = :period)
        AND (CAST(:before AS timestamptz) IS NULL OR s.received_at <= :before)
        AND (
            CAST(:lead AS text) IS NULL
            OR s.reporter_id IN (
                SELECT o.org_id
                FROM organisation_state AS o
                WHERE o.lead = :lead AND o.valid @> CAST(:today AS date) AND o.retired_at IS NULL
            )
        )
        AND (
            CAST(:search AS text) IS NULL
            OR s.reporter_id IN (
                SELECT n.org_id
                FROM organisation_name AS n
                WHERE n.name LIKE :search AND n.retired_at IS NULL
                UNION ALL
                SELECT o.id
                FROM organisation AS o
                WHERE o.code LIKE :search
            )
        )
        AND (
            CAST(:lock_by AS date) IS NULL
            OR EXISTS (
                SELECT 1
                FROM form_window AS w
                WHERE w.period = s.period AND w.form = ANY(s.forms) AND w.lock_on <= :lock_by
            )
        )
        AND (
            CAST(:holder AS text) IS NULL
            OR s.id IN (
                SELECT h.submission_id
                FROM in_hand AS h
                WHERE (h.held_by = :holder AND h.held_until > :at) OR h.assignee = :holder
            )
        )
),

-- What was found is asked in order, until a page is full: looking into every finding is dear.
page AS MATERIALIZED (
    SELECT w.*
    FROM (
        SELECT *
        FROM waiting
        WHERE
            CAST(:after_rank AS integer) IS NULL
            OR (rank, received_at, id)
            > (:after_rank, CAST(:after_time AS timestamptz), CAST(:after_id AS bigint))
        ORDER BY rank, received_at, id
        OFFSET 0
    ) AS w
    WHERE
        CAST(:rule AS text) IS NULL
        OR EXISTS (
            SELECT 1
            FROM finding AS f
            WHERE f.submission_id = w.id AND f.rule = :rule AND f.cleared_at IS NULL
        )
    ORDER BY w.rank, w.received_at, w.id
    LIMIT :most
)

SELECT
    p.id,
    p.rank,
    p.life AS state,
    p.period,
    p.version,
    p.forms,
    p.received_at,
    p.reporter_id,
    o.code AS reporter,
    n.name AS reporter_name,
    h.file_name,
    h.sender,
    c.grave,
    c.wanting,
    c.rules,
    h.assignee,
    h.due_on,
    h.correction,
    CASE WHEN h.held_until > :at THEN h.held_by END AS held_by,
    coalesce(p.locks_on, w.lock_on) AS lock_on
FROM page AS p
LEFT JOIN organisation AS o ON p.reporter_id = o.id
-- OFFSET keeps these from being made for everything and joined then.
LEFT JOIN LATERAL (
    SELECT * FROM in_hand
    WHERE submission_id = p.id
    ORDER BY submission_id
    OFFSET 0
) AS h ON TRUE
LEFT JOIN LATERAL (
    SELECT name
    FROM organisation_name
    WHERE
        org_id = p.reporter_id AND kind = 'official' AND valid @> CAST(:today AS date)
        AND retired_at IS NULL
    ORDER BY lower(valid) DESC
    LIMIT 1
) AS n ON TRUE
LEFT JOIN LATERAL (
    SELECT min(lock_on) AS lock_on
    FROM form_window
    WHERE period = p.period AND form = ANY(p.forms)
) AS w ON TRUE
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE f.severity = '退回') AS grave,
        count(*) FILTER (WHERE f.severity = '须说明') AS wanting,
        array_agg(DISTINCT f.rule) FILTER (WHERE f.severity <> '提示') AS rules
    FROM finding AS f
    WHERE f.submission_id = p.id AND f.cleared_at IS NULL
) AS c ON TRUE
ORDER BY p.rank, p.received_at, p.id
