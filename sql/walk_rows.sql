-- one row per line of a sheet about a union that a mark rests on, as it stood at a cut-off
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
WHERE
    f.sheet = :sheet
    AND r.form = f.form
    AND r.org_id = :unit
    AND r.row_no = :row
    AND r.period_end BETWEEN :starts AND :ends
    AND f.accepted_at <= :cutoff
    AND (f.superseded_at IS NULL OR f.superseded_at > :cutoff)
ORDER BY f.period, s.id
