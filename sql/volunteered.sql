-- one row per form that nobody owes, organisation and day on which a period of its rows ends
CREATE TEMPORARY TABLE volunteered ON COMMIT DROP AS
SELECT DISTINCT
    f.form,
    r.org_id,
    r.period_end AS ends
FROM live_filing AS f
INNER JOIN filing_row AS r ON f.id = r.filing_id
WHERE f.form <> ALL(:owed_forms) AND r.period_end BETWEEN :starts AND :ends
