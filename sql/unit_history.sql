-- one row per span of a union's name, state or parent on a line, as known at the cut-off; parents
-- by the name they bore on the first day of the span, or on the last day asked about
SELECT
    '名称' AS what,
    n.name AS value,
    lower(n.valid) AS since,
    upper(n.valid) AS until,
    '' AS approval
FROM organisation_name AS n
WHERE
    n.org_id = :unit AND n.kind = 'official'
    AND n.recorded_at <= :cutoff AND (n.retired_at IS NULL OR n.retired_at > :cutoff)
    AND (lower(n.valid) IS NULL OR lower(n.valid) <= :day)
UNION ALL
SELECT
    '状态',
    concat_ws('，', s.type, s.level, s.status, s.lead),
    lower(s.valid),
    upper(s.valid),
    ''
FROM organisation_state AS s
WHERE
    s.org_id = :unit
    AND s.recorded_at <= :cutoff AND (s.retired_at IS NULL OR s.retired_at > :cutoff)
    AND (lower(s.valid) IS NULL OR lower(s.valid) <= :day)
UNION ALL
SELECT
    CASE a.line WHEN 1 THEN '块' WHEN 2 THEN '条' ELSE '经费' END,
    coalesce(p.name, o.code),
    lower(a.valid),
    upper(a.valid),
    a.approval
FROM affiliation AS a
INNER JOIN organisation AS o ON a.parent_id = o.id
LEFT JOIN LATERAL (
    SELECT n.name
    FROM organisation_name AS n
    WHERE
        n.org_id = o.id AND n.kind = 'official'
        AND (n.valid @> lower(a.valid) OR n.valid @> CAST(:day AS date))
        AND n.recorded_at <= :cutoff AND (n.retired_at IS NULL OR n.retired_at > :cutoff)
    ORDER BY n.valid @> lower(a.valid) DESC
    LIMIT 1
) AS p ON TRUE
WHERE
    a.org_id = :unit
    AND a.recorded_at <= :cutoff AND (a.retired_at IS NULL OR a.retired_at > :cutoff)
    AND (lower(a.valid) IS NULL OR lower(a.valid) <= :day)
ORDER BY 3 NULLS FIRST, 1
