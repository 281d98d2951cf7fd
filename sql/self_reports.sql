-- one row per organisation, task and quarter: what the unit says it did, as known at the cut-off
SELECT
    r.org_id,
    f.period,
    r.texts[:task] AS task,
    r.numbers[:actual] AS actual
FROM live_filing AS f
INNER JOIN filing_row AS r ON f.id = r.filing_id
WHERE f.form = 'TGT-02' AND f.edition = :edition AND f.period = ANY(:quarters)
