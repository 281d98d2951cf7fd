-- one row per audited organisation, year and project of the five slips, as known at the cut-off
SELECT
    r.org_id,
    f.form,
    f.edition,
    f.period,
    r.numbers,
    r.texts
FROM live_filing AS f
INNER JOIN filing_row AS r ON f.id = r.filing_id
WHERE f.form = ANY(:forms) AND f.period = ANY(:years)
