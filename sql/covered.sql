-- one row per union and employer it covers on a day, as known now; ended unions cover none
SELECT
    o.code AS org,
    m.name,
    m.uscc
FROM organisation_employer AS e
INNER JOIN organisation AS o ON e.org_id = o.id
INNER JOIN employer AS m ON e.employer_id = m.id
WHERE
    e.retired_at IS NULL
    AND e.valid @> CAST(:day AS date)
    AND (CAST(:codes AS text[]) IS NULL OR o.code = ANY(CAST(:codes AS text[])))
    AND NOT EXISTS (
        SELECT 1
        FROM organisation_state AS s
        WHERE
            s.org_id = o.id
            AND s.retired_at IS NULL
            AND s.valid @> CAST(:day AS date)
            AND s.status IN ('已撤销', '已合并')
    )
ORDER BY o.code, m.uscc, m.name
