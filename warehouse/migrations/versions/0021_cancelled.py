"""Mails of an edition that is withdrawn or replaced are cancelled, not sent."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BEFORE = ("waiting", "handing", "sent", "unsure", "refused", "given up", "bounced")


def upgrade() -> None:
    """One more state."""
    _states(*BEFORE, "cancelled")


def downgrade() -> None:
    """What was cancelled is given up: it is not sent unless a person asks."""
    op.execute("UPDATE outbox SET state = 'given up' WHERE state = 'cancelled'")
    _states(*BEFORE)


def _states(*allowed: str) -> None:
    name = op.f("ck_outbox_state")
    told = ", ".join(f"'{state}'" for state in allowed)
    op.drop_constraint(name, "outbox", type_="check")
    op.create_check_constraint(name, "outbox", f"state IN ({told})")
