-- one row per organisation, period, form, rule and sentence: what it said of a figure that was let
-- pass with an explanation and stands at the cut-off of `live_filing`, the newest words
SELECT DISTINCT ON (org_id, period, form, rule, field)
    org_id,
    period,
    form,
    rule,
    field,
    message,
    explanation
FROM (
    SELECT
        coalesce(n.org_id, r.org_id, s.reporter_id) AS org_id,
        p.label AS period,
        p.ends,
        n.form,
        n.rule,
        n.field,
        n.message,
        n.explanation,
        n.opened_at,
        n.id
    FROM finding AS n
    INNER JOIN submission AS s ON n.submission_id = s.id
    INNER JOIN period AS p ON p.label = coalesce(n.period, s.period)
    INNER JOIN live_filing AS f ON n.submission_id = f.submission_id AND n.form = f.form
    LEFT JOIN filing_row AS r
        ON f.id = r.filing_id AND n.row_no = r.row_no AND f.form = r.form
    WHERE
        n.severity = '须说明'
        AND n.explanation IS NOT NULL
        AND (CAST(:rule AS text) IS NULL OR n.rule = CAST(:rule AS text))
        AND (CAST(:forms AS text[]) IS NULL OR n.form = ANY(CAST(:forms AS text[])))
        AND p.starts >= :starts
        AND p.ends <= :ends
        AND n.opened_at <= :cutoff
        AND s.processed_at <= :cutoff
        -- words given to a finding of closing came with a later workbook of the same period
        AND (n.stage = 'receipt' OR EXISTS (
            SELECT 1
            FROM submission AS t
            WHERE
                t.reporter_id = s.reporter_id AND t.period = s.period
                AND t.processed_at > n.opened_at AND t.processed_at <= :cutoff
        ))
        AND (n.cleared_at IS NULL OR n.cleared_at > :cutoff)
) AS told
ORDER BY org_id ASC, period ASC, form ASC, rule ASC, field ASC, opened_at DESC, id DESC
