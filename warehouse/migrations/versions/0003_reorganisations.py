"""Reorganisations: confirmed and undone changes, dated types, names, codes, employers, groups."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

HISTORIES = ("organisation_name", "organisation_state", "affiliation")
MOMENT = sa.DateTime(timezone=True)
COMMENTS = {
    "recorded_at": "",
    "change_id": "the organisation_change that brought it",
    "registered": "as registered: what changes are replayed over",
}


def upgrade() -> None:
    """Everything believed now is what was registered; changes from here on are replayed over it."""
    op.add_column("organisation_name", sa.Column("recorded_at", MOMENT, nullable=True))
    op.add_column("organisation_name", sa.Column("retired_at", MOMENT, nullable=True))
    op.execute(
        "UPDATE organisation_name n SET recorded_at = o.recorded_at "
        "FROM organisation o WHERE o.id = n.org_id"
    )
    op.alter_column("organisation_name", "recorded_at", nullable=False)
    for table in HISTORIES:
        op.add_column(table, sa.Column("change_id", sa.BigInteger(), comment=COMMENTS["change_id"]))
        op.add_column(
            table,
            sa.Column(
                "registered",
                sa.Boolean(),
                server_default="false",
                nullable=False,
                comment=COMMENTS["registered"],
            ),
        )
        op.execute(f"UPDATE {table} SET registered = true WHERE retired_at IS NULL")  # noqa: S608
    for name, comment in (
        ("type", None),
        ("level", None),
        ("resident", "industry unions only"),
        ("host", "where a non-resident union sits"),
    ):
        op.add_column(
            "organisation_state",
            sa.Column(name, sa.Text(), server_default="", nullable=False, comment=comment),
        )
    op.execute(
        "UPDATE organisation_state s SET type = o.type, level = o.level "
        "FROM organisation o WHERE o.id = s.org_id"
    )
    for name in ("type", "level"):
        op.alter_column("organisation_state", name, server_default=None)
        op.alter_column("organisation", name, comment="as registered; of a day: organisation_state")
    op.create_index("ix_organisation_state_org_id", "organisation_state", ["org_id"])
    op.create_index("ix_organisation_name_org_id", "organisation_name", ["org_id"])
    op.alter_column("organisation_name", "kind", comment="official, alias or former")
    op.drop_constraint("uq_organisation_name_org_id_name_valid", "organisation_name")
    op.execute(
        "ALTER TABLE organisation_name ADD CONSTRAINT one_official_name EXCLUDE USING gist "
        "(int8range(org_id, org_id, '[]') WITH &&, valid WITH &&) "
        "WHERE (retired_at IS NULL AND kind = 'official')"
    )
    _changes()
    _new_tables()


def _changes() -> None:
    table = "organisation_change"
    for column in (
        sa.Column("successor_id", sa.BigInteger()),
        sa.Column("split_pct", sa.Numeric()),
        sa.Column("members", sa.Integer()),
        sa.Column("workers", sa.Integer()),
        sa.Column(
            "after",
            postgresql.JSONB(),
            server_default="{}",
            nullable=False,
            comment="what its ORG-01 says",
        ),
        sa.Column("filed_by_id", sa.BigInteger()),
        sa.Column("in_force_at", MOMENT),
        sa.Column("confirmed_by", sa.Text(), comment="the second pair of eyes; empty: by policy"),
        sa.Column("undone_at", MOMENT),
        sa.Column("undone_by", sa.Text()),
        sa.Column("reason", sa.Text()),
    ):
        op.add_column(table, column)
    for name in ("successor_id", "filed_by_id"):
        op.create_foreign_key(f"fk_{table}_{name}", table, "organisation", [name], ["id"])
    op.alter_column(table, "filing_id", comment="where it was first declared")
    op.execute("UPDATE organisation_change SET in_force_at = recorded_at")
    op.drop_constraint("uq_organisation_change_org_id_change_line_effective_approval", table)
    op.create_index(
        "one_living_change",
        table,
        ["org_id", "change", "line", "effective", sa.text("coalesce(successor_id, 0)")],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.create_table_comment(
        table,
        "one event; without in_force_at it waits for confirmation, with undone_at it is undone",
    )


def _new_tables() -> None:
    op.create_table(
        "organisation_change_row",
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("filing_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["organisation_change.id"],
            name="fk_organisation_change_row_change_id",
        ),
        sa.ForeignKeyConstraint(
            ["filing_id"], ["filing.id"], name="fk_organisation_change_row_filing_id"
        ),
        sa.PrimaryKeyConstraint(
            "change_id", "filing_id", "row_no", name="pk_organisation_change_row"
        ),
        comment="every row of an accepted ORG-03 that declares a change",
    )
    op.execute(
        "INSERT INTO organisation_change_row "
        "SELECT c.id, c.filing_id, c.row_no FROM organisation_change c "
        "JOIN filing f ON f.id = c.filing_id"
    )
    op.create_table(
        "organisation_code",
        _id(),
        _org("organisation_code"),
        sa.Column("kind", sa.Text(), nullable=False, comment="组织编码 or 工会信用代码"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("retired_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_organisation_code"),
        postgresql.ExcludeConstraint(
            (
                sa.text("int8range(hashtextextended(code, 0), hashtextextended(code, 0), '[]')"),
                "&&",
            ),
            ("valid", "&&"),
            using="gist",
            where=sa.text("retired_at IS NULL AND kind = '组织编码'"),
            name="one_union_per_code",
        ),
        comment="codes a union bore; organisation.code is the one it is known by",
    )
    op.create_index("ix_organisation_code_org_id", "organisation_code", ["org_id"])
    op.create_table(
        "employer",
        _id(),
        sa.Column("key", sa.Text(), nullable=False, comment="credit code, without one the name"),
        sa.Column("uscc", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_employer"),
        sa.UniqueConstraint("key", name="uq_employer_key"),
    )
    op.create_table(
        "organisation_employer",
        _id(),
        _org("organisation_employer"),
        sa.Column(
            "employer_id",
            sa.BigInteger(),
            sa.ForeignKey("employer.id", name="fk_organisation_employer_employer_id"),
            nullable=False,
        ),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("retired_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_organisation_employer"),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(org_id, org_id, '[]')"), "&&"),
            (sa.text("int8range(employer_id, employer_id, '[]')"), "&&"),
            ("valid", "&&"),
            using="gist",
            where=sa.text("retired_at IS NULL"),
            name="one_cover_at_a_time",
        ),
        comment="which employers a union covers; a joint union covers many",
    )
    op.create_index(
        "ix_organisation_employer_employer_id", "organisation_employer", ["employer_id"]
    )
    op.create_table(
        "ranking_group",
        _id(),
        _org("ranking_group"),
        sa.Column("scheme", sa.Text(), nullable=False, comment="family of schemes, like TRA-FED"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("approval", sa.Text(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("retired_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_ranking_group"),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(org_id, org_id, '[]')"), "&&"),
            (
                sa.text(
                    "int8range(hashtextextended(scheme, 0), hashtextextended(scheme, 0), '[]')"
                ),
                "&&",
            ),
            ("valid", "&&"),
            using="gist",
            where=sa.text("retired_at IS NULL"),
            name="one_group_per_scheme",
        ),
        comment="with whom a union is ranked; without an entry the scheme's own grouping holds",
    )


def _id() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _org(table: str) -> sa.Column:
    return sa.Column(
        "org_id",
        sa.BigInteger(),
        sa.ForeignKey("organisation.id", name=f"fk_{table}_org_id"),
        nullable=False,
    )


def downgrade() -> None:
    """Back to changes that apply at once; undone and waiting ones are dropped with their record."""
    for table in ("ranking_group", "organisation_employer", "employer", "organisation_code"):
        op.drop_table(table)
    op.drop_table("organisation_change_row")
    op.execute("DELETE FROM organisation_change WHERE undone_at IS NOT NULL OR in_force_at IS NULL")
    op.drop_index("one_living_change", "organisation_change")
    for name in (
        "successor_id", "split_pct", "members", "workers", "after", "filed_by_id", "in_force_at",
        "confirmed_by", "undone_at", "undone_by", "reason",
    ):  # fmt: skip
        op.drop_column("organisation_change", name)
    op.create_unique_constraint(
        "uq_organisation_change_org_id_change_line_effective_approval",
        "organisation_change",
        ["org_id", "change", "line", "effective", "approval"],
    )
    op.drop_constraint("one_official_name", "organisation_name")
    op.execute("DELETE FROM organisation_name WHERE retired_at IS NOT NULL OR kind = 'former'")
    op.create_unique_constraint(
        "uq_organisation_name_org_id_name_valid", "organisation_name", ["org_id", "name", "valid"]
    )
    op.drop_index("ix_organisation_name_org_id", "organisation_name")
    op.drop_index("ix_organisation_state_org_id", "organisation_state")
    for name in ("type", "level", "resident", "host"):
        op.drop_column("organisation_state", name)
    for table in HISTORIES:
        op.drop_column(table, "change_id")
        op.drop_column(table, "registered")
    op.drop_column("organisation_name", "recorded_at")
    op.drop_column("organisation_name", "retired_at")
