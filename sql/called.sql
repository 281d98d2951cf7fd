-- one row per name or code of an organisation and span of days, as known now
SELECT
    o.code AS org,
    n.kind,
    n.name AS text,
    lower(n.valid) AS since,
    upper(n.valid) AS until
FROM organisation_name AS n
INNER JOIN organisation AS o ON n.org_id = o.id
WHERE
    n.retired_at IS NULL
    AND (CAST(:codes AS text[]) IS NULL OR o.code = ANY(CAST(:codes AS text[])))
UNION ALL
SELECT
    o.code,
    c.kind,
    c.code AS text,
    lower(c.valid),
    upper(c.valid)
FROM organisation_code AS c
INNER JOIN organisation AS o ON c.org_id = o.id
WHERE
    c.retired_at IS NULL
    AND (CAST(:codes AS text[]) IS NULL OR o.code = ANY(CAST(:codes AS text[])))
UNION ALL
SELECT
    o.code,
    '组织编码',
    o.code AS text,
    o.found_date,
    NULL
FROM organisation AS o
WHERE CAST(:codes AS text[]) IS NULL OR o.code = ANY(CAST(:codes AS text[]))
ORDER BY 1, 4 NULLS FIRST, 2, 3
