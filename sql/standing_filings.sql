-- one row per current sheet of a period as it stood at the cut-off, in the order of submissions
SELECT
    f.id,
    f.submission_id,
    f.form,
    f.edition,
    f.sheet,
    f.sheet_columns,
    f.row_count,
    o.code AS reporter
FROM filing AS f
INNER JOIN organisation AS o ON f.reporter_id = o.id
WHERE
    f.period = :period
    AND f.accepted_at <= :cutoff
    AND (f.superseded_at IS NULL OR f.superseded_at > :cutoff)
    AND f.row_count > 0
ORDER BY f.submission_id, f.id
