-- one row per edition of the definitions, the newest first
SELECT
    digest,
    registered_at,
    (SELECT count(*) FROM jsonb_object_keys(CAST(sources AS jsonb))) AS files
FROM definitions_edition
ORDER BY registered_at DESC, digest ASC
LIMIT 200
