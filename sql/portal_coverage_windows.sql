-- one row per period with a window open on a day or locked less than a month before
SELECT DISTINCT
    p.label,
    p.ends
FROM form_window AS w
INNER JOIN period AS p ON w.period = p.label
WHERE w.lock_on >= CAST(:today AS date) - 31
