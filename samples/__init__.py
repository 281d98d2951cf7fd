"""Real input: the figures that five newspaper articles print, as workbooks of those unions.

`build` writes the hand-ins of a span of months; `spoiled_cases` gives workbooks as people spoil
them, each with its repaired twin and the findings that must come back. Nothing here is known to
the rest of the software: what is built here goes the way of any other file.
"""

from samples.build import HandIn, build
from samples.registry import organisations, write_organisations

__all__ = ["HandIn", "build", "organisations", "write_organisations"]
