-- one row per change of an organisation's parent that came into force on some days
SELECT
    o.code AS org,
    c.line,
    c.effective,
    f.code AS old,
    t.code AS new
FROM organisation_change AS c
INNER JOIN organisation AS o ON c.org_id = o.id
LEFT JOIN organisation AS f ON c.from_id = f.id
LEFT JOIN organisation AS t ON c.to_id = t.id
WHERE c.effective = ANY(:days)
