"""What is checked when a period closes: rows as they stand, and rules over many organisations."""

from pipelines.closing_checks.across import Located, across, refuse_unimplemented
from pipelines.closing_checks.standing_rows import StandingWorkbook, standing_workbooks

__all__ = [
    "Located",
    "StandingWorkbook",
    "across",
    "refuse_unimplemented",
    "standing_workbooks",
]
