-- one row per filing that some organisations owe in windows not locked for long: its days, what
-- stands of it, and what was sent last
WITH own AS MATERIALIZED (
    SELECT
        e.period,
        e.form,
        e.org_id,
        e.due_on,
        e.lock_on,
        w.opened_with
    FROM expected_filing AS e
    INNER JOIN form_window AS w ON e.form = w.form AND e.period = w.period
    WHERE e.org_id = ANY(:organisations) AND e.lock_on >= CAST(:today AS date) - 62
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

-- A month's workbook may hold the quarter's forms, too.
sent AS (
    SELECT DISTINCT ON (o.org_id, o.period, o.form)
        o.org_id,
        o.period,
        o.form,
        s.id,
        s.received_at,
        life_on(s.life, s.locks_on, :today) AS life
    FROM own AS o
    INNER JOIN submission AS s
        ON
            o.org_id = s.reporter_id
            AND s.period IN (o.period, o.opened_with)
            AND o.form = ANY(s.forms)
    WHERE s.life <> 'discarded'
    ORDER BY o.org_id ASC, o.period ASC, o.form ASC, s.received_at DESC, s.id DESC
)

SELECT
    o.period,
    o.form,
    o.org_id,
    o.due_on,
    o.lock_on,
    o.opened_with,
    c.received_at,
    s.id AS submission,
    s.received_at AS sent_at,
    s.life
FROM own AS o
LEFT JOIN came AS c ON o.form = c.form AND o.period = c.period AND o.org_id = c.org_id
LEFT JOIN sent AS s ON o.form = s.form AND o.period = s.period AND o.org_id = s.org_id
ORDER BY o.opened_with DESC, o.due_on ASC, o.period ASC, o.form ASC, o.org_id ASC
