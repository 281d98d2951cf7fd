-- one row per change that is not undone (or was not at a moment), with the current ORG-03 filings
-- that declare it
SELECT
    c.id,
    o.code AS org,
    c.change,
    c.line,
    f.code AS from_parent,
    t.code AS to_parent,
    s.code AS successor,
    c.effective,
    c.approval,
    c.split_pct,
    c.members,
    c.workers,
    c.after,
    c.filing_id,
    c.row_no,
    b.code AS filed_by,
    c.recorded_at,
    c.in_force_at,
    c.confirmed_by,
    d.reporters,
    d.periods
FROM organisation_change AS c
INNER JOIN organisation AS o ON c.org_id = o.id
LEFT JOIN organisation AS f ON c.from_id = f.id
LEFT JOIN organisation AS t ON c.to_id = t.id
LEFT JOIN organisation AS s ON c.successor_id = s.id
LEFT JOIN organisation AS b ON c.filed_by_id = b.id
CROSS JOIN
    LATERAL (
        SELECT
            coalesce(array_agg(r.code ORDER BY g.id), ARRAY[]::text[]) AS reporters,
            coalesce(array_agg(g.period ORDER BY g.id), ARRAY[]::text[]) AS periods
        FROM organisation_change_row AS w
        INNER JOIN filing AS g ON w.filing_id = g.id AND g.superseded_at IS NULL
        INNER JOIN organisation AS r ON g.reporter_id = r.id
        WHERE w.change_id = c.id
    ) AS d
WHERE
    CASE
        WHEN CAST(:at AS timestamptz) IS NULL THEN c.undone_at IS NULL
        ELSE
            c.recorded_at <= CAST(:at AS timestamptz)
            AND (c.undone_at IS NULL OR c.undone_at > CAST(:at AS timestamptz))
    END
    AND (
        CAST(:codes AS text[]) IS NULL
        OR o.code = ANY(CAST(:codes AS text[]))
        OR (c.change = '分立' AND s.code = ANY(CAST(:codes AS text[])))
    )
ORDER BY c.id
