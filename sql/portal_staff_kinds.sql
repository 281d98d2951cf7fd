-- one row per kind and year of the editions that the reader may see
SELECT
    p.kind,
    left(p.period, 4) AS year,
    count(*) AS editions
FROM publication AS p
GROUP BY p.kind, left(p.period, 4)
ORDER BY p.kind, left(p.period, 4) DESC
