"""What a form's page says: its purpose, its days, every column and every rule."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from markupsafe import Markup

from definitions.catalogue import Definitions
from definitions.measures import Indicator
from definitions.model import Column, ColumnType, Form, Rule
from pipelines.handbook.speaking import Speaker, Unspeakable
from pipelines.handbook.wording import (
    KINDS,
    LAYERS,
    PERIODS,
    column_type,
    due_words,
    reporters_words,
    requirement,
    sentence,
)

PERSONAL = {
    "name": "姓名：入库加密，本单位以外只显示姓氏",
    "identity": "个人识别信息：入库加密，不进入意见、日志和公布的文件",
}


@dataclass(frozen=True)
class ColumnEntry:
    """One column as the page shows it."""

    label: str
    type: str
    unit: str
    kind: str
    requirement: str
    when: str
    list: str
    limits: str
    guidance: str
    example: str
    aliases: Sequence[str]
    formula: str
    personal: str


@dataclass(frozen=True)
class RuleEntry:
    """One rule as pages show it; `check` is its condition in words, empty for a procedure."""

    code: str
    title: str
    severity: str
    layer: str
    check: str
    message: Markup
    advice: Markup
    basis: str
    since: str
    marks: str


@dataclass(frozen=True)
class Edition:
    """One edition of a form: when it holds and by which document."""

    edition: str
    since: date
    until: date | None
    document: str
    issuer: str
    columns: int


@dataclass(frozen=True)
class FormEntry:
    """Everything a form's page shows."""

    code: str
    title: str
    work: str
    work_name: str
    period: str
    due: str
    due_basis: str
    reporters: str
    line: str
    grain: str
    guidance: str
    document: str
    issuer: str
    document_valid_to: date
    ledger: str
    columns: Sequence[ColumnEntry]
    rules: Sequence[RuleEntry]
    editions: Sequence[Edition]
    indicators: Sequence[Indicator]
    carried: bool


def form_entry(known: Definitions, code: str) -> FormEntry:
    """The newest edition of a form, with all that refers to it."""
    form = known.newest(code)
    speaker = Speaker(known, form)
    ledger = ""
    if form.ledger:
        keys = "、".join(form.column(k).label for k in form.ledger.keys)
        when = form.column(form.ledger.date).label
        ledger = f"台账：每次报送按{keys}更新原有各行，{when}决定计入哪一期，办结的行保留"
    return FormEntry(
        code=form.code,
        title=form.title,
        work=form.work,
        work_name=known.works[form.work],
        period=PERIODS[form.period],
        due=due_words(form.due, form.period),
        due_basis=form.due.basis,
        reporters=reporters_words(form),
        line=line_words(form),
        grain=form.grain,
        guidance=form.guidance,
        document=form.document,
        issuer=form.issuer,
        document_valid_to=form.document_valid_to,
        ledger=ledger,
        columns=[_column(c, speaker) for c in form.columns],
        rules=[rule_entry(r, form, known) for r in known.rules_of(form)],
        editions=[
            Edition(f.edition, f.valid_from, f.valid_to, f.document, f.issuer, len(f.columns))
            for f in sorted(known.forms, key=lambda f: f.valid_from)
            if f.code == code
        ],
        indicators=[
            i for i in known.indicators.values() if any(m.form == code for m in i.measures)
        ],
        carried=form.keys == ("org_code",),
    )


def line_words(form: Form) -> str:
    """Who collects the form."""
    if form.line == "条":
        return "条：由产业工会收集，地方工会可查阅"
    return "块：由所在地方工会收集（以条为主的单位由产业工会收集），另一条线可查阅"


def _column(column: Column, speaker: Speaker) -> ColumnEntry:
    limits = []
    if column.minimum is not None:
        limits.append(f"不小于 {column.minimum:f}")
    if column.maximum is not None:
        limits.append(f"不大于 {column.maximum:f}")
    if column.type.numeric and column.minimum is None and not column.derived:
        limits.append("可为负数（冲减）" if column.negative else "不为负数")
    if column.type is ColumnType.DATE and column.future:
        limits.append("可填以后的日期")
    if column.zero_words:
        limits.append("没有发生填0，“无”按0计")
    return ColumnEntry(
        label=column.label,
        type=column_type(column),
        unit=column.unit,
        kind=KINDS[column.kind],
        requirement=requirement(column),
        when=speaker.say(column.required_when) if column.required_when else "",
        list=column.list or "",
        limits="；".join(limits),
        guidance=column.guidance,
        example=column.example,
        aliases=column.aliases,
        formula=speaker.say(column.derived) if column.derived else "",
        personal=PERSONAL.get(column.personal, ""),
    )


def rule_entry(rule: Rule, form: Form | None, known: Definitions) -> RuleEntry:
    """A rule in words; `form` is the one whose row it is about, None for those of every form."""
    check = ""
    if rule.check is not None and form is not None:
        # A new function has no words at first: the rule is told by its title and sentence then.
        with suppress(Unspeakable):
            check = Speaker(known, form).say(rule.check)
    marks = [form.column(c).label for c in rule.columns] if form is not None else []
    return RuleEntry(
        code=rule.code,
        title=rule.title,
        severity=rule.severity.value,
        layer=LAYERS[rule.layer],
        check=check,
        message=sentence(rule.message, rule, form, known),
        advice=sentence(rule.advice, rule, form, known),
        basis=rule.basis,
        since=f"自 {rule.since} 起" if rule.since else "",
        marks="、".join(marks),
    )


def example_row(form: Form) -> dict[str, Any]:
    """One row of typed example values by column code; columns without an example are left out."""
    row = {}
    for column in form.columns:
        value = _typed(column)
        if value is not None and column.derived is None:
            row[column.code] = value
    return row


def _typed(column: Column) -> Any:
    text = column.example
    if not text:
        return None
    try:
        match column.type:
            case ColumnType.INT:
                return int(text.replace(",", ""))
            case ColumnType.DEC | ColumnType.PCT:
                return float(Decimal(text.replace(",", "").rstrip("%")))
            case ColumnType.DATE:
                return date.fromisoformat(text)
            case ColumnType.BOOL:
                return text == "是"
            case _:
                return text
    except (ValueError, InvalidOperation):
        return text
