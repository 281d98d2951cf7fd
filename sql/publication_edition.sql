-- one row: an edition by its id, or the newest that is quoted by a reference
SELECT
    p.id,
    p.kind,
    p.title,
    p.period,
    p.edition,
    p.cutoff,
    p.definitions,
    p.computation_id,
    p.reference,
    p.recipe,
    p.state,
    p.signer,
    p.created_at,
    p.decided_at,
    o.code AS unit,
    coalesce(n.name, o.code) AS unit_name
FROM publication AS p
INNER JOIN organisation AS o ON p.org_id = o.id
LEFT JOIN LATERAL (
    SELECT name
    FROM organisation_name
    WHERE
        org_id = o.id AND kind = 'official'
        AND recorded_at <= p.cutoff AND (retired_at IS NULL OR retired_at > p.cutoff)
    ORDER BY lower(valid) DESC NULLS LAST
    LIMIT 1
) AS n ON TRUE
WHERE
    p.id = CAST(:id AS bigint)
    OR p.reference = CAST(:reference AS text)
ORDER BY p.id DESC
LIMIT 1
