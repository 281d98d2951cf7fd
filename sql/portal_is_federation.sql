-- one row: whether the reader sees what belongs to no industry, as the top alone does
SELECT 0 IN (SELECT sight_ids('portal.organisations')) AS whole
