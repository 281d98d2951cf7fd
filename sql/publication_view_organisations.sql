-- one row per union as it stands today, with its parents on both lines
SELECT
    o.code AS unit_code,
    n.name AS unit_name,
    coalesce(s.type, o.type) AS unit_type,
    coalesce(s.level, o.level) AS unit_level,
    coalesce(s.status, '正常') AS status,
    o.region,
    o.industry,
    b.code AS block_parent_code,
    i.code AS industry_parent_code
FROM organisation AS o
LEFT JOIN organisation_name AS n
    ON
        o.id = n.org_id AND n.kind = 'official' AND n.valid @> current_date
        AND n.retired_at IS NULL
LEFT JOIN organisation_state AS s
    ON o.id = s.org_id AND s.valid @> current_date AND s.retired_at IS NULL
LEFT JOIN affiliation AS ab
    ON o.id = ab.org_id AND ab.line = 1 AND ab.valid @> current_date AND ab.retired_at IS NULL
LEFT JOIN organisation AS b ON ab.parent_id = b.id
LEFT JOIN affiliation AS ai
    ON o.id = ai.org_id AND ai.line = 2 AND ai.valid @> current_date AND ai.retired_at IS NULL
LEFT JOIN organisation AS i ON ai.parent_id = i.id
