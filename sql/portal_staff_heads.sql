-- one row per published edition that the reader may see and that stands on a computation: the
-- newest of each period, by which its figures are quoted
SELECT DISTINCT ON (p.period)
    p.period,
    p.id AS publication,
    p.reference,
    p.title,
    p.computation_id AS computation,
    p.cutoff
FROM publication AS p
WHERE p.computation_id IS NOT NULL AND p.state = 'published' AND p.kind = ANY(:kinds)
ORDER BY p.period ASC, p.cutoff DESC, p.org_id ASC, p.id ASC
