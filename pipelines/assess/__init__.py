"""Assessment: computed marks, members' ratings and assessors' marks become a graded, ranked result.

`assess` is pure: a scheme and plain inputs in, a result in which every mark can say how it came
about out. `assessment_book` makes the workbook that a chair signs.
"""

from pipelines.assess.book import assessment_book
from pipelines.assess.engine import assess
from pipelines.assess.inputs import (
    AssessmentInputs,
    AssessorMark,
    BonusClaim,
    DeductionEntry,
    IndicatorFacts,
    LastYear,
    Measurement,
    PartyScore,
    Revision,
    SelfReport,
    Tally,
    Target,
    Unit,
    VetoEntry,
)
from pipelines.assess.results import AssessmentResult, UnitResult

__all__ = [
    "AssessmentInputs",
    "AssessmentResult",
    "AssessorMark",
    "BonusClaim",
    "DeductionEntry",
    "IndicatorFacts",
    "LastYear",
    "Measurement",
    "PartyScore",
    "Revision",
    "SelfReport",
    "Tally",
    "Target",
    "Unit",
    "UnitResult",
    "VetoEntry",
    "assess",
    "assessment_book",
]
