"""Every table of the warehouse, in the order in which a datum meets them."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

LINES = {"块": 1, "条": 2, "经费": 3}


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


def _when(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _history() -> tuple[Column[object], ...]:
    """Since when and until when a row was believed, and what brought it."""
    return (
        _when("recorded_at"),
        _when("retired_at", nullable=True),
        Column("change_id", BigInteger, comment="the organisation_change that brought it"),
        Column(
            "registered",
            Boolean,
            nullable=False,
            server_default="false",
            comment="as registered: what changes are replayed over",
        ),
    )


# --- what the federation decided, kept so that an old report can be produced again ---

definitions_edition = Table(
    "definitions_edition",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("sources", JSONB, nullable=False),
    _when("registered_at"),
)

form_column = Table(
    "form_column",
    metadata,
    Column("form", Text, primary_key=True),
    Column("edition", Text, primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("code", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("personal", Text, nullable=False),
    comment="order of the arrays in filing_row",
)

working_day = Table(
    "working_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("ordinal", Integer, nullable=False, comment="working days up to and including the day"),
)

# --- organisations: nothing is ever deleted, every relation has dates and a record time ---

organisation = Table(
    "organisation",
    metadata,
    _id(),
    Column("code", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False, comment="as registered; of a day: organisation_state"),
    Column("level", Text, nullable=False, comment="as registered; of a day: organisation_state"),
    Column("region", Text, nullable=False),
    Column("industry", Text, nullable=False),
    Column("reg_type", Text, nullable=False),
    Column("is_joint", Boolean, nullable=False),
    Column("found_date", Date, nullable=False),
    _when("recorded_at"),
)

organisation_name = Table(
    "organisation_name",
    metadata,
    _id(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="official, alias or former"),
    Column("valid", DATERANGE, nullable=False),
    *_history(),
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
    _id(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("kind", Text, nullable=False, comment="组织编码 or 工会信用代码"),
    Column("code", Text, nullable=False),
    Column("valid", DATERANGE, nullable=False),
    _when("recorded_at"),
    _when("retired_at", nullable=True),
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
    _id(),
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
    *_history(),
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
    _id(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("line", SmallInteger, nullable=False),
    Column("parent_id", ForeignKey("organisation.id"), nullable=False),
    Column("valid", DATERANGE, nullable=False),
    Column("approval", Text, nullable=False),
    Column("filing_id", BigInteger, comment="the ORG-03 filing that brought it, if one did"),
    *_history(),
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
    _id(),
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
    _when("recorded_at"),
    _when("in_force_at", nullable=True),
    Column("confirmed_by", Text, comment="the second pair of eyes; empty: by policy"),
    _when("undone_at", nullable=True),
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
    _id(),
    Column("key", Text, nullable=False, unique=True, comment="credit code, without one the name"),
    Column("uscc", Text, nullable=False, server_default=""),
    Column("name", Text, nullable=False),
    _when("recorded_at"),
)

organisation_employer = Table(
    "organisation_employer",
    metadata,
    _id(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("employer_id", ForeignKey("employer.id"), nullable=False),
    Column("valid", DATERANGE, nullable=False),
    _when("recorded_at"),
    _when("retired_at", nullable=True),
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
    _id(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("scheme", Text, nullable=False, comment="family of schemes, like TRA-FED"),
    Column("name", Text, nullable=False),
    Column("valid", DATERANGE, nullable=False),
    Column("approval", Text, nullable=False),
    _when("recorded_at"),
    _when("retired_at", nullable=True),
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

# --- periods and who must report, frozen when a period opens ---

period = Table(
    "period",
    metadata,
    Column("label", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("starts", Date, nullable=False),
    Column("ends", Date, nullable=False),
    Column("definitions", ForeignKey("definitions_edition.digest"), nullable=False),
    _when("opened_at"),
    _when("closed_at", nullable=True),
    _when("checked_at", nullable=True),
)

expected_filing = Table(
    "expected_filing",
    metadata,
    Column("period", ForeignKey("period.label"), primary_key=True),
    Column("form", Text, primary_key=True),
    Column("org_id", ForeignKey("organisation.id"), primary_key=True),
    Column("collector_id", ForeignKey("organisation.id")),
    Column("due_on", Date, nullable=False),
    Column("check_on", Date, nullable=False),
    Column("lock_on", Date, nullable=False),
)

form_window = Table(
    "form_window",
    metadata,
    Column("period", ForeignKey("period.label"), primary_key=True),
    Column("form", Text, primary_key=True),
    Column("edition", Text, nullable=False),
    Column("opened_with", Text, nullable=False, comment="the month whose opening brought it"),
    Column("due_on", Date, nullable=False),
    Column("check_on", Date, nullable=False),
    Column("lock_on", Date, nullable=False),
    _when("opened_at"),
    _when("frozen_at", nullable=True),
    Index("ix_form_window_opened_with", "opened_with"),
    comment="one form of one opened period: its days, and when its figures were published",
)

reopening = Table(
    "reopening",
    metadata,
    _id(),
    Column("period", ForeignKey("period.label"), nullable=False),
    Column("forms", ARRAY(Text), nullable=False, comment="empty: every form of the period"),
    Column(
        "organisations", ARRAY(BigInteger), nullable=False, comment="with all below; empty: all"
    ),
    Column("reason", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("until", Date, nullable=False, comment="last day; locked again on the next"),
    _when("opened_at"),
    _when("ended_at", nullable=True),
    Column("ended_by", Text),
    CheckConstraint("requested_by <> approved_by", name="four_eyes"),
    Index("ix_reopening_period", "period"),
    comment="one correction order: who may file again for a locked period, why and until when",
)

# --- what arrived ---

receipt = Table(
    "receipt",
    metadata,
    _id(),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("source", Text, nullable=False, comment="what the channel calls this delivery"),
    Column("sender", Text, nullable=False),
    Column("expected_period", Text),
    _when("received_at"),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("duplicate_of", ForeignKey("receipt.id")),
    _when("answered_at", nullable=True),
    CheckConstraint("state IN ('waiting', 'processed', 'duplicate')", name="state"),
    UniqueConstraint("channel", "source"),
    Index("ix_receipt_sha256", "sha256"),
    Index("ix_receipt_waiting", "id", postgresql_where=text("state = 'waiting'")),
)

submission = Table(
    "submission",
    metadata,
    _id(),
    Column("receipt_id", ForeignKey("receipt.id"), nullable=False),
    Column("member", Text, nullable=False, comment="path inside a zip, else empty"),
    Column("sha256", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("reporter_id", ForeignKey("organisation.id")),
    Column("period", Text),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("cover", JSONB, nullable=False),
    Column("definitions", ForeignKey("definitions_edition.digest"), nullable=False),
    Column("returned_file", Text, comment="content hash of the marked workbook"),
    _when("received_at"),
    _when("processed_at"),
    CheckConstraint("state IN ('accepted', 'explain', 'returned')", name="state"),
    UniqueConstraint("receipt_id", "member"),
    Index("ix_submission_reporter_id_period", "reporter_id", "period"),
)

filing = Table(
    "filing",
    metadata,
    _id(),
    Column("submission_id", ForeignKey("submission.id"), nullable=False),
    Column("form", Text, nullable=False),
    Column("edition", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("reporter_id", ForeignKey("organisation.id"), nullable=False),
    Column(
        "part",
        SmallInteger,
        nullable=False,
        server_default="1",
        comment="a form may fill several sheets of one workbook",
    ),
    Column("sheet", Text, nullable=False),
    Column("sheet_columns", ARRAY(Integer), nullable=False),
    Column("row_count", Integer, nullable=False),
    _when("received_at"),
    _when("accepted_at"),
    _when("superseded_at", nullable=True),
    Column("superseded_by", ForeignKey("filing.id")),
    Index(
        "one_current_filing",
        "reporter_id",
        "form",
        "period",
        "part",
        unique=True,
        postgresql_where=text("superseded_at IS NULL"),
    ),
    Index("ix_filing_submission_id", "submission_id"),
    Index("ix_filing_form_period", "form", "period"),
    comment="one form of one submission; append-only but for its own supersession",
)

filing_row = Table(
    "filing_row",
    metadata,
    Column("filing_id", BigInteger, nullable=False),
    Column("period_end", Date, nullable=False, comment="partition key"),
    Column("form", Text, nullable=False),
    Column("row_no", Integer, nullable=False, comment="row on the sheet"),
    Column("org_id", BigInteger, nullable=False, comment="whom the row is about"),
    Column("key", Text, nullable=False, comment="key columns joined by a tab"),
    Column("numbers", ARRAY(Numeric), nullable=False, comment="in the order of form_column"),
    Column("texts", ARRAY(Text), nullable=False, comment="dates as ISO text, booleans as 是/否"),
    Index("ix_filing_row_filing_id", "filing_id"),
    Index("ix_filing_row_form_org_id", "form", "org_id"),
    postgresql_partition_by="RANGE (period_end)",
    comment="one row per sheet line; append-only",
)

finding = Table(
    "finding",
    metadata,
    _id(),
    Column("submission_id", ForeignKey("submission.id"), nullable=False),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("advice", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("sheet", Text, nullable=False),
    Column("row_no", Integer),
    Column("columns", ARRAY(Integer), nullable=False),
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("expected", Text, nullable=False),
    Column("cell", Text, nullable=False),
    Column("explanation", Text, comment="the unit's words, when it gave any"),
    Column("stage", Text, nullable=False, server_default="receipt"),
    Column("period", Text, comment="closing: the period that was checked"),
    Column("org_id", ForeignKey("organisation.id"), comment="closing: whom the row is about"),
    Column("fingerprint", Text, comment="row, value and rule that an explanation is about"),
    Column("explained_by", ForeignKey("finding.id"), comment="where the words were first given"),
    _when("opened_at"),
    _when("cleared_at", nullable=True),
    CheckConstraint("stage IN ('receipt', 'closing')", name="stage"),
    CheckConstraint("stage = 'receipt' OR period IS NOT NULL", name="checked_period"),
    Index("ix_finding_submission_id", "submission_id"),
    Index("ix_finding_rule", "rule"),
    Index(
        "ix_finding_explained",
        "fingerprint",
        postgresql_where=text("explanation IS NOT NULL"),
    ),
    Index(
        "ix_finding_standing",
        "period",
        postgresql_where=text("stage = 'closing' AND cleared_at IS NULL"),
    ),
    comment="append-only but for words given to it and for its being cleared",
)

# --- what was computed from it ---

computation = Table(
    "computation",
    metadata,
    _id(),
    Column("period", Text, nullable=False),
    _when("cutoff"),
    Column("definitions", ForeignKey("definitions_edition.digest"), nullable=False),
    _when("computed_at"),
    UniqueConstraint("period", "cutoff", "definitions"),
)

indicator_value = Table(
    "indicator_value",
    metadata,
    Column("computation_id", ForeignKey("computation.id"), primary_key=True),
    Column("line", SmallInteger, primary_key=True),
    Column("org_id", BigInteger, primary_key=True, comment="0 is 未纳入产业"),
    Column("period", Text, primary_key=True),
    Column("basis", Text, primary_key=True, comment="reported, comparable or to_date"),
    Column("indicator", Text, primary_key=True),
    Column("value", Numeric),
    Column("numerator", Numeric),
    Column("denominator", Numeric),
    Column("reported", Integer, nullable=False),
    Column("expected", Integer),
    CheckConstraint("basis IN ('reported', 'comparable', 'to_date')", name="basis"),
)

assessment = Table(
    "assessment",
    metadata,
    _id(),
    Column("scheme", Text, nullable=False),
    Column("year", Integer, nullable=False),
    _when("cutoff"),
    Column("definitions", ForeignKey("definitions_edition.digest"), nullable=False),
    Column("computation_id", ForeignKey("computation.id"), nullable=False),
    UniqueConstraint("scheme", "year", "cutoff", "definitions"),
)

assessment_unit = Table(
    "assessment_unit",
    metadata,
    Column("assessment_id", ForeignKey("assessment.id"), primary_key=True),
    Column("org_id", ForeignKey("organisation.id"), primary_key=True),
    Column("ranking_group", Text, nullable=False),
    Column("total", Numeric),
    Column("grade", Text, nullable=False),
    Column("rank", Integer),
    Column("detail", JSONB, nullable=False, comment="blocks, items, explanations"),
)

veto = Table(
    "veto",
    metadata,
    _id(),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("entered_by", Text, nullable=False),
    _when("entered_at"),
    _when("revoked_at", nullable=True),
    UniqueConstraint("org_id", "year", "code", "document"),
    comment="one-vote vetoes entered by the federation with their document",
)

# --- what was published ---

publication = Table(
    "publication",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("org_id", ForeignKey("organisation.id"), nullable=False),
    Column("period", Text, nullable=False),
    Column("edition", Integer, nullable=False),
    _when("cutoff"),
    Column("definitions", ForeignKey("definitions_edition.digest"), nullable=False),
    Column("computation_id", ForeignKey("computation.id")),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("signer", Text),
    _when("created_at"),
    _when("decided_at", nullable=True),
    CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name="state"),
    UniqueConstraint("kind", "title", "org_id", "period", "edition"),
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
    Column("line", SmallInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("indicator", Text, nullable=False),
    Column("basis", Text, nullable=False, comment="本期, 上年同期, 可比口径 ..."),
    Column("value", Numeric),
)

audit_log = Table(
    "audit_log",
    metadata,
    _id(),
    _when("at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    comment="each entry carries the hash of the one before",
)
