-- one row per filing expected between two days: whether it came, in time, at the first try, and
-- whether something found at the close still waits for words or a correction (待核实)
CREATE TEMPORARY TABLE expected_state ON COMMIT DROP AS
WITH waiting AS (
    SELECT DISTINCT
        period,
        form,
        org_id
    FROM finding
    WHERE
        stage = 'closing'
        AND severity <> '提示'
        AND explanation IS NULL
        AND opened_at <= :cutoff
        AND (cleared_at IS NULL OR cleared_at > :cutoff)
)

SELECT
    e.period,
    e.form,
    e.org_id,
    p.starts,
    p.ends,
    h.org_id IS NOT NULL AS reported,
    coalesce((h.received_at AT TIME ZONE 'Asia/Shanghai')::date <= e.due_on, FALSE) AS on_time,
    coalesce(h.first_try, FALSE) AS first_pass,
    w.org_id IS NOT NULL AS unverified
FROM expected_filing AS e
INNER JOIN period AS p ON e.period = p.label AND p.ends BETWEEN :starts AND :ends
LEFT JOIN heard_filing AS h ON e.form = h.form AND e.period = h.period AND e.org_id = h.org_id
LEFT JOIN waiting AS w ON e.form = w.form AND e.period = w.period AND e.org_id = w.org_id
