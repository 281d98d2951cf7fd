-- one row per appeal of a round, with its decision if there is one
SELECT
    a.id,
    o.code AS unit,
    o.id AS org_id,
    e.number AS edition,
    a.about,
    a.claim,
    a.evidence,
    a.evidence_id,
    a.filed_by,
    a.account_id AS filed_account,
    a.filed_at,
    a.answer_due,
    d.outcome,
    d.reason,
    d.document,
    d.decided_by,
    d.account_id AS decided_account,
    d.decided_at
FROM appeal AS a
INNER JOIN assessment_edition AS e ON a.edition_id = e.id
INNER JOIN organisation AS o ON a.org_id = o.id
LEFT JOIN appeal_decision AS d ON a.id = d.appeal_id AND d.decided_at <= :known_at
WHERE e.round_id = :round AND a.filed_at <= :known_at
ORDER BY a.id
