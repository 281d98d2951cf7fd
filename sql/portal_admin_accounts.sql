-- one row per account that the reader may see, by login, with the roles it holds today
SELECT
    a.id,
    a.login,
    a.name,
    a.must_change_password,
    a.closed_at,
    a.totp_confirmed_at IS NOT NULL AS has_second_factor,
    a.closed_at IS NULL AND coalesce(a.locked_until > :at, FALSE) AS locked,
    coalesce((
        SELECT
            jsonb_agg(
                jsonb_build_object(
                    'role', g.role, 'org', coalesce(n.name, o.code), 'line', g.line
                ) ORDER BY g.id
            )
        FROM account_grant AS g
        INNER JOIN organisation AS o ON g.org_id = o.id
        LEFT JOIN organisation_name AS n
            ON
                o.id = n.org_id AND n.kind = 'official' AND n.retired_at IS NULL
                AND n.valid @> CAST(:today AS date)
        WHERE
            g.account_id = a.id AND g.revoked_at IS NULL
            AND (g.until IS NULL OR g.until >= CAST(:today AS date))
    ), '[]') AS roles
FROM account AS a
WHERE
    a.login > :after
    AND (:words = '' OR strpos(a.login, lower(:words)) > 0 OR strpos(a.name, :words) > 0)
    AND CASE :state
        WHEN 'closed' THEN a.closed_at IS NOT NULL
        WHEN 'locked' THEN a.closed_at IS NULL AND coalesce(a.locked_until > :at, FALSE)
        WHEN 'new' THEN a.closed_at IS NULL AND a.must_change_password
        WHEN 'none'
            THEN
                a.closed_at IS NULL AND NOT EXISTS (
                    SELECT 1 FROM account_grant AS h
                    WHERE h.account_id = a.id AND h.revoked_at IS NULL
                )
        ELSE a.closed_at IS NULL
    END
ORDER BY a.login
LIMIT :most
