"""A form may fill several sheets of one workbook: all of them are current together."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CURRENT = sa.text("superseded_at IS NULL")


def upgrade() -> None:
    """Number the sheets of a form within their submission; one submission stays current."""
    op.add_column(
        "filing",
        sa.Column(
            "part",
            sa.SmallInteger(),
            server_default="1",
            nullable=False,
            comment="a form may fill several sheets of one workbook",
        ),
    )
    op.drop_index("one_current_filing", table_name="filing", postgresql_where=CURRENT)
    op.create_index(
        "one_current_filing",
        "filing",
        ["reporter_id", "form", "period", "part"],
        unique=True,
        postgresql_where=CURRENT,
    )


def downgrade() -> None:
    """Go back to one sheet per form."""
    op.drop_index("one_current_filing", table_name="filing", postgresql_where=CURRENT)
    op.drop_column("filing", "part")
    op.create_index(
        "one_current_filing",
        "filing",
        ["reporter_id", "form", "period"],
        unique=True,
        postgresql_where=CURRENT,
    )
