"""What an address is about, and where a line of a filing stands in its workbook."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pytest

from definitions import Definitions
from pipelines.flow.walk_lines import line_cell
from pipelines.flow.walk_steps import NOW, At
from pipelines.flow.walking import _named
from pipelines.publish.consolidated import KIND
from portal.reading.numbers import family_of
from warehouse.publications import PrintedNumber
from warehouse.walks import LineBehind

CODES = {
    "I-ORG-04": "indicator",
    "I-ORG-04/目标": "indicator",
    "I-ORG-04/报表合计": "indicator",  # not a count of rows, whatever its basis
    "missing": "coverage",
    "V-R-003": "finding",
    "审核问题/处数": "finding",
    "W07": "letters",
    "TRA-IND-2019/总分": "assessment",
    "经费·TRA-IND-2019/核定": "money",
    "RIGHT-01:accepted_on/S1": "row",
    "CON-02:clauses/报表合计": "rows",
    "CADRE-05:committee/本单位报表": "rows",
}


@pytest.mark.parametrize(("code", "source"), CODES.items())
def test_an_address_is_about_one_thing(definitions: Definitions, code: str, source: str) -> None:
    edition = SimpleNamespace(kind="R-01")
    number, _ = _named(None, definitions, edition, f"块/T/2019/{code}")
    assert number.source == source
    assert number.indicator == code.partition("/")[0].removeprefix("经费·")


def test_a_column_of_a_consolidated_workbook_is_its_own(definitions: Definitions) -> None:
    address = "块/T/2019/ORG-02.members_total"
    for kind, source in ((KIND, "consolidated"), ("R-01", "coverage")):
        number, _ = _named(None, definitions, SimpleNamespace(kind=kind), address)
        assert number.source == source


def test_a_count_of_rows_is_of_the_family_of_its_form() -> None:
    told = ("AID-01:rows", "AID-02:persons:aid_kind=助学救助", "ORG-02.members_total", "I-FIN-11")
    assert [family_of(code) for code in told] == ["AID", "AID", "ORG", "FIN"]
    assert [family_of(code) for code in ("missing", "TRA-IND-2019")] == ["", ""]


def test_a_cell_is_named_by_the_edition_that_the_line_was_filed_on(
    definitions: Definitions,
) -> None:
    """The form of the period has its columns in another order than the one that was filled in."""
    now = definitions.newest("ORG-02")
    then = now.model_copy(update={"edition": "2015", "columns": now.columns[::-1]})
    known = replace(definitions, forms=(now, then))
    places = tuple(range(1, len(now.columns) + 1))
    line = LineBehind(
        "T", "ORG-02", "2015", "2019-06", "会员", 7, places, tuple(map(Decimal, places)), "表.xlsx",
        "0" * 64, 1,
    )  # fmt: skip
    at = At(None, known, None, {}, {"T": "T工会"})
    number = PrintedNumber("", 1, "T", "2019", "TRA-IND-2019", NOW, None)
    place = [c.code for c in then.columns].index("members_total") + 1
    cell = line_cell(at, line, number, NOW, "members_total")
    assert (cell.adds, cell.fields) == (Decimal(place), ("members_total",))
    with pytest.raises(ValueError, match="zip"):
        line_cell(at, replace(line, numbers=line.numbers[:-1]), number, NOW)
