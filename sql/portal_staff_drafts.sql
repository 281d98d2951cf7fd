-- one row per set of drafts that waits for a signature: those drafted together, the first of them
-- standing for all
SELECT DISTINCT ON (p.kind, p.period, p.cutoff, p.definitions)
    p.id,
    p.kind,
    p.title,
    p.period,
    p.edition,
    p.cutoff,
    p.org_id,
    p.created_at,
    count(*) OVER (PARTITION BY p.kind, p.period, p.cutoff, p.definitions) AS together
FROM publication AS p
WHERE
    p.state IN ('draft', 'signed') AND p.kind LIKE 'R-01%'
    AND NOT EXISTS (
        SELECT 1 FROM publication AS q
        WHERE
            q.kind = p.kind AND q.title = p.title AND q.org_id = p.org_id
            AND q.period = p.period AND q.edition > p.edition
    )
ORDER BY p.kind, p.period, p.cutoff, p.definitions, p.id
