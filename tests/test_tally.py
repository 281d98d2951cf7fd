"""Tallies instead of persons: another edition of the form, and the same indicators."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Connection, text

from definitions import DefinitionsInvalid, Period, load_definitions
from definitions.catalogue import Definitions
from definitions.expression import parse
from definitions.loading import HERE
from definitions.measures import Indicator, Measure
from definitions.model import ColumnType, Form
from definitions.organisations import Organisation
from definitions.tally import HEADS, WHENS, tally_form, tally_rows, why_not
from pipelines.flow.ground import engine
from pipelines.load import filing_of
from pipelines.read import Document, Limits
from pipelines.read.document import read_document
from pipelines.templates import TemplateOrganisation, template_bytes
from pipelines.workbook import FormSheet
from samples.entries import Row
from samples.generate import History, generate
from samples.registry import organisations, registry
from warehouse import receipts
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions
from warehouse.organisations import ids, register
from warehouse.rollup import compute
from warehouse.submissions import NewSubmission, load

SWITCHED = (
    "AID-01", "CADRE-02", "CADRE-03", "DEMO-02", "INNO-02", "ORG-04", "SKILL-01", "SKILL-03",
    "SKILL-04", "SKILL-05",
)  # fmt: skip
MONTHS = ("2019-11", "2019-12")
YEAR = Period.parse("2019")
KEY = b"k" * 64
AT = datetime(2020, 2, 1, tzinfo=UTC)


@cache
def by_person() -> Definitions:
    return load_definitions()


def switched_root(folder: Path, codes: Sequence[str]) -> Path:
    """A copy of the definitions with the switch set from 2019 on."""
    root = folder / "definitions"
    shutil.copytree(HERE, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (root / "parameters" / "privacy.yaml").write_text(
        "- code: tally_forms\n  name: 只报汇总数的报表\n"
        f"  values: [{{since: 2019-01-01, value: [{', '.join(codes)}], authority: 试}}]\n",
        encoding="utf-8",
    )
    return root


@pytest.fixture(scope="module")
def by_tally(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    return load_definitions(switched_root(tmp_path_factory.mktemp("tally"), SWITCHED))


@cache
def federation() -> tuple[Organisation, ...]:
    everyone = {o.code: o for o in organisations()}
    wanted: set[str] = set()
    todo = [u.code for u in registry().family("yongning")[:3]] + ["640300G00001", "640105J00001"]
    while todo:
        code = todo.pop()
        if code not in wanted:
            wanted.add(code)
            todo += [p.parent for p in everyone[code].parents]
    return tuple(o for code, o in sorted(everyone.items()) if code in wanted)


@cache
def persons() -> History:
    return generate(by_person(), federation(), MONTHS, seed=7, forms=SWITCHED)


def test_the_switch_changes_the_form_from_its_day_on(by_tally: Definitions) -> None:
    form = by_tally.form("SKILL-03", YEAR)
    older = by_tally.form("SKILL-03", Period.parse("2018"))
    assert (older.tally, older.edition) == (None, "2016")
    assert form.edition != older.edition
    assert form.keys == ("org_code", "cert_level", "cert_date", "route", "title_promoted")
    assert [c.code for c in form.columns if c.type.numeric] == [HEADS, "award_due", "award_paid"]
    assert by_tally.rules_of(form) == ()


@pytest.mark.parametrize("code", SWITCHED)
def test_a_tally_has_no_column_about_one_person(code: str) -> None:
    form = by_person().newest(code)
    tally = tally_form(form, by_person().measures().values())
    told = {ColumnType.ENUM, ColumnType.BOOL, ColumnType.REGION, ColumnType.INDUSTRY}
    for column in tally.columns:
        assert column.type.numeric or column.type in told or column.code == "org_code", column.code
        assert not column.personal
        if column.code != HEADS:
            assert not form.column(column.code).personal


def test_rows_are_counted_by_their_codes_and_money_is_added_up() -> None:
    form = by_person().newest("SKILL-03")
    tally = tally_form(form)
    rows = [
        {"org_code": "A", "cert_level": "二级（技师）", "cert_date": date(2019, 3, 1),
         "route": "职业技能鉴定", "title_promoted": False, "award_due": 2000.0, "award_paid": 0.0},
        {"org_code": "A", "cert_level": "二级（技师）", "cert_date": date(2019, 9, 1),
         "route": "职业技能鉴定", "title_promoted": False, "award_due": 2000.0,
         "award_paid": 1500.5},
        {"org_code": "A", "cert_level": "二级（技师）", "cert_date": date(2018, 9, 1),
         "route": "职业技能鉴定", "title_promoted": None, "award_due": 0.0, "award_paid": None},
    ]  # fmt: skip
    two, one = tally_rows(form, tally, rows, YEAR)
    assert (two["cert_date"], two[HEADS], two["award_due"], two["award_paid"]) == (
        "本期", 1 + 1, 2000.0 + 2000.0, 0.0 + 1500.5,
    )  # fmt: skip
    assert (one["cert_date"], one["title_promoted"], one[HEADS]) == ("以前各期", None, 1)


def test_a_switch_for_what_is_no_form_about_persons_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionsInvalid) as error:
        load_definitions(switched_root(tmp_path, ["XX-99", "FIN-01"]))
    assert [str(m) for m in error.value.mistakes] == [
        "parameters/privacy.yaml:1: FIN-01 is no form about persons: it has no tally",
        "parameters/privacy.yaml:1: XX-99 is no form about persons: it has no tally",
    ]


def tallies(definitions: Definitions) -> dict[tuple[str, str], list[Row]]:
    """What the same unions would have sent as tallies; of a ledger the register so far."""
    found = {}
    register_: dict[str, dict[tuple[Any, ...], Row]] = {}
    for (code, label), rows in persons().tables.items():
        period = Period.parse(label)
        form, tally = by_person().form(code, period), definitions.form(code, period)
        if form.ledger:
            known = register_.setdefault(code, {})
            for row in rows:
                known[("org_code", row["org_code"], *(row[k] for k in form.ledger.keys))] = row
            rows = list(known.values())
        found[code, label] = tally_rows(form, tally, rows, period)
    return found


def sheet_of(form: Form, period: Period, rows: Sequence[Mapping[str, Any]]) -> FormSheet:
    def value(row: Mapping[str, Any], code: str) -> Any:
        given = row.get(code)
        return float(given) if form.column(code).type.numeric and given is not None else given

    return FormSheet(
        form=form.code,
        edition=form.edition,
        sheet=form.title,
        header_row=5,
        columns=list(range(1, len(form.columns) + 1)),
        row_numbers=list(range(6, 6 + len(rows))),
        values=[[value(row, c.code) for row in rows] for c in form.columns],
        period=period.label,
    )


Figures = dict[tuple[str, str, int], Decimal | None]


def figures(
    connection: Connection,
    definitions: Definitions,
    tables: Mapping[tuple[str, str], Sequence[Row]],
) -> Figures:
    """(indicator, unit, line) → value for the year, with the tables loaded; then all is undone."""
    with connection.begin_nested() as trial:
        register_definitions(connection, definitions, AT)
        register(connection, federation(), datetime(2016, 1, 1, tzinfo=UTC))
        ensure_partitions(connection, YEAR.year)
        known = ids(connection)
        top = federation()[0].code
        for number, ((code, label), rows) in enumerate(tables.items()):
            period = Period.parse(label)
            form = definitions.form(code, period)
            for org in sorted({str(r["org_code"]) for r in rows}):
                own = [r for r in rows if r["org_code"] == org]
                sheet = sheet_of(form, period, own)
                receipt = receipts.record(
                    connection, sha256=f"{number}{org}", size=1, file_name="表.xlsx",
                    channel="test", source=f"{number}{org}", sender=org, received_at=AT,
                )  # fmt: skip
                assert receipt is not None
                submission = NewSubmission(
                    receipt_id=receipt.id, member="", sha256=receipt.sha256, format="xlsx",
                    reporter_id=known[org], period=label, state="accepted", cover={},
                    definitions=definitions.digest, received_at=AT,
                    filings=[filing_of(sheet, definitions, top, known, KEY)],
                )  # fmt: skip
                load(connection, [submission], AT)
        computation = compute(connection, definitions, YEAR, AT, AT)
        rows_ = connection.execute(
            text(
                "SELECT v.indicator, coalesce(o.code, '0') AS org, v.line, v.value "
                "FROM indicator_value v LEFT JOIN organisation o ON o.id = v.org_id "
                "WHERE v.computation_id = :c AND v.period = :p AND v.basis = 'reported'"
            ),
            {"c": computation, "p": YEAR.label},
        ).all()
        trial.rollback()
    return {(r.indicator, r.org, r.line): r.value for r in rows_}


@pytest.fixture(scope="module")
def both(module_home: Path, by_tally: Definitions) -> Iterator[tuple[Figures, Figures]]:
    with engine().connect() as connection, connection.begin() as all_of_it:
        yield (
            figures(connection, by_person(), persons().tables),
            figures(connection, by_tally, tallies(by_tally)),
        )
        all_of_it.rollback()


def about(indicator: Indicator) -> bool:
    """Whether an indicator is told from switched forms alone."""
    return bool(indicator.measures) and {m.form for m in indicator.measures} <= set(SWITCHED)


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ("award_due - award_paid", True),
        ("award_paid / 10000", True),
        ("2 * award_paid", True),
        ("award_due * award_paid", False),
        ("award_paid / award_due", False),
        ("absolute(award_paid)", False),
    ],
)
def test_only_what_adds_up_row_by_row_is_told_from_sums(added: str, told: bool) -> None:
    form = tally_form(by_person().newest("SKILL-03"))
    said = why_not(Measure(form="SKILL-03", sum=parse(added)), form)
    assert said == ("" if told else f"{added} of a sum is not the sum of it")


def tellable(indicator: Indicator, definitions: Definitions) -> bool:
    return not any(why_not(m, definitions.newest(m.form)) for m in indicator.measures)


def test_every_indicator_that_tallies_can_tell_is_the_same(
    both: tuple[Figures, Figures], by_tally: Definitions
) -> None:
    single, tally = both
    told = {c for c, i in by_tally.indicators.items() if about(i) and tellable(i, by_tally)}
    assert len(told) >= 20
    compared = {k: v for k, v in single.items() if k[0] in told}
    assert {k: v for k, v in tally.items() if k[0] in told} == compared
    # not by silence on both sides
    assert len({k[0] for k, v in compared.items() if v}) >= 15


def test_what_tallies_cannot_tell_stays_blank_and_is_named(
    both: tuple[Figures, Figures], by_tally: Definitions
) -> None:
    single, tally = both
    untold = {c for c, i in by_tally.indicators.items() if about(i) and not tellable(i, by_tally)}
    assert {v for k, v in tally.items() if k[0] in untold} <= {None}
    assert any(v for k, v in single.items() if k[0] in untold)


@pytest.mark.parametrize("code", SWITCHED)
def test_a_tally_is_filled_into_its_template_and_read_back(
    code: str, by_tally: Definitions
) -> None:
    newest = by_tally.newest(code)
    period = Period.parse(MONTHS[-1]).within(newest.period)
    form = by_tally.form(code, period)
    rows = tallies(by_tally)[code, period.label]
    org = federation()[0]
    data = template_bytes(
        by_tally, [form], TemplateOrganisation(org.code, org.name), period, {}, {}, period.end
    )
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.worksheets[1]
    labels = [c.label for c in form.columns]
    header = next(
        n
        for n, line in enumerate(sheet.iter_rows(values_only=True), start=1)
        if list(line[: len(labels)]) == labels
    )
    for number, row in enumerate(rows, start=header + 2):
        for place, column in enumerate(form.columns, start=1):
            value = row[column.code]
            sheet.cell(number, place).value = (
                ("是" if value else "否") if isinstance(value, bool) else value
            )
    target = io.BytesIO()
    book.save(target)
    answer = read_document(Document("k", target.getvalue()), by_tally, {}, Limits())
    (back,) = answer.sheets
    assert back.edition == form.edition
    for place, column in enumerate(form.columns):
        assert back.values[place] == [row[column.code] for row in rows], column.code
    assert WHENS == ("未发生", "本期", "以前各期")
