-- one row per finding of closing that waits on what some reporters have now for some periods, with
-- the key of its row and the columns of its sheet
SELECT
    f.id,
    f.rule,
    f.severity,
    f.message,
    f.advice,
    f.form,
    f.period,
    f.sheet,
    f.row_no,
    f.columns,
    f.field,
    f.value,
    f.expected,
    f.cell,
    f.fingerprint,
    f.opened_at,
    f.submission_id,
    o.code AS org,
    p.code AS reporter,
    CAST(NULL AS text) AS collector,
    g.edition,
    g.sheet_columns,
    r.key
FROM finding AS f
INNER JOIN submission AS s ON f.submission_id = s.id
INNER JOIN organisation AS p ON s.reporter_id = p.id
INNER JOIN organisation AS o ON f.org_id = o.id
INNER JOIN filing AS g
    ON
        f.submission_id = g.submission_id
        AND f.form = g.form
        AND f.period = g.period
        AND f.sheet = g.sheet
        AND g.superseded_at IS NULL
INNER JOIN filing_row AS r ON g.id = r.filing_id AND f.row_no = r.row_no
WHERE
    f.stage = 'closing'
    AND f.cleared_at IS NULL
    AND f.severity <> '提示'
    AND f.explanation IS NULL
    AND p.code = ANY(:reporters)
    AND f.period = ANY(:periods)
ORDER BY f.id
