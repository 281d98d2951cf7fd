-- one row per finding of a submission that the reader may see and that still stands, gravest first,
-- then as the sheets go
SELECT
    f.id,
    f.rule,
    f.severity,
    f.message,
    f.advice,
    f.form,
    f.sheet,
    f.row_no,
    f.columns,
    f.field AS field_code,
    f.value,
    f.expected,
    f.cell,
    f.stage,
    coalesce(f.explanation, '') AS explanation
FROM finding AS f
WHERE f.submission_id = :id AND f.cleared_at IS NULL
ORDER BY
    CASE f.severity WHEN '退回' THEN 0 WHEN '须说明' THEN 1 ELSE 2 END,
    f.sheet,
    f.row_no NULLS FIRST,
    f.columns,
    f.id
