-- at most one row: an edition from which the figures of a computation can be walked down
SELECT p.id
FROM publication AS p
WHERE p.computation_id = :computation AND p.state <> 'withdrawn'
ORDER BY p.cutoff ASC, p.id ASC
LIMIT 1
