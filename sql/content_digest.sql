-- one row: a digest of everything the warehouse holds that came from submissions, ids left out
WITH lines AS (
    SELECT
        concat_ws(
            '|', 'row', f.form, f.period, p.code, f.superseded_at IS NULL, r.row_no, o.code, r.key,
            r.numbers::text, r.texts::text
        ) AS line
    FROM filing AS f
    INNER JOIN filing_row AS r ON f.id = r.filing_id
    INNER JOIN organisation AS o ON r.org_id = o.id
    INNER JOIN organisation AS p ON f.reporter_id = p.id
    UNION ALL
    SELECT concat_ws('|', 'submission', s.sha256, s.member, s.period, s.version, s.state)
    FROM submission AS s
    UNION ALL
    SELECT
        concat_ws(
            '|', 'finding', s.sha256, s.member, f.rule, f.severity, f.sheet, f.cell, f.message
        )
    FROM finding AS f
    INNER JOIN submission AS s ON f.submission_id = s.id
    UNION ALL
    SELECT
        concat_ws(
            '|', 'affiliation', o.code, a.line, p.code, a.valid::text, a.retired_at IS NULL
        )
    FROM affiliation AS a
    INNER JOIN organisation AS o ON a.org_id = o.id
    INNER JOIN organisation AS p ON a.parent_id = p.id
)

SELECT
    count(*) AS lines,
    md5(coalesce(string_agg(md5(line), '' ORDER BY md5(line)), '')) AS digest
FROM lines
