"""Every table of the warehouse, a module for each stage a datum passes."""

from warehouse.tables.audit import audit_log
from warehouse.tables.computed import (
    assessment,
    assessment_unit,
    computation,
    indicator_value,
    veto,
)
from warehouse.tables.decided import definitions_edition, form_column, working_day
from warehouse.tables.organisations import (
    LINES,
    affiliation,
    employer,
    organisation,
    organisation_change,
    organisation_change_row,
    organisation_code,
    organisation_employer,
    organisation_name,
    organisation_state,
    ranking_group,
)
from warehouse.tables.periods import expected_filing, form_window, period, reopening
from warehouse.tables.published import publication, publication_file, publication_number
from warehouse.tables.received import filing, filing_row, finding, receipt, submission
from warehouse.tables.schema import metadata

__all__ = [
    "LINES",
    "affiliation",
    "assessment",
    "assessment_unit",
    "audit_log",
    "computation",
    "definitions_edition",
    "employer",
    "expected_filing",
    "filing",
    "filing_row",
    "finding",
    "form_column",
    "form_window",
    "indicator_value",
    "metadata",
    "organisation",
    "organisation_change",
    "organisation_change_row",
    "organisation_code",
    "organisation_employer",
    "organisation_name",
    "organisation_state",
    "period",
    "publication",
    "publication_file",
    "publication_number",
    "ranking_group",
    "receipt",
    "reopening",
    "submission",
    "veto",
    "working_day",
]
