"""Where each published number came from, and editions that can be made again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OLD = "'draft', 'published', 'withdrawn'"
_NEW = "'draft', 'signed', 'published', 'updated', 'withdrawn'"


def upgrade() -> None:
    """References and recipes of editions, their decisions, full lineage, deliveries, BI views."""
    op.add_column(
        "publication",
        sa.Column(
            "reference",
            sa.Text(),
            nullable=False,
            server_default="",
            comment="what its printed numbers are quoted by",
        ),
    )
    op.add_column(
        "publication",
        sa.Column(
            "recipe",
            postgresql.JSONB(),
            nullable=False,
            server_default="{}",
            comment="what beside unit and period it was made of",
        ),
    )
    # Editions from before have no quoted numbers; their id names them.
    op.execute("UPDATE publication SET reference = 'P' || id")
    op.alter_column("publication", "reference", server_default=None)
    op.alter_column("publication", "recipe", server_default=None)
    op.create_index("ix_publication_reference", "publication", ["reference"])
    _states(_NEW)
    op.create_table(
        "publication_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("publication_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publication.id"],
            name=op.f("fk_publication_decision_publication_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_decision")),
        comment="append-only: every state an edition has been in, and who put it there",
    )
    op.create_index(
        "ix_publication_decision_publication_id", "publication_decision", ["publication_id"]
    )
    op.execute(
        "INSERT INTO publication_decision (publication_id, state, actor, at) "
        "SELECT id, state, coalesce(signer, 'system'), coalesce(decided_at, created_at) "
        "FROM publication"
    )
    _numbers()
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("publication_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column(
            "target",
            sa.Text(),
            nullable=False,
            comment="folder, bucket or name of a distribution list",
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "channel IN ('folder', 'storage', 'mail')", name=op.f("ck_delivery_channel")
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.id"], name=op.f("fk_delivery_publication_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "publication_id",
            "channel",
            "target",
            name=op.f("uq_delivery_publication_id_channel_target"),
        ),
        comment="one handing over of one edition",
    )


def _numbers() -> None:
    for name, kind, default, comment in (
        ("ordinal", sa.Integer(), None, "the number as quoted: reference-ordinal"),
        ("source", sa.Text(), "indicator", "indicator, coverage, finding, assessment ..."),
        (
            "units",
            postgresql.ARRAY(sa.Text()),
            "{}",
            "parts of a sum made in the document",
        ),
        ("printed", sa.Text(), "", "as its readers see it"),
    ):
        op.add_column(
            "publication_number",
            sa.Column(
                name, kind, nullable=default is None, server_default=default, comment=comment
            ),
        )
    op.execute(
        "UPDATE publication_number AS n SET ordinal = x.ordinal FROM (SELECT publication_id, "
        "anchor, row_number() OVER (PARTITION BY publication_id ORDER BY anchor) AS ordinal "
        "FROM publication_number) AS x "
        "WHERE x.publication_id = n.publication_id AND x.anchor = n.anchor"
    )
    op.alter_column("publication_number", "ordinal", nullable=False)
    for name in ("source", "units", "printed"):
        op.alter_column("publication_number", name, server_default=None)
    op.create_unique_constraint(
        op.f("uq_publication_number_publication_id_ordinal"),
        "publication_number",
        ["publication_id", "ordinal"],
    )
    op.alter_column(
        "publication_number",
        "basis",
        existing_type=sa.Text(),
        comment="本期, 上年同期, 可比口径上年, 比上年 ...",
        existing_comment="本期, 上年同期, 可比口径 ...",
    )
    op.alter_column(
        "publication_number",
        "indicator",
        existing_type=sa.Text(),
        comment="code inside its source",
    )
    op.create_table_comment(
        "publication_number", "every number a publication prints, and what it is made of"
    )


def _states(allowed: str) -> None:
    op.drop_constraint(op.f("ck_publication_state"), "publication", type_="check")
    op.create_check_constraint(op.f("ck_publication_state"), "publication", f"state IN ({allowed})")


def downgrade() -> None:
    """Editions without recipe and decisions again."""
    op.drop_table("delivery")
    op.drop_table_comment("publication_number")
    op.drop_constraint(
        op.f("uq_publication_number_publication_id_ordinal"), "publication_number", type_="unique"
    )
    for name in ("printed", "units", "source", "ordinal"):
        op.drop_column("publication_number", name)
    op.alter_column(
        "publication_number",
        "basis",
        existing_type=sa.Text(),
        comment="本期, 上年同期, 可比口径 ...",
    )
    op.alter_column("publication_number", "indicator", existing_type=sa.Text(), comment=None)
    op.drop_table("publication_decision")
    op.execute("UPDATE publication SET state = 'published' WHERE state = 'updated'")
    op.execute("UPDATE publication SET state = 'draft' WHERE state = 'signed'")
    _states(_OLD)
    op.drop_index("ix_publication_reference", "publication")
    op.drop_column("publication", "recipe")
    op.drop_column("publication", "reference")
