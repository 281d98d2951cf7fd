"""What is to be told to whom, each told once; who may be reached where; the mails that came."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
UNTOLD = sa.text("told_at IS NULL")
HASHED = "hashtextextended(kind || ' ' || address, 0)"


def upgrade() -> None:
    """Whatever was received so far has been answered: nobody is told of it now."""
    op.create_table(
        "contact",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "address",
            sa.Text(),
            nullable=False,
            comment="mail address, SFTP user, prefix or chat name",
        ),
        sa.Column(
            "sends", sa.Boolean(), nullable=False, comment="files from here are the organisation's"
        ),
        sa.Column("told", sa.Boolean(), nullable=False, comment="notifications go here"),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("retired_at", MOMENT),
        sa.Column("bounced_at", MOMENT),
        sa.CheckConstraint(
            "kind IN ('mail', 'sftp', 'object', 'chat')", name=op.f("ck_contact_kind")
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_contact_org_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        postgresql.ExcludeConstraint(
            (sa.text(f"int8range({HASHED}, {HASHED}, '[]')"), "&&"),
            ("valid", "&&"),
            using="gist",
            where=sa.text("retired_at IS NULL AND sends"),
            name="one_sender_per_address",
        ),
        comment=(
            "one way to reach an organisation, with its days; an address sends for one at a time"
        ),
    )
    op.create_index("ix_contact_org_id", "contact", ["org_id"])
    op.create_index("ix_contact_address", "contact", ["kind", "address"])
    op.create_table(
        "letter",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="what the channel calls it"),
        sa.Column(
            "digest", sa.Text(), nullable=False, comment="of what was said: equal when sent again"
        ),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False, comment="message ids it goes on from"),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column(
            "sender", sa.Text(), nullable=False, comment="organisation code; empty: not known"
        ),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column(
            "sha256", sa.Text(), nullable=False, comment="the whole mail; of a huge one its head"
        ),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT),
        sa.CheckConstraint(
            "nature IN ('delivery', 'automatic delivery', 'empty', 'huge', 'automatic', "
            "'bounce', 'again')",
            name=op.f("ck_letter_nature"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("channel", "source", name=op.f("uq_letter_channel_source")),
        comment="one mail that came; its attachments are receipts",
    )
    op.create_index("ix_letter_digest", "letter", ["digest"])
    op.create_index("ix_letter_untold", "letter", ["id"], postgresql_where=UNTOLD)
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="the same thing is told once"),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "facts",
            postgresql.JSONB(),
            nullable=False,
            comment="counts, periods, forms; nobody's data",
        ),
        sa.Column(
            "files", postgresql.JSONB(), nullable=False, comment="[{name, sha256}] that go with it"
        ),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_notice_org_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
        comment="one thing that an organisation is to be told; several go into one message",
    )
    op.create_index("ix_notice_untold", "notice", ["org_id"], postgresql_where=UNTOLD)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="the same message is written once"),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("org_id", sa.BigInteger()),
        sa.Column("kind", sa.Text(), nullable=False, comment="answer, digest, unknown sender, ..."),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "files",
            postgresql.JSONB(),
            nullable=False,
            comment="[{name, sha256}], kept as originals",
        ),
        sa.Column(
            "answers", sa.Text(), nullable=False, comment="message id of the mail it answers"
        ),
        sa.Column("thread", sa.Text(), nullable=False, comment="message ids it goes on from"),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("notices", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("handed_at", MOMENT),
        sa.Column("sent_at", MOMENT),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "way IN ('mail', 'chat', 'sftp', 'object', 'folder')", name=op.f("ck_outbox_way")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'handing', 'sent', 'unsure', 'refused', 'given up', 'bounced')",
            name=op.f("ck_outbox_state"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_outbox_org_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
        comment="one message to one address; handing: nobody knows yet whether it went out",
    )
    op.create_index(
        "ix_outbox_to_send",
        "outbox",
        ["next_try_at"],
        postgresql_where=sa.text("state IN ('waiting', 'handing')"),
    )
    op.create_index("ix_outbox_org_id", "outbox", ["org_id"])
    op.create_table(
        "workbook_fetched",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False, comment="portal, command line, ..."),
        sa.Column("fetched_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_workbook_fetched_org_id_organisation")
        ),
        sa.PrimaryKeyConstraint("period", "org_id", name=op.f("pk_workbook_fetched")),
        comment="the first time an organisation took its workbook of a period",
    )
    op.add_column(
        "receipt",
        sa.Column(
            "address",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="what the channel calls the sender, where it was looked up",
        ),
    )
    op.add_column(
        "receipt", sa.Column("letter_id", sa.BigInteger(), comment="the mail it was attached to")
    )
    op.add_column("receipt", sa.Column("told_at", MOMENT))
    op.execute("UPDATE receipt SET told_at = received_at")
    op.create_foreign_key("fk_receipt_letter_id", "receipt", "letter", ["letter_id"], ["id"])
    op.drop_constraint("ck_receipt_state", "receipt")
    op.create_check_constraint(
        op.f("ck_receipt_state"),
        "receipt",
        "state IN ('waiting', 'processed', 'duplicate', 'held')",
    )
    op.create_index("ix_receipt_letter_id", "receipt", ["letter_id"])
    op.create_index("ix_receipt_untold", "receipt", ["id"], postgresql_where=UNTOLD)


def downgrade() -> None:
    """What was held goes back to waiting: without contacts nobody is unknown."""
    op.drop_index("ix_receipt_untold", "receipt")
    op.drop_index("ix_receipt_letter_id", "receipt")
    op.drop_constraint("ck_receipt_state", "receipt")
    op.execute("UPDATE receipt SET state = 'waiting' WHERE state = 'held'")
    op.create_check_constraint(
        op.f("ck_receipt_state"), "receipt", "state IN ('waiting', 'processed', 'duplicate')"
    )
    op.drop_constraint("fk_receipt_letter_id", "receipt")
    for name in ("told_at", "letter_id", "address"):
        op.drop_column("receipt", name)
    for table in ("workbook_fetched", "outbox", "notice", "letter", "contact"):
        op.drop_table(table)
