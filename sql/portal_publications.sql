-- one row per newest edition of what was published: whose, of which period, as of when, what it has
SELECT
    p.id,
    p.kind,
    p.title,
    p.period,
    p.edition,
    p.cutoff,
    p.decided_at,
    coalesce(n.name, o.code) AS org_name,
    count(f.name) AS files
FROM publication AS p
INNER JOIN organisation AS o ON p.org_id = o.id
LEFT JOIN organisation_name AS n
    ON
        o.id = n.org_id AND n.kind = 'official' AND n.retired_at IS NULL
        AND n.valid @> CAST(:today AS date)
LEFT JOIN publication_file AS f ON p.id = f.publication_id
WHERE p.state = 'published'
GROUP BY p.id, n.name, o.code
ORDER BY p.decided_at DESC, p.id DESC
LIMIT :most
