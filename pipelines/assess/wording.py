"""Figures as a Chinese reader sees them: units, percent signs, no false equality at a threshold."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from pipelines.assess.inputs import IndicatorFacts
from pipelines.assess.scoring import Number, round_once

ABSENT = "—"


def plain(value: Number, places: int = 2) -> str:
    """A number with thousands marks and no idle zeros: 1,234.5."""
    text = f"{round_once(value, places):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def places_in_words(reference: str) -> str:
    """Places in workbooks as people say them, each once: 目标完成自评表第8、9行."""
    found: dict[str, dict[str, None]] = {}
    for place in re.split("[、；]", reference):
        sheet, _, row = (
            place.partition("!") if re.fullmatch(r"[^!]+!\d+", place) else (place, "", "")
        )
        found.setdefault(sheet, {}).update({row: None} if row else {})
    return "、".join(
        f"{sheet}第{'、'.join(sorted(rows, key=int))}行" if rows else sheet
        for sheet, rows in found.items()
    )


def marks(value: Number) -> str:
    """Marks always with two decimals: 1.60."""
    return f"{round_once(value):.2f}"


def exact_marks(value: Number) -> str:
    """Marks as a reader can calculate on from: up to four decimals, never fewer than two."""
    text = f"{round_once(value, 4):.4f}"
    return text[:-2] + text[-2:].rstrip("0")


def without_codes(text: str) -> str:
    """A sentence without the codes of forms that stand in brackets after their names."""
    return re.sub(r"（[A-Z]+-\d{2}）", "", text)


def days_in_words(text: str) -> str:
    """Days in a text as official papers write them: 2020-01-20 到期 becomes 2020年1月20日到期."""
    return re.sub(
        r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d) ?",
        lambda day: f"{day[1]}年{int(day[2])}月{int(day[3])}日",
        text,
    )


def percent(value: Number, places: int = 2) -> str:
    """A percentage, already multiplied by 100: 92.31%."""
    return f"{round_once(value, places):,f}%"


def against(value: Number, edge: Number) -> Decimal:
    """The value at 2 decimals, or cut off at more where rounding would put it on the edge."""
    shown = round_once(value)
    if shown != round_once(edge):
        return shown
    exact, line = Fraction(value), Fraction(edge)
    if exact == line:
        return shown
    for places in range(3, 9):
        cut = round_once(exact, 12).quantize(Decimal(1).scaleb(-places), ROUND_DOWN)
        if Fraction(cut) != line:
            return cut
    return round_once(exact, 12)


def percent_against(value: Number, edge: Number) -> str:
    """A percentage that does not look equal to the edge unless it is."""
    return f"{against(value, edge):,f}%"


def plain_against(value: Number, edge: Number) -> str:
    """A number that does not look equal to the edge unless it is."""
    return f"{against(value, edge):,f}"


def figure(value: Number | None, facts: IndicatorFacts, edge: Number | None = None) -> str:
    """A figure of an indicator with its unit: 92.31%, 278 对; a dash where there is none."""
    if value is None:
        return ABSENT
    shown = against(value, edge) if edge is not None else round_once(value)
    if facts.unit == "%":
        return f"{shown:,f}%"
    text = f"{shown:,f}"
    if "." in text:
        whole = text.rstrip("0").rstrip(".")
        text = text if facts.unit == "元" and "." in whole else whole  # fen are two digits
    return f"{text} {facts.unit}".rstrip()


def goal(value: Number | None, facts: IndicatorFacts) -> str:
    """A target with its unit, without idle zeros: 92%, 100 对."""
    if value is None:
        return ABSENT
    return f"{plain(value)}%" if facts.unit == "%" else f"{plain(value)} {facts.unit}".rstrip()
