"""Of each file taken, and of each log entry about one, rights ask which submission it is of."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two indexes: `may_fetch_original` and `audit_about` looked through every submission."""
    op.create_index("ix_submission_sha256", "submission", ["sha256"])
    op.create_index(
        "ix_submission_returned_file", "submission", ["returned_file"],
        postgresql_where=sa.text("returned_file IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    """Without them."""
    for name in ("returned_file", "sha256"):
        op.drop_index(f"ix_submission_{name}", "submission")
