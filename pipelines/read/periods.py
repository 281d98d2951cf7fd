"""Reporting periods as people write them, and which period each form of a workbook belongs to."""

from __future__ import annotations

import re
from functools import lru_cache

from definitions.calendars import period_on
from definitions.model import Form
from definitions.periods import Period, PeriodKind, closing_periods
from pipelines.read.words import plain

_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_CHINESE_YEAR = re.compile(r"[〇○零一二三四五六七八九]{4}(?=年)")
_CHINESE_MONTH = re.compile(r"(?<![第\d])(十[一二]?|[一二三四五六七八九])(?=月)")
_YEAR = r"(?P<y>(?:19|20)\d\d)"
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(shape))
    for kind, shape in (
        (
            "range",
            _YEAR + r"[年.-](?P<a>\d{1,2})月?(?:1日|01日)?(?:[-~—–至到]|--)"
            r"(?:(?P<y2>(?:19|20)\d\d)[年.-])?(?P<b>\d{1,2})月(?:\d{1,2}日)?份?",
        ),
        (
            "range",
            _YEAR + r"[-./](?P<a>\d{1,2})[-./]0?1(?:[-~—–至到]|--)"
            r"(?P<y2>(?:19|20)\d\d)[-./](?P<b>\d{1,2})[-./]\d{1,2}",
        ),
        ("statistical", _YEAR + r"年?统计年度?"),
        ("statistical", _YEAR + r"[Ss]"),
        ("quarter", _YEAR + r"(?:年度?)?[第-]?(?P<q>[1-4一二三四])(?:季度|季)"),
        ("quarter", _YEAR + r"(?:年度?|-)?[Qq](?P<q>[1-4])"),
        ("half", _YEAR + r"(?:年度?)?(?P<h>[上下])半年"),
        ("half", _YEAR + r"-?[Hh](?P<h>[12])"),
        ("month", _YEAR + r"年(?P<m>\d{1,2})月份?"),
        ("month", _YEAR + r"[-./](?P<m>\d{1,2})月?"),
        ("month", _YEAR + r"(?P<m>0[1-9]|1[0-2])"),
        ("day", _YEAR + r"[年./-](?P<m>\d{1,2})[月./-]\d{1,2}日?"),
        ("year", _YEAR + r"(?:年度?|全年|年全年|)"),
    )
)


def _chinese_months(match: re.Match[str]) -> str:
    word = match.group(1)
    if word.startswith("十"):
        return str(10 + int(word[1:].translate(_DIGITS) or 0))
    return word.translate(_DIGITS)


def _arabic(text: str) -> str:
    text = _CHINESE_YEAR.sub(lambda m: m.group().translate(_DIGITS), plain(text))
    return _CHINESE_MONTH.sub(_chinese_months, text)


def _of_range(year: int, first: int, last: int) -> Period | None:
    if first == last and 1 <= first <= 12:
        return Period(PeriodKind.MONTH, year, first)
    for kind, span in ((PeriodKind.QUARTER, 3), (PeriodKind.HALF, 6), (PeriodKind.YEAR, 12)):
        if last - first + 1 == span and last % span == 0 and last <= 12:
            return Period(kind, year, last // span)
    return None


def _of_match(kind: str, match: re.Match[str]) -> Period | None:
    year = int(match["y"])
    match kind:
        case "range":
            first, last = int(match["a"]), int(match["b"])
            if int(match["y2"] or year) == year:
                return _of_range(year, first, last)
            statistical = Period(PeriodKind.STATISTICAL, int(match["y2"]))
            fits = (year, first, last) == (
                statistical.start.year, statistical.start.month, statistical.end.month,
            )  # fmt: skip
            return statistical if fits else None
        case "statistical":
            return Period(PeriodKind.STATISTICAL, year)
        case "quarter":
            return Period(PeriodKind.QUARTER, year, int(match["q"].translate(_DIGITS)))
        case "half":
            return Period(PeriodKind.HALF, year, 1 if match["h"] in "上1" else 2)
        case "month" | "day":
            month = int(match["m"])
            return Period(PeriodKind.MONTH, year, month) if 1 <= month <= 12 else None
        case _:
            return Period(PeriodKind.YEAR, year)


@lru_cache(maxsize=4096)
def parse_period(text: str) -> Period | None:
    """The period a cell names, whatever the writing; None when it names none, or an odd range.

    >>> parse_period("二〇一七年三月").label
    '2017-03'
    >>> parse_period("2017年1-3月").label
    '2017Q1'
    """
    arabic = _arabic(text).strip("()[]:")
    for kind, shape in _SHAPES:
        match = shape.fullmatch(arabic)
        if match:
            return _of_match(kind, match)
    return None


_IN_TITLE = tuple(
    (kind, shape)
    for kind, shape in _SHAPES
    if kind in ("range", "statistical", "quarter", "half", "month", "year")
    and "年" in shape.pattern
)


@lru_cache(maxsize=4096)
def period_in_title(text: str) -> Period | None:
    """The period inside a title such as 2017年3月会员与组织发展月报表; needs the word 年."""
    arabic = _arabic(text)
    for kind, shape in _IN_TITLE:
        for match in shape.finditer(arabic):
            if "年" in match.group():
                return _of_match(kind, match)
    return None


def period_for(form: Form, cover: Period) -> Period | None:
    """The period of a form's rows in a workbook whose cover names a period.

    A cover 2017-03 may hold monthly forms (2017-03), quarterly ones (2017Q1), yearly ones (2017)
    and those of the statistical year (2017S), which a cover 2017 names as well. A cover longer
    than the form's own period names no single one: None.
    """
    wanted = form.period.label_kind
    if wanted is cover.kind:
        return cover
    if cover.kind is PeriodKind.MONTH:
        return period_on(form, cover)
    if wanted is PeriodKind.STATISTICAL and cover.kind is PeriodKind.YEAR:
        return Period(wanted, cover.year)
    inside = cover.within(wanted)
    return inside if inside.contains(cover) else None


def agree(a: Period, b: Period) -> bool:
    """Whether two statements of the period can both be true of one workbook.

    Equal, or one closes with the other (2017-03 and 2017Q1), or one is just the year.
    """
    if a == b:
        return True
    for month, longer in ((a, b), (b, a)):
        if longer.kind is PeriodKind.YEAR and longer.year == month.year:
            return True
        if month.kind is PeriodKind.MONTH and longer in closing_periods(month, tuple(PeriodKind)):
            return True
    return a.end == b.end
