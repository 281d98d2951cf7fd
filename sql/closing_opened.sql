-- one row per finding of this check that is new on its submission; words given before come along
INSERT INTO finding (
    submission_id, rule, severity, message, advice, form, sheet, row_no, columns, field, value,
    expected, cell, stage, period, org_id, fingerprint, explanation, explained_by, opened_at
)
SELECT
    n.submission_id,
    n.rule,
    n.severity,
    n.message,
    n.advice,
    n.form,
    n.sheet,
    n.row_no,
    n.columns,
    n.field,
    n.value,
    n.expected,
    n.cell,
    'closing',
    n.period,
    n.org_id,
    n.fingerprint,
    g.explanation,
    g.id,
    :at
FROM (
    SELECT DISTINCT ON (submission_id, rule, form, sheet, row_no, cell, message) *
    FROM closing_found
    ORDER BY submission_id, rule, form, sheet, row_no, cell, message
) AS n
LEFT JOIN LATERAL (
    SELECT
        e.id,
        e.explanation
    FROM finding AS e
    INNER JOIN submission AS s ON e.submission_id = s.id
    WHERE
        e.fingerprint = n.fingerprint
        AND e.explanation IS NOT NULL
        AND n.severity = '须说明'
        AND s.state = 'accepted'
        AND NOT EXISTS (
            SELECT 1
            FROM submission_step AS t
            WHERE t.finding_id = coalesce(e.explained_by, e.id) AND t.verb = 'refuse_words'
        )
    ORDER BY e.id
    LIMIT 1
) AS g ON TRUE
WHERE
    NOT EXISTS (
        SELECT 1
        FROM finding AS f
        WHERE
            f.submission_id = n.submission_id
            AND f.rule = n.rule
            AND f.form = n.form
            AND f.sheet = n.sheet
            AND f.row_no = n.row_no
            AND f.cell = n.cell
            AND f.cleared_at IS NULL
            AND (f.message = n.message OR (f.stage = 'receipt' AND f.fingerprint = n.fingerprint))
    )
ORDER BY n.submission_id, n.sheet, n.row_no, n.rule, n.cell
RETURNING id, submission_id, severity, explanation
