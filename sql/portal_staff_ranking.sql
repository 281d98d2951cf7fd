-- one row per unit of one kept result, with its blocks and what it had the year before in the same
-- family of schemes
SELECT
    u.org_id,
    o.code,
    coalesce(n.name, o.code) AS name,
    u.ranking_group,
    u.total,
    u.grade,
    u.rank,
    (
        SELECT jsonb_agg(jsonb_build_array(b -> 'block' ->> 'name', b ->> 'score'))
        FROM jsonb_array_elements(u.detail -> 'blocks') AS b
    ) AS blocks,
    CAST(u.detail ->> 'group_size' AS integer) AS group_size,
    jsonb_array_length(u.detail -> 'vetoes') AS vetoes,
    l.total AS last_total,
    l.rank AS last_rank,
    l.grade AS last_grade
FROM assessment_unit AS u
INNER JOIN assessment AS a ON u.assessment_id = a.id
INNER JOIN organisation AS o ON u.org_id = o.id
LEFT JOIN organisation_name AS n
    ON
        o.id = n.org_id AND n.kind = 'official' AND n.retired_at IS NULL
        AND n.valid @> CAST(:day AS date)
LEFT JOIN LATERAL (
    SELECT
        v.total,
        v.rank,
        v.grade
    FROM assessment AS c
    INNER JOIN assessment_unit AS v ON c.id = v.assessment_id
    LEFT JOIN final_assessment AS f ON c.id = f.assessment_id
    WHERE
        c.year = a.year - 1 AND v.org_id = u.org_id
        AND regexp_replace(c.scheme, '-[0-9]+$', '') = regexp_replace(a.scheme, '-[0-9]+$', '')
    ORDER BY f.at DESC NULLS LAST, c.cutoff DESC, c.id DESC
    LIMIT 1
) AS l ON TRUE
WHERE u.assessment_id = :assessment
ORDER BY u.ranking_group ASC, u.rank ASC NULLS LAST, u.total DESC NULLS LAST, o.code ASC
