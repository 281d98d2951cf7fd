-- one row per edition of the same publication as another, the newest first
SELECT
    q.id,
    q.edition,
    q.state,
    q.cutoff,
    q.signer,
    q.decided_at
FROM publication AS p
INNER JOIN publication AS q
    ON p.kind = q.kind AND p.title = q.title AND p.org_id = q.org_id AND p.period = q.period
WHERE p.id = :id
ORDER BY q.edition DESC
