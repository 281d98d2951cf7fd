-- one row per union, of those asked about, that the reader sees or stands below
SELECT o.code
FROM organisation AS o
WHERE
    o.code = ANY(:codes)
    AND (
        o.id IN (SELECT sight_ids('portal.organisations'))
        OR o.id IN (SELECT sight_ids('portal.above'))
    )
