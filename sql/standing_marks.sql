-- one row per organisation and year: what an assessment that stands at the cut-off gave it
WITH final AS (
    -- the newest edition that a meeting had made final; what is scored later is no more than a run
    SELECT
        assessment_id,
        max(at) AS at
    FROM final_assessment
    WHERE at <= :cutoff
    GROUP BY assessment_id
)

SELECT DISTINCT ON (u.org_id, a.year)
    u.org_id,
    o.code AS unit,
    a.year,
    a.id AS assessment_id,
    a.scheme,
    u.total,
    u.grade,
    u.rank,
    CASE WHEN CAST(:with_blocks AS boolean) THEN u.detail -> 'blocks' END AS blocks
FROM assessment AS a
INNER JOIN assessment_unit AS u ON a.id = u.assessment_id
INNER JOIN organisation AS o ON u.org_id = o.id
LEFT JOIN final AS f ON a.id = f.assessment_id
WHERE
    a.scheme LIKE :schemes
    AND a.year = ANY(:years)
    AND a.cutoff <= :cutoff
ORDER BY u.org_id ASC, a.year ASC, f.at DESC NULLS LAST, a.cutoff DESC, a.id DESC
