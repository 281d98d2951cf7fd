-- one row per filing asked for: the workbook it came in, its sheet and where its columns lay
SELECT
    f.id AS filing_id,
    f.form,
    f.edition,
    f.period,
    f.sheet,
    f.sheet_columns,
    f.accepted_at,
    p.code AS reporter,
    s.id AS submission_id,
    s.version,
    s.sha256,
    c.file_name || CASE WHEN s.member = '' THEN '' ELSE '/' || s.member END AS file_name
FROM filing AS f
INNER JOIN submission AS s ON f.submission_id = s.id
INNER JOIN receipt AS c ON s.receipt_id = c.id
INNER JOIN organisation AS p ON f.reporter_id = p.id
WHERE f.id = ANY(:filings)
