"""One plausible value of any column, from what its definition says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from definitions.catalogue import Definitions
from definitions.model import Column, ColumnKind, ColumnType, Form
from definitions.organisations import Organisation
from definitions.periods import Period
from expectations.codes import luhn
from pipelines.read.cells import names_organisation
from samples.identity import id_number, person_name, phone, uscc

_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[A-Z]+")
_PERIOD = re.compile(r"\d{4}(Q\d|H\d|-\d\d)?")
# What a count or an amount of a unit is about, where the column gives no example.
_TYPICAL = {"元": 8000.0, "万元": 12.0, "人": 40.0, "人次": 60.0, "平方米": 120.0, "分": 88.0,
            "%": 60.0, "步": 200000.0, "公里": 150.0}  # fmt: skip
_CARD, _FEW = 6222_0000_0000_000, 6.0


@dataclass(frozen=True)
class Setting:
    """Where a value is drawn: whose row, which one, when; `size` scales every count of the row.

    `spread` is how far a number may lie from its share of the size: 0 keeps the proportions of the
    examples, which the definitions' authors made to agree with each other; `calm` takes their codes
    from there too. `choices` are the values of columns that a rule confines to a dated table.
    """

    definitions: Definitions
    form: Form
    period: Period
    organisations: Sequence[Organisation]
    org: Organisation
    number: int
    size: float
    spread: float
    calm: bool = False
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)


def draw(column: Column, at: Setting, rng: Random, start: str = "") -> Any:
    """A value in the column's own type: int, float, str, bool or date.

    `start` is what a text should begin with, where a rule wants it.
    """
    kind = column.type
    if column.code in at.choices:
        fitting = [v for v in at.choices[column.code] if v.startswith(start)]
        return rng.choice(fitting or at.choices[column.code])
    if kind.numeric:
        return _number(column, at, rng)
    match kind:
        case ColumnType.DATE:
            return _date(column, at, rng)
        case ColumnType.YEAR_MONTH:
            return f"{at.period.end:%Y-%m}"
        case ColumnType.BOOL:
            return column.example == "是" if at.calm and column.example else rng.random() < 0.5
        case ColumnType.ENUM:
            values = at.definitions.code_lists[str(column.list)].values
            return column.example if at.calm and column.example in values else rng.choice(values)
        case ColumnType.MULTI:
            values = at.definitions.code_lists[str(column.list)].values
            chosen = set(rng.sample(values, min(len(values), rng.randint(1, 3))))
            return "、".join(v for v in values if v in chosen)
        case ColumnType.USCC:
            prefix = start[:2] or ("81" if "工会" in column.label else "91")
            return uscc(prefix, at.org.region, rng.randrange(1_000_000))
        case ColumnType.IDNO:
            return id_number(at.org.region, rng.randrange(7_300_000))
        case ColumnType.REGION:
            return at.org.region
        case ColumnType.INDUSTRY:
            divisions = [c for c in at.definitions.industries if len(c) == 3]
            return at.org.industry or rng.choice(divisions)
        case ColumnType.PHONE:
            return phone(at.org.code, rng.random())
        case ColumnType.CODE:
            return start or _code(column, at, rng)
    return start or _text(column, at, rng)


def _number(column: Column, at: Setting, rng: Random) -> int | float:
    if column.unit == "年" and column.type is ColumnType.INT and not _plain(column.example, 100):
        return at.period.year
    if column.kind is ColumnKind.KEY:
        return at.number
    typical = _example(column)
    if typical is None:
        typical = _TYPICAL.get(column.unit, _FEW)
    fixed = column.unit in ("分", "%", "年") or column.maximum is not None
    size = 1.0 if fixed else at.size
    value = typical * size * (1 + at.spread * rng.uniform(-0.5, 0.5))
    return within(column, value)


def _plain(example: str, below: float) -> bool:
    """Whether an example is a small number: 3 of a term of 3 years, not the year 2017."""
    return example.isdecimal() and float(example) < below


def _example(column: Column) -> float | None:
    try:
        return float(column.example)
    except ValueError:
        return None


def within(column: Column, value: float) -> int | float:
    """A number rounded as the column takes it, inside its limits."""
    low = 0.0 if column.minimum is None else float(column.minimum)
    if column.negative and column.minimum is None:
        low = -1e12
    high = 1e12 if column.maximum is None else float(column.maximum)
    if column.type is ColumnType.PCT and column.maximum is None and not column.negative:
        high = 100.0
    value = min(max(value, low), high)
    if column.type is ColumnType.INT:
        return round(value)
    if column.type is ColumnType.PCT:
        # Between 0 and 1 a per cent looks like a share and is asked about.
        return 1.0 if 0 < abs(value) < 1 else round(value, 2)
    return round(value, column.decimals)


def _date(column: Column, at: Setting, rng: Random) -> date:
    """In the period; after it where the future is allowed; years ago where the example is."""
    period = at.period
    if column.future:
        return period.end + timedelta(days=rng.randint(30, 700))
    told = column.example[:4]
    if told.isdecimal() and int(told) < at.form.valid_from.year - 1:
        return period.start - timedelta(days=rng.randint(400, 4000))
    return period.start + timedelta(days=rng.randint(0, (period.end - period.start).days))


def _code(column: Column, at: Setting, rng: Random) -> str | None:
    if column.code == "org_code":
        return at.org.code
    if names_organisation(column):
        return _organisation(column, at, rng)
    if "指标" in column.label:
        return rng.choice(sorted(at.definitions.indicators))
    if column.kind is ColumnKind.KEY and not column.list:
        return key_code(column, at)
    return column.example or f"{column.code.upper()}{at.number:03d}"


def _organisation(column: Column, at: Setting, rng: Random) -> str | None:
    """The parent on the line that the label names, or any other organisation."""
    for line, words in (("条", ("条", "产业上级")), ("经费", ("经费",)), ("块", ("上级",))):
        if any(word in column.label for word in words) and "现上级" not in column.label:
            parent = at.org.parent_on(line, at.period.end)
            if parent is not None or line != "经费":
                return parent
    others = [o.code for o in at.organisations if o.code != at.org.code]
    return rng.choice(others) if others else None


def key_code(column: Column, at: Setting) -> str:
    """A code that nobody else uses: union, a letter as in the example, period, number."""
    letters = _LETTERS.search(column.example)
    when = _DIGITS.findall(at.period.label)
    stamp = "".join(when)[2:] if at.form.ledger else ""
    return f"{at.org.code}-{letters.group() if letters else 'N'}{stamp}{at.number:02d}"


def _text(column: Column, at: Setting, rng: Random) -> str:
    if column.personal == "name":
        return person_name(at.org.code, rng.random())
    if column.personal == "identity":
        return bank_card(rng.randrange(10**14))
    if _PERIOD.fullmatch(column.example):
        return at.period.label
    if column.kind is ColumnKind.KEY and column.type is ColumnType.STR:
        return f"{column.example or column.label}{at.number}"
    return column.example or f"{column.label}示例"


def bank_card(serial: int) -> str:
    """A card number of sixteen digits with its check digit, of a bank's test range."""
    stem = str(_CARD + serial % 10**9).zfill(15)[:15]
    return next(stem + d for d in "0123456789" if luhn(stem + d))
