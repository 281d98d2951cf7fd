"""Walks of what papers tell of a unit beside its total: marks, ballots, points added and taken.

What a person entered in the portal has no workbook: the walk names the record, who and when.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from definitions import Period
from definitions.schemes import Scheme
from pipelines.flow.ground import CHINA, moment
from pipelines.flow.kept_sheets import block_of, given, kept, kind_of, mark_of
from pipelines.flow.letters import first_scored
from pipelines.flow.walk_lines import cells_of_place, cells_of_self_report
from pipelines.flow.walk_steps import At, Cell, Part, Walk, address_of, made
from pipelines.publish.quoting import (
    ACTUAL_OF,
    BALLOT_OF,
    BLOCK_OF,
    BONUS,
    CAST,
    DEDUCTION,
    EARNED,
    ELIGIBLE,
    GIVEN,
    KIND_IN,
    MARK_OF,
    MEAN_OF,
    RULED,
    SHARE_CAST,
    TARGET_OF,
    TOLD_OF,
    basis_of,
    basis_told,
)
from warehouse import assessment_facts as facts
from warehouse import assessment_year as years
from warehouse import self_assessments as told_by_units
from warehouse.publications import PrintedNumber
from warehouse.walks import ScoredUnit, result_kept, results_behind

_RECORD = re.compile(r"(评价票|评分|自评) (\d+)")
_CHOICES = {"满意": "very_sat", "基本满意": "basic_sat", "不满意": "unsat", "不了解": "unclear"}
_COUNTS = {**_CHOICES, ELIGIBLE: "eligible", CAST: "ballots"}


def scored_units(at: At, number: PrintedNumber, unit: str = "") -> list[ScoredUnit]:
    """Units of the result that a number is from: of the paper's own edition or run, else of what
    stood at the cut-off. LookupError where the paper's own is not kept: no other is told for it."""
    period, edition = Period.parse(number.period), at.edition
    result, recipe = None, edition.recipe
    own = number.indicator == recipe.get("scheme", recipe.get("run"))
    if own and number.period == edition.period and ("edition" in recipe or "run" in recipe):
        result = result_kept(
            at.connection, number.indicator, period.year, number=recipe.get("edition"),
            cutoff=edition.cutoff, definitions=edition.definitions,
        )  # fmt: skip
        if result is None:
            raise LookupError(f"没有找到{edition.reference}所依据的考核结果")
    return results_behind(
        at.connection, period.year, at.edition.cutoff, number.indicator, unit, result=result
    )


def figures_as_of(at: At) -> datetime:
    """Until when figures, letters and filed self-reports count for an edition."""
    told = at.edition.recipe.get("figures")
    return moment(str(told)) if told else at.edition.cutoff


Step = Callable[[At, PrintedNumber, str, Scheme, ScoredUnit], Walk]


def finer(number: PrintedNumber) -> Step | None:
    """What walks a number of a score sheet that is not a total, rank or block; None for those."""
    basis = number.basis
    if basis.startswith(BLOCK_OF) and basis.endswith(f":{EARNED}"):
        return _weighted
    steps: dict[str, Step] = {
        BONUS: _adjusted, DEDUCTION: _adjusted, MARK_OF: _mark, TARGET_OF: _target, TOLD_OF: _told,
        ACTUAL_OF: _actual, BALLOT_OF: _ballot, RULED: _ruled, MEAN_OF: _mean, KIND_IN: _kind,
    }  # fmt: skip
    return next((step for name, step in steps.items() if basis.startswith(name)), None)


def _walk(
    at: At, number: PrintedNumber, label: str, scheme: Scheme, value: Decimal | None, rule: str,
    parts: Sequence[Part] = (), cells: Sequence[Cell] = (),
) -> Walk:  # fmt: skip
    shown = number.value if number.value is not None else value
    name = f"{scheme.label}：{basis_told(scheme.code, number.basis, at.known)}"
    return made(at, replace(number, value=shown), label, name, "assessment_unit", rule, parts,
                tuple(dict.fromkeys(cells)))  # fmt: skip


# --- points added and taken ---


def _adjusted(at: At, number: PrintedNumber, label: str, scheme: Scheme, one: ScoredUnit) -> Walk:
    """All of it, of a kind, or one entry: 扣分, 扣分:年报迟报, 扣分:年报迟报:1."""
    name, kind, place = (*number.basis.split(":"), "", "")[:3]
    entries = one.detail.get("bonus" if name == BONUS else "deductions", ())
    of_kind = [e for e in entries if kind in ("", basis_of(e["kind"]))]
    if place:
        if not (place.isdecimal() and 1 <= int(place) <= len(of_kind)):
            raise LookupError(f"评分表没有“{number.basis}”这一项")
        return _entry(at, number, label, scheme, of_kind[int(place) - 1])
    seen: dict[str, int] = {}
    parts = []
    for entry in of_kind:
        key = basis_of(entry["kind"])
        seen[key] = seen.get(key, 0) + 1
        address = address_of(number, basis=f"{name}:{key}:{seen[key]}")
        points = kept(entry["points"]) if entry["counted"] else Decimal(0)
        parts.append(Part(f"{entry['kind']}：{entry['title']}", points, address, 1))
    whole = sum((p.value or Decimal(0) for p in parts), Decimal(0))
    rule = "逐项相加"
    if not kind:
        capped = kept(one.detail["bonus_points" if name == BONUS else "deduction_points"])
        rule += f"，按上限计（合计{whole.normalize():f}分）" if capped < whole else ""
        whole = capped
    return _walk(at, number, label, scheme, whole, rule, parts)


def _entry(
    at: At, number: PrintedNumber, label: str, scheme: Scheme, entry: Mapping[str, Any]
) -> Walk:
    by = "考核办法" if entry["document"] == scheme.code else entry["document"]
    why = "计入" if entry["counted"] else entry["why"]
    rule = f"{entry['title']}；依据：{by or '未附文号'}；{why}"
    cells = cells_of_place(at, number, entry["reference"], figures_as_of(at))
    points = kept(entry["points"]) if entry["counted"] else Decimal(0)
    return _walk(at, number, label, scheme, points, rule, (), list(cells))


# --- one line of a score sheet ---


def _line_of(number: PrintedNumber, one: ScoredUnit) -> tuple[Mapping[str, Any], str]:
    """The line that a number is from, as kept, and its words."""
    _, item, *rest = number.basis.split(":", 2)
    wanted = rest[0] if rest else ""
    told = one.detail.get("explanation", {}).get("blocks", ())
    for n, block in enumerate(one.detail.get("blocks", ())):
        for place, line in enumerate(block["parts"]):
            code = (line["indicator"] or {}).get("code") or ""
            if (line["item"]["code"], basis_of(code)) == (item, wanted):
                words = told[n]["lines"][place]["told"] if n < len(told) else ""
                return line, words
    raise LookupError(f"评分表没有“{number.basis}”这一行")


def _mark(at: At, number: PrintedNumber, label: str, scheme: Scheme, one: ScoredUnit) -> Walk:
    line, words = _line_of(number, one)
    key = number.basis.removeprefix(MARK_OF)
    sides = ((ACTUAL_OF, "actual"), (TARGET_OF, "target"), (TOLD_OF, "self_reported"))
    parts = [
        Part(name.rstrip(":"), kept(line[field]), address_of(number, basis=f"{name}{key}"), 1)
        for name, field in sides
        if line[field] is not None and line["indicator"]
    ]
    parts += [Part(who, kept(raw), record=True) for who, raw in line["working"]["given"]]
    cells: list[Cell] = []
    if not line["indicator"]:
        parts += _records(at, number, line["reference"])
        cells = list(cells_of_place(at, number, line["reference"], at.edition.cutoff))
    return _walk(at, number, label, scheme, kept(line["marks"]), words, parts, cells)


def _target(at: At, number: PrintedNumber, label: str, scheme: Scheme, one: ScoredUnit) -> Walk:
    line, words = _line_of(number, one)
    period = Period.parse(number.period)
    if not line["from_letter"]:
        last = line["last_year"]
        parts = [] if last is None else [Part("上年实绩", kept(last), _figure_of(line, period))]
        rule = f"考核办法规定的目标：{words}"
        return _walk(at, number, label, scheme, given(line["target"]), rule, parts)
    until = figures_as_of(at)
    first = first_scored(at.connection, scheme.family, period.year, until)
    signed = until if first is None else min(first, until)
    cells = cells_of_place(at, number, line["signed_in"], signed, "target")
    return _walk(at, number, label, scheme, given(line["target"]), "目标责任书签订的目标", (),
                 list(cells))  # fmt: skip


def _figure_of(line: Mapping[str, Any], period: Period) -> str:
    """The address of last year's figure of a line that has one figure."""
    words = line["reference"].split("/")
    return "/".join((words[0], words[1], period.last_year().label, words[3])) if (
        len(words) == 4 and "；" not in line["reference"]
    ) else ""  # fmt: skip


def _told(at: At, number: PrintedNumber, label: str, scheme: Scheme, one: ScoredUnit) -> Walk:
    """What the unit says: entered in the round, else its filed reports."""
    line, _ = _line_of(number, one)
    if not line["indicator"]:
        raise LookupError(f"“{number.basis}”不按指标计分，没有自评数")
    code, until = line["indicator"]["code"], at.edition.cutoff
    value = given(line["self_reported"])
    found = _round(at, number)
    for row in told_by_units.self_entries(at.connection, found, until) if found else ():
        if (row["unit"], row["indicator"]) == (number.unit, code) and row["value"] is not None:
            part = Part(_who("自评", row), kept(row["value"]), record=True)
            return _walk(at, number, label, scheme, value, "单位在系统中填报的自评数", [part])
    cells = cells_of_self_report(at, number, code, figures_as_of(at))
    return _walk(at, number, label, scheme, value, "单位自报数：流量各季相加，其余取第四季度", (),
                 cells)  # fmt: skip


def _actual(at: At, number: PrintedNumber, label: str, scheme: Scheme, one: ScoredUnit) -> Walk:
    line, words = _line_of(number, one)
    parts, cells = [], []
    for place in line["reference"].split("；"):
        pieces = place.split("/")
        if len(pieces) == 4:
            indicator = at.known.indicators.get(pieces[3])
            parts.append(Part(indicator.name if indicator else pieces[3], None, place, 1))
        elif "!" in place:
            cells += list(cells_of_place(at, number, place, figures_as_of(at)))
        elif place:
            parts.append(Part(place, given(line["actual"])))
    if len(parts) == 1:
        parts = [replace(parts[0], value=given(line["actual"]))]
    rule = line["made_of"] or words
    return _walk(at, number, label, scheme, given(line["actual"]), rule, parts, cells)


def _weighted(at: At, number: PrintedNumber, label: str, scheme: Scheme, one: ScoredUnit) -> Walk:
    """What a block adds to the total."""
    basis = number.basis.removesuffix(f":{EARNED}")
    block = block_of(scheme, one.detail, basis.removeprefix(BLOCK_OF))
    part = Part(block["block"]["name"], given(block["score"]), address_of(number, basis=basis), 1)
    rule = f"得分×权重{kept(block['weight']).normalize():f}%"
    return _walk(at, number, label, scheme, kept(block["weighted"]), rule, [part])


# --- ballots ---


def _ballot(at: At, number: PrintedNumber, label: str, scheme: Scheme, one: ScoredUnit) -> Walk:
    _, code, who, what = number.basis.split(":", 3)
    block = block_of(scheme, one.detail, code)
    rater = next((r for r in block["raters"] if basis_of(r["rater"]) == who), None)
    tally = (rater or {}).get("tally") or {}
    told = tally or block  # a party tells counts of its own
    counts = _COUNTS if tally else {ELIGIBLE: "members_eligible", CAST: "members_rated"}
    known = {*counts, SHARE_CAST, *((EARNED, GIVEN) if rater else ())}
    if what not in known or (rater is None and block["raters"]):
        raise LookupError(f"评分表没有“{number.basis}”这个数")
    reference = told.get("reference") or ""

    def other(name: str) -> Part:
        basis = f"{BALLOT_OF}{code}:{who}:{name}"
        return Part(name, given(told[_COUNTS[name]]), address_of(number, basis=basis), 1)

    if what == SHARE_CAST:
        return _walk(at, number, label, scheme, None, "收回票数÷应评人数×100%",
                     [other(CAST), other(ELIGIBLE)])  # fmt: skip
    if rater is not None and what == EARNED:
        basis = f"{BALLOT_OF}{code}:{who}:{GIVEN}"
        part = Part(GIVEN, given(rater["score"]), address_of(number, basis=basis), 1)
        rule = f"评分×份额{kept(rater['share']).normalize():f}%"
        return _walk(at, number, label, scheme, None, rule, [part])
    if rater is not None and what == GIVEN:
        words = one.detail.get("explanation", {}).get("blocks", ())
        spoken = next((r["told"] for b in words for r in b["raters"]
                       if b["code"] == code and r["rater"] == rater["rater"]), "")  # fmt: skip
        parts = [other(name) for name in _CHOICES] if tally else []
        return _walk(at, number, label, scheme, given(rater["score"]), spoken, parts)
    parts = list(_records(at, number, reference))
    cells = list(cells_of_place(at, number, reference, at.edition.cutoff, counts[what]))
    return _walk(at, number, label, scheme, given(told[_COUNTS[what]]), "评价票汇总", parts, cells)


# --- records of the portal ---


def _round(at: At, number: PrintedNumber) -> int | None:
    """The round of the scheme and year that a number is from."""
    year = Period.parse(number.period).year
    found = years.round_of(at.connection, number.indicator, year, at.edition.cutoff)
    return found.id if found else None


def _who(what: str, row: Mapping[str, Any]) -> str:
    when = row["entered_at"].astimezone(CHINA)
    return (
        f"系统内记录：{what}第 {row['id']} 号，{row['entered_by']}于{when:%Y-%m-%d %H:%M}录入，"
        "没有报表原件"
    )


def _records(at: At, number: PrintedNumber, reference: str) -> Iterator[Part]:
    """Each record that a reference names, with who entered it and when."""
    found = _round(at, number)
    if found is None:
        return
    for what, place in _RECORD.findall(reference):
        rows = facts.tallies if what == "评价票" else facts.assessor_marks
        for row in rows(at.connection, found, at.edition.cutoff):
            if row["id"] == int(place):
                value = row["ballots"] if what == "评价票" else row["raw"]
                yield Part(_who(what, row), kept(value), record=True)


def _ruled(at: At, number: PrintedNumber, label: str, scheme: Scheme, one: ScoredUnit) -> Walk:
    """What a joint review or an appeal settled: the decision itself is the source."""
    _, kind, key = number.basis.split(":", 2)
    found = _round(at, number)
    told = [
        r
        for r in (facts.rulings(at.connection, found, at.edition.cutoff) if found else ())
        if (r["unit"], r["kind"], basis_of(r["key"])) == (number.unit, kind, key)
    ]
    rule = "；".join(f"{r['source']}核定（{r['document']}）：{r['reason']}" for r in told)
    parts = [
        Part(f"系统内记录：核定第 {r['id']} 号，{r['ruled_at'].astimezone(CHINA):%Y-%m-%d %H:%M}",
             given(r["value"]), record=True)
        for r in told
    ]  # fmt: skip
    return _walk(at, number, label, scheme, given(told[0]["value"]) if told else None, rule, parts)


# --- audits ---


def _kind(at: At, number: PrintedNumber, label: str, scheme: Scheme, one: ScoredUnit) -> Walk:
    """What an aspect earned of one kind: 分项:AUD-01:基础."""
    _, code, kind = number.basis.split(":", 2)
    block = block_of(scheme, one.detail, code)
    parts = [
        Part(
            line["item"]["name"],
            kept(line["marks"]),
            address_of(number, basis=mark_of(line)),
            1,
        )
        for line in block["parts"]
        if kind_of(line) == kind
    ]
    whole = sum((p.value or Decimal(0) for p in parts), Decimal(0))
    return _walk(at, number, label, scheme, whole, "各项得分相加", parts)


def _mean(at: At, number: PrintedNumber, label: str, scheme: Scheme, one: ScoredUnit) -> Walk:
    """The mean of a block over all who have a mark of it: 平均:AUD-01."""
    code = number.basis.removeprefix(MEAN_OF)
    parts = []
    for unit in scored_units(at, number):
        own = scored_units(at, number, unit.unit)[0]
        score = next((b["score"] for b in own.detail["blocks"] if b["block"]["code"] == code), None)
        if score is not None:
            address = address_of(number, unit=unit.unit, basis=f"{BLOCK_OF}{code}")
            parts.append(Part(unit.name, kept(score), address, 1))
    values = [p.value for p in parts if p.value is not None]
    mean = sum(values, Decimal(0)) / len(values) if values else None
    return _walk(at, number, label, scheme, mean, "各被审计单位得分的平均", parts)
