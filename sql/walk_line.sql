-- one row: a line of a filing with the file it came in
SELECT
    o.code AS org,
    f.form,
    f.period,
    f.edition,
    f.sheet,
    f.sheet_columns,
    r.row_no,
    r.numbers,
    c.file_name,
    s.sha256,
    s.id AS submission_id
FROM filing AS f
INNER JOIN filing_row AS r ON f.id = r.filing_id
INNER JOIN organisation AS o ON r.org_id = o.id
INNER JOIN submission AS s ON f.submission_id = s.id
INNER JOIN receipt AS c ON s.receipt_id = c.id
WHERE f.id = :filing AND r.row_no = :row AND o.code = :org
