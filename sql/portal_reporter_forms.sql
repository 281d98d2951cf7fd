-- one row per form asked for that the reader may see of an organisation, rows about persons too
SELECT f.form
FROM unnest(CAST(:forms AS text[])) AS f (form)
WHERE
    CASE
        WHEN f.form IN (SELECT p.code FROM sight_texts('portal.person_forms') AS p (code))
            THEN
                CAST(:org AS bigint) || '/' || split_part(f.form, '-', 1) IN (
                    SELECT p.family FROM sight_texts('portal.person_families') AS p (family)
                )
                OR CAST(:org AS bigint) IN (
                    SELECT p.org_id FROM sight_ids('portal.person_organisations') AS p (org_id)
                )
        ELSE
            CAST(:org AS bigint) IN (
                SELECT p.org_id FROM sight_ids('portal.full') AS p (org_id)
            )
            OR CAST(:org AS bigint) || '/' || split_part(f.form, '-', 1) IN (
                SELECT p.family FROM sight_texts('portal.families') AS p (family)
            )
    END
