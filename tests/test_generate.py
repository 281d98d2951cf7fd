"""Generated rows: the same for the same seed, obedient over time, and loud when they cannot be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from bench.synthetic import registry as everybody
from definitions import Period, load_definitions
from definitions.catalogue import Definitions
from definitions.model import ColumnKind, Form, Rule, Severity
from definitions.organisations import Organisation
from expectations.codes import luhn, valid_id, valid_uscc
from pipelines.validate import validate
from samples.draw import bank_card
from samples.generate import GenerationFailed, History, generate, generate_rows
from samples.making import owing
from samples.registry import organisations, registry
from tests.checking import sheet, workbook

MONTHS = ("2019-01", "2019-02", "2019-03", "2019-04")
FORMS = ("ORG-02", "FIN-01", "AID-02", "MUT-01", "SKILL-02", "SKILL-03", "ORG-01")


@cache
def known() -> Definitions:
    return load_definitions()


@cache
def unions() -> tuple[Organisation, ...]:
    everyone = {o.code: o for o in organisations()}
    wanted: set[str] = set()
    todo = [u.code for u in registry().family("yongning")[:3]]
    while todo:
        code = todo.pop()
        if code not in wanted:
            wanted.add(code)
            todo += [p.parent for p in everyone[code].parents]
    return tuple(o for code, o in sorted(everyone.items()) if code in wanted)


@cache
def history(seed: int = 3) -> History:
    return generate(known(), unions(), MONTHS, seed, FORMS)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    again = generate(known(), unions(), MONTHS[:2], 3, FORMS)
    assert all(history().tables[key] == rows for key, rows in again.tables.items())
    other = generate(known(), unions(), MONTHS[:1], 4, FORMS)
    assert other.tables["ORG-02", MONTHS[0]] != history().tables["ORG-02", MONTHS[0]]


def test_whoever_owes_a_form_and_nobody_else_has_rows() -> None:
    form = known().form("FIN-01", Period.parse(MONTHS[0]))
    rows = history().tables["FIN-01", MONTHS[0]]
    assert {r["org_code"] for r in rows} == {o.code for o in owing(form, unions())}
    assert {o.level for o in owing(form, unions())} == {"基层"}


def test_figures_go_on_from_month_to_month() -> None:
    """Cumulative figures are running sums, members add up, stocks move a little."""
    tables = history().tables
    for before, now in zip(MONTHS[:-1], MONTHS[1:], strict=True):
        was = {r["org_code"]: r for r in tables["FIN-01", before]}
        for row in tables["FIN-01", now]:
            due = was[row["org_code"]]["cum_due"] + row["due"]
            assert row["cum_due"] == pytest.approx(due, abs=0.011)
        members = {r["org_code"]: r["members_total"] for r in tables["ORG-02", before]}
        for row in tables["ORG-02", now]:
            change = row["new_members"] - row["lost_members"]
            assert row["members_total"] == members[row["org_code"]] + change
    (january,) = {r["cum_due"] == r["due"] for r in tables["FIN-01", MONTHS[0]]}
    assert january


def test_months_in_sequence_break_no_rule_over_time() -> None:
    """Each month beside all that came before, as the warehouse would know it."""
    for label in MONTHS:
        books = [
            workbook(sheet(code, *rows, period=label), org=unions()[0].code, period=label)
            for (code, at), rows in history().tables.items()
            if at == label and code in ("ORG-02", "FIN-01", "AID-02", "MUT-01")
        ]
        assert len(books) == 4
        received = Period.parse(label).end
        for found in validate(books, known(), history(), received):
            assert [(f.rule, f.cell, f.message) for f in found if f.severity.rank < 2] == []


def test_codes_are_valid_and_dates_lie_in_the_period() -> None:
    rows = history().tables["SKILL-02", "2019Q1"]
    assert all(date(2019, 1, 1) <= r["held_on"] <= date(2019, 3, 31) for r in rows)
    people = generate(known(), unions(), ["2019-12"], 3, ["SKILL-03", "ORG-01"]).tables
    certified = people["SKILL-03", "2019"]
    assert certified
    assert all(valid_id(r["id_no"]) for r in certified)
    registered = [r["union_uscc"] for r in people["ORG-01", "2019"] if r["union_uscc"]]
    assert registered
    assert all(valid_uscc(code) for code in registered)
    cards = [bank_card(n) for n in (0, 1, 10**9 - 1)]
    assert all(luhn(card) and len(card) == 16 for card in cards)
    assert len(set(cards)) == 3


def test_a_day_that_a_rule_works_out_is_found_for_every_union() -> None:
    """V-R-012: a term ends so many years after it began, to the month."""
    rows = generate(known(), everybody(60), ["2019-12"], 20191231, ["ORG-06"]).tables[
        "ORG-06", "2019"
    ]
    assert {r["term_years"] for r in rows} <= {3, 5}


def test_what_is_given_stays_and_the_rest_agrees_with_it() -> None:
    (month,) = MONTHS[:1]
    given = {("ORG-01", "2019"): [{"org_code": o.code, "is_joint": False} for o in unions()]}
    tables = generate(known(), unions(), [month], 3, FORMS, given).tables
    assert tables["ORG-01", "2019"] is given["ORG-01", "2019"]
    assert min(r["members_total"] for r in tables["ORG-02", month]) >= 25  # V-R-006


def test_keys_are_nobody_elses() -> None:
    for (code, label), rows in history().tables.items():
        form = known().form(code, Period.parse(label))
        keys = [tuple(r[k] for k in form.keys) for r in rows]
        assert len(keys) == len(set(keys)), (code, label)


def test_what_is_open_in_a_ledger_is_sent_again_and_keeps_its_key() -> None:
    tables = generate(known(), unions(), MONTHS[:2], 3, ["RIGHT-01"]).tables
    first = {r["slip_id"] for r in tables["RIGHT-01", MONTHS[0]]}
    second = {r["slip_id"] for r in tables["RIGHT-01", MONTHS[1]]}
    assert first & second
    assert second - first


def impossible(form: Form) -> Form:
    """The form with a rule that no row can obey."""
    number = next(c.code for c in form.columns if c.kind is ColumnKind.FLOW and c.required)
    rule = Rule.model_validate(
        {
            "code": "V-R-999", "layer": "row", "severity": Severity.RETURN,
            "check": f"{number} < 0 and {number} > 0", "title": "不可能", "message": "不可能",
            "advice": "无", "basis": "试",
        }
    )  # fmt: skip
    settings = {name: getattr(form, name) for name in Form.model_fields}
    return Form(**settings | {"rules": (*form.rules, rule)})


def test_a_rule_that_cannot_be_obeyed_is_named_with_its_form() -> None:
    period = Period.parse(MONTHS[0])
    form = impossible(known().form("INNO-01", period.within(known().newest("INNO-01").period)))
    forms = tuple(form if f.code == form.code else f for f in known().forms)
    changed = replace(known(), forms=forms)
    with pytest.raises(GenerationFailed, match=r"INNO-01 2019Q1: .*V-R-999"):
        generate_rows(changed, form, unions(), Period.parse("2019Q1"), 1)
