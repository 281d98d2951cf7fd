"""Every number of the official papers walks to its cells, and adds up from the original workbooks.

The year of test_every_scheme and the papers of test_papers_again, handed in as real workbooks; with
rounds of three more schemes, so that letters of targets, ballots and money are told too.
"""

from __future__ import annotations

import io
import random
import re
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

import openpyxl
import pytest

from definitions import Definitions
from pipelines import flow
from pipelines.assessment_year.rating import Ballots
from pipelines.flow import assessing_year as steps
from pipelines.flow import assessment_entries as entries
from pipelines.flow.walking import Cell, Part, Walk
from pipelines.places import places
from pipelines.publish.quoting import SHARE_CAST, TOTAL
from pipelines.workbook import FormSheet
from tests import two_unions
from tests.acceptance import query
from tests.test_every_scheme import DISTRICT, assessed
from tests.test_evidence import letter
from tests.test_papers_again import (
    CHAIR,
    JURY,
    OFFICE,
    the_round_begins,
    the_round_goes_on,
    units_correct,
)
from tests.two_unions import MILL, MINE, TRADE, file
from warehouse.engine import warehouse
from warehouse.life_cycle import Actor

__all__ = ["assessed"]

YEAR = 2019
FIGURE = re.compile(r"-?[\d,]+(?:\.\d+)?")
ROUNDS = ("TRA-IND-2019", "TRA-GRASS-2019", "MEV-UNIT-2019")
RATERS = {"会员": 140, "职工代表": 40, "党政领导": 12, "工会机关": 9}


def original(page: FormSheet, name: str) -> str:
    """A workbook that holds the sheet where the loader says that it does; its hash."""
    book = openpyxl.Workbook()
    tab = book.active
    tab.title = page.sheet
    tab.append([name])
    for place, values in zip(page.columns, page.values, strict=True):
        for row, value in zip(page.row_numbers, values, strict=True):
            tab.cell(row, place, value)
    stream = io.BytesIO()
    book.save(stream)
    return places().originals.put(stream.getvalue())


@pytest.fixture(scope="module")
def papers(
    module_home: Any, request: pytest.FixtureRequest, definitions: Definitions
) -> Iterator[dict[str, Any]]:
    """Every kind of paper, by what it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(two_unions, "workbook_hash", original)
        request.getfixturevalue("assessed")
        kept: dict[str, Any] = {}
        told_by_units()
        the_round_begins(kept)
        for scheme in ROUNDS:
            a_round(definitions, scheme)
        the_round_goes_on(kept)
        yield kept
        units_correct()


def told_by_units() -> None:
    """A task of the letter of a union and of an industry union, and what they say of it."""
    with warehouse().begin() as c:
        for union in (TRADE, MINE):
            task = letter("T9", "I-SKILL-15", 300) | {"org_code": union}
            file(c, "TGT-01", "2019", task, by=union)
            for quarter, value in zip("1234", (60, 70, 80, 68), strict=True):
                row = {"task_id": "T9", "actual": value, "self_score": 9.0, "evidence": "台账",
                       "gap_reason": "生源不足"}  # fmt: skip
                file(c, "TGT-02", f"2019Q{quarter}", row, by=union)


def a_round(known: Definitions, scheme: str) -> None:
    """A round of a scheme from its start to its final result, with its book and letters."""
    official = next(s for s in known.schemes if s.code == scheme)
    steps.start_assessment(scheme, YEAR, by=OFFICE, reason="年度安排", at="2020-06-20T10:00")
    steps.compute_marks(scheme, YEAR, by=OFFICE, reason="年报已锁定", at="2020-06-20T10:30")
    units = [TRADE, DISTRICT] if scheme == "TRA-IND-2019" else [MILL, MINE]
    raters = {r: n for b in official.blocks for r in b.raters or () if (n := RATERS.get(r))}
    rated = {(u, r): n for u in units for r, n in raters.items()} if "TRA" in scheme else {}
    entries.open_rating(
        scheme, YEAR, opens_on="2020-06-21", closes_on="2020-06-23", electorates=rated, by=OFFICE,
        reason="组织评价", at="2020-06-21T10:00",
    )  # fmt: skip
    ballots = [
        Ballots(unit, rater, eligible=n, ballots=n - 2, very_sat=n - 5, basic_sat=2, unsat=0,
                unclear=1)
        for (unit, rater), n in rated.items()
    ]  # fmt: skip
    if ballots:
        entries.enter_ballots(scheme, YEAR, ballots, by=OFFICE, at="2020-06-22T10:00")
    entries.close_rating(scheme, YEAR, by=OFFICE, reason="评价结束", at="2020-06-23T18:00")
    items = [i.code for b in official.blocks for i in b.items if i.assessed is not None]
    marks = [
        entries.GivenMark(unit, item, group, Decimal(raw), "佐证材料不全", "考评档案")
        for unit in units
        for item in items
        for group, raw in (("考评一组", "91.5"), ("考评二组", "88"))
    ]
    if marks:
        entries.enter_marks(scheme, YEAR, marks, by=Actor("考评组 05"), at="2020-06-23T19:00")
    steps.submit_to_review(scheme, YEAR, by=OFFICE, reason="评分已齐", at="2020-06-24T09:00")
    drawn = entries.draw_sample(
        scheme, YEAR, seed="20200625-公证", by=JURY, reason="抽查", at="2020-06-25T09:00"
    )
    for unit in drawn:
        entries.enter_inspection(
            scheme, YEAR, unit, outcome="属实", finding="一致", evidence="核查记录",
            inspected_on="2020-06-26", by=JURY, at="2020-06-26T09:00",
        )  # fmt: skip
    steps.give_notice(scheme, YEAR, by=OFFICE, reason="抽查完毕", at="2020-06-27T09:00")
    steps.finalise(
        scheme, YEAR, by=CHAIR, reason="会议审定", document="示总工纪〔2020〕3号",
        at="2020-07-19T09:00",
    )  # fmt: skip
    flow.publish_book(
        scheme, YEAR, by="考核办 01", at="2020-07-19T10:00", letter="示总工考〔2020〕{n}号"
    )
    if scheme == "TRA-IND-2019":
        flow.publish_funding_note(
            scheme, YEAR, document="示总工财〔2020〕4号", by="考核办 01", at="2020-07-19T10:00",
            pool=345_678,
        )  # fmt: skip


# --- reading again ---


@cache
def workbook(sha256: str) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(places().originals.get(sha256)), data_only=True)


def read(cell: Cell) -> Decimal:
    """What a cell adds, from the original alone; a counted row is one thing."""
    values = [workbook(cell.sha256)[cell.sheet][c].value for c in cell.cells]
    assert any(v not in (None, "") for v in values), cell
    if not cell.measure_sums:
        return Decimal(1) if cell.adds else Decimal(0)
    return sum((Decimal(str(v)) for v in values if v not in (None, "")), Decimal(0))


def total(cells: tuple[Cell, ...]) -> Decimal:
    return sum((-read(c) if c.side in ("减项", "上年减项") else read(c) for c in cells), Decimal(0))


def shown(value: Decimal, text: str) -> bool:
    """Whether a value rounds to what is printed, half to even as marks are or half up."""
    found = FIGURE.search(text)
    assert found, text
    number = Decimal(found.group().replace(",", ""))
    unit = Decimal(1).scaleb(-len(found.group().partition(".")[2]))
    return abs(number) in {
        abs(value).quantize(unit, how) for how in (ROUND_HALF_EVEN, ROUND_HALF_UP)
    }


# --- walking ---


def down(step: Walk, part: Part) -> Decimal:
    """A part once more from below; its own value where no step follows (a record, a rounding)."""
    if not part.address:
        assert part.value is not None, (step.number, part)
        return part.value
    return again(flow.walk(step.reference, part.address))


def weight(label: str) -> Decimal:
    found = re.search(r"权重(\d+(?:\.\d+)?)%", label)
    return Decimal(found[1] if found else 100) / 100


def again(step: Walk) -> Decimal:
    """A number from its parts by its rule, or from the cells of the originals."""
    parts = [down(step, p) for p in step.parts]
    basis = step.basis
    if step.source == "indicator":
        return figure(step, parts)
    if step.source == "rectification":
        days = re.findall(r"\d{4}-\d{2}-\d{2}", step.parts[0].label)
        return Decimal((date(days[2]) - date(days[1])).days)
    if step.source == "row" and step.cells and step.indicator.split(":")[1] in RECKONED:
        (value,) = (workbook(c.sha256)[c.sheet][c.cells[0]].value for c in step.cells)
        assert value is not None
        return kept(step)
    if step.source == "row":
        return parts[0] / parts[1] * 100 if parts and not step.cells else total(step.cells)
    if step.source == "money":
        return money(step, parts)
    assert step.source == "assessment", step
    if basis == TOTAL:
        return sum((weight(p.label) * v for p, v in zip(step.parts, parts, strict=True)), D0)
    if basis == "名次":
        own = next(p.value for p in step.parts if p.address.split("/")[1] == step.unit)
        assert own is not None
        return Decimal(1 + sum(1 for p in step.parts if p.value is not None and p.value > own))
    if basis.endswith("家数"):
        return Decimal(len(parts))
    if basis.endswith(SHARE_CAST):
        return parts[0] / parts[1] * 100
    if basis.startswith(("加分:", "扣分:", "分项:")) and parts:
        return sum(parts, D0)
    if basis.startswith("平均:"):
        return sum(parts, D0) / len(parts)
    if step.cells and not parts and step.cells[0].measure_sums:
        return total(step.cells)
    if basis.startswith("评价:") and len(parts) == 1 and "系统内记录" in step.parts[0].label:
        assert "没有报表原件" in step.parts[0].label
        return kept(step)
    # A mark is what its function makes of sides that were walked just now; test_assessment_year
    # calculates every mark of a year a second time.
    assert parts or step.cells or step.rule, step
    for cell in step.cells:
        read(cell)
    return kept(step)


D0 = Decimal(0)
RECKONED = ("超期工作日", "逾期日数", "晚报日数")


def date(text: str) -> Any:
    from datetime import date as day

    return day.fromisoformat(text)


def kept(step: Walk) -> Decimal:
    assert step.value is not None, step
    return step.value


def figure(step: Walk, parts: list[Decimal]) -> Decimal:
    """A figure of the catalogue, by the test of the lineage of reviews."""
    if step.parts and step.parts[0].label == "分子":
        multiply = re.search(r"×(\d+)", step.rule)
        return parts[0] / parts[1] * Decimal(multiply[1] if multiply else 1)
    if step.cells:
        return total(step.cells)
    return sum(parts, D0) if parts else kept(step)


def money(step: Walk, parts: list[Decimal]) -> Decimal:
    basis = step.basis
    if basis == "应得":
        return parts[0] * parts[1]
    if basis in ("应得合计", "核定合计", "可安排总额", "核定"):
        return sum(parts, D0)
    if basis == "按比例":
        return parts[1] * parts[0] / parts[2]
    if basis.startswith("尚差:"):
        return max(D0, parts[0] - parts[1])
    if basis == "系数" and parts:
        return parts[0]
    if basis.startswith("已到位:"):
        return total(step.cells)
    if basis.startswith("应承担:"):
        payer = basis.partition(":")[2]
        return total(step.cells) * {"市总工会": 1, "区县财政": 2, "区县总工会": 2}[payer] / 5
    assert basis in ("基数", "尾数") or basis.startswith("系数:"), basis
    assert "依据：" in step.rule or parts
    return kept(step)


def every_number() -> list[Any]:
    return query(
        "SELECT p.id, p.kind, p.reference, n.ordinal, n.printed, n.basis FROM publication p "
        "JOIN publication_number n ON n.publication_id = p.id WHERE p.kind ~ '^R-0[25678]' "
        "ORDER BY p.id, n.ordinal"
    )


def test_numbers_of_every_kind_of_paper_add_up_again_from_the_original_workbooks(
    papers: dict[str, Any],
) -> None:
    draw = random.Random(2019)  # noqa: S311 - a draw
    by_kind: dict[str, list[Any]] = {}
    for number in every_number():
        by_kind.setdefault(number.kind.split()[0], []).append(number)
    assert set(by_kind) == {"R-02", "R-05", "R-06", "R-07", "R-08"}
    wrong, bases = [], Counter()
    for numbers in by_kind.values():
        for one in draw.sample(numbers, min(len(numbers), 120)):
            step = flow.walk(one.id, one.ordinal)
            assert step.printed == one.printed
            bases[one.basis.partition(":")[0]] += 1
            found = again(step)
            if not shown(found, one.printed):
                wrong.append((one.kind, one.reference, one.ordinal, one.printed, one.basis, found))
    assert wrong == []
    assert len(bases) > 20, bases
