-- one row per unit, of those asked about, whose figures of a family (ORG, FIN …; empty: of any) the
-- reader may see, or saw on a day while it was the reader's; 0 is what belongs to no industry
SELECT w.unit
FROM unnest(CAST(:units AS text[])) AS w (unit)
LEFT JOIN organisation AS o ON w.unit = o.code
WHERE
    coalesce(o.id, 0) IN (SELECT sight_ids('portal.full'))
    OR coalesce(o.id, 0) || '/' || CAST(:family AS text) IN (SELECT sight_texts('portal.families'))
    OR (
        CAST(:family AS text) = ''
        AND coalesce(o.id, 0) IN (SELECT sight_ids('portal.organisations'))
    )
    OR (
        o.id IN (SELECT sight_ids('portal.former'))
        AND (
            sight_saw('portal.former_full', CAST(o.id AS text), CAST(:day AS date))
            OR sight_saw(
                CASE WHEN :family = '' THEN 'portal.former_any' ELSE 'portal.former_families' END,
                CASE WHEN :family = '' THEN CAST(o.id AS text) ELSE o.id || '/' || :family END,
                CAST(:day AS date)
            )
        )
    )
GROUP BY w.unit
