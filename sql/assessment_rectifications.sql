-- one row per rectification that was issued by a day, with what was done about it by then and known
SELECT
    r.id,
    o.code AS unit,
    r.source,
    r.reference,
    r.matter,
    r.document,
    r.issued_on,
    r.due_on,
    array_remove(array_agg(s.kind ORDER BY s.happened_on, s.id), NULL) AS steps,
    max(s.happened_on) FILTER (WHERE s.kind = '报送结果') AS answered_on,
    max(s.happened_on) FILTER (WHERE s.kind = '验收销号') AS closed_on
FROM rectification AS r
INNER JOIN organisation AS o ON r.org_id = o.id
LEFT JOIN rectification_step AS s
    ON r.id = s.rectification_id AND s.happened_on <= :day AND s.entered_at <= :known_at
WHERE r.issued_on <= :day AND r.entered_at <= :known_at
GROUP BY r.id, o.code
ORDER BY r.due_on, r.id
