"""Distribution lists are kept, with who put an address there; a delivery knows its mails.

A list belongs to a union: whose people and offices it holds. What is addressed to one union goes to
its own lists alone. Lists and addresses are ended, never deleted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NOW = sa.DateTime(timezone=True)

POLICIES = {
    "distribution_list": (
        "org_id IN (SELECT sight_ids('portal.full')) "
        "AND 'publish' IN (SELECT sight_texts('portal.verbs'))"
    ),
    "distribution_member": "EXISTS (SELECT 1 FROM distribution_list AS d WHERE d.id = list_id)",
    "delivery_mail": "EXISTS (SELECT 1 FROM delivery AS d WHERE d.id = delivery_id)",
}


def upgrade() -> None:
    """Lists, their members, and the mails of a delivery."""
    op.create_table(
        "distribution_list",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False, comment="whose people are in it"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", NOW, nullable=False),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_at", NOW),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_distribution_list_org_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distribution_list")),
        comment="whom publications are mailed to; ended, never deleted",
    )
    op.create_index(
        "one_list_of_a_name", "distribution_list", ["name"],
        unique=True, postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "distribution_member",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False, comment="as mail addresses are compared"),
        sa.Column(
            "whom", sa.Text(), nullable=False, comment="the person or office behind the address"
        ),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", NOW, nullable=False),
        sa.Column("removed_by", sa.Text()),
        sa.Column("removed_at", NOW),
        sa.ForeignKeyConstraint(
            ["list_id"], ["distribution_list.id"], name=op.f("fk_distribution_member_list_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distribution_member")),
        comment="one address of a list with who put it there; taken off, never deleted",
    )
    op.create_index(
        "one_standing_member", "distribution_member", ["list_id", "address"],
        unique=True, postgresql_where=sa.text("removed_at IS NULL"),
    )  # fmt: skip
    op.add_column(
        "delivery",
        sa.Column("list_id", sa.BigInteger(), comment="whatever it is called now"),
    )
    op.create_foreign_key(
        op.f("fk_delivery_list_id"), "delivery", "distribution_list", ["list_id"], ["id"]
    )
    op.add_column(
        "delivery", sa.Column("actor", sa.Text(), nullable=False, server_default="system")
    )
    op.drop_constraint("uq_delivery_publication_id_channel_target", "delivery")
    op.create_index(
        "one_delivery_to_a_place", "delivery", ["publication_id", "channel", "target"],
        unique=True, postgresql_where=sa.text("channel <> 'mail'"),
    )  # fmt: skip
    op.create_table_comment(
        "delivery", "one handing over of one edition; a list may grow and be sent to again"
    )
    op.create_table(
        "delivery_mail",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_mail_delivery_id")
        ),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox.id"], name=op.f("fk_delivery_mail_outbox_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", "outbox_id", name=op.f("pk_delivery_mail")),
        comment="one mail of a handing over; the outbox knows what became of it",
    )
    for table, rows in POLICIES.items():
        op.execute(f"GRANT SELECT ON {table} TO portal_reader")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sight ON {table} FOR SELECT TO portal_reader USING ({rows})")


def downgrade() -> None:
    """Lists are forgotten; deliveries stay, the first to each target."""
    op.drop_table("delivery_mail")
    op.drop_index("one_delivery_to_a_place", "delivery")
    op.drop_column("delivery", "actor")
    op.drop_column("delivery", "list_id")
    op.execute(
        "DELETE FROM delivery d USING delivery e WHERE e.publication_id = d.publication_id "
        "AND e.channel = d.channel AND e.target = d.target AND e.id < d.id"
    )
    op.create_unique_constraint(
        "uq_delivery_publication_id_channel_target", "delivery",
        ["publication_id", "channel", "target"],
    )  # fmt: skip
    op.create_table_comment("delivery", "one handing over of one edition")
    op.drop_table("distribution_member")
    op.drop_table("distribution_list")
