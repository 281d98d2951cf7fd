-- one row per unit, task and change of its annual target that was accepted up to a cut-off: from
-- what to what, when, and by which correction order if the period was locked
WITH versions AS (
    SELECT
        r.org_id,
        r.texts[:task_id] AS task,
        r.texts[:indicator] AS indicator,
        r.numbers[:target] AS target,
        f.accepted_at,
        f.received_at,
        lag(r.numbers[:target]) OVER history AS was,
        row_number() OVER history AS version
    FROM filing AS f
    INNER JOIN filing_row AS r ON f.id = r.filing_id
    WHERE
        f.form = 'TGT-01'
        AND f.edition = :edition
        AND f.period = :year
        AND r.texts[:period] = :year
        AND f.accepted_at <= :cutoff
    WINDOW history AS (PARTITION BY r.org_id, r.texts[:task_id] ORDER BY f.accepted_at, f.id)
)

SELECT
    o.code AS unit,
    v.task,
    v.indicator,
    v.was,
    v.target AS now,
    v.accepted_at,
    (
        SELECT x.document
        FROM reopening AS x
        WHERE
            x.period = :year
            AND (x.forms = '{}' OR 'TGT-01' = ANY(x.forms))
            AND x.opened_at <= v.received_at
        ORDER BY x.opened_at DESC
        LIMIT 1
    ) AS document
FROM versions AS v
INNER JOIN organisation AS o ON v.org_id = o.id
WHERE
    v.version > 1
    AND v.target IS DISTINCT FROM v.was
    AND o.code = ANY(:units)
ORDER BY o.code, v.task, v.accepted_at
