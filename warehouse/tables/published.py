"""What was published: editions, who decided over them, their files, numbers and deliveries."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.schema import id_column, metadata, when_column

publication = Table(
    "publication",
    metadata,
    id_column(),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("period", Text, nullable=False),
    Column("edition", Integer, nullable=False),
    when_column("cutoff"),
    Column("definitions", ForeignKey("definitions_edition.digest"), nullable=False),
    Column("computation_id", ForeignKey("computation.id")),
    Column("reference", Text, nullable=False, comment="what its printed numbers are quoted by"),
    Column("recipe", JSONB, nullable=False, comment="what beside unit and period it was made of"),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("signer", Text),
    when_column("created_at"),
    when_column("decided_at", nullable=True),
    CheckConstraint(
        "state IN ('draft', 'signed', 'published', 'updated', 'withdrawn')", name="state"
    ),
    UniqueConstraint("kind", "title", "org_id", "period", "edition"),
    Index("ix_publication_reference", "reference"),
)

publication_decision = Table(
    "publication_decision",
    metadata,
    id_column(),
    Column("publication_id", ForeignKey("publication.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    when_column("at"),
    Index("ix_publication_decision_publication_id", "publication_id"),
    comment="append-only: every state an edition has been in, and who put it there",
)

publication_file = Table(
    "publication_file",
    metadata,
    Column("publication_id", ForeignKey("publication.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
)

publication_number = Table(
    "publication_number",
    metadata,
    Column("publication_id", ForeignKey("publication.id"), primary_key=True),
    Column("anchor", Text, primary_key=True),
    Column("ordinal", Integer, nullable=False, comment="the number as quoted: reference-ordinal"),
    Column("source", Text, nullable=False, comment="indicator, coverage, finding, assessment ..."),
    Column("line", SmallInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("indicator", Text, nullable=False, comment="code inside its source"),
    Column("basis", Text, nullable=False, comment="本期, 上年同期, 可比口径上年, 比上年 ..."),
    Column("units", ARRAY(Text), nullable=False, comment="parts of a sum made in the document"),
    Column("printed", Text, nullable=False, comment="as its readers see it"),
    Column("value", Numeric),
    UniqueConstraint("publication_id", "ordinal"),
    comment="every number a publication prints, and what it is made of",
)

delivery = Table(
    "delivery",
    metadata,
    id_column(),
    Column("publication_id", ForeignKey("publication.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("target", Text, nullable=False, comment="folder, bucket or name of a distribution list"),
    when_column("at"),
    Column("list_id", ForeignKey("distribution_list.id"), comment="whatever it is called now"),
    Column("actor", Text, nullable=False, server_default="system"),
    Index(
        "one_delivery_to_a_place",
        "publication_id",
        "channel",
        "target",
        unique=True,
        postgresql_where=text("channel <> 'mail'"),
    ),
    CheckConstraint("channel IN ('folder', 'storage', 'mail')", name="channel"),
    comment="one handing over of one edition; a list may grow and be sent to again",
)

delivery_mail = Table(
    "delivery_mail",
    metadata,
    Column("delivery_id", ForeignKey("delivery.id"), primary_key=True),
    Column("outbox_id", ForeignKey("outbox.id"), primary_key=True),
    comment="one mail of a handing over; the outbox knows what became of it",
)

distribution_list = Table(
    "distribution_list",
    metadata,
    id_column(),
    Column(
        "org_id", ForeignKey("organisation.id"), nullable=False, comment="whose people are in it"
    ),
    Column("name", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    when_column("created_at"),
    Column("ended_by", Text),
    when_column("ended_at", nullable=True),
    Index("one_list_of_a_name", "name", unique=True, postgresql_where=text("ended_at IS NULL")),
    comment="whom publications are mailed to; ended, never deleted",
)

distribution_member = Table(
    "distribution_member",
    metadata,
    id_column(),
    Column("list_id", ForeignKey("distribution_list.id"), nullable=False),
    Column("address", Text, nullable=False, comment="as mail addresses are compared"),
    Column("whom", Text, nullable=False, comment="the person or office behind the address"),
    Column("added_by", Text, nullable=False),
    when_column("added_at"),
    Column("removed_by", Text),
    when_column("removed_at", nullable=True),
    Index(
        "one_standing_member",
        "list_id",
        "address",
        unique=True,
        postgresql_where=text("removed_at IS NULL"),
    ),
    comment="one address of a list with who put it there; taken off, never deleted",
)
