"""One expression, one meaning: the same rows through pandas and through SQL.

Every expression of every measure, and every function that SQL has a word for, over rows drawn from
the columns of its form, blanks among them. Rules judge with the one and figures are added up with
the other: a row that only one of them takes would be counted wrongly in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Connection, text

from definitions import Period
from definitions.expression import FUNCTIONS as LANGUAGE
from definitions.expression import Expression, parse
from definitions.measures import Measure
from definitions.model import Column, ColumnType, Form
from expectations.evaluate import SUBMISSION, evaluate, scope_of
from expectations.frames import typed
from tests.checking import definitions
from warehouse.editions import register_definitions
from warehouse.engine import warehouse
from warehouse.sql_expression import Sql, Translator

YEAR = Period.parse("2019")
ROWS = 400
ABOUT = "CON-01"
FUNCTIONS = (
    "filled(workers)", "blank(valid_to)", "any_filled(workers, enterprises)",
    "implies(workers > 3, enterprises > 1)", "iff(workers > 3, enterprises > 1)",
    "near(workers, enterprises, 1)", "between(workers, 1, enterprises)",
    "total(workers, enterprises)", "absolute(workers - enterprises)",
    "least(workers, enterprises)", "greatest(workers, enterprises)",
    "starts_with(contract_id, 'A')", "year_of(signed_on)", "month_of(signed_on)",
    "add_years(signed_on, 1)", "add_days(signed_on, 30)", "days(signed_on, valid_to)",
    "workdays(signed_on, add_days(signed_on, 40))", "odd(workers)", "length(contract_id)",
    "has_digits(contract_id)", "when(workers > 3, enterprises)",
    "workers > 3 and not enterprises == 2 or scope == '企业'",
    "scope in ['企业', '行业'] and valid_to >= period.end", "scope not in ['企业']",
    "workers / enterprises * 100 - -workers", "1 < workers <= enterprises",
)  # fmt: skip


def expressions_of(measure: Measure) -> Iterator[tuple[str, Expression]]:
    """(form, expression) of everything that a measure asks of single rows."""
    for told in (measure.sum, measure.largest, measure.where, measure.each and measure.each.sum):
        if told:
            yield measure.form, told
    if measure.without:
        yield measure.without.form, measure.without.where


@cache
def asked() -> dict[str, dict[str, Expression]]:
    """Form → expressions by their text."""
    found: dict[str, dict[str, Expression]] = {ABOUT: {t: parse(t) for t in FUNCTIONS}}
    for measure in definitions().measures().values():
        for form, expression in expressions_of(measure):
            found.setdefault(form, {})[expression.text] = expression
    return found


def drawn(column: Column, rng: Random) -> Any:
    """A value as the reader types it; a fifth of them blank, and few different ones."""
    if rng.random() < 0.2:
        return None
    if column.type.numeric:
        whole = column.type is ColumnType.INT
        return float(rng.choice((0, 1, 2, 3, 5, 10, 12) if whole else (0, 0.5, 2, 10, 60, 95.5)))
    if column.type is ColumnType.BOOL:
        return rng.random() < 0.5
    if column.type is ColumnType.DATE:
        near = rng.choice((date(2018, 12, 31), date(2019, 6, 30), YEAR.end, date(2020, 2, 28)))
        return near + timedelta(days=rng.randint(-1, 1))
    if column.list:
        return rng.choice(definitions().code_lists[column.list].values)
    return rng.choice(("A1", "B", "T-07", "王", "2019"))


def stored(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "是" if value else "否"
    return value.isoformat() if isinstance(value, date) else str(value)


def in_pandas(form: Form, rows: Sequence[Mapping[str, Any]], expression: Expression) -> list[Any]:
    data = {c.code: typed(c, [r[c.code] for r in rows]) for c in form.columns}
    frame = pd.DataFrame({SUBMISSION: np.zeros(len(rows), dtype=int), **data})
    cells = evaluate(expression, frame, scope_of(definitions(), YEAR))
    return [
        None if unknown else plain(value)
        for value, unknown in zip(cells.values, cells.unknown, strict=True)
    ]


def plain(value: Any) -> Any:
    """A value of either side as Python compares it."""
    if isinstance(value, np.datetime64):
        return value.astype("datetime64[D]").item()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, Decimal | int | float):
        return round(float(value), 6)
    return value


@pytest.fixture(scope="module")
def connection(module_home: Any) -> Iterator[Connection]:
    with warehouse().begin() as opened:
        register_definitions(opened, definitions(), datetime(2019, 1, 1, tzinfo=UTC))
        yield opened
        opened.rollback()


@pytest.mark.parametrize("code", sorted(asked()))
def test_rows_mean_the_same_in_pandas_and_in_sql(code: str, connection: Connection) -> None:
    form = definitions().form(code, YEAR.within(definitions().newest(code).period))
    rng = Random(code)  # noqa: S311 (no secret)
    rows = [{c.code: drawn(c, rng) for c in form.columns} for _ in range(ROWS)]
    connection.execute(text("DROP TABLE IF EXISTS drawn"))
    connection.execute(
        text(
            "CREATE TEMPORARY TABLE drawn (n int, edition text, period_end date, "
            "numbers numeric[], texts text[])"
        )
    )
    connection.execute(
        text("INSERT INTO drawn VALUES (:n, :edition, :ends, :numbers, :texts)"),
        [
            {
                "n": n,
                "edition": form.edition,
                "ends": YEAR.end,
                "numbers": [r[c.code] if c.type.numeric else None for c in form.columns],
                "texts": [None if c.type.numeric else stored(r[c.code]) for c in form.columns],
            }
            for n, r in enumerate(rows)
        ],
    )
    editions = [f for f in definitions().forms if f.code == code]
    translator = Translator(editions, {"end": Sql("r.period_end")}, definitions().parameters)
    told = list(asked()[code].values())
    listed = ", ".join(translator.sql(e) for e in told)
    found = connection.execute(text(f"SELECT {listed} FROM drawn r ORDER BY n")).all()  # noqa: S608
    for place, expression in enumerate(told):
        mine = in_pandas(form, rows, expression)
        theirs = [plain(row[place]) for row in found]
        apart = [(a, b, r) for a, b, r in zip(mine, theirs, rows, strict=True) if a != b]
        names = expression.columns
        seen = [(a, b, {n: r[n] for n in names}) for a, b, r in apart[:3]]
        assert not apart, (expression.text, "pandas, SQL, row:", seen)
        # not by silence on both sides
        assert any(a is not None for a in mine), expression.text


def test_every_function_that_sql_has_a_word_for_is_among_them() -> None:
    known = set()
    for name in LANGUAGE:
        try:
            Translator._call(name, ["a", "b", "c"])
        except ValueError:
            continue
        known.add(name)
    everything = [e for told in asked().values() for e in told.values()]
    assert known - {name for e in everything for name in e.functions} == set()
