-- one row per place found wrong or in doubt in the periods of a report, however often a workbook
-- came back with it: whose it is, the last workbook it stood in, and what has become of it
CREATE TEMPORARY TABLE report_finding ON COMMIT DROP AS
WITH found AS (
    SELECT
        s.reporter_id AS org_id,
        p.label AS period,
        p.ends,
        n.form,
        n.rule,
        n.severity,
        n.sheet,
        n.cell,
        s.id AS submission_id,
        -- words given to a finding of closing came with a later workbook of the same period
        n.explanation IS NOT NULL AND (n.stage = 'receipt' OR EXISTS (
            SELECT 1
            FROM submission AS t
            WHERE
                t.reporter_id = s.reporter_id AND t.period = s.period
                AND t.processed_at > n.opened_at AND t.processed_at <= :cutoff
        )) AS explained,
        (n.cleared_at IS NULL OR n.cleared_at > :cutoff) AND NOT EXISTS (
            SELECT 1
            FROM filing AS l
            WHERE
                l.reporter_id = s.reporter_id
                AND (l.form = n.form OR n.form = '')
                AND l.period = p.label
                AND l.submission_id <> s.id
                AND l.accepted_at <= :cutoff
                AND l.accepted_at >= s.processed_at
        ) AS standing
    FROM finding AS n
    INNER JOIN submission AS s ON n.submission_id = s.id
    INNER JOIN period AS p ON p.label = coalesce(n.period, s.period)
    WHERE
        n.severity <> '提示'
        AND n.opened_at <= :cutoff
        AND s.processed_at <= :cutoff
        AND s.reporter_id IS NOT NULL
        AND p.starts >= :starts
        AND p.ends <= :ends
)

SELECT
    org_id,
    period,
    ends,
    form,
    rule,
    severity,
    sheet,
    cell,
    max(submission_id) AS submission_id,
    bool_or(explained) AS explained,
    bool_or(standing) AND NOT bool_or(explained) AS waiting
FROM found
GROUP BY org_id, period, ends, form, rule, severity, sheet, cell
