-- one row per form of a window open on a day or locked less than a month before, over everyone the
-- reader sees: filings expected, heard of, and missing after their day
WITH due AS MATERIALIZED (
    SELECT
        e.period,
        e.form,
        e.org_id,
        e.due_on,
        e.lock_on
    FROM expected_filing AS e
    WHERE e.period = ANY(:periods) AND e.lock_on >= CAST(:today AS date) - 31
),

came AS MATERIALIZED (
    SELECT DISTINCT
        form,
        period,
        org_id
    FROM heard_by_day
    WHERE period_end = ANY(:ends) AND period = ANY(:periods)
)

SELECT
    d.period,
    d.form,
    min(d.due_on) AS due_on,
    min(d.lock_on) AS lock_on,
    count(*) AS expected,
    count(c.org_id) AS reported,
    count(*) FILTER (WHERE c.org_id IS NULL AND d.due_on < :today) AS overdue
FROM due AS d
LEFT JOIN came AS c ON d.form = c.form AND d.period = c.period AND d.org_id = c.org_id
GROUP BY d.period, d.form
ORDER BY min(d.due_on), d.period, d.form
