-- one row: whether the reader may see what was entered for the assessment of a unit, by the rule of
-- the policies of assessor_mark, rating_tally and assessment_ruling (migration 0015)
SELECT
    EXISTS (
        SELECT 1
        FROM organisation AS o
        WHERE o.code = :unit AND o.id IN (SELECT sight_ids('portal.full'))
    )
    AND EXISTS (
        SELECT 1
        FROM sight_texts('portal.verbs') AS v (verb)
        WHERE v.verb IN ('mark', 'conduct_assessment', 'judge_assessment', 'publish')
    )
