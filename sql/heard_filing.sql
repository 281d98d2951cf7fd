-- one row per form, period and organisation heard from: when first, and whether at the first try
CREATE TEMPORARY TABLE heard_filing ON COMMIT DROP AS
WITH earliest AS (
    SELECT
        form,
        period,
        reporter_id,
        min(received_at) AS received_at
    FROM filing
    WHERE accepted_at <= :cutoff
    GROUP BY form, period, reporter_id
),

arrived AS MATERIALIZED (
    SELECT
        l.id,
        l.form,
        l.period,
        l.reporter_id,
        l.row_count,
        e.received_at,
        NOT EXISTS (
            SELECT 1
            FROM submission AS x
            INNER JOIN finding AS n ON x.id = n.submission_id
            WHERE
                x.reporter_id = l.reporter_id
                AND x.period = s.period
                AND x.state <> 'accepted'
                AND x.received_at < s.received_at
                AND n.severity <> '提示'
                AND n.form IN (l.form, '')
        ) AS first_try
    FROM live_filing AS l
    INNER JOIN submission AS s ON l.submission_id = s.id
    INNER JOIN earliest AS e
        ON l.form = e.form AND l.period = e.period AND l.reporter_id = e.reporter_id
),

about AS MATERIALIZED (
    SELECT DISTINCT
        filing_id,
        org_id
    FROM filing_row
    WHERE period_end BETWEEN :starts AND :ends
),

named AS (
    SELECT
        a.form,
        a.period,
        b.org_id,
        a.received_at,
        a.first_try
    FROM arrived AS a
    INNER JOIN about AS b ON a.id = b.filing_id
    UNION ALL
    SELECT
        a.form,
        a.period,
        a.reporter_id,
        a.received_at,
        a.first_try
    FROM arrived AS a
    WHERE a.row_count = 0
)

SELECT
    form,
    period,
    org_id,
    min(received_at) AS received_at,
    bool_and(first_try) AS first_try
FROM named
GROUP BY form, period, org_id
