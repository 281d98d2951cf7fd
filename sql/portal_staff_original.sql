-- at most one row: the content and the name of the workbook of a submission that the reader sees
SELECT
    s.sha256,
    s.member,
    r.file_name
FROM submission AS s
INNER JOIN receipt AS r ON s.receipt_id = r.id
WHERE s.id = :id
