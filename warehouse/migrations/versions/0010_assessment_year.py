"""An assessment year: stages, ratings, appeals, consequences."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "assessment_stage",
    "assessment_edition",
    "rating_campaign",
    "rating_electorate",
    "rating_tally",
    "assessor_mark",
    "inspection_sample",
    "inspection_draw",
    "inspection_report",
    "appeal",
    "appeal_decision",
    "assessment_ruling",
    "assessment_consequence",
    "rectification",
    "rectification_step",
)


def upgrade() -> None:
    """Everything but the round itself is append-only, and the database holds it."""
    op.create_table(
        "assessment_round",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_round")),
        sa.UniqueConstraint("scheme", "year", name=op.f("uq_assessment_round_scheme_year")),
        comment="one scheme's assessment of one year, as a process",
    )
    op.create_table(
        "assessment_stage",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("stage_from", sa.Text(), server_default="", nullable=False),
        sa.Column("stage_to", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "until",
            sa.Date(),
            nullable=True,
            comment="last day of a stage that time ends, as of the notice",
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["assessment_round.id"], name=op.f("fk_assessment_stage_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_stage")),
        comment="append-only: who took which step, when and why; the newest is where it stands",
    )
    op.create_index("ix_assessment_stage_round_id", "assessment_stage", ["round_id"], unique=False)
    op.create_table(
        "assessor_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("assessor", sa.Text(), nullable=False),
        sa.Column("raw", sa.Numeric(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("raw BETWEEN 0 AND 100", name=op.f("ck_assessor_mark_raw")),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_assessor_mark_org_id")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["assessment_round.id"], name=op.f("fk_assessor_mark_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessor_mark")),
        comment="append-only: marks of assessors; the newest of a unit, item and group counts",
    )
    op.create_index("ix_assessor_mark_round_id", "assessor_mark", ["round_id"], unique=False)
    op.create_table(
        "inspection_sample",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("share_pct", sa.Numeric(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("drawn_by", sa.Text(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["assessment_round.id"], name=op.f("fk_inspection_sample_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_sample")),
        sa.UniqueConstraint("round_id", name=op.f("uq_inspection_sample_round_id")),
        comment="a drawing of units to be visited; anyone can draw it again from the seed",
    )
    op.create_table(
        "rating_campaign",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("opens_on <= closes_on", name=op.f("ck_rating_campaign_days")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["assessment_round.id"], name=op.f("fk_rating_campaign_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_campaign")),
        sa.UniqueConstraint("round_id", name=op.f("uq_rating_campaign_round_id")),
        comment="one campaign of ratings of a round",
    )
    op.create_table(
        "rating_tally",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("rater", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("eligible", sa.Integer(), nullable=False),
        sa.Column("ballots", sa.Integer(), nullable=False),
        sa.Column("very_sat", sa.Integer(), nullable=False),
        sa.Column("basic_sat", sa.Integer(), nullable=False),
        sa.Column("unsat", sa.Integer(), nullable=False),
        sa.Column("unclear", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ballots <= eligible", name=op.f("ck_rating_tally_ballots")),
        sa.CheckConstraint(
            "very_sat + basic_sat + unsat + unclear = ballots", name=op.f("ck_rating_tally_balance")
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_rating_tally_org_id")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["assessment_round.id"], name=op.f("fk_rating_tally_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_tally")),
        comment="append-only: counts of anonymous ballots; the newest of a unit and rater counts",
    )
    op.create_index("ix_rating_tally_round_id", "rating_tally", ["round_id"], unique=False)
    op.create_table(
        "rectification",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "reference",
            sa.Text(),
            nullable=False,
            comment="what it arose from: an audit, an edition",
        ),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "source IN ('年度考核', '经费审计')", name=op.f("ck_rectification_source")
        ),
        sa.CheckConstraint("issued_on <= due_on", name=op.f("ck_rectification_days")),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_rectification_org_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification")),
        sa.UniqueConstraint(
            "org_id", "source", "reference", name=op.f("uq_rectification_org_id_source_reference")
        ),
        comment="append-only: something a unit was told to put right by a day",
    )
    op.create_table(
        "inspection_draw",
        sa.Column("sample_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("ranking_group", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False, comment="SHA-256 of seed:code, in hexadecimal"),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_inspection_draw_org_id")
        ),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["inspection_sample.id"], name=op.f("fk_inspection_draw_sample_id")
        ),
        sa.PrimaryKeyConstraint("sample_id", "org_id", name=op.f("pk_inspection_draw")),
        comment="one unit drawn, with its place in its group",
    )
    op.create_table(
        "inspection_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sample_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('属实', '基本属实', '不实')", name=op.f("ck_inspection_report_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_inspection_report_org_id")
        ),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["inspection_sample.id"], name=op.f("fk_inspection_report_sample_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_report")),
        comment="append-only: what inspectors found on the spot",
    )
    op.create_table(
        "rating_electorate",
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("rater", sa.Text(), nullable=False),
        sa.Column("eligible", sa.Integer(), nullable=False),
        sa.CheckConstraint("eligible >= 0", name=op.f("ck_rating_electorate_eligible")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["rating_campaign.id"], name=op.f("fk_rating_electorate_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_rating_electorate_org_id")
        ),
        sa.PrimaryKeyConstraint(
            "campaign_id", "org_id", "rater", name=op.f("pk_rating_electorate")
        ),
        comment="how many may rate a unit in a campaign; never who",
    )
    op.create_table(
        "rectification_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rectification_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), server_default="", nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('提醒', '督办', '报送结果', '退回重办', '验收销号')",
            name=op.f("ck_rectification_step_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["rectification_id"],
            ["rectification.id"],
            name=op.f("fk_rectification_step_rectification_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification_step")),
        comment="append-only: what was done about it; accepted results close it",
    )
    op.create_index(
        "ix_rectification_step_rectification_id",
        "rectification_step",
        ["rectification_id"],
        unique=False,
    )
    op.create_table(
        "assessment_edition",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.BigInteger(), nullable=False),
        sa.Column("cutoff", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column(
            "digest", sa.Text(), nullable=False, comment="of the whole result, canonical JSON"
        ),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cutoff <= known_at", name=op.f("ck_assessment_edition_known_after_cutoff")
        ),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_assessment_edition_assessment_id")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["assessment_round.id"], name=op.f("fk_assessment_edition_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_edition")),
        sa.UniqueConstraint(
            "round_id", "number", name=op.f("uq_assessment_edition_round_id_number")
        ),
        comment="append-only: figures as of cutoff, what people decided as of known_at",
    )
    op.create_table(
        "appeal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("filed_by", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_due", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["assessment_edition.id"], name=op.f("fk_appeal_edition_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_appeal_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        comment="append-only: an objection of a unit to an edition of its result",
    )
    op.create_index("ix_appeal_edition_id", "appeal", ["edition_id"], unique=False)
    op.create_table(
        "assessment_consequence",
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True, comment="a coefficient, or yuan"),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["assessment_edition.id"],
            name=op.f("fk_assessment_consequence_edition_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_assessment_consequence_org_id")
        ),
        sa.PrimaryKeyConstraint(
            "edition_id", "org_id", "kind", name=op.f("pk_assessment_consequence")
        ),
        comment="append-only: what follows for a unit from its final result",
    )
    op.create_table(
        "appeal_decision",
        sa.Column("appeal_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('支持', '部分支持', '不予支持')", name=op.f("ck_appeal_decision_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_appeal_decision_appeal_id")
        ),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_appeal_decision")),
        comment="append-only: how an appeal ended",
    )
    op.create_table(
        "assessment_ruling",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("appeal_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("ruled_by", sa.Text(), nullable=False),
        sa.Column("ruled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "source IN ('联合会审', '现场抽查', '申诉')", name=op.f("ck_assessment_ruling_source")
        ),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_assessment_ruling_appeal_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_assessment_ruling_org_id")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["assessment_round.id"], name=op.f("fk_assessment_ruling_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_ruling")),
        comment="append-only: what was decided about an input; the newest of a key holds",
    )
    op.create_index(
        "ix_assessment_ruling_round_id", "assessment_ruling", ["round_id"], unique=False
    )
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """What people decided goes with the tables; the assessments themselves stay."""
    op.drop_table("assessment_ruling")
    op.drop_table("appeal_decision")
    op.drop_table("assessment_consequence")
    op.drop_table("appeal")
    op.drop_table("assessment_edition")
    op.drop_table("rectification_step")
    op.drop_table("rating_electorate")
    op.drop_table("inspection_report")
    op.drop_table("inspection_draw")
    op.drop_table("rectification")
    op.drop_table("rating_tally")
    op.drop_table("rating_campaign")
    op.drop_table("inspection_sample")
    op.drop_table("assessor_mark")
    op.drop_table("assessment_stage")
    op.drop_table("assessment_round")
    op.execute("DROP FUNCTION refuse_change()")
