"""Charts as PNG for Word and SVG for web pages: few colours, Chinese from a packaged font."""

from __future__ import annotations

import importlib.util
import io
import re
import threading
from collections.abc import Callable
from decimal import Decimal
from functools import cache, lru_cache
from math import ceil
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import FancyBboxPatch, Rectangle

from pipelines.figures import places as decimals
from pipelines.publish.content import Chart, Series
from pipelines.publish.disclosure import MARK

INK, QUIET, FAINT = "#22303C", "#6B7B88", "#E4E8EC"
NOW, BEFORE, ATTENTION = "#2F5D8C", "#B9C6D3", "#B5483A"
LATE = "#E0B36A"
# One hue from light to dark: told apart without colour vision, and in black and white.
SHADES = ("#DDE8F2", "#B7CEE3", "#8AADCF", "#40719F", "#1C4168")
WITHHELD = "#DADADA"
_GROUP_ID = re.compile(r' id="[A-Za-z0-9.]+_\d+"')
ACROSS = 3  # small panels beside each other
WIDTH = 6.2  # inches: the text width of an A4 official document
# Documents are made in several threads of one portal process; matplotlib's settings are global.
_drawing = threading.RLock()


@cache
def _family() -> str:
    """The packaged font's family; no import of mplfonts, which changes global settings."""
    spec = importlib.util.find_spec("mplfonts")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("mplfonts carries the Chinese font of charts")
    path = Path(spec.origin).parent / "fonts" / "NotoSansCJKsc-Regular.otf"
    font_manager.fontManager.addfont(path)
    return str(font_manager.FontProperties(fname=path).get_name())


def png(chart: Chart) -> bytes:
    """The chart at 200 dots per inch, without metadata that changes between runs."""
    return _drawn(chart)[0]


def svg(chart: Chart) -> str:
    """The chart as one inline element: text stays text, no prologue, stable ids."""
    return _drawn(chart)[1]


def height(chart: Chart) -> float:
    """Inches a chart needs at full width."""
    match chart.kind:
        case "units":
            return 0.4 + 0.31 * len(chart.categories)
        case "funnel":
            return 0.75 + 0.42 * len(chart.categories)
        case "coverage":
            return 0.6 + 0.31 * len(chart.categories)
        case "chain":
            return 1.65
        case "boxes":
            return 0.75 + 0.36 * len(chart.categories)
        case "trends":
            return 1.45 * ceil(len(chart.series) / ACROSS)
        case "multiples":
            return 0.3 + 1.2 * ceil(len(chart.labels) / ACROSS)
        case "panels":
            return 0.55 + 0.27 * len(chart.categories)
        case "tiles":
            rows, _, side = _tile_grid(chart)
            return max(rows * side, _KEY * (len(_classes(chart)) + 1)) + 0.16
        case _:
            return 2.35


@lru_cache(maxsize=32)  # the charts of one document, which is drawn as Word, page and PDF in turn
def _drawn(chart: Chart) -> tuple[bytes, str]:
    """The chart as PNG and as SVG; always both, so that neither depends on which was asked first.

    Where things stand is found out once: it takes longer than painting them.
    """
    with _drawing:
        settings: Any = {
            "font.family": _family(),
            "font.size": 8.5,
            "text.color": INK,
            "axes.edgecolor": QUIET,
            "axes.labelcolor": QUIET,
            "axes.linewidth": 0.6,
            "axes.unicode_minus": False,
            "xtick.color": QUIET,
            "ytick.color": QUIET,
            "svg.fonttype": "none",
            "svg.hashsalt": f"{chart.kind}:{chart.title}",
        }
        with mpl.rc_context(settings):
            canvas = Canvas(figsize=(WIDTH, height(chart)), layout="constrained")
            _DRAW[chart.kind](canvas, chart)
            dots, lines = io.BytesIO(), io.BytesIO()
            canvas.savefig(dots, format="png", dpi=200, metadata={"Software": None})
            canvas.set_layout_engine("none")
            canvas.savefig(lines, format="svg", metadata={"Date": None, "Creator": None})
    text = lines.getvalue().decode()
    element = text[text.index("<svg") :]
    # matplotlib names every group (axes_1, patch_2): the names would meet on one page, and
    # nothing points at them. Ids that something points at are salted hashes and stay.
    return dots.getvalue(), _GROUP_ID.sub("", element).replace("\n", " ")


def _plain(axes: Any) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)


def _number(value: Decimal | float | None) -> str:
    if value is None:
        return "未报"
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _floats(series: Series) -> list[float]:
    return [float(v) if v is not None else 0.0 for v in series.values]


def _months(canvas: Canvas, chart: Chart) -> None:
    axes = canvas.add_subplot()
    _plain(axes)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    places = range(len(chart.categories))
    first, *others = chart.series
    axes.bar(places, _floats(first), width=0.58, color=NOW, label=first.name)
    top = max([*_floats(first), *(v for s in others for v in _floats(s)), 1.0])
    for place, value in zip(places, first.values, strict=True):
        words = _number(value) if value is None or value < 100000 else _wan(value)
        axes.text(
            place, float(value or 0) + top * 0.02, words,
            ha="center", va="bottom", fontsize=7, color=QUIET if value is None else INK,
        )  # fmt: skip
    for series in others:
        values = [float(v) if v is not None else float("nan") for v in series.values]
        axes.plot(
            places, values, color=ATTENTION, linewidth=1.1, marker="o", markersize=3,
            label=series.name,
        )  # fmt: skip
    axes.set_xticks(list(places), chart.categories)
    axes.set_ylim(0, top * 1.18)
    axes.set_yticks([])
    axes.grid(visible=False)
    if others:
        canvas.legend(
            loc="outside upper right", ncols=2, frameon=False, fontsize=8, handlelength=1.4
        )


def _wan(value: Decimal) -> str:
    return f"{decimals(value / 10000, 1)}万"


def _units(canvas: Canvas, chart: Chart) -> None:
    axes = canvas.add_subplot()
    _plain(axes)
    axes.spines["bottom"].set_visible(False)
    places = range(len(chart.categories))
    values = _floats(chart.series[0])
    axes.barh(places, values, height=0.58, color=NOW)
    longest = max([*values, 1.0])
    for place, value in zip(places, chart.series[0].values, strict=True):
        axes.text(
            float(value or 0) + longest * 0.012, place, chart.labels[place] or _number(value),
            va="center", fontsize=8,
        )  # fmt: skip
    axes.set_yticks(list(places), chart.categories)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.invert_yaxis()
    axes.set_xlim(0, longest * 1.16)
    axes.set_xticks([])


def _funnel(canvas: Canvas, chart: Chart) -> None:
    axes = canvas.add_subplot()
    axes.set_axis_off()
    values = _floats(chart.series[0])
    longest = max([*values, 1.0])
    for place, value in enumerate(values):
        width = max(value / longest, 0.004)
        axes.barh(place, width, height=0.6, color=NOW if place == 0 else _tint(place))
        share = chart.details[place]
        axes.text(width + 0.012, place, chart.labels[place], va="center", fontsize=9)
        if share:
            axes.text(1.34, place, share, va="center", ha="right", fontsize=8, color=QUIET)
        axes.text(-0.012, place, chart.categories[place], va="center", ha="right", fontsize=8.5)
    axes.set_xlim(-0.42, 1.36)
    axes.invert_yaxis()


def _tint(place: int) -> str:
    return ("#2F5D8C", "#5680A8", "#84A3C0", "#A9BED2")[min(place, 3)]


def _chain(canvas: Canvas, chart: Chart) -> None:
    axes = canvas.add_subplot()
    axes.set_axis_off()
    count = len(chart.categories)
    gap, width = 0.26, 1.0
    for place in range(count):
        left = place * (width + gap)
        axes.add_patch(
            FancyBboxPatch(
                (left, 0), width, 1, boxstyle="round,pad=0,rounding_size=0.05",
                facecolor="#F4F7FA", edgecolor=BEFORE, linewidth=0.8,
            )
        )  # fmt: skip
        middle = left + width / 2
        axes.text(middle, 0.85, chart.categories[place], ha="center", va="center", color=NOW,
                  fontsize=9.5)  # fmt: skip
        number, _, unit = chart.labels[place].partition(" ")
        axes.text(middle, 0.62, number, ha="center", va="center",
                  fontsize=13 if len(number) < 8 else 10.5)  # fmt: skip
        axes.text(middle, 0.43, unit, ha="center", va="center", fontsize=8, color=QUIET)
        widest = max((len(line) for line in chart.details[place].split("\n")), default=1)
        axes.text(middle, 0.17, chart.details[place], ha="center", va="center",
                  fontsize=min(7.5, 72 / max(widest, 1)), color=QUIET)  # fmt: skip
        if place + 1 < count:
            axes.annotate(
                "", xy=(left + width + gap - 0.03, 0.5), xytext=(left + width + 0.03, 0.5),
                arrowprops={"arrowstyle": "-|>", "color": QUIET, "linewidth": 1.0},
            )  # fmt: skip
    axes.set_xlim(-0.02, count * width + (count - 1) * gap + 0.02)
    axes.set_ylim(-0.03, 1.03)


def _coverage(canvas: Canvas, chart: Chart) -> None:
    axes = canvas.add_subplot()
    _plain(axes)
    axes.spines["bottom"].set_visible(False)
    places = list(range(len(chart.categories)))
    left = [0.0] * len(places)
    for series, colour in zip(chart.series, (NOW, LATE, FAINT), strict=True):
        values = _floats(series)
        axes.barh(places, values, left=left, height=0.58, color=colour, label=series.name)
        left = [a + b for a, b in zip(left, values, strict=True)]
    for place in places:
        axes.text(101.5, place, chart.labels[place], va="center", fontsize=8)
    axes.set_yticks(places, chart.categories)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.invert_yaxis()
    axes.set_xlim(0, 122)
    axes.set_xticks([])
    canvas.legend(loc="outside upper right", ncols=3, frameon=False, fontsize=8, handlelength=1.0)


def _multiples(canvas: Canvas, chart: Chart) -> None:
    """A panel per figure, each on its own scale: its months, last year's, first and last value."""
    rows = ceil(len(chart.labels) / ACROSS)
    grid = canvas.subplots(rows, ACROSS, squeeze=False)
    places = list(range(len(chart.categories)))
    for number, axes in enumerate(grid.flat):
        axes.set_axis_off()
        if number >= len(chart.labels):
            continue
        now, before = chart.series[2 * number], chart.series[2 * number + 1]
        drawn = [[float(v) if v is not None else float("nan") for v in s.values]
                 for s in (now, before)]  # fmt: skip
        told = [float(v) for s in (now, before) for v in s.values if v is not None]
        low, high = min([0.0, *told]), max([*told, 1e-9])
        axes.fill_between(places, low, drawn[0], color=NOW, alpha=0.12, linewidth=0)
        axes.plot(places, drawn[1], color=BEFORE, linewidth=1.2, label=chart.details[1])
        axes.plot(places, drawn[0], color=NOW, linewidth=1.5, marker="o", markersize=2.2,
                  label=chart.details[0])  # fmt: skip
        axes.plot([places[0], places[-1]], [low, low], color=FAINT, linewidth=0.8)
        # At a height of its own choice, a panel of millions would have its title above the others.
        axes.set_title(chart.labels[number], fontsize=8, loc="left", color=INK, pad=3, y=1.0)
        last = max((i for i, v in enumerate(now.values) if v is not None), default=None)
        if last is not None:
            value = now.values[last]
            axes.text(
                places[-1] + 0.3, float(value or 0), _short(value), fontsize=7.5, va="center",
                color=NOW,
            )  # fmt: skip
        room = (high - low) * 0.12
        for place in (places[0], places[-1]):
            axes.text(place, low - room, chart.categories[place], ha="center", va="top",
                      fontsize=6.5, color=QUIET)  # fmt: skip
        axes.set_xlim(-0.4, len(places) + 1.9)
        axes.set_ylim(low - (high - low) * 0.28, high + (high - low) * 0.1)
    handles, names = grid.flat[0].get_legend_handles_labels()
    if not all(v is None for s in chart.series[1::2] for v in s.values):
        canvas.legend(
            handles[::-1], names[::-1], loc="outside upper right", ncols=2, frameon=False,
            fontsize=7.5, handlelength=1.4,
        )  # fmt: skip


def _short(value: Decimal | None) -> str:
    return _wan(value) if value is not None and value >= 100000 else _number(value)


def _panels(canvas: Canvas, chart: Chart) -> None:
    """Columns of bars with common rows: one look along a row, or down a column."""
    grid = canvas.subplots(1, len(chart.series), sharey=True, squeeze=False)
    places = list(range(len(chart.categories)))
    for number, axes in enumerate(grid.flat):
        series = chart.series[number]
        values = _floats(series)
        longest = max([*values, 1e-9])
        for side in axes.spines.values():
            side.set_visible(False)
        axes.tick_params(length=0)
        axes.barh(places, values, height=0.56, color=_tint(min(number, 3)))
        for place, value in zip(places, series.values, strict=True):
            axes.text(
                float(value or 0) + longest * 0.04, place, _short(value), va="center",
                fontsize=7, color=QUIET if value is None else INK,
            )  # fmt: skip
        axes.set_title(chart.labels[number], fontsize=8, loc="left", color=NOW, pad=4)
        axes.set_xlim(0, longest * 1.75)
        axes.set_xticks([])
    first = grid.flat[0]
    first.set_yticks(places, chart.categories)
    first.tick_params(axis="y", labelcolor=INK, labelsize=7.5)
    first.invert_yaxis()


def _histogram(canvas: Canvas, chart: Chart) -> None:
    axes = canvas.add_subplot()
    _plain(axes)
    places = range(len(chart.categories))
    values = _floats(chart.series[0])
    axes.bar(places, values, width=0.92, color=NOW)
    top = max([*values, 1.0])
    for place, value in zip(places, values, strict=True):
        if value:
            axes.text(place, value + top * 0.02, _number(value), ha="center", va="bottom",
                      fontsize=7.5)  # fmt: skip
    axes.set_xticks(list(places), chart.categories, fontsize=7.5)
    axes.set_ylim(0, top * 1.14)
    axes.set_yticks([])
    axes.set_xlabel(chart.unit, fontsize=8)


def _boxes(canvas: Canvas, chart: Chart) -> None:
    axes = canvas.add_subplot()
    _plain(axes)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    low, first, middle, third, high = (_floats(s) for s in chart.series)
    for place in range(len(chart.categories)):
        axes.plot([low[place], high[place]], [place, place], color=QUIET, linewidth=1.0)
        width = third[place] - first[place]
        axes.barh(place, width, left=first[place], height=0.5, color=BEFORE, edgecolor=NOW,
                  linewidth=0.8)  # fmt: skip
        axes.plot([middle[place]] * 2, [place - 0.25, place + 0.25], color=ATTENTION, linewidth=2)
    names = [
        f"{name}（{told}）" if told else name
        for name, told in zip(chart.categories, chart.labels, strict=True)
    ]
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.set_xlabel(chart.unit, fontsize=8)


def _trends(canvas: Canvas, chart: Chart) -> None:
    grid = canvas.subplots(ceil(len(chart.series) / ACROSS), ACROSS, squeeze=False)
    places = list(range(len(chart.categories)))
    for number, axes in enumerate(grid.flat):
        if number >= len(chart.series):
            axes.set_axis_off()
            continue
        series = chart.series[number]
        values = [float(v) if v is not None else float("nan") for v in series.values]
        _plain(axes)
        axes.plot(places, values, color=NOW, linewidth=1.3, marker="o", markersize=2.4)
        told = [(p, v) for p, v in zip(places, values, strict=True) if v == v]
        for place, value in {told[0], told[-1]}:
            axes.annotate(
                _short(Decimal(str(value))), (place, value), xytext=(0, 4),
                textcoords="offset points", ha="center", fontsize=7,
            )  # fmt: skip
        found = [v for _, v in told]
        room = (max(found) - min(found)) or abs(max(found)) * 0.1 or 1.0
        axes.set_ylim(min(found) - room * 0.25, max(found) + room * 0.45)
        axes.set_xlim(-0.6, len(places) - 0.4)
        axes.set_title(f"{series.name}（{chart.details[number]}）", fontsize=8, color=INK, pad=6)
        axes.set_yticks([])
        ends = [0, len(places) - 1]
        axes.set_xticks(ends, [chart.categories[e] for e in ends], fontsize=7)


_KEY, _KEY_WIDTH, _APART = 0.27, 1.3, 0.5
"""Inches: a line of the legend of tiles, its width, and what lies between tiles and legend."""


def _tile_grid(chart: Chart) -> tuple[int, int, float]:
    """Rows and columns of the tiles of a chart and the side of a tile in inches."""
    rows, columns = ([place[axis] for place in chart.places] for axis in (0, 1))
    high, wide = max(rows) - min(rows) + 1, max(columns) - min(columns) + 1
    return high, wide, min(0.82, 5.4 / high, (WIDTH - _KEY_WIDTH - _APART - 0.1) / wide)


def shade(chart: Chart, value: Decimal) -> int:
    """The class of a value, 0 for the lowest; a value at a bound belongs above it."""
    return sum(value >= bound for bound in chart.bounds)


def _classes(chart: Chart) -> list[tuple[dict[str, Any], str]]:
    """The look and the words of each line of the legend, the highest class first."""
    told = [_number(b) for b in chart.bounds]
    words = [f"{told[0]}以下"]
    words += [f"{low}—{high}" for low, high in zip(told, told[1:], strict=False)]
    words.append(f"{told[-1]}及以上")
    keys = [({"facecolor": c}, w) for c, w in zip(SHADES, words, strict=True)][::-1]
    unseen = [t for t, v in zip(chart.labels, chart.series[0].values, strict=True) if v is None]
    keys += [(_unseen(text), _UNSEEN[text == MARK]) for text in sorted(set(unseen))]
    return keys


_UNSEEN = {True: f"{MARK}（不单列）", False: "无数据"}


def _unseen(text: str) -> dict[str, Any]:
    """The look of a tile without a value: grey where it is withheld, hatched where none is had.

    Both have an edge, which no class has: grey prints like a light blue.
    """
    edge = {"edgecolor": QUIET, "linewidth": 0.7}
    if text == MARK:
        return {"facecolor": WITHHELD, **edge}
    return {"facecolor": "white", "hatch": "//////", "hatchcolor": BEFORE, **edge}


def _tiles(canvas: Canvas, chart: Chart) -> None:
    canvas.set_layout_engine("none")  # every place is reckoned here
    axes = canvas.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    tall = height(chart)
    axes.set_xlim(0, WIDTH)  # inches, downwards
    axes.set_ylim(tall, 0)
    rows, columns, side = _tile_grid(chart)
    top, first = (min(place[axis] for place in chart.places) for axis in (0, 1))
    left = (WIDTH - columns * side - _APART - _KEY_WIDTH) / 2
    upper = (tall - rows * side) / 2
    told = zip(chart.places, chart.categories, chart.series[0].values, chart.labels, strict=True)
    for (row, column), name, value, label in told:
        x, y = left + (column - first) * side, upper + (row - top) * side
        number = None if value is None else shade(chart, value)
        look = _unseen(label) if number is None else {"facecolor": SHADES[number]}
        axes.add_patch(Rectangle((x + 0.02, y + 0.02), side - 0.04, side - 0.04, **look))
        ink = "white" if number is not None and number > 2 else INK
        behind = (
            {"facecolor": "white", "edgecolor": "none", "pad": 1.0} if "hatch" in look else None
        )
        room = (side - 0.12) * 72
        longest = max(map(len, name.split("\n")))
        wide = sum(0.3 if c in ",." else 0.6 if c.isascii() else 1.0 for c in label)
        for part, words, size in (
            (0.35, name, min(10, side * 15, room / longest)),
            (0.69, label, min(9, side * 14, room / wide)),
        ):
            axes.text(x + side / 2, y + side * part, words, ha="center", va="center", color=ink,
                      fontsize=size, linespacing=1.1, bbox=behind)  # fmt: skip
    _tile_keys(axes, chart, left + columns * side + _APART)


def _tile_keys(axes: Any, chart: Chart, x: float) -> None:
    """The legend, with the unit above it and the north beside."""
    keys = _classes(chart)
    y = (height(chart) - _KEY * (len(keys) + 1)) / 2
    axes.text(x, y + _KEY / 2, chart.series[0].name, va="center", fontsize=8.5)
    for line, (look, words) in enumerate(keys, 1):
        place = y + line * _KEY
        axes.add_patch(Rectangle((x, place + 0.04), 0.3, _KEY - 0.08, **look))
        axes.text(x + 0.42, place + _KEY / 2, words, va="center", fontsize=8, color=INK)


_DRAW: dict[str, Callable[[Canvas, Chart], None]] = {
    "months": _months,
    "units": _units,
    "funnel": _funnel,
    "chain": _chain,
    "coverage": _coverage,
    "multiples": _multiples,
    "panels": _panels,
    "histogram": _histogram,
    "boxes": _boxes,
    "trends": _trends,
    "tiles": _tiles,
}
