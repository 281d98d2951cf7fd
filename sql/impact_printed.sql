-- one row per number that a standing publication prints of some indicators
SELECT
    p.title,
    p.edition,
    n.line,
    n.unit,
    n.period,
    n.indicator,
    n.basis,
    n.printed,
    p.reference || '-' || n.ordinal AS quoted
FROM publication AS p
INNER JOIN publication_number AS n ON p.id = n.publication_id
WHERE
    p.state IN ('signed', 'published')
    AND n.source = 'indicator'
    AND n.indicator = ANY(:indicators)
    AND n.unit = ANY(:units)
ORDER BY p.title, p.edition, n.ordinal
