-- at most one row: a union by its code, that the reader sees, or saw on a day while it was the
-- reader's
SELECT o.id
FROM organisation AS o
WHERE
    o.code = :code
    AND (
        o.id IN (SELECT sight_ids('portal.organisations'))
        OR (
            o.id IN (SELECT sight_ids('portal.former'))
            AND sight_saw('portal.former_any', CAST(o.id AS text), CAST(:day AS date))
        )
    )
