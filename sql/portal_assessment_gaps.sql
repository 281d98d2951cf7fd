-- one row per unit of a kept result of which a figure is not what the unit says, with how many;
-- to the four decimals that pages show
SELECT
    o.code AS unit,
    count(*) AS gaps
FROM assessment_unit AS u
INNER JOIN organisation AS o ON u.org_id = o.id
CROSS JOIN LATERAL jsonb_array_elements(u.detail -> 'blocks') AS b (block)
CROSS JOIN LATERAL jsonb_array_elements(b.block -> 'parts') AS p (part)
WHERE
    u.assessment_id = :assessment
    AND round(CAST(p.part ->> 'self_reported' AS numeric), 4)
    <> round(CAST(p.part ->> 'actual' AS numeric), 4)
GROUP BY o.code
