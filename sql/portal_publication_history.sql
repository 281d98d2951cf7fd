-- one row per state that an edition was in, the oldest first
SELECT
    d.state,
    coalesce(a.name, d.actor) AS actor,
    d.reason,
    d.at
FROM publication_decision AS d
LEFT JOIN account AS a ON d.actor = 'account:' || a.id
WHERE d.publication_id = :id
ORDER BY d.id
