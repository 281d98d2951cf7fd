-- one row per finding of closing that still waits at the cut-off: whose it is, where, since when
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
    r.code AS reporter,
    c.code AS collector
FROM finding AS f
INNER JOIN submission AS s ON f.submission_id = s.id
INNER JOIN organisation AS r ON s.reporter_id = r.id
INNER JOIN organisation AS o ON f.org_id = o.id
LEFT JOIN expected_filing AS e
    ON f.period = e.period AND f.form = e.form AND f.org_id = e.org_id
LEFT JOIN organisation AS c ON e.collector_id = c.id
WHERE
    f.stage = 'closing'
    AND f.severity <> '提示'
    AND f.explanation IS NULL
    AND f.opened_at <= :cutoff
    AND (f.cleared_at IS NULL OR f.cleared_at > :cutoff)
    AND (CAST(:periods AS text[]) IS NULL OR f.period = ANY(CAST(:periods AS text[])))
    AND (CAST(:reporters AS text[]) IS NULL OR r.code = ANY(CAST(:reporters AS text[])))
ORDER BY f.opened_at, f.severity, r.code, f.form, f.row_no, f.rule
