"""Type one cell: what a column of a type makes of whatever a person wrote into it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from definitions.model import CodeList, Column, ColumnType
from definitions.periods import Period
from pipelines.read.periods import parse_period
from pipelines.read.sheet import ErrorCell, Merged, Percent, Uncached
from pipelines.read.words import DITTO, MULTIPLES, NOTHING, factor, key, name_key, plain, unit_of


class Typed(NamedTuple):
    """The value, the rule that has something to say about it, and whether it could be typed."""

    value: Any
    rule: str = ""
    readable: bool = True
    result: Any = None


BLANK = Typed(None)
# Notices: what was normalised.
NUMBER_TEXT = "V-N-001"
UNIT_IN_CELL = "V-N-002"
UNIT_OF_HEADER = "V-N-003"
SAME_AS_ABOVE = "V-N-004"
NOTHING_IS_ZERO = "V-N-005"
NOTHING_IS_BLANK = "V-N-006"
DATE_WRITING = "V-N-007"
NAME_TO_CODE = "V-N-008"
CODE_AS_NUMBER = "V-N-009"
ALIAS = "V-N-010"
TEXT_TIDIED = "V-N-011"
MERGE_FILLED = "V-N-012"
PERCENT_SIGN = "V-N-018"
NAME_TIDIED = "V-C-013"
# To be explained: what was read on a guess that only the reporter can confirm.
SMALL_PERCENT = "V-F-027"
TIMES_TEN_THOUSAND = "V-F-028"
YEAR_SUPPLIED = "V-F-029"
# Returned: what cannot be read.
NOT_LISTED = "V-C-010"
NOT_A_DATE = "V-C-011"
NOT_A_NUMBER = "V-C-014"
FORMULA_ERROR = "V-F-019"
NO_RESULT = "V-F-020"
AMBIGUOUS_NAME = "V-F-022"
UNKNOWN_NAME = "V-F-023"
LONG_NUMBER = "V-F-024"
MERGED_NUMBER = "V-F-030"
NO_ABOVE = "V-F-031"
GARBLED = "V-F-035"
MOJIBAKE = "锟斤拷"
"""What is left of a text in GBK that was once read as UTF-8 and written again."""

# A double holds 15 digits; Excel has already dropped the rest.
_EXACT = 10**15
_NUMBER = re.compile(
    r"(?P<open>\()?(?:[¥$]|rmb|人民币)?(?P<sign>[-+−]?)(?:[¥$])?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)(?P<power>e[+-]?\d{1,3})?"
    r"(?P<close>\))?(?P<unit>[^\d,.()+-]{0,6})"
)
_SPACED = re.compile(r"\d[\s\u3000\xa0]+\d")
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:\s\d{3})+(?:\.\d+)?\D*|(?:\d\s)+\d\D*")
_MULTIPLE = re.compile(r"(百万|千万|十万|亿|万|千|百)(.*)")


@dataclass(slots=True)
class Context:
    """What typing a column needs to know besides the cell."""

    column: Column
    period: Period | None
    names: Mapping[str, tuple[str, ...]]
    code_lists: Mapping[str, CodeList]
    date1904: bool = False
    # What a bare number of this column is multiplied with, from the unit in its header.
    scale: Decimal | None = None
    unit: str = ""
    organisation: bool = False
    all_text: bool = False
    memo: dict[tuple[type, Any], Typed] = field(default_factory=dict)


def names_organisation(column: Column) -> bool:
    """Whether the codes of a column are those of unions."""
    label = column.label
    return (
        column.type is ColumnType.CODE
        and "编码" in label
        and any(w in label for w in ("工会", "单位", "上级", "对象"))
    )


def type_cell(value: Any, context: Context) -> Typed:
    """The typed value of any raw cell; never raises, never makes 0 of something else."""
    if value == "" or value is None:
        return BLANK
    slot = (value.__class__, value)
    known = context.memo.get(slot)
    if known is None:
        known = _special(value, context) or _READERS[context.column.type](value, context)
        if len(context.memo) < 50_000:
            context.memo[slot] = known
    return known


def _special(value: Any, context: Context) -> Typed | None:
    """Cells that no type reads: errors, formulas without result, merges, ditto, nothing."""
    if isinstance(value, ErrorCell):
        return Typed(None, FORMULA_ERROR, False)
    if isinstance(value, Uncached):
        return Typed(None, NO_RESULT, False)
    if isinstance(value, Merged):
        if context.column.type.numeric:
            return Typed(None, MERGED_NUMBER, False)
        inner = type_cell(value.value, context)
        return Typed(inner.value, MERGE_FILLED, True) if inner.readable else inner
    if isinstance(value, str):
        word = plain(value)
        if not word:
            return BLANK
        if "\ufffd" in word or MOJIBAKE in word:
            return Typed(None, GARBLED, False)
        if word.lower() in NOTHING and not _lists_it(word, context):
            return _nothing(word, context)
    return None


def _lists_it(word: str, context: Context) -> bool:
    column = context.column
    if column.type is ColumnType.BOOL:
        return word == "无"
    return bool(column.list) and key(word) in _vocabulary(context)


def _nothing(word: str, context: Context) -> Typed:
    column = context.column
    if column.type.numeric:
        if column.zero_words:
            return Typed(0.0, NOTHING_IS_ZERO, result="0")
        if column.required:
            return Typed(None, NOT_A_NUMBER, False)
    elif column.type in (ColumnType.STR, ColumnType.TEXT) and word.strip("-—–―－/\\"):
        return Typed(word)
    elif column.required and column.type in (ColumnType.DATE, ColumnType.YEAR_MONTH):
        return Typed(None, NOT_A_DATE, False)
    return Typed(None, NOTHING_IS_BLANK, result="空")


def is_ditto(value: Any) -> bool:
    """Whether a cell says "same as above"."""
    return value.__class__ is str and len(value) <= 6 and plain(value) in DITTO


# --- numbers ---------------------------------------------------------------------------------


def _number(value: Any, context: Context) -> Typed:
    column = context.column
    if isinstance(value, bool):
        return Typed(None, NOT_A_NUMBER, False)
    if isinstance(value, (int, float)):
        return _bare(float(value), context)
    if isinstance(value, Percent):
        return _percent(value, context)
    if not isinstance(value, str):
        return Typed(None, NOT_A_NUMBER, False)
    parsed = parse_number(value)
    if parsed is None:
        return Typed(None, NOT_A_NUMBER, False)
    number, unit = parsed
    if not unit:
        typed = _bare(float(number), context)
        if typed.rule or not typed.readable:
            return typed
        untouched = context.all_text and plain(value) == value.strip() and "," not in value
        return typed if untouched else typed._replace(rule=NUMBER_TEXT, result=typed.value)
    if unit == "%":
        if column.type is not ColumnType.PCT:
            return Typed(None, NOT_A_NUMBER, False)
        return Typed(float(number), PERCENT_SIGN, result=float(number))
    return _with_unit(number, unit, context)


def _bare(number: float, context: Context) -> Typed:
    """A number without unit: finite, scaled by the unit of its header, suspicious as per cent."""
    if number - number != 0:
        return Typed(None, NOT_A_NUMBER, False)
    if context.column.type is ColumnType.PCT and 0 < abs(number) < 1:
        return Typed(number, SMALL_PERCENT, result=float(Decimal(repr(number)) * 100))
    if context.scale is not None:
        scaled = float(Decimal(repr(number)) * context.scale)
        return Typed(scaled, UNIT_OF_HEADER, result=scaled)
    return Typed(number)


def _percent(value: Percent, context: Context) -> Typed:
    number = value.value
    if number - number != 0:
        return Typed(None, NOT_A_NUMBER, False)
    if context.column.type is not ColumnType.PCT:
        return Typed(number)
    shown = float(round(Decimal(repr(number)) * 100, 10))
    return Typed(shown, PERCENT_SIGN, result=shown)


def parse_number(text: str) -> tuple[Decimal, str] | None:
    """The number a text states and the unit behind it; None when it states no exact number.

    Full-width digits, thousands separators, currency signs and accounting brackets are
    understood; 约, 余, 多, 以上 and a comma in the wrong place are not numbers.
    """
    if _SPACED.search(text):
        single = " ".join(text.split())
        if not _GROUPED.fullmatch(single):
            return None
    match = _NUMBER.fullmatch(plain(text).lower())
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    if match["open"] and match["sign"]:
        return None
    number = Decimal(match["digits"].replace(",", "").rstrip(".") + (match["power"] or ""))
    negative = match["open"] or match["sign"] in ("-", "−")
    unit = match["unit"]
    if unit == "整":
        unit = "元"
    return (-number if negative else number), unit.removesuffix("整")


def _with_unit(number: Decimal, unit: str, context: Context) -> Typed:
    wanted = context.column.unit
    multiple = _MULTIPLE.fullmatch(unit)
    if unit_of(unit) is None and multiple and multiple.group(2) in ("", wanted):
        # 2000万: ten thousands of the column's own base unit.
        base = unit_of(wanted)
        if base is None:
            return Typed(None, NOT_A_NUMBER, False)
        value = float(number * MULTIPLES[multiple.group(1)] / base[1])
        return Typed(value, TIMES_TEN_THOUSAND, result=value)
    scale = factor(unit, wanted)
    if scale is None:
        return Typed(None, NOT_A_NUMBER, False)
    value = float(number * scale)
    if scale == 1:
        return Typed(value, UNIT_IN_CELL, result=value)
    return Typed(value, TIMES_TEN_THOUSAND, result=value)


# --- dates -----------------------------------------------------------------------------------

_DATE = re.compile(
    r"((?:19|20)\d\d)[-./年](\d{1,2})[-./月](\d{1,2})日?(?:t?\d{1,2}:\d{2}(?::\d{2})?(?:\.0+)?)?"
)
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")
_MONTH_ONLY = re.compile(r"((?:19|20)\d\d)(?:年(\d{1,2})月?|[-./](\d{1,2}))")
_NO_YEAR = re.compile(r"(\d{1,2})(?:月|[./-])(\d{1,2})[日号]?")
_EPOCH = {False: date(1899, 12, 30), True: date(1904, 1, 1)}
_FIRST_SERIAL, _LAST_SERIAL = 18_000, 73_050  # 1949 to 2099


def _date(value: Any, context: Context) -> Typed:
    if isinstance(value, datetime):
        return Typed(value.date())
    if isinstance(value, date):
        return Typed(value)
    if isinstance(value, (bool, time, timedelta, Percent)):
        return Typed(None, NOT_A_DATE, False)
    if isinstance(value, (int, float)):
        return _date_of_number(float(value), context)
    word = plain(value)
    for shape in (_DATE, _COMPACT):
        match = shape.fullmatch(word.lower())
        if match:
            rule = "" if word == _iso(match) else DATE_WRITING
            return _checked(match.groups(), rule=rule)
    match = _MONTH_ONLY.fullmatch(word)
    if match:
        return _checked((match[1], match[2] or match[3], 1), rule=DATE_WRITING)
    match = _NO_YEAR.fullmatch(word)
    if match and context.period:
        return _checked((context.period.year, match[1], match[2]), rule=YEAR_SUPPLIED)
    month = parse_period(value)
    if month is not None and "年" in word and "月" in word and month.start.day == 1:
        return Typed(month.start, DATE_WRITING, result=month.start)
    if word.isdecimal():
        return _date_of_number(float(word), context)
    return Typed(None, NOT_A_DATE, False)


def parse_iso(text: str) -> date | None:
    """A whole date in any of the usual writings; None otherwise."""
    word = plain(text)
    for shape in (_DATE, _COMPACT):
        match = shape.fullmatch(word)
        if match:
            found: date | None = _checked(match.groups(), rule="").value
            return found
    return None


def _iso(match: re.Match[str]) -> str:
    return f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}"


def _checked(parts: Sequence[str | int], rule: str) -> Typed:
    year, month, day = map(int, parts)
    try:
        found = date(year, month, day)
    except ValueError:
        return Typed(None, NOT_A_DATE, False)
    return Typed(found, rule, result=found)


def _date_of_number(number: float, context: Context) -> Typed:
    if number - number != 0:
        return Typed(None, NOT_A_DATE, False)
    compact = _COMPACT.fullmatch(str(int(number))) if number.is_integer() else None
    if compact:
        return _checked(compact.groups(), rule=DATE_WRITING)
    if _FIRST_SERIAL <= number <= _LAST_SERIAL:
        found = _EPOCH[context.date1904] + timedelta(days=int(number))
        return Typed(found, DATE_WRITING, result=found)
    return Typed(None, NOT_A_DATE, False)


def _year_month(value: Any, context: Context) -> Typed:
    if isinstance(value, (date, datetime)):
        return Typed(f"{value.year}-{value.month:02d}")
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else value
    period = parse_period(text) if isinstance(text, str) else None
    if period is None or period.number > 12 or len(period.label) != 7:
        return Typed(None, NOT_A_DATE, False)
    same = isinstance(value, str) and value == period.label
    return Typed(period.label, "" if same else DATE_WRITING, result=period.label)


# --- words -----------------------------------------------------------------------------------

_TRUE = frozenset({"是", "√", "✓", "✔", "有", "对", "y", "yes", "true", "1", "☑", "■"})
_FALSE = frozenset(
    {"否", "×", "✗", "✘", "无", "没有", "x", "n", "no", "false", "0", "不是", "未", "☐", "□"}
)


def _bool(value: Any, context: Context) -> Typed:
    if isinstance(value, bool):
        return Typed(value)
    if value in ("是", "否"):
        return Typed(value == "是")
    word = key(value) if isinstance(value, str) else _digits(value)
    if word in _TRUE:
        return Typed(True, ALIAS, result="是")
    if word in _FALSE:
        return Typed(False, ALIAS, result="否")
    return Typed(None, NOT_LISTED, False)


def _digits(value: Any) -> str:
    """A number cell as the digits a person sees; '' when it is no whole number."""
    if isinstance(value, (int, float)) and value - value == 0 and float(value).is_integer():
        return str(int(value))
    return ""


def shown(value: Any) -> str:
    """Any cell as the text a person sees in it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Merged):
        return shown(value.value)
    if isinstance(value, ErrorCell):
        return value.text
    if isinstance(value, Uncached):
        return "公式"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, Percent):
        return f"{float(round(Decimal(repr(value.value)) * 100, 10)):g}%"
    if isinstance(value, (int, float)):
        return _digits(value) or repr(float(value))
    return str(value)


def _code(value: Any, context: Context) -> Typed:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value - value != 0 or abs(value) >= _EXACT:
            return Typed(None, LONG_NUMBER, False)
        return _named(shown(value), CODE_AS_NUMBER, context)
    text = plain(shown(value))
    return _named(text, "" if text == value else TEXT_TIDIED, context)


def _named(text: str, rule: str, context: Context) -> Typed:
    """A code; in a column of organisations a name is looked up, and never guessed."""
    if not context.organisation or text.isascii():
        return Typed(text, rule, result=text)
    codes = context.names.get(name_key(text), ())
    if len(codes) == 1:
        return Typed(codes[0], NAME_TO_CODE, result=codes[0])
    if codes:
        return Typed(None, AMBIGUOUS_NAME, False, "、".join(codes))
    return Typed(None, UNKNOWN_NAME, False)


def _identity(value: Any, context: Context) -> Typed:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value - value != 0 or abs(value) >= _EXACT or context.column.type is ColumnType.IDNO:
            return Typed(None, LONG_NUMBER, False)
        return Typed(shown(value), CODE_AS_NUMBER, result=shown(value))
    text = plain(shown(value)).upper()
    return Typed(text, "" if text == value else TEXT_TIDIED, result=text)


def _digits_text(value: Any, context: Context) -> Typed:
    """Region, industry, phone: codes that Excel likes to turn into numbers."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        text = shown(value)
        return Typed(text, CODE_AS_NUMBER, result=text)
    text = plain(shown(value))
    if context.column.type is ColumnType.INDUSTRY:
        text = text.upper()
    return Typed(text, "" if text == value else TEXT_TIDIED, result=text)


_BREAKS = re.compile(r"[\r\n\t\u200b\ufeff]+")


def _str(value: Any, context: Context) -> Typed:
    text = shown(value)
    if context.column.personal == "name":
        text = plain(text)
        return Typed(text, "" if text == value else NAME_TIDIED)
    tidy = _BREAKS.sub("", text).replace("\xa0", " ").strip()
    if not isinstance(value, str):
        return Typed(tidy)
    return Typed(tidy or None, "" if tidy == value.strip() else TEXT_TIDIED, result=tidy)


def _text(value: Any, context: Context) -> Typed:
    return Typed(shown(value).strip() or None)


_NUMBERED = re.compile(r"(\d{2,})(\D.*)")
_WITH_BRACKET = re.compile(r"(.*)\((.*)\)")
_VOCABULARIES: dict[int, tuple[CodeList, dict[str, str]]] = {}


def _vocabulary(context: Context) -> dict[str, str]:
    """Every spelling of a code list that names exactly one of its values."""
    code_list = context.code_lists[context.column.list or ""]
    known = _VOCABULARIES.get(id(code_list))
    if known and known[0] is code_list:
        return known[1]
    words: dict[str, set[str]] = {}
    for value in code_list.values:
        whole = key(value)
        spellings = {whole}
        for shape in (_NUMBERED, _WITH_BRACKET):
            match = shape.fullmatch(whole)
            if match:
                spellings.update(match.groups())
        for spelling in spellings:
            words.setdefault(spelling, set()).add(value)
    for alias, value in code_list.aliases.items():
        words[key(alias)] = {value}
    for value in code_list.values:
        words[key(value)] = {value}
    table = {w: next(iter(v)) for w, v in words.items() if len(v) == 1}
    _VOCABULARIES[id(code_list)] = (code_list, table)
    return table


def _enum(value: Any, context: Context) -> Typed:
    text = shown(value)
    listed = _vocabulary(context).get(key(text))
    if listed is None:
        return Typed(plain(text))
    return Typed(listed, "" if listed == text else ALIAS, result=listed)


_SEPARATORS = re.compile(r"[、,;/|+\n\r]|\s+(?=\S)")


def _multi(value: Any, context: Context) -> Typed:
    """Several values of a list, joined by 、 in the order given, each once."""
    text = shown(value)
    words = _vocabulary(context)
    whole = words.get(key(text))
    if whole is not None:
        return Typed(whole, "" if whole == text else ALIAS, result=whole)
    pieces = [p for p in _SEPARATORS.split(unicodedata.normalize("NFKC", text)) if p.strip()]
    found = dict.fromkeys(words.get(key(p), plain(p)) for p in pieces)
    joined = "、".join(found)
    return Typed(joined, "" if joined == text else ALIAS, result=joined)


_READERS: dict[ColumnType, Callable[[Any, Context], Typed]] = {
    ColumnType.INT: _number,
    ColumnType.DEC: _number,
    ColumnType.PCT: _number,
    ColumnType.DATE: _date,
    ColumnType.YEAR_MONTH: _year_month,
    ColumnType.BOOL: _bool,
    ColumnType.CODE: _code,
    ColumnType.STR: _str,
    ColumnType.TEXT: _text,
    ColumnType.USCC: _identity,
    ColumnType.IDNO: _identity,
    ColumnType.REGION: _digits_text,
    ColumnType.INDUSTRY: _digits_text,
    ColumnType.PHONE: _digits_text,
    ColumnType.ENUM: _enum,
    ColumnType.MULTI: _multi,
}
