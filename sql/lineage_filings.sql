-- one row per filing expected of the unions below a unit along a line in the periods of a
-- publication: whether it came, in time, at the first try, and the workbook that it stands in
SELECT
    e.form,
    e.period,
    o.code AS org,
    coalesce(n.name, o.code) AS name,
    e.reported,
    e.on_time,
    e.first_pass,
    coalesce(v.code, '') AS via,
    w.file_name,
    w.sha256,
    w.submission_id
FROM expected_state AS e
INNER JOIN organisation AS o ON e.org_id = o.id
INNER JOIN ancestor AS a
    ON
        a.line = :line AND e.org_id = a.org_id AND a.ancestor_id = :unit
        AND a.valid @> e.ends
LEFT JOIN ancestor AS b
    ON
        b.line = :line AND a.org_id = b.org_id AND b.depth = a.depth - 1
        AND a.depth > 0 AND b.valid @> e.ends
LEFT JOIN organisation AS v ON b.ancestor_id = v.id
LEFT JOIN LATERAL (
    SELECT name
    FROM organisation_name
    WHERE
        org_id = o.id AND kind = 'official' AND valid @> e.ends
        AND recorded_at <= :cutoff AND (retired_at IS NULL OR retired_at > :cutoff)
    ORDER BY lower(valid) DESC
    LIMIT 1
) AS n ON TRUE
LEFT JOIN LATERAL (
    SELECT
        c.file_name,
        s.sha256,
        s.id AS submission_id
    FROM live_filing AS f
    INNER JOIN submission AS s ON f.submission_id = s.id
    INNER JOIN receipt AS c ON s.receipt_id = c.id
    WHERE
        f.form = e.form AND f.period = e.period
        AND (f.reporter_id = e.org_id OR EXISTS (
            SELECT 1 FROM filing_row AS r
            WHERE
                r.filing_id = f.id AND r.org_id = e.org_id AND r.form = e.form
                AND r.period_end = e.ends
        ))
    ORDER BY f.received_at ASC
    LIMIT 1
) AS w ON e.reported
WHERE e.starts >= :starts AND e.ends <= :ends
ORDER BY e.form, e.period, o.code
