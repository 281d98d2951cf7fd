-- one row per step that a unit is told of and that was taken within a span, oldest first
SELECT
    t.id,
    t.verb,
    t.due_on,
    s.period,
    o.code
FROM submission_step AS t
INNER JOIN submission AS s ON t.submission_id = s.id
INNER JOIN organisation AS o ON s.reporter_id = o.id
WHERE t.verb = ANY(:verbs) AND t.at > :since AND t.at <= :now
ORDER BY t.id
