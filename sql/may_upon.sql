-- one row: whether an account may do a thing to an organisation, and to a form if one is named
WITH RECURSIVE above AS (
    SELECT
        CAST(:org AS bigint) AS org_id,
        CAST(line AS smallint) AS line
    FROM generate_series(1, 2) AS line
    UNION
    SELECT
        a.parent_id,
        b.line
    FROM above AS b
    INNER JOIN affiliation AS a
        ON
            b.org_id = a.org_id AND b.line = a.line
            AND a.retired_at IS NULL AND a.valid @> CAST(:today AS date)
)

SELECT EXISTS(
    SELECT 1
    FROM account_grant AS g
    INNER JOIN role AS r ON g.role = r.code
    INNER JOIN account AS c ON g.account_id = c.id AND c.closed_at IS NULL
    WHERE
        g.account_id = :account AND g.revoked_at IS NULL
        AND g.since <= :today AND (g.until IS NULL OR :today <= g.until)
        AND :verb = ANY(r.verbs)
        AND (
            g.org_id = :org
            OR (
                r.sees <> 'own'
                AND EXISTS (
                    SELECT 1
                    FROM above AS u
                    WHERE u.org_id = g.org_id AND u.line = g.line
                )
            )
        )
        AND (
            CAST(:form AS text) IS NULL
            OR cardinality(g.works || r.works) = 0
            OR EXISTS (
                SELECT 1
                FROM form_family AS f
                WHERE
                    f.prefix = split_part(:form, '-', 1)
                    AND f.work = ANY(CASE WHEN g.works = '{}' THEN r.works ELSE g.works END)
            )
        )
) AS may
