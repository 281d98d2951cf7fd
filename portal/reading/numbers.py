"""A published number and what it is made of, cut to what the reader may see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, text

from definitions import Period
from pipelines.flow.walking import Cell, Part, Walk
from pipelines.small_cells import OWN
from portal.asking import NotFound
from warehouse.engine import sql
from warehouse.sight import may_fetch_original

MOST_CELLS = 400


@dataclass(frozen=True, slots=True)
class Seen:
    """A step of a walk as this reader may see it; the rest is only counted."""

    walk: Walk
    parts: tuple[Part, ...]
    cells: tuple[Cell, ...]
    hidden_parts: int
    withheld_parts: int
    hidden_cells: int
    more_cells: int


def unit_of_address(address: str) -> str:
    """The unit that an address line/unit/period/code names; empty for a number in a document."""
    words = address.split("/")
    return words[1] if len(words) in (4, 5) else ""


def family_of(indicator: str) -> str:
    """ORG of I-ORG-04, of the column ORG-02.members_total and of the count ORG-02:rows.

    Empty for counts of filings and results of assessments.
    """
    if "." in indicator or ":" in indicator:
        return indicator.partition("-")[0]
    words = indicator.split("-")
    return words[1] if len(words) == 3 and words[0] == "I" else ""


def seen_units(reading: Connection, units: Sequence[str], family: str, day: date) -> frozenset[str]:
    """Those units whose figures of a family, of a period that ends on a day, the reader may see."""
    if not units:
        return frozenset()
    rows = reading.execute(
        text(sql("portal_staff_seen_units")),
        {"units": sorted(set(units)), "family": family, "day": day},
    )
    return frozenset(r.unit for r in rows)


def sees_records(reading: Connection, unit: str) -> bool:
    """Whether the reader may read what was entered for the assessment of a unit: marks of groups,
    ballots, rulings, with who entered them; by the policies of migration 0015."""
    return bool(reading.execute(text(sql("portal_staff_records")), {"unit": unit}).scalar())


def sees_address(reading: Connection, address: str) -> bool:
    """Whether a figure, named by what it is, is of a unit that the reader sees."""
    unit = unit_of_address(address)
    if not unit:
        return True
    words = address.split("/")
    return bool(seen_units(reading, [unit], family_of(words[3]), _last_day(words[2])))


def require_address(reading: Connection, address: str) -> None:
    """NotFound where the reader does not see what an address names."""
    if not sees_address(reading, address):
        raise NotFound


def day_of(address: str, period: str) -> date:
    """The last day of what an address is about: of its own period, else that of its edition."""
    return _last_day(address.split("/")[2] if unit_of_address(address) else period)


def _last_day(period: str) -> date:
    try:
        return Period.parse(period).end
    except ValueError as error:
        raise NotFound from error


def addressed(walk: Walk, part: Part) -> str:
    """What a part is about, though no step leads on from what a unit did itself."""
    if part.address or part.label != OWN:
        return part.address
    return f"{walk.line}/{walk.unit}/{walk.period}/{walk.indicator}/{OWN}"


def cut(
    reading: Connection, walk: Walk, to_cells: bool, day: date, hides: Callable[[str], bool]
) -> Seen:
    """A step without the units and rows that are not the reader's; cells only if `to_cells`.

    `day` ends the period: what was the reader's own then is shown, though it moved away since.
    `hides` says of an address whether its figure is withheld; see `addressed`. What was entered for
    an assessment, and the rule that tells it, is for those who may read such records.
    """
    family = family_of(walk.indicator)
    named = {unit_of_address(p.address) or walk.unit for p in walk.parts}
    open_units = seen_units(reading, sorted(named | {walk.unit}), family, day)
    own = [p for p in walk.parts if (unit_of_address(p.address) or walk.unit) in open_units]
    if any(p.record for p in own) and not sees_records(reading, walk.unit):
        own = [p for p in own if not p.record]
        walk = replace(walk, rule="")
    parts = tuple(p for p in own if not hides(addressed(walk, p)))
    cells: tuple[Cell, ...] = ()
    if to_cells and walk.cells:
        pairs = sorted({(c.unit, c.form) for c in walk.cells})
        rows = reading.execute(
            text(sql("portal_staff_seen")),
            {"units": [u for u, _ in pairs], "forms": [f for _, f in pairs], "day": day},
        )
        open_pairs = {(r.unit, r.form) for r in rows}
        cells = tuple(c for c in walk.cells if (c.unit, c.form) in open_pairs)
    return Seen(
        walk=walk,
        parts=parts,
        cells=cells[:MOST_CELLS],
        hidden_parts=len(walk.parts) - len(own),
        withheld_parts=len(own) - len(parts),
        hidden_cells=len(walk.cells) - len(cells) if to_cells else 0,
        more_cells=max(0, len(cells) - MOST_CELLS),
    )


@dataclass(frozen=True, slots=True)
class Original:
    """A workbook as it came."""

    submission: int
    sha256: str
    file_name: str


def original(reading: Connection, submission: int) -> Original:
    """The workbook of a submission, for who sees every form in it; NotFound otherwise."""
    row = reading.execute(
        text(sql("portal_staff_original")),
        {"id": submission},
    ).first()
    if row is None or not may_fetch_original(reading, row.sha256):
        raise NotFound
    name = row.member.rsplit("/", 1)[-1] if row.member else row.file_name
    return Original(submission, row.sha256, name)
