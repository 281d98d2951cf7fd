-- one row per unit along a line (0: 未纳入产业), form and period: filings expected, reported, in
-- time, right at first, waiting to be verified, missing
SELECT
    coalesce(u.code, '0') AS unit,
    e.form,
    e.period,
    count(*) AS expected,
    count(*) FILTER (WHERE e.reported) AS reported,
    count(*) FILTER (WHERE e.on_time) AS on_time,
    count(*) FILTER (WHERE e.first_pass) AS first_pass,
    count(*) FILTER (WHERE e.unverified) AS unverified,
    coalesce(
        array_agg(n.name ORDER BY o.code) FILTER (WHERE NOT e.reported), ARRAY[]::text[]
    ) AS missing
FROM expected_state AS e
INNER JOIN ancestor AS a ON a.line = :line AND e.org_id = a.org_id AND a.valid @> e.ends
INNER JOIN organisation AS o ON e.org_id = o.id
LEFT JOIN organisation AS u ON a.ancestor_id = u.id
LEFT JOIN LATERAL (
    SELECT name
    FROM organisation_name
    WHERE
        NOT e.reported
        AND org_id = o.id
        AND kind = 'official'
        AND valid @> e.ends
        AND retired_at IS NULL
    ORDER BY lower(valid) DESC
    LIMIT 1
) AS n ON TRUE
WHERE coalesce(u.code, '0') = ANY(:units) AND e.starts >= :starts AND e.ends <= :ends
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
