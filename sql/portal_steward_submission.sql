-- one row: a submission as it is opened, when the reader may see it
SELECT
    s.id,
    s.receipt_id,
    s.member,
    s.reporter_id,
    s.period,
    s.version,
    s.life,
    s.forms,
    s.received_at,
    s.processed_at,
    s.locks_on,
    s.returned_file,
    o.code AS reporter,
    n.name AS reporter_name,
    r.file_name,
    r.channel,
    r.sender,
    sender.id AS sender_id,
    h.held_by,
    h.held_since,
    h.held_until,
    (
        SELECT max(later.id)
        FROM submission AS later
        WHERE
            later.reporter_id = s.reporter_id AND later.period = s.period
            AND later.forms && s.forms AND later.version > s.version
    ) AS newer,
    ARRAY(
        SELECT f.form
        FROM unnest(s.forms) AS f (form)
        WHERE
            f.form IN (SELECT sight_texts('portal.person_forms'))
            AND NOT (
                s.reporter_id IN (SELECT sight_ids('portal.person_organisations'))
                OR s.reporter_id || '/' || split_part(f.form, '-', 1)
                IN (SELECT sight_texts('portal.person_families'))
            )
            OR f.form NOT IN (SELECT sight_texts('portal.person_forms'))
            AND NOT (
                s.reporter_id IN (SELECT sight_ids('portal.full'))
                OR s.reporter_id || '/' || split_part(f.form, '-', 1)
                IN (SELECT sight_texts('portal.families'))
            )
    ) AS hidden
FROM submission AS s
LEFT JOIN organisation AS o ON s.reporter_id = o.id
LEFT JOIN receipt AS r ON s.receipt_id = r.id
LEFT JOIN organisation AS sender ON r.sender = sender.code
LEFT JOIN in_hand AS h ON s.id = h.submission_id
LEFT JOIN LATERAL (
    SELECT name
    FROM organisation_name
    WHERE
        org_id = s.reporter_id AND kind = 'official' AND valid @> CAST(:today AS date)
        AND retired_at IS NULL
    ORDER BY lower(valid) DESC
    LIMIT 1
) AS n ON TRUE
WHERE s.id = :id
