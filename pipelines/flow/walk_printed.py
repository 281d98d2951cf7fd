"""Which counts, rows and results an edition answers for by address: only those that it prints.

A figure of the catalogue is asked about any unit and period; sight and withholding guard it. What
has no such guard of its own is told where it is printed, with the units that a sum is made of.
"""

from __future__ import annotations

from collections.abc import Callable

from pipelines import counted_rows
from pipelines.flow.walk_steps import At
from pipelines.publish.quoting import ALL_UNITS, AUDITED, OVER_ROWS, RECKONED, ROW
from warehouse.publications import PrintedNumber, numbers_of

RESULT = "assessment"


def require_printed(at: At, number: PrintedNumber) -> None:
    """LookupError for a count, row or result, named by address, that the edition does not print."""
    prints = _PRINTS.get(number.source)
    if prints is None or (number.source == RESULT and _made_of(at, number)):
        return
    if not any(
        p.source == number.source and prints(at, p, number)
        for p in numbers_of(at.connection, at.edition.id).values()
    ):
        raise LookupError(f"{at.edition.reference} 没有引用 {number.indicator} 的这个数")


def _counts(at: At, printed: PrintedNumber, asked: PrintedNumber) -> bool:
    """The same count, of another unit only where everyone below is counted."""
    same = (printed.line, printed.period, printed.indicator, printed.basis) == (
        asked.line, asked.period, asked.indicator, asked.basis,
    )  # fmt: skip
    return same and (asked.basis == counted_rows.ALL or printed.unit == asked.unit)


def _stands_in(at: At, printed: PrintedNumber, asked: PrintedNumber) -> bool:
    """The same row, and the same column or one that the printed number is reckoned from."""
    form, _, what = printed.indicator.partition(":")
    columns = {what, *what.split(OVER_ROWS), RECKONED.get(what, (what, ""))[0]}
    return asked.indicator in {f"{form}:{c}" for c in columns} and (
        (printed.unit, printed.period, printed.basis) == (asked.unit, asked.period, asked.basis)
    )


def _made_of(at: At, asked: PrintedNumber) -> bool:
    """Whether the edition is the paper of the result itself."""
    recipe = at.edition.recipe
    own = (recipe.get("scheme", recipe.get("run")), at.edition.period)
    return own == (asked.indicator, asked.period)


def _results(at: At, printed: PrintedNumber, asked: PrintedNumber) -> bool:
    """A number of the same scheme and year, or a count over schemes that the unit is in."""
    if printed.period != asked.period:
        return False
    if printed.indicator == ALL_UNITS:
        return asked.unit in printed.units and of_kind(at, asked.indicator, printed.basis)
    return printed.indicator == asked.indicator


def of_kind(at: At, scheme: str, basis: str) -> bool:
    """Stars are given by one kind of scheme, bands of fund audits by another, grades by a third."""
    kind = next((s.kind for s in at.known.schemes if s.code == scheme), "")
    if basis.startswith(AUDITED):
        return kind == "fund-audit"
    return kind == ("star-home" if "星" in basis else "target-responsibility")


_PRINTS: dict[str, Callable[[At, PrintedNumber, PrintedNumber], bool]] = {
    counted_rows.SOURCE: _counts,
    ROW: _stands_in,
    RESULT: _results,
}
