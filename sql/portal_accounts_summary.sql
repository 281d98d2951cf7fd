-- one row: accounts of the organisations that an administrator governs, and what is wrong with some
SELECT
    count(*) FILTER (WHERE a.closed_at IS NULL) AS accounts,
    count(*) FILTER (WHERE a.closed_at IS NULL AND a.locked_until > :at) AS locked,
    count(*) FILTER (WHERE a.closed_at IS NULL AND a.must_change_password) AS new,
    count(*) FILTER (
        WHERE a.closed_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM account_grant AS g
            WHERE g.account_id = a.id AND g.revoked_at IS NULL
        )
    ) AS without_grant,
    (
        SELECT count(*) FROM audit_log AS l
        WHERE l.at > CAST(:at AS timestamptz) - interval '1 day'
    ) AS noted
FROM account AS a
