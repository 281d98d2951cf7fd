-- one row per sheet line of a filing that was accepted between two cut-offs, or that gave way to
-- another in between: which of the two it is, and the line's place, key and content
SELECT
    f.id AS filing_id,
    f.form,
    f.edition,
    f.period,
    o.code AS org,
    r.key,
    r.numbers,
    r.texts,
    f.submission_id,
    f.accepted_at,
    f.accepted_at > :before AS is_new,
    f.accepted_at > :before AND NOT EXISTS (
        SELECT 1 FROM filing AS g
        WHERE
            g.form = f.form AND g.period = f.period AND g.reporter_id = f.reporter_id
            AND g.part = f.part AND g.accepted_at <= :before
    ) AS is_first
FROM filing AS f
INNER JOIN filing_row AS r ON f.id = r.filing_id AND f.form = r.form
INNER JOIN organisation AS o ON r.org_id = o.id
WHERE
    f.accepted_at <= :after
    AND (
        (f.accepted_at > :before AND (f.superseded_at IS NULL OR f.superseded_at > :after))
        OR (f.accepted_at <= :before AND f.superseded_at > :before AND f.superseded_at <= :after)
    )
ORDER BY f.form, f.period, o.code, r.key, f.accepted_at
