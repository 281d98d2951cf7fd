-- one row: the session of a token that stands at a moment, its account, and the grants of the day
SELECT
    s.hash,
    s.csrf,
    s.began_at,
    s.seen_at,
    s.expires_at,
    s.second_factor_at,
    a.id,
    a.login,
    a.name,
    a.language,
    a.must_change_password,
    a.totp_confirmed_at IS NOT NULL AS has_second_factor,
    coalesce((
        SELECT
            jsonb_agg(
                jsonb_build_object(
                    'id', g.id, 'role', g.role, 'org_id', g.org_id, 'org', o.code,
                    'org_name', coalesce(n.name, o.code), 'level', coalesce(t.level, o.level),
                    'line', g.line, 'works', g.works, 'personal', g.personal,
                    'top', g.line = 1 AND NOT EXISTS (
                        SELECT 1 FROM affiliation AS f
                        WHERE
                            f.org_id = g.org_id AND f.line = 1 AND f.retired_at IS NULL
                            AND f.valid @> CAST(:today AS date)
                    )
                ) ORDER BY g.id
            )
        FROM account_grant AS g
        INNER JOIN organisation AS o ON g.org_id = o.id
        LEFT JOIN organisation_name AS n
            ON
                o.id = n.org_id AND n.kind = 'official' AND n.retired_at IS NULL
                AND n.valid @> CAST(:today AS date)
        LEFT JOIN organisation_state AS t
            ON o.id = t.org_id AND t.retired_at IS NULL AND t.valid @> CAST(:today AS date)
        WHERE
            g.account_id = a.id AND g.revoked_at IS NULL
            AND g.since <= :today AND (g.until IS NULL OR :today <= g.until)
    ), '[]') AS grants
FROM session AS s
INNER JOIN account AS a ON s.account_id = a.id
WHERE
    s.hash = :hash AND s.ended_at IS NULL AND a.closed_at IS NULL
    AND s.expires_at > :at AND s.seen_at > :idle_since
