-- at most one row: a union by its code, that the reader is responsible for
SELECT o.id
FROM organisation AS o
WHERE o.code = :code AND o.id IN (SELECT sight_ids('portal.organisations'))
