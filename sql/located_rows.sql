-- one row per wanted sheet line: where it stands, whom it is about, what it holds
SELECT
    r.filing_id,
    r.row_no,
    f.submission_id,
    f.form,
    f.edition,
    f.period,
    f.sheet,
    f.sheet_columns,
    r.key,
    r.org_id,
    o.code AS org,
    CAST(r.numbers AS double precision[]) AS numbers,
    r.texts
FROM (
    SELECT DISTINCT *
    FROM unnest(CAST(:filings AS bigint[]), CAST(:rows AS int[])) AS w (filing_id, row_no)
) AS w
INNER JOIN filing AS f ON w.filing_id = f.id
INNER JOIN filing_row AS r ON w.filing_id = r.filing_id AND w.row_no = r.row_no
INNER JOIN organisation AS o ON r.org_id = o.id
