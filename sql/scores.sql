-- one row per organisation and year: its total in the newest assessment of a family of schemes
SELECT DISTINCT ON (u.org_id, a.year)
    u.org_id,
    a.year,
    u.total
FROM assessment AS a
INNER JOIN assessment_unit AS u ON a.id = u.assessment_id
WHERE
    a.scheme LIKE :family || '-%'
    AND a.year = ANY(:years)
    AND a.cutoff <= :cutoff
    AND u.total IS NOT NULL
ORDER BY u.org_id ASC, a.year ASC, a.cutoff DESC, a.id DESC
