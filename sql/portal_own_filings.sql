-- one row per filing that some organisations owe in windows open on a day or locked less than a
-- month before: its days, and how far it has come
WITH own AS MATERIALIZED (
    SELECT
        e.period,
        e.form,
        e.org_id,
        e.due_on,
        e.lock_on
    FROM expected_filing AS e
    WHERE e.org_id = ANY(:organisations) AND e.lock_on >= CAST(:today AS date) - 31
),

came AS (
    SELECT
        form,
        period,
        org_id,
        max(received_at) AS received_at
    FROM heard
    WHERE org_id = ANY(:organisations)
    GROUP BY form, period, org_id
),

sent AS (
    SELECT DISTINCT ON (s.reporter_id, s.period, t.form)
        s.reporter_id,
        s.period,
        t.form,
        s.state,
        s.received_at
    FROM submission AS s
    CROSS JOIN LATERAL unnest(s.forms) AS t (form)
    WHERE s.reporter_id = ANY(:organisations)
    ORDER BY s.reporter_id ASC, s.period ASC, t.form ASC, s.received_at DESC
)

SELECT
    o.period,
    o.form,
    o.org_id,
    o.due_on,
    o.lock_on,
    c.received_at,
    s.received_at AS sent_at,
    CASE
        WHEN
            s.state IN ('returned', 'explain')
            AND s.received_at > coalesce(c.received_at, '-infinity')
            THEN s.state
        WHEN c.received_at IS NOT NULL THEN 'accepted'
        WHEN o.due_on < :today THEN 'late'
        ELSE 'due'
    END AS state
FROM own AS o
LEFT JOIN came AS c ON o.form = c.form AND o.period = c.period AND o.org_id = c.org_id
LEFT JOIN sent AS s ON o.form = s.form AND o.period = s.period AND o.org_id = s.reporter_id
ORDER BY o.due_on, o.period, o.form, o.org_id
