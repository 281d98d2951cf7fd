-- one row per grant of an account that the reader may see, the standing ones first
SELECT
    g.id,
    g.role,
    g.org_id,
    o.code AS org,
    coalesce(n.name, o.code) AS org_name,
    g.line,
    g.works,
    g.personal,
    g.since,
    g.until,
    g.granted_at,
    g.revoked_at
FROM account_grant AS g
INNER JOIN organisation AS o ON g.org_id = o.id
LEFT JOIN organisation_name AS n
    ON
        o.id = n.org_id AND n.kind = 'official' AND n.retired_at IS NULL
        AND n.valid @> CAST(:today AS date)
WHERE g.account_id = :account
ORDER BY g.revoked_at IS NOT NULL, g.id
