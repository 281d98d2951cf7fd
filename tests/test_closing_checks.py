"""What is found when a period closes: the same whatever came first, answered, and cleared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from sqlalchemy import text

from definitions.catalogue import Definitions
from definitions.loading import load_definitions
from pipelines import flow
from pipelines.closing_checks import standing_rows
from pipelines.flow.ground import engine, moment
from pipelines.places import places
from pipelines.workbook import REVIEW_SHEET
from samples.registry import registry
from tests.acceptance import (
    SPRING,
    Outcome,
    book_bytes,
    explained,
    fund_row,
    hand_in,
    marked_cells,
    member_row,
    outcome_of,
    process_waiting,
    query,
    review_rows,
    save,
    write_registry,
)
from warehouse.findings import ClosingFinding, begin, note, open_findings, settle
from warehouse.organisations import ids

YONGNING = "640121Z00001"
MILL, MINE = (u.code for u in registry().family("yongning")[:2])
LOCKED, FUNDS_LOCKED = "2017-04-13T09:00:00", "2017-04-21T09:00:00"
NEXT_CLOSE = "2017-05-15T09:00:00"
WORDS = "当月只发放了基本生活费"
PAYROLL = "B3"


@cache
def definitions() -> Definitions:
    return load_definitions()


@dataclass
class Told:
    """A county with two unions in March 2017, and what it handed in, by name."""

    folder: Path
    files: dict[str, Path] = field(default_factory=dict)

    def give(
        self,
        name: str,
        sender: str,
        at: str,
        rows: dict[str, list[dict[str, Any]]] | None = None,
        data: bytes | None = None,
    ) -> Outcome:
        content = data or book_bytes(definitions(), sender, rows or {}, "2017-03")
        self.files[name] = save(self.folder / name, f"{name}.xlsx", content)
        hand_in([self.files[name]], sender, at)
        process_waiting(at)
        return outcome_of(self.files[name])


@pytest.fixture
def told(warehouse_home: Path) -> Iterator[Told]:
    folder = warehouse_home.parent
    flow.register_organisations(str(write_registry(folder / "units.yaml", [MILL, MINE])), SPRING)
    flow.open_period("2017-03", "2017-03-25T09:00:00")
    yield Told(folder / "files")


def members(count: int = 100) -> dict[str, list[dict[str, Any]]]:
    return {"ORG-02": [member_row(MILL, count)]}


def wages(payroll: int) -> dict[str, list[dict[str, Any]]]:
    """Funds of March; 120 workers and 6,000 yuan make 50 yuan each, typed in the wrong unit."""
    return {"FIN-01": [fund_row(MILL, payroll)]}


def waiting(at: str = "2018-01-01T00:00:00") -> list[tuple[str, str, str, str]]:
    """(rule, reporter, form, cell) of everything that waits at a moment."""
    with engine().connect() as connection:
        return [(f.rule, f.reporter, f.form, f.cell) for f in open_findings(connection, moment(at))]


def table() -> list[tuple[Any, ...]]:
    """Every finding of closing with its times, as the warehouse has it."""
    return [
        tuple(row) for row in query("SELECT * FROM finding WHERE stage = 'closing' ORDER BY id")
    ]


def marked(word: str = "待核实") -> dict[str, Workbook]:
    return {
        p.name: openpyxl.load_workbook(p) for p in sorted(places().returned.rglob(f"*-{word}.xlsx"))
    }


def unlike_wages(told: Told, payroll: int = 6_000) -> Outcome:
    """Funds that come before the members they are compared with: nothing to say on arrival."""
    funds = told.give("funds", MILL, "2017-04-03T09:00:00", wages(payroll))
    assert (funds.state, funds.places) == ("accepted", [])
    came = told.give("members", MILL, "2017-04-03T10:00:00", members())
    assert (came.state, came.places) == ("accepted", [])
    return funds


def test_what_comes_later_in_another_file_is_compared_at_the_close(told: Told) -> None:
    funds = unlike_wages(told)
    closed = flow.close_period("2017-03", LOCKED)
    assert waiting() == [("V-R-063", MILL, "FIN-01", PAYROLL)]
    (finding,) = outcome_of(told.files["funds"]).findings
    assert (finding.submission_id, finding.stage, finding.severity) == (
        funds.id, "closing", "须说明",
    )  # fmt: skip
    assert "工资总额 6000 元，职工 120 人" in finding.message
    assert (closed["findings_opened"], closed["findings_cleared"]) == (1, 0)
    assert outcome_of(told.files["funds"]).state == "accepted"


def test_in_the_other_order_it_is_asked_on_arrival_and_not_again(told: Told) -> None:
    told.give("members", MILL, "2017-04-03T09:00:00", members())
    funds = told.give("funds", MILL, "2017-04-03T10:00:00", wages(6_000))
    assert (funds.state, funds.places) == ("explain", [("V-R-063", PAYROLL)])
    (book,) = marked("须说明").values()
    path = told.folder / "words.xlsx"
    again = explained(next(places().returned.rglob("*-须说明.xlsx")), WORDS)
    again.save(path)
    done = told.give("words", MILL, "2017-04-03T11:00:00", data=path.read_bytes())
    assert done.state == "accepted"
    closed = flow.close_period("2017-03", LOCKED)
    assert (waiting(), table(), closed["unverified"]) == ([], [], 0)
    assert book.sheetnames


def test_twins_that_agree_open_nothing(told: Told) -> None:
    unlike_wages(told, payroll=600_000)
    closed = flow.close_period("2017-03", LOCKED)
    assert (waiting(), closed["findings_opened"], marked()) == ([], 0, {})


def test_the_submission_stays_counted_and_is_marked_in_the_coverage(told: Told) -> None:
    unlike_wages(told)
    closed = flow.close_period("2017-03", LOCKED)
    assert closed["unverified"] == 1
    assert closed["reported"] == 2
    # Funds are taken until the 20th; their workbook follows with the next close.
    again = flow.close_period("2017-03", FUNDS_LOCKED)
    book = openpyxl.load_workbook(
        next(f for f in again["files"] if "FIN-01" in f and f.endswith(".xlsx"))
    )
    head, *rows = (
        r for r in book["报送情况"].iter_rows(values_only=True) if r[0] and len(set(r)) > 2
    )
    column = head.index("待核实（份）")
    assert max(r[column] for r in rows) == 1


def test_the_sender_finds_the_marked_workbook(told: Told) -> None:
    unlike_wages(told)
    flow.close_period("2017-03", LOCKED)
    ((name, book),) = marked().items()
    assert name.endswith("-funds-待核实.xlsx")
    (sheet,) = {s for s, _ in marked_cells(book)}
    assert marked_cells(book) == {(sheet, PAYROLL)}
    said = "".join(str(c.value or "") for row in book[REVIEW_SHEET].iter_rows() for c in row)
    assert "审核结论：已接收，待核实" in said
    assert "本表已接收并计入汇总" in said
    assert "2017年4月17日前" in said, "two working days after Thursday the 13th"


def test_closing_again_changes_nothing(told: Told) -> None:
    unlike_wages(told)
    flow.close_period("2017-03", LOCKED)
    before, files = table(), {p: p.stat().st_mtime_ns for p in places().returned.rglob("*.xlsx")}
    again = flow.close_period("2017-03", LOCKED)
    assert (again["findings_opened"], again["findings_cleared"]) == (0, 0)
    later = flow.close_period("2017-03", FUNDS_LOCKED)
    assert (later["findings_opened"], later["findings_cleared"]) == (0, 0)
    assert table() == before
    assert {p: p.stat().st_mtime_ns for p in places().returned.rglob("*.xlsx")} == files


def test_words_on_the_marked_workbook_settle_it_after_the_lock(told: Told) -> None:
    """Nothing is late about it: the figures are those that stand."""
    unlike_wages(told)
    flow.close_period("2017-03", FUNDS_LOCKED)
    path = told.folder / "answer.xlsx"
    explained(next(places().returned.rglob("*-待核实.xlsx")), WORDS).save(path)
    done = told.give("answer", MILL, "2017-04-24T09:00:00", data=path.read_bytes())
    assert (done.state, done.places) == ("accepted", [("V-R-063", PAYROLL)])
    assert [f.explanation for f in done.findings] == [WORDS]
    assert waiting() == []
    closed = flow.close_period("2017-03", NEXT_CLOSE)
    assert (closed["unverified"], closed["findings_opened"], waiting()) == (0, 0, [])


def test_words_come_along_to_a_question_and_settle_nothing_else(told: Told) -> None:
    """Under the same fingerprint a rule may by now send back or only note: that wants no words."""
    unlike_wages(told)
    flow.close_period("2017-03", FUNDS_LOCKED)
    path = told.folder / "answer.xlsx"
    explained(next(places().returned.rglob("*-待核实.xlsx")), WORDS).save(path)
    done = told.give("answer", MILL, "2017-04-24T09:00:00", data=path.read_bytes())
    (given,) = query("SELECT id, fingerprint FROM finding WHERE explanation IS NOT NULL")
    carried = {}
    with engine().connect() as connection:
        union = ids(connection)[MILL]
        for severity in ("须说明", "退回", "提示"):
            begin(connection)
            found = ClosingFinding(
                submission_id=done.id, rule="V-R-063", severity=severity, message=severity,
                advice="", form="FIN-01", sheet="FIN-01", row_no=3, columns=[2], field="payroll",
                value="6000", expected="", cell="B9", period="2017-03", org_id=union,
                fingerprint=given.fingerprint,
            )  # fmt: skip
            note(connection, [found])
            settle(connection, [], moment(NEXT_CLOSE))
            carried[severity] = connection.execute(
                text("SELECT explanation, explained_by FROM finding WHERE message = :m"),
                {"m": severity},
            ).one()
        connection.rollback()
    assert carried == {"须说明": (WORDS, given.id), "退回": (None, None), "提示": (None, None)}


def test_the_same_workbook_without_words_does_not_settle_it(told: Told) -> None:
    unlike_wages(told)
    flow.close_period("2017-03", LOCKED)
    book = openpyxl.load_workbook(next(places().returned.rglob("*-待核实.xlsx")))
    path = told.folder / "silent.xlsx"
    book.save(path)
    done = told.give("silent", MILL, "2017-04-14T09:00:00", data=path.read_bytes())
    assert done.state == "explain"
    assert waiting() == [("V-R-063", MILL, "FIN-01", PAYROLL)]


def test_a_corrected_version_clears_it(told: Told) -> None:
    unlike_wages(told)
    flow.close_period("2017-03", LOCKED)
    right = told.give("right", MILL, "2017-04-14T09:00:00", wages(600_000))
    assert (right.state, right.places) == ("accepted", [])
    assert waiting() == []
    closed = flow.close_period("2017-03", FUNDS_LOCKED)
    assert (closed["unverified"], waiting()) == (0, [])
    (row,) = query("SELECT opened_at, cleared_at FROM finding WHERE stage = 'closing'")
    assert row.opened_at < row.cleared_at
    # As it stood between the two, it waited.
    assert waiting("2017-04-13T12:00:00") == [("V-R-063", MILL, "FIN-01", PAYROLL)]


def test_a_correction_of_the_other_form_clears_it_at_the_next_close(told: Told) -> None:
    """The wages were right: the workers had been typed tenfold."""
    funds = told.give("funds", MILL, "2017-04-03T09:00:00", wages(60_000))
    assert funds.state == "accepted"
    wrong = member_row(MILL, 100) | {"workers_total": 120, "members_total": 100}
    told.give("members", MILL, "2017-04-03T10:00:00", {"ORG-02": [wrong]})
    flow.close_period("2017-03", "2017-04-11T09:00:00")
    assert waiting() == [("V-R-063", MILL, "FIN-01", PAYROLL)]
    few = member_row(MILL, 12) | {
        "workers_total": 12, "workers_f": 5, "workers_migrant": 3, "members_f": 5,
        "members_migrant": 3,
    }  # fmt: skip
    late = told.give("few", MILL, "2017-04-11T10:00:00", {"ORG-02": [few]})
    words = told.folder / "few-words.xlsx"
    if late.state == "explain":
        explained(next(places().returned.rglob(f"{late.receipt:06d}-*-须说明.xlsx")), WORDS).save(
            words
        )
        late = told.give("few-words", MILL, "2017-04-11T11:00:00", data=words.read_bytes())
    assert late.state == "accepted"
    assert waiting() == [("V-R-063", MILL, "FIN-01", PAYROLL)]
    closed = flow.close_period("2017-03", LOCKED)
    assert (waiting(), closed["findings_cleared"]) == ([], 1)


def test_a_few_rows_at_a_time_find_the_same(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [member_row(MILL, 100), member_row(MINE, 80)]
    both = {"FIN-01": [fund_row(MILL, 6_000), fund_row(MINE, 5_000)]}
    told.give("funds", YONGNING, "2017-04-03T09:00:00", both)
    told.give("members", YONGNING, "2017-04-03T10:00:00", {"ORG-02": rows})
    monkeypatch.setattr(standing_rows, "CHUNK_ROWS", 1)
    flow.close_period("2017-03", LOCKED)
    small = table()
    assert waiting() == [
        ("V-R-063", YONGNING, "FIN-01", "B3"),
        ("V-R-063", YONGNING, "FIN-01", "B4"),
    ]
    monkeypatch.undo()
    flow.close_period("2017-03", FUNDS_LOCKED)
    assert table() == small


def test_a_federation_s_own_summary_is_compared_and_never_added(told: Told) -> None:
    rows = [member_row(MILL, 100), member_row(MINE, 80)]
    summary = member_row(YONGNING, 190) | {"workers_total": 220, "fulltime_cadres": 1}
    for name in ("workers_f", "workers_migrant", "members_f", "members_migrant"):
        summary[name] = sum(r[name] for r in rows)
    data = told.give("county", YONGNING, "2017-04-03T09:00:00", {"ORG-02": [*rows, summary]})
    assert data.state == "accepted", data.places
    closed = flow.close_period("2017-03", LOCKED)
    assert waiting() == [("V-O-001", YONGNING, "ORG-02", "F5")]
    (finding,) = query("SELECT message, org_id FROM finding WHERE stage = 'closing'")
    assert "会员人数 190（180）" in finding.message
    assert "2 个下级单位（应报 2 个）" in finding.message
    with engine().connect() as connection:
        county = ids(connection)[YONGNING]
    assert finding.org_id == county
    totals = query(
        "SELECT DISTINCT v.value FROM indicator_value v WHERE v.period = '2017-03' AND v.line = 1 "
        "AND v.basis = 'reported' AND v.org_id = :unit AND v.indicator = 'I-ORG-04'",
        unit=county,
    )
    assert [t.value for t in totals] == [100 + 80]
    assert closed["reported"] == 2
    # Nor does the consolidated workbook hold a line for it.
    book = openpyxl.load_workbook(
        next(f for f in closed["files"] if "ORG-02" in f and f.endswith(".xlsx"))
    )
    cells = {c for sheet in book for row in sheet.iter_rows(values_only=True) for c in row}
    assert {100, 80, 180} <= cells and 190 not in cells


def test_words_about_many_unions_hold_while_the_own_row_stays(told: Told) -> None:
    """V-O-001 is asked by no arrival: handed in again unchanged it asks, with words it is done."""
    rows = [member_row(MILL, 100), member_row(MINE, 80)]
    summary = member_row(YONGNING, 190) | {
        "workers_total": 220, "members_total": 185, "fulltime_cadres": 1,
    }  # fmt: skip
    for name in ("workers_f", "workers_migrant", "members_f", "members_migrant"):
        summary[name] = sum(r[name] for r in rows)
    summary["realname_members"] = 185
    sent = told.give("county", YONGNING, "2017-04-03T09:00:00", {"ORG-02": [*rows, summary]})
    assert sent.state == "accepted", sent.places
    flow.close_period("2017-03", LOCKED)
    assert [w[0] for w in waiting()] == ["V-O-001"]
    source = next(places().returned.rglob("*-待核实.xlsx"))
    silent = told.folder / "silent.xlsx"
    openpyxl.load_workbook(source).save(silent)
    again = told.give("silent", YONGNING, "2017-04-14T09:00:00", data=silent.read_bytes())
    assert again.state != "accepted"
    path = told.folder / "answer.xlsx"
    explained(source, WORDS).save(path)
    done = told.give("answer", YONGNING, "2017-04-14T10:00:00", data=path.read_bytes())
    assert (done.state, [f.rule for f in done.findings]) == ("accepted", ["V-O-001"])
    closed = flow.close_period("2017-03", FUNDS_LOCKED)
    assert (waiting(), closed["findings_opened"], closed["unverified"]) == ([], 0, 0)


def test_the_review_lists_what_waits_with_room_for_words(told: Told) -> None:
    unlike_wages(told)
    flow.close_period("2017-03", LOCKED)
    (book,) = marked().values()
    (line,) = review_rows(book)
    assert "V-R-063" in line and line[-1] == ""


def test_the_steward_s_list_names_the_unit_and_the_last_day(told: Told) -> None:
    unlike_wages(told)
    flow.close_period("2017-03", LOCKED)
    (line,) = flow.waiting_findings("2017-04-14T09:00:00")
    assert (line.reporter, line.form, line.period, line.cell) == (
        MILL, "FIN-01", "2017-03", PAYROLL,
    )  # fmt: skip
    assert line.reporter_name == registry().org(MILL).name
    assert line.due.isoformat() == "2017-04-17"
    assert flow.waiting_findings("2017-04-14T09:00:00", "2017-02") == []
    assert flow.waiting_findings("2017-04-12T09:00:00") == []
