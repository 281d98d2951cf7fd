-- one row per current row of some periods with some keys: who reports it
SELECT
    f.form,
    f.period,
    r.key,
    p.code AS reporter
FROM filing AS f
INNER JOIN filing_row AS r ON f.id = r.filing_id
INNER JOIN organisation AS p ON f.reporter_id = p.id
WHERE
    f.superseded_at IS NULL
    AND f.period = ANY(:periods)
    AND r.key = ANY(:keys)
