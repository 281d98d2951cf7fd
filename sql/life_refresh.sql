-- one row per submission whose state changed: some of them, and those of reporters and periods
UPDATE submission AS s
SET
    life = l.life,
    locks_on = l.locks_on
FROM submission_life() AS l
WHERE
    l.submission_id = s.id
    AND (
        s.id = ANY(:submissions)
        OR (
            s.reporter_id = ANY(:reporters)
            AND (
                s.period = ANY(:periods)
                OR EXISTS (
                    SELECT 1
                    FROM filing AS f
                    WHERE f.submission_id = s.id AND f.period = ANY(:periods)
                )
            )
        )
    )
    AND (s.life IS DISTINCT FROM l.life OR s.locks_on IS DISTINCT FROM l.locks_on)
