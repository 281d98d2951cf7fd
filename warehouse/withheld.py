"""What no publication of a computation may print: decided once and kept beside the computation."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from sqlalchemy import Connection, text

from warehouse.engine import sql

Cell = tuple[int, str, str, str]
"""Line, unit code (with 本级: its own part), period label, indicator."""


def decision(connection: Connection, computation: int) -> frozenset[Cell] | None:
    """The figures of a computation that are withheld; None where nobody has decided yet."""
    decided = connection.execute(
        text("SELECT figures FROM withholding WHERE computation_id = :id"), {"id": computation}
    ).scalar()
    if decided is None:
        return None
    rows = connection.execute(
        text(
            "SELECT line, unit, period, indicator FROM withheld_figure WHERE computation_id = :id"
        ),
        {"id": computation},
    )
    return frozenset((r.line, r.unit, r.period, r.indicator) for r in rows)


def decisions(
    connection: Connection,
    computations: Collection[int],
    indicators: Collection[str],
    units: Collection[str],
) -> dict[int, frozenset[Cell] | None]:
    """Computation → its withheld figures of some indicators and units; None where undecided.

    A page asks about the few that it shows; of a whole federation there may be many thousands.
    """
    ids = sorted(set(computations))
    asked = {"ids": ids, "codes": list(indicators), "units": list(units)}
    decided = connection.execute(
        text("SELECT computation_id FROM withholding WHERE computation_id = ANY(:ids)"), asked
    ).scalars()
    found: dict[int, set[Cell]] = {number: set() for number in decided}
    rows = connection.execute(
        text(
            "SELECT computation_id, line, unit, period, indicator FROM withheld_figure "
            "WHERE computation_id = ANY(:ids) AND indicator = ANY(:codes) AND unit = ANY(:units)"
        ),
        asked,
    )
    for r in rows:
        found[r.computation_id].add((r.line, r.unit, r.period, r.indicator))
    return {n: frozenset(found[n]) if n in found else None for n in ids}


def withheld_values(
    connection: Connection, computation: int, units: Collection[str], periods: Collection[str]
) -> dict[str, frozenset[Decimal]]:
    """Unit → its figures of some periods that are withheld, with both sides of rates.

    For whoever prints words of a unit without its figures: they may say such a number.
    """
    rows = connection.execute(
        text(sql("withheld_values")),
        {"id": computation, "units": list(units), "periods": list(periods)},
    )
    found: dict[str, set[Decimal]] = {}
    for unit, *sides in rows:
        found.setdefault(unit, set()).update(s for s in sides if s is not None)
    return {unit: frozenset(values) for unit, values in found.items()}


def keep_decision(connection: Connection, computation: int, cells: Collection[Cell]) -> None:
    """Keep a decision; the first one of a computation stands, and a second is the same."""
    first = connection.execute(
        text(
            "INSERT INTO withholding (computation_id, figures) VALUES (:id, :figures) "
            "ON CONFLICT DO NOTHING RETURNING computation_id"
        ),
        {"id": computation, "figures": len(cells)},
    ).scalar()
    if first is None or not cells:
        return
    line, unit, period, indicator = zip(*sorted(cells), strict=True)
    connection.execute(
        text(
            "INSERT INTO withheld_figure (computation_id, line, unit, period, indicator) "
            "SELECT :id, * FROM unnest(CAST(:line AS smallint[]), CAST(:unit AS text[]), "
            "CAST(:period AS text[]), CAST(:indicator AS text[]))"
        ),
        {
            "id": computation,
            "line": list(line),
            "unit": list(unit),
            "period": list(period),
            "indicator": list(indicator),
        },
    )
