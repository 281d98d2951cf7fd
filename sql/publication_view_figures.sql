-- one row per figure of the newest computation of each period, its own and its neighbours'; of few
-- people (:few are their codes) nothing is told that is withheld, or of which nobody has decided:
-- the decision is about what was reported of a period, so another basis of them is never told
WITH newest AS (
    SELECT DISTINCT ON (period)
        id,
        period,
        cutoff,
        definitions
    FROM computation
    ORDER BY period ASC, cutoff DESC, id DESC
),

computed AS (
    SELECT
        c.period AS computed_for,
        c.cutoff,
        c.definitions,
        CASE v.line WHEN 1 THEN '块' ELSE '条' END AS line,
        coalesce(o.code, '0') AS unit_code,
        v.period,
        v.basis,
        v.indicator,
        v.value,
        v.numerator,
        v.denominator,
        v.reported,
        v.expected,
        v.indicator IN (:few)
        AND (
            v.basis <> 'reported'
            OR w.computation_id IS NULL
            OR x.computation_id IS NOT NULL
        ) AS withheld
    FROM newest AS c
    INNER JOIN indicator_value AS v ON c.id = v.computation_id
    LEFT JOIN organisation AS o ON v.org_id = o.id
    LEFT JOIN withholding AS w ON c.id = w.computation_id
    LEFT JOIN withheld_figure AS x
        ON
            c.id = x.computation_id AND v.line = x.line AND v.period = x.period
            AND v.indicator = x.indicator AND coalesce(o.code, '0') = x.unit
)

SELECT
    computed_for,
    cutoff,
    definitions,
    line,
    unit_code,
    period,
    basis,
    indicator,
    CASE WHEN NOT withheld THEN value END AS value,
    CASE WHEN NOT withheld THEN numerator END AS numerator,
    CASE WHEN NOT withheld THEN denominator END AS denominator,
    reported,
    expected,
    withheld
FROM computed
