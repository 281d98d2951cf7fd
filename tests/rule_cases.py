"""Examples of rules, run through the way that a workbook takes: what is found, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pandas as pd
from checking import Accepted
from openpyxl.utils import get_column_letter
from rule_files import SOUND_IDENTITY, cell_of, data_of, file_of

from definitions.catalogue import Definitions
from definitions.loading import load_definitions
from definitions.model import Column, ColumnType, Example, Form, Rule, Sample, Severity
from definitions.organisations import Organisation, Parent
from definitions.periods import Period
from expectations.findings import Finding
from expectations.suites import RULE, Check, checks_for
from pipelines.flow.reopening import timeliness
from pipelines.read import Limits, expand, name_key
from pipelines.read.document import Document, read_document
from pipelines.reorganising import Picture, timeline_of
from pipelines.standing import Registry, claim_rows, newly_registered, standing_findings
from pipelines.validate import recheck, validate
from pipelines.workbook import Cover, FormSheet, ReadWorkbook
from warehouse.reorganisations import Kept
from warehouse.windows import Reopening, Window

RECEIVED = date(2099, 1, 1)
THREE_DAYS = timedelta(days=3)
GRAVE = (Severity.RETURN, Severity.EXPLAIN)

# --- the small federation in which the examples play -------------------------------------------

UNIONS: dict[str, str] = {
    "640000": "示范自治区总工会",
    "640100": "示范市总工会",
    "640105": "示范区总工会",
    "640105-0017": "宏远机械公司工会",
    "640105-0018": "宏达运输公司工会",
    "640105-0031": "第一小学工会",
    "640105-0032": "第一小学工会",
}
ABOVE = {"640105": "640100", "640100": "640000"}


@cache
def definitions() -> Definitions:
    return load_definitions()


@cache
def unions() -> dict[str, str]:
    """Those above, and every union that the example of some column names."""
    found = dict(UNIONS)
    for form in definitions().forms:
        for column in form.columns:
            if column.type is ColumnType.CODE and column.code in ("org_code", "to_parent"):
                found.setdefault(column.example, f"示范单位{column.example}")
    return found


def parent_of(code: str) -> str | None:
    """Grassroots unions stand under the county, the county under the city."""
    return ABOVE.get(code, None if code == "640000" else "640105")


def chain(code: str) -> set[str]:
    """A union and everyone above it."""
    found = {code}
    while (parent := parent_of(code)) is not None:
        found.add(parent)
        code = parent
    return found


def registry() -> Registry:
    """The small federation as the warehouse would hand it to the registry's view of a file."""
    names = unions()
    picture = Picture({code: timeline_of(union(code)) for code in names}, ())
    return Registry(names, {c: chain(c) for c in names}, key=b"0" * 64, picture=picture)


def union(code: str) -> Organisation:
    """One of them as it was registered: a county's grassroots union, or one of those above."""
    parent = parent_of(code)
    found = date(2009, 6, 18)
    return Organisation(
        code=code,
        name=unions()[code],
        type="区县总工会" if code in ABOVE else "基层工会委员会",
        level="区县级" if code in ABOVE else "基层",
        region="640105",
        found=found,
        parents=(Parent(line="块", parent=parent, since=found),) if parent else (),
    )


class Federation(Accepted):
    """The warehouse of tests, with the registry of the small federation."""

    def organisations(self, period: str) -> Any:
        codes = sorted({*unions(), *self.unions})
        return pd.DataFrame(
            {
                "org_code": codes,
                "status": "正常",
                "block": [parent_of(c) if c in unions() else None for c in codes],
                "industry_parent": None,
            }
        )


# --- examples by rule --------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One example of a rule; `number` counts the rule's examples of its side from 1.

    `form` is the form that its rows are of: the one that owns the rule, unless the example says
    another. None for a rule about files that names none.
    """

    rule: Rule
    form: str
    passes: bool
    number: int
    example: Example

    @property
    def name(self) -> str:
        """For people: V-R-001 fails 1."""
        return f"{self.rule.code} {'passes' if self.passes else 'fails'} {self.number}"

    @property
    def edition(self) -> Form:
        """The edition of the form for the example's period; the newest where none covers it."""
        try:
            return definitions().form(self.form, self.period)
        except KeyError:
            return definitions().newest(self.form)

    @property
    def period(self) -> Period:
        """The form's own period that goes with the example's."""
        return Period.parse(self.example.period).within(definitions().newest(self.form).period)

    @property
    def check(self) -> Check | None:
        """The check that the rule's own condition makes on the form, if it has one."""
        checks = checks_for(self.edition, self.period, definitions())
        return next((c for c in checks if c.rule.code == self.rule.code and c.kind == RULE), None)


def owners() -> dict[str, str]:
    """The form that each rule with a condition belongs to."""
    known = definitions()
    return {
        rule.code: form.code
        for form in known.forms
        for rule in known.rules_of(form)
        if rule is known.rules.get(rule.code)
    }


def cases() -> list[Case]:
    """Every example of every rule."""
    home = owners()
    return [
        Case(rule, example.form or home.get(rule.code, ""), passes, number, example)
        for rule in definitions().rules.values()
        for passes, examples in ((True, rule.passes), (False, rule.fails))
        for number, example in enumerate(examples, 1)
    ]


@dataclass(frozen=True)
class Outcome:
    """What came of an example: the findings about it, and the cells that its rule marks.

    `at` is None where any place will do.
    """

    findings: list[Finding]
    at: tuple[str, ...] | None


def expected_places(example: Example, default: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The cells that an example names, else those given."""
    if example.at is None:
        return default
    return (example.at,) if isinstance(example.at, str) else example.at


# --- typed rows, as the reader leaves them -----------------------------------------------------

FIRST_ROW = 2
JUDGED, OTHERS = "A001", "accepted"
Tables = dict[tuple[str, str], list[dict[str, Any]]]


def value_of(column: Column, given: Any) -> Any:
    """A value as the reader would have typed it."""
    if column.type is ColumnType.DATE and isinstance(given, str):
        return date.fromisoformat(given)
    return float(given) if column.type.numeric and given is not None else given


def sheet_of(
    form: Form, rows: Sequence[Mapping[str, Any]], period: Period, blank: Sequence[str] = ()
) -> FormSheet:
    """Rows as a sheet that was read; columns that no row names, and not `blank`, are absent."""
    named = {name for row in rows for name in row} | set(blank)
    return FormSheet(
        form=form.code,
        edition=form.edition,
        sheet=form.title,
        header_row=1,
        columns=[i if c.code in named else None for i, c in enumerate(form.columns, 1)],
        row_numbers=list(range(FIRST_ROW, FIRST_ROW + len(rows))),
        values=[[value_of(c, row.get(c.code)) for row in rows] for c in form.columns],
        period=period.label,
    )


def address(form: Form, column: str, row: int = FIRST_ROW) -> str:
    """Address of a column's cell on such a sheet."""
    return f"{get_column_letter(form.position[column] + 1)}{row}"


def key_of(form: Form, code: str) -> Any:
    """A key for rows that an example leaves without one."""
    column = form.column(code)
    if column.type is ColumnType.IDNO:
        return SOUND_IDENTITY
    if column.list:
        return definitions().code_lists[column.list].values[0]
    return 1.0 if column.type.numeric else JUDGED if code == "org_code" else f"{code}-1"


@dataclass
class Told:
    """An example of typed rows, taken apart: the sheet's rows, what others reported and made."""

    rows: list[dict[str, Any]]
    accepted: Tables
    figures: list[tuple[str, str, float]]


def take_apart(case: Case) -> Told:
    """Turn the names of an example into rows of this form, of others, and of other periods."""
    form, period, example = case.edition, case.period, case.example
    accepted: Tables = {}
    if example.series:
        labels = list(example.series)
        row = dict(example.series[labels[-1]])
        keys = {k: key_of(form, k) for k in (*form.keys, "org_code") if k in form.position}
        for label in labels[:-1]:
            accepted.setdefault((form.code, label), []).append(keys | example.series[label])
        return Told([keys | row], accepted, [])
    given = [dict(example.row), *map(dict, example.rows)]
    rows = [{k: v for k, v in row.items() if k in form.position} for row in given]
    names = {k for row in given for k in row if k not in form.position}
    for number, row in enumerate(rows, 1):
        if "org_code" in form.position:
            alone = form.keys == ("org_code",) and number > 1
            row.setdefault("org_code", f"{JUDGED}-{number}" if alone else JUDGED)
        if names or example.reported:
            for k in form.keys:
                row.setdefault(k, key_of(form, k) if number == 1 else f"{k}-{number}")
    for other, reported in example.reported.items():
        newest = definitions().newest(other)
        own = Period.parse(example.period).within(newest.period)
        for line in reported:
            line = dict(line)
            said = line.pop("in", None)
            if said is None and "period" not in newest.position:
                said = line.pop("period", None)
            label = str(said or own.label)
            if "org_code" in newest.position:
                line.setdefault("org_code", JUDGED)
            accepted.setdefault((other, label), []).append(typed_line(newest, line))
    for row, whole in zip(rows, given, strict=True):
        scoped: dict[tuple[str, str], dict[str, Any]] = {}
        for name in names:
            if name in whole and whole[name] is not None:
                scope, _, column = name.partition(".")
                slot = slot_of(scope, form, period)
                scoped.setdefault(slot, {})[column] = whole[name]
        for (code, label), line in scoped.items():
            other_form = definitions().newest(code)
            shared = {k: row[k] for k in (*other_form.keys, "org_code") if k in row}
            wanted = [k for k in other_form.keys if k not in shared]
            shared |= {k: key_of(other_form, k) for k in wanted}
            accepted.setdefault((code, label), []).append(typed_line(other_form, shared | line))
    figures = [(i, str(rows[0].get("org_code")), float(v)) for i, v in example.figures.items()]
    return Told(rows, accepted, figures)


def typed_line(form: Form, line: Mapping[str, Any]) -> dict[str, Any]:
    return {k: value_of(form.column(k), v) for k, v in line.items()}


def slot_of(scope: str, form: Form, period: Period) -> tuple[str, str]:
    """Form and period that a scope such as `previous` or `ORG_02` means."""
    if scope == "previous":
        return form.code, period.previous().label
    if scope == "last_year":
        return form.code, period.last_year().label
    other = definitions().newest(scope.replace("_", "-"))
    return other.code, period.within(other.period).label


def read_of(
    form: Form, rows: Sequence[Mapping[str, Any]], period: Period, blank: Sequence[str] = ()
) -> ReadWorkbook:
    sheet = sheet_of(form, rows, period, blank)
    return ReadWorkbook("example", "xlsx", period.label, JUDGED, Cover(), [sheet], [])


def codes_in(told: Told) -> set[str]:
    """Every union that an example names: they are all at work."""
    lines = [*told.rows, *(line for lines in told.accepted.values() for line in lines)]
    return {str(line["org_code"]) for line in lines if line.get("org_code") is not None}


WAYS = ("accepted before", "in another file", "at the close")
"""When the other rows are there: before, with it, or by the end, whatever came first."""


def run_alone(case: Case, way: str) -> Outcome:
    """One example with what others reported, in one of the ways in which it may arrive."""
    told = take_apart(case)
    book = read_of(case.edition, told.rows, case.period, marked(case))
    tables, books = dict(told.accepted), [book]
    if way == "in another file":
        for (code, label), lines in tables.items():
            books.append(read_of(definitions().newest(code), lines, Period.parse(label)))
        tables = {}
    if way == "at the close":
        slot = case.form, case.period.label
        tables[slot] = [*tables.get(slot, []), *told.rows]
    context = Federation(tables, unions=sorted(codes_in(told)), figures=told.figures)
    if way == "at the close":
        found = recheck(books, definitions(), context, RECEIVED, complete=True)
    else:
        found = validate(books, definitions(), context, RECEIVED)
    return Outcome(found[0], marks_of(case))


def only_at_the_close(case: Case) -> bool:
    """Whether the rule asks for everything below a union, which is there when all is in."""
    check = case.check
    return check is not None and any("under=" in e.text for e in check.expressions)


def run_together(batch: Sequence[Case]) -> list[Outcome]:
    """Examples of one form and period that need no other rows: each a workbook of its own."""
    told = [take_apart(case) for case in batch]
    books = [
        read_of(c.edition, t.rows, c.period, marked(c)) for c, t in zip(batch, told, strict=True)
    ]
    codes = sorted({code for t in told for code in codes_in(t)})
    found = validate(books, definitions(), Federation({}, unions=codes), RECEIVED)
    return [Outcome(f, marks_of(c)) for c, f in zip(batch, found, strict=True)]


def named_in(case: Case) -> set[str]:
    """The columns that some row of the judged sheet names."""
    return {name for row in take_apart(case).rows for name in row}


def marked(case: Case) -> tuple[str, ...]:
    """The columns that the rule marks and the example names; all of them where it names none.

    Those stand on the sheet, blank or not, so that the finding has its cell.
    """
    columns = case.check.columns if case.check else ()
    if case.passes:
        return ()
    return tuple(c for c in columns if c in named_in(case)) or columns


def marks_of(case: Case) -> tuple[str, ...] | None:
    """Their cells in the first row."""
    cells = tuple(address(case.edition, c) for c in marked(case))
    return expected_places(case.example, cells or None)


# --- files -------------------------------------------------------------------------------------


def read_file(sample: Sample, period: str) -> list[ReadWorkbook]:
    """The workbooks inside a file, read as the child reads them."""
    names: dict[str, tuple[str, ...]] = {}
    for code, name in unions().items():
        names[name_key(name)] = (*names.get(name_key(name), ()), code)
    data = data_of(sample, period, definitions())
    return [
        read_document(
            Document(name, member, name, sample.expected_period), definitions(), names, Limits()
        )
        for name, member in expand(data, "报表.xlsx")
    ]


def run_files(batch: Sequence[Case]) -> list[Outcome]:
    """Files handed in for one period: reading, checking together, the registry's view of each."""
    samples = [file_of(c.example, definitions()) for c in batch]
    period = batch[0].example.period
    books = [read_file(s, period)[0] for s in samples]
    found = validate(books, definitions(), Federation(), Period.parse(period).end + THREE_DAYS)
    return [_seen_by_registry(c, book, f) for c, book, f in zip(batch, books, found, strict=True)]


def _kept(known: Registry, example: Example) -> Picture:
    """The registry once the changes of the earlier files are in force."""
    picture = known.picture
    assert picture is not None
    day = datetime(2017, 4, 1, tzinfo=UTC)
    declared = [(where, change) for where, cs in picture.accepted.items() for change in cs]
    living = [
        Kept(number, change, where[0], day, day, "", frozenset({where}))
        for number, (where, change) in enumerate(declared, 1)
    ]
    closed = frozenset({example.period}) if example.closed else frozenset()
    return Picture(picture.bases, living, closed)


def _seen_by_registry(case: Case, book: ReadWorkbook, found: list[Finding]) -> Outcome:
    known = registry()
    for earlier in case.example.earlier:
        for other in read_file(earlier, case.example.period):
            newly_registered(other, definitions(), known)
            claim_rows(other, definitions(), known)
    known.picture = _kept(known, case.example)
    found = [*found, *standing_findings(book, definitions(), known, found)]
    default = (cell_of(case.example, definitions()),) if case.example.cell else None
    return Outcome(found, expected_places(case.example, default))


# --- days --------------------------------------------------------------------------------------


def run_received(case: Case) -> Outcome:
    """A filing that came on a day, or never, before the window of its form and period."""
    example, form, period = case.example, case.edition, case.period
    days = definitions().calendar.deadlines(form.due, period)
    window = Window(period.label, form.code, days, period.start, None)
    received = example.received if isinstance(example.received, date) else None
    order = None
    if example.order:
        noon = datetime(2017, 4, 13, 4, tzinfo=UTC)
        order = Reopening(
            1, period.label, (), (), "数据有误", example.order, "李敏", "王强", noon,
            days.lock + timedelta(days=5), None,
        )  # fmt: skip
    return Outcome([timeliness(window, received, definitions(), order)], ("",))
