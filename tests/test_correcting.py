"""Stewards' corrections: figures wait for their unit, ways of writing are mended for all alike."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from definitions.catalogue import Definitions
from definitions.model import Dated
from pipelines import flow
from pipelines.flow import correcting, ground
from pipelines.flow.correcting import (
    NewCell,
    correction_cells,
    decide_correction,
    end_mend,
    make_mend,
    preview_mend,
    propose_correction,
    try_correction,
    waiting_corrections,
    withdraw_correction,
)
from pipelines.flow.handling import Actor, StepRefused, act, original, submission_case
from pipelines.flow.uploading import Upload, progress, upload, work_once
from pipelines.places import places
from samples.registry import registry
from tests.acceptance import SPRING, book_bytes, fund_row, member_row, query, write_registry
from warehouse.gates import broken_gates
from warehouse.mends import Mend

UNITS = [u.code for u in registry().family("yongning")[:9]]
COUNTY = "640121Z00001"
AT, LATER = "2017-04-05T09:00:00", "2017-04-05T15:00:00"
STEWARD = Actor("马管理", COUNTY)


@pytest.fixture(scope="module")
def open_month(module_home: Path) -> Iterator[Path]:
    flow.register_organisations(
        str(write_registry(module_home / "organisations.yaml", UNITS)), SPRING
    )
    flow.open_period("2017-03", "2017-03-26T09:00:00")
    yield module_home


Change = Callable[[openpyxl.Workbook], None]


def report(
    definitions: Definitions, unit: str, rows: dict[str, list[dict[str, Any]]],
    change: Change | None = None, at: str = AT,
) -> int:  # fmt: skip
    """Upload a month of a unit and have it judged; the submission's id."""
    data = book_bytes(definitions, unit, rows, "2017-03")
    if change is not None:
        book = openpyxl.load_workbook(io.BytesIO(data))
        change(book)
        out = io.BytesIO()
        book.save(out)
        data = out.getvalue()
    (one,) = upload([Upload("月报.xlsx", data)], unit, Actor("李敏", unit), at)
    process()
    ((outcome,),) = [p.outcomes for p in progress([one.receipt])]
    return outcome.submission


def process() -> None:
    while work_once(LATER):
        pass


def members(definitions: Definitions, unit: str, count: int, **more: Any) -> int:
    return report(definitions, unit, {"ORG-02": [member_row(unit, count)]}, **more)


def place_of(definitions: Definitions, form: str, column: str, submission: int) -> tuple[str, str]:
    """(sheet, cell) of a column in the first row of a form of a submission."""
    from expectations.findings import column_letters

    book = openpyxl.load_workbook(io.BytesIO(document(submission)))
    label = definitions.newest(form).column(column).label
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value == label:
                    return sheet.title, f"{column_letters(cell.column)}{cell.row + 1}"
    raise AssertionError(label)


def document(submission: int) -> bytes:
    (row,) = query("SELECT sha256 FROM submission WHERE id = :i", i=submission)
    return places().originals.get(row.sha256)


def standing(form: str, column: str, unit: str) -> list[tuple[int, float]]:
    """(version, value) of what stands of a unit's first row."""
    at = ground.definitions().newest(form).position[column]
    rows = query(
        "SELECT s.version, r.numbers FROM filing f JOIN submission s ON s.id = f.submission_id "
        "JOIN filing_row r ON r.filing_id = f.id JOIN organisation o ON o.id = f.reporter_id "
        "WHERE o.code = :o AND f.form = :f AND f.superseded_at IS NULL", o=unit, f=form,
    )  # fmt: skip
    return [(r.version, float(r.numbers[at])) for r in rows]


def test_a_proposal_waits_for_its_unit_and_becomes_its_new_version(
    open_month: Path, definitions: Definitions
) -> None:
    unit = UNITS[0]
    one = members(definitions, unit, 101)
    sheet, cell = place_of(definitions, "ORG-02", "members_total", one)
    cells = [NewCell(sheet, cell, "102", "花名册为 102 人")]
    trial = try_correction(one, cells, STEWARD, LATER)
    assert trial.verdict in ("accepted", "explain", "returned")
    number = propose_correction(one, cells, "与会员花名册核对", STEWARD, LATER)
    process()
    assert standing("ORG-02", "members_total", unit) == [(1, 101)]
    (waiting,) = waiting_corrections([unit])
    assert (waiting.id, waiting.proposed_by, waiting.policy) == (number, "马管理", "confirm")
    _, (change,) = correction_cells(number)
    assert (change.before, change.after, change.reason) == ("101", "102", "花名册为 102 人")
    with pytest.raises(StepRefused, match="填报单位自己"):
        decide_correction(number, True, STEWARD, LATER)
    with pytest.raises(StepRefused, match="不能自己确认"):
        decide_correction(number, True, Actor("马管理", unit), LATER)
    with pytest.raises(StepRefused, match="还在等单位确认"):
        propose_correction(one, cells, "再提一次", STEWARD, LATER)
    receipt = decide_correction(number, True, Actor("王强", unit), LATER)
    process()
    assert standing("ORG-02", "members_total", unit) == [(2, 102)]
    assert waiting_corrections([unit]) == []
    assert submission_case(one, LATER).state == "superseded"
    (kept,) = query("SELECT sha256, channel, sender FROM receipt WHERE id = :i", i=receipt)
    assert (kept.sha256, kept.channel, kept.sender) == (waiting.sha256, "correction", unit)
    book = openpyxl.load_workbook(io.BytesIO(places().originals.get(kept.sha256)))
    assert book.properties.lastModifiedBy == "马管理"
    assert "与会员花名册核对" in book.properties.description
    with pytest.raises(StepRefused, match="已有答复"):
        decide_correction(number, True, Actor("王强", unit), LATER)
    assert "101" not in str(query("SELECT cells FROM correction"))


def test_a_proposal_mends_what_was_returned(open_month: Path, definitions: Definitions) -> None:
    unit = UNITS[1]
    row = member_row(unit, 110) | {"members_total": 190}  # more members than workers
    one = report(definitions, unit, {"ORG-02": [row]})
    assert submission_case(one, LATER).state == "returned"
    sheet, cell = place_of(definitions, "ORG-02", "members_total", one)
    wrong = try_correction(one, [NewCell(sheet, cell, "191")], STEWARD, LATER)
    assert wrong.verdict == "returned"
    right = [NewCell(sheet, cell, "110")]
    where = place_of(definitions, "ORG-02", "realname_members", one)[1]
    right.append(NewCell(sheet, where, "110"))
    assert try_correction(one, right, STEWARD, LATER).verdict == "accepted"
    number = propose_correction(one, right, "两栏填反", STEWARD, LATER)
    decide_correction(number, True, Actor("王强", unit), LATER)
    process()
    assert standing("ORG-02", "members_total", unit) == [(2, 110)]
    assert submission_case(one, LATER).state == "resent"


def test_declined_withdrawn_and_overtaken_proposals_change_nothing(
    open_month: Path, definitions: Definitions
) -> None:
    unit, clerk = UNITS[2], Actor("王强", UNITS[2])
    one = members(definitions, unit, 101)
    sheet, cell = place_of(definitions, "ORG-02", "members_total", one)
    cells = [NewCell(sheet, cell, "102")]
    number = propose_correction(one, cells, "核对", STEWARD, LATER)
    with pytest.raises(StepRefused, match="须写明理由"):
        decide_correction(number, False, clerk, LATER)
    assert decide_correction(number, False, clerk, LATER, reason="台账就是 101 人") is None
    number = propose_correction(one, cells, "再核对", STEWARD, LATER)
    withdraw_correction(number, STEWARD, LATER)
    number = propose_correction(one, cells, "三核对", STEWARD, LATER)
    members(definitions, unit, 103, at="2017-04-05T10:00:00")
    with pytest.raises(StepRefused, match="已重新报送"):
        decide_correction(number, True, clerk, LATER)
    with pytest.raises(StepRefused, match="已有新版本"):
        propose_correction(one, cells, "四核对", STEWARD, LATER)
    process()
    assert standing("ORG-02", "members_total", unit) == [(2, 103)]


def test_who_may_propose_and_what(open_month: Path, definitions: Definitions) -> None:
    unit = UNITS[3]
    one = members(definitions, unit, 101)
    sheet, cell = place_of(definitions, "ORG-02", "members_total", one)
    good = [NewCell(sheet, cell, "102")]
    for cells, reason, who, said in (
        (good, "", STEWARD, "理由"),
        ([], "核对", STEWARD, "没有要更正"),
        (good, "核对", Actor("某人", UNITS[4]), "上级工会"),
        (good, "核对", Actor("某人"), "上级工会"),
        (good, "核对", Actor("某人", COUNTY, frozenset({"review"})), "权限"),
        ([NewCell("没有的表", "A1", "1")], "核对", STEWARD, "没有工作表"),
        ([NewCell(sheet, "??", "1")], "核对", STEWARD, "没有单元格"),
    ):
        with pytest.raises(StepRefused, match=said):
            propose_correction(one, cells, reason, who, LATER)
    seen = submission_case(one, LATER).seen
    act(one, "check", STEWARD, LATER, seen=seen)
    with pytest.raises(StepRefused, match="刚刚有了变化"):
        propose_correction(one, good, "核对", STEWARD, LATER, seen=seen)


def test_the_dated_policy_may_say_direct(
    open_month: Path, definitions: Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = definitions.parameters["steward_corrections"]
    direct = old.model_copy(
        update={"values": (Dated(since=date(2017, 1, 1), value="直接生效", authority="某文"),)}
    )
    known = replace(definitions, parameters={**definitions.parameters, old.code: direct})
    monkeypatch.setattr(correcting, "definitions", lambda: known)
    unit = UNITS[4]
    one = members(definitions, unit, 101)
    sheet, cell = place_of(definitions, "ORG-02", "members_total", one)
    propose_correction(one, [NewCell(sheet, cell, "102")], "电话核对", STEWARD, LATER)
    process()
    assert standing("ORG-02", "members_total", unit) == [(2, 102)]


# --- ways of writing ---


def renamed(label: str, other: str) -> Change:
    def change(book: openpyxl.Workbook) -> None:
        for sheet in book.worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.value == label:
                        cell.value = other

    return change


def test_an_unknown_heading_is_mended_for_all_alike(
    open_month: Path, definitions: Definitions
) -> None:
    label = definitions.newest("ORG-02").column("members_total").label
    strange = "在册入会人头"
    first, second = UNITS[5], UNITS[6]
    ids_ = [
        members(definitions, u, 120 + n, change=renamed(label, strange))
        for n, u in enumerate((first, second))
    ]
    assert {submission_case(i, LATER).state for i in ids_} == {"returned"}
    mend = Mend("heading", "ORG-02", strange, "members_total", (), "2017-03", None, "两家同样写法")
    effects = preview_mend(mend, LATER)
    assert [(e.submission, e.before, e.after) for e in effects] == [
        (i, "returned", "accepted") for i in ids_
    ]  # fmt: skip
    assert all(e.gone and not e.new and e.cells == 1 for e in effects)
    assert {submission_case(i, LATER).state for i in ids_} == {"returned"}  # only a preview
    number, again = make_mend(mend, STEWARD, LATER)
    assert len(again) == 2
    process()
    assert standing("ORG-02", "members_total", first) == [(2, 120)]
    assert standing("ORG-02", "members_total", second) == [(2, 121)]
    received = query(
        "SELECT DISTINCT received_at FROM receipt WHERE id = ANY(:i) "
        "OR id IN (SELECT receipt_id FROM submission WHERE id = ANY(:s))", i=again, s=ids_,
    )  # fmt: skip
    assert len(received) == 1  # as old as what was sent: nobody is late by it
    assert preview_mend(mend, LATER) == []
    # What comes with the same heading now is understood on arrival; after its end it is not.
    assert submission_case(
        members(definitions, first, 122, change=renamed(label, strange)), LATER
    ).state == "validated"  # fmt: skip
    end_mend(number, STEWARD, LATER)
    assert submission_case(
        members(definitions, first, 123, change=renamed(label, strange)), LATER
    ).state == "returned"  # fmt: skip
    assert standing("ORG-02", "members_total", first) == [(3, 122)]


def test_an_unsaid_unit_is_mended_for_the_unit_that_wrote_so(
    open_month: Path, definitions: Definitions
) -> None:
    unit, other = UNITS[7], UNITS[8]
    row = fund_row(unit, 2_000_000)
    money = [k for k, v in row.items() if isinstance(v, int)]
    one = report(definitions, unit, {"FIN-01": [row | {k: row[k] / 10_000 for k in money}]})
    report(definitions, other, {"FIN-01": [fund_row(other, 1_000_000)]})
    mend = Mend("unit", "FIN-01", "万元", None, (unit,), "2017-03", "2017-03", "按万元填报")
    (effect,) = preview_mend(mend, LATER)
    assert (effect.submission, effect.cells) == (one, len([k for k in money if row[k]]))
    make_mend(mend, STEWARD, LATER)
    process()
    assert [v for _, v in standing("FIN-01", "payroll", unit)] == [2_000_000]
    assert [v for _, v in standing("FIN-01", "due", unit)] == [row["due"]]
    assert [v for _, v in standing("FIN-01", "payroll", other)] == [1_000_000]


def test_what_makes_no_sense_is_no_mend(open_month: Path) -> None:
    good = Mend("heading", "ORG-02", "某", "members_total", (), "2017-03", None, "理由")
    for mend, said in (
        (replace(good, form="ORG-99"), "没有编号为 ORG-99"),
        (replace(good, column="nothing"), "没有 nothing 这一栏"),
        (replace(good, column=None), "哪一栏"),
        (replace(good, written=" "), "怎样写"),
        (replace(good, kind="unit", written="公斤"), "不能由“公斤”换算"),
        (replace(good, since="三月"), "不是一个所属期"),
        (replace(good, reason=""), "理由"),
        (replace(good, organisations=("X",)), "未登记"),
    ):
        with pytest.raises(StepRefused, match=said):
            make_mend(mend, STEWARD, LATER)


def test_a_locked_month_is_not_read_again(open_month: Path, definitions: Definitions) -> None:
    label = definitions.newest("ORG-02").column("members_total").label
    one = members(
        definitions, UNITS[0], 105, change=renamed(label, "会员头数"), at="2017-04-05T16:00:00"
    )
    assert submission_case(one, LATER).state == "returned"
    mend = Mend("heading", "ORG-02", "会员头数", "members_total", (), "2017-03", None, "补正")
    assert [e.submission for e in preview_mend(mend, LATER)] == [one]
    assert preview_mend(mend, "2017-06-30T09:00:00") == []


def test_an_original_is_given_back_by_its_hash_with_an_entry(
    open_month: Path, definitions: Definitions
) -> None:
    one = members(definitions, UNITS[3], 104)
    (row,) = query("SELECT sha256 FROM submission WHERE id = :i", i=one)
    data = original(row.sha256, STEWARD, "核对纸质报表", LATER)
    assert data == document(one)
    entry = query("SELECT actor, subject, detail FROM audit_log ORDER BY id DESC LIMIT 1")[0]
    assert (entry.actor, entry.subject) == ("马管理", row.sha256)
    assert entry.detail["reason"] == "核对纸质报表"
    for sha256, reason in (("0" * 64, "核对"), (row.sha256, " ")):
        with pytest.raises(StepRefused):
            original(sha256, STEWARD, reason, LATER)
    with ground.engine().connect() as connection:
        assert broken_gates(connection) == []
