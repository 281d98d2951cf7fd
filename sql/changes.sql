-- one row per approved change of relations taking effect between two days, of organisations
-- below a unit before or after it
SELECT
    c.id AS change_id,
    o.code AS unit,
    coalesce(n.name, o.code) AS name,
    c.line,
    c.change,
    coalesce(fn.name, '') AS from_name,
    coalesce(tn.name, '') AS to_name,
    c.effective,
    c.approval
FROM organisation_change AS c
INNER JOIN organisation AS o ON c.org_id = o.id
LEFT JOIN organisation_name AS n
    ON
        o.id = n.org_id AND n.kind = 'official' AND n.valid @> c.effective
        AND n.retired_at IS NULL
LEFT JOIN organisation_name AS fn
    ON
        c.from_id = fn.org_id AND fn.kind = 'official' AND fn.valid @> c.effective
        AND fn.retired_at IS NULL
LEFT JOIN organisation_name AS tn
    ON
        c.to_id = tn.org_id AND tn.kind = 'official' AND tn.valid @> c.effective
        AND tn.retired_at IS NULL
WHERE
    c.effective BETWEEN :starts AND :ends
    AND c.in_force_at <= :cutoff
    AND (c.undone_at IS NULL OR c.undone_at > :cutoff)
    AND EXISTS (
        SELECT 1
        FROM ancestor AS a
        WHERE
            a.line IN (1, 2)
            AND a.org_id = c.org_id
            AND a.ancestor_id = :unit
            AND a.ancestor_id <> a.org_id
            AND (a.valid @> c.effective OR a.valid @> c.effective - 1)
    )
ORDER BY c.effective, o.code, c.line
