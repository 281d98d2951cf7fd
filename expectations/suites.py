"""From a form, its rules and a period to the checks to run, and to a Great Expectations suite."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from definitions.catalogue import Definitions
from definitions.expression import Expression, parse
from definitions.model import Column, ColumnKind, ColumnType, Form, Rule, Severity
from definitions.names import TABLE_CALLS
from definitions.periods import Period, PeriodKind
from expectations.evaluate import ABSENT, CONTEXT_CALLS, SUBMISSION, UNREADABLE, call_name, scope_of

Options = Mapping[str, Mapping[str, Any]]
RULE = "rule"
SEVERITIES = {Severity.RETURN: "critical", Severity.EXPLAIN: "warning", Severity.NOTICE: "info"}
UNREGISTERED_FORMS = ("ORG-01", "ORG-03")
"""Forms that tell of unions not yet in the registry, so their codes cannot be looked up in it."""


@dataclass(frozen=True)
class Check:
    """One expectation: a rule's own condition, or a kind of wide check over several columns.

    `options` gives for each judged column what the kind needs; a rule's own condition has none.
    `parameters` are the dated values that the condition reads, already resolved for the period.
    """

    rule: Rule
    kind: str
    options: Options = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """Every expression that is evaluated for this check."""
        if self.kind == RULE:
            assert self.rule.check is not None  # noqa: S101 (only such rules become checks)
            return (self.rule.check,)
        texts = [o.get(name) for o in self.options.values() for name in ("when", "check")]
        return tuple(parse(t) for t in texts if t)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns judged, in the order in which they are marked."""
        if self.kind == RULE:
            return self.rule.columns or self.expressions[0].columns
        return tuple(self.options)

    @cached_property
    def joined(self) -> tuple[str, ...]:
        """Scoped names read from other rows, such as ``previous.members_total``."""
        names = [
            f"{scope}.{name}"
            for e in self.expressions
            for scope, name in e.scoped
            if scope not in ("param", "period")
        ]
        if self.kind in ("cumulative", "falling"):
            names += [f"previous.{c}" for c in self.options]
        if self.kind == "same":
            names += [
                f"back{n}.{c}" for c, o in self.options.items() for n in range(1, o["periods"])
            ]
        if self.kind == "jump":
            names += [f"{o['against']}.{c}" for c, o in self.options.items()]
        return tuple(dict.fromkeys(names))

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        """Calls that read other rows, inner ones first."""
        found: dict[str, ast.Call] = {}
        for expression in self.expressions:
            for node in _inner_first(expression.tree):
                if _called(node) in CONTEXT_CALLS and isinstance(node, ast.Call):
                    found[call_name(node)] = node
        return tuple(found.values())

    @property
    def needs_context(self) -> bool:
        """Whether rows of other forms, periods or the registry are needed."""
        return bool(self.joined or self.calls) or self.kind == "organisation"

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Every column of the frame that the check reads."""
        names = [SUBMISSION, UNREADABLE, ABSENT, *self.columns, *self.joined]
        names += [c for e in self.expressions for c in e.columns]
        names += [call_name(c) for c in self.calls]
        names += [o["flow"] for o in self.options.values() if "flow" in o]
        return tuple(dict.fromkeys(names))


def _called(node: ast.AST) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _inner_first(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield from _inner_first(child)
    yield node


def checks_for(form: Form, period: Period, definitions: Definitions) -> tuple[Check, ...]:
    """All checks of a form in a period: generic by column, over time, and its own rules."""
    scope = scope_of(definitions, period)
    own = [
        rule
        for rule in definitions.rules_of(form)
        if rule.check is not None and (rule.since is None or rule.since <= period.end)
    ]
    found = [
        Check(definitions.rule(code), kind, options)
        for code, kind, options in (
            *_cell_kinds(form, own),
            *_time_kinds(form, period, own, scope.parameters),
        )
        if options and code in definitions.rules
    ]
    found += [Check(rule, RULE, {}, _resolved(rule, scope.parameters)) for rule in own]
    return tuple(found)


def _resolved(rule: Rule, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a condition reads; one not decided for the period is left out."""
    assert rule.check is not None  # noqa: S101
    names = [name for scope, name in rule.check.scoped if scope == "param"]
    for node in ast.walk(rule.check.tree):
        if _called(node) in TABLE_CALLS and isinstance(node, ast.Call):
            first = node.args[0]
            if isinstance(first, ast.Constant):
                names.append(str(first.value))
    return {name: parameters[name] for name in names if name in parameters}


def _cell_kinds(form: Form, own: Sequence[Rule]) -> Iterator[tuple[str, str, Options]]:
    """Rule code, kind and options by column of every generic check of cells and sheets."""
    columns = form.columns
    of = {t: [c for c in columns if c.type is t] for t in ColumnType}
    yield (
        "V-C-015",
        "required",
        {
            c.code: {"when": c.required_when.text} if c.required_when and not c.required else {}
            for c in columns
            if c.required or c.required_when
        },
    )
    yield "V-C-001", "integer", {c.code: _sign(c) for c in of[ColumnType.INT]}
    yield (
        "V-C-002",
        "amount",
        {c.code: {"decimals": c.decimals, **_sign(c)} for c in of[ColumnType.DEC]},
    )
    yield (
        "V-C-003",
        "percent",
        {
            c.code: {
                "minimum": _float(c.minimum)
                if c.minimum is not None
                else None
                if c.negative
                else 0.0,
                "maximum": _float(c.maximum)
                if c.maximum is not None
                else None
                if c.negative
                else 100.0,
            }
            for c in of[ColumnType.PCT]
        },
    )
    yield (
        "V-C-018",
        "limits",
        {
            c.code: {"minimum": _float(c.minimum), "maximum": _float(c.maximum), **_sign(c)}
            for c in (*of[ColumnType.INT], *of[ColumnType.DEC])
            if c.maximum is not None or c.minimum
        },
    )
    yield "V-C-004", "uscc", _plain(of[ColumnType.USCC])
    yield "V-C-006", "identity", _plain(of[ColumnType.IDNO])
    yield "V-C-007", "old_identity", _plain(of[ColumnType.IDNO])
    yield "V-C-008", "region", _plain(of[ColumnType.REGION])
    yield "V-C-009", "industry", _plain(of[ColumnType.INDUSTRY])
    for type_, kind in ((ColumnType.ENUM, "enum"), (ColumnType.MULTI, "multi")):
        yield "V-C-010", kind, {c.code: {"list": c.list} for c in of[type_]}
    yield (
        "V-C-011",
        "date",
        {c.code: {"future": True} if c.future else {} for c in of[ColumnType.DATE]},
    )
    yield "V-C-012", "phone", _plain(of[ColumnType.PHONE])
    yield "V-C-013", "name", _plain([c for c in of[ColumnType.STR] if c.personal == "name"])
    yield (
        "V-C-016",
        "personal_text",
        _plain([c for c in columns if c.type is ColumnType.TEXT or c.kind is ColumnKind.TEXT]),
    )
    yield (
        "V-C-017",
        "derived",
        {
            c.code: {"check": _equals(c)}
            for c in columns
            if c.derived and not any(c.code in rule.check.columns for rule in own if rule.check)
        },
    )
    if form.code not in UNREGISTERED_FORMS:
        yield "V-X-001", "organisation", _plain([c for c in columns if c.code == "org_code"])
    yield "V-S-001", "duplicate", _plain([c for c in columns if c.kind is ColumnKind.KEY])


def _equals(column: Column) -> str:
    assert column.derived is not None  # noqa: S101
    if column.type is ColumnType.DEC or column.type is ColumnType.PCT:
        tolerance = 10.0**-column.decimals
        return f"near({column.code}, {column.derived.text}, {tolerance})"
    return f"{column.code} == ({column.derived.text})"


def _plain(columns: Sequence[Column]) -> Options:
    return {c.code: {} for c in columns}


def _sign(column: Column) -> dict[str, Any]:
    return {"negative": True} if column.negative else {}


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _time_kinds(
    form: Form, period: Period, own: Sequence[Rule], parameters: Mapping[str, Any]
) -> Iterator[tuple[str, str, Options]]:
    """The generic checks over time; ledgers and campaigns have no series and are left out."""
    if form.ledger or form.period in (PeriodKind.EVENT, PeriodKind.CAMPAIGN):
        return
    special = {
        c
        for rule in own
        if rule.check and rule.layer == "cross-period"
        for c in (*rule.check.columns, *rule.columns)
    }
    cumulative = [c for c in form.columns if c.kind is ColumnKind.CUMULATIVE and c.type.numeric]
    flows = {c.code: c for c in form.columns}
    sums = {
        c.code: {"flow": flow}
        for c in cumulative
        if (flow := c.accumulates or c.code.removeprefix("cum_")) != c.code
        and flow in flows
        and c.code not in special
    }
    yield "V-P-002", "cumulative", sums
    # A sum that is wrong says it already; where refunds are allowed a cumulative may fall.
    yield (
        "V-P-003",
        "falling",
        _plain([c for c in cumulative if c.code not in sums and not c.negative]),
    )
    stocks = [c for c in form.columns if c.kind is ColumnKind.STOCK and c.type is ColumnType.INT]
    if period.kind in (PeriodKind.MONTH, PeriodKind.QUARTER) and "stock_change_pct" in parameters:
        limit = {
            "against": "previous",
            "limit_pct": parameters["stock_change_pct"],
            "floor": parameters["stock_change_units"],
        }
        yield "V-P-005", "jump", {c.code: limit for c in stocks}
    moving = [
        c
        for c in form.columns
        if c.kind is ColumnKind.FLOW and c.type in (ColumnType.INT, ColumnType.DEC)
    ]
    if "flow_change_floor" in parameters:
        floors = parameters["flow_change_floor"]
        yield (
            "V-P-006",
            "jump",
            {
                c.code: {
                    "against": "last_year",
                    "limit_pct": parameters["flow_change_pct"],
                    "floor": floors.get(c.unit, floors["其他"]),
                }
                for c in moving
            },
        )
    if period.kind is PeriodKind.MONTH and "repeated_value_floor" in parameters:
        floors = parameters["repeated_value_floor"]
        yield (
            "V-P-013",
            "same",
            {
                c.code: {
                    "periods": int(parameters["repeated_months"]),
                    "floor": floors.get(c.unit, floors["其他"]),
                }
                for c in moving
            },
        )


def suite_of(form: Form, period: Period, checks: Sequence[Check], definitions: Definitions) -> Any:
    """A Great Expectations suite whose JSON says everything that is checked, and how gravely."""
    from great_expectations import ExpectationSuite

    from expectations.vocabulary import ExpectCellsToConform, ExpectRuleToHold

    words: list[Any] = []
    for number, check in enumerate(checks):
        common: dict[str, Any] = {
            "column_list": list(check.reads),
            "severity": SEVERITIES[check.rule.severity],
            "meta": {
                "check": number,
                "rule": check.rule.code,
                "title": check.rule.title,
                "marks": list(check.columns),
            },
        }
        if check.kind == RULE:
            words.append(
                ExpectRuleToHold(
                    text=check.expressions[0].text,
                    parameters=dict(check.parameters),
                    period=period.label,
                    **common,
                )
            )
        else:
            options = {c: dict(o) for c, o in check.options.items()}
            words.append(ExpectCellsToConform(kind=check.kind, options=options, **common))
    return ExpectationSuite(
        name=f"{form.code} {form.edition} {period}",
        expectations=words,
        meta={"form": form.code, "edition": form.edition, "definitions": definitions.digest},
    )
