-- one row per unit, of those asked about, whose figures of a family (ORG, FIN …; empty: of any) the
-- reader may see; 0 stands for what belongs to no industry
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
GROUP BY w.unit
