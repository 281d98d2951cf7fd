"""Every rule's own examples: each that fails brings its own code at its own cell, and no other."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from acceptance import hand_in, process_waiting
from rule_cases import (
    GRAVE,
    WAYS,
    Case,
    Outcome,
    cases,
    definitions,
    only_at_the_close,
    run_alone,
    run_files,
    run_received,
    run_together,
)
from rule_files import data_of

from expectations.findings import sentence

UNFILLED = re.compile("〔[A-Za-z_.]+〕")
"""What a sentence shows where nothing filled a name in."""

TOLD_BY_ROWS = [c for c in cases() if {"row", "series"} & c.example.model_fields_set]
REPEATED = [c for c in cases() if c.rule.code == "V-F-006"]
"""Bytes that came before are told apart by the inbox, not by reading them."""
TOLD_BY_FILES = [
    c for c in cases() if {"file", "cell"} & c.example.model_fields_set and c not in REPEATED
]
TOLD_BY_DAYS = [c for c in cases() if "received" in c.example.model_fields_set]


def needs_others(case: Case) -> bool:
    """Whether rows of other forms or periods decide."""
    return bool(case.check is None or case.check.needs_context or case.example.series)


ALONE = [c for c in TOLD_BY_ROWS if needs_others(c)]
TOGETHER = [c for c in TOLD_BY_ROWS if not needs_others(c)]


@cache
def outcomes_together() -> dict[str, Outcome]:
    """Of examples that need nothing else: one run for each form and period."""
    batches: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in TOGETHER:
        batches[case.form, case.period.label].append(case)
    return {
        case.name: outcome
        for batch in batches.values()
        for case, outcome in zip(batch, run_together(batch), strict=True)
    }


def judge(case: Case, outcome: Outcome) -> None:
    """Nothing at all for a case that passes; its own code, its own cell, nothing else if not."""
    # A rule that marks only columns which the example does not name says nothing about it.
    found = [
        (f.rule, f.cells)
        for f in outcome.findings
        if f.severity in GRAVE and (f.cells or f.row is None or f.rule == case.rule.code)
    ]
    for finding in outcome.findings:
        assert not UNFILLED.search(finding.message + finding.advice), finding.message
        assert "nan" not in finding.message.lower(), finding.message
    own = [f for f in outcome.findings if f.rule == case.rule.code]
    if case.passes:
        assert not own, own
        assert not found or case.rule.layer == "timeliness"  # a day falls under one of them
        return
    assert own, f"{case.rule.code} did not speak; found {found}"
    assert {rule for rule, _ in found} <= {case.rule.code}, found
    if outcome.at is not None:
        places = {f.cell for f in own}
        if len(outcome.at) > 1 and len(own) == 1:
            assert own[0].cells == outcome.at
        else:
            assert set(outcome.at) <= places | {c for f in own for c in f.cells}, places


@pytest.mark.parametrize("case", TOGETHER, ids=lambda c: c.name)
def test_rows_of_one_sheet(case: Case) -> None:
    judge(case, outcomes_together()[case.name])


BY_WAY = [(c, w) for c in ALONE for w in (WAYS[:1] if c.passes else WAYS)]


@pytest.mark.parametrize(("case", "way"), BY_WAY, ids=[f"{c.name} {w}" for c, w in BY_WAY])
def test_rows_beside_other_rows(case: Case, way: str) -> None:
    """Whatever comes first: the outcome is the same, unless only the close can tell."""
    if only_at_the_close(case) and case.passes:
        way = "at the close"
    if only_at_the_close(case) and way != "at the close":
        assert not [f for f in run_alone(case, way).findings if f.rule == case.rule.code]
        return
    judge(case, run_alone(case, way))


@cache
def outcomes_of_files() -> dict[str, Outcome]:
    """One run for each period; what is about two periods must not meet the others."""
    batches: dict[str, list[Case]] = defaultdict(list)
    for case in TOLD_BY_FILES:
        told = case.example.file
        alone = case.name if told and "所属期" in told.cover else ""
        batches[case.example.period + alone].append(case)
    return {
        case.name: outcome
        for batch in batches.values()
        for case, outcome in zip(batch, run_files(batch), strict=True)
    }


@pytest.mark.parametrize("case", TOLD_BY_FILES, ids=lambda c: c.name)
def test_files_and_cells(case: Case) -> None:
    judge(case, outcomes_of_files()[case.name])


@pytest.mark.parametrize("case", TOLD_BY_DAYS, ids=lambda c: c.name)
def test_days_of_receipt(case: Case) -> None:
    judge(case, run_received(case))


@pytest.mark.parametrize("case", REPEATED, ids=lambda c: c.name)
def test_files_that_came_before(case: Case, warehouse_home: Path, tmp_path: Path) -> None:
    """Handed in, processed, handed in again: only the same bytes are answered as a repetition."""
    told = case.example.file
    assert told is not None
    kept: dict[str, bytes] = {}  # a workbook saved twice has two times of saving in it
    for number, sample in enumerate((*case.example.earlier, told)):
        path = tmp_path / f"报表{number}.xlsx"
        name = sample.model_dump_json()
        kept.setdefault(name, data_of(sample, case.example.period, definitions()))
        path.write_bytes(kept[name])
        hand_in([path], "640105-0017", f"2017-04-0{number + 3}T09:00:00")
        process_waiting(f"2017-04-0{number + 3}T10:00:00")
    answers = [p.read_text(encoding="utf-8-sig") for p in warehouse_home.rglob("*重复上传*.txt")]
    said = [a for a in answers if case.rule.code in a and sentence(case.rule.message, {}) in a]
    assert len(said) == (0 if case.passes else 1)
    assert len(answers) == len(said)


def test_every_example_is_run() -> None:
    """Each example of each rule is told in a way that some test above runs."""
    run = {c.name for c in (*TOGETHER, *ALONE, *TOLD_BY_FILES, *TOLD_BY_DAYS, *REPEATED)}
    assert {c.name for c in cases()} == run


def test_every_rule_of_the_catalogue_and_beyond_has_examples() -> None:
    bare = [
        rule.code
        for rule in definitions().rules.values()
        if not (rule.passes and rule.fails) and not rule.scenes
    ]
    assert bare == []
