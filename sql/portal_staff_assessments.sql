-- one row per scheme and year that was assessed: its standing result (the newest made final, else
-- the newest) as far as the reader sees units of it, and how many of them there are
WITH newest AS (
    SELECT DISTINCT ON (a.scheme, a.year)
        a.id,
        a.scheme,
        a.year,
        a.cutoff,
        a.computation_id
    FROM assessment AS a
    LEFT JOIN final_assessment AS f ON a.id = f.assessment_id
    ORDER BY a.scheme ASC, a.year ASC, f.at DESC NULLS LAST, a.cutoff DESC, a.id DESC
)

SELECT
    n.id,
    n.scheme,
    n.year,
    n.cutoff,
    n.computation_id,
    count(u.org_id) AS units,
    count(u.org_id) FILTER (WHERE u.rank = 1) AS firsts,
    (
        SELECT count(*) FROM assessment AS e
        WHERE e.scheme = n.scheme AND e.year = n.year
    ) AS editions
FROM newest AS n
INNER JOIN assessment_unit AS u ON n.id = u.assessment_id
GROUP BY n.id, n.scheme, n.year, n.cutoff, n.computation_id
ORDER BY n.year DESC, n.scheme ASC
