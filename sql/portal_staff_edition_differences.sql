-- one row per number that two editions print differently, or that only one of them prints
WITH a AS (
    SELECT * FROM publication_number
    WHERE publication_id = :first
),

b AS (
    SELECT * FROM publication_number
    WHERE publication_id = :second
),

pairs AS (
    SELECT
        coalesce(a.ordinal, b.ordinal) AS place,
        a.ordinal AS first_ordinal,
        b.ordinal AS second_ordinal,
        coalesce(a.line, b.line) AS line,
        coalesce(a.unit, b.unit) AS unit,
        coalesce(a.period, b.period) AS period,
        coalesce(a.source, b.source) AS source,
        coalesce(a.indicator, b.indicator) AS indicator,
        coalesce(a.basis, b.basis) AS basis,
        coalesce(a.printed, '') AS first_printed,
        coalesce(b.printed, '') AS second_printed,
        row_number() OVER (
            PARTITION BY
                coalesce(a.source, b.source), coalesce(a.line, b.line), coalesce(a.unit, b.unit),
                coalesce(a.period, b.period), coalesce(a.indicator, b.indicator),
                coalesce(a.basis, b.basis), coalesce(a.units, b.units)
            ORDER BY coalesce(a.ordinal, b.ordinal)
        ) AS again
    FROM a
    FULL JOIN b
        ON
            a.source = b.source AND a.line = b.line AND a.unit = b.unit
            AND a.period = b.period AND a.indicator = b.indicator AND a.basis = b.basis
            AND a.units = b.units
    WHERE a.value IS DISTINCT FROM b.value OR a.ordinal IS NULL OR b.ordinal IS NULL
)

SELECT
    p.first_ordinal,
    p.second_ordinal,
    p.line,
    p.unit,
    coalesce(n.name, p.unit) AS unit_name,
    p.period,
    p.source,
    p.indicator,
    p.basis,
    p.first_printed,
    p.second_printed,
    count(*) OVER () AS total
FROM pairs AS p
LEFT JOIN organisation AS o ON p.unit = o.code
LEFT JOIN organisation_name AS n
    ON
        o.id = n.org_id AND n.kind = 'official' AND n.retired_at IS NULL
        AND n.valid @> CAST(:day AS date)
WHERE p.again = 1
ORDER BY p.place
LIMIT :most
