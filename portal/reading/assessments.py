"""Results of assessments as the reader may see them: rankings and score sheets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Connection, text

from portal.asking import NotFound
from warehouse.engine import sql


@dataclass(frozen=True, slots=True)
class Result:
    """The newest kept result of a scheme and year, with the units that the reader sees."""

    id: int
    scheme: str
    year: int
    cutoff: datetime
    computation_id: int
    units: int
    firsts: int
    editions: int


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept result."""

    id: int
    cutoff: datetime
    computation_id: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """One unit of a ranking; `blocks` are (name, score), `last_*` of the year before."""

    org_id: int
    code: str
    name: str
    ranking_group: str
    total: Decimal | None
    grade: str
    rank: int | None
    blocks: list[list[str | None]] | None
    group_size: int | None
    vetoes: int | None
    last_total: Decimal | None
    last_rank: int | None
    last_grade: str | None

    @property
    def scores(self) -> dict[str, Decimal | None]:
        """Score of each block by its name."""
        return {str(n): None if s is None else Decimal(s) for n, s in self.blocks or ()}


@dataclass(frozen=True, slots=True)
class Mark:
    """One line of a score sheet beside its explanation."""

    item: str
    indicator: str
    name: str
    unit: str
    state: str
    marks: Decimal | None
    full: Decimal | None
    target: Decimal | None
    actual: Decimal | None
    self_reported: Decimal | None
    told: str
    rule: str
    basis: str
    function: str
    reference: str
    owner: str


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a score sheet."""

    name: str
    score: Decimal | None
    weight: Decimal | None
    weighted: Decimal | None
    told: str
    marks: tuple[Mark, ...]
    raters: tuple[tuple[str, str], ...]


def results(reading: Connection) -> list[Result]:
    """Every scheme and year with units that the reader sees, the newest year first."""
    rows = reading.execute(text(sql("portal_staff_assessments"))).mappings()
    return [Result(**row) for row in rows]


def kept(reading: Connection, scheme: str, year: int) -> list[Kept]:
    """Every kept result of a scheme and year, oldest first; NotFound when there is none."""
    rows = reading.execute(
        text(
            "SELECT id, cutoff, computation_id FROM assessment "
            "WHERE scheme = :scheme AND year = :year ORDER BY cutoff, id"
        ),
        {"scheme": scheme, "year": year},
    ).mappings()
    found = [Kept(**row) for row in rows]
    if not found:
        raise NotFound
    return found


def ranking(reading: Connection, assessment: int, day: date) -> dict[str, list[Ranked]]:
    """Units of a kept result that the reader sees, by ranking group, best first."""
    rows = reading.execute(
        text(sql("portal_staff_ranking")), {"assessment": assessment, "day": day}
    ).mappings()
    groups: dict[str, list[Ranked]] = {}
    for row in rows:
        groups.setdefault(row["ranking_group"], []).append(Ranked(**row))
    return groups


def sheet(reading: Connection, assessment: int, org: int) -> Any:
    """The row of one unit in a kept result; NotFound when it is not in it."""
    row = reading.execute(
        text(sql("portal_staff_sheet")), {"assessment": assessment, "org": org}
    ).first()
    if row is None:
        raise NotFound
    return row


def blocks_of(detail: dict[str, Any]) -> list[Block]:
    """A score sheet with every mark beside its explanation, as it was kept."""
    told = {b["code"]: b for b in detail.get("explanation", {}).get("blocks", ())}
    found = []
    for block in detail.get("blocks", ()):
        words = told.get(block["block"]["code"], {})
        lines = words.get("lines", ())
        found.append(
            Block(
                name=block["block"]["name"],
                score=_number(block["score"]),
                weight=_number(block["weight"]),
                weighted=_number(block["weighted"]),
                told=words.get("told", ""),
                marks=tuple(
                    _mark(part, lines[n] if n < len(lines) else {})
                    for n, part in enumerate(block["parts"])
                ),
                raters=tuple((r["rater"], r["told"]) for r in words.get("raters", ())),
            )
        )
    return found


def _mark(part: dict[str, Any], words: dict[str, Any]) -> Mark:
    indicator = part.get("indicator") or {}
    return Mark(
        item=part["item"]["code"] or "",
        indicator=indicator.get("code") or "",
        name=indicator.get("name") or part["item"]["name"] or "",
        unit=indicator.get("unit") or "",
        state=part["state"],
        marks=_number(part["marks"]),
        full=_number(part["full"]),
        target=_number(part["target"]),
        actual=_number(part["actual"]),
        self_reported=_number(words.get("self_reported")),
        told=words.get("told") or part.get("why") or "",
        rule=words.get("rule", ""),
        basis=words.get("basis", ""),
        function=words.get("function", ""),
        reference=part.get("reference") or "",
        owner=part.get("owner") or "",
    )


_SHOWN = Decimal("0.0001")


def differ(said: Decimal, computed: Decimal) -> bool:
    """Whether two figures differ as far as a page shows them: who copies one has said the same."""
    return said.quantize(_SHOWN, ROUND_HALF_UP) != computed.quantize(_SHOWN, ROUND_HALF_UP)


def _number(given: str | None) -> Decimal | None:
    return None if given is None else Decimal(given)


def walkable(reading: Connection, computation: int) -> int | None:
    """An edition from which the figures behind a result can be walked down to their cells."""
    found = reading.execute(
        text(sql("portal_staff_walkable")), {"computation": computation}
    ).scalar()
    return None if found is None else int(found)
