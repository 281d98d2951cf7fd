"""Published documents: year-end review, monthly bulletin, consolidated workbook, manifest.

Pure: figures and definitions in, bytes out; no database and no clock.
"""

from pipelines.publish.board import board
from pipelines.publish.bulletin import bulletin
from pipelines.publish.consolidated import consolidated, consolidated_workbook
from pipelines.publish.content import PublishedNumber
from pipelines.publish.extras import (
    AssessmentRow,
    Extras,
    FundBand,
    LetterTask,
    RuleCount,
    StarHomeRow,
    UnitWords,
    UnmetTarget,
    Unusual,
    WorkRow,
)
from pipelines.publish.publication import (
    Publication,
    PublishedFile,
    read_manifest,
    write_publication,
)
from pipelines.publish.review import review

__all__ = [
    "AssessmentRow",
    "Extras",
    "FundBand",
    "LetterTask",
    "Publication",
    "PublishedFile",
    "PublishedNumber",
    "RuleCount",
    "StarHomeRow",
    "UnitWords",
    "UnmetTarget",
    "Unusual",
    "WorkRow",
    "board",
    "bulletin",
    "consolidated",
    "consolidated_workbook",
    "read_manifest",
    "review",
    "write_publication",
]
