"""Reading: bytes that arrived become typed cells with coordinates, and findings; no database."""

from pipelines.read.archive import expand
from pipelines.read.child import ChildLost, alone, read_documents
from pipelines.read.document import Document
from pipelines.read.limits import Limits
from pipelines.read.periods import parse_period, period_for
from pipelines.read.words import factor, name_key

__all__ = [
    "ChildLost",
    "Document",
    "Limits",
    "alone",
    "expand",
    "factor",
    "name_key",
    "parse_period",
    "period_for",
    "read_documents",
]
