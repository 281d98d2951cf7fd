-- one row per responsible organisation, task and period with a signed target, as known at the
-- cut-off; the mark stands on the annual row only
SELECT
    r.org_id,
    r.texts[:task] AS task,
    r.texts[:work] AS work,
    r.texts[:indicator] AS indicator,
    r.texts[:period] AS period,
    r.texts[:direction] AS direction,
    r.numbers[:target] AS target,
    r.numbers[:weight] AS weight
FROM live_filing AS f
INNER JOIN filing_row AS r ON f.id = r.filing_id
WHERE f.form = 'TGT-01' AND f.edition = :edition AND f.period = ANY(:years)
