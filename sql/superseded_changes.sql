-- one row per living change that only superseded filings declare, none of them of a closed period
SELECT c.id
FROM organisation_change AS c
INNER JOIN organisation_change_row AS w ON c.id = w.change_id
INNER JOIN filing AS f ON w.filing_id = f.id
LEFT JOIN period AS p ON f.period = p.label
WHERE c.undone_at IS NULL
GROUP BY c.id
HAVING bool_and(f.superseded_at IS NOT NULL) AND bool_and(p.closed_at IS NULL)
