-- one row per unit: its newest result under a family of schemes in a year, up to a cut-off
SELECT DISTINCT ON (u.org_id)
    o.code AS unit,
    a.scheme,
    u.total,
    u.grade,
    u.rank,
    u.detail -> 'blocks' AS blocks
FROM assessment AS a
INNER JOIN assessment_unit AS u ON a.id = u.assessment_id
INNER JOIN organisation AS o ON u.org_id = o.id
WHERE
    a.scheme LIKE :family || '-____'
    AND a.year = :year
    AND a.cutoff <= :cutoff
ORDER BY u.org_id ASC, a.cutoff DESC, a.id DESC
