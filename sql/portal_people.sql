-- one row per account that the reader may know, of those named as the log names them
SELECT
    'account:' || a.id AS actor,
    a.name
FROM account AS a
WHERE 'account:' || a.id = ANY(:actors)
