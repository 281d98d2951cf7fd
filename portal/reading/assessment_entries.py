"""What was entered in an assessment year, as the reader may see it, laid out for its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions
from definitions.schemes import Item, Scheme
from pipelines.assess.rulings import Kind
from pipelines.assessment_year.rating import Turnout
from portal.reading import assessments
from portal.reading.assessments import Ranked
from warehouse import assessment_facts as facts
from warehouse import self_assessments as told
from warehouse.assessment_year import Round
from warehouse.engine import sql


@dataclass(frozen=True, slots=True)
class Told:
    """How far a unit's self-assessment has come."""

    code: str
    name: str
    lines: int
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Tallied:
    """One rater group on one unit: what was counted, and whether the rating counts."""

    rater: str
    eligible: int
    counts: dict[str, Any] | None
    turnout: Turnout


@dataclass(frozen=True, slots=True)
class Marked:
    """One mark that counts, with who gave it."""

    item: str
    name: str
    assessor: str
    raw: Decimal
    reason: str
    evidence: str
    file: int | None
    by: str
    at: datetime


def units_of(reading: Connection, found: Round, day: date) -> list[Ranked]:
    """Units of a round's newest result, by group; nothing before the first."""
    if found.assessment_id is None:
        return []
    groups = assessments.ranking(reading, found.assessment_id, day)
    return sorted((u for g in groups.values() for u in g), key=lambda u: (u.ranking_group, u.code))


def self_told(
    reading: Connection, found: Round, names: Mapping[str, str], at: datetime
) -> list[Told]:
    """Every unit with how much it has told of itself; those that told nothing come first."""
    rows: dict[str, list[dict[str, Any]]] = {code: [] for code in names}
    for row in told.self_entries(reading, found.id, at):
        rows.setdefault(row["unit"], []).append(row)
    listed = []
    for code, own in rows.items():
        last = max(own, key=lambda r: r["entered_at"], default=None)
        listed.append(
            Told(
                code, names.get(code, code), len(own), last["entered_by"] if last else "",
                last["entered_at"] if last else None,
            )
        )  # fmt: skip
    return sorted(listed, key=lambda t: (t.lines > 0, t.code))


def tallied(
    reading: Connection, found: Round, turnout: Sequence[Turnout], at: datetime
) -> dict[str, list[Tallied]]:
    """Unit → its rater groups with their counts, in the order of the turnout."""
    given = {(r["unit"], r["rater"]): r for r in facts.tallies(reading, found.id, at)}
    listed: dict[str, list[Tallied]] = {}
    for one in turnout:
        counts = given.get((one.unit, one.rater))
        listed.setdefault(one.unit, []).append(Tallied(one.rater, one.eligible, counts, one))
    return listed


def marked(
    reading: Connection, found: Round, items: Mapping[str, Item], at: datetime
) -> dict[str, list[Marked]]:
    """Unit → its marks that count, by item and group."""
    listed: dict[str, list[Marked]] = {}
    rows = facts.assessor_marks(reading, found.id, at)
    for row in sorted(rows, key=lambda r: (r["item"], r["assessor"])):
        item = items.get(row["item"])
        listed.setdefault(row["unit"], []).append(
            Marked(
                row["item"], item.name if item else row["item"], row["assessor"], row["raw"],
                row["reason"], row["evidence"], row["evidence_id"], row["entered_by"],
                row["entered_at"],
            )
        )  # fmt: skip
    return listed


# --- what can be ruled about ---


@dataclass(frozen=True, slots=True)
class Choice:
    """Something of a unit that a ruling can be about; `value` is what it is now."""

    kind: str
    key: str
    label: str

    @property
    def code(self) -> str:
        """How a form names it."""
        return f"{self.kind}|{self.key}"


def choices(detail: Mapping[str, Any], scheme: Scheme) -> list[Choice]:
    """Everything of a unit's sheet that can be ruled about, as it stands there."""
    found: dict[str, Choice] = {}

    def add(kind: Kind, key: str, label: str) -> None:
        one = Choice(kind, key, f"{kind}：{label}")
        found.setdefault(one.code, one)

    for block in detail.get("blocks", ()):
        for part in block["parts"]:
            indicator = part.get("indicator")
            if not indicator or part["state"] == "不适用":
                continue
            actual = "未报" if part["actual"] is None else _plain(part["actual"])
            add(
                Kind.FIGURE, indicator["code"],
                f"{part['item']['code']} {indicator['name']}（现为 {actual}{indicator['unit']}）",
            )  # fmt: skip
    for one in scheme.blocks:
        for item in one.items:
            if item.assessed is not None:
                add(Kind.MARK, item.code, f"{item.code} {item.name}（百分制）")
        for rater in one.raters:
            add(Kind.BALLOTS, rater, f"{rater}评价票")
    for bonus in detail.get("bonus", ()):
        if bonus.get("title"):
            add(Kind.HONOUR, bonus["title"], bonus["title"])
    for deduction in detail.get("deductions", ()):
        add(Kind.DEDUCTION, deduction.get("kind", deduction["title"]), deduction["title"])
    for veto in detail.get("vetoes", ()):
        add(Kind.VETO, veto["veto"]["code"], veto["veto"]["name"])
    return list(found.values())


def _plain(value: str) -> str:
    return f"{Decimal(value):.4f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Gap:
    """A figure of which the unit says something else than the warehouse."""

    item: str
    name: str
    reported: Decimal
    computed: Decimal

    @property
    def difference(self) -> Decimal:
        """What the unit says, less what was computed."""
        return self.reported - self.computed


def gaps(detail: Mapping[str, Any]) -> list[Gap]:
    """Where self-report and computation differ, the widest first (by share of the computed)."""
    found = []
    for block in detail.get("blocks", ()):
        for part in block["parts"]:
            if part.get("self_reported") is None or part["actual"] is None:
                continue
            said, real = Decimal(part["self_reported"]), Decimal(part["actual"])
            if assessments.differ(said, real):
                name = (part.get("indicator") or {}).get("name") or part["item"]["name"]
                found.append(Gap(part["item"]["code"], name, said, real))
    return sorted(found, key=lambda g: abs(g.difference) / (abs(g.computed) or 1), reverse=True)


def gap_counts(reading: Connection, found: Round) -> dict[str, int]:
    """Unit → how many figures of its newest sheet differ from what it says; none without any."""
    rows = reading.execute(text(sql("portal_assessment_gaps")), {"assessment": found.assessment_id})
    return {r.unit: r.gaps for r in rows}


def about_of(known: Definitions, scheme: Scheme) -> dict[str, str]:
    """What rulings and self-assessments are about, by code: figures and items of a scheme."""
    items = {i.code: i.name for b in scheme.blocks for i in b.items}
    codes = {c for b in scheme.blocks for i in b.items for p in i.parts for c in p.codes}
    return items | {c: known.indicators[c].name for c in codes if c in known.indicators}


def own_words(reading: Connection, found: Round, unit: str, at: datetime) -> list[dict[str, Any]]:
    """What a unit said of itself, in the order of the items."""
    rows = [r for r in told.self_entries(reading, found.id, at) if r["unit"] == unit]
    return sorted(rows, key=lambda r: (r["item"], r["indicator"]))


def rulings(reading: Connection, found: Round, at: datetime) -> list[dict[str, Any]]:
    """Rulings that hold, oldest first."""
    return sorted(facts.rulings(reading, found.id, at), key=lambda r: r["id"])
