"""Accounts, roles by organisation and line, sessions; policies that decide what each may see.

The portal reads as the role `portal_reader`, which owns nothing and cannot sign in. Everybody else
(the flow, the command line) is the owner of the tables, for whom no policy holds.

`enter_sight` works out once per transaction what an account may see on a day and keeps it in
settings of that transaction; the policies only look it up, as a hashed subplan, so a page with
many tables walks the organisations once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)
TEXTS = sa.ARRAY(sa.Text())

# --- what the reader may read -------------------------------------------------------------------

# Facts about the federation that everyone inside may know.
PUBLIC_INSIDE = (
    "organisation", "organisation_name", "organisation_code", "organisation_state", "affiliation",
    "employer", "organisation_employer", "ranking_group", "period", "form_window", "reopening",
    "definitions_edition", "form_column", "working_day", "computation", "assessment", "role",
    "form_family",
)  # fmt: skip


def _sees(org: str, form: str) -> str:
    """Whether the reader may see something of a form that an organisation reported.

    Rows about persons are for those whom a grant names; the rest goes by organisation, or by
    organisation and key work.
    """
    family = f"{org} || '/' || split_part({form}, '-', 1)"
    return f"""
        CASE WHEN {form} IN (SELECT sight_texts('portal.person_forms')) THEN
            {family} IN (SELECT sight_texts('portal.person_families'))
            OR {org} IN (SELECT sight_ids('portal.person_organisations'))
        ELSE
            {org} IN (SELECT sight_ids('portal.full'))
            OR {family} IN (SELECT sight_texts('portal.families'))
        END"""


ORG = "org_id IN (SELECT sight_ids('portal.organisations'))"
SENDER = """sender IN (
    SELECT o.code FROM organisation AS o
    WHERE o.id IN (SELECT sight_ids('portal.organisations')))"""
SUBMISSION = """reporter_id IN (SELECT sight_ids('portal.organisations'))
    OR (reporter_id IS NULL AND EXISTS (
        SELECT 1 FROM receipt AS r WHERE r.id = receipt_id))"""
# Whom a row is about may see it, whoever reported it; who reported it may too.
FILING_ROW = f"""{_sees("org_id", "form")}
    OR EXISTS (SELECT 1 FROM filing AS f WHERE f.id = filing_id)"""
FINDING = f"""EXISTS (
    SELECT 1 FROM submission AS s WHERE s.id = submission_id
    AND (finding.form = '' OR s.reporter_id IS NULL
        OR {_sees("s.reporter_id", "finding.form")}))"""
INDICATOR = """org_id IN (SELECT sight_ids('portal.full'))
    OR org_id || '/' || split_part(indicator, '-', 2) IN (SELECT sight_texts('portal.families'))"""
CHANGE = """org_id IN (SELECT sight_ids('portal.organisations'))
    OR from_id IN (SELECT sight_ids('portal.organisations'))
    OR to_id IN (SELECT sight_ids('portal.organisations'))"""
# What a level above publishes is meant for those below; its drafts are not.
PUBLICATION = """org_id IN (SELECT sight_ids('portal.full'))
    OR (state = 'published' AND org_id IN (SELECT sight_ids('portal.above')))"""
OWN = "id = nullif(current_setting('portal.account', true), '')::bigint"
GRANTEE = """account_id = nullif(current_setting('portal.account', true), '')::bigint
    OR org_id IN (SELECT sight_ids('portal.governed'))"""
ACCOUNT = f"""{OWN} OR EXISTS (SELECT 1 FROM account_grant AS g WHERE g.account_id = account.id)
    OR created_by = (SELECT 'account:' || nullif(current_setting('portal.account', true), ''))"""
AUDIT = "'read_audit' IN (SELECT sight_texts('portal.verbs'))"

POLICIES = {
    "expected_filing": _sees("org_id", "form"),
    "receipt": SENDER,
    "submission": SUBMISSION,
    "filing": _sees("reporter_id", "form"),
    "filing_row": FILING_ROW,
    "finding": FINDING,
    "indicator_value": INDICATOR,
    "assessment_unit": ORG,
    "veto": ORG,
    "organisation_change": CHANGE,
    "organisation_change_row": (
        "EXISTS (SELECT 1 FROM organisation_change AS c WHERE c.id = change_id)"
    ),
    "publication": PUBLICATION,
    "publication_file": "EXISTS (SELECT 1 FROM publication p WHERE p.id = publication_id)",
    "publication_number": "EXISTS (SELECT 1 FROM publication p WHERE p.id = publication_id)",
    "audit_log": AUDIT,
    "account": ACCOUNT,
    "account_grant": GRANTEE,
}
# Secrets stay with the owner: no page ever needs them.
ACCOUNT_COLUMNS = (
    "id, login, name, language, password_changed_at, must_change_password, failures, locked_until, "
    "totp_confirmed_at, external_subject, created_at, created_by, closed_at, closed_by"
)

FUNCTIONS = """
CREATE FUNCTION sight_ids(setting text) RETURNS SETOF bigint
LANGUAGE sql STABLE ROWS 1000
RETURN unnest(nullif(current_setting(setting, true), '')::bigint[]);

CREATE FUNCTION sight_texts(setting text) RETURNS SETOF text
LANGUAGE sql STABLE ROWS 100
RETURN unnest(nullif(current_setting(setting, true), '')::text[]);
"""

# One row, so that it is one round trip; the settings end with the transaction.
ENTER_SIGHT = """
CREATE FUNCTION enter_sight(account bigint, today date) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    WITH RECURSIVE held AS (
        SELECT g.id, g.org_id, g.line, g.personal AS named, r.sees, r.personal, r.verbs,
            CASE WHEN cardinality(g.works) > 0 THEN g.works ELSE r.works END AS works
        FROM account_grant AS g
        JOIN role AS r ON r.code = g.role
        JOIN account AS a ON a.id = g.account_id AND a.closed_at IS NULL
        WHERE g.account_id = enter_sight.account AND g.revoked_at IS NULL
            AND g.since <= today AND (g.until IS NULL OR today <= g.until)
    ),
    roots AS (
        SELECT DISTINCT org_id, line FROM held
        WHERE sees = 'below' OR 'manage_accounts' = ANY(verbs)
    ),
    -- one row per root, line and organisation below it, itself included
    below AS (
        SELECT org_id AS root, line, org_id FROM roots
        UNION
        SELECT b.root, b.line, a.org_id
        FROM below AS b
        JOIN affiliation AS a ON a.parent_id = b.org_id AND a.line = b.line
            AND a.retired_at IS NULL AND a.valid @> today
    ),
    above AS (
        SELECT org_id, org_id AS start FROM held
        UNION
        SELECT a.parent_id, b.start FROM above AS b
        JOIN affiliation AS a ON a.org_id = b.org_id AND a.line IN (1, 2)
            AND a.retired_at IS NULL AND a.valid @> today
    ),
    -- figures of no industry belong to whoever stands at the top
    reach AS (
        SELECT h.id, h.org_id FROM held AS h WHERE h.sees = 'own'
        UNION ALL
        SELECT h.id, b.org_id FROM held AS h
        JOIN below AS b ON b.root = h.org_id AND b.line = h.line
        WHERE h.sees = 'below'
        UNION ALL
        SELECT h.id, 0 FROM held AS h
        WHERE h.sees = 'below' AND h.line = 1 AND NOT EXISTS (
            SELECT 1 FROM affiliation AS a WHERE a.org_id = h.org_id AND a.line = 1
            AND a.retired_at IS NULL AND a.valid @> today)
    ),
    limited AS (
        SELECT h.id, f.prefix FROM held AS h
        JOIN form_family AS f ON f.work = ANY(h.works)
    )
    SELECT
        (SELECT array_agg(DISTINCT org_id) FROM reach) AS organisations,
        (SELECT array_agg(DISTINCT r.org_id) FROM reach AS r JOIN held AS h USING (id)
            WHERE cardinality(h.works) = 0) AS complete,
        (SELECT array_agg(DISTINCT r.org_id || '/' || l.prefix)
            FROM reach AS r JOIN limited AS l USING (id)) AS families,
        (SELECT array_agg(DISTINCT r.org_id) FROM reach AS r JOIN held AS h USING (id)
            WHERE cardinality(h.works) = 0 AND (h.named OR (h.personal = 'own'
                AND r.org_id = h.org_id))) AS person_organisations,
        (SELECT array_agg(DISTINCT r.org_id || '/' || l.prefix)
            FROM reach AS r JOIN held AS h USING (id) JOIN limited AS l USING (id)
            WHERE h.named OR (h.personal = 'own' AND r.org_id = h.org_id)) AS person_families,
        (SELECT array_agg(DISTINCT form) FROM form_column
            WHERE form_column.personal = 'identity') AS person_forms,
        (SELECT array_agg(DISTINCT b.org_id) FROM held AS h
            JOIN below AS b ON b.root = h.org_id AND b.line = h.line
            WHERE 'manage_accounts' = ANY(h.verbs)) AS governed,
        (SELECT array_agg(DISTINCT org_id) FROM above) AS above,
        (SELECT array_agg(DISTINCT v) FROM held, unnest(verbs) AS v) AS verbs
    INTO found;
    PERFORM set_config('portal.account', enter_sight.account::text, true),
        set_config('portal.organisations', coalesce(found.organisations, '{}')::text, true),
        set_config('portal.full', coalesce(found.complete, '{}')::text, true),
        set_config('portal.families', coalesce(found.families, '{}')::text, true),
        set_config('portal.person_organisations',
            coalesce(found.person_organisations, '{}')::text, true),
        set_config('portal.person_families', coalesce(found.person_families, '{}')::text, true),
        set_config('portal.person_forms', coalesce(found.person_forms, '{}')::text, true),
        set_config('portal.governed', coalesce(found.governed, '{}')::text, true),
        set_config('portal.above', coalesce(found.above, '{}')::text, true),
        set_config('portal.verbs', coalesce(found.verbs, '{}')::text, true);
    RETURN cardinality(coalesce(found.organisations, '{}'));
END
$$;
REVOKE EXECUTE ON FUNCTION enter_sight(bigint, date) FROM PUBLIC;
"""

# That an organisation was heard from, also in a workbook that its county handed in: the filing is
# the county's, the fact is the organisation's. Asked as the owner, within the reader's sight.
HEARD = """
CREATE VIEW heard WITH (security_barrier) AS
SELECT f.id AS filing_id, f.form, f.period, f.reporter_id, f.received_at, r.org_id
FROM filing AS f
JOIN period AS p ON p.label = f.period
JOIN filing_row AS r ON r.filing_id = f.id AND r.period_end = p.ends
WHERE f.superseded_at IS NULL AND r.org_id IN (SELECT sight_ids('portal.organisations'))
UNION ALL
SELECT f.id, f.form, f.period, f.reporter_id, f.received_at, f.reporter_id
FROM filing AS f
WHERE f.superseded_at IS NULL AND f.row_count = 0
    AND f.reporter_id IN (SELECT sight_ids('portal.organisations'))
"""

# A role belongs to the whole server: another database of it may have made it already, perhaps at
# this very moment. An owner who may make no roles needs it made beforehand (deploy/postgres).
READER = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_reader') THEN
        CREATE ROLE portal_reader NOLOGIN NOINHERIT;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the role portal_reader is missing and % may make no roles', current_user
        USING HINT = 'As a superuser: CREATE ROLE portal_reader NOLOGIN NOINHERIT; '
            || 'GRANT portal_reader TO ' || quote_ident(current_user) || ';';
END
$$;
DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'portal_reader', 'SET') THEN
        EXECUTE format('GRANT portal_reader TO %I', current_user);
    END IF;
END
$$;
"""


def upgrade() -> None:
    """Tables, the reader's role, what it may read, and which rows of that."""
    _tables()
    op.execute(READER)
    op.execute(FUNCTIONS)
    op.execute(ENTER_SIGHT)
    op.execute(HEARD)
    op.execute("GRANT SELECT ON heard TO portal_reader")
    op.execute("GRANT USAGE ON SCHEMA public TO portal_reader")
    for table in PUBLIC_INSIDE:
        op.execute(f"GRANT SELECT ON {table} TO portal_reader")
    for table, rows in POLICIES.items():
        columns = f"({ACCOUNT_COLUMNS})" if table == "account" else ""
        op.execute(f"GRANT SELECT {columns} ON {table} TO portal_reader")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sight ON {table} FOR SELECT TO portal_reader USING ({rows})")


def downgrade() -> None:
    """Everything goes but the server's role, which another database may use."""
    for table in POLICIES:
        op.execute(f"DROP POLICY sight ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for table in (*PUBLIC_INSIDE, *POLICIES):
        op.execute(f"REVOKE ALL ON {table} FROM portal_reader")
    op.execute(f"REVOKE SELECT ({ACCOUNT_COLUMNS}) ON account FROM portal_reader")
    op.execute("REVOKE USAGE ON SCHEMA public FROM portal_reader")
    op.execute("DROP VIEW heard")
    op.execute("DROP FUNCTION enter_sight(bigint, date)")
    op.execute("DROP FUNCTION sight_texts(text)")
    op.execute("DROP FUNCTION sight_ids(text)")
    for table in ("session", "recovery_code", "account_grant", "account", "form_family", "role"):
        op.drop_table(table)


def _tables() -> None:
    op.create_table(
        "role",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("sees", sa.Text(), nullable=False, comment="own, below or none"),
        sa.Column("personal", sa.Text(), nullable=False, comment="none, own or named in the grant"),
        sa.Column("works", TEXTS, nullable=False, comment="key works; empty: all"),
        sa.Column("verbs", TEXTS, nullable=False),
        sa.CheckConstraint("sees IN ('own', 'below', 'none')", name=op.f("ck_role_sees")),
        sa.CheckConstraint("personal IN ('none', 'own', 'named')", name=op.f("ck_role_personal")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_role")),
        comment="definitions/roles.yaml, kept where the policies can read it",
    )
    op.create_table(
        "form_family",
        sa.Column(
            "prefix", sa.Text(), nullable=False, comment="of form and indicator codes, like FIN"
        ),
        sa.Column("work", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_form_family")),
        comment="to which key work the forms of a prefix belong",
    )
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False, comment="lower case"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False, server_default="zh"),
        sa.Column("password_hash", sa.Text(), comment="argon2id; empty: signs in elsewhere only"),
        sa.Column("password_changed_at", NOW),
        sa.Column("must_change_password", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("locked_until", NOW),
        sa.Column("totp_secret", sa.Text(), comment="concealed with the data key"),
        sa.Column("totp_confirmed_at", NOW),
        sa.Column(
            "totp_step", sa.BigInteger(), comment="the last time step used; none is used twice"
        ),
        sa.Column("external_subject", sa.Text(), comment="issuer and subject of single sign-on"),
        sa.Column("created_at", NOW, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("closed_at", NOW),
        sa.Column("closed_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
        sa.UniqueConstraint("external_subject", name=op.f("uq_account_external_subject")),
        comment="one person; never deleted, only closed",
    )
    op.create_table(
        "account_grant",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("works", TEXTS, nullable=False, comment="key works; empty: those of the role"),
        sa.Column("personal", sa.Boolean(), nullable=False, comment="may see rows about persons"),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), comment="last day"),
        sa.Column("granted_at", NOW, nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", NOW),
        sa.Column("revoked_by", sa.Text()),
        sa.CheckConstraint("line IN (1, 2)", name=op.f("ck_account_grant_line")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_grant_account_id")
        ),
        sa.ForeignKeyConstraint(["role"], ["role.code"], name=op.f("fk_account_grant_role")),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_account_grant_org_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_grant")),
        comment="one role of one account for one organisation on one line, with its days",
    )
    op.create_index("ix_account_grant_account_id", "account_grant", ["account_id"])
    op.create_index("ix_account_grant_org_id", "account_grant", ["org_id"])
    op.create_index(
        "one_standing_grant",
        "account_grant",
        ["account_id", "role", "org_id", "line"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False, comment="SHA-256 of a random code"),
        sa.Column("created_at", NOW, nullable=False),
        sa.Column("used_at", NOW),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_recovery_code_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "hash", name=op.f("pk_recovery_code")),
        comment="signs in once when the telephone is lost",
    )
    op.create_table(
        "session",
        sa.Column("hash", sa.Text(), nullable=False, comment="SHA-256 of what the browser keeps"),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("began_at", NOW, nullable=False),
        sa.Column("seen_at", NOW, nullable=False),
        sa.Column("expires_at", NOW, nullable=False),
        sa.Column("second_factor_at", NOW),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("ended_at", NOW),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_session")),
        comment="one signing in; a new one at every change of rights",
    )
    op.create_index("ix_session_account_id", "session", ["account_id"])
