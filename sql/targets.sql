-- one row per organisation, indicator and period with a signed target, as it stood at the cut-off
SELECT
    o.code AS unit,
    r.texts[:indicator_place] AS indicator,
    r.texts[:period_place] AS period,
    r.numbers[:target_place] AS target
FROM live_filing AS f
INNER JOIN filing_row AS r ON f.id = r.filing_id
INNER JOIN organisation AS o ON r.org_id = o.id
WHERE f.form = 'TGT-01' AND f.period = :year
