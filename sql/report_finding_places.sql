-- one row per place behind a count of findings: whose, in which workbook and cell; along one
-- line, over `report_finding`
SELECT
    f.rule,
    f.severity,
    f.form,
    f.period,
    f.sheet,
    f.cell,
    f.explained,
    f.waiting,
    f.submission_id,
    s.sha256,
    c.file_name,
    o.code AS org,
    coalesce(v.code, '') AS via
FROM report_finding AS f
INNER JOIN organisation AS o ON f.org_id = o.id
INNER JOIN submission AS s ON f.submission_id = s.id
INNER JOIN receipt AS c ON s.receipt_id = c.id
INNER JOIN ancestor AS a
    ON a.line = :line AND f.org_id = a.org_id AND a.ancestor_id = :unit AND a.valid @> f.ends
LEFT JOIN ancestor AS b
    ON
        b.line = :line AND a.org_id = b.org_id AND b.depth = a.depth - 1
        AND a.depth > 0 AND b.valid @> f.ends
LEFT JOIN organisation AS v ON b.ancestor_id = v.id
WHERE CAST(:rule AS text) IS NULL OR f.rule = CAST(:rule AS text)
ORDER BY o.code, f.form, f.period, f.sheet, f.cell, f.rule
