-- at most one row: an account as the reader may see it
SELECT
    id,
    login,
    name,
    must_change_password,
    locked_until,
    totp_confirmed_at,
    created_at,
    closed_at,
    password_changed_at,
    external_subject,
    external_email
FROM account
WHERE id = :id
