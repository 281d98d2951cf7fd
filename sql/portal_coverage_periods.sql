-- one row per opened period in which the reader sees something owed, newest first
SELECT
    p.label,
    p.ends
FROM period AS p
WHERE
    p.opened_at IS NOT NULL AND EXISTS (
        SELECT 1 FROM expected_filing AS e
        WHERE e.period = p.label
    )
ORDER BY p.ends DESC, p.label ASC
LIMIT 60
