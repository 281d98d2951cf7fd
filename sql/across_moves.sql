-- one row per declared move that the registry does not follow: from its day on the unit must stand
-- under the new parent, on the day before under the old one
WITH known AS (
    SELECT
        a.org_id,
        a.line,
        a.valid,
        p.code
    FROM affiliation AS a
    INNER JOIN organisation AS p ON a.parent_id = p.id
    WHERE a.retired_at IS NULL
),

moved AS (
    SELECT
        f.*,
        CASE f.line WHEN '块' THEN 1 WHEN '条' THEN 2 ELSE 3 END AS line_no
    FROM filed_org_03 AS f
    WHERE f.change_type = '划转' AND f.effective_date <= :ends
),

judged AS (
    SELECT
        m.*,
        x.code AS stands_before,
        y.code AS stands_after
    FROM moved AS m
    LEFT JOIN known AS x
        ON m.at_org = x.org_id AND m.line_no = x.line AND x.valid @> (m.effective_date - 1)
    LEFT JOIN known AS y
        ON m.at_org = y.org_id AND m.line_no = y.line AND y.valid @> m.effective_date
)

SELECT
    at_filing,
    at_row,
    org_code,
    line,
    effective_date AS day,
    from_parent,
    to_parent,
    coalesce(stands_before, '（无）') AS stands_before,
    coalesce(stands_after, '（无）') AS stands_after,
    array_remove(
        ARRAY[
            CASE WHEN stands_after IS DISTINCT FROM to_parent THEN 'to_parent' END,
            CASE WHEN stands_before IS DISTINCT FROM from_parent THEN 'from_parent' END
        ],
        NULL
    ) AS marks
FROM judged
WHERE stands_after IS DISTINCT FROM to_parent OR stands_before IS DISTINCT FROM from_parent
ORDER BY at_filing, at_row
