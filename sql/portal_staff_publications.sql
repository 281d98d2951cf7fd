-- one row per edition that the reader may see, by period and newest first, after a place in that
-- order: whose, what state, as of when, how many files
SELECT
    p.id,
    p.kind,
    p.title,
    p.period,
    p.edition,
    p.state,
    p.cutoff,
    p.reference,
    p.signer,
    p.decided_at,
    coalesce(n.name, o.code) AS unit_name,
    (
        SELECT count(*) FROM publication_file AS f
        WHERE f.publication_id = p.id
    ) AS files
FROM publication AS p
INNER JOIN organisation AS o ON p.org_id = o.id
LEFT JOIN organisation_name AS n
    ON
        o.id = n.org_id AND n.kind = 'official' AND n.retired_at IS NULL
        AND n.valid @> CAST(:day AS date)
WHERE
    (CAST(:year AS text) = '' OR p.period LIKE CAST(:year AS text) || '%')
    AND (CAST(:kind AS text) = '' OR p.kind = :kind)
    AND (
        CAST(:state AS text) = ''
        OR p.state = :state
        OR (CAST(:state AS text) = 'current' AND p.state IN ('draft', 'signed', 'published'))
    )
    AND (CAST(:words AS text) = '' OR position(CAST(:words AS text) IN p.title) > 0)
    AND (
        CAST(:after_period AS text) = ''
        OR (p.period, p.id) < (CAST(:after_period AS text), CAST(:after_id AS bigint))
    )
ORDER BY p.period DESC, p.id DESC
LIMIT :most
