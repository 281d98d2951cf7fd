"""Figures of the year up to a month, beside which the tasks of a letter are seen."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A third basis."""
    _bases("'reported', 'comparable', 'to_date'", "reported, comparable or to_date")


def downgrade() -> None:
    """The two there were."""
    op.execute("DELETE FROM indicator_value WHERE basis = 'to_date'")
    _bases("'reported', 'comparable'", "reported or comparable")


def _bases(allowed: str, comment: str) -> None:
    name = op.f("ck_indicator_value_basis")
    op.drop_constraint(name, "indicator_value", type_="check")
    op.create_check_constraint(name, "indicator_value", f"basis IN ({allowed})")
    op.alter_column("indicator_value", "basis", existing_type=sa.Text(), comment=comment)
