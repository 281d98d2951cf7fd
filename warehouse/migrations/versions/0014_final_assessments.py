"""Which results of an assessment were made final, in one place for sums and pages alike."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The newest edition that a meeting had made final; what is scored later is no more than a run.

    The view looks with its owner's eyes: it tells numbers and times only.
    """
    op.execute(
        """
        CREATE VIEW final_assessment AS
        SELECT e.assessment_id, s.at
        FROM assessment_stage AS s
        CROSS JOIN LATERAL (
            SELECT n.assessment_id
            FROM assessment_edition AS n
            WHERE n.round_id = s.round_id AND n.made_at <= s.at
            ORDER BY n.number DESC
            LIMIT 1
        ) AS e
        WHERE s.step = 'finalise'
        """
    )
    op.execute("GRANT SELECT ON final_assessment TO portal_reader")


def downgrade() -> None:
    """No such view."""
    op.execute("DROP VIEW final_assessment")
