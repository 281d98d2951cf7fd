"""Person-level forms switched to tallies: one row per combination of codes with a head count.

A dated parameter lists the forms; from its day on a form has another edition, made from the form's
own definition. Whoever is named in the form is not asked for any more: what identifies a row, and
all text, goes; what is coded stays and becomes the key; amounts are sums over the rows that a tally
row stands for. A date says only whether it lies in the period, before it, or is blank yet. A ledger
becomes the whole register as it stands at the end of the period. Everything after the definitions,
from the template to the consolidated workbook, sees one more edition.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from definitions.expression import Expression
from definitions.measures import Measure
from definitions.model import (
    CodeList,
    Column,
    ColumnKind,
    ColumnType,
    Form,
    Parameter,
    Rule,
    Tally,
)
from definitions.periods import Period

if TYPE_CHECKING:
    from definitions.catalogue import Definitions

SWITCH = "tally_forms"
"""The parameter: codes of the forms that are tallies, by date."""
HEADS = "tally_count"
WHEN = "TALLY_WHEN"
NOT_YET, IN_PERIOD, BEFORE = WHENS = ("未发生", "本期", "以前各期")
CODED = (ColumnType.ENUM, ColumnType.BOOL, ColumnType.REGION, ColumnType.INDUSTRY)
ADDED = (ColumnKind.FLOW, ColumnKind.STOCK, ColumnKind.DERIVED, ColumnKind.CUMULATIVE)
# Marks, years and shares are no amounts: their sum over persons says nothing.
NO_AMOUNT = ("分", "年", "%")


def tallied(definitions: Definitions) -> Definitions:
    """The definitions with the editions that the switch asks for; the same where it asks for none.

    A rule that reads a column which only the person-level edition has can no longer be asked, and
    goes for every form.
    """
    switch = definitions.parameters.get(SWITCH)
    spans = list(_spans(switch)) if switch else []
    if not spans:
        return definitions
    forms: list[Form] = list(definitions.forms)
    made: dict[str, Form] = {}
    for code, since, until in spans:
        measures = [m for m in definitions.measures().values() if m.form == code]
        forms = [
            part
            for form in forms
            for part in (_split(form, since, until, measures) if form.code == code else [form])
        ]
        made |= {f.code: f for f in forms if f.tally}

    def keeps(rule: Rule) -> bool:
        return rule.check is None or not _lost(rule.check, made)

    kept = {c: tuple(filter(keeps, rules)) for c, rules in definitions.cross_rules.items()}
    return replace(
        definitions,
        forms=tuple(f.model_copy(update={"rules": tuple(filter(keeps, f.rules))}) for f in forms),
        cross_rules=kept,
        code_lists=definitions.code_lists | {WHEN: CodeList(values=WHENS, source="汇总报送")},
    )


def _spans(switch: Parameter) -> Iterator[tuple[str, date, date | None]]:
    for dated in switch.values:
        for code in dated.value:
            yield str(code), dated.since, dated.until


def _split(
    form: Form, since: date, until: date | None, measures: Sequence[Measure]
) -> Iterator[Form]:
    """An edition before, in and after the span of the switch."""
    first = max(form.valid_from, since)
    last = min(form.valid_to or date.max, until or date.max)
    if form.tally or first > last:
        yield form
        return
    day = timedelta(days=1)
    if form.valid_from < first:
        yield _with(form, valid_to=first - day)
    ends = None if last == date.max else last
    yield _with(tally_form(form, measures), valid_from=first, valid_to=ends)
    if last < (form.valid_to or date.max):
        yield _with(form, valid_from=last + day, edition=f"{form.edition}再")


def _with(form: Form, **changes: Any) -> Form:
    """The form with some settings changed; a plain copy would keep what it has remembered."""
    return Form(**{name: getattr(form, name) for name in Form.model_fields} | changes)


def tally_form(form: Form, measures: Iterable[Measure] = ()) -> Form:
    """The tally of a form; of its dates those stay that a measure or the ledger asks for."""
    asked = {form.ledger.date} if form.ledger else set()
    for measure in measures:
        asked |= {measure.dated} if measure.dated else set()
        asked |= set(measure.where.columns) if measure.where else set()
    columns = [c for c in (_column(c, asked) for c in form.columns) if c is not None]
    if not any(c.code == "org_code" for c in columns):
        raise ValueError(f"{form.code} has no org_code: nobody's tally")
    unit = next((u for u, w in (("户", "户"), ("人", "人"), ("人", "名")) if w in form.grain), "件")
    label = f"{unit}数"
    if any(label in (c.label, *c.aliases) for c in columns):
        label = f"汇总{label}"
    heads = Column(
        code=HEADS, label=label, type=ColumnType.INT, unit=unit,
        kind=ColumnKind.FLOW, required=True, minimum=None, zero_words=True,
        guidance="这一类共有多少，没有的类别不必列", example="12",
    )  # fmt: skip
    coded = [c for c in columns if c.kind is ColumnKind.KEY]
    amounts = [c for c in columns if c.kind is not ColumnKind.KEY]
    what = "期末在册的全部" if form.ledger else "本期的全部"
    return _with(
        form,
        edition=f"{form.edition}汇总",
        grain="每个工会每类一行",
        guidance=f"本表只报汇总数，不填任何个人信息：按类别列出{what}，金额填合计数。",
        ledger=None,
        nesting=None,
        columns=(*coded, heads, *amounts),
        rules=(),
        tally=Tally(
            heads=HEADS,
            dates=tuple(c.code for c in coded if form.column(c.code).type is ColumnType.DATE),
            identity=form.identity,
            whole_register=form.ledger is not None,
        ),
    )


def _column(column: Column, asked: set[str]) -> Column | None:
    """What becomes of a column; None when it goes."""
    plain: dict[str, Any] = {"required_when": None, "derived": None, "personal": ""}
    if column.code == "org_code" or (column.type in CODED and not column.personal):
        return column.model_copy(update={**plain, "kind": ColumnKind.KEY})
    if column.type is ColumnType.DATE and column.code in asked:
        return column.model_copy(
            update={
                **plain, "type": ColumnType.ENUM, "list": WHEN, "kind": ColumnKind.KEY,
                "future": False, "required": True, "example": IN_PERIOD,
                "guidance": "在本期之内、在以前，还是尚未发生",
            }
        )  # fmt: skip
    if (
        column.type in (ColumnType.INT, ColumnType.DEC)
        and column.kind in ADDED
        and column.unit not in NO_AMOUNT
    ):
        update = {**plain, "kind": ColumnKind.FLOW, "minimum": None, "maximum": None}
        return column.model_copy(update=update)
    return None


def _lost(check: Expression, made: Mapping[str, Form]) -> list[str]:
    """Names that a condition reads in a tallied form which has them no more."""
    lost = []
    for code in check.other_forms() & made.keys():
        have = made[code].position
        lost += [n for s, n in check.scoped if s.replace("_", "-") == code and n not in have]
        for node in ast.walk(check.tree):
            if isinstance(node, ast.Call) and node.args:
                literals = [a.value for a in node.args if isinstance(a, ast.Constant)]
                if code in literals[:1]:
                    # keys, columns and conditions on single rows: a tally has no single rows
                    lost.append(ast.unparse(node))
    return lost


def why_not(measure: Measure, form: Form) -> str:
    """Why a measure cannot be told from tallies of a form; empty when it is told the same.

    The head count stands for rows. A distinct count is one only where it counts what a row is
    about. A date is known to the period, so a condition may ask whether it is there and how it
    stands to the period's end, and nothing finer.
    """
    tally = form.tally
    if tally is None:
        return ""
    if measure.each or measure.largest:
        return "groups of rows and single largest values are not in a tally"
    if measure.distinct and not set(tally.identity) <= {*measure.distinct, "org_code"}:
        return f"distinct {', '.join(measure.distinct)} is not what a row is about"
    if measure.dated and measure.dated not in tally.dates:
        return f"{measure.dated} is not in the tally"
    if measure.sum:
        if not _linear(measure.sum.tree):
            return f"{measure.sum.text} of a sum is not the sum of it"
        amounts = {c.code for c in form.columns if c.kind is not ColumnKind.KEY}
        if gone := set(measure.sum.columns) - amounts:
            return f"{', '.join(sorted(gone))} is no amount of the tally"
    if measure.where:
        if gone := set(measure.where.columns) - set(form.keys):
            return f"{', '.join(sorted(gone))} is no code of the tally"
        if not _to_the_period(measure.where.tree, set(tally.dates)):
            return f"{measure.where.text} asks more of a date than its period"
    return ""


def _linear(node: ast.expr) -> bool:
    match node:
        case ast.Name():
            return True
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return _linear(node.left) and _linear(node.right)
        case ast.BinOp(op=ast.Mult() | ast.Div(), right=ast.Constant()):
            return _linear(node.left)
        case ast.BinOp(op=ast.Mult(), left=ast.Constant()):
            return _linear(node.right)
        case ast.Call(func=ast.Name(id="total")):
            return all(map(_linear, node.args))
    return False


def _to_the_period(node: ast.AST, dates: set[str]) -> bool:
    """Whether dates are only asked for being there, or against the end of the period."""
    match node:
        case ast.Call(func=ast.Name(id="filled" | "blank" | "any_filled")):
            return True
        case ast.Compare(
            left=ast.Name(), comparators=[ast.Attribute(value=ast.Name(id="period"), attr="end")]
        ):
            return True
        case ast.Name(id=name):
            return name not in dates
    return all(_to_the_period(child, dates) for child in ast.iter_child_nodes(node))


def tally_rows(
    form: Form, tally: Form, rows: Iterable[Mapping[str, Any]], period: Period
) -> list[dict[str, Any]]:
    """The rows of a person-level form as its tally has them; of a ledger, the whole register."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    keys = tally.keys
    amounts = [c.code for c in tally.columns if c.kind is not ColumnKind.KEY and c.code != HEADS]
    dates = tally.tally.dates if tally.tally else ()
    for row in rows:
        codes = {k: _when(row.get(k), period) if k in dates else row.get(k) for k in keys}
        into = found.setdefault(
            tuple(codes.values()), {**codes, HEADS: 0, **dict.fromkeys(amounts)}
        )
        into[HEADS] += 1
        for code in amounts:
            if row.get(code) is not None:
                column = form.column(code)
                total = (into[code] or 0) + row[code]
                into[code] = (
                    total if column.type is ColumnType.INT else round(total, column.decimals)
                )
    return list(found.values())


def _when(day: date | None, period: Period) -> str:
    if day is None or day > period.end:
        return NOT_YET
    return IN_PERIOD if day >= period.start else BEFORE
