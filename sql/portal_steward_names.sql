-- one row per account asked for: its person's name
SELECT
    id,
    name
FROM account
WHERE id = ANY(:ids)
