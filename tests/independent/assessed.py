"""An assessment of a year calculated a second time, from raw submissions and the scheme's text.

Shares no code with pipelines.assess: figures come from the pandas formulas beside it, the scheme is
its YAML as it stands in the file, and functions, spreading, grades and ranks are written from
section 8.1 of the field's catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from definitions import Definitions, Period
from tests.independent.frames import Asked, Book
from tests.independent.targets import FORMULAS

Value = float | None
BALLOT = {"very_sat": 100, "basic_sat": 75, "unsat": 0}


@dataclass(frozen=True)
class Person:
    """What people decided beside the figures, as they typed it."""

    ballots: Mapping[tuple[str, str], Mapping[str, int]]
    marks: Mapping[tuple[str, str], list[float]]
    vetoes: Mapping[str, list[str]]
    figures: Mapping[tuple[str, str], float] = field(default_factory=dict)
    honours: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass
class Line:
    """One line of a score sheet."""

    item: str
    indicator: str
    full: float
    state: str
    marks: float = 0.0
    actual: Value = None
    target: Value = None
    told: Value = None


@dataclass
class Sheet:
    """One unit's result; `blocks` are scores of 100 by block."""

    unit: str
    group: str
    lines: list[Line]
    blocks: dict[str, Value]
    bonus: float
    deduction: float
    total: Decimal
    grade: str = ""
    rank: int | None = None


@dataclass
class Year:
    """Everything the calculation asks, for the units of one scheme."""

    scheme: Mapping[str, Any]
    definitions: Definitions
    book: Book
    year: int
    units: Mapping[str, str]
    """unit → ranking group"""
    line: str
    people: Person
    owes: Callable[[str, str], bool]
    """(unit, form): whether the unit or one below it owed the form in the year."""
    late: Mapping[str, int] = field(default_factory=dict)
    """unit → yearly forms that it owed itself and sent after their day"""
    letters: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    told: dict[tuple[str, str], float] = field(default_factory=dict)
    known: dict[tuple[str, str, str, int], Value] = field(default_factory=dict)
    """Figures calculated already: line, unit, indicator, year."""

    def figure(self, unit: str, code: str, year: int | None = None) -> Value:
        """The indicator of a unit and year from the rows, or as it was decided."""
        when = year or self.year
        if when == self.year and (unit, code) in self.people.figures:
            return self.people.figures[unit, code]
        key = (self.line, unit, code, when)
        if key not in self.known:
            asked = Asked(self.book, self.line, unit, Period.parse(str(when)))
            try:
                self.known[key] = FORMULAS[code](asked)
            except KeyError:  # a form that nobody sent
                self.known[key] = None
        return self.known[key]

    def ask(self, unit: str, code: str) -> Value:
        """A figure, or one in percent of another."""
        if "/" not in code:
            return self.figure(unit, code)
        top, base = (self.figure(unit, c) for c in code.split("/"))
        return None if top is None or not base else 100 * top / base

    def form_of(self, code: str) -> str:
        """The form of the first measure of an indicator, where a missing figure is due."""
        numerator = self.definitions.indicators[code.split("/")[0]].numerator
        return numerator[0].form if numerator else ""

    def heard(self, unit: str, code: str) -> bool:
        """Whether anything of an indicator's form came from the unit or below it."""
        try:
            return Asked(self.book, self.line, unit, Period.parse(str(self.year))).heard(
                self.form_of(code)
            )
        except KeyError:
            return False


def results(world: Year) -> dict[str, Sheet]:
    """Every unit's sheet, graded and ranked."""
    _letters(world)
    places = _places(world)
    found = {unit: _sheet(world, unit, places) for unit in world.units}
    _grade(world, found)
    return found


def _letters(world: Year) -> None:
    """The year's tasks of each unit, and what it says of them: quarters added, or the last."""
    names: dict[tuple[str, str], str] = {}
    for _, row in world.book.forms["TGT-01"].iterrows():
        if row["label"] == str(world.year):
            names[row["org_code"], row["task_id"]] = row["indicator"]
            if row["period"] == str(world.year):
                world.letters.setdefault(row["org_code"], {})[row["indicator"]] = dict(row)
    sums: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for _, row in world.book.forms["TGT-02"].iterrows():
        if row["label"].startswith(f"{world.year}Q") and row["actual"] is not None:
            sums.setdefault((row["org_code"], row["task_id"]), []).append(
                (row["label"], row["actual"])
            )
    for key, quarters in sums.items():
        code = names.get(key)
        indicator = world.definitions.indicators.get(code or "")
        if indicator is None or max(quarters)[0] != f"{world.year}Q4":
            continue
        if indicator.is_flow:
            world.told[key[0], indicator.code] = sum(v for _, v in quarters)
        elif indicator.aggregate == "latest":
            world.told[key[0], indicator.code] = max(quarters)[1]


def _parts(scheme: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    return [
        (i, p) for b in scheme["blocks"] for i in b.get("items", ()) for p in i.get("parts", ())
    ]


Places = dict[tuple[str, str], tuple[float, int]]


def _places(world: Year) -> Places:
    """Mean place among the group's units, for what is scored by rank."""
    found: Places = {}
    for code in {p["indicator"] for _, p in _parts(world.scheme) if p["function"] == "SF7"}:
        for group in set(world.units.values()):
            members = [u for u in world.units if world.units[u] == group]
            known = {u: v for u in members if (v := world.ask(u, code)) is not None}
            missing = sum(u not in known and _absent(world, u, code) == "缺报" for u in members)
            for unit, value in known.items():
                ahead = sum(v > value for v in known.values())
                equal = sum(v == value for v in known.values())
                found[unit, code] = (ahead + (equal + 1) / 2, len(known) + missing)
    return found


def _absent(world: Year, unit: str, code: str) -> str:
    """缺报 where something was due and nothing came, else 不适用."""
    due = world.owes(unit, world.form_of(code)) or code in world.letters.get(unit, {})
    if due and not world.heard(unit, code):
        return "缺报"
    ratio = "/" in code or world.definitions.indicators[code].aggregate in ("ratio", "wmean")
    if due and not ratio:
        return "缺报"
    return "不适用"


def _line(world: Year, unit: str, item: Mapping[str, Any], p: Mapping[str, Any], places: Places
          ) -> Line:  # fmt: skip
    code, full = p["indicator"], float(p["marks"])
    line = Line(item["code"], code, full, "计分")
    facts = world.definitions.indicators[code.split("/")[0]]
    lower = facts.better == "lower"
    line.actual, line.told = world.ask(unit, code), world.told.get((unit, code))
    looks_back = p["function"] in ("SF8", "SF9") or "rise" in p
    before = world.figure(unit, code, world.year - 1) if looks_back else None
    letter = world.letters.get(unit, {}).get(code)
    aimed = p["function"] in ("SF1", "SF2", "SF4", "SF5", "SF8", "SF9") and "band" not in p
    if aimed and letter is not None:
        line.target, lower = letter["target"], letter["direction"] == "越小越好"
    elif aimed and "rise" in p:
        line.target = None if before is None else before + p["rise"]
        if line.target is not None and facts.unit == "%":
            line.target = min(line.target, 100)
    elif aimed and p["target"] != "letter":
        line.target = p["target"]
    if "steps" in p:
        line.target = p["steps"][0][0]
    if "rise" in p and line.target is None:
        gone = line.actual is None and _absent(world, unit, code) == "缺报"
        line.state = "缺报" if gone else "不适用"
        return line
    if aimed and line.target is None:
        line.state = "不适用" if unit in world.letters else "缺报"
        return line
    if (
        aimed
        and p["function"] in ("SF1", "SF2", "SF9")
        and (line.target < 0 or (line.target == 0 and not lower))
    ):
        line.state = "不适用"
        return line
    if line.actual is None:
        line.state = _absent(world, unit, code)
        return line
    if p["function"] == "SF8" and before is None:
        line.state = "不适用"
        return line
    line.marks = _marks(p, full, line.actual, line.target, before, lower, places.get((unit, code)))
    return line


def _share(actual: float, target: float, lower: bool) -> float:
    if lower:
        return 1.0 if actual <= 0 else min(1.0, target / actual)
    return max(0.0, min(1.0, actual / target))


def _improved(actual: float, target: float, before: float, lower: bool) -> float:
    if lower:
        actual, target, before = -actual, -target, -before
    if before >= target:
        return float(actual >= target)
    return max(0.0, min(1.0, (actual - before) / (target - before)))


def _marks(
    p: Mapping[str, Any], m: float, a: float, t: Any, before: Value, lower: bool, place: Any
) -> float:
    match p["function"]:
        case "SF1":
            return m * _share(a, t, lower)
        case "SF2":
            reached = _share(a, t, lower)
            return 0.0 if reached < p["floor"] else m * reached
        case "SF3":
            return next((float(g) for at, g in p["steps"] if (a <= at if lower else a >= at)), 0.0)
        case "SF4":
            beyond = a < t if lower else a > t
            return m if beyond or (a == t and not p.get("strict")) else 0.0
        case "SF5" if "band" in p:
            (low, high), (least, most) = p["band"], p["limits"]
            if low <= a <= high:
                return m
            edge = (a - least) / (low - least) if a < low else (most - a) / (most - high)
            return m * max(0.0, edge)
        case "SF5" if p["limit"] <= t:  # a letter's target beyond the limit: met or not
            return m if a <= t else 0.0
        case "SF5":
            return m * max(0.0, min(1.0, (p["limit"] - a) / (p["limit"] - t)))
        case "SF6":
            return max(0.0, m - p["per_case"] * max(a, 0.0))
        case "SF7":
            rank, size = place
            return m if size == 1 else m * (size - rank) / (size - 1)
        case "SF8":
            return m * _improved(a, t, before or 0, lower)
        case "SF9":
            level = m * _share(a, t, lower)
            if before is None:
                return level
            share = p["level_share"]
            return share * level + (1 - share) * m * _improved(a, t, before, lower)
        case "SF10":
            return m * max(0.0, min(1.0, a / 100))
    raise AssertionError(p["function"])


def _sheet(world: Year, unit: str, places: Places) -> Sheet:
    lines: list[Line] = []
    blocks: dict[str, Value] = {}
    weights: dict[str, float] = {}
    for block in world.scheme["blocks"]:
        code, weights[block["code"]] = block["code"], float(block["weight"])
        if block["source"] == "ratings":
            blocks[code] = _ballots(world, unit, block["raters"])
            continue
        mine = []
        for item in block["items"]:
            if "assessed" in item:
                given = world.people.marks.get((unit, item["code"]), [])
                full = float(item["assessed"])
                mean = sum(given) / len(given) if given else 0.0
                mine.append(Line(item["code"], "", full, "计分" if given else "缺报",
                                 full * mean / 100))  # fmt: skip
            mine += [_line(world, unit, item, p, places) for p in item.get("parts", ())]
        due = sum(x.full for x in mine if x.state != "不适用")
        blocks[code] = 100 * sum(x.marks for x in mine) / due if due else None
        lines += mine
    counted = {c: w for c, w in weights.items() if blocks[c] is not None}
    spread = sum(weights.values()) / sum(counted.values())
    score = sum((blocks[c] or 0.0) * w * spread / 100 for c, w in counted.items())
    bonus, deduction = _bonus(world, unit, lines), _deduction(world, unit)
    total = Decimal(repr(round(max(0.0, score + bonus - deduction), 9)))
    rounded = total.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    return Sheet(unit, world.units[unit], lines, blocks, bonus, deduction, rounded)


def _ballots(world: Year, unit: str, raters: Mapping[str, float]) -> float:
    points = 0.0
    for rater, share in raters.items():
        tally = world.people.ballots[unit, rater]
        judged = tally["ballots"] - tally["unclear"]
        worth = sum(tally[answer] * value for answer, value in BALLOT.items())
        points += share * (worth / judged if judged else 0)
    return points / sum(raters.values())


def _bonus(world: Year, unit: str, lines: list[Line]) -> float:
    points = sum(world.scheme["bonus"][level] for level in world.people.honours.get(unit, ()))
    rule = world.scheme["excess"]
    beyond = {p["indicator"] for _, p in _parts(world.scheme) if p.get("excess")}
    for line in lines:
        if line.indicator in beyond and line.state == "计分" and (line.target or 0) > 0:
            over = ((line.actual or 0) - line.target) * 100 / line.target
            points += min(max(over // rule["step_pct"], 0) * rule["points"], rule["cap"])
    return min(float(points), float(world.scheme["bonus_cap"]))


def _deduction(world: Year, unit: str) -> float:
    rule = world.scheme["self_reporting"]
    points = world.late.get(unit, 0) * float(world.scheme["deductions"]["年报迟报"])
    for (who, code), told in world.told.items():
        actual = world.ask(unit, code) if who == unit else None
        if actual is None:
            continue
        gap = abs(told - actual)
        off = gap * 100 / abs(actual) if actual else (100.0 if gap else 0.0)
        if off > rule["tolerance_pct"]:
            points += rule["points"]
    return min(points, float(world.scheme["deduction_cap"]))


def _grade(world: Year, found: dict[str, Sheet]) -> None:
    bands = [(b["name"], b["at_least"]) for b in world.scheme["bands"]]
    order = [name for name, _ in bands]
    highest = {v["code"]: v["highest"] for v in world.scheme["veto"]}
    for group in set(world.units.values()):
        mine = [s for s in found.values() if s.group == group]
        for sheet in mine:
            sheet.grade = next(name for name, floor in bands if sheet.total >= floor)
            for code in world.people.vetoes.get(sheet.unit, ()):
                if order.index(highest[code]) > order.index(sheet.grade):
                    sheet.grade = highest[code]
            if len(mine) >= 3:
                sheet.rank = 1 + sum(o.total > sheet.total for o in mine)
        share = world.scheme["quota"][order[0]]
        free = max(int(share * len(mine) / 100), world.scheme["quota_least"])
        best = [s for s in mine if s.grade == order[0]]
        for sheet in best:
            if sum(o.total >= sheet.total for o in best) > free:
                sheet.grade = order[1]
