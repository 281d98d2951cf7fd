"""Who may be reached where, what is to be told to whom, and the messages that tell it."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint

from warehouse.tables.schema import id_column, metadata, when_column

contact = Table(
    "contact",
    metadata,
    id_column(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("address", Text, nullable=False, comment="mail address, SFTP user, prefix or chat name"),
    Column("sends", Boolean, nullable=False, comment="files from here are the organisation's"),
    Column("told", Boolean, nullable=False, comment="notifications go here"),
    Column("valid", DATERANGE, nullable=False),
    when_column("recorded_at"),
    when_column("retired_at", nullable=True),
    when_column("bounced_at", nullable=True),
    CheckConstraint("kind IN ('mail', 'sftp', 'object', 'chat')", name="kind"),
    ExcludeConstraint(
        (
            text(
                "int8range(hashtextextended(kind || ' ' || address, 0), "
                "hashtextextended(kind || ' ' || address, 0), '[]')"
            ),
            "&&",
        ),
        ("valid", "&&"),
        using="gist",
        where=text("retired_at IS NULL AND sends"),
        name="one_sender_per_address",
    ),
    Index("ix_contact_org_id", "org_id"),
    Index("ix_contact_address", "kind", "address"),
    comment="one way to reach an organisation, with its days; an address sends for one at a time",
)

letter = Table(
    "letter",
    metadata,
    id_column(),
    Column("channel", Text, nullable=False),
    Column("source", Text, nullable=False, comment="what the channel calls it"),
    Column("digest", Text, nullable=False, comment="of what was said: equal when sent again"),
    Column("message_id", Text, nullable=False),
    Column("thread", Text, nullable=False, comment="message ids it goes on from"),
    Column("address", Text, nullable=False),
    Column("sender", Text, nullable=False, comment="organisation code; empty: not known"),
    Column("nature", Text, nullable=False),
    Column("sha256", Text, nullable=False, comment="the whole mail; of a huge one its head"),
    Column("size", BigInteger, nullable=False),
    when_column("received_at"),
    when_column("told_at", nullable=True),
    Column(
        "confirmed",
        Boolean,
        nullable=False,
        server_default="true",
        comment="somebody vouched for its sender",
    ),
    CheckConstraint(
        "nature IN ('delivery', 'automatic delivery', 'empty', 'huge', 'automatic', 'bounce', "
        "'again')",
        name="nature",
    ),
    UniqueConstraint("channel", "source"),
    Index("ix_letter_digest", "digest"),
    Index("ix_letter_untold", "id", postgresql_where=text("told_at IS NULL")),
    comment="one mail that came; its attachments are receipts",
)

notice = Table(
    "notice",
    metadata,
    id_column(),
    Column("key", Text, nullable=False, unique=True, comment="the same thing is told once"),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("facts", JSONB, nullable=False, comment="counts, periods, forms; nobody's data"),
    Column("files", JSONB, nullable=False, comment="[{name, sha256}] that go with it"),
    when_column("noted_at"),
    when_column("told_at", nullable=True),
    Index("ix_notice_untold", "org_id", postgresql_where=text("told_at IS NULL")),
    comment="one thing that an organisation is to be told; several go into one message",
)

outbox = Table(
    "outbox",
    metadata,
    id_column(),
    Column("key", Text, nullable=False, unique=True, comment="the same message is written once"),
    Column("way", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("org_id", ForeignKey("organisation.id")),
    Column("kind", Text, nullable=False, comment="answer, digest, unknown sender, ..."),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("files", JSONB, nullable=False, comment="[{name, sha256}], kept as originals"),
    Column("answers", Text, nullable=False, comment="message id of the mail it answers"),
    Column("thread", Text, nullable=False, comment="message ids it goes on from"),
    Column("message_id", Text, nullable=False, unique=True),
    Column("notices", ARRAY(BigInteger), nullable=False),
    when_column("written_at"),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("tries", Integer, nullable=False, server_default="0"),
    when_column("next_try_at"),
    when_column("handed_at", nullable=True),
    when_column("sent_at", nullable=True),
    Column("error", Text, nullable=False, server_default=""),
    CheckConstraint("way IN ('mail', 'chat', 'sftp', 'object', 'folder')", name="way"),
    CheckConstraint(
        "state IN ('waiting', 'handing', 'sent', 'unsure', 'refused', 'given up', 'bounced', "
        "'cancelled')",
        name="state",
    ),
    Index(
        "ix_outbox_to_send",
        "next_try_at",
        postgresql_where=text("state IN ('waiting', 'handing')"),
    ),
    Index("ix_outbox_org_id", "org_id"),
    comment="one message to one address; handing: nobody knows yet whether it went out",
)

workbook_fetched = Table(
    "workbook_fetched",
    metadata,
    Column("period", Text, primary_key=True),
    Column("org_id", ForeignKey("organisation.id"), primary_key=True),
    Column("how", Text, nullable=False, comment="portal, command line, ..."),
    when_column("fetched_at"),
    comment="the first time an organisation took its workbook of a period",
)
