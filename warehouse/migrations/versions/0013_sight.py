"""Policies on what came after the accounts; proposals that a second person decides.

`may_fetch_original` answers whether a reader sees every form in a file: an original is one piece,
so whoever lacks one form of it gets none of it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)

# Those who answer for a union in all its works; a finance or department grant is not enough,
# because a message or a mark speaks of every form.
FULL = "org_id IN (SELECT sight_ids('portal.full'))"


def _verb(*verbs: str) -> str:
    wanted = ", ".join(f"'{verb}'" for verb in verbs)
    return (
        f"EXISTS (SELECT 1 FROM sight_texts('portal.verbs') AS v (verb) WHERE v.verb IN ({wanted}))"
    )


# What assessors and inspectors put down is theirs and the signer's until it is decided.
ASSESSING = f"{FULL} AND {_verb('mark', 'publish')}"
OWN_PUBLICATION = (
    "EXISTS (SELECT 1 FROM publication AS p WHERE p.id = publication_id "
    "AND p.org_id IN (SELECT sight_ids('portal.full')))"
)

# That an assessment goes on, and how far it is, is no secret inside.
PUBLIC_INSIDE = ("assessment_round", "assessment_stage", "assessment_edition", "rating_campaign")

POLICIES = {
    "contact": f"({FULL} AND {_verb('chase', 'submit', 'sign')}) "
    "OR org_id IN (SELECT sight_ids('portal.governed'))",
    "letter": "sender IN (SELECT o.code FROM organisation AS o "
    "WHERE o.id IN (SELECT sight_ids('portal.full')))",
    "notice": FULL,
    "outbox": FULL,
    "workbook_fetched": "org_id IN (SELECT sight_ids('portal.organisations'))",
    "rating_electorate": ASSESSING,
    "rating_tally": ASSESSING,
    "assessor_mark": ASSESSING,
    "inspection_sample": _verb("mark", "publish"),
    "inspection_draw": ASSESSING,
    "inspection_report": ASSESSING,
    "appeal": FULL,
    "appeal_decision": "EXISTS (SELECT 1 FROM appeal AS a WHERE a.id = appeal_id)",
    "assessment_ruling": ASSESSING,
    "assessment_consequence": FULL,
    "rectification": FULL,
    "rectification_step": (
        "EXISTS (SELECT 1 FROM rectification AS r WHERE r.id = rectification_id)"
    ),
    "publication_decision": OWN_PUBLICATION,
    "delivery": OWN_PUBLICATION,
    "parameter_proposal": _verb("manage_definitions"),
}

# One holder of the content is enough: the bytes are the same. A holder is seen when the reader
# sees each of its forms; what nobody could read may hold anything, so it is for the unit alone
# (and those whom a grant names).
MAY_FETCH = """
CREATE FUNCTION may_fetch_original(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH holder AS (
        SELECT 's' || s.id AS holder, s.id AS submission_id FROM submission AS s
        WHERE s.sha256 = wanted OR s.returned_file = wanted
        UNION ALL
        SELECT 'c' || c.id, c.submission_id FROM correction AS c WHERE c.sha256 = wanted
        UNION ALL
        SELECT 'r' || r.id, s.id FROM receipt AS r
        LEFT JOIN submission AS s ON s.receipt_id = r.id
        WHERE r.sha256 = wanted
    ),
    part AS (
        SELECT h.holder, coalesce(s.reporter_id, o.id) AS org_id, f.form
        FROM holder AS h
        LEFT JOIN submission AS s ON s.id = h.submission_id
        LEFT JOIN receipt AS r ON r.id = coalesce(s.receipt_id,
            CASE WHEN h.submission_id IS NULL THEN substr(h.holder, 2)::bigint END)
        LEFT JOIN organisation AS o ON o.code = r.sender
        LEFT JOIN LATERAL (
            SELECT unnest(s.forms) AS form
            UNION
            SELECT g.form FROM filing AS g WHERE g.submission_id = s.id
        ) AS f ON true
    ),
    seen AS (
        SELECT holder, bool_and(coalesce(CASE
            WHEN form IS NULL OR form IN (SELECT sight_texts('portal.person_forms')) THEN
                org_id IN (SELECT sight_ids('portal.person_organisations'))
                OR org_id || '/' || split_part(form, '-', 1)
                    IN (SELECT sight_texts('portal.person_families'))
            ELSE
                org_id IN (SELECT sight_ids('portal.full'))
                OR org_id || '/' || split_part(form, '-', 1)
                    IN (SELECT sight_texts('portal.families'))
            END, false)) AS whole
        FROM part GROUP BY holder
    )
    SELECT coalesce(bool_or(whole), false) FROM seen
$$;
REVOKE EXECUTE ON FUNCTION may_fetch_original(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION may_fetch_original(text) TO portal_reader;
"""


def upgrade() -> None:
    """Four-eyes proposals, policies, the guard of originals."""
    op.create_table(
        "parameter_proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False, comment="first day of the new value"),
        sa.Column("value", JSONB(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False, comment="the document that decides it"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", NOW, nullable=False),
        sa.Column("decision", sa.Text()),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", NOW),
        sa.Column("decision_reason", sa.Text(), nullable=False, server_default=""),
        sa.CheckConstraint(
            "decision IN ('approved', 'declined', 'withdrawn')",
            name=op.f("ck_parameter_proposal_decision"),
        ),
        sa.CheckConstraint(
            "decision IS DISTINCT FROM 'approved' OR decided_by <> proposed_by",
            name=op.f("ck_parameter_proposal_four_eyes"),
        ),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_by IS NULL) "
            "AND (decision IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_parameter_proposal_decided"),
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["account.id"], name=op.f("fk_parameter_proposal_proposed_by")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["account.id"], name=op.f("fk_parameter_proposal_decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parameter_proposal")),
        comment="a new value of a dated parameter, proposed by one person and decided by another",
    )
    op.create_index(
        "one_waiting_proposal", "parameter_proposal", ["code"],
        unique=True, postgresql_where=sa.text("decision IS NULL"),
    )  # fmt: skip
    for table in PUBLIC_INSIDE:
        op.execute(f"GRANT SELECT ON {table} TO portal_reader")
    for table, rows in POLICIES.items():
        op.execute(f"GRANT SELECT ON {table} TO portal_reader")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sight ON {table} FOR SELECT TO portal_reader USING ({rows})")
    op.execute(MAY_FETCH)


def downgrade() -> None:
    """Closed again to the portal."""
    op.execute("DROP FUNCTION may_fetch_original(text)")
    for table in POLICIES:
        op.execute(f"DROP POLICY sight ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for table in (*PUBLIC_INSIDE, *POLICIES):
        op.execute(f"REVOKE SELECT ON {table} FROM portal_reader")
    op.drop_table("parameter_proposal")
