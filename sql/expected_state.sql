-- one row per filing expected between two days: whether it came, in time, and at the first try
CREATE TEMPORARY TABLE expected_state ON COMMIT DROP AS
SELECT
    e.period,
    e.form,
    e.org_id,
    p.starts,
    p.ends,
    h.org_id IS NOT NULL AS reported,
    coalesce((h.received_at AT TIME ZONE 'Asia/Shanghai')::date <= e.due_on, FALSE) AS on_time,
    coalesce(h.first_try, FALSE) AS first_pass
FROM expected_filing AS e
INNER JOIN period AS p ON e.period = p.label AND p.ends BETWEEN :starts AND :ends
LEFT JOIN heard_filing AS h ON e.form = h.form AND e.period = h.period AND e.org_id = h.org_id
