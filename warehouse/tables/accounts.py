"""Who may sign in, what each may do and for whom; the portal's sessions."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)

from warehouse.tables.schema import id_column, metadata, when_column

role = Table(
    "role",
    metadata,
    Column("code", Text, primary_key=True),
    Column("sees", Text, nullable=False, comment="own, below or none"),
    Column("personal", Text, nullable=False, comment="none, own or named in the grant"),
    Column("works", ARRAY(Text), nullable=False, comment="key works; empty: all"),
    Column("verbs", ARRAY(Text), nullable=False),
    CheckConstraint("sees IN ('own', 'below', 'none')", name="sees"),
    CheckConstraint("personal IN ('none', 'own', 'named')", name="personal"),
    comment="definitions/roles.yaml, kept where the policies can read it",
)

form_family = Table(
    "form_family",
    metadata,
    Column("prefix", Text, primary_key=True, comment="of form and indicator codes, like FIN"),
    Column("work", Text, nullable=False),
    comment="to which key work the forms of a prefix belong",
)

account = Table(
    "account",
    metadata,
    id_column(),
    Column("login", Text, nullable=False, unique=True, comment="lower case"),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False, server_default="zh"),
    Column("password_hash", Text, comment="argon2id; empty: signs in elsewhere only"),
    when_column("password_changed_at", nullable=True),
    Column("must_change_password", Boolean, nullable=False, server_default="false"),
    Column("failures", Integer, nullable=False, server_default="0"),
    when_column("locked_until", nullable=True),
    Column("totp_secret", Text, comment="concealed with the data key"),
    when_column("totp_confirmed_at", nullable=True),
    Column("totp_step", BigInteger, comment="the last time step used; none is used twice"),
    Column("external_subject", Text, unique=True, comment="issuer and subject of single sign-on"),
    Column(
        "external_email",
        Text,
        unique=True,
        comment="lower case; single sign-on with it, verified, is bound once",
    ),
    when_column("created_at"),
    Column("created_by", Text, nullable=False),
    when_column("closed_at", nullable=True),
    Column("closed_by", Text),
    comment="one person; never deleted, only closed",
)

account_grant = Table(
    "account_grant",
    metadata,
    id_column(),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("role", ForeignKey("role.code"), nullable=False),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("line", SmallInteger, nullable=False),
    Column("works", ARRAY(Text), nullable=False, comment="key works; empty: those of the role"),
    Column("personal", Boolean, nullable=False, comment="may see rows about persons"),
    Column("since", Date, nullable=False),
    Column("until", Date, comment="last day"),
    when_column("granted_at"),
    Column("granted_by", Text, nullable=False),
    when_column("revoked_at", nullable=True),
    Column("revoked_by", Text),
    CheckConstraint("line IN (1, 2)", name="line"),
    Index("ix_account_grant_account_id", "account_id"),
    Index("ix_account_grant_org_id", "org_id"),
    Index(
        "one_standing_grant",
        "account_id",
        "role",
        "org_id",
        "line",
        unique=True,
        postgresql_where=text("revoked_at IS NULL"),
    ),
    comment="one role of one account for one organisation on one line, with its days",
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("hash", Text, primary_key=True, comment="SHA-256 of a random code"),
    when_column("created_at"),
    when_column("used_at", nullable=True),
    comment="signs in once when the telephone is lost",
)

session = Table(
    "session",
    metadata,
    Column("hash", Text, primary_key=True, comment="SHA-256 of what the browser keeps"),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("csrf", Text, nullable=False),
    when_column("began_at"),
    when_column("seen_at"),
    when_column("expires_at"),
    when_column("second_factor_at", nullable=True),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    when_column("ended_at", nullable=True),
    Index("ix_session_account_id", "account_id"),
    comment="one signing in; a new one at every change of rights",
)
