-- at most one row: whether the reader answers for the publisher of an edition in all its works
SELECT p.org_id IN (SELECT sight_ids('portal.full')) AS own
FROM publication AS p
WHERE p.id = :id
