"""Organisations: nothing is ever deleted, every relation has dates and a record time."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint

from warehouse.tables.schema import history_columns, id_column, metadata, when_column

LINES = {"块": 1, "条": 2, "经费": 3}

organisation = Table(
    "organisation",
    metadata,
    id_column(),
    Column("code", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False, comment="as registered; of a day: organisation_state"),
    Column("level", Text, nullable=False, comment="as registered; of a day: organisation_state"),
    Column("region", Text, nullable=False),
    Column("industry", Text, nullable=False),
    Column("reg_type", Text, nullable=False),
    Column("is_joint", Boolean, nullable=False),
    Column("found_date", Date, nullable=False),
    when_column("recorded_at"),
)

organisation_name = Table(
    "organisation_name",
    metadata,
    id_column(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="official, alias or former"),
    Column("valid", DATERANGE, nullable=False),
    *history_columns(),
    ExcludeConstraint(
        (text("int8range(org_id, org_id, '[]')"), "&&"),
        ("valid", "&&"),
        using="gist",
        where=text("retired_at IS NULL AND kind = 'official'"),
        name="one_official_name",
    ),
    Index("ix_organisation_name_name", "name"),
    Index("ix_organisation_name_org_id", "org_id"),
)

organisation_code = Table(
    "organisation_code",
    metadata,
    id_column(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("kind", Text, nullable=False, comment="组织编码 or 工会信用代码"),
    Column("code", Text, nullable=False),
    Column("valid", DATERANGE, nullable=False),
    when_column("recorded_at"),
    when_column("retired_at", nullable=True),
    ExcludeConstraint(
        (
            text("int8range(hashtextextended(code, 0), hashtextextended(code, 0), '[]')"),
            "&&",
        ),
        ("valid", "&&"),
        using="gist",
        where=text("retired_at IS NULL AND kind = '组织编码'"),
        name="one_union_per_code",
    ),
    Index("ix_organisation_code_org_id", "org_id"),
    comment="codes a union bore; organisation.code is the one it is known by",
)

organisation_state = Table(
    "organisation_state",
    metadata,
    id_column(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("lead", Text, nullable=False, comment="which line leads"),
    Column("type", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("resident", Text, nullable=False, server_default="", comment="industry unions only"),
    Column(
        "host", Text, nullable=False, server_default="", comment="where a non-resident union sits"
    ),
    Column("valid", DATERANGE, nullable=False),
    *history_columns(),
    ExcludeConstraint(
        (text("int8range(org_id, org_id, '[]')"), "&&"),
        ("valid", "&&"),
        using="gist",
        where=text("retired_at IS NULL"),
        name="one_state_at_a_time",
    ),
    Index("ix_organisation_state_org_id", "org_id"),
)

affiliation = Table(
    "affiliation",
    metadata,
    id_column(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("line", SmallInteger, nullable=False),
    Column("parent_id", ForeignKey("organisation.id"), nullable=False),
    Column("valid", DATERANGE, nullable=False),
    Column("approval", Text, nullable=False),
    Column("filing_id", BigInteger, comment="the ORG-03 filing that brought it, if one did"),
    *history_columns(),
    CheckConstraint("line IN (1, 2, 3)", name="line"),
    CheckConstraint("org_id <> parent_id", name="not_own_parent"),
    ExcludeConstraint(
        (text("int8range(org_id * 4 + line, org_id * 4 + line, '[]')"), "&&"),
        ("valid", "&&"),
        using="gist",
        where=text("retired_at IS NULL"),
        name="one_parent_per_line",
    ),
    Index("ix_affiliation_parent_id", "parent_id"),
)

organisation_change = Table(
    "organisation_change",
    metadata,
    id_column(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("change", Text, nullable=False),
    Column("line", SmallInteger, nullable=False),
    Column("from_id", ForeignKey("organisation.id")),
    Column("to_id", ForeignKey("organisation.id")),
    Column("successor_id", ForeignKey("organisation.id")),
    Column("effective", Date, nullable=False),
    Column("approval", Text, nullable=False),
    Column("split_pct", Numeric),
    Column("members", Integer),
    Column("workers", Integer),
    Column("after", JSONB, nullable=False, server_default="{}", comment="what its ORG-01 says"),
    Column("filing_id", BigInteger, nullable=False, comment="where it was first declared"),
    Column("row_no", Integer, nullable=False),
    Column("filed_by_id", ForeignKey("organisation.id")),
    when_column("recorded_at"),
    when_column("in_force_at", nullable=True),
    Column("confirmed_by", Text, comment="the second pair of eyes; empty: by policy"),
    when_column("undone_at", nullable=True),
    Column("undone_by", Text),
    Column("reason", Text),
    Index(
        "one_living_change",
        "org_id",
        "change",
        "line",
        "effective",
        text("coalesce(successor_id, 0)"),
        unique=True,
        postgresql_where=text("undone_at IS NULL"),
    ),
    comment="one event; without in_force_at it waits for confirmation, with undone_at it is undone",
)

organisation_change_row = Table(
    "organisation_change_row",
    metadata,
    Column("change_id", ForeignKey("organisation_change.id"), primary_key=True),
    Column("filing_id", ForeignKey("filing.id"), primary_key=True),
    Column("row_no", Integer, primary_key=True),
    comment="every row of an accepted ORG-03 that declares a change",
)

employer = Table(
    "employer",
    metadata,
    id_column(),
    Column("key", Text, nullable=False, unique=True, comment="credit code, without one the name"),
    Column("uscc", Text, nullable=False, server_default=""),
    Column("name", Text, nullable=False),
    when_column("recorded_at"),
)

organisation_employer = Table(
    "organisation_employer",
    metadata,
    id_column(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("employer_id", ForeignKey("employer.id"), nullable=False),
    Column("valid", DATERANGE, nullable=False),
    when_column("recorded_at"),
    when_column("retired_at", nullable=True),
    ExcludeConstraint(
        (text("int8range(org_id, org_id, '[]')"), "&&"),
        (text("int8range(employer_id, employer_id, '[]')"), "&&"),
        ("valid", "&&"),
        using="gist",
        where=text("retired_at IS NULL"),
        name="one_cover_at_a_time",
    ),
    Index("ix_organisation_employer_employer_id", "employer_id"),
    comment="which employers a union covers; a joint union covers many",
)

ranking_group = Table(
    "ranking_group",
    metadata,
    id_column(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("scheme", Text, nullable=False, comment="family of schemes, like TRA-FED"),
    Column("name", Text, nullable=False),
    Column("valid", DATERANGE, nullable=False),
    Column("approval", Text, nullable=False),
    when_column("recorded_at"),
    when_column("retired_at", nullable=True),
    ExcludeConstraint(
        (text("int8range(org_id, org_id, '[]')"), "&&"),
        (
            text("int8range(hashtextextended(scheme, 0), hashtextextended(scheme, 0), '[]')"),
            "&&",
        ),
        ("valid", "&&"),
        using="gist",
        where=text("retired_at IS NULL"),
        name="one_group_per_scheme",
    ),
    comment="with whom a union is ranked; without an entry the scheme's own grouping holds",
)
