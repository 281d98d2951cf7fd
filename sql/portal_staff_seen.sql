-- one row per unit and form, of those asked about, that the reader may see down to its rows, or saw
-- on a day while the unit was the reader's; rows about persons are for those whom a grant names
SELECT
    w.unit,
    w.form
FROM unnest(CAST(:units AS text[]), CAST(:forms AS text[])) AS w (unit, form)
INNER JOIN organisation AS o ON w.unit = o.code
WHERE
    CASE
        WHEN w.form IN (SELECT sight_texts('portal.person_forms'))
            THEN
                o.id || '/' || split_part(w.form, '-', 1)
                IN (SELECT sight_texts('portal.person_families'))
                OR o.id IN (SELECT sight_ids('portal.person_organisations'))
        ELSE
            o.id IN (SELECT sight_ids('portal.full'))
            OR o.id || '/' || split_part(w.form, '-', 1)
            IN (SELECT sight_texts('portal.families'))
            OR (
                o.id IN (SELECT sight_ids('portal.former'))
                AND (
                    sight_saw('portal.former_full', CAST(o.id AS text), CAST(:day AS date))
                    OR sight_saw(
                        'portal.former_families',
                        o.id || '/' || split_part(w.form, '-', 1),
                        CAST(:day AS date)
                    )
                )
            )
    END
GROUP BY w.unit, w.form
