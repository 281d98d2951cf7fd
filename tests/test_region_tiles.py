"""The map of squares: each region in its place and class, and nothing told that is withheld."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import docx
import numpy as np
import pypdfium2
import pytest
from PIL import Image
from publish_figures import CUTOFF, EXTRAS, definitions, year

from definitions import Definitions, load_definitions
from definitions.documents import Document
from definitions.regions import level_of, regions_in, short_name
from pipelines.consolidate import _unit
from pipelines.figures import BLOCK, Figure, Figures, Unit
from pipelines.publish import charts, review
from pipelines.publish.content import Chart, Paragraph
from pipelines.publish.pdf import pdf
from pipelines.publish.telling import Teller
from pipelines.publish.tiles import bounds, by_region
from warehouse.organisations import Registered

RATE = "I-ORG-09"
YC, SZS, WZ, GY, ZW = "640100", "640200", "640300", "640400", "640500"
RATES = {YC: "93.29", SZS: "96.70", WZ: "91.02", GY: "88.40", ZW: "90.10"}


@pytest.fixture(scope="module")
def told() -> Definitions:
    """The invented indicators with the packaged regions."""
    packaged = load_definitions()
    return dataclasses.replace(
        definitions(), regions=packaged.regions, dated_regions=packaged.dated_regions
    )


def city(code: str, kind: str = "市总工会") -> Unit:
    return Unit(f"U{code}", f"{code}总工会", "市级", kind, code)


def federation(
    rates: Mapping[str, str | None] = RATES,
    hidden: Collection[str] = (),
    others: Collection[Unit] = (),
) -> Figures:
    """The year of a province whose cities have these membership rates."""
    figures = year()
    values = {k: v for k, v in figures.values.items() if k[3] != RATE or k[1] == "NX"}
    for unit in others:
        values[BLOCK, unit.code, "2017", RATE] = Figure(RATE, unit.code, "2017", BLOCK, Decimal(9))
    for code, rate in rates.items():
        value = None if rate is None else Decimal(rate)
        values[BLOCK, f"U{code}", "2017", RATE] = Figure(RATE, f"U{code}", "2017", BLOCK, value)
    return dataclasses.replace(
        figures,
        children={BLOCK: (*map(city, rates), *others)},
        values=values,
        withheld=frozenset((BLOCK, f"U{code}", "2017", RATE) for code in hidden),
    )


def picture(figures: Figures, known: Definitions) -> Chart:
    teller = Teller(figures, known)
    teller.open("R01")
    return next(b for b in by_region(teller, RATE) if isinstance(b, Chart))


def words(figures: Figures, known: Definitions) -> str:
    teller = Teller(figures, known)
    teller.open("R01")
    return "".join(str(r) for b in by_region(teller, RATE) if isinstance(b, Paragraph)
                   for r in b.runs)  # fmt: skip


# --- the table of regions ---


def test_two_regions_of_one_level_cannot_share_a_tile(tmp_path: Path) -> None:
    path = tmp_path / "regions.yaml"
    path.write_text(
        '"640100": {name: 甲市, tile: [1, 1]}\n'
        '"640200": {name: 乙市, tile: [1, 1]}\n'
        '"640101": {name: 丙区, tile: [1, 1]}\n'  # another level, another picture
        '"110101": {name: 丁区, tile: [1, 1]}\n'  # another province
        '"640102": {name: 戊县, tile: [2, 1], until: 2017-01-01, successor: "640103",'
        " authority: 文}\n"
        '"640103": {name: 戊区, tile: [2, 1], since: 2017-01-01, authority: 文}\n'
        '"640104": {name: 己区, tile: [2, 1], since: 2019-01-01}\n'
        '"640105": {name: 庚区, tile: [0, 1]}\n',
        encoding="utf-8",
    )
    document = Document(path, tmp_path)
    regions_in(document)
    assert [(m.line, m.message) for m in sorted(document.mistakes)] == [
        (2, "region 640200 has the tile of 640100"),
        (7, "region 640104 has the tile of 640103"),
        (8, "tile.0: Input should be greater than 0"),
    ]


def test_every_region_of_the_demonstration_province_has_its_tile(told: Definitions) -> None:
    province = {c: r for c, r in told.dated_regions.items() if c[:2] == "64" and c != "640000"}
    assert {c for c, r in province.items() if r.tile is None} == set()
    tile = {told.regions[c]: r.tile or (0, 0) for c, r in province.items()}
    assert tile["石嘴山市"][0] < tile["银川市"][0] < tile["吴忠市"][0] < tile["固原市"][0]
    assert tile["中卫市"][1] < tile["吴忠市"][1]
    assert tile["石嘴山市惠农区"][0] < tile["贺兰县"][0] < tile["盐池县"][0] < tile["泾源县"][0]
    assert tile["中卫市沙坡头区"][1] < tile["中宁县"][1] < tile["盐池县"][1]


def test_regions_are_called_as_people_call_them(told: Definitions) -> None:
    names = [short_name(c, told.regions) for c in ("640200", "640202", "640221", "640181")]
    assert names == ["石嘴山", "大武口", "平罗", "灵武"]
    assert [level_of(c) for c in ("640000", "640200", "640221")] == ["省级", "市级", "区县级"]


# --- what the picture shows ---


@pytest.mark.parametrize(
    ("values", "decimals", "found"),
    [
        (["90.10", "96.70"], 2, ["91.5", "93", "94.5", "96"]),
        (["88.40", "96.70"], 2, ["90", "92", "94", "96"]),
        (["0", "100"], 2, ["25", "50", "75", "100"]),
        (["99.98", "99.99"], 2, ["99.99", "100", "100.01", "100.02"]),
        (["1", "3"], 0, ["2", "3", "4", "5"]),
        (["8800", "382500"], 0, ["80000", "160000", "240000", "320000"]),
    ],
)
def test_classes_begin_at_round_numbers(values: list[str], decimals: int, found: list[str]) -> None:
    begin = bounds([Decimal(v) for v in values], decimals)
    assert [f"{b:.2f}" for b in begin] == [f"{Decimal(b):.2f}" for b in found]
    assert len({low - high for low, high in pairwise(begin)}) == 1
    assert min(map(Decimal, values)) < begin[0]


def test_each_region_lies_in_its_place_with_its_value(told: Definitions) -> None:
    chart = picture(federation(), told)
    shown = dict(zip(chart.categories, zip(chart.places, chart.labels, strict=True), strict=True))
    assert shown == {
        "银川": ((2, 2), "93.29"), "石嘴山": ((1, 2), "96.70"), "吴忠": ((3, 2), "91.02"),
        "固原": ((4, 2), "88.40"), "中卫": ((3, 1), "90.10"),
    }  # fmt: skip
    classes = [charts.shade(chart, v) for v in chart.series[0].values if v is not None]
    assert dict(zip(chart.categories, classes, strict=True)) == {
        "银川": 2, "石嘴山": 4, "吴忠": 1, "固原": 0, "中卫": 1,
    }  # fmt: skip
    assert chart.alt == (
        "职工入会率分地区情况（%）：银川93.29，石嘴山96.70，吴忠91.02，固原88.40，中卫90.10"
    )


def test_a_value_is_in_the_class_that_its_print_says(told: Definitions) -> None:
    chart = picture(federation({**RATES, WZ: "91.9999"}), told)  # printed 92.00
    assert chart.labels[2] == "92.00"
    assert Decimal(92) in chart.bounds
    assert charts.shade(chart, chart.series[0].values[2] or Decimal(0)) == 2


def test_a_withheld_value_leaves_no_trace(told: Definitions) -> None:
    drawn = [
        picture(federation({**RATES, GY: rate}, hidden=[GY]), told)
        for rate in ("12.34", "88.40", "99.87", None)
    ]
    assert drawn[0].labels[3] == "略"
    assert drawn[0].series[0].values[3] is None
    assert "略（不单列）" in charts.svg(drawn[0])
    assert "12.34" not in charts.svg(drawn[0]) + drawn[0].alt
    assert len({charts.png(chart) for chart in drawn}) == 1
    assert "按个人信息保护要求不单列" in words(federation(hidden=[GY]), told)


def test_no_data_is_hatched_and_said_and_no_class(told: Definitions) -> None:
    figures = federation({**RATES, ZW: None})
    chart = picture(figures, told)
    assert chart.labels[4] == "无数据"
    assert "<pattern" in charts.svg(chart)
    assert chart.bounds[0] > 0
    assert "斜线格没有数据（未报或无法计算），不作零处理" in words(figures, told)
    assert "<pattern" not in charts.svg(picture(federation(), told))
    assert "斜线" not in words(federation(), told)


def test_who_is_not_the_federation_of_a_region_is_named_beside(told: Definitions) -> None:
    zone = Unit("K", "高新开发区总工会", "市级", "开发区（园区）总工会", SZS)
    trade = Unit("C", "教科文卫工会", "市级", "产业工会", "640000")
    county = Unit("Q", "青铜峡市总工会", "区县级", "区县总工会", "640381")
    figures = federation(others=[zone, trade, county])
    assert len(picture(figures, told).places) == len(RATES)
    said = "高新开发区总工会、教科文卫工会、青铜峡市总工会不是这一级行政区的总工会，不在图上"
    assert said in words(figures, told)
    assert "不在图上" not in words(federation(), told)


@pytest.mark.parametrize(
    ("rates", "hidden"),
    [
        ({YC: "93", SZS: "94"}, ()),  # two regions
        (dict.fromkeys(RATES, "100"), ()),  # nothing to tell apart
        ({**dict.fromkeys(RATES), YC: "93"}, ()),  # one told
        (RATES, (SZS, WZ, GY, ZW)),
        ({"210100": "93", "320200": "94", "150200": "95"}, ()),  # no tiles in the table
        ({YC: "93", SZS: "94", WZ: "95", "210100": "96"}, ()),  # a map with a hole
        ({YC: "93", SZS: "94", "999900": "95"}, ()),  # no such region
    ],
)
def test_nothing_is_drawn_where_a_map_would_mislead(
    told: Definitions, rates: Mapping[str, str | None], hidden: Collection[str]
) -> None:
    teller = Teller(federation(rates, hidden), told)
    teller.open("R01")
    assert by_region(teller, RATE) == []


def test_two_federations_of_one_region_are_no_map(told: Definitions) -> None:
    twice = Unit("T", "又一总工会", "市级", "市总工会", YC)
    teller = Teller(federation(others=[twice]), told)
    teller.open("R01")
    assert by_region(teller, RATE) == []


# --- how it is drawn ---


def _lightness(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_classes_are_told_apart_in_grey_and_their_text_is_read() -> None:
    light = [_lightness(s) for s in charts.SHADES]
    for paler, darker in pairwise(light):
        assert (paler + 0.05) / (darker + 0.05) > 1.25
    ink = _lightness(charts.INK)
    for number, background in enumerate(light):
        text = 1.0 if number > 2 else ink
        pair = sorted((text, background))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) > 4.5, number


def test_squares_have_the_colours_of_the_legend(told: Definitions) -> None:
    chart = picture(federation(), told)
    image = np.asarray(Image.open(io.BytesIO(charts.png(chart))).convert("RGB"))

    def painted(colour: str) -> int:
        wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        return int((image == wanted).all(axis=2).sum())

    # 中卫 and 吴忠 are of one class; 94—96 stands in the legend alone.
    assert painted(charts.SHADES[1]) > 1.8 * painted(charts.SHADES[0])
    assert painted(charts.SHADES[3]) < 0.2 * painted(charts.SHADES[0])


# --- in the review ---


def test_the_review_has_the_map_in_word_web_and_pdf(told: Definitions) -> None:
    made = review(federation(), told, EXTRAS)
    files = dict(made.files)
    html = next(b for n, b in files.items() if n.endswith(".html")).decode()
    alt = "职工入会率分地区情况（%）：银川93.29，石嘴山96.70"
    assert f'aria-label="{alt}' in html
    word = docx.Document(io.BytesIO(next(b for n, b in files.items() if n.endswith(".docx"))))
    told_aloud = [shape._inline.docPr.get("descr") for shape in word.inline_shapes]
    assert any(str(d).startswith(alt) for d in told_aloud)
    document = next(iter(made.drawn.values()))
    organising = next(s for s in document.sections if s.code == "R01")
    blocks = list(organising.blocks)
    place = next(i for i, b in enumerate(blocks) if isinstance(b, Chart) and b.kind == "tiles")
    note = blocks[place + 1]
    assert isinstance(note, Paragraph)
    assert "上北下南" in str(note.runs[0])
    with pypdfium2.PdfDocument(pdf(document, CUTOFF)) as opened:
        printed = "".join(page.get_textpage().get_text_range() for page in opened)
    assert re.search(r"石嘴山\s*96\.70\s*银川\s*93\.29|银川\s*93\.29\s*石嘴山\s*96\.70", printed)


def test_a_unit_knows_where_it_is_registered() -> None:
    registered = Registered(
        1, "640200Z00001", "石嘴山市总工会", "市总工会", "市级", SZS, "S94", False,
        date(1960, 1, 7), "正常", "块为主", None, None,
    )  # fmt: skip
    assert _unit(registered).region == SZS
