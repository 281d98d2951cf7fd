"""What a competent team would otherwise write: pandas, Great Expectations per workbook, to_sql.

Written as well as that way can be: the file is opened once, not once per sheet; the suites, the
context and the database engine are made once per process; progress bars and analytics are off; one
transaction per workbook; `method="multi"` for the inserts. It checks the cells and rows of the ten
forms with core expectations only: no cross-form, cross-period or registry checks, no versions, no
receipts, no sandbox. What it leaves out makes it faster, not slower.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Engine, create_engine

from bench.figures import FORMS
from bench.workbooks import forms_in
from definitions import load_definitions
from definitions.model import ColumnType, Form
from definitions.periods import Period

RECEIVED = date(2017, 4, 3)
FIRST_DAY = date(1949, 10, 1)
CENT = 0.01
Place = tuple[str, int]
"""Sheet and row, from 1, of something found."""
# V-R-…: column A must not be above column B.
NOT_ABOVE: Mapping[str, Sequence[tuple[str, str]]] = {
    "ORG-02": [
        ("members_total", "workers_total"), ("members_f", "members_total"),
        ("members_migrant", "members_total"), ("members_dispatch", "members_total"),
        ("members_newform", "members_total"), ("workers_migrant", "workers_total"),
        ("workers_dispatch", "workers_total"), ("workers_f", "workers_total"),
        ("members_f", "workers_f"), ("new_unions_100", "new_unions"),
        ("realname_members", "members_total"),
    ],
    "AID-02": [("households", "cum_households")],
    "RIGHT-01": [
        ("received_on", "accepted_on"), ("accepted_on", "closed_on"), ("received_on", "closed_on"),
    ],
    "RIGHT-02": [("mediated_ok", "closed"), ("collective", "disputes")],
    "SKILL-01": [("persons", "person_times"), ("start_on", "end_on")],
    "INNO-01": [
        ("implemented", "adopted"), ("adopted", "suggestions"), ("wuxiao_award", "wuxiao"),
    ],
    "SKILL-02": [("persons", "should_persons")],
    "SKILL-04": [("signed_on", "end_on")],
    "DEMO-03": [("proposed_on", "replied_on")],
}  # fmt: skip


def _differences(form: str, rows: pd.DataFrame) -> dict[str, tuple[pd.Series, float, float]]:
    """Rules over several columns as helper columns with the range they must lie in."""
    match form:
        case "FIN-01":
            share = 100 * rows["retained"] / rows["paid"]
            return {
                "due is 2 % of payroll": (rows["due"] - rows["payroll"] * 0.02, -CENT, CENT),
                "shares add up": (rows["retained"] + rows["remitted"] - rows["paid"], -CENT, CENT),
                "60 % kept": (share, 59.9, 60.1),
                "arrears": (
                    rows["arrears"] - (rows["due"] - rows["paid"]).clip(lower=0), -CENT, CENT
                ),
            }  # fmt: skip
        case "AID-02":
            funds = rows[["fund_central", "fund_own", "fund_admin", "fund_social"]].sum(axis=1)
            agree = (rows["households"] == 0) == (rows["amount"] == 0)
            none = agree.astype(float).where(rows["amount"].notna())
            return {
                "sources add up": (rows["amount"] - funds, -CENT, CENT),
                "nobody, nothing": (none, 1, 1),
            }
        case "RIGHT-02":
            rest = rows["open_begin"] + rows["disputes"] - rows["closed"] - rows["open_end"]
            return {
                "cases balance": (rest, 0, 0),
                "yuan per person": (rows["wage_amount"] / rows["wage_persons"], 50, 100_000),
            }
        case "SKILL-01":
            return {"within budget": (rows["cost"] / rows["budget"], 0, 1.1)}
        case _:
            return {}


@dataclass(frozen=True)
class Way:
    """Everything made once per process: forms, suites, the context's batch, the engine."""

    forms: list[Form]
    suites: dict[str, Any]
    batch: Any
    engine: Engine
    lists: Mapping[str, Sequence[str]]
    labels: dict[str, dict[str, str]] = field(default_factory=dict)


@cache
def way(url: str, month: str) -> Way:
    """Prepare a process."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    definitions = load_definitions()
    lists = {name: given.values for name, given in definitions.code_lists.items()}
    forms = forms_in(definitions, Period.parse(month), FORMS)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("workbooks")
    batch = source.add_dataframe_asset("sheet").add_batch_definition_whole_dataframe("whole")
    return Way(
        forms=forms,
        suites={
            form.code: gx.ExpectationSuite(
                name=form.code, expectations=list(_expectations(form, lists))
            )
            for form in forms
        },
        batch=batch,
        engine=create_engine(url),
        lists=lists,
        labels={form.code: {c.label: c.code for c in form.columns} for form in forms},
    )


def _expectations(form: Form, lists: Mapping[str, Sequence[str]]) -> Iterator[Any]:
    import great_expectations.expectations as gxe

    for column in form.columns:
        if column.required:
            yield gxe.ExpectColumnValuesToNotBeNull(column=column.code)
        match column.type:
            case ColumnType.INT:
                yield gxe.ExpectColumnValuesToBeBetween(column=column.code, min_value=0)
            case ColumnType.DEC:
                yield gxe.ExpectColumnValuesToBeBetween(
                    column=column.code,
                    min_value=float(column.minimum or 0),
                    max_value=None if column.maximum is None else float(column.maximum),
                )
            case ColumnType.ENUM:
                yield gxe.ExpectColumnValuesToBeInSet(
                    column=column.code, value_set=list(lists[column.list or ""])
                )
            case ColumnType.BOOL:
                yield gxe.ExpectColumnValuesToBeInSet(column=column.code, value_set=["是", "否"])
            case ColumnType.DATE:
                yield gxe.ExpectColumnValuesToBeBetween(
                    column=column.code,
                    min_value=pd.Timestamp(FIRST_DAY),
                    max_value=None if column.future else pd.Timestamp(RECEIVED),
                )
        if column.personal == "name":
            yield gxe.ExpectColumnValuesToMatchRegex(column=column.code, regex=r"^[^\d\s]{2,30}$")
    keys = list(form.keys)
    if len(keys) > 1:
        yield gxe.ExpectCompoundColumnsToBeUnique(column_list=keys)
    else:
        yield gxe.ExpectColumnValuesToBeUnique(column=keys[0])
    for lower, upper in NOT_ABOVE.get(form.code, ()):
        yield gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=upper, column_B=lower, or_equal=True, ignore_row_if="either_value_is_missing"
        )
    empty = pd.DataFrame({c.code: pd.Series(dtype=float) for c in form.columns})
    for name, (_, least, most) in _differences(form.code, empty).items():
        yield gxe.ExpectColumnValuesToBeBetween(column=name, min_value=least, max_value=most)


def _typed(form: Form, rows: pd.DataFrame) -> pd.DataFrame:
    """What is no number, no whole number or no day becomes blank, which a required column notes."""
    for column in form.columns:
        if column.type.numeric:
            numbers = pd.to_numeric(rows[column.code], errors="coerce")
            if column.type is ColumnType.INT:
                numbers = numbers.where(numbers % 1 == 0)
            rows[column.code] = numbers
        elif column.type is ColumnType.DATE:
            rows[column.code] = pd.to_datetime(rows[column.code], errors="coerce")
        else:
            rows[column.code] = rows[column.code].astype("object")
    return rows


def _table(raw: pd.DataFrame, form: Form, prepared: Way) -> pd.DataFrame:
    """The rows below the header, under our names for its labels; the index is the sheet's row."""
    first = raw[0].astype("string")
    header = int(first[first == form.columns[0].label].index[0])
    rows = raw.iloc[header + 1 :].set_axis(raw.iloc[header], axis=1)
    keys = [c.label for c in form.columns if c.code in form.keys]
    rows = rows[rows[keys].notna().any(axis=1)].rename(columns=prepared.labels[form.code])
    return rows[~rows.iloc[:, 0].astype("string").str.startswith("填写说明")]


def _with_helpers(form: Form, rows: pd.DataFrame) -> pd.DataFrame:
    helpers = {name: values for name, (values, _, _) in _differences(form.code, rows).items()}
    return rows.assign(**helpers)


def one(path: Path, prepared: Way) -> set[Place]:
    """Read, check and load one workbook; returns the rows in which something was found."""
    book = pd.ExcelFile(path, engine="openpyxl")
    loaded: list[tuple[str, pd.DataFrame]] = []
    findings: list[dict[str, Any]] = []
    for form in prepared.forms:
        sheet = next(str(n) for n in book.sheet_names if form.title[:20] in str(n))
        rows = _typed(form, _table(book.parse(sheet, header=None, dtype=object), form, prepared))
        batch = prepared.batch.get_batch({"dataframe": _with_helpers(form, rows)})
        outcome = batch.validate(prepared.suites[form.code], result_format="COMPLETE")
        for result in outcome.results:
            for index in result.result.get("unexpected_index_list") or ():
                findings.append(
                    {
                        "file": path.name,
                        "sheet": sheet,
                        "row": int(index) + 1,
                        "expectation": result.expectation_config.type,
                        "columns": str(result.expectation_config.kwargs.get("column", "")),
                    }
                )
        loaded.append((form.code.lower().replace("-", "_"), rows.assign(file=path.name)))
    with prepared.engine.begin() as connection:
        for table, rows in loaded:
            rows.to_sql(table, connection, if_exists="append", index=False, method="multi")
        if findings:
            pd.DataFrame(findings).to_sql("finding", connection, if_exists="append", index=False)
    return {(f["sheet"], f["row"]) for f in findings}


def run(paths: list[str], url: str, month: str) -> dict[str, set[Place]]:
    """Faulty rows by file name."""
    prepared = way(url, month)
    return {Path(path).name: one(Path(path), prepared) for path in paths}


def expectations(url: str, month: str) -> int:
    """How many expectations one workbook is checked with."""
    return sum(len(suite.expectations) for suite in way(url, month).suites.values())
