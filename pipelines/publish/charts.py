"""Charts as PNG for Word and SVG for web pages: few colours, Chinese from a packaged font."""

from __future__ import annotations

import importlib.util
import io
import re
import threading
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import FancyBboxPatch

from pipelines.publish.content import Chart, Series

INK, QUIET, FAINT = "#22303C", "#6B7B88", "#E4E8EC"
NOW, BEFORE, ATTENTION = "#2F5D8C", "#B9C6D3", "#B5483A"
LATE = "#E0B36A"
_GROUP_ID = re.compile(r' id="[A-Za-z0-9.]+_\d+"')
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
    return _render(chart, "png", {"Software": None})


def svg(chart: Chart) -> str:
    """The chart as one inline element: text stays text, no prologue, stable ids."""
    text = _render(chart, "svg", {"Date": None, "Creator": None}).decode()
    element = text[text.index("<svg") :]
    # matplotlib names every group (axes_1, patch_2): the names would meet on one page, and
    # nothing points at them. Ids that something points at are salted hashes and stay.
    return _GROUP_ID.sub("", element).replace("\n", " ")


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
        case _:
            return 2.35


def _render(chart: Chart, fmt: str, metadata: dict[str, str | None]) -> bytes:
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
            out = io.BytesIO()
            canvas.savefig(out, format=fmt, dpi=200, metadata=metadata)
            return out.getvalue()


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
    return f"{value / 10000:,.1f}万"


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


_DRAW: dict[str, Callable[[Canvas, Chart], None]] = {
    "months": _months,
    "units": _units,
    "funnel": _funnel,
    "chain": _chain,
    "coverage": _coverage,
}
