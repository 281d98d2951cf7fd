-- one row: the sheet of one unit in one kept result
SELECT
    u.ranking_group,
    u.total,
    u.grade,
    u.rank,
    u.detail
FROM assessment_unit AS u
WHERE u.assessment_id = :assessment AND u.org_id = :org
