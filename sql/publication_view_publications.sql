-- one row per edition of a publication
SELECT
    p.id AS publication_id,
    p.reference,
    p.kind,
    p.title,
    o.code AS unit_code,
    p.period,
    p.edition,
    p.state,
    p.signer,
    p.cutoff,
    p.definitions,
    p.created_at,
    p.decided_at
FROM publication AS p
INNER JOIN organisation AS o ON p.org_id = o.id
