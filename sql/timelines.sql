-- one row per union and span of its official name, its state or its parent on a line
WITH chosen AS (
    SELECT
        id,
        code
    FROM organisation
    WHERE CAST(:codes AS text[]) IS NULL OR code = ANY(CAST(:codes AS text[]))
)

SELECT
    o.code AS org,
    'name' AS what,
    n.name AS value,
    CAST(NULL AS jsonb) AS state,
    lower(n.valid) AS since,
    upper(n.valid) AS until,
    '' AS approval,
    n.change_id
FROM chosen AS o
INNER JOIN organisation_name AS n ON o.id = n.org_id AND n.kind = 'official'
WHERE CASE WHEN :registered THEN n.registered ELSE n.retired_at IS NULL END
UNION ALL
SELECT
    o.code,
    'state',
    NULL,
    jsonb_build_object(
        'status', s.status, 'lead', s.lead, 'type', s.type, 'level', s.level,
        'resident', s.resident, 'host', s.host
    ),
    lower(s.valid),
    upper(s.valid),
    '',
    s.change_id
FROM chosen AS o
INNER JOIN organisation_state AS s ON o.id = s.org_id
WHERE CASE WHEN :registered THEN s.registered ELSE s.retired_at IS NULL END
UNION ALL
SELECT
    o.code,
    CASE a.line WHEN 1 THEN '块' WHEN 2 THEN '条' ELSE '经费' END,
    p.code AS value,
    NULL,
    lower(a.valid),
    upper(a.valid),
    a.approval,
    a.change_id
FROM chosen AS o
INNER JOIN affiliation AS a ON o.id = a.org_id
INNER JOIN organisation AS p ON a.parent_id = p.id
WHERE CASE WHEN :registered THEN a.registered ELSE a.retired_at IS NULL END
UNION ALL
SELECT
    o.code,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL
FROM chosen AS o
ORDER BY 1, 5 NULLS FIRST
