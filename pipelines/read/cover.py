"""Gather what the cover and the lines around a table say: who, which period, which unit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from definitions.periods import Period
from pipelines.read.periods import period_in_title
from pipelines.read.sheet import Grid
from pipelines.read.words import COVER_LABELS, key, label_key, unit_of
from pipelines.workbook import Cover

_STAMP = r"(?:\((?:盖章|公章|签章|签字|章|签名|全称|签字盖章)\))?"
_INLINE = re.compile(
    "(" + "|".join(re.escape(x) for x in sorted(COVER_LABELS, key=len, reverse=True)) + ")"
    + _STAMP + r"\s*:"
)  # fmt: skip
_STAMPED = re.compile(_STAMP + "$")
_FORM_CODE = re.compile(r"表号:?([a-z]{2,6}-?\d{2})(?!\d)")
_COLOURS = re.compile(r"(?:红|黄|绿|蓝|橙|灰)(?:色|底|字)|标(?:红|黄|绿)|底色|涂色|颜色")
_FAR = 8
_SHORT = 200
_DATED = ("period", "filled_on", "valid_to")


@dataclass(slots=True)
class Lines:
    """What the lines of one sheet outside its table say, besides the cover."""

    unit: str = ""
    unit_at: tuple[int, int] = (0, 0)
    period: Period | None = None
    period_at: tuple[int, int] = (0, 0)
    form_code: str = ""
    form_code_at: tuple[int, int] = (0, 0)
    colours: bool = False
    pairs: int = 0
    taken: set[tuple[int, int]] = field(default_factory=set)


def cover_text(value: Any) -> str:
    """A cover value as text: dates as 2017-03-05, codes without .0, NFKC, trimmed."""
    if isinstance(value, str):
        return unicodedata.normalize("NFKC", value).strip().strip("_").strip()
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.10g}"
    return str(value)


def _label(value: Any) -> str | None:
    """The cover field a cell names as a whole, if any."""
    if value.__class__ is not str or not value or len(value) > 24:
        return None
    return _label_of(value)


@lru_cache(maxsize=4096)
def _label_of(text: str) -> str | None:
    word = label_key(text)
    return COVER_LABELS.get(word) or COVER_LABELS.get(_STAMPED.sub("", word))


def gather(grid: Grid, rows: Sequence[int], cover: Cover, lines: Lines) -> None:
    """Add to cover and lines what the given rows (from 0) of a sheet say.

    The first value found for a field stands; the same label on a later sheet does not replace it.
    """
    for r in rows:
        row = grid.rows[r]
        for c, value in enumerate(row):
            if value.__class__ is not str:
                continue
            if not value or (r, c) in lines.taken:
                continue
            field_name = _label(value)
            if field_name is not None:
                lines.pairs += 1
                found = _beside(row, c)
                if found is not None:
                    lines.taken.add((r, found))
                    _keep(field_name, row[found], grid.name, r, found, cover, lines)
                else:
                    cover.cells.setdefault(field_name, (grid.name, r + 1, c + 1))
                continue
            _line(value, grid.name, r, c, cover, lines)


def _beside(row: Sequence[Any], c: int) -> int | None:
    """Column of the value right of a label; None when the next filled cell is a label again."""
    for at in range(c + 1, min(len(row), c + 1 + _FAR)):
        value = row[at]
        if value == "" or value is None:
            continue
        if value.__class__ is str:
            if _label(value) is not None or _INLINE.match(_spaced(value)):
                return None
            if not value.strip(" \u3000_"):
                continue
        return at
    return None


def _spaced(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _line(text: str, sheet: str, r: int, c: int, cover: Cover, lines: Lines) -> None:
    """One cell that may hold several statements: 填报单位：甲厂工会　单位：万元."""
    said = _said(text) if len(text) <= _SHORT else _said.__wrapped__(text)
    for field_name, value in said.pairs:
        lines.pairs += 1
        if value:
            _keep(field_name, value, sheet, r, c, cover, lines)
        else:
            cover.cells.setdefault(field_name, (sheet, r + 1, c + 1))
    if said.form_code and not lines.form_code:
        lines.form_code, lines.form_code_at = said.form_code, (r, c)
    if said.period is not None and lines.period is None:
        lines.period, lines.period_at = said.period, (r, c)
    lines.colours |= said.colours


@dataclass(frozen=True, slots=True)
class _Said:
    """What one text states, wherever it stands; `period` only when it names nothing else."""

    pairs: tuple[tuple[str, str], ...]
    form_code: str
    period: Period | None
    colours: bool


# Titles and notes repeat from workbook to workbook.
@lru_cache(maxsize=4096)
def _said(text: str) -> _Said:
    flat = _spaced(text)
    pairs = []
    if ":" in flat:
        marks = list(_INLINE.finditer(flat))
        ends = [m.start() for m in marks[1:]] + [len(flat)]
        for mark, end in zip(marks, ends, strict=False):
            value = flat[mark.end() : end].strip(" \n\t_,;、|")
            pairs.append((COVER_LABELS[mark.group(1)], value))
    word = key(flat)
    code = _FORM_CODE.search(word)
    titled = "年" in word and not _INLINE.search(flat)
    return _Said(
        pairs=tuple(pairs),
        form_code=code.group(1) if code else "",
        period=period_in_title(flat) if titled else None,
        colours=bool(_COLOURS.search(word)),
    )


def _keep(
    field_name: str, value: Any, sheet: str, r: int, c: int, cover: Cover, lines: Lines
) -> None:
    if field_name in _DATED and value.__class__ is float and 18_000 <= value <= 73_050:
        value = date(1899, 12, 30) + timedelta(days=int(value))  # a date shown as a number
    text = cover_text(value)
    if not text:
        return
    if field_name == "unit_or_org":
        field_name = "unit" if _is_unit(text) else "org_name"
    if field_name == "unit":
        if not lines.unit:
            lines.unit, lines.unit_at = text, (r, c)
        return
    if field_name == "period" and value.__class__ is float and text.endswith(".1"):
        text += "（1月还是10月）"  # a number loses the last 0 of 2017.10
    if field_name not in cover.values:
        cover.values[field_name] = text
        cover.cells[field_name] = (sheet, r + 1, c + 1)


def _is_unit(text: str) -> bool:
    """Whether 单位 means a unit of measure here: 万元 and 美元 do, 机械厂 does not."""
    return all(unit_of(x) or (len(x) <= 3 and x[-1] in "元人户件个项次%") for x in units_in(text))


def units_in(text: str) -> list[str]:
    """The units a line names: 元、人次 -> [元, 人次]."""
    return [x for x in re.split(r"[、,/;\s和]+", key(text)) if x]
