-- one row per finding of an earlier check of some periods that this check no longer finds
UPDATE finding AS f
SET cleared_at = :at
WHERE
    f.stage = 'closing'
    AND f.cleared_at IS NULL
    AND f.period = ANY(:periods)
    AND NOT EXISTS (
        SELECT 1
        FROM closing_found AS n
        WHERE
            f.submission_id = n.submission_id
            AND f.rule = n.rule
            AND f.form = n.form
            AND f.sheet = n.sheet
            AND f.row_no = n.row_no
            AND f.cell = n.cell
            AND f.message = n.message
    )
