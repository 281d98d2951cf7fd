-- at most one row: what a content hash is known as
WITH known AS (
    SELECT 'receipt' AS what
    FROM receipt
    WHERE sha256 = :sha256
    UNION ALL
    SELECT 'member' AS what
    FROM submission
    WHERE sha256 = :sha256
    UNION ALL
    SELECT 'returned' AS what
    FROM submission
    WHERE returned_file = :sha256
    UNION ALL
    SELECT 'correction' AS what
    FROM correction
    WHERE sha256 = :sha256
)

SELECT what
FROM known
ORDER BY what
LIMIT 1
