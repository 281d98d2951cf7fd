-- one row per summary that a federation sent of a form owed by grassroots unions alone, where it
-- differs from the sum of what was reported below it
WITH summary AS (
    SELECT
        s.*,
        CASE WHEN u.type LIKE '%产业工会' OR u.type LIKE '行业%' OR u.type LIKE '系统%' THEN 2 ELSE 1 END
            AS line
    FROM filed_org_02 AS s
    INNER JOIN unit AS u ON s.at_org = u.id
    WHERE u.level NOT IN ('基层', '小组')
),

below AS (
    SELECT
        s.at_filing,
        s.at_row,
        count(DISTINCT d.at_org) AS reported,
        sum(d.workers_total) AS workers_total,
        sum(d.workers_f) AS workers_f,
        sum(d.workers_migrant) AS workers_migrant,
        sum(d.members_total) AS members_total,
        sum(d.members_f) AS members_f,
        sum(d.members_migrant) AS members_migrant,
        sum(d.new_unions) AS new_unions,
        sum(d.new_members) AS new_members,
        sum(d.lost_members) AS lost_members
    FROM summary AS s
    INNER JOIN ancestor AS a
        ON s.at_org = a.ancestor_id AND s.line = a.line AND a.depth > 0 AND a.valid @> :ends
    INNER JOIN filed_org_02 AS d ON a.org_id = d.at_org
    INNER JOIN unit AS u ON d.at_org = u.id AND u.level IN ('基层', '小组')
    GROUP BY s.at_filing, s.at_row
),

expected AS (
    SELECT
        s.at_filing,
        s.at_row,
        count(*) AS expected
    FROM summary AS s
    INNER JOIN ancestor AS a
        ON s.at_org = a.ancestor_id AND s.line = a.line AND a.depth > 0 AND a.valid @> :ends
    INNER JOIN expected_filing AS e
        ON a.org_id = e.org_id AND e.form = 'ORG-02' AND e.period = :label
    GROUP BY s.at_filing, s.at_row
)

SELECT
    s.at_filing,
    s.at_row,
    b.reported,
    coalesce(max(e.expected), b.reported) AS expected,
    array_agg(v.code ORDER BY v.place) AS marks,
    jsonb_agg(jsonb_build_array(v.code, v.own, v.below) ORDER BY v.place) AS pairs
FROM summary AS s
INNER JOIN below AS b ON s.at_filing = b.at_filing AND s.at_row = b.at_row
LEFT JOIN expected AS e ON s.at_filing = e.at_filing AND s.at_row = e.at_row
CROSS JOIN
    LATERAL (
        VALUES
        (1, 'workers_total', s.workers_total, b.workers_total),
        (2, 'workers_f', s.workers_f, b.workers_f),
        (3, 'workers_migrant', s.workers_migrant, b.workers_migrant),
        (4, 'members_total', s.members_total, b.members_total),
        (5, 'members_f', s.members_f, b.members_f),
        (6, 'members_migrant', s.members_migrant, b.members_migrant),
        (7, 'new_unions', s.new_unions, b.new_unions),
        (8, 'new_members', s.new_members, b.new_members),
        (9, 'lost_members', s.lost_members, b.lost_members)
    ) AS v (place, code, own, below)
WHERE v.own <> v.below
GROUP BY s.at_filing, s.at_row, b.reported
ORDER BY s.at_filing, s.at_row
