-- one row per proposed value of a parameter, those that wait first, then the newest
SELECT
    p.id,
    p.code,
    p.since,
    p.value,
    p.authority,
    p.reason,
    p.proposed_by,
    coalesce(a.name, '管理员') AS proposer,
    p.proposed_at,
    p.decision,
    d.name AS decider,
    p.decided_at,
    p.decision_reason
FROM parameter_proposal AS p
LEFT JOIN account AS a ON p.proposed_by = a.id
LEFT JOIN account AS d ON p.decided_by = d.id
WHERE :code = '' OR p.code = :code
ORDER BY p.decision IS NOT NULL, p.id DESC
LIMIT 100
