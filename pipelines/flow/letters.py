"""Responsibility letters at a cut-off: signed targets, what revised them, what units told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.schemes import Part, Scheme
from pipelines.assess import Revision, SelfReport, Target
from pipelines.flow.filed_rows import Rows, decimal, row_place
from pipelines.flow.ground import CHINA
from warehouse.engine import sql


def first_scored(
    connection: Connection, family: str, year: int, cutoff: datetime
) -> datetime | None:
    """The cut-off at which a year was first scored under a family of schemes, up to this one."""
    found: datetime | None = connection.execute(
        text(
            "SELECT min(cutoff) FROM assessment "
            "WHERE scheme LIKE :family || '-____' AND year = :year AND cutoff <= :cutoff"
        ),
        {"family": family, "year": year, "cutoff": cutoff},
    ).scalar()
    return found


def letters_of(
    connection: Connection,
    definitions: Definitions,
    scheme: Scheme,
    rows: Rows,
    period: Period,
    cutoff: datetime,
) -> dict[tuple[str, str], Target]:
    """Signed targets as they stood when the year was first scored, with what changed them.

    A target that is revised after the first scoring is told of and does not count for the year.
    """
    if not any(p.target == "letter" or _with_target(p) for p in _parts(scheme)):
        return {}
    first = first_scored(connection, scheme.family, period.year, cutoff)
    signed = rows if first is None or first >= cutoff else rows.as_of(first)
    revisions = _revisions(connection, definitions, rows.units, period, first, cutoff)
    return _targets(signed, period, revisions)


def _parts(scheme: Scheme) -> Iterable[Part]:
    return (p for b in scheme.blocks for i in b.items for p in i.parts)


def _with_target(part: Part) -> bool:
    return part.target is not None or part.rise is not None


Revisions = dict[tuple[str, str], tuple[Revision, ...]]


def _revisions(
    connection: Connection,
    definitions: Definitions,
    units: Sequence[str],
    period: Period,
    first: datetime | None,
    cutoff: datetime,
) -> Revisions:
    """(unit, indicator) → changes of the annual target, oldest first."""
    found: dict[tuple[str, str], list[Revision]] = defaultdict(list)
    for form in (f for f in definitions.forms if f.code == "TGT-01"):
        place = {name: at + 1 for name, at in form.position.items()}
        for r in connection.execute(
            text(sql("target_revisions")),
            {
                "edition": form.edition,
                "year": period.label,
                "units": list(units),
                "cutoff": cutoff,
                **{n: place[n] for n in ("task_id", "indicator", "period", "target")},
            },
        ):
            if r.now is not None:
                late = first is not None and r.accepted_at > first
                day = r.accepted_at.astimezone(CHINA).date()
                found[r.unit, r.indicator].append(
                    Revision(r.was, r.now, day, r.document or "", counted=not late)
                )
    return {key: tuple(changes) for key, changes in found.items()}


def _targets(rows: Rows, period: Period, revisions: Revisions) -> dict[tuple[str, str], Target]:
    annual: dict[tuple[str, str], dict[str, Any]] = {}
    quarters: dict[tuple[str, str], dict[int, Decimal]] = defaultdict(dict)
    for row in rows.of("TGT-01"):
        key, target = (row["org_code"], row["indicator"]), decimal(row["target"])
        if target is None:
            continue
        label = str(row["period"] or "")
        if label == period.label:
            annual[key] = row
        elif label.startswith(f"{period.year}Q"):
            quarters[key][int(label[-1])] = target
    return {
        key: Target(
            unit=key[0],
            indicator=key[1],
            annual=Decimal(str(row["target"])),
            direction=row["direction"] or "越大越好",
            weight=decimal(row["weight"]),
            owner="",  # a person's name: it stays in the letter
            quarters=dict(quarters.get(key, {})),
            reference=row_place(row),
            owned=row["owner"] is not None,
            revisions=revisions.get(key, ()),
        )
        for key, row in annual.items()
    }


def self_reports(rows: Rows, period: Period, definitions: Definitions) -> Iterable[SelfReport]:
    """What the unit says of the year: quarters added for flows, the last one for stocks.

    A ratio told of one quarter is not one of the year, so it is not held against the unit.
    """
    indicator_of = {(r["org_code"], r["task_id"]): r["indicator"] for r in rows.of("TGT-01")}
    told: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows.of("TGT-02"), key=lambda r: str(r["period"])):
        if row["actual"] is not None and (row["org_code"], row["task_id"]) in indicator_of:
            told[row["org_code"], row["task_id"]].append(row)
    for key, quarters in told.items():
        indicator = definitions.indicators.get(str(indicator_of[key]))
        last = quarters[-1]
        if indicator is None or last["period"] != f"{period.year}Q4":
            continue
        if not indicator.is_flow and indicator.aggregate != "latest":
            continue
        counted = quarters if indicator.is_flow else [last]
        yield SelfReport(
            unit=key[0],
            indicator=indicator.code,
            actual=sum((Decimal(str(r["actual"])) for r in counted), Decimal(0)),
            self_score=decimal(last["self_score"]),
            gap_reason=last["gap_reason"] or "",
            reference="、".join(row_place(r) for r in counted),
        )
