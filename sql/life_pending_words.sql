-- one row per explanation of a submission that nobody has judged: the finding it was first given to
SELECT DISTINCT coalesce(f.explained_by, f.id) AS id
FROM finding AS f
WHERE
    f.submission_id = :id
    AND f.stage = 'receipt'
    AND f.explanation IS NOT NULL
    AND NOT EXISTS (
        SELECT 1
        FROM submission_step AS t
        WHERE
            t.finding_id = coalesce(f.explained_by, f.id)
            AND t.verb IN ('accept_words', 'refuse_words')
    )
