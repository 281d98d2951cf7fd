"""What becomes of a handed-in workbook, and the same workbook back with its problems marked."""

from pipelines.verdict.amending import CellUnknown, NewValue, amended_workbook, cell_texts
from pipelines.verdict.deciding import Verdict, finding_key, verdict_of
from pipelines.verdict.returning import returned_workbook
from pipelines.verdict.review_sheet import Explanation, explanations_in, with_words

__all__ = [
    "CellUnknown",
    "Explanation",
    "NewValue",
    "Verdict",
    "amended_workbook",
    "cell_texts",
    "explanations_in",
    "finding_key",
    "returned_workbook",
    "verdict_of",
    "with_words",
]
