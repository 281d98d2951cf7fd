"""The cases: one good book, one named damage each, and the findings that it must bring back.

`expected` lists every finding by rule and cell in any order, 提示 included; an empty cell means
that the finding is about the file, the cover or a sheet. The damages follow the habits of
spreadsheets in the field's catalogue (6.9); `story` says who did what.
"""

from __future__ import annotations

from collections.abc import Callable

from definitions.catalogue import Definitions
from samples.spoiled import cells, files, layout
from samples.spoiled.good import Good, SpoiledCase

CASES: tuple[Callable[[Good], SpoiledCase], ...] = (
    *files.CASES,
    *layout.CASES,
    *cells.CASES,
)


def spoiled_cases(definitions: Definitions) -> list[SpoiledCase]:
    """All cases, each built anew; equal definitions give equal bytes, but for the password."""
    good = Good(definitions)
    return [make(good) for make in CASES]


HABITS: dict[int, tuple[str, ...]] = {
    1: ("wps-et", "wrong-extension", "html-as-xls", "gbk-csv"),
    2: ("title-rows", "gbk-csv", "html-as-xls"),
    3: ("three-line-headers",),
    4: ("merged-words", "merged-numbers"),
    5: ("ditto-in-words", "ditto-in-number"),
    6: ("words-for-zero", "dash-for-required"),
    7: ("total-wrong", "notes-below"),
    8: ("row-numbers",),
    9: ("text-numbers",),
    10: ("commas-and-spaces", "text-numbers"),
    11: ("unit-in-cell", "text-numbers", "about-and-more"),
    12: ("header-in-ten-thousands", "ten-thousands-for-yuan"),
    13: ("percent-sign", "percent-format", "share-as-fraction", "tenths-in-words"),
    14: ("identity-as-number",),
    15: ("days-as-written", "day-without-year", "no-such-day"),
    16: ("range-of-months", "wrong-period"),
    17: ("names-for-codes", "name-of-nobody"),
    18: ("one-sheet-each", "extra-sheets"),
    19: ("example-left-in",),
    20: ("renamed-moved", "missing-column"),
    21: ("hidden-row",),
    22: ("reference-error", "formula-never-computed", "link-to-another-file"),
    23: ("comments",),
    24: ("overlapping-parts",),
    25: ("line-breaks",),
    26: ("empty-file", "headers-only"),
    27: ("last-month-again",),
    28: ("traditional-words", "mojibake"),
    29: ("typed-in-advance",),
    30: ("refund", "negative-members"),
    31: ("months-side-by-side",),
    32: ("identity-in-remark",),
    33: ("file-name-says-nothing", "wrong-extension"),
    34: ("zip-one-bad", "zip-in-zip", "rar-archive"),
    35: ("twenty-million", "twenty-million-or-so", "unit-in-cell"),
}
"""The habits of the field's catalogue (6.9) by their number, and the cases that show them."""
