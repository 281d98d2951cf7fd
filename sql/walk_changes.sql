-- one row per sheet line that declares a change of relations, for changes asked for by id
SELECT
    d.change_id,
    f.form,
    f.period,
    f.sheet,
    d.row_no,
    c.file_name,
    s.sha256,
    s.id AS submission_id
FROM organisation_change_row AS d
INNER JOIN filing AS f ON d.filing_id = f.id
INNER JOIN submission AS s ON f.submission_id = s.id
INNER JOIN receipt AS c ON s.receipt_id = c.id
WHERE d.change_id = ANY(:changes) AND f.accepted_at <= :cutoff
ORDER BY d.change_id, s.id, d.row_no
