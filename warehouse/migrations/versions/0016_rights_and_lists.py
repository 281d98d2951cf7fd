"""Requests to reopen as a list, a log cut to whom one governs, a past that its parent keeps.

`enter_sight` learns three things. Whoever reads the log has `portal.audited` (whose entries), and
`portal.audits_all` at the top. Of a union that moved away its former parent keeps the figures and
rows of the time when it was its own: `portal.former` and spans of days beside it; rows about
persons go with the union.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)

ME = "nullif(current_setting('portal.account', true), '')::bigint"
# Who may ask or approve sees what concerns their own; who asked sees it always. What is meant for
# everybody (no organisations) is the federation's.
REQUEST = f"""
    requested_by = {ME}
    OR (
        EXISTS (SELECT 1 FROM sight_texts('portal.verbs') AS v (verb)
            WHERE v.verb IN ('request_reopening', 'approve_reopening'))
        AND CASE WHEN cardinality(organisations) = 0
            THEN 0 IN (SELECT sight_ids('portal.organisations'))
            ELSE organisations <@ ARRAY(SELECT sight_ids('portal.organisations'))
        END
    )"""

SAW = """
CREATE FUNCTION sight_saw(setting text, wanted text, day date) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (
    SELECT 1 FROM sight_texts(setting) AS s (span)
    WHERE split_part(s.span, '|', 1) = wanted AND split_part(s.span, '|', 2)::daterange @> day
);
"""

# Which submission an entry is about is asked as the owner: an administrator sees none of them.
AUDIT_ABOUT = """
CREATE FUNCTION audit_about(action text, subject text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT CASE
        WHEN action LIKE 'submission.%' OR action LIKE 'correction.%'
            OR (action = 'personal.view' AND subject LIKE 'submission:%') THEN EXISTS (
                SELECT 1 FROM submission AS s
                WHERE s.id = CASE WHEN subject ~ '^(submission:)?[0-9]{1,18}$'
                    THEN replace(subject, 'submission:', '')::bigint END
                AND s.reporter_id IN (SELECT sight_ids('portal.audited')))
        WHEN action = 'original.read' THEN EXISTS (
                SELECT 1 FROM submission AS s
                WHERE s.sha256 = subject AND s.reporter_id IN (SELECT sight_ids('portal.audited')))
        ELSE false
    END
$$;
REVOKE EXECUTE ON FUNCTION audit_about(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_about(text, text) TO portal_reader;
"""
AUDIT_BEFORE = "'read_audit' IN (SELECT sight_texts('portal.verbs'))"
AUDIT = f"""
    {AUDIT_BEFORE}
    AND (
        current_setting('portal.audits_all', true) = 'yes'
        OR subject IN (SELECT 'account:' || a.id FROM account AS a)
        OR subject IN (SELECT o.code FROM organisation AS o
            WHERE o.id IN (SELECT sight_ids('portal.audited')))
        OR audit_about(action, subject)
    )"""


def _sees(org: str, form: str) -> str:
    """As in 0007: whether the reader sees something of a form that an organisation reported."""
    family = f"{org} || '/' || split_part({form}, '-', 1)"
    return f"""
        CASE WHEN {form} IN (SELECT sight_texts('portal.person_forms')) THEN
            {family} IN (SELECT sight_texts('portal.person_families'))
            OR {org} IN (SELECT sight_ids('portal.person_organisations'))
        ELSE
            {org} IN (SELECT sight_ids('portal.full'))
            OR {family} IN (SELECT sight_texts('portal.families'))
        END"""


def _saw(org: str, prefix: str, day: str) -> str:
    """Whether a union was the reader's on a day, at least in the family of a form."""
    return f"""
        {org} IN (SELECT sight_ids('portal.former'))
        AND (sight_saw('portal.former_full', {org}::text, {day})
            OR sight_saw('portal.former_families', {org} || '/' || {prefix}, {day}))"""


NOT_PERSONS = "{form} NOT IN (SELECT sight_texts('portal.person_forms'))"
FILING_ENDS = "(SELECT p.ends FROM period AS p WHERE p.label = filing.period)"
VALUE_ENDS = "(SELECT p.ends FROM period AS p WHERE p.label = indicator_value.period)"
FILED = "EXISTS (SELECT 1 FROM filing AS f WHERE f.id = filing_id)"
INDICATOR = """org_id IN (SELECT sight_ids('portal.full'))
    OR org_id || '/' || split_part(indicator, '-', 2) IN (SELECT sight_texts('portal.families'))"""
BEFORE = {
    "audit_log": AUDIT_BEFORE,
    "filing": _sees("reporter_id", "form"),
    "filing_row": f"{_sees('org_id', 'form')} OR {FILED}",
    "indicator_value": INDICATOR,
}
NOW_SEEN = {
    "audit_log": AUDIT,
    "filing": f"""({_sees("reporter_id", "form")}) OR (
        {NOT_PERSONS.format(form="form")}
        AND {_saw("reporter_id", "split_part(form, '-', 1)", FILING_ENDS)})""",
    "filing_row": f"""({_sees("org_id", "form")}) OR {FILED} OR (
        {NOT_PERSONS.format(form="form")}
        AND {_saw("org_id", "split_part(form, '-', 1)", "period_end")})""",
    "indicator_value": f"""{INDICATOR} OR (
        {_saw("org_id", "split_part(indicator, '-', 2)", VALUE_ENDS)})""",
}

ENTER_SIGHT = """
CREATE OR REPLACE FUNCTION enter_sight(account bigint, today date) RETURNS bigint
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
        WHERE sees = 'below' OR verbs && ARRAY['manage_accounts', 'read_audit']
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
    -- Few unions ever move: from each parent that ended up to its roots of that time, and from
    -- there down to what hung below the one that left, with the days on which both held.
    climbed AS (
        SELECT a.org_id, a.parent_id AS at, a.line, a.valid AS days
        FROM affiliation AS a
        WHERE a.line IN (SELECT r.line FROM roots AS r)
            AND a.retired_at IS NULL AND upper(a.valid) <= today
        UNION
        SELECT c.org_id, a.parent_id, c.line, c.days * a.valid
        FROM climbed AS c
        JOIN affiliation AS a ON a.org_id = c.at AND a.line = c.line
            AND a.retired_at IS NULL AND a.valid && c.days
    ),
    was AS (
        SELECT r.org_id AS root, c.line, c.org_id, c.days
        FROM climbed AS c
        JOIN roots AS r ON r.org_id = c.at AND r.line = c.line
        WHERE NOT EXISTS (SELECT 1 FROM below AS b
            WHERE b.root = r.org_id AND b.line = r.line AND b.org_id = c.org_id)
        UNION
        SELECT w.root, w.line, a.org_id, w.days * a.valid
        FROM was AS w
        JOIN affiliation AS a ON a.parent_id = w.org_id AND a.line = w.line
            AND a.retired_at IS NULL AND a.valid && w.days
    ),
    former AS (
        SELECT DISTINCT h.id, w.org_id, w.days FROM held AS h
        JOIN was AS w ON w.root = h.org_id AND w.line = h.line
        WHERE h.sees = 'below'
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
        (SELECT array_agg(DISTINCT b.org_id) FROM held AS h
            JOIN below AS b ON b.root = h.org_id AND b.line = h.line
            WHERE 'read_audit' = ANY(h.verbs)) AS audited,
        EXISTS (SELECT 1 FROM held AS h
            WHERE 'read_audit' = ANY(h.verbs) AND h.line = 1 AND NOT EXISTS (
                SELECT 1 FROM affiliation AS a WHERE a.org_id = h.org_id AND a.line = 1
                AND a.retired_at IS NULL AND a.valid @> today)) AS audits_all,
        (SELECT array_agg(DISTINCT org_id) FROM former) AS former,
        (SELECT array_agg(DISTINCT org_id || '|' || days) FROM former) AS former_any,
        (SELECT array_agg(DISTINCT f.org_id || '|' || f.days)
            FROM former AS f JOIN held AS h USING (id)
            WHERE cardinality(h.works) = 0) AS former_full,
        (SELECT array_agg(DISTINCT f.org_id || '/' || l.prefix || '|' || f.days)
            FROM former AS f JOIN limited AS l USING (id)) AS former_families,
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
        set_config('portal.audited', coalesce(found.audited, '{}')::text, true),
        set_config('portal.audits_all', CASE WHEN found.audits_all THEN 'yes' ELSE '' END, true),
        set_config('portal.former', coalesce(found.former, '{}')::text, true),
        set_config('portal.former_any', coalesce(found.former_any, '{}')::text, true),
        set_config('portal.former_full', coalesce(found.former_full, '{}')::text, true),
        set_config('portal.former_families', coalesce(found.former_families, '{}')::text, true),
        set_config('portal.above', coalesce(found.above, '{}')::text, true),
        set_config('portal.verbs', coalesce(found.verbs, '{}')::text, true);
    RETURN cardinality(coalesce(found.organisations, '{}'));
END
$$;
"""


def upgrade() -> None:
    """Table, columns, functions, policies."""
    op.create_table(
        "reopening_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column(
            "forms", postgresql.ARRAY(sa.Text()), nullable=False,
            comment="empty: every form of the period",
        ),
        sa.Column(
            "organisations", postgresql.ARRAY(sa.BigInteger()), nullable=False,
            comment="with all below; empty: all",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False, comment="last day that is asked for"),
        sa.Column("requested_by", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", NOW, nullable=False),
        sa.Column("decision", sa.Text()),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", NOW),
        sa.Column("decision_reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("reopening_id", sa.BigInteger(), comment="the order that an approval entered"),
        sa.CheckConstraint(
            "decision IN ('approved', 'declined', 'withdrawn')",
            name=op.f("ck_reopening_request_decision"),
        ),
        sa.CheckConstraint(
            "decision IS NULL OR (decision = 'withdrawn') = (decided_by = requested_by)",
            name=op.f("ck_reopening_request_four_eyes"),
        ),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_by IS NULL) "
            "AND (decision IS NULL) = (decided_at IS NULL) "
            "AND (decision IS NOT DISTINCT FROM 'approved') = (reopening_id IS NOT NULL)",
            name=op.f("ck_reopening_request_decided"),
        ),
        sa.ForeignKeyConstraint(
            ["period"], ["period.label"], name=op.f("fk_reopening_request_period")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["account.id"], name=op.f("fk_reopening_request_requested_by")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["account.id"], name=op.f("fk_reopening_request_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["reopening_id"], ["reopening.id"], name=op.f("fk_reopening_request_reopening_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reopening_request")),
        comment="somebody asks that a locked period is opened again; another decides",
    )  # fmt: skip
    op.create_index(
        "ix_reopening_request_waiting", "reopening_request", ["id"],
        postgresql_where=sa.text("decision IS NULL"),
    )  # fmt: skip
    op.execute("GRANT SELECT ON reopening_request TO portal_reader")
    op.execute("ALTER TABLE reopening_request ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY sight ON reopening_request FOR SELECT TO portal_reader USING ({REQUEST})"
    )
    op.add_column(
        "letter",
        sa.Column(
            "confirmed", sa.Boolean(), nullable=False, server_default="true",
            comment="somebody vouched for its sender",
        ),
    )  # fmt: skip
    op.add_column(
        "account",
        sa.Column(
            "external_email", sa.Text(),
            comment="lower case; single sign-on with it, verified, is bound once",
        ),
    )  # fmt: skip
    op.create_unique_constraint(op.f("uq_account_external_email"), "account", ["external_email"])
    op.execute("GRANT SELECT (external_email) ON account TO portal_reader")
    op.execute(SAW)
    op.execute(AUDIT_ABOUT)
    op.execute(ENTER_SIGHT)
    for table, rows in NOW_SEEN.items():
        op.execute(f"ALTER POLICY sight ON {table} USING ({rows})")


def downgrade() -> None:
    """The sight of 0013; enter_sight keeps what it learned, which nobody asks for then."""
    for table, rows in BEFORE.items():
        op.execute(f"ALTER POLICY sight ON {table} USING ({rows})")
    op.execute("DROP FUNCTION audit_about(text, text)")
    op.execute("DROP FUNCTION sight_saw(text, text, date)")
    op.drop_constraint(op.f("uq_account_external_email"), "account")
    op.drop_column("account", "external_email")
    op.drop_column("letter", "confirmed")
    op.drop_table("reopening_request")
