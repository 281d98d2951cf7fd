"""Workbooks as people spoil them, through the whole flow: what comes back, and what is taken."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from definitions.catalogue import Definitions
from definitions.loading import load_definitions
from expectations.findings import column_letters
from pipelines import flow
from pipelines.verdict.marking import FILLS
from pipelines.workbook import REVIEW_SHEET
from samples.registry import registry
from samples.spoiled import HABITS, SpoiledCase, spoiled_cases
from tests.acceptance import (
    CELL,
    RULE,
    SHEET,
    SPRING,
    Outcome,
    explained,
    hand_in,
    marked_cells,
    outcome_of,
    outcomes_of,
    process_waiting,
    query,
    returned_book,
    returned_path,
    review_rows,
    save,
    write_registry,
)

MORNING, AFTERNOON, EVENING = (f"2017-04-05T{hour}:00:00" for hour in ("09", "15", "18"))
REASON = "情况属实，经主席核对"
LOOK = ("退回", "须说明")


@cache
def definitions_() -> Definitions:
    return load_definitions()


@cache
def cases() -> dict[str, SpoiledCase]:
    return {c.name: c for c in spoiled_cases(definitions_())}


@dataclass(frozen=True)
class Round:
    """Where the files of the module lie, by name of the case."""

    spoiled: dict[str, Path]
    twins: dict[str, Path]
    again: dict[str, Path]
    copies: tuple[Path, ...]


@pytest.fixture(scope="module")
def handed(module_home: Path) -> Round:
    """Everything handed in and processed: spoiled and twins in one chunk, explained ones next."""
    county = registry().family("yongning")[1:7]
    codes = [u.code for u in county]
    flow.register_organisations(
        str(write_registry(module_home.parent / "organisations.yaml", codes)), SPRING
    )
    flow.open_period("2017-03", "2017-03-25T09:00:00")
    files = module_home.parent / "files"
    spoiled, twins, again = {}, {}, {}
    for name, case in cases().items():
        spoiled[name] = save(files / "spoiled" / name, case.file_name, case.data)
        twins[name] = save(files / "twins" / name, case.twin_name, case.twin)
        hand_in([spoiled[name]], case.sender, MORNING, case.expected_period)
        hand_in([twins[name]], case.sender, AFTERNOON, case.expected_period)
    again_and_again = cases()["members-over-workers"]
    copies = tuple(save(files / f"copy{n}", f"附件{n}.xlsx", again_and_again.data) for n in (1, 2))
    hand_in(copies, again_and_again.sender, AFTERNOON)
    process_waiting(AFTERNOON)
    for name, case in cases().items():
        if case.outcome == "explain":
            book = explained(returned_path(outcome_of(spoiled[name])), REASON)
            target = files / "again" / name / "说明.xlsx"
            target.parent.mkdir(parents=True)
            book.save(target)
            again[name] = target
            hand_in([target], case.sender, EVENING, case.expected_period)
    process_waiting(EVENING)
    return Round(spoiled, twins, again, copies)


every_case = pytest.mark.parametrize("case", cases().values(), ids=lambda c: c.name)
to_explain = pytest.mark.parametrize(
    "case", [c for c in cases().values() if c.outcome == "explain"], ids=lambda c: c.name
)


# --- the habits of the catalogue ---


def test_every_habit_of_the_catalogue_has_a_case_and_its_outcome() -> None:
    """6.9 counts thirty-five; a case without findings and outcome would show nothing."""
    assert list(HABITS) == list(range(1, 36))
    for number, names in HABITS.items():
        assert names, number
        for name in names:
            case = cases()[name]
            assert case.story
            assert case.data != case.twin or case.file_name != case.twin_name
            assert case.outcomes
            assert case.outcome == "accepted" or case.expected


@pytest.mark.parametrize("name", HABITS[35])
def test_a_number_in_words_is_never_zero(name: str, handed: Round) -> None:
    """“2000万” is twenty million, and told; or it is refused: nothing ever becomes 0."""
    case = cases()[name]
    typed = {"twenty-million": (10, 20_000_000), "unit-in-cell": (1, 1_000_000)}
    (outcome,) = outcomes_of(handed.spoiled[name])
    if case.outcome == "returned":
        assert query("SELECT 1 FROM filing WHERE submission_id = :i", i=outcome.id) == []
        return
    again = outcome_of(handed.again[name])
    (row, *_) = query(
        "SELECT r.numbers FROM filing f JOIN filing_row r ON r.filing_id = f.id "
        "WHERE f.submission_id = :i ORDER BY r.row_no",
        i=again.id,
    )
    place, value = typed[name]
    assert row.numbers[place] == value
    assert all(f.expected != "0" for f in outcome.findings)


@every_case
def test_a_spoiled_file_comes_back_with_exactly_its_findings(
    case: SpoiledCase, handed: Round
) -> None:
    outcomes = outcomes_of(handed.spoiled[case.name])
    assert sorted(p for o in outcomes for p in o.places) == sorted(case.expected)
    assert Counter(o.state for o in outcomes) == Counter(case.outcomes)


@every_case
def test_its_repaired_twin_is_accepted(case: SpoiledCase, handed: Round) -> None:
    outcomes = outcomes_of(handed.twins[case.name])
    assert outcomes
    assert {o.state for o in outcomes} == {"accepted"}
    assert sorted(p for o in outcomes for p in o.places) == sorted(case.twin_expected)


@every_case
def test_what_comes_back_is_the_senders_workbook_with_marks_in_the_cells(
    case: SpoiledCase, handed: Round
) -> None:
    for outcome in outcomes_of(handed.spoiled[case.name]):
        if outcome.state == "accepted":
            assert outcome.returned_file is None
            continue
        assert returned_path(outcome).parent.name == case.sender
        book = returned_book(outcome)
        assert book.sheetnames[0] == REVIEW_SHEET
        listed = sorted((r[RULE], r[SHEET], r[CELL]) for r in review_rows(book))
        assert listed == sorted((f.rule, f.sheet, f.cell) for f in outcome.findings)
        due = [
            (sheet, anchor(book[sheet], cell), rule, severity)
            for sheet, cell, rule, severity in due_marks(outcome)
        ]
        assert marked_cells(book) == {(sheet, cell) for sheet, cell, _, _ in due}
        for sheet, cell, rule, severity in due:
            found = book[sheet][cell]
            assert rule in found.comment.text
            assert found.fill.fgColor.rgb == FILLS[severity]


def anchor(sheet: Worksheet, cell: str) -> str:
    """The cell itself, or the first of the merged cells it is one of: only that can be marked."""
    for merged in sheet.merged_cells.ranges:
        if cell in merged:
            return str(merged.start_cell.coordinate)
    return cell


def due_marks(outcome: Outcome) -> list[tuple[str, str, str, str]]:
    """(sheet, cell, rule, severity) of every cell that a finding is about."""
    return [
        (f.sheet, f"{column_letters(c)}{f.row_no}", f.rule, f.severity)
        for f in outcome.findings
        if f.row_no is not None
        for c in f.columns
    ]


@to_explain
def test_an_explanation_typed_into_the_returned_workbook_makes_it_accepted(
    case: SpoiledCase, handed: Round
) -> None:
    first, second = outcome_of(handed.spoiled[case.name]), outcome_of(handed.again[case.name])
    assert second.state == "accepted"
    assert second.places == first.places
    assert {f.explanation for f in second.findings if f.severity == "须说明"} == {REASON}
    assert {f.explanation for f in first.findings} == {None}


def test_one_file_three_times_is_one_submission(handed: Round) -> None:
    path = handed.spoiled["members-over-workers"]
    (state,) = query(
        "SELECT array_agg(state ORDER BY id) FROM receipt WHERE sha256 = "
        "(SELECT sha256 FROM receipt WHERE source LIKE :s)",
        s=f"{path.resolve()}@%",
    )
    assert state[0] == ["processed", "duplicate", "duplicate"]
    ids = {outcome_of(p).id for p in (path, *handed.copies)}
    assert len(ids) == 1


def test_no_file_vanishes(handed: Round) -> None:
    files = [*handed.spoiled.values(), *handed.twins.values(), *handed.again.values()]
    receipts = query("SELECT id, state, duplicate_of FROM receipt")
    assert len(receipts) == len(files) + len(handed.copies)
    assert {r.state for r in receipts} == {"processed", "duplicate"}
    documents = dict(
        tuple(row) for row in query("SELECT receipt_id, count(*) FROM submission GROUP BY 1")
    )
    assert documents.keys() == {r.id for r in receipts if r.state == "processed"}
    zips = 2  # zip-one-bad and its twin hold two workbooks each
    assert sum(documents.values()) == len(documents) + zips
    assert {r.duplicate_of for r in receipts if r.state == "duplicate"} <= documents.keys()


def test_marks_of_the_last_round_are_gone_when_one_of_two_is_mended(handed: Round) -> None:
    outcome = outcome_of(handed.spoiled["about-and-more"])
    book = returned_book(outcome)
    (name,) = {f.sheet for f in outcome.findings}
    assert marked_cells(book) == {(name, "B3"), (name, "F4")}
    book[name]["B3"] = 140
    half = handed.spoiled["about-and-more"].with_name("改了一处.xlsx")
    book.save(half)
    hand_in([half], cases()["about-and-more"].sender, EVENING)
    process_waiting(EVENING)
    second = outcome_of(half)
    assert (second.state, second.places) == ("returned", [("V-C-014", "F4")])
    book = returned_book(second)
    assert book.sheetnames.count(REVIEW_SHEET) == 1
    assert marked_cells(book) == {(name, "F4")}
    assert book[name]["B3"].fill.fill_type is None
    assert [r[CELL] for r in review_rows(book)] == ["F4"]
    book[name]["F4"] = 131
    whole = half.with_name("全改好了.xlsx")
    book.save(whole)
    hand_in([whole], cases()["about-and-more"].sender, EVENING)
    process_waiting(EVENING)
    assert (outcome_of(whole).state, outcome_of(whole).places) == ("accepted", [])
