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
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

import docx
import openpyxl
import pytest
from portal_site import Site

from definitions import Definitions
from pipelines import flow
from pipelines.assessment_year.rating import Ballots
from pipelines.flow import assessing_year as steps
from pipelines.flow import assessment_entries as entries
from pipelines.flow import walking_marks
from pipelines.flow.ground import CHINA
from pipelines.flow.walking import Cell, Part, Walk
from pipelines.places import places
from pipelines.publish.quoting import LATE_WORKDAYS, SHARE_CAST, TOTAL, basis_told
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
)
from tests.two_unions import CITY, MILL, MINE, TRADE, file
from warehouse.engine import warehouse
from warehouse.life_cycle import Actor
from warehouse.walks import result_kept

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
    return walked(step.reference, part.address)


@cache
def walked(reference: str, address: str) -> Decimal:
    return again(flow.walk(reference, address))


def weight(label: str) -> Decimal:
    found = re.search(r"权重(\d+(?:\.\d+)?)%", label)
    return Decimal(found[1] if found else 100) / 100


def again(step: Walk) -> Decimal:
    """A number from its parts by its rule, or from the cells of the originals."""
    if step.source == "rectification":
        days = re.findall(r"\d{4}-\d{2}-\d{2}", step.parts[0].label)
        return Decimal((date.fromisoformat(days[2]) - date.fromisoformat(days[1])).days)
    parts = [down(step, p) for p in step.parts]
    basis = step.basis
    if step.source == "indicator":
        return figure(step, parts)
    if step.source == "coverage":
        ratio = step.parts and step.parts[0].label == "分子"
        return share(step, *parts) * 100 if ratio else Decimal(len(step.cells))
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


def kept(step: Walk) -> Decimal:
    if step.value is None:  # nobody reported it
        assert step.source == "indicator", step
        assert not step.cells
        return D0
    return step.value


def share(step: Walk, top: Decimal, bottom: Decimal) -> Decimal:
    if not bottom:  # nothing was owed, or nobody reported
        assert not step.value, step
        return D0
    return top / bottom


def figure(step: Walk, parts: list[Decimal]) -> Decimal:
    """A figure of the catalogue, by the test of the lineage of reviews."""
    if step.parts and step.parts[0].label == "分子":
        multiply = re.search(r"×(\d+)", step.rule)
        return share(step, *parts) * Decimal(multiply[1] if multiply else 1)
    if step.cells:
        return total(step.cells)
    return sum(parts, D0) if parts else kept(step)


def money(step: Walk, parts: list[Decimal]) -> Decimal:
    basis = step.basis
    if basis == "应得":
        return parts[0] * parts[1]
    if basis in ("应得合计", "核定合计", "核定"):
        return sum(parts, D0)
    if basis == "尾数":
        return parts[0] % 1000
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
    assert basis in ("基数", "可安排总额") or basis.startswith("系数:"), basis
    assert "依据：" in step.rule or "给定" in step.rule
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
        for one in draw.sample(numbers, min(len(numbers), 50)):
            step = flow.walk(one.id, one.ordinal)
            assert step.printed == one.printed
            bases[one.basis.partition(":")[0]] += 1
            found = again(step)
            if not shown(found, one.printed):
                wrong.append((one.kind, one.reference, one.ordinal, one.printed, one.basis, found))
    assert wrong == []
    assert len(bases) > 20, bases


def paper_of(kind: str, like: str = "%") -> Any:
    return query(
        "SELECT id, reference, title FROM publication WHERE kind LIKE :k AND title LIKE :t "
        "ORDER BY id DESC LIMIT 1", k=f"{kind}%", t=like,
    )[0]  # fmt: skip


def words_of(paper: Any, ending: str) -> list[str]:
    file = query(
        "SELECT sha256 FROM publication_file WHERE publication_id = :p AND name LIKE :n",
        p=paper.id, n=f"%{ending}",
    )[0]  # fmt: skip
    made = docx.Document(io.BytesIO(places().originals.get(file.sha256)))
    return [p.text for p in made.paragraphs]


def test_a_letter_says_in_a_line_which_numbers_it_holds_and_they_are_its_own(
    papers: dict[str, Any],
) -> None:
    book = paper_of("R-02", "%基层工会目标责任%")
    told = [t for t in words_of(book, "通知单（基层）.docx") if t.startswith("本件编号")]
    spans = [re.search(r"编号(\S+?)，数字编为(\d+)至(\d+)号", t) for t in told]
    assert len(spans) == 2
    last, about = 0, []
    for span in spans:
        assert span is not None
        assert span[1] == book.reference
        first, end = int(span[2]), int(span[3])
        assert first > last
        last = end
        about.append({flow.walk(book.id, n).unit for n in range(first, end + 1)})
    assert sorted(about, key=min) == [{MILL}, {MINE}]
    (whole,) = [t for t in words_of(book, "结果汇编.docx") if t.startswith("本件编号")]
    assert f"本件编号{book.reference}，" in whole
    assert "各部分的编号：一、考核概况 1—" in whole


def test_the_workbook_lists_every_number_with_its_source(
    papers: dict[str, Any], definitions: Definitions
) -> None:
    for title in ("%基层工会目标责任%", "%工会经费绩效%"):  # of a round, of a run
        book = paper_of("R-02", title)
        numbers = query("SELECT ordinal, printed, basis, indicator FROM publication_number "
                        "WHERE publication_id = :p ORDER BY ordinal", p=book.id)  # fmt: skip
        file = query("SELECT sha256 FROM publication_file WHERE publication_id = :p "
                     "AND name LIKE '%.xlsx'", p=book.id)[0]  # fmt: skip
        rows = list(workbook(file.sha256)["数字来源"].iter_rows(values_only=True))
        start = next(i for i, r in enumerate(rows) if r[0] == "编号") + 1
        listed = [r[:2] for r in rows[start:] if r[0]]
        assert listed == [(f"{book.reference}-{n.ordinal}", n.printed) for n in numbers]
    said = basis_told("TRA-GRASS-2019", "得分:T01:I-ORG-04", definitions)
    assert said.startswith("得分·T01 ")
    assert said.endswith("·会员人数")


def test_what_was_entered_in_the_portal_is_named_with_who_and_when(papers: dict[str, Any]) -> None:
    book = paper_of("R-02", "%产业工会%目标责任%")
    step = flow.walk(book.id, f"块/{TRADE}/2019/TRA-IND-2019/评价:ratings:会员:收回")
    (record,) = step.parts
    assert re.fullmatch(
        r"系统内记录：评价票第 \d+ 号，考核办 01于2020-06-22 10:00录入，没有报表原件", record.label
    )
    assert (step.value, step.cells) == (138, ())


def test_money_says_by_whose_authority(papers: dict[str, Any]) -> None:
    note = paper_of("R-08", "%目标责任%")
    grant = flow.walk(note.id, f"块/{TRADE}/2019/经费·TRA-IND-2019/核定")
    share = flow.walk(note.id, grant.parts[0].address)
    claim = flow.walk(note.id, share.parts[0].address)
    base, rate = (flow.walk(note.id, p.address) for p in claim.parts)
    assert "依据：沈阳市总工会做法" in base.rule
    decided, total = (flow.walk(note.id, p.address) for p in rate.parts if p.address)
    assert "依据：" in decided.rule
    assert total.basis == TOTAL
    assert total.parts


def test_no_cell_is_shown_by_naming_it(papers: dict[str, Any]) -> None:
    notice = paper_of("R-07", "职工诉求超期%")
    for column in (LATE_WORKDAYS, "accepted_on"):  # days, and the day that they are reckoned from
        told = flow.walk(notice.id, f"块/{MILL}/2020-05/RIGHT-01:{column}/S1")
        assert [c.fields for c in told.cells] == [("accepted_on",)]
    for row in ("05/RIGHT-01:persons/S1", f"05/RIGHT-01:{LATE_WORKDAYS}/S2",
                "06/SAFE-03:points/K9"):  # fmt: skip
        with pytest.raises(LookupError, match="没有引用"):
            flow.walk(notice.id, f"块/{MILL}/2020-{row}")


def test_a_result_is_walked_from_papers_that_tell_it_alone(papers: dict[str, Any]) -> None:
    address = f"块/{TRADE}/2019/TRA-IND-2019/{TOTAL}"
    for paper in (paper_of("R-02", "%产业工会%目标责任%"), paper_of("R-08", "%目标责任%")):
        assert flow.walk(paper.id, address).parts
    for paper in (paper_of("R-07", "职工诉求超期%"), paper_of("R-02", "%基层工会目标责任%")):
        with pytest.raises(LookupError, match="没有引用"):
            flow.walk(paper.id, address)


def unmeasured(known: Definitions) -> str:
    """An item that is marked by assessors, not by a figure."""
    scheme = next(s for s in known.schemes if s.code == "TRA-IND-2019")
    return next(i.code for b in scheme.blocks for i in b.items if i.assessed is not None)


@pytest.mark.parametrize(
    "basis",
    ["块:X", "块:X:计入", "评价:X:会员:收回", "评价:ratings:甲:收回", "评价:ratings:会员:X",
     "评价:ratings:甲:评分", "分项:X:基础", "自报:{item}", "自报:X", "扣分:年报迟报:9"],
)  # fmt: skip
def test_what_no_score_sheet_has_is_said_to_be_missing(
    papers: dict[str, Any], definitions: Definitions, basis: str
) -> None:
    book = paper_of("R-02", "%产业工会%目标责任%")
    with pytest.raises(LookupError, match="没有"):
        asked = basis.format(item=unmeasured(definitions))
        flow.walk(book.id, f"块/{TRADE}/2019/TRA-IND-2019/{asked}")


@pytest.mark.parametrize(
    "address",
    ["2019/经费·TRA-GRASS-2019/核定", "2018/经费·TRA-IND-2019/核定", "2019/经费·TRA-IND-2019/奖金",
     "2019/经费·TRA-IND-2019/奖金:市总工会"],
)  # fmt: skip
def test_a_note_tells_its_own_money_alone(papers: dict[str, Any], address: str) -> None:
    note = paper_of("R-08", "%目标责任%")
    unit = DISTRICT if address.endswith("市总工会") else TRADE
    if unit == DISTRICT:
        assert flow.walk(note.id, f"块/{unit}/2019/经费·TRA-IND-2019/应承担:市总工会").value
    with pytest.raises(LookupError, match="不是|没有"):
        flow.walk(note.id, f"块/{unit}/{address}")


def test_a_book_of_a_run_is_walked_by_its_own_definitions_or_not_at_all(
    papers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (book,) = query(
        "SELECT p.id, p.cutoff, p.definitions, p.recipe->>'run' AS run, o.code, n.ordinal "
        "FROM publication p JOIN publication_number n ON n.publication_id = p.id "
        "JOIN organisation o ON o.id = p.org_id WHERE p.recipe ? 'run' AND n.basis = :b "
        "ORDER BY p.id, n.ordinal LIMIT 1", b=TOTAL,
    )  # fmt: skip
    assert flow.walk(book.id, book.ordinal).parts
    run = {"number": None, "cutoff": book.cutoff}
    with warehouse().connect() as c:
        assert result_kept(c, book.run, YEAR, **run, definitions=book.definitions)
        assert result_kept(c, book.run, YEAR, **run, definitions="0" * 64) is None
    monkeypatch.setattr(walking_marks, "result_kept", lambda *_, **__: None)
    with pytest.raises(LookupError, match="没有找到"):
        flow.walk(book.id, book.ordinal)


def test_who_entered_what_is_read_by_those_alone_who_assess(
    papers: dict[str, Any], definitions: Definitions
) -> None:
    site = Site(definitions, at=datetime(2020, 8, 10, 9, tzinfo=CHINA))
    book = paper_of("R-02", "%产业工会%目标责任%")
    base = f"/numbers/{book.id}/块/{TRADE}/2019/TRA-IND-2019"
    for role in ("county_reviewer", "finance", "assessor", "department"):
        site.account(role, (role, CITY))
        reader, assesses = site.signed_in(role), role in ("assessor", "department")
        ballots = reader.get(f"{base}/评价:ratings:会员:收回")
        mark = reader.get(f"{base}/得分:{unmeasured(definitions)}")
        assert (ballots.status_code, mark.status_code) == (200, 200)
        assert "138" in ballots.text
        assert ("考核办 01于" in ballots.text) is assesses
        assert ("91.5" in mark.text) is assesses
        assert ("不在您的职责范围内" in mark.text) is not assesses
