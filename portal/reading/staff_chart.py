"""Geometry of a line chart: where every month and every value lies, as an SVG wants it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import floor, log10

WIDTH, HEIGHT = 760, 240
LEFT, RIGHT, TOP, BOTTOM = 76, 14, 14, 30
# Dark enough on white for a line of two pixels; each has its own dash and end mark beside.
INKS = ("#17498a", "#a31d20", "#14653a", "#7d5200", "#6b3fa0", "#0f6f7d")
DASHES = ("", "7 4", "2 3", "10 3 2 3", "4 4", "1 4")


@dataclass(frozen=True, slots=True)
class Line:
    """One unit's line: pieces between gaps, and its dots (x, y, month, value)."""

    name: str
    ink: str
    dash: str
    pieces: tuple[str, ...]
    dots: tuple[tuple[float, float, str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart to be drawn: its lines, ticks up (y, label) and along (x, label)."""

    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]
    months: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def lines_of(
    series: Sequence[tuple[str, Sequence[Decimal | None]]], months: Sequence[str]
) -> Chart | None:
    """Lines over months; a month without a value is a gap, not nought. None with fewer than two."""
    values = [v for _, own in series for v in own if v is not None]
    if len(values) < 2:
        return None
    low, high, step = _scale(float(min(values)), float(max(values)))
    across = (WIDTH - LEFT - RIGHT) / max(1, len(months) - 1)

    def x(n: int) -> float:
        return round(LEFT + n * across, 1)

    def y(value: float) -> float:
        share = (value - low) / (high - low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP), 1)

    lines = []
    for place, (name, own) in enumerate(series):
        pieces: list[list[str]] = [[]]
        dots = []
        for n, value in enumerate(own):
            if value is None:
                pieces.append([])
            else:
                pieces[-1].append(f"{x(n)},{y(float(value))}")
                dots.append((x(n), y(float(value)), months[n], value))
        joined = tuple(" ".join(p) for p in pieces if len(p) > 1)
        ink, dash = INKS[place % len(INKS)], DASHES[place % len(DASHES)]
        lines.append(Line(name, ink, dash, joined, tuple(dots)))
    count = round((high - low) / step)
    ticks = tuple((y(low + n * step), _short(low + n * step, step)) for n in range(count + 1))
    skip = 1 if len(months) <= 7 else 2
    last = len(months) - 1
    along = tuple(
        (x(n), _month(m, n == last % skip)) for n, m in enumerate(months) if (last - n) % skip == 0
    )
    return Chart(tuple(lines), ticks, along)


def _scale(low: float, high: float) -> tuple[float, float, float]:
    """Round bounds around the values and the step between ticks; from nought where that is near."""
    if low >= 0 and low < high * 0.6:
        low = 0
    spread = (high - low) or abs(high) or 1
    raw = spread / 4
    power = 10 ** floor(log10(raw))
    step = next(power * f for f in (1, 2, 2.5, 5, 10) if raw <= power * f)
    bottom = floor(low / step) * step
    top = bottom
    while top < high or top == bottom:
        top += step
    return bottom, top, step


def _short(value: float, step: float) -> str:
    """A tick's label, in 万 or 亿 where figures are long."""
    for size, word in ((1e8, "亿"), (1e4, "万")):
        if step >= size / 10 and abs(value) >= size / 10:
            return f"{value / size:g}{word}"
    return f"{round(value, 6):,g}"


def _month(label: str, with_year: bool) -> str:
    """5月; the first one and each January with their year."""
    year, _, number = label.partition("-")
    month = int(number)
    return f"{year}年{month}月" if with_year or month == 1 else f"{month}月"
