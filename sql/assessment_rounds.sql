-- one row per round of a year: where it stood at a moment, since when, its newest edition by then
SELECT DISTINCT ON (r.scheme, r.year)
    r.id,
    r.scheme,
    r.year,
    r.opened_by,
    r.opened_at,
    s.stage_to AS stage,
    s.at AS since,
    s.until,
    e.id AS edition_id,
    e.number AS edition,
    e.assessment_id,
    e.cutoff,
    e.known_at
FROM assessment_round AS r
INNER JOIN assessment_stage AS s
    ON
        r.id = s.round_id
        AND (CAST(:known_at AS timestamptz) IS NULL OR s.at <= CAST(:known_at AS timestamptz))
LEFT JOIN assessment_edition AS e
    ON
        r.id = e.round_id
        AND (CAST(:known_at AS timestamptz) IS NULL OR e.known_at <= CAST(:known_at AS timestamptz))
WHERE
    (CAST(:year AS integer) IS NULL OR r.year = CAST(:year AS integer))
    AND (CAST(:scheme AS text) IS NULL OR r.scheme = CAST(:scheme AS text))
ORDER BY r.scheme ASC, r.year ASC, s.id DESC, e.number DESC
