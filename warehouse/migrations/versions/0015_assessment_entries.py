"""What people enter in an assessment year: self-assessments, files of evidence, whose account.

Names stay as they were written; the account beside them tells two people of one name apart.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)

ENTERED = (
    "assessment_round",
    "assessment_stage",
    "assessment_edition",
    "rating_campaign",
    "rating_tally",
    "assessor_mark",
    "inspection_sample",
    "inspection_report",
    "appeal",
    "appeal_decision",
    "assessment_ruling",
    "rectification",
    "rectification_step",
)
WITH_EVIDENCE = ("assessor_mark", "inspection_report", "appeal")
NEW = ("assessment_evidence", "self_assessment")

FULL = "org_id IN (SELECT sight_ids('portal.full'))"


def _verb(*verbs: str) -> str:
    wanted = ", ".join(f"'{verb}'" for verb in verbs)
    return (
        f"EXISTS (SELECT 1 FROM sight_texts('portal.verbs') AS v (verb) WHERE v.verb IN ({wanted}))"
    )


# Who prepares, judges and signs a year reads what was put down for it; the unit its own words.
STAFF = ("mark", "conduct_assessment", "judge_assessment", "publish")
UNIT = ("self_assess", "appeal")
ASSESSING = ("rating_electorate", "rating_tally", "assessor_mark", "inspection_draw",
             "inspection_report", "assessment_ruling")  # fmt: skip
POLICIES = {
    **{table: f"{FULL} AND {_verb(*STAFF)}" for table in ASSESSING},
    "inspection_sample": _verb(*STAFF),
}
BEFORE = {
    **{table: f"{FULL} AND {_verb('mark', 'publish')}" for table in ASSESSING},
    "inspection_sample": _verb("mark", "publish"),
}
NEW_POLICIES = {
    "assessment_evidence": (
        f"{FULL} AND ({_verb(*STAFF)} OR (about IN ('自评', '申诉') AND {_verb(*UNIT)}))"
    ),
    "self_assessment": f"{FULL} AND {_verb(*STAFF, *UNIT)}",
}


def upgrade() -> None:
    """Two tables, an account beside every name, and who may read what."""
    op.create_table(
        "assessment_evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), comment="whose account, when signed in"),
        sa.Column("added_at", NOW, nullable=False),
        sa.CheckConstraint(
            "about IN ('自评', '评分', '抽查', '申诉')", name=op.f("ck_assessment_evidence_about")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["assessment_round.id"], name=op.f("fk_assessment_evidence_round_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_assessment_evidence_org_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_evidence")),
        comment="append-only: a file that shows what was entered; its content lies with the "
        "originals",
    )
    op.create_index(
        "ix_assessment_evidence_round_id", "assessment_evidence", ["round_id", "org_id"]
    )
    op.create_table(
        "self_assessment",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column(
            "indicator", sa.Text(), nullable=False, server_default="",
            comment="empty: the whole item",
        ),
        sa.Column("value", sa.Numeric(), comment="the figure as the unit knows it"),
        sa.Column("score", sa.Numeric(), comment="the mark that the unit gives itself"),
        sa.Column("remark", sa.Text(), nullable=False, server_default=""),
        sa.Column("evidence_id", sa.BigInteger()),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), comment="whose account, when signed in"),
        sa.Column("entered_at", NOW, nullable=False),
        sa.CheckConstraint("score >= 0", name=op.f("ck_self_assessment_score")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["assessment_round.id"], name=op.f("fk_self_assessment_round_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_self_assessment_org_id")
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["assessment_evidence.id"], name=op.f("fk_self_assessment_evidence_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_self_assessment")),
        comment="append-only: what a unit says of itself; the newest of an item and figure counts",
    )  # fmt: skip
    op.create_index("ix_self_assessment_round_id", "self_assessment", ["round_id", "org_id"])
    for table in ENTERED:
        op.add_column(
            table,
            sa.Column("account_id", sa.BigInteger(), comment="whose account, when signed in"),
        )
    for table in WITH_EVIDENCE:
        op.add_column(table, sa.Column("evidence_id", sa.BigInteger()))
        op.create_foreign_key(
            op.f(f"fk_{table}_evidence_id"), table, "assessment_evidence", ["evidence_id"], ["id"]
        )
    for table in NEW:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"GRANT SELECT ON {table} TO portal_reader")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        rows = NEW_POLICIES[table]
        op.execute(f"CREATE POLICY sight ON {table} FOR SELECT TO portal_reader USING ({rows})")
    for table, rows in POLICIES.items():
        op.execute(f"ALTER POLICY sight ON {table} USING ({rows})")


def downgrade() -> None:
    """What units said of themselves goes with its table; names stay, accounts do not."""
    for table, rows in BEFORE.items():
        op.execute(f"ALTER POLICY sight ON {table} USING ({rows})")
    for table in WITH_EVIDENCE:
        op.drop_constraint(op.f(f"fk_{table}_evidence_id"), table, type_="foreignkey")
        op.drop_column(table, "evidence_id")
    for table in ENTERED:
        op.drop_column(table, "account_id")
    op.drop_table("self_assessment")
    op.drop_table("assessment_evidence")
