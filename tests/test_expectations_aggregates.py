"""Sums and counts over what others reported: small tables in, findings or figures out."""

from __future__ import annotations

import ast
from datetime import date
from typing import Any

import pandas as pd
import pytest
from checking import Accepted, definitions, form_of, sheet, workbook

from definitions.model import Form
from definitions.periods import Period
from expectations import aggregates
from expectations.aggregates import aggregate
from expectations.cells import World
from expectations.evaluate import scope_of
from expectations.evidence import families
from expectations.frames import Frame, build_frame
from expectations.tracing import all_found
from pipelines.validate import RowsAtHand, validate

MARCH = Period.parse("2019-03")


def retained(label: str, amount: float, org: str = "A001") -> tuple[tuple[str, str], Any]:
    return ("FIN-01", label), [{"org_code": org, "retained": amount}]


def asked(text: str, accepted: Accepted, *, complete: bool = False) -> list[float | None]:
    """What a call says for a row of A001 and a row of A002 in March 2019."""
    rows = [{"org_code": o} for o in ("A001", "A002")]
    read = sheet("FIN-01", *rows, period="2019-03")
    frame: Frame = build_frame(form_of("FIN-01", "2019-03"), MARCH, [read], [0])
    world = World(definitions(), scope_of(definitions(), MARCH), date(2019, 4, 3))
    evidence = RowsAtHand(definitions(), accepted, (), complete=complete)
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    found = aggregate(frame, call, evidence, world)
    return [None if pd.isna(v) else float(v) for v in found]


QUARTER = "sum_of('FIN-01', 'retained', 'quarter', org_code=org_code)"


def test_a_quarter_is_the_sum_of_its_months() -> None:
    months = Accepted(
        dict([retained("2019-01", 10), retained("2019-02", 20), retained("2019-03", 30)])
    )
    assert asked(QUARTER, months) == [10 + 20 + 30, None]


def test_a_month_nobody_reported_makes_the_quarter_unknown() -> None:
    assert asked(QUARTER, Accepted(dict([retained("2019-01", 10), retained("2019-03", 30)]))) == [
        None,
        None,
    ]


def test_last_year_and_the_same_month_are_other_periods() -> None:
    months = Accepted(dict([retained("2018-03", 7), retained("2019-03", 30)]))
    same = "sum_of('FIN-01', 'retained', '{}', org_code=org_code)"
    assert asked(same.format("last_year"), months) == [7, None]
    assert asked(same.format("period"), months) == [30, None]


def test_the_latest_is_the_newest_period_that_each_union_reported() -> None:
    told = Accepted(
        {
            ("FIN-01", "2018-11"): [{"org_code": o, "retained": 7} for o in ("A001", "A002")],
            ("FIN-01", "2019-02"): [{"org_code": "A001", "retained": 30}],
        }
    )
    assert asked("sum_of('FIN-01', 'retained', 'latest', org_code=org_code)", told) == [30, 7]


SLIPS = "count_of('RIGHT-01', 'year', org_code=org_code, where={!r})"


def slip(number: str, topic: str) -> dict[str, Any]:
    return {"slip_id": number, "org_code": "A001", "topic": topic, "received_on": date(2019, 1, 5)}


def test_a_thing_of_a_register_counts_once_as_it_was_told_last() -> None:
    register = Accepted(
        {
            ("RIGHT-01", "2019-01"): [
                slip("D1", "工资报酬"),
                slip("D2", "其他"),
            ],
            ("RIGHT-01", "2019-03"): [slip("D1", "其他")],
        }
    )
    assert asked(SLIPS.format("topic == '其他'"), register) == [2, None]
    assert asked(SLIPS.format("topic == '工资报酬'"), register) == [0, None]


def test_a_register_without_a_row_is_nothing_only_once_all_is_in() -> None:
    empty = Accepted({})
    assert asked(SLIPS.format("topic == '其他'"), empty) == [None, None]
    assert asked(SLIPS.format("topic == '其他'"), empty, complete=True) == [0, 0]
    assert asked(QUARTER, empty, complete=True) == [None, None]  # unreported is not zero


def test_a_form_sent_only_with_cause_is_nothing_once_all_is_in() -> None:
    assert not form_of("DEMO-02").reporters.expected
    assert form_of("DEMO-02").ledger is None
    empty, call = Accepted({}), "count_of('DEMO-02', 'year', org_code=org_code)"
    assert asked(call, empty) == [None, None]
    assert asked(call, empty, complete=True) == [0, 0]


class Family(Accepted):
    """A001 stands above A002 on the territorial line and above A003 on the industry line."""

    def organisations(self, period: str) -> pd.DataFrame:
        table = super().organisations(period)
        table["block"] = [None, "A001", None]
        table["industry_parent"] = [None, None, "A001"]
        return table


def test_everything_below_a_union_is_known_when_all_is_in() -> None:
    new = {
        ("ORG-02", "2019-01"): [{"org_code": "A002", "new_unions": 1}],
        ("ORG-02", "2019-03"): [{"org_code": "A003", "new_unions": 2}],
    }
    below = "sum_of('ORG-02', 'new_unions', 'year', under=org_code)"
    assert asked(below, Family(new)) == [None, None]
    assert asked(below, Family(new), complete=True) == [1 + 2, 1]


def test_families_go_down_both_lines() -> None:
    registry = pd.DataFrame(
        {
            "org_code": ["T", "C", "I", "G"],
            "block": [None, "T", "T", "C"],
            "industry_parent": [None, None, None, "I"],
        }
    )
    assert families(registry) == {
        "T": {"T", "C", "I", "G"}, "C": {"C", "G"}, "I": {"I", "G"}, "G": {"G"},
    }  # fmt: skip


def test_two_workbooks_of_one_union_are_each_held_against_themselves() -> None:
    """A correction brings both forms again: its sums are not those of the first sending."""

    def book(account: float) -> Any:
        funds = sheet("AID-02", {"org_code": "A001", "aid_kind": "生活救助", "fund_own": 1000.0},
                      period="2019-03")  # fmt: skip
        ledger = sheet("FIN-02", {"org_code": "A001", "subject": "50204", "month_amt": account},
                       period="2019-03")  # fmt: skip
        for each in (funds, ledger):
            each.columns[:] = [
                at if any(v is not None for v in values) else None
                for at, values in zip(each.columns, each.values, strict=True)
            ]
        return workbook(funds, ledger, period="2019-03")

    wrong, right = validate(
        [book(500.0), book(1000.0)], definitions(), Accepted(), date(2019, 4, 3)
    )
    assert "V-X-007" in {f.rule for f in wrong}
    assert "V-X-007" not in {f.rule for f in right}


def test_workbooks_that_share_nothing_are_looked_at_once_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The work of a run must not grow with the square of its workbooks."""
    looked: list[int | None] = []
    standing = aggregates._standing

    def counted(rows: pd.DataFrame, other: Form, submission: int | None) -> pd.DataFrame:
        looked.append(submission)
        return standing(rows, other, submission)

    monkeypatch.setattr(aggregates, "_standing", counted)
    orgs = ["A001", "A002", "A003", "A003"]
    sheets = [
        sheet("FIN-01", {"org_code": org, "retained": float(n)}, period="2019-03")
        for n, org in enumerate(orgs)
    ]
    frame = build_frame(form_of("FIN-01", "2019-03"), MARCH, sheets, list(range(len(sheets))))
    world = World(definitions(), scope_of(definitions(), MARCH), date(2019, 4, 3))
    call = ast.parse("sum_of('FIN-01', 'retained', 'period', org_code=org_code)", mode="eval").body
    assert isinstance(call, ast.Call)
    found = aggregate(frame, call, RowsAtHand(definitions(), Accepted(), [frame]), world)
    assert list(found) == [0.0, 1.0, 2.0, 3.0]  # each of the doubled ones against itself
    assert looked == [2, 3, None]


# --- quoted numbers ----------------------------------------------------------------------------

FIGURES = {"": {398.0, 200.0, 1.5}, "培训人数": {398.0}}


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("培训人数=398", True),
        ("培训人数＝３９８；别的=200", True),
        ("培训人数=200", False),  # a number of something else
        ("没有这一列=200", True),
        ("没有这一列=201", False),
        ("没有这一列=201（单位自述）", True),
        ("占比=1.5%", True),
        ("培训人数=1,398", False),
        ("没有数字", None),
    ],
)
def test_a_number_is_traced_by_its_name_where_that_is_known(
    text: str, outcome: bool | None
) -> None:
    assert all_found(text, FIGURES) is outcome
