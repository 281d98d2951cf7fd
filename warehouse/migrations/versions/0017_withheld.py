"""What is withheld of a computation, decided once and kept beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables; computations from before are decided when they are printed next."""
    op.create_table(
        "withholding",
        sa.Column("computation_id", sa.BigInteger(), nullable=False),
        sa.Column("figures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["computation_id"], ["computation.id"], name=op.f("fk_withholding_computation_id")
        ),
        sa.PrimaryKeyConstraint("computation_id", name=op.f("pk_withholding")),
        comment="it is decided what of a computation is withheld; so many figures are",
    )
    op.create_table(
        "withheld_figure",
        sa.Column("computation_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False, comment="its code; with 本级 its own part"),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["computation_id"],
            ["withholding.computation_id"],
            name=op.f("fk_withheld_figure_computation_id"),
        ),
        sa.PrimaryKeyConstraint(
            "computation_id", "line", "unit", "period", "indicator",
            name=op.f("pk_withheld_figure"),
        ),
        comment="one figure about few people that no publication may print; append-only",
    )  # fmt: skip


def downgrade() -> None:
    """Without them every process decides anew."""
    op.drop_table("withheld_figure")
    op.drop_table("withholding")
