-- one row per current sheet line of a form for some periods, as it stood at the cut-off
SELECT
    r.filing_id,
    f.edition,
    f.sheet,
    r.row_no,
    f.period,
    o.code AS org,
    p.code AS reporter,
    CAST(r.numbers AS double precision[]) AS numbers,
    r.texts
FROM filing AS f
INNER JOIN filing_row AS r ON f.id = r.filing_id
INNER JOIN organisation AS o ON r.org_id = o.id
INNER JOIN organisation AS p ON f.reporter_id = p.id
WHERE
    f.form = :form
    AND r.form = :form
    AND r.period_end BETWEEN :starts AND :ends
    AND f.period = ANY(:periods)
    AND f.accepted_at <= :cutoff
    AND (f.superseded_at IS NULL OR f.superseded_at > :cutoff)
    AND (
        CAST(:orgs AS text[]) IS NULL
        OR o.code = ANY(CAST(:orgs AS text[]))
    )
ORDER BY f.period, o.code, r.filing_id, r.row_no
