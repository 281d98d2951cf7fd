-- one row per contest that several unions report as their own: one number, or the same day, trade,
-- level and figures; a contest inside one enterprise is nobody else's, however alike it looks
SELECT
    a.at_filing,
    a.at_row,
    string_agg(DISTINCT u.name, '、') AS others,
    CASE
        WHEN bool_or(a.event_id = b.event_id) THEN ARRAY['event_id']
        ELSE ARRAY['held_on', 'trade', 'persons']
    END AS marks
FROM filed_skill_02 AS a
INNER JOIN filed_skill_02 AS b
    ON
        a.at_org <> b.at_org
        AND (
            a.event_id = b.event_id
            OR (
                a.held_on = b.held_on
                AND a.event_kind = b.event_kind
                AND a.event_level = b.event_level
                AND a.trade = b.trade
                AND a.enterprises = b.enterprises
                AND a.enterprises > 1
                AND a.persons = b.persons
            )
        )
INNER JOIN unit AS u ON b.at_org = u.id
GROUP BY a.at_filing, a.at_row
ORDER BY a.at_filing, a.at_row
