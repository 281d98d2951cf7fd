-- one row per submission, form and period filed by some submissions, with the moment it came
SELECT DISTINCT
    submission_id,
    form,
    period,
    received_at
FROM filing
WHERE submission_id = ANY(:ids)
ORDER BY submission_id, form
