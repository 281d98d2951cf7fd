"""An assessment year: its stages, what people added to the figures, appeals, consequences."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
)

from warehouse.tables.schema import id_column, metadata, when_column


def _org() -> Column[int]:
    return Column("org_id", ForeignKey("organisation.id"), nullable=False)


def _round() -> Column[int]:
    return Column("round_id", ForeignKey("assessment_round.id"), nullable=False)


def _account() -> Column[int]:
    return Column("account_id", BigInteger, comment="whose account, when signed in")


def _evidence() -> Column[int]:
    return Column("evidence_id", ForeignKey("assessment_evidence.id"))


def _words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


assessment_round = Table(
    "assessment_round",
    metadata,
    id_column(),
    Column("scheme", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("opened_by", Text, nullable=False),
    _account(),
    when_column("opened_at"),
    UniqueConstraint("scheme", "year"),
    comment="one scheme's assessment of one year, as a process",
)

assessment_stage = Table(
    "assessment_stage",
    metadata,
    id_column(),
    _round(),
    Column("step", Text, nullable=False),
    _words("stage_from"),
    Column("stage_to", Text, nullable=False),
    Column("actor", Text, nullable=False),
    _account(),
    Column("reason", Text, nullable=False),
    _words("document"),
    Column("until", Date, comment="last day of a stage that time ends, as of the notice"),
    when_column("at"),
    Index("ix_assessment_stage_round_id", "round_id"),
    comment="append-only: who took which step, when and why; the newest is where it stands",
)

assessment_edition = Table(
    "assessment_edition",
    metadata,
    id_column(),
    _round(),
    Column("number", Integer, nullable=False),
    Column("assessment_id", ForeignKey("assessment.id"), nullable=False),
    when_column("cutoff"),
    when_column("known_at"),
    Column("cause", Text, nullable=False),
    Column("digest", Text, nullable=False, comment="of the whole result, canonical JSON"),
    Column("made_by", Text, nullable=False),
    _account(),
    when_column("made_at"),
    UniqueConstraint("round_id", "number"),
    CheckConstraint("cutoff <= known_at", name="known_after_cutoff"),
    comment="append-only: figures as of cutoff, what people decided as of known_at",
)

assessment_evidence = Table(
    "assessment_evidence",
    metadata,
    id_column(),
    _round(),
    _org(),
    Column("about", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("added_by", Text, nullable=False),
    _account(),
    when_column("added_at"),
    CheckConstraint("about IN ('自评', '评分', '抽查', '申诉')", name="about"),
    Index("ix_assessment_evidence_round_id", "round_id", "org_id"),
    comment="append-only: a file that shows what was entered; its content lies with the originals",
)

self_assessment = Table(
    "self_assessment",
    metadata,
    id_column(),
    _round(),
    _org(),
    Column("item", Text, nullable=False),
    Column("indicator", Text, nullable=False, server_default="", comment="empty: the whole item"),
    Column("value", Numeric, comment="the figure as the unit knows it"),
    Column("score", Numeric, comment="the mark that the unit gives itself"),
    _words("remark"),
    _evidence(),
    Column("entered_by", Text, nullable=False),
    _account(),
    when_column("entered_at"),
    CheckConstraint("score >= 0", name="score"),
    Index("ix_self_assessment_round_id", "round_id", "org_id"),
    comment="append-only: what a unit says of itself; the newest of an item and figure counts",
)

rating_campaign = Table(
    "rating_campaign",
    metadata,
    id_column(),
    _round(),
    Column("opens_on", Date, nullable=False),
    Column("closes_on", Date, nullable=False),
    Column("opened_by", Text, nullable=False),
    _account(),
    when_column("opened_at"),
    CheckConstraint("opens_on <= closes_on", name="days"),
    UniqueConstraint("round_id"),
    comment="one campaign of ratings of a round",
)

rating_electorate = Table(
    "rating_electorate",
    metadata,
    Column("campaign_id", ForeignKey("rating_campaign.id"), primary_key=True),
    Column("org_id", ForeignKey("organisation.id"), primary_key=True),
    Column("rater", Text, primary_key=True),
    Column("eligible", Integer, nullable=False),
    CheckConstraint("eligible >= 0", name="eligible"),
    comment="how many may rate a unit in a campaign; never who",
)

rating_tally = Table(
    "rating_tally",
    metadata,
    id_column(),
    _round(),
    _org(),
    Column("rater", Text, nullable=False),
    Column("object", Text, nullable=False),
    *(
        Column(name, Integer, nullable=False)
        for name in ("eligible", "ballots", "very_sat", "basic_sat", "unsat", "unclear")
    ),
    Column("mode", Text, nullable=False),
    Column("entered_by", Text, nullable=False),
    _account(),
    when_column("entered_at"),
    CheckConstraint("ballots <= eligible", name="ballots"),
    CheckConstraint("very_sat + basic_sat + unsat + unclear = ballots", name="balance"),
    Index("ix_rating_tally_round_id", "round_id"),
    comment="append-only: counts of anonymous ballots; the newest of a unit and rater counts",
)

assessor_mark = Table(
    "assessor_mark",
    metadata,
    id_column(),
    _round(),
    _org(),
    Column("item", Text, nullable=False),
    Column("assessor", Text, nullable=False),
    Column("raw", Numeric, nullable=False),
    _words("reason"),
    Column("evidence", Text, nullable=False),
    _evidence(),
    Column("entered_by", Text, nullable=False),
    _account(),
    when_column("entered_at"),
    CheckConstraint("raw BETWEEN 0 AND 100", name="raw"),
    Index("ix_assessor_mark_round_id", "round_id"),
    comment="append-only: marks of assessors; the newest of a unit, item and group counts",
)

inspection_sample = Table(
    "inspection_sample",
    metadata,
    id_column(),
    _round(),
    Column("seed", Text, nullable=False),
    Column("share_pct", Numeric, nullable=False),
    Column("least", Integer, nullable=False),
    Column("drawn_by", Text, nullable=False),
    _account(),
    when_column("drawn_at"),
    UniqueConstraint("round_id"),
    comment="a drawing of units to be visited; anyone can draw it again from the seed",
)

inspection_draw = Table(
    "inspection_draw",
    metadata,
    Column("sample_id", ForeignKey("inspection_sample.id"), primary_key=True),
    Column("org_id", ForeignKey("organisation.id"), primary_key=True),
    Column("ranking_group", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("lot", Text, nullable=False, comment="SHA-256 of seed:code, in hexadecimal"),
    comment="one unit drawn, with its place in its group",
)

inspection_report = Table(
    "inspection_report",
    metadata,
    id_column(),
    Column("sample_id", ForeignKey("inspection_sample.id"), nullable=False),
    _org(),
    Column("outcome", Text, nullable=False),
    Column("finding", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    _evidence(),
    Column("inspected_on", Date, nullable=False),
    Column("entered_by", Text, nullable=False),
    _account(),
    when_column("entered_at"),
    CheckConstraint("outcome IN ('属实', '基本属实', '不实')", name="outcome"),
    comment="append-only: what inspectors found on the spot",
)

appeal = Table(
    "appeal",
    metadata,
    id_column(),
    Column("edition_id", ForeignKey("assessment_edition.id"), nullable=False),
    _org(),
    Column("about", Text, nullable=False),
    Column("claim", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    _evidence(),
    Column("filed_by", Text, nullable=False),
    _account(),
    when_column("filed_at"),
    Column("answer_due", Date, nullable=False),
    Index("ix_appeal_edition_id", "edition_id"),
    comment="append-only: an objection of a unit to an edition of its result",
)

appeal_decision = Table(
    "appeal_decision",
    metadata,
    Column("appeal_id", ForeignKey("appeal.id"), primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    _account(),
    when_column("decided_at"),
    CheckConstraint("outcome IN ('支持', '部分支持', '不予支持')", name="outcome"),
    comment="append-only: how an appeal ended",
)

assessment_ruling = Table(
    "assessment_ruling",
    metadata,
    id_column(),
    _round(),
    _org(),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Numeric),
    Column("source", Text, nullable=False),
    Column("appeal_id", ForeignKey("appeal.id")),
    Column("reason", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("ruled_by", Text, nullable=False),
    _account(),
    when_column("ruled_at"),
    CheckConstraint("source IN ('联合会审', '现场抽查', '申诉')", name="source"),
    Index("ix_assessment_ruling_round_id", "round_id"),
    comment="append-only: what was decided about an input; the newest of a key holds",
)

assessment_consequence = Table(
    "assessment_consequence",
    metadata,
    Column("edition_id", ForeignKey("assessment_edition.id"), primary_key=True),
    Column("org_id", ForeignKey("organisation.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("value", Numeric, comment="a coefficient, or yuan"),
    Column("due_on", Date),
    when_column("decided_at"),
    comment="append-only: what follows for a unit from its final result",
)

rectification = Table(
    "rectification",
    metadata,
    id_column(),
    _org(),
    Column("source", Text, nullable=False),
    Column("reference", Text, nullable=False, comment="what it arose from: an audit, an edition"),
    Column("matter", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("entered_by", Text, nullable=False),
    _account(),
    when_column("entered_at"),
    CheckConstraint("source IN ('年度考核', '经费审计')", name="source"),
    CheckConstraint("issued_on <= due_on", name="days"),
    UniqueConstraint("org_id", "source", "reference"),
    comment="append-only: something a unit was told to put right by a day",
)

rectification_step = Table(
    "rectification_step",
    metadata,
    id_column(),
    Column("rectification_id", ForeignKey("rectification.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("words", Text, nullable=False),
    _words("evidence"),
    Column("happened_on", Date, nullable=False),
    Column("entered_by", Text, nullable=False),
    _account(),
    when_column("entered_at"),
    CheckConstraint("kind IN ('提醒', '督办', '报送结果', '退回重办', '验收销号')", name="kind"),
    Index("ix_rectification_step_rectification_id", "rectification_id"),
    comment="append-only: what was done about it; accepted results close it",
)

APPEND_ONLY = (
    assessment_stage,
    assessment_edition,
    assessment_evidence,
    self_assessment,
    rating_campaign,
    rating_electorate,
    rating_tally,
    assessor_mark,
    inspection_sample,
    inspection_draw,
    inspection_report,
    appeal,
    appeal_decision,
    assessment_ruling,
    assessment_consequence,
    rectification,
    rectification_step,
)
"""Tables in which the database itself refuses to change or delete a row."""
