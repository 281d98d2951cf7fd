"""Typed in the browser: drafts that outlive a session, forms sent from them, words given there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from definitions.catalogue import Definitions
from pipelines import flow
from pipelines.flow.drafting import draft_of, drop_draft, explain, keep_draft, send_draft
from pipelines.flow.handling import Actor, Overtaken, StepRefused, submission_case
from pipelines.flow.uploading import Upload, progress, upload, work_once
from pipelines.places import places
from samples.identity import id_number
from samples.registry import registry
from tests.acceptance import SPRING, book_bytes, member_row, query, write_registry

UNITS = [u.code for u in registry().family("yongning")[:3]]
AT, LATER = "2017-04-05T09:00:00", "2017-04-05T15:00:00"
COVER = {"填报人": "李敏", "复核人": "王强", "单位负责人": "赵国庆", "联系电话": "09512012345"}
PERSON = id_number("640121", 4321)


@pytest.fixture(scope="module")
def open_month(module_home: Path) -> Iterator[Path]:
    flow.register_organisations(
        str(write_registry(module_home / "organisations.yaml", UNITS)), SPRING
    )
    flow.open_period("2017-03", "2017-03-26T09:00:00")
    yield module_home


def typed(unit: str, members: int) -> list[dict[str, str]]:
    return [{k: str(v) for k, v in member_row(unit, members).items()}]


def process(receipt: int) -> Any:
    while work_once(LATER):
        pass
    ((outcome,),) = [p.outcomes for p in progress([receipt])]
    return outcome


def test_a_draft_outlives_its_session_and_becomes_a_report(
    open_month: Path, definitions: Definitions
) -> None:
    unit, clerk = UNITS[0], Actor("李敏", UNITS[0])
    one = keep_draft(unit, "2017-03", "ORG-02", typed(unit, 101), clerk, AT, seen=0)
    two = keep_draft(
        unit, "2017-03", "ORG-02", typed(unit, 103), clerk, AT, seen=one.version, cover=COVER
    )
    found = draft_of(unit, "2017-03", "ORG-02")
    assert found == two
    assert found is not None
    assert (found.version, found.rows[0]["members_total"]) == (2, "103")
    with pytest.raises(Overtaken, match="李敏 刚刚保存过"):
        keep_draft(unit, "2017-03", "ORG-02", typed(unit, 99), Actor("王强", unit), AT, seen=1)
    with pytest.raises(Overtaken):
        keep_draft(unit, "2017-03", "ORG-02", typed(unit, 99), Actor("王强", unit), AT, seen=0)
    with pytest.raises(Overtaken):
        send_draft(unit, "2017-03", "ORG-02", clerk, LATER, seen=1)
    sent = send_draft(unit, "2017-03", "ORG-02", clerk, LATER, seen=2)
    assert draft_of(unit, "2017-03", "ORG-02") is None
    outcome = process(sent.receipt)
    assert outcome.verdict == "accepted"
    case = submission_case(outcome.submission, LATER)
    assert (case.state, set(case.signed)) == ("validated", {"复核人", "单位负责人"})
    at = definitions.newest("ORG-02").position["members_total"]
    (row,) = query(
        "SELECT r.numbers FROM filing_row r JOIN filing f ON f.id = r.filing_id "
        "WHERE f.submission_id = :s", s=outcome.submission,
    )  # fmt: skip
    assert int(row.numbers[at]) == 103


def test_what_is_typed_rests_encrypted_and_is_dropped(open_month: Path) -> None:
    unit, clerk = UNITS[1], Actor("李敏", UNITS[1])
    rows = typed(unit, 101) + [{"org_code": PERSON}]
    keep_draft(unit, "2017-03", "ORG-02", rows, clerk, AT, seen=0, cover=COVER)
    (kept,) = query("SELECT content FROM form_draft WHERE receipt_id IS NULL")
    assert PERSON.encode() not in bytes(kept.content)
    assert "李敏".encode() not in bytes(kept.content)
    for organisation, form, said in (
        (UNITS[0], "ORG-02", "填报单位自己"), (unit, "ORG-99", "没有 ORG-99"),
    ):  # fmt: skip
        with pytest.raises(StepRefused, match=said):
            keep_draft(organisation, "2017-03", form, [], clerk, AT, seen=0)
    with pytest.raises(StepRefused, match="没有这些栏"):
        keep_draft(unit, "2017-03", "ORG-02", [{"nothing": "1"}], clerk, AT, seen=1)
    drop_draft(unit, "2017-03", "ORG-02", clerk, AT)
    assert draft_of(unit, "2017-03", "ORG-02") is None
    with pytest.raises(StepRefused, match="没有这份草稿"):
        send_draft(unit, "2017-03", "ORG-02", clerk, AT, seen=1)


def test_words_typed_in_the_browser_let_it_pass_and_hide_numbers(
    open_month: Path, definitions: Definitions
) -> None:
    unit, clerk = UNITS[2], Actor("李敏", UNITS[2])
    row = member_row(unit, 230)  # many workers and no full-time cadre: to be explained
    data = book_bytes(definitions, unit, {"ORG-02": [row]}, "2017-03")
    (one,) = upload([Upload("月报.xlsx", data)], unit, clerk, AT)
    asked = process(one.receipt)
    assert asked.verdict == "explain"
    findings = query(
        "SELECT id FROM finding WHERE submission_id = :s AND severity = '须说明'",
        s=asked.submission,
    )
    words = {f.id: f"专职主席{PERSON}五月到岗" for f in findings}
    with pytest.raises(StepRefused, match="写明原因"):
        explain(asked.submission, {f.id: " " for f in findings}, clerk, LATER)
    with pytest.raises(StepRefused, match="填报单位自己"):
        explain(asked.submission, words, Actor("某人", UNITS[0]), LATER)
    with pytest.raises(StepRefused, match="须说明"):
        explain(asked.submission, {10**9: "因为"}, clerk, LATER)
    sent = explain(asked.submission, words, clerk, LATER)
    assert sent is not None
    outcome = process(sent.receipt)
    assert outcome.verdict == "accepted"
    assert submission_case(outcome.submission, LATER).state == "explained"
    assert submission_case(asked.submission, LATER).state == "resent"
    kept = query("SELECT explanation FROM finding WHERE explanation IS NOT NULL")
    assert {k.explanation for k in kept} == {"专职主席［号码已隐去］五月到岗"}
    (file,) = query("SELECT sha256 FROM receipt WHERE id = :i", i=sent.receipt)
    assert PERSON.encode() not in places().originals.get(file.sha256)


def test_a_number_in_words_typed_in_excel_goes_no_further_than_the_original(
    open_month: Path, definitions: Definitions, tmp_path: Path
) -> None:
    """Neither the warehouse nor the next review sheet repeats it."""
    import io

    import openpyxl

    from pipelines.verdict.review_sheet import explanations_in
    from tests.acceptance import explained, save

    unit = UNITS[2]
    row = member_row(unit, 240) | {"groups": 9}
    data = book_bytes(definitions, unit, {"ORG-02": [row]}, "2017-03")
    (one,) = upload([Upload("月报.xlsx", data)], unit, Actor("李敏", unit), LATER)
    asked = process(one.receipt)
    marked = places().originals.get(asked.returned_file)
    book = explained(
        save(tmp_path, "退回.xlsx", marked), f"{PERSON[:6]} {PERSON[6:14]} {PERSON[14:]}"
    )
    for sheet in book.worksheets:  # and one figure that sends it back once more
        for cells in sheet.iter_rows():
            for cell in cells:
                if cell.value == 240:
                    cell.value = 999
    out = io.BytesIO()
    book.save(out)
    assert all(PERSON[6:14] not in e.text for e in explanations_in(out.getvalue()))
    (two,) = upload([Upload("月报.xlsx", out.getvalue())], unit, Actor("李敏", unit), LATER)
    again = process(two.receipt)
    assert again.verdict == "returned"
    sheet = openpyxl.load_workbook(io.BytesIO(places().originals.get(again.returned_file)))[
        "审核意见"
    ]
    shown = " ".join(str(c.value) for r in sheet.iter_rows() for c in r if c.value)
    assert PERSON[6:14] not in shown
    assert query("SELECT 1 FROM finding WHERE explanation LIKE :n", n=f"%{PERSON[6:14]}%") == []
