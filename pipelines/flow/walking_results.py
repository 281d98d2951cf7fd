"""Walks of what an assessment, a letter of targets or a list of changes says, down to its cells.

A total comes apart into the blocks of its score sheet, a block into its marks, and a mark into the
figure it was made of, which is walked like any other, or the line of the form it was given on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from definitions import Period
from definitions.schemes import Scheme
from pipelines.consolidate import top_unit
from pipelines.flow.extras import AnnualTask, annual_tasks
from pipelines.flow.kept_sheets import block_of, given, kept, mark_of
from pipelines.flow.transfers import standings_of
from pipelines.flow.walk_lines import cells_of_place, line_cell
from pipelines.flow.walk_printed import of_kind
from pipelines.flow.walk_steps import (
    LINE_NAMES,
    At,
    Cell,
    Part,
    Walk,
    address_of,
    made,
    name_of,
)
from pipelines.flow.walking_marks import figures_as_of, finer, scored_units
from pipelines.publish.changes import counted_in, declared
from pipelines.publish.quoting import (
    ALL_WORKS,
    BALLOT_OF,
    BLOCK_OF,
    BONUS,
    DEDUCTION,
    DONE,
    DUE,
    GIVEN,
    GRADED,
    MEAN_OF,
    RANK,
    SHARE_DONE,
    TOTAL,
    TRIAL,
    WORKS_DONE,
    WORKS_GIVEN,
    basis_of,
)
from pipelines.publish.standings import Standing, behind
from warehouse.cutoff import prepare_cutoff
from warehouse.organisations import standing
from warehouse.publications import PrintedNumber
from warehouse.walks import (
    ScoredUnit,
    change_lines,
    changes_behind,
    names_at,
    results_behind,
)


def result(at: At, number: PrintedNumber, label: str) -> Walk:
    """A total, rank, block or count of an assessment."""
    scheme = next((s for s in at.known.schemes if s.code == number.indicator), None)
    if scheme is None:
        return _graded(at, number, label)
    if number.basis.endswith(GRADED):
        return _counted(at, number, label, scheme)
    found = scored_units(at, number, number.unit)
    if not found and number.basis.startswith(MEAN_OF):
        found = scored_units(at, number)
    if not found:
        return made(at, number, label, scheme.label, "assessment_unit", "", (), ())
    one = found[0]
    step = finer(number)
    if step is not None:
        return step(at, number, label, scheme, one)
    if number.basis == RANK:
        return _ranked(at, number, label, scheme, one)
    if number.basis.startswith(BLOCK_OF):
        return _block(at, number, label, scheme, one)
    return _total(at, number, label, scheme, one)


def _total(at: At, number: PrintedNumber, label: str, scheme: Scheme, one: ScoredUnit) -> Walk:
    """The blocks with their weights, then what was added and taken off, each on its line."""
    parts: list[Part] = []
    cells: list[Cell] = []
    for block in one.detail.get("blocks", ()):
        address = address_of(number, basis=f"{BLOCK_OF}{block['block']['code']}")
        name = f"{block['block']['name']}（权重{kept(block['weight']):.0f}%）"
        parts.append(Part(name, given(block["score"]), address, 1))
    for kind, name, sign in (("bonus", BONUS, 1), ("deductions", DEDUCTION, -1)):
        counted = [m for m in one.detail.get(kind, ()) if m["counted"]]
        if counted:
            points = one.detail["bonus_points" if name == BONUS else "deduction_points"]
            parts.append(Part(name, sign * kept(points), address_of(number, basis=name), 1))
            for more in counted:
                cells += cells_of_place(at, number, more["reference"], figures_as_of(at))
    rule = "各部分得分×权重之和，加分另加、扣分另减"
    if number.basis == TRIAL:
        rule = "同样的评分按下一年度的权重计算"
    value = number.value if number.value is not None else one.total
    return made(at, replace(number, value=value), label, _called(scheme, number), "assessment_unit",
                rule, parts, cells)  # fmt: skip


def _block(at: At, number: PrintedNumber, label: str, scheme: Scheme, one: ScoredUnit) -> Walk:
    code = number.basis.removeprefix(BLOCK_OF)
    block = block_of(scheme, one.detail, code)
    parts: list[Part] = []
    # What a party gave stands in a column of its own (HOME-02).
    given_in = block.get("reference", "")
    cells = list(cells_of_place(at, number, given_in, at.edition.cutoff, f"{code}_score"))
    for mark in block["parts"]:
        item = mark["item"]
        about = ((mark["indicator"] or mark["part"]) or {}).get("name") or ""
        name = f"{item['code']} {item['name']}{'：' if about else ''}{about}"
        parts.append(
            Part(f"{name}（{kept(mark['full']).normalize():f}分，{mark['state']}）",
                 given(mark["marks"]), address_of(number, basis=mark_of(mark)), 1)
        )  # fmt: skip
    for rater in block["raters"]:
        basis = basis_of(f"{BALLOT_OF}{code}:{rater['rater']}:{GIVEN}")
        parts.append(Part(f"{rater['rater']}（占{kept(rater['share']).normalize():f}%）",
                          given(rater["score"]), address_of(number, basis=basis), 1))  # fmt: skip
        if rater["tally"]:
            told_in = rater["tally"]["reference"]
            cells += cells_of_place(at, number, told_in, at.edition.cutoff)
    told = {b["code"]: b["told"] for b in one.detail.get("explanation", {}).get("blocks", ())}
    value = number.value if number.value is not None else given(block["score"])
    name = f"{_called(scheme, number)}：{block['block']['name']}"
    return made(at, replace(number, value=value), label, name, "assessment_unit",
                told.get(code, ""), parts, _once(cells))  # fmt: skip


def _ranked(at: At, number: PrintedNumber, label: str, scheme: Scheme, one: ScoredUnit) -> Walk:
    """Everyone of the group with the total that the rank was told by."""
    group = [u for u in scored_units(at, number) if u.group == one.group]
    group.sort(key=lambda u: (u.rank is None, u.rank or 0, u.unit))
    parts = [
        Part(f"{u.rank or '不排名'}　{u.name}", u.total,
             address_of(number, unit=u.unit, basis=TOTAL), 1)
        for u in group
    ]  # fmt: skip
    value = number.value if number.value is not None else Decimal(one.rank or 0)
    return made(at, replace(number, value=value), label, _called(scheme, number), "assessment_unit",
                f"“{one.group}”组内按总分由高到低排列，同分同名次", parts, ())  # fmt: skip


def _counted(at: At, number: PrintedNumber, label: str, scheme: Scheme) -> Walk:
    """How many units of one result a paper counts: those units with their totals."""
    wanted = frozenset(number.units)
    found = [u for u in scored_units(at, number) if u.unit in wanted]
    parts = [
        Part(f"{u.name}（{u.grade}）", u.total, address_of(number, unit=u.unit, basis=TOTAL), 1)
        for u in found
    ]
    value = number.value if number.value is not None else Decimal(len(parts))
    return made(at, replace(number, value=value), label, _called(scheme, number), "assessment_unit",
                "逐户计数", parts, ())  # fmt: skip


def _graded(at: At, number: PrintedNumber, label: str) -> Walk:
    """How many units were assessed, or had a grade: those units with their totals."""
    period = Period.parse(number.period)
    wanted = frozenset(number.units)
    found = {
        u.unit: u
        for u in results_behind(at.connection, period.year, at.edition.cutoff)
        if u.unit in wanted and of_kind(at, u.scheme, number.basis)
    }
    parts = [
        Part(f"{u.name}（{u.grade}）", u.total,
             address_of(number, unit=u.unit, indicator=u.scheme, basis=TOTAL), 1)
        for u in found.values()
    ]  # fmt: skip
    grade = number.basis.removesuffix(GRADED)
    return made(at, number, label, f"考核结果（{grade}）", "assessment_unit", "逐户计数", parts, ())


def _called(scheme: Scheme, number: PrintedNumber) -> str:
    return f"{scheme.label}{'' if number.basis.startswith(BLOCK_OF) else number.basis}"


def _once(cells: Sequence[Cell]) -> list[Cell]:
    return list(dict.fromkeys(cells))


# --- letters of targets ---


def letters(at: At, number: PrintedNumber, label: str) -> Walk:
    """A count of tasks of the letters, or a share of them: each with the figure that decides it."""
    period = Period.parse(number.period)
    work = "" if number.indicator == ALL_WORKS else number.indicator
    tasks = [] if at.edition.computation is None else annual_tasks(
        at.connection, at.known, period, at.edition.computation, at.edition.cutoff
    )  # fmt: skip
    tasks = [t for t in tasks if not work or t.work == work]
    top = top_unit(standing(at.connection, period.end, at.edition.cutoff))
    if number.unit != top.code:  # the board of a county is that of its own letter
        tasks = [t for t in tasks if t.unit == number.unit]
    name = at.known.works.get(work, "责任书任务")
    if number.basis in (WORKS_GIVEN, WORKS_DONE):
        return _by_work(at, number, label, tasks)
    if number.basis == SHARE_DONE:
        parts = [
            Part(basis, Decimal(len(some)), address_of(number, basis=basis))
            for basis, some in ((DONE, [t for t in tasks if t.met]), (DUE, tasks))
        ]
        return made(at, number, label, name, "annual_tasks", "完成任务÷下达任务×100%", parts, ())
    counted = [t for t in tasks if t.met or number.basis == DUE]
    value = number.value if number.value is not None else Decimal(len(counted))
    parts = [_task(at, number, task) for task in counted]
    return made(at, replace(number, value=value), label, f"{name}：{number.basis}", "annual_tasks",
                "逐项任务计数，按系统计算数与责任书目标比较", parts, ())  # fmt: skip


def _task(at: At, number: PrintedNumber, task: AnnualTask) -> Part:
    indicator = at.known.indicators[task.indicator]
    told = f"{name_of(at, task.unit, number.period)}：{indicator.name}"
    aim = f"目标{task.target.normalize():f}{indicator.unit}"
    address = "/".join((LINE_NAMES[task.line], task.unit, number.period, task.indicator))
    return Part(f"{told}（{aim}，{'完成' if task.met else '未完成'}）", task.actual, address, 1)


def _by_work(at: At, number: PrintedNumber, label: str, tasks: Sequence[AnnualTask]) -> Walk:
    """How many works have tasks, or have all of them met."""
    works: dict[str, list[AnnualTask]] = {}
    for task in tasks:
        works.setdefault(task.work, []).append(task)
    parts = [
        Part(
            at.known.works.get(work, work),
            Decimal(len(own)),
            address_of(number, indicator=work, basis=DUE),
            1,
        )
        for work, own in sorted(works.items())
        if number.basis == WORKS_GIVEN or all(t.met for t in own)
    ]
    return made(at, number, label, "重点工作", "annual_tasks", "逐项重点工作计数", parts, ())


# --- changes of organisations ---


def changes(at: At, number: PrintedNumber, label: str) -> Walk:
    """A count of changes of relations: each change with the line that declared it."""
    period = Period.parse(number.period)
    cutoff = at.edition.cutoff
    # Members told with a change are told of the union; the list of changes is the report's.
    every = changes_behind(at.connection, at.unit_id(at.edition.unit), period, cutoff)
    moves = [(c.change, LINE_NAMES[c.line], c.from_name, c.to_name) for c in every]
    found = [every[place] for place in counted_in(moves, number.basis)] or [
        c
        for c in every
        if c.unit == number.unit
        and number.basis
        in {declared(w, c.change, LINE_NAMES[c.line], c.effective) for w in ("会员", "职工")}
    ]
    lines = change_lines(at.connection, [c.change_id for c in found], cutoff)
    parts = [
        Part(f"{c.name}：{c.change} {c.from_name or '—'}→{c.to_name or '—'}（{c.effective}）",
             Decimal(1))
        for c in found
    ]  # fmt: skip
    cells = [
        replace(line_cell(at, line, number, number.basis), unit=c.unit, unit_name=c.name,
                adds=Decimal(1))
        for c in found
        for line in lines.get(c.change_id, ())[:1]
    ]  # fmt: skip
    return made(at, number, label, "组织关系变动", "walk_changes", "逐项变动计数", parts, cells)


def standings(at: At, number: PrintedNumber, label: str) -> Walk:
    """A count of unions by parent, or a sum of their members or workers: each of the unions."""
    period = Period.parse(number.period)
    prepare_cutoff(at.connection, at.edition.cutoff)
    every = standings_of(
        at.connection, at.known, at.edition.unit, period, at.edition.cutoff
    )  # fmt: skip
    found = behind(every, LINE_NAMES[number.line], number.basis)
    code, told = "", "逐户计数"
    for what, indicator in (("会员", "I-ORG-04"), ("职工", "I-ORG-03")):
        if number.basis.startswith(what):
            code, told = indicator, f"各单位本期最后一次报送的{what}相加"
    at.names.update(
        names_at(at.connection, [s.unit for s in found], period, at.edition.cutoff)
    )  # fmt: skip
    parts = [
        Part(
            f"{at.names.get(s.unit, s.unit)}（{s.before or '—'}→{s.after or '—'}）",
            Decimal(1) if not code else _head(s, code),
            f"{LINE_NAMES[1]}/{s.unit}/{period.label}/{code}" if code else "",
            1,
        )
        for s in found
    ]
    return made(at, number, label, number.basis, "standing_between", told, parts, ())


def _head(one: Standing, code: str) -> Decimal | None:
    told = one.members if code == "I-ORG-04" else one.workers
    return None if told is None else Decimal(told)
